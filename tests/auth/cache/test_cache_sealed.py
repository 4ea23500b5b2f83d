"""auth/cache/ with keys: nothing lies in the clear, and without the right key nothing is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errors import StorageError
from storage import KeyRing, Tampered, WrongKey
from tests.auth.cache.support import APP, NEW_KEY, OLD_KEY, cache_at, keep, refresh_tokens, secrets_in

OLD, NEW, BOTH = KeyRing([OLD_KEY]), KeyRing([NEW_KEY]), KeyRing([NEW_KEY, OLD_KEY])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.json"


@pytest.fixture
def sealed(path: Path) -> bytes:
    keep(cache_at(path, ring=OLD), "ines")
    return path.read_bytes()


def in_the_clear(path: Path) -> list[str]:
    """Files beside the cache, it included, in which a token can be read."""
    return sorted(each.name for each in path.parent.iterdir() if b"canary" in each.read_bytes())


def test_tokens_are_kept_and_none_lies_in_the_clear(path: Path, sealed: bytes) -> None:
    assert in_the_clear(path) == []
    assert b"ines" not in sealed
    assert APP.encode() not in sealed
    assert secrets_in(cache_at(path, ring=OLD).read()) == ["canary-refresh-ines-0"]
    assert repr(cache_at(path, ring=OLD)).endswith("encrypted>")


def test_no_change_is_no_write_though_a_new_seal_would_differ(path: Path, sealed: bytes) -> None:
    with cache_at(path, ring=OLD).opened() as opened:
        secrets_in(opened)
    assert path.read_bytes() == sealed


def test_a_plain_file_is_read_and_sealed_by_the_next_write(path: Path) -> None:
    keep(cache_at(path), "ines")
    cache = cache_at(path, ring=OLD)
    assert secrets_in(cache.read()) == ["canary-refresh-ines-0"]
    assert in_the_clear(path) == ["cache.json"]
    keep(cache, "jonas")
    assert in_the_clear(path) == []
    assert len(secrets_in(cache_at(path, ring=OLD).read())) == 2


def use(path: Path, ring: KeyRing) -> None:
    """Ask for a token, as a start does; nothing new comes of it."""
    with cache_at(path, ring=ring).opened() as opened:
        assert secrets_in(opened) == ["canary-refresh-ines-0"]


def test_a_plain_file_is_sealed_by_the_first_use_and_only_once(path: Path) -> None:
    keep(cache_at(path), "ines")
    use(path, OLD)
    assert in_the_clear(path) == []
    sealed = path.read_bytes()
    use(path, OLD)
    assert path.read_bytes() == sealed


def test_the_first_use_with_a_new_key_makes_the_old_one_superfluous(path: Path, sealed: bytes) -> None:
    use(path, BOTH)
    assert path.read_bytes() != sealed
    use(path, NEW)


def test_no_plain_leftover_survives_the_change_to_encryption(path: Path) -> None:
    path.write_bytes(b'{"RefreshToken": canary')
    path.chmod(0o600)
    keep(cache_at(path), "ines")
    path.with_name("cache.json.tmp.12.0123456789abcdef").write_bytes(b"canary")
    path.with_name("other.json").write_bytes(b"canary")
    assert len(in_the_clear(path)) == 4
    keep(cache_at(path, ring=OLD), "jonas")
    assert in_the_clear(path) == ["other.json"], "which is not ours"


def test_a_plain_file_that_somebody_without_a_key_wrote_meanwhile_is_sealed_again(path: Path) -> None:
    cache = cache_at(path, ring=OLD)
    keep(cache, "ines")
    path.write_bytes(b"{}")
    leftover = path.with_name("cache.json.tmp.12.0123456789abcdef")
    leftover.write_bytes(b"canary")
    keep(cache, "jonas")
    assert in_the_clear(path) == []
    assert not leftover.exists()


def test_a_damaged_plain_file_is_set_aside_and_gone_once_there_is_a_sealed_one(path: Path) -> None:
    path.write_bytes(b'{"RefreshToken": canary')
    path.chmod(0o600)
    warnings: list[str] = []
    cache = cache_at(path, warnings, ring=OLD)
    with cache.opened():
        pass
    assert len(in_the_clear(path)) == 1
    keep(cache, "ines")
    assert in_the_clear(path) == []
    assert len(warnings) == 1


# Where the file cannot be opened.


def test_without_keys_a_sealed_file_says_which_setting_is_missing(path: Path, sealed: bytes) -> None:
    warnings: list[str] = []
    cache = cache_at(path, warnings)
    for action in (cache.read, lambda: keep(cache, "jonas")):
        with pytest.raises(StorageError, match=r"encrypted. Set TOKEN_CACHE_ENCRYPTION .*or.* delete the file"):
            action()
    assert path.read_bytes() == sealed, "and there is no way back to plain text by accident"
    assert warnings == []


def test_with_another_key_nothing_is_read_moved_or_overwritten(path: Path, sealed: bytes) -> None:
    cache = cache_at(path, ring=NEW)
    for action in (cache.read, lambda: keep(cache, "jonas")):
        with pytest.raises(WrongKey, match=r"another key.*Add that key below the new one .TOKEN_CACHE_KEY_FILE."):
            action()
    assert path.read_bytes() == sealed
    assert list(path.parent.glob("*.corrupt-*")) == []


def test_a_seal_of_another_purpose_is_no_token_cache(path: Path) -> None:
    path.write_bytes(OLD.seal(b"{}", "grant"))
    path.chmod(0o600)
    with pytest.raises(Tampered):
        cache_at(path, ring=OLD).read()


def test_a_sealed_text_that_is_no_cache_fails_closed(path: Path) -> None:
    path.write_bytes(OLD.seal(b"[]", "token-cache"))
    path.chmod(0o600)
    with pytest.raises(Tampered, match="left as it is"):
        cache_at(path, ring=OLD).read()


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(0, id="the first brace"),
        pytest.param(2, id="a field's name"),
        pytest.param(5, id="the version"),
        pytest.param(10, id="the name of the cipher field"),
        pytest.param(16, id="the cipher"),
        pytest.param(25, id="the name of the key id field"),
        pytest.param(31, id="the key id"),
        pytest.param(48, id="the nonce"),
        pytest.param(66, id="the name of the data field"),
        pytest.param(80, id="the data"),
        pytest.param(-5, id="the tag"),
        pytest.param(-1, id="the last brace"),
    ],
)
@pytest.mark.parametrize("bit", [pytest.param(1, id="lowest bit"), pytest.param(0x80, id="highest bit")])
def test_a_flipped_byte_is_noticed_and_the_file_left_as_it_is(path: Path, sealed: bytes, place: int, bit: int) -> None:
    flipped = bytearray(sealed)
    flipped[place] ^= bit
    path.write_bytes(bytes(flipped))
    warnings: list[str] = []
    cache = cache_at(path, warnings, ring=OLD)
    for action in (cache.read, lambda: keep(cache, "jonas")):
        with pytest.raises((Tampered, WrongKey)) as caught:
            action()
        assert "delete" in str(caught.value)
    assert path.read_bytes() == bytes(flipped)
    assert warnings == []


@pytest.mark.parametrize("keys", [pytest.param(OLD, id="with the key"), pytest.param(None, id="without a key")])
def test_a_sealed_file_that_is_cut_off_is_not_taken_for_an_empty_one(
    path: Path, sealed: bytes, keys: KeyRing | None
) -> None:
    for length in (25, len(sealed) // 2, len(sealed) - 1):
        path.write_bytes(sealed[:length])
        with pytest.raises(StorageError):
            keep(cache_at(path, ring=keys), "jonas")
        assert path.read_bytes() == sealed[:length]


# Another key.


def test_keys_rotate_old_one_opens_new_one_seals_then_the_old_one_goes(path: Path, sealed: bytes) -> None:
    assert secrets_in(cache_at(path, ring=BOTH).read()) == ["canary-refresh-ines-0"]
    keep(cache_at(path, ring=BOTH), "jonas")
    assert json.loads(path.read_bytes())["kid"] != json.loads(sealed)["kid"]
    assert len(secrets_in(cache_at(path, ring=NEW).read())) == 2
    with pytest.raises(WrongKey):
        cache_at(path, ring=OLD).read()


def test_the_way_back_is_to_delete_the_file(path: Path, sealed: bytes) -> None:
    path.unlink()
    keep(cache_at(path), "ines")
    assert refresh_tokens(path) == ["canary-refresh-ines-0"]
    assert sealed
