"""Pictures that are drawn are real ones."""

from __future__ import annotations

import struct
import zlib

import pytest

from emulator.png import COLOUR, GREY, PALETTE, SIGNATURE, drawn


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The parts of a picture, each held against its checksum."""
    found, at = [], len(SIGNATURE)
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        part, name = data[at + 4 : at + 8 + length], data[at + 4 : at + 8]
        (checksum,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(part)
        found.append((name, part[4:]))
        at += 12 + length
    return found


@pytest.mark.parametrize(
    ("kind", "palette", "names"),
    [
        pytest.param(GREY, b"", [b"IHDR", b"IDAT", b"IEND"], id="grey"),
        pytest.param(COLOUR, b"", [b"IHDR", b"IDAT", b"IEND"], id="coloured"),
        pytest.param(PALETTE, b"\x01\x02\x03", [b"IHDR", b"PLTE", b"IDAT", b"IEND"], id="with a palette"),
    ],
)
def test_a_picture_has_its_size_and_points(kind: int, palette: bytes, names: list[bytes]) -> None:
    lines = (b"\x00" + b"\x07" * (9 if kind == COLOUR else 3)) * 2
    data = drawn(3, 2, kind, lines, palette)
    assert data.startswith(SIGNATURE)
    parts = dict(chunks(data))
    assert list(parts) == names
    assert struct.unpack(">IIBB", parts[b"IHDR"][:10]) == (3, 2, 8, kind)
    assert zlib.decompress(parts[b"IDAT"]) == lines
