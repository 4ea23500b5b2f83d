"""What stands in the file of a token cache: MSAL's own JSON, or with keys, the same in a sealed envelope. No I/O."""

from __future__ import annotations

import json
from pathlib import Path

from auth.cache._state import Damaged, State, parse
from errors import StorageError
from storage import KeyRing, Tampered, WrongKey

_PURPOSE = "token-cache"
# No single mistake in an envelope takes both away, and no cache of MSAL's has either.
_SIGNS_OF_A_SEAL = (b'"aesgcm"', b'"ct"')


class CacheFormat:
    """Reads and writes the content of one cache; `path` is for the messages only."""

    def __init__(self, path: Path, ring: KeyRing | None) -> None:
        self._path = path
        self._ring = ring

    @property
    def seals(self) -> bool:
        return self._ring is not None

    def is_outdated(self, data: bytes) -> bool:
        """Whether it is still plain, or sealed with a key that is to go."""
        return self._ring is not None and not self._ring.is_current(data)

    def decode(self, data: bytes) -> State:
        """The state; Damaged where it is lost, StorageError where the right key would open it."""
        try:
            return _plain(data)
        except Damaged:
            if not is_sealed(data):
                raise
        return self._opened(data)

    def encode(self, state: State) -> bytes:
        if self._ring is None:
            return json.dumps(state, indent=4).encode()
        return self._ring.seal(json.dumps(state, separators=(",", ":")).encode(), _PURPOSE)

    def _opened(self, data: bytes) -> State:
        """Nothing in here is ever moved or written over: what one key cannot open, another can."""
        if self._ring is None:
            raise StorageError(
                f"The token cache {self._path} is encrypted. Set TOKEN_CACHE_ENCRYPTION (os, or key with "
                "TOKEN_CACHE_KEY_FILE) as it was; to do without encryption, delete the file and sign in again."
            )
        try:
            return _plain(self._ring.open(data, _PURPOSE))
        except WrongKey as error:
            raise WrongKey(
                f"The token cache {self._path} was encrypted with another key than those given. Add that key below the "
                "new one (TOKEN_CACHE_KEY_FILE), or delete the file and sign in again."
            ) from error
        except (Tampered, Damaged) as error:
            raise Tampered(
                f"The token cache {self._path} has been changed since it was encrypted, and is left as it is. "
                "Restore it from a backup, or delete it and sign in again."
            ) from error


def is_sealed(data: bytes) -> bool:
    """Whether this is, or was, an envelope; asked of what is no plain cache."""
    return any(sign in data for sign in _SIGNS_OF_A_SEAL)


def _plain(data: bytes) -> State:
    try:
        return parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Damaged from None
