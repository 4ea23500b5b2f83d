"""auth/cache/: what cannot be written stays usable, is told once, and is saved when it can be."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msal
import pytest

from auth.cache import FileTokenCache, forget
from storage import LockTimeout, PrivateFile
from storage.private_file import LIMIT
from tests.auth.cache.support import SCOPES, Entra, account_id, cache_at, keep, refresh_tokens, secrets_in, sign_in
from tests.storage.support import another_user, as_root, names, posix

pytestmark = posix
fcntl = pytest.importorskip("fcntl")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.json"


class Disk:
    """Makes files that refuse to be written while `error` is set."""

    def __init__(self) -> None:
        self.error: int | None = None
        self.attempts = 0

    def file_type(self) -> type[PrivateFile]:
        disk = self

        class Refusing(PrivateFile):
            def replace(self, data: bytes) -> None:
                disk.attempts += 1
                if disk.error:
                    raise OSError(disk.error, os.strerror(disk.error))
                super().replace(data)

        return Refusing


def on(disk: Disk, path: Path, warnings: list[str]) -> FileTokenCache:
    return cache_at(path, warnings, file_type=disk.file_type())


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        pytest.param(errno.ENOSPC, "No space left on device. Free some space.", id="a full disk"),
        pytest.param(errno.EDQUOT, "Free some space.", id="a quota"),
        pytest.param(errno.EROFS, "Make it and its folder writable, or name another file", id="read-only"),
        pytest.param(errno.EIO, "Input/output error.", id="a broken disk"),
    ],
)
def test_tokens_that_cannot_be_written_keep_working_with_one_warning(path: Path, error: int, remedy: str) -> None:
    disk, warnings = Disk(), list[str]()
    cache = on(disk, path, warnings)
    keep(cache, "ines")
    disk.error = error
    keep(cache, "jonas")
    keep(cache, "fatma")
    assert refresh_tokens(path) == ["canary-refresh-ines-0"], "the old file is as it was"
    with cache.opened() as opened:
        application = Entra().app(opened)
        accounts = {each["username"]: each for each in application.get_accounts()}
        result = application.acquire_token_silent(SCOPES, account=accounts["jonas@contoso.example"])
    assert result["access_token"] == "canary-access-jonas-0"
    assert len(secrets_in(cache.read())) == 3
    (warning,) = warnings
    assert remedy in warning
    assert "signed in here only" in warning
    assert "canary" not in warning


def test_what_could_not_be_written_is_written_as_soon_as_it_can_be(path: Path) -> None:
    disk, warnings = Disk(), list[str]()
    cache = on(disk, path, warnings)
    disk.error = errno.ENOSPC
    keep(cache, "ines")
    cache.select("ines.t")
    assert not path.exists()
    assert (len(secrets_in(cache.read())), cache.selected()) == (1, "ines.t")
    disk.error = None
    with cache.opened():
        pass  # no change is needed for another try
    assert refresh_tokens(path) == ["canary-refresh-ines-0"]
    assert cache_at(path).selected() == "ines.t"
    attempts = disk.attempts
    with cache.opened():
        pass
    assert disk.attempts == attempts, "and then there is nothing left to write"
    disk.error = errno.ENOSPC
    keep(cache, "jonas")
    assert len(warnings) == 2, "trouble that comes back is told again"


def test_what_others_wrote_meanwhile_is_merged_and_not_overwritten(path: Path) -> None:
    disk, others = Disk(), cache_at(path)
    ours = on(disk, path, [])
    keep(others, "ines")
    keep(others, "gone")
    disk.error = errno.ENOSPC
    keep(ours, "jonas")
    keep(ours, "ines", number=1)
    keep(ours, "gone", number=1)
    keep(others, "fatma")
    keep(others, "ines", number=2)
    with others.opened() as opened:
        forget(opened, account_id("gone"))
    together = ["canary-refresh-fatma-0", "canary-refresh-ines-2", "canary-refresh-jonas-0"]
    assert secrets_in(ours.read()) == together
    disk.error = None
    with ours.opened() as opened:
        assert secrets_in(opened) == together
    assert refresh_tokens(path) == together
    assert b"gone" not in path.read_bytes().replace(b"appmetadata", b"")


def test_a_sign_out_that_cannot_be_written_counts_here_and_is_made_up_for(path: Path) -> None:
    disk = Disk()
    cache = on(disk, path, [])
    keep(cache, "ines")
    disk.error = errno.EROFS
    with cache.opened() as opened:
        forget(opened, account_id("ines"))
    assert secrets_in(cache.read()) == []
    disk.error = None
    with cache.opened():
        pass
    assert refresh_tokens(path) == []


def test_a_file_deleted_elsewhere_takes_unsaved_tokens_with_it(path: Path) -> None:
    disk = Disk()
    cache = on(disk, path, [])
    keep(cache, "ines")
    disk.error = errno.ENOSPC
    keep(cache, "jonas")
    path.unlink()
    disk.error = None
    assert secrets_in(cache.read()) == []
    with cache.opened() as opened:
        assert secrets_in(opened) == []
    assert not path.exists()


def test_a_program_that_does_not_know_the_lock_loses_nothing_by_us(path: Path) -> None:
    keep(cache_at(path), "ines")
    with cache_at(path).opened() as opened:
        theirs = msal.SerializableTokenCache()
        theirs.deserialize(path.read_text("utf-8"))
        sign_in(theirs, "jonas")
        path.write_text(theirs.serialize(), "utf-8")
        sign_in(opened, "fatma")
    assert refresh_tokens(path) == [f"canary-refresh-{name}-0" for name in ("fatma", "ines", "jonas")]


def test_a_file_deleted_during_the_call_is_not_brought_back(path: Path) -> None:
    cache = cache_at(path)
    keep(cache, "ines", lasts=-10)
    with cache.opened() as opened:
        path.unlink()
        sign_in(opened, "ines", number=1)
    assert not path.exists()
    assert secrets_in(cache.read()) == []


def test_more_than_a_file_may_hold_stays_in_memory(path: Path) -> None:
    warnings: list[str] = []
    cache = cache_at(path, warnings)
    keep(cache, "ines")
    with cache.opened() as opened:
        opened.add(
            {
                "client_id": "x",
                "scope": ["s"],
                "token_endpoint": "https://login.microsoftonline.com/t/oauth2/v2.0/token",
                "response": {"access_token": "x" * LIMIT, "expires_in": 3600},
            }
        )
    assert refresh_tokens(path) == ["canary-refresh-ines-0"]
    assert len(secrets_in(cache.read(), "AccessToken")) == 2
    assert "8 MiB" in warnings[0]


def test_a_trap_that_appears_during_the_call_costs_no_token(path: Path) -> None:
    warnings: list[str] = []
    cache = cache_at(path, warnings)
    with cache.opened() as opened:
        path.mkdir()
        sign_in(opened, "ines")
    assert "is a folder" in warnings[0]
    path.rmdir()
    with cache.opened() as opened:
        assert secrets_in(opened) == ["canary-refresh-ines-0"]
    assert refresh_tokens(path) == ["canary-refresh-ines-0"]


# The lock.


@pytest.fixture
def hold(path: Path) -> Iterator[Callable[[], None]]:
    """Takes the lock as another process would; the returned function lets go."""
    descriptor = os.open(path.with_name("cache.json.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield lambda: fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def test_a_lock_that_is_never_let_go_stops_nobody(path: Path, hold: Callable[[], None]) -> None:
    warnings: list[str] = []
    cache = cache_at(path, warnings, lock_seconds=0.05)
    with cache.opened() as opened:
        secrets_in(opened)
    assert warnings == [], "as long as there is nothing to write, nobody has to know"
    keep(cache, "ines")
    cache.select("ines.t")
    assert not path.exists()
    assert (secrets_in(cache.read()), cache.selected()) == (["canary-refresh-ines-0"], "ines.t")
    (warning,) = warnings
    assert "End the program that hangs" in warning
    hold()
    with cache.opened():
        pass
    assert refresh_tokens(path) == ["canary-refresh-ines-0"]
    assert cache_at(path).selected() == "ines.t"


def test_after_a_long_wait_in_vain_the_next_ones_are_short(path: Path) -> None:
    waits: list[float] = []
    held = [True]

    class Held(PrivateFile):
        def locked(self, seconds: float) -> AbstractContextManager[None]:
            waits.append(seconds)
            if held:
                raise LockTimeout("held")
            return super().locked(seconds)

    cache = cache_at(path, file_type=Held, lock_seconds=30)
    for _ in range(2):
        with cache.opened():
            pass
    held.clear()
    for _ in range(2):
        with cache.opened():
            pass
    assert waits == [30, 1, 1, 30]


def test_a_lock_that_comes_free_during_the_call_is_used_after_it(path: Path, hold: Callable[[], None]) -> None:
    warnings: list[str] = []
    cache = cache_at(path, warnings, lock_seconds=0.05)
    with cache.opened() as opened:
        sign_in(opened, "ines")
        hold()
        keep(cache_at(path), "jonas")
    assert refresh_tokens(path) == ["canary-refresh-ines-0", "canary-refresh-jonas-0"]
    assert warnings == []


def test_damage_is_not_set_aside_without_the_lock(path: Path, hold: Callable[[], None]) -> None:
    path.write_bytes(b"{")
    path.chmod(0o600)
    cache = cache_at(path, lock_seconds=0.05)
    with cache.opened() as opened:
        assert secrets_in(opened) == []
    assert path.read_bytes() == b"{"
    hold()
    with cache.opened():
        pass
    assert not path.exists()


# Real disks that refuse.


@as_root
def test_a_folder_that_may_not_be_written_is_read_and_told() -> None:
    warnings: list[str] = []
    with another_user() as home:
        path = home / "cache.json"
        keep(cache_at(path), "ines")
        home.chmod(0o500)
        cache = cache_at(path, warnings)
        keep(cache, "jonas")
        assert len(secrets_in(cache.read())) == 2
        assert refresh_tokens(path) == ["canary-refresh-ines-0"]
        assert warnings[0].startswith("The token cache cannot be written: Permission denied.")
        home.chmod(0o700)
        with cache.opened():
            pass
        assert len(refresh_tokens(path)) == 2


@as_root
def test_a_damaged_file_in_a_folder_that_may_not_be_written_stays() -> None:
    with another_user() as home:
        path = home / "cache.json"
        keep(cache_at(path), "ines")
        path.write_bytes(b"{")
        home.chmod(0o500)
        warnings: list[str] = []
        cache = cache_at(path, warnings)
        keep(cache, "jonas")
        assert secrets_in(cache.read()) == ["canary-refresh-jonas-0"]
        assert path.read_bytes() == b"{"
        assert "damaged" in warnings[0]
        home.chmod(0o700)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 KiB."""
    folder, mount, umount = tmp_path / "disk", shutil.which("mount"), shutil.which("umount")
    folder.mkdir()
    if not mount or not umount:
        pytest.skip("there is no mount")
    options = "size=32k,mode=0700"
    done = subprocess.run([mount, "-t", "tmpfs", "-o", options, "none", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this root may not mount")
    yield folder
    subprocess.run([umount, folder], check=True)


@as_root
def test_on_a_disk_that_is_really_full_the_old_file_stays_whole(small_disk: Path) -> None:
    path, warnings = small_disk / "cache.json", list[str]()
    cache = cache_at(path, warnings)
    keep(cache, "ines")
    ballast = small_disk / "ballast"
    fill(ballast)
    keep(cache, "jonas")
    assert refresh_tokens(path) == ["canary-refresh-ines-0"]
    assert len(secrets_in(cache.read())) == 2
    assert warnings[0].startswith("The token cache cannot be written: No space left on device. Free some space.")
    assert names(small_disk) == ["ballast", "cache.json", "cache.json.lock"]
    ballast.unlink()
    with cache.opened():
        pass
    assert len(refresh_tokens(path)) == 2


def fill(path: Path) -> None:
    chunk: Any = b"x" * 1024
    with path.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(chunk)
            except OSError:
                return


@as_root
def test_on_a_disk_that_became_read_only_reading_goes_on(small_disk: Path) -> None:
    path, warnings = small_disk / "cache.json", list[str]()
    keep(cache_at(path), "ines")
    subprocess.run([str(shutil.which("mount")), "-o", "remount,ro", small_disk], check=True)
    cache = cache_at(path, warnings)
    keep(cache, "jonas")
    assert len(secrets_in(cache.read())) == 2
    assert warnings[0].startswith("The token cache cannot be written: Read-only file system.")
