"""The hashes that OneDrive gives of a file."""

from __future__ import annotations

import base64
import hashlib

_BITS = 160
_STEP = 11
_BLOCK = 160
_SLAB = _BLOCK * 4096


def quick_xor_hash(data: bytes) -> str:
    """OneDrive's own hash: each byte is XORed into a ring of 160 bits, eleven bits further on than the one before."""
    ring = 0
    for number, byte in enumerate(_folded(data)):
        shift = number * _STEP % _BITS
        moved = byte << shift
        ring ^= (moved & ((1 << _BITS) - 1)) | (moved >> _BITS)
    ring ^= len(data) << (_BITS - 64)
    return base64.b64encode((ring & ((1 << _BITS) - 1)).to_bytes(_BITS // 8, "little")).decode()


def hashes_of(data: bytes) -> dict[str, str]:
    """All of them, as the `file` facet has them."""
    return {
        "quickXorHash": quick_xor_hash(data),
        "sha1Hash": hashlib.sha1(data, usedforsecurity=False).hexdigest().upper(),
        "sha256Hash": hashlib.sha256(data).hexdigest().upper(),
    }


def _folded(data: bytes) -> bytes:
    """All blocks of 160 bytes laid over one another: bytes that far apart fall on the same bits."""
    slab = 0
    view = memoryview(data)
    for start in range(0, len(data), _SLAB):
        slab ^= int.from_bytes(view[start : start + _SLAB], "little")
    width = _SLAB
    while width > _BLOCK:
        width //= 2
        # Halving 160 * 2^12 ends exactly at one block.
        slab = (slab >> (width * 8)) ^ (slab & ((1 << (width * 8)) - 1))
    return slab.to_bytes(_BLOCK, "little")
