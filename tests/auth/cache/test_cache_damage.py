"""auth/cache/: whatever stands in the file, nothing crashes, nothing is lost, and nothing of it is told."""

from __future__ import annotations

import json
import logging
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msal
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from auth.cache import FileTokenCache, forget
from auth.cache._format import is_sealed
from storage import KeyRing
from storage.private_file import LIMIT
from tests.auth.cache.support import OLD_KEY, SCOPES, Entra, account_id, answer, cache_at, keep, secrets_in, sign_in


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.json"


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


def good() -> bytes:
    cache = msal.SerializableTokenCache()
    sign_in(cache, "ines")
    sign_in(cache, "jonas", lasts=-10)
    return str(cache.serialize()).encode()


GOOD = good()
DAMAGED = [
    pytest.param(b"{", id="half an object"),
    pytest.param(GOOD[: len(GOOD) // 2], id="a good file cut off"),
    pytest.param(b"\x00" * 4096, id="zeros, as after a power cut"),
    pytest.param(b"\xff\xfe{\x00}\x00", id="UTF-16"),
    pytest.param(GOOD.replace(b"canary-refresh", b"\xffanary-refresh"), id="broken UTF-8"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b"5", id="a number"),
    pytest.param(b"[" * 500_000, id="nested without end"),
    pytest.param(GOOD.replace(b'"Account": {', b'"Account": [{').replace(b"}}", b"}]}"), id="brackets that do not fit"),
    pytest.param(GOOD.replace(b'"expires_on": "', b'"expires_on": "canary'), id="an expiry in words"),
    pytest.param(b'{"RefreshToken": {"canary": null}}', id="a null entry"),
    pytest.param(b" " * (LIMIT + 1), id="more than 8 MiB"),
]


@pytest.mark.parametrize("content", DAMAGED)
@pytest.mark.parametrize("ring", [pytest.param(None, id="plain"), pytest.param(KeyRing([OLD_KEY]), id="with a key")])
def test_a_damaged_file_is_set_aside_and_told_once(
    path: Path, caplog: pytest.LogCaptureFixture, content: bytes, ring: KeyRing | None
) -> None:
    caplog.set_level(logging.INFO)
    put(path, content)
    warnings: list[str] = []
    cache = cache_at(path, warnings, ring=ring)
    assert secrets_in(cache.read()) == []
    assert path.read_bytes() == content, "reading alone moves nothing"
    with cache.opened() as opened:
        assert secrets_in(opened) == []
    assert not path.exists()
    (aside,) = path.parent.glob("cache.json.corrupt-*")
    assert aside.read_bytes() == content
    keep(cache, "ines")
    assert secrets_in(cache_at(path, ring=ring).read()) == ["canary-refresh-ines-0"]
    assert warnings == [f"The token cache {path} is damaged and is not used. Sign in again."]
    assert "canary" not in caplog.text


def test_a_file_that_is_damaged_again_and_again_does_not_fill_the_disk(path: Path) -> None:
    cache = cache_at(path)
    for number in range(5):
        put(path, b"{" * (number + 1))
        with cache.opened():
            pass
    assert sorted(each.stat().st_size for each in path.parent.glob("*.corrupt-*")) == [4, 5]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="no byte"),
        pytest.param(b"\xef\xbb\xbf", id="only a BOM"),
        pytest.param(b"\r\n", id="blank"),
    ],
)
def test_an_empty_file_has_no_accounts_and_is_no_damage(path: Path, content: bytes) -> None:
    put(path, content)
    warnings: list[str] = []
    keep(cache_at(path, warnings), "ines")
    assert secrets_in(cache_at(path).read()) == ["canary-refresh-ines-0"]
    assert warnings == []
    assert [each.name for each in path.parent.glob("*.corrupt-*")] == []


def test_a_byte_order_mark_is_no_damage(path: Path) -> None:
    put(path, b"\xef\xbb\xbf" + GOOD)
    assert len(secrets_in(cache_at(path).read())) == 2


