"""graph/transfer/hashes.py: against a reference that goes bit by bit, and against the emulator's own."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.graph.drives.hashes import hashes_of, quick_xor_hash
from graph.transfer.hashes import HASHERS, QuickXor, Rolling, best_hash
from tests.graph.transfer.support import noise

_RING = 160


def bit_by_bit(data: bytes) -> str:
    """As Microsoft describes it, without any haste."""
    ring = [0] * _RING
    for number, byte in enumerate(data):
        for bit in range(8):
            ring[(number * 11 + bit) % _RING] ^= byte >> bit & 1
    for bit in range(64):
        ring[96 + bit] ^= len(data) >> bit & 1
    raw = bytes(sum(ring[place + bit] << bit for bit in range(8)) for place in range(0, _RING, 8))
    return base64.b64encode(raw).decode()


def quick_xor(*parts: bytes) -> str:
    hasher = QuickXor()
    for part in parts:
        hasher.update(part)
    return hasher.text()


def item(**hashes: Any) -> dict[str, Any]:
    return {"file": {"hashes": hashes}}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", id="nothing"),
        pytest.param(b"\x4a", "SgAAAAAAAAAAAAAAAQAAAAAAAAA=", id="one byte"),
        pytest.param(b"\xb5\xb4", "taAFAAAAAAAAAAAAAgAAAAAAAAA=", id="two bytes"),
    ],
)
def test_quick_xor_of_little_is_what_it_is_known_to_be(data: bytes, expected: str) -> None:
    assert quick_xor(data) == bit_by_bit(data) == expected


@given(st.lists(st.binary(max_size=700), max_size=5))
def test_quick_xor_is_that_of_the_bits_however_the_bytes_come(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert quick_xor(*parts) == bit_by_bit(data) == quick_xor_hash(data)


@given(st.integers(0, 200_000), st.integers(1, 90_000))
def test_quick_xor_of_much_does_not_depend_on_how_it_is_cut(size: int, step: int) -> None:
    data = noise(size)
    parts = [data[start : start + step] for start in range(0, size, step)]
    assert quick_xor(*parts) == quick_xor_hash(data)


def test_quick_xor_of_much_is_that_of_the_bits() -> None:
    data = noise(100_001)
    assert quick_xor(data) == bit_by_bit(data)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("sha256Hash", hashlib.sha256(b"abc").hexdigest().upper(), id="SHA-256"),
        pytest.param("sha1Hash", hashlib.sha1(b"abc", usedforsecurity=False).hexdigest().upper(), id="SHA-1"),
        pytest.param("crc32Hash", zlib.crc32(b"abc").to_bytes(4, "little").hex().upper(), id="CRC-32"),
    ],
)
def test_other_hashes_are_written_as_graph_does(kind: str, expected: str) -> None:
    hasher = HASHERS[kind]()
    hasher.update(b"a")
    hasher.update(b"bc")
    assert hasher.text() == expected


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind) for kind in HASHERS])
@given(data=st.binary(max_size=300), cuts=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=8))
def test_bytes_that_come_again_count_once(kind: str, data: bytes, cuts: list[tuple[int, int]]) -> None:
    rolling, plain = Rolling(kind), HASHERS[kind]()
    for start, length in [*cuts, (0, len(data))]:
        first = min(start, rolling.size)
        rolling.feed(first, data[first : first + length])
    rolling.feed(rolling.size, data[rolling.size :])
    plain.update(data)
    assert rolling.size == len(data)
    assert rolling.agrees(item(**{kind: plain.text()})) is True


def test_a_hash_begins_anew_with_its_file() -> None:
    rolling = Rolling("quickXorHash")
    rolling.feed(0, b"something else")
    rolling.restart()
    rolling.feed(0, b"abc")
    assert rolling.agrees(item(quickXorHash=quick_xor(b"abc"))) is True


@pytest.mark.parametrize(
    ("kind", "wanted", "agrees"),
    [
        pytest.param("sha1Hash", hashes_of(b"abc")["sha1Hash"].lower(), True, id="hexadecimal in any case"),
        pytest.param("quickXorHash", quick_xor(b"abc").swapcase(), False, id="base64 only as it is"),
        pytest.param("sha1Hash", hashes_of(b"abd")["sha1Hash"], False, id="of another file"),
        pytest.param("sha1Hash", "", None, id="empty"),
        pytest.param("sha1Hash", 5, None, id="no text"),
    ],
)
def test_a_hash_is_compared_with_what_graph_says(kind: str, wanted: Any, agrees: bool | None) -> None:
    rolling = Rolling(kind)
    rolling.feed(0, b"abc")
    assert rolling.agrees(item(**{kind: wanted})) is agrees


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        pytest.param(item(quickXorHash="a", sha1Hash="b", sha256Hash="c", crc32Hash="d"), "sha256Hash", id="all"),
        pytest.param(item(quickXorHash="a", crc32Hash="d"), "quickXorHash", id="OneDrive's own before a checksum"),
        pytest.param(item(quickXorHash="", crc32Hash="d"), "crc32Hash", id="one of them is empty"),
        pytest.param(item(other="x"), None, id="an unknown one"),
        pytest.param({"file": {}}, None, id="none yet"),
        pytest.param({"file": {"hashes": None}}, None, id="null"),
        pytest.param({"folder": {}}, None, id="a folder"),
        pytest.param({}, None, id="nothing"),
        pytest.param(None, None, id="no item"),
    ],
)
def test_the_strongest_hash_is_the_one_that_is_compared(found: dict[str, Any] | None, kind: str | None) -> None:
    rolling = best_hash(found)
    assert (rolling.kind if rolling else None) == kind
