"""Small pictures of people, drawn from nothing but a seed: a disc and shoulders on a coloured ground, as PNG."""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache

from emulator.png import PALETTE, SIGNATURE, drawn

_SIGNATURES = {
    b"\xff\xd8\xff": "image/jpeg",
    SIGNATURE: "image/png",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
}
_DIMENSIONS = 24


def media_type(content: bytes) -> str | None:
    """What kind of picture these bytes are; nothing when they are none."""
    return next((kind for start, kind in _SIGNATURES.items() if content.startswith(start)), None)


def dimensions(content: bytes) -> tuple[int, int] | None:
    """The width and height of a PNG or JPEG."""
    if media_type(content) == "image/png" and len(content) >= _DIMENSIONS:
        width, height = struct.unpack(">II", content[16:24])
        return int(width), int(height)
    return _jpeg_dimensions(content) if media_type(content) == "image/jpeg" else None


def _jpeg_dimensions(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xC2:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return int(width), int(height)
        at += 2 + length
    return None


@lru_cache(maxsize=256)
def portrait(seed: str, size: int) -> bytes:
    """A square picture that is always the same for the same seed."""
    digest = hashlib.sha256(seed.encode()).digest()
    ground, figure, clothes = ((*digest[at : at + 3],) for at in (0, 3, 6))
    palette = b"".join(bytes(colour) for colour in (ground, figure, clothes))
    rows = b"".join(b"\0" + bytes(_part(x, y, size) for x in range(size)) for y in range(size))
    return drawn(size, size, PALETTE, rows, palette)


def _part(x: int, y: int, size: int) -> int:
    """What is seen at a point: the ground, the head or the shoulders."""
    across, down = (2 * x - size) / size, (2 * y - size) / size
    if across**2 + (down + 0.25) ** 2 < 0.16:
        return 1
    return 2 if (across / 0.8) ** 2 + ((down - 1.1) / 0.8) ** 2 < 1 else 0
