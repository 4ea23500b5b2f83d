"""The hashes that OneDrive gives of a file."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.graph.drives.hashes import hashes_of, quick_xor_hash


def slowly(data: bytes) -> str:
    """The definition, byte by byte."""
    ring = 0
    for position, byte in enumerate(data):
        for bit in range(8):
            if byte >> bit & 1:
                ring ^= 1 << (position * 11 + bit) % 160
    for bit in range(64):
        ring ^= (len(data) >> bit & 1) << (96 + bit)
    return base64.b64encode(ring.to_bytes(20, "little")).decode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param("", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", id="nothing"),
        pytest.param("Sg==", "SgAAAAAAAAAAAAAAAQAAAAAAAAA=", id="one byte"),
        pytest.param("tbQ=", "taAFAAAAAAAAAAAAAgAAAAAAAAA=", id="two bytes"),
    ],
)
def test_known_files_have_the_known_hash(data: str, expected: str) -> None:
    assert quick_xor_hash(base64.b64decode(data)) == expected


@given(st.binary(max_size=700))
def test_the_quick_way_agrees_with_the_definition(data: bytes) -> None:
    assert quick_xor_hash(data) == slowly(data)


def test_a_file_longer_than_one_slab_is_hashed_whole() -> None:
    data = bytes(range(256)) * 2600 + b"tail"
    assert quick_xor_hash(data) == slowly(data)


def test_all_three_hashes_are_told() -> None:
    found = hashes_of(b"abc")
    assert found["sha1Hash"] == hashlib.sha1(b"abc", usedforsecurity=False).hexdigest().upper()
    assert found["sha256Hash"] == hashlib.sha256(b"abc").hexdigest().upper()
    assert set(found) == {"quickXorHash", "sha1Hash", "sha256Hash"}