def test_damage_seen_while_tokens_are_unsaved_does_not_cost_them(path: Path) -> None:
    cache = cache_at(path)
    keep(cache, "ines")
    with cache.opened() as opened:
        put(path, b"{")
        sign_in(opened, "jonas")
    assert len(secrets_in(cache_at(path).read())) == 2


# Any content at all.

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
sections = st.sampled_from(["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata", "Other"])


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    for key in value if isinstance(value, dict) else ():
        yield from places(value[key], (*above, key))


PLACES = list(places(json.loads(GOOD)))


def replaced(place: tuple[Any, ...], value: Any) -> bytes:
    """A good cache with something else in one place, at any depth."""
    state: Any = json.loads(GOOD)
    if not place:
        return json.dumps(value).encode()
    holder = state
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    return json.dumps(state).encode()


def bent(seed: int, edits: int) -> bytes:
    """A good cache with bytes changed, inserted, taken out or swapped."""
    chance, data = random.Random(seed), bytearray(GOOD)  # noqa: S311 - no secret
    for _ in range(edits):
        at, more = chance.randrange(len(data)), chance.randbytes(chance.randrange(4))
        data[at : at + chance.randrange(4)] = more
    return bytes(data)


contents = st.one_of(
    st.binary(max_size=200),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(sections, json_values, max_size=4).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(sections, st.dictionaries(st.text(max_size=5), json_values, max_size=3), max_size=4).map(
        lambda value: json.dumps(value).encode()
    ),
    st.builds(replaced, st.sampled_from(PLACES), json_values),
    st.builds(replaced, st.sampled_from(PLACES), st.sampled_from([None, "", "x", 0, -1, [], {}, True])),
    st.builds(bent, st.integers(0, 10**6), st.integers(1, 5)),
    st.integers(0, len(GOOD)).map(lambda length: GOOD[:length]),
)


class Heard(logging.Handler):
    """All that is logged, as text."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.split(".")[0] in {"auth", "storage"}:
            self.texts.append(str(record.__dict__))


def use(cache: FileTokenCache) -> None:
    """All that MSAL does with a cache: accounts, a silent token, a refresh, a new token, a sign-out."""
    cache.select("someone")
    with cache.opened() as opened:
        entra = Entra(*[(200, answer("ines", number=number)) for number in range(1, 9)])
        application = entra.app(opened)
        for account in application.get_accounts():
            application.acquire_token_silent_with_error(SCOPES, account=account)
        application.get_accounts(username="ines@contoso.example")
        sign_in(opened, "fatma")
        for account in application.get_accounts():
            if not str(account["home_account_id"]).startswith("fatma"):
                application.remove_account(account)
        forget(opened, account_id("ines"))


@given(content=contents)
@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_content_crashes_loses_a_neighbour_or_is_told(content: bytes) -> None:
    assume(not is_sealed(content))  # those are for test_token_cache_sealed.py
    heard, warnings, logger = Heard(), list[str](), logging.getLogger()
    logger.addHandler(heard)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path, neighbour = Path(folder) / "cache.json", Path(folder) / "cache.json.bak"
            put(neighbour, GOOD)
            put(path, content)
            cache = cache_at(path, warnings)
            cache.read()
            use(cache)
            assert "canary-refresh-fatma-0" in secrets_in(cache_at(path).read())
            assert neighbour.read_bytes() == GOOD
            kept = [each.read_bytes() for each in path.parent.glob("cache.json.corrupt-*")]
            assert kept == ([content] if warnings else []), "what is not used is not lost"
    finally:
        logger.removeHandler(heard)
    assert len(warnings) <= 1
    assert "canary" not in "".join([*warnings, *heard.texts])
    assert all(warning.endswith("is damaged and is not used. Sign in again.") for warning in warnings)


def test_the_contents_tried_are_good_and_bad(path: Path) -> None:
    """The property above says something only where both kinds come up."""

    def is_damaged(content: bytes) -> bool:
        warnings: list[str] = []
        put(path, content)
        cache_at(path, warnings).read()
        return bool(warnings)

    assert {is_damaged(replaced(place, value)) for place in PLACES[:40] for value in (None, "x")} == {True, False}
