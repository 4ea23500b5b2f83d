"""The hashes that Graph gives of files, computed as the bytes come."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

_RING_BITS = 160
_STEP_BITS = 11
_LENGTH_AT = 96  # the last 64 bits of the ring
# After so many bytes the steps come round to the first bit again.
_PERIOD = 160
_SLAB = _PERIOD * 256  # measured: 0.7 to 1.3 GB/s; slabs that outgrow the processor's cache are slower


class Hasher(Protocol):
    """A hash under way."""

    def update(self, data: bytes) -> None:
        """Go on with these bytes."""
        ...

    def text(self) -> str:
        """The hash of all that came, as Graph writes it."""
        ...


class QuickXor:
    """OneDrive's own hash: a ring of 160 bits, on which each byte is XORed eleven bits further than the one before.

    Bytes that lie a whole number of periods apart meet the same bits. So the file is laid over itself slab by slab, as
    large numbers whose XOR is one operation; which bits each byte meets only matters for the one slab that remains.
    """

    def __init__(self) -> None:
        self._size = 0
        self._slab = 0

    def update(self, data: bytes) -> None:
        """Go on with these bytes."""
        view, start = memoryview(data), 0
        while start < len(view):
            place = self._size % _SLAB
            piece = view[start : start + _SLAB - place]
            self._slab ^= int.from_bytes(piece, "little") << (8 * place)
            self._size += len(piece)
            start += len(piece)

    def text(self) -> str:
        """The hash of all that came, in base64."""
        ring = (self._size << _LENGTH_AT) ^ _spread(_folded(self._slab, 8 * _PERIOD))
        return base64.b64encode(_folded(ring, _RING_BITS).to_bytes(_RING_BITS // 8, "little")).decode()


def _folded(number: int, bits: int) -> int:
    """All parts of so many bits, XORed."""
    folded = 0
    while number:
        folded ^= number & ((1 << bits) - 1)
        number >>= bits
    return folded


def _spread(period: int) -> int:
    """Each byte of one period at its place, the ring not yet closed."""
    spread = 0
    for number, byte in enumerate(period.to_bytes(_PERIOD, "little")):
        spread ^= byte << (number * _STEP_BITS)
    return spread


class _Sha:
    def __init__(self, name: str) -> None:
        self._hash = hashlib.new(name, usedforsecurity=False)

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def text(self) -> str:
        return self._hash.hexdigest().upper()


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def text(self) -> str:
        return self._value.to_bytes(4, "little").hex().upper()


# The strongest first; of those, OneDrive for work and school has only the third.
HASHERS: Mapping[str, Callable[[], Hasher]] = {
    "sha256Hash": lambda: _Sha("sha256"),
    "sha1Hash": lambda: _Sha("sha1"),
    "quickXorHash": QuickXor,
    "crc32Hash": _Crc32,
}


class Rolling:
    """One kind of hash of a file whose bytes may come more than once: each counts the first time."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.size = 0
        self._hasher = HASHERS[kind]()

    def feed(self, start: int, data: bytes) -> None:
        """Bytes from this place on; what came before is skipped, and there are no gaps."""
        fresh = data[max(0, self.size - start) :]
        self._hasher.update(fresh)
        self.size += len(fresh)

    def restart(self) -> None:
        """Forget what came: the file begins anew."""
        self.size = 0
        self._hasher = HASHERS[self.kind]()

    def agrees(self, item: Mapping[str, Any]) -> bool | None:
        """Whether a driveItem is said to have this hash; None where it says nothing of it."""
        wanted = _hashes(item).get(self.kind)
        if not isinstance(wanted, str) or not wanted:
            return None
        ours = self._hasher.text()
        return wanted == ours if self.kind == "quickXorHash" else wanted.upper() == ours


def best_hash(item: Mapping[str, Any] | None) -> Rolling | None:
    """The strongest hash that a driveItem has, to be computed; None where it has none."""
    known = _hashes(item or {})
    kind = next((kind for kind in HASHERS if isinstance(known.get(kind), str) and known[kind]), None)
    return Rolling(kind) if kind else None


def _hashes(item: Mapping[str, Any]) -> Mapping[str, Any]:
    file = item.get("file")
    hashes = file.get("hashes") if isinstance(file, Mapping) else None
    return hashes if isinstance(hashes, Mapping) else {}
