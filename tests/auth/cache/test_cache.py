"""auth/cache/: what a cache keeps, for whom, and what it never gives away."""

from __future__ import annotations

import copy
import json
import os
import pickle
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msal
import pytest

from auth.cache import FileTokenCache, MemoryTokenCache, TokenCache, forget, merge
from errors import StorageError
from storage import LockTimeout, PrivateFile
from tests.auth.cache.support import (
    APP,
    OTHER_APP,
    OTHER_TENANT,
    TENANT,
    account_id,
    cache_at,
    keep,
    secrets_in,
    sign_in,
)

Kind = Callable[[Path], FileTokenCache | MemoryTokenCache]
KINDS = [
    pytest.param(lambda _: MemoryTokenCache(lock_seconds=0.05), id="in memory"),
    pytest.param(lambda path: cache_at(path, lock_seconds=0.05), id="in a file"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.json"


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_block_put_in_is_there_for_the_next(kind: Kind, path: Path) -> None:
    cache: TokenCache = kind(path)
    keep_in = kind(path) if isinstance(cache, FileTokenCache) else cache
    with cache.opened() as opened:
        assert secrets_in(opened) == []
        sign_in(opened, "ines")
    with keep_in.opened() as opened:
        assert secrets_in(opened) == ["canary-refresh-ines-0"]
    assert secrets_in(cache.read(), "AccessToken") == ["canary-access-ines-0"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_came_before_the_block_raised_is_kept(kind: Kind, path: Path) -> None:
    cache = kind(path)

    def interrupted() -> None:
        with cache.opened() as opened:
            sign_in(opened, "ines")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert secrets_in(cache.read()) == ["canary-refresh-ines-0"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_changed_in_a_copy_goes_nowhere(kind: Kind, path: Path) -> None:
    cache = kind(path)
    keep(cache, "ines")
    copied = cache.read()
    sign_in(copied, "jonas")
    next(iter(copied.search("Account", query={})))["username"] = "changed"
    with cache.opened() as opened:
        later = opened
    sign_in(later, "late")
    assert secrets_in(cache.read()) == ["canary-refresh-ines-0"]
    assert [entry["username"] for entry in cache.read().search("Account", query={})] == ["ines@contoso.example"]


@pytest.mark.parametrize("kind", KINDS)
def test_opening_twice_in_one_thread_is_a_mistake_that_is_named(kind: Kind, path: Path) -> None:
    cache = kind(path)
    with cache.opened(), pytest.raises(RuntimeError, match="open in this thread already"), cache.opened():
        raise AssertionError
    with cache.opened():
        pass


@pytest.mark.parametrize("kind", KINDS)
def test_another_thread_waits_so_long_and_no_longer(kind: Kind, path: Path) -> None:
    cache, opened, done = kind(path), threading.Event(), threading.Event()

    def hold() -> None:
        with cache.opened():
            opened.set()
            done.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    opened.wait(20)
    with pytest.raises(LockTimeout, match="Another sign-in is still under way"), cache.opened():
        raise AssertionError
    assert secrets_in(cache.read()) == [], "reading waits for nobody"
    done.set()
    thread.join()


@pytest.mark.parametrize("kind", KINDS)
def test_threads_lose_nothing_of_each_other(kind: Kind, path: Path) -> None:
    cache = MemoryTokenCache() if isinstance(kind(path), MemoryTokenCache) else cache_at(path)

    def work(name: str) -> None:
        for number in range(10):
            keep(cache, f"{name}{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(secrets_in(cache.read())) == 40


@pytest.mark.parametrize("kind", KINDS)
def test_only_forgetting_removes_a_refresh_token(kind: Kind, path: Path) -> None:
    cache = kind(path)
    keep(cache, "ines")
    with cache.opened() as opened:
        (token,) = opened.search("RefreshToken", query={})
        opened.remove_rt(token)
        assert secrets_in(opened) == ["canary-refresh-ines-0"]
    assert secrets_in(cache.read()) == ["canary-refresh-ines-0"]


@pytest.mark.parametrize("kind", KINDS)
def test_forgetting_an_account_takes_all_of_it_and_nothing_else(kind: Kind, path: Path) -> None:
    cache = kind(path)
    keep(cache, "ines")
    keep(cache, "ines", app=OTHER_APP, tenant=TENANT)
    keep(cache, "jonas")
    with cache.opened() as opened:
        # As another MSAL may have written it: under a key that Python's would not make.
        state = json.loads(opened.serialize())
        state["RefreshToken"]["odd key"] = {**next(iter(state["RefreshToken"].values())), "target": "x"}
        opened.deserialize(json.dumps(state))
    with cache.opened() as opened:
        forget(opened, account_id("ines"))
        assert opened.has_state_changed
    left = cache.read().serialize()
    assert "ines" not in left
    for section in ("AccessToken", "RefreshToken", "IdToken", "Account"):
        assert len(json.loads(left)[section]) == 1
    assert len(json.loads(left)["AppMetadata"]) == 2
    if path.exists():
        assert b"ines" not in path.read_bytes()
        assert [each.name for each in path.parent.iterdir() if b"ines" in each.read_bytes()] == []
    assert "ines" not in repr(cache) + str(vars(cache).get("_unsaved"))


def test_forgetting_whom_nobody_knows_changes_nothing(path: Path) -> None:
    cache = cache_at(path)
    with cache.opened() as opened:
        forget(opened, account_id("nobody"))
        assert not opened.has_state_changed
    assert not path.exists()


@pytest.mark.parametrize("plain", [pytest.param(True, id="into MSAL's own"), pytest.param(False, id="into ours")])
def test_a_sign_in_is_merged_whole_and_replaces_only_its_own(path: Path, *, plain: bool) -> None:
    cache = cache_at(path)
    keep(cache, "jonas")
    keep(cache, "ines", number=1)
    scratch = msal.SerializableTokenCache()
    sign_in(scratch, "ines", number=2)
    into = msal.SerializableTokenCache() if plain else cache.read()
    into.deserialize(path.read_text("utf-8"))
    merge(into, scratch)
    assert into.has_state_changed
    assert scratch.has_state_changed, "and the scratch cache stays as it was"
    assert secrets_in(into) == ["canary-refresh-ines-2", "canary-refresh-jonas-0"]
    assert secrets_in(into, "AccessToken") == ["canary-access-ines-2", "canary-access-jonas-0"]


def test_merging_an_empty_sign_in_is_no_change(path: Path) -> None:
    into = cache_at(path).read()
    merge(into, msal.SerializableTokenCache())
    assert not into.has_state_changed


# What is written, and how often.


def test_one_token_response_is_one_write_and_no_change_is_none(path: Path) -> None:
    counted: list[str] = []

    class Counting(PrivateFile):
        def replace(self, data: bytes) -> None:
            before = self.stamp()
            super().replace(data)
            assert self.stamp() != before
            counted.append(self.path.name)

    cache = cache_at(path, file_type=Counting)
    keep(cache, "ines")
    assert counted == ["cache.json"], "access, refresh and id token, account and metadata together"
    stamp = PrivateFile(path).stamp()
    with cache.opened() as opened:
        secrets_in(opened)
        opened.has_state_changed = True
    cache.read()
    assert counted == ["cache.json"]
    assert PrivateFile(path).stamp() == stamp


def test_the_file_is_msals_own_json(path: Path) -> None:
    keep(cache_at(path), "ines")
    plain = msal.SerializableTokenCache()
    sign_in(plain, "ines")
    assert json.loads(path.read_bytes()).keys() == json.loads(plain.serialize()).keys()
    plain.deserialize(path.read_text("utf-8"))
    assert secrets_in(plain) == ["canary-refresh-ines-0"]
    sign_in(plain, "jonas")
    path.write_text(plain.serialize(), "utf-8")
    assert secrets_in(cache_at(path).read()) == ["canary-refresh-ines-0", "canary-refresh-jonas-0"]


def test_what_another_msal_wrote_survives(path: Path) -> None:
    keep(cache_at(path), "ines")
    state = json.loads(path.read_bytes())
    state["NewInMsal9"] = {"a": {"b": [1, None, "ü"]}, "c": 7}
    state["RefreshToken"]["other"] = {
        "credential_type": "RefreshToken",
        "secret": "canary-other",
        "client_id": APP,
        "target": None,
        "home_account_id": None,
        "x_new": {"deep": [1.5]},
    }
    path.write_text("\ufeff" + json.dumps(state), "utf-8")
    keep(cache_at(path), "jonas")
    after = json.loads(path.read_bytes())
    assert after["NewInMsal9"] == state["NewInMsal9"]
    assert after["RefreshToken"]["other"] == state["RefreshToken"]["other"]
    assert after["AppMetadata"] == state["AppMetadata"]


@pytest.mark.parametrize("kind", KINDS)
def test_expired_access_tokens_go_with_the_next_write_and_refresh_tokens_stay(kind: Kind, path: Path) -> None:
    cache = kind(path)
    for number in range(5):
        keep(cache, f"old{number}", lasts=-60)
    keep(cache, "new")
    state = json.loads(cache.read().serialize())
    assert [entry["secret"] for entry in state["AccessToken"].values()] == ["canary-access-new-0"]
    assert len(state["RefreshToken"]) == len(state["Account"]) == 6


def test_an_entry_that_msal_would_choke_on_is_not_written(path: Path) -> None:
    cache = cache_at(path)
    keep(cache, "ines")
    with cache.opened() as opened:
        sign_in(opened, "jonas", lasts=10**20)
    assert secrets_in(cache_at(path).read(), "AccessToken") == ["canary-access-ines-0"]
    assert len(secrets_in(cache_at(path).read())) == 2


def test_another_process_is_seen_at_the_next_look(path: Path) -> None:
    ours, theirs = cache_at(path), cache_at(path)
    keep(ours, "ines")
    keep(theirs, "jonas")
    assert len(secrets_in(ours.read())) == 2
    with ours.opened() as opened:
        assert len(secrets_in(opened)) == 2
        forget(opened, account_id("ines"))
    assert secrets_in(theirs.read()) == ["canary-refresh-jonas-0"]


def test_a_file_that_is_deleted_means_signed_out(path: Path) -> None:
    cache = cache_at(path)
    keep(cache, "ines")
    path.unlink()
    assert secrets_in(cache.read()) == []
    with cache.opened() as opened:
        assert secrets_in(opened) == []
    assert not path.exists()


# The account chosen.


@pytest.mark.parametrize("kind", KINDS)
def test_an_account_is_chosen_and_unchosen(kind: Kind, path: Path) -> None:
    cache = kind(path)
    assert cache.selected() is None
    cache.select("ines.t")
    assert cache.selected() == "ines.t"
    with cache.opened() as opened:
        sign_in(opened, "ines")
        cache.select("jonas.t")
        assert cache.selected() == "jonas.t"
    assert cache.selected() == "jonas.t"
    cache.select(None)
    assert cache.selected() is None


def test_each_client_id_has_its_own_choice_in_a_file_beside(path: Path) -> None:
    cache_at(path).select("ines.t")
    cache_at(path, client_id=OTHER_APP).select("jonas.t")
    beside = path.with_name("cache.json.selected")
    assert json.loads(beside.read_bytes()) == {APP: "ines.t", OTHER_APP: "jonas.t"}
    assert cache_at(path).selected() == "ines.t"
    if os.name == "posix":
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    before = PrivateFile(beside).stamp()
    cache_at(path).select("ines.t")
    assert PrivateFile(beside).stamp() == before, "the same choice again is no write"
    assert not path.exists(), "and MSAL's file has no part in it"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(json.dumps({APP: 7}).encode(), id="a number"),
        pytest.param(b" " * (8 * 1024 * 1024 + 1), id="huge"),
    ],
)
def test_a_choice_that_makes_no_sense_is_none_and_is_replaced(path: Path, content: bytes) -> None:
    path.with_name("cache.json.selected").write_bytes(content)
    path.with_name("cache.json.selected").chmod(0o600)
    cache = cache_at(path)
    assert cache.selected() is None
    cache.select("ines.t")
    assert cache_at(path).selected() == "ines.t"


# What it never gives away.


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_shows_and_nothing_is_copied_away(kind: Kind, path: Path) -> None:
    cache = kind(path)
    keep(cache, "ines")
    with cache.opened() as opened:
        shown = [repr(opened), str(opened), repr(cache), str(cache)]
    assert "canary" not in "".join(shown)
    for away in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            away(cache)


def test_a_file_shows_where_it_is_and_whether_it_is_encrypted(path: Path) -> None:
    assert repr(cache_at(path)) == f"<FileTokenCache {str(path)!r}, plain>"


def test_a_trap_is_refused_and_not_taken_for_an_empty_cache(path: Path) -> None:
    path.mkdir()
    cache = cache_at(path)
    for action in (cache.read, lambda: keep(cache, "ines")):
        with pytest.raises(StorageError, match=r"is a folder.*ENTRA_TOKEN_CACHE_PATH"):
            action()


def test_two_tenants_and_two_apps_in_one_file_keep_apart(path: Path) -> None:
    keep(cache_at(path), "ines")
    keep(cache_at(path, client_id=OTHER_APP), "ines", app=OTHER_APP, tenant=OTHER_TENANT)
    everything: Any = cache_at(path).read()
    for app, tenant in ((APP, TENANT), (OTHER_APP, OTHER_TENANT)):
        found = list(everything.search("AccessToken", query={"client_id": app}))
        assert [entry["realm"] for entry in found] == [tenant]
