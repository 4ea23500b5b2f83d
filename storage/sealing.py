"""Sealing what must stay secret where it is kept: AES-256-GCM under a ring of keys, the first of which seals.

The envelope names its key by a short hash, so that a new key can come in front while the
old one still opens what it sealed. What the data is for is part of the seal: a grant
cannot be passed off as a token cache.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretBytes

from errors import StorageError

KEY_BYTES = 32

_NONCE_BYTES = 12
_VERSION = 1
_CIPHER = "aesgcm"
_KEY_ID = re.compile(r"[0-9a-f]{8}")
_HEX_KEY = re.compile(r"[0-9A-Fa-f]{64}")
_MAKE_ONE = "Make one with: openssl rand -base64 32"


class WrongKey(StorageError):
    """None of the keys is the one that sealed this."""


class Tampered(StorageError):
    """What was sealed has been changed since, or was never sealed for this purpose."""


class KeyRing:
    """Keys of 32 bytes. A key is good for 2**32 seals, as its nonces are drawn at random."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise StorageError(f"There is no key. {_MAKE_ONE}")
        if any(len(key) != KEY_BYTES for key in keys):
            raise StorageError(f"A key has {KEY_BYTES} bytes. {_MAKE_ONE}")
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        self._sealing_id = key_id(keys[0])
        if len(self._ciphers) < len(keys):
            raise StorageError("A key stands in the list twice. Leave one of them out.")

    def seal(self, data: bytes, purpose: str) -> bytes:
        """An envelope, as JSON text, that `open` takes with this purpose only."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        bound = _bound(self._sealing_id, purpose)
        return _envelope(self._sealing_id, nonce, self._ciphers[self._sealing_id].encrypt(nonce, data, bound))

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """What was sealed; WrongKey where no key fits, Tampered where a single byte differs."""
        kid, nonce, text = _parts(sealed)
        cipher = self._ciphers.get(kid)
        if cipher is None:
            raise WrongKey(
                f"This was sealed with the key {kid}, which is not among the keys given ({', '.join(self._ciphers)}). "
                "Add that key below the new one, or delete what was sealed and start afresh."
            )
        try:
            return cipher.decrypt(nonce, text, _bound(kid, purpose))
        except InvalidTag:
            raise _tampered() from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether this is sealed with the key that seals now; asked of what could be opened, or is plain."""
        try:
            return _parts(sealed)[0] == self._sealing_id
        except Tampered:
            return False

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._ciphers)}, sealing with {self._sealing_id}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A key ring cannot be pickled or copied. Read the keys again instead.")


class StateKeys:
    """Keys of 32 bytes, the first of which is used now; each purpose has keys of its own that are derived from them."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        KeyRing(keys)  # judges them
        self._keys = [SecretBytes(key) for key in keys]
        self._rings: dict[str, KeyRing] = {}
        self._codes: dict[str, hmac.HMAC] = {}

    def digest(self, purpose: str, *parts: str) -> bytes:
        """32 bytes that nobody can guess without the first key, and that differ where purpose or any part does."""
        code = self._codes.get(purpose)
        if code is None:
            derived = _derived(self._keys[0], "digest", purpose)
            code = self._codes[purpose] = hmac.new(derived, digestmod=hashlib.sha256)
        code = code.copy()
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            code.update(len(data).to_bytes(8) + data)
        return code.digest()

    def ring(self, purpose: str) -> KeyRing:
        """What seals for this purpose, and opens also what an older key of the list has sealed for it."""
        ring = self._rings.get(purpose)
        if ring is None:
            ring = self._rings[purpose] = KeyRing([_derived(key, "seal", purpose) for key in self._keys])
        return ring

    def __repr__(self) -> str:
        return f"<StateKeys, {len(self._keys)} of them>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("State keys cannot be pickled or copied. Read them again instead.")


def derived_keys(text: str, purpose: str) -> list[bytes]:
    """A key for this purpose from each key in a text, in the same order; none of those can be found from it."""
    return [_derived(SecretBytes(key), "key", purpose) for key in read_keys(text)]


def key_id(key: bytes) -> str:
    """What tells keys apart without telling the key."""
    return hashlib.sha256(key).hexdigest()[:8]


def parse_keys(text: str) -> KeyRing:
    """A ring of the keys in a text."""
    return KeyRing(read_keys(text))


def read_keys(text: str) -> list[bytes]:
    """One key a line: base64 of 32 bytes, or 64 hexadecimal digits; # starts a comment line."""
    lines: dict[bytes, int] = {}
    faults = []
    for number, line in _key_lines(text):
        key = _key(line)
        if key is None:
            faults.append(f"Line {number} is no key: it wants base64 of {KEY_BYTES} bytes, or 64 hexadecimal digits.")
        elif key in lines:
            faults.append(f"Line {number} repeats the key of line {lines[key]}. Leave one of them out.")
        else:
            lines[key] = number
    if faults:
        raise StorageError(" ".join([*faults, _MAKE_ONE]))
    if not lines:
        raise StorageError(f"There is no key. {_MAKE_ONE}")
    return list(lines)


def _key_lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if line.strip() and not line.strip().startswith("#"):
            yield number, line.strip()


def _key(line: str) -> bytes | None:
    if _HEX_KEY.fullmatch(line):
        return bytes.fromhex(line)
    bare = line.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = _from_base64(bare + "=" * (-len(bare) % 4))
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def _derived(key: SecretBytes, use: str, purpose: str) -> bytes:
    """A key for one use and purpose, from which neither the key nor another one can be found."""
    info = json.dumps(["graphward", use, purpose]).encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key.get_secret_value())


def _bound(kid: str, purpose: str) -> bytes:
    """What the seal covers beside the data; a JSON list, because no two lists read the same."""
    return json.dumps(["graphward", _VERSION, _CIPHER, kid, purpose]).encode()


def _envelope(kid: str, nonce: bytes, text: bytes) -> bytes:
    fields = {"v": _VERSION, "enc": _CIPHER, "kid": kid, "n": _to_base64(nonce), "ct": _to_base64(text)}
    return json.dumps(fields, separators=(",", ":")).encode()


def _parts(sealed: bytes) -> tuple[str, bytes, bytes]:
    """Key id, nonce and ciphertext of an envelope that is, to the byte, as `_envelope` writes it."""
    try:
        fields: Any = json.loads(sealed)
        kid, nonce, text = fields["kid"], _from_base64(fields["n"]), _from_base64(fields["ct"])
        is_named = len(nonce) == _NONCE_BYTES and _KEY_ID.fullmatch(kid) is not None
        is_ours = is_named and _envelope(kid, nonce, text) == sealed
    except (ValueError, TypeError, KeyError, RecursionError):
        is_ours = False
    if not is_ours:
        raise _tampered()
    return kid, nonce, text


def _tampered() -> Tampered:
    return Tampered(
        "This has been changed since it was sealed, or was sealed for something else. "
        "Restore it from a backup, or delete it and start afresh."
    )


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
