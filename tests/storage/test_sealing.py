"""storage/sealing.py: only the right key and purpose open a seal, any changed byte is noticed, and no key shows."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import pickle
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import StorageError
from storage import KeyRing, StateKeys, Tampered, WrongKey, parse_keys, read_keys
from storage.sealing import key_id

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
RING = KeyRing([OLD])
SEALED = RING.seal(b"the data", "grant")


@given(data=st.binary(max_size=2000), purpose=st.text(max_size=40))
@settings(derandomize=True, deadline=None)
def test_what_is_sealed_opens_again(data: bytes, purpose: str) -> None:
    assert RING.open(RING.seal(data, purpose), purpose) == data


def test_the_envelope_says_how_it_is_sealed_and_nothing_of_what() -> None:
    fields = json.loads(SEALED)
    assert list(fields) == ["v", "enc", "kid", "n", "ct"]
    assert (fields["v"], fields["enc"], fields["kid"]) == (1, "aesgcm", key_id(OLD))
    assert b"the data" not in base64.b64decode(fields["ct"])
    assert len(base64.b64decode(fields["n"])) == 12


def test_a_seal_made_by_the_first_release_still_opens() -> None:
    sealed = '{"v":1,"enc":"aesgcm","kid":"630dcd29","n":"nFhHg1o2zk8eFfqM","ct":"FhAQkqTXoW6YHBpooNmgfqHxhL4BXmY4"}'
    assert RING.open(sealed.encode(), "grant") == b"the data"


def test_the_seal_covers_key_id_and_purpose() -> None:
    fields = json.loads(SEALED)
    nonce, text = base64.b64decode(fields["n"]), base64.b64decode(fields["ct"])
    bound = json.dumps(["graphward", 1, "aesgcm", key_id(OLD), "grant"]).encode()
    assert AESGCM(OLD).decrypt(nonce, text, bound) == b"the data"


def test_the_same_data_never_seals_alike() -> None:
    assert len({RING.seal(b"the data", "grant") for _ in range(100)}) == 100


@pytest.mark.parametrize("position", [pytest.param(number, id=f"byte {number}") for number in range(len(SEALED))])
def test_every_byte_counts(position: int) -> None:
    for bit in range(8):
        changed = bytearray(SEALED)
        changed[position] ^= 1 << bit
        with pytest.raises((Tampered, WrongKey)):
            RING.open(bytes(changed), "grant")


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(SEALED), **fields}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "sealed",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="no fields"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(SEALED[:-2], id="cut off"),
        pytest.param(SEALED + b"\n", id="a line break more"),
        pytest.param(b" " + SEALED, id="a blank before"),
        pytest.param(changed(v=2), id="another version"),
        pytest.param(changed(enc="none"), id="another cipher"),
        pytest.param(changed(n=""), id="no nonce"),
        pytest.param(changed(n="AAAAAAAAAAAAAAAA"), id="another nonce"),
        pytest.param(changed(n=7), id="a number as nonce"),
        pytest.param(changed(n="Ä" * 16), id="a nonce beyond ASCII"),
        pytest.param(changed(ct=""), id="no data"),
        pytest.param(changed(ct="AAAA"), id="too little data for a tag"),
        pytest.param(changed(ct=None), id="null as data"),
        pytest.param(changed(kid=None), id="no key id"),
        pytest.param(changed(kid="x\n" * 400), id="a key id that is none"),
        pytest.param(changed(more=1), id="a field more"),
    ],
)
def test_what_is_no_envelope_of_ours_is_taken_for_tampered(sealed: bytes) -> None:
    with pytest.raises(Tampered, match=r"Restore it from a backup, or delete it"):
        RING.open(sealed, "grant")


def test_a_seal_for_one_purpose_does_not_open_for_another() -> None:
    with pytest.raises(Tampered, match="sealed for something else"):
        RING.open(SEALED, "token-cache")


def test_a_key_id_cannot_be_swapped() -> None:
    both = KeyRing([OLD, NEW])
    with pytest.raises(Tampered):
        both.open(changed(kid=key_id(NEW)), "grant")


def test_keys_rotate_new_in_front_then_old_taken_out() -> None:
    both, new = KeyRing([NEW, OLD]), KeyRing([NEW])
    assert both.open(SEALED, "grant") == b"the data"
    again = both.seal(both.open(SEALED, "grant"), "grant")
    assert new.open(again, "grant") == b"the data"
    with pytest.raises(WrongKey, match=f"{key_id(OLD)}.*not among the keys given .{key_id(NEW)}.*Add that key below"):
        new.open(SEALED, "grant")


@pytest.mark.parametrize(
    ("keys", "remedy"),
    [
        pytest.param([], r"no key.*openssl rand -base64 32", id="none"),
        pytest.param([b"short"], r"32 bytes.*openssl", id="too short"),
        pytest.param([OLD, OLD + b"x"], "32 bytes", id="too long"),
        pytest.param([OLD, NEW, OLD], "twice", id="one twice"),
    ],
)
def test_a_ring_of_bad_keys_is_refused(keys: list[bytes], remedy: str) -> None:
    with pytest.raises(StorageError, match=remedy):
        KeyRing(keys)


def test_no_key_shows_and_none_is_copied_away() -> None:
    assert repr(RING) == f"<KeyRing of 1, sealing with {key_id(OLD)}>"
    shown = repr(RING) + str(RING) + repr(vars(RING))
    assert OLD.hex() not in shown
    assert repr(OLD) not in shown
    for away in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            away(RING)


# Keys as text.

CODINGS: list[Any] = [
    pytest.param(lambda key: base64.b64encode(key).decode(), id="base64"),
    pytest.param(lambda key: base64.urlsafe_b64encode(key).decode(), id="URL-safe base64"),
    pytest.param(lambda key: base64.urlsafe_b64encode(key).decode().rstrip("="), id="without padding"),
    pytest.param(lambda key: key.hex(), id="hexadecimal"),
    pytest.param(lambda key: key.hex().upper(), id="upper hexadecimal"),
    pytest.param(lambda key: f"  {key.hex()}\t", id="with blanks around"),
]


@pytest.mark.parametrize("written", CODINGS)
def test_a_key_may_be_written_in_many_ways(written: Callable[[bytes], str]) -> None:
    for key in (OLD, b"\xfb\xff" * 16, *(secrets.token_bytes(32) for _ in range(20))):
        assert parse_keys(written(key)).open(KeyRing([key]).seal(b"x", "p"), "p") == b"x"


@pytest.mark.parametrize("end", [pytest.param("\n", id="Unix"), pytest.param("\r\n", id="Windows")])
def test_a_file_of_keys_has_comments_and_the_first_key_seals(end: str) -> None:
    text = end.join(["\ufeff# made in May", "", base64.b64encode(NEW).decode(), "  # before that", OLD.hex(), ""])
    ring = parse_keys(text)
    assert json.loads(ring.seal(b"", "p"))["kid"] == key_id(NEW)
    assert ring.open(SEALED, "grant") == b"the data"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        pytest.param("", "There is no key.*openssl rand -base64 32", id="nothing"),
        pytest.param("\n# only this\n", "There is no key", id="comments only"),
        pytest.param("canary", r"^Line 1 is no key: .*base64 of 32 bytes, or 64 hex.*openssl", id="no key"),
        pytest.param("\n" + "canary" * 7, "Line 2 is no key", id="another length"),
        pytest.param("cänäry" * 8, "Line 1 is no key", id="beyond ASCII"),
        pytest.param(OLD.hex()[:-1], "Line 1 is no key", id="a digit short"),
        pytest.param(f"{OLD.hex()} # canary", "Line 1 is no key", id="a comment behind the key"),
        pytest.param(
            f"{OLD.hex()}\n\n{base64.b64encode(OLD).decode()}", "Line 3 repeats the key of line 1", id="twice"
        ),
        pytest.param("canary\nmore\n", "Line 1 is no key.*Line 2 is no key", id="all mistakes together"),
    ],
)
def test_a_mistake_is_named_by_its_line_and_never_repeated(text: str, remedy: str) -> None:
    with pytest.raises(StorageError, match=remedy) as caught:
        parse_keys(text)
    assert "canary" not in str(caught.value)
    assert OLD.hex() not in str(caught.value)


def test_a_seal_tells_whether_it_is_of_the_key_that_seals_now() -> None:
    old, both = KeyRing([bytes(32)]), KeyRing([bytes(range(32)), bytes(32)])
    assert old.is_current(old.seal(b"text", "test"))
    assert not both.is_current(old.seal(b"text", "test"))
    assert both.is_current(both.seal(b"text", "test"))
    assert not both.is_current(b'{"RefreshToken": {}}')


def test_keys_are_read_in_their_order() -> None:
    assert read_keys(f"# newest first\n{NEW.hex()}\n{base64.b64encode(OLD).decode()}\n") == [NEW, OLD]


# Keys derived for a purpose.

KEYS = StateKeys([NEW, OLD])


def test_a_digest_is_what_it_was_in_the_first_release() -> None:
    """An HMAC under HKDF of the key, each part with its length before it: else what is kept would be lost."""
    extracted = hmac.digest(bytes(32), NEW, "sha256")
    derived = hmac.digest(extracted, b'["graphward", "digest", "handle"]\x01', "sha256")
    message = b"\0\0\0\0\0\0\0\x02ab\0\0\0\0\0\0\0\x02\xc3\xa9"
    assert KEYS.digest("handle", "ab", "é") == hmac.new(derived, message, hashlib.sha256).digest()
    assert KEYS.digest("handle", "ab", "é").hex().startswith("87e8c8b1a851ccb7")


@pytest.mark.parametrize(
    ("purpose", "parts"),
    [
        pytest.param("handle", ("a", "bc"), id="parts cut elsewhere"),
        pytest.param("handle", ("abc",), id="one part"),
        pytest.param("handle", ("ab", "c", ""), id="an empty part more"),
        pytest.param("handle", ("c", "ab"), id="another order"),
        pytest.param("handle", (), id="no part"),
        pytest.param("cursor", ("ab", "c"), id="another purpose"),
        pytest.param("handle", ("ab", "\ud800"), id="half a surrogate pair"),
    ],
)
def test_digests_differ_where_purpose_or_any_part_does(purpose: str, parts: tuple[str, ...]) -> None:
    assert KEYS.digest(purpose, *parts) != KEYS.digest("handle", "ab", "c")
    assert KEYS.digest(purpose, *parts) == StateKeys([NEW]).digest(purpose, *parts), "the first key alone counts"
    assert KEYS.digest(purpose, *parts) != StateKeys([OLD]).digest(purpose, *parts)


def test_a_ring_for_a_purpose_opens_what_it_sealed_under_either_key() -> None:
    old = StateKeys([OLD]).ring("grant").seal(b"x", "p")
    new = KEYS.ring("grant").seal(b"x", "p")
    assert KEYS.ring("grant").open(old, "p") == KEYS.ring("grant").open(new, "p") == b"x"
    assert StateKeys([NEW]).ring("grant").open(new, "p") == b"x"
    with pytest.raises(WrongKey):
        StateKeys([NEW]).ring("grant").open(old, "p")
    assert KEYS.ring("grant") is KEYS.ring("grant")


def test_rings_for_two_purposes_have_nothing_in_common() -> None:
    sealed = KEYS.ring("grant").seal(b"x", "p")
    for other in (KEYS.ring("cursor"), KeyRing([NEW]), KeyRing([KEYS.digest("grant")])):
        with pytest.raises(WrongKey):
            other.open(sealed, "p")


@pytest.mark.parametrize(
    "keys", [pytest.param([], id="none"), pytest.param([b"x"], id="too short"), pytest.param([OLD, OLD], id="twice")]
)
def test_bad_state_keys_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(StorageError, match=r"key"):
        StateKeys(keys)


def test_no_state_key_shows_and_none_is_copied_away() -> None:
    KEYS.digest("handle", "a")
    shown = f"{KEYS!r}{KEYS}{vars(KEYS)}"
    for key in (OLD, NEW):
        assert key.hex() not in shown
        assert repr(key)[2:-1] not in shown
    for away in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            away(KEYS)
