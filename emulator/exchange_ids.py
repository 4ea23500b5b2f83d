"""Identifiers as Exchange Online writes them: base64url over a mailbox GUID, a folder or entry kind and a counter."""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache
from uuid import UUID

_PREFIX = b"\x00\x03\x24\x00"
_FOLDER_KIND = b"\x00\x2e\x00\x00\x00\x00\x00"
_ENTRY_KIND = b"\x00\x46\x00\x00\x00\x00\x00"
_ATTACHMENT_MARK = b"\x01\x12\x00\x10\x00"
_IMMUTABLE_PREFIX = bytes.fromhex("0009002e000000001d840311aa6611cd9bc800aa002fc45a0d00")
_GUID = 16
_FOLDER_BYTES = 89
_ENTRY_BYTES = 113
# One of a series: the entry's id with its day inside.
_OCCURRENCE_BYTES = _ENTRY_BYTES + 11
_IMMUTABLE_BYTES = len(_IMMUTABLE_PREFIX) + _GUID + 8
_ATTACHMENT_TAIL = len(_ATTACHMENT_MARK) + _GUID
_SIZES = {
    _PREFIX: {
        _FOLDER_BYTES,
        _ENTRY_BYTES,
        _ENTRY_BYTES + _ATTACHMENT_TAIL,
        _OCCURRENCE_BYTES,
        _OCCURRENCE_BYTES + _ATTACHMENT_TAIL,
    },
    _IMMUTABLE_PREFIX: {_IMMUTABLE_BYTES, _IMMUTABLE_BYTES + _ATTACHMENT_TAIL},
}


def mailbox_guid(tenant_id: str, person_id: str) -> UUID:
    """The mailbox behind a person; it starts with a letter, so that its ids start with AAMkAG as most do."""
    digest = bytearray(hashlib.sha256(f"{tenant_id}/{person_id}".encode()).digest()[:_GUID])
    digest[0] = 0xA0 | (digest[0] & 0x5F)
    return UUID(bytes=bytes(digest))


def folder_id(mailbox: UUID, number: int) -> str:
    """The id of a mailbox's folder: 120 characters."""
    store = _store(mailbox)
    return encoded(_head(mailbox, _FOLDER_KIND) + store + b"\x01\x00" + store + _counter(number) + b"\x00\x00")


def entry_id(mailbox: UUID, number: int) -> str:
    """The id of a mailbox's item: 152 characters."""
    store = _store(mailbox)
    origin = store + b"\x00\x00\x00\x00\x01\x0c\x00\x00" + store
    return encoded(_head(mailbox, _ENTRY_KIND) + store + b"\x07\x00" + origin + _counter(number) + b"\x00\x00")


def immutable_id(mailbox: UUID, number: int) -> str:
    """The id of an item that stays when the item moves: 68 characters."""
    return encoded(_IMMUTABLE_PREFIX + _store(mailbox) + _counter(number) + b"\x00\x00")


def attachment_id(message_id: str, position: int) -> str:
    """The id of a message's attachment: the message's own bytes, then the attachment's."""
    owner = _raw(message_id)
    mark = hashlib.sha256(owner + position.to_bytes(4, "big")).digest()[:_GUID]
    return encoded(owner + _ATTACHMENT_MARK + mark)


def _raw(identifier: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(identifier)
    except (binascii.Error, ValueError):
        # An id that was not made here, as a test may give one.
        return identifier.encode()


def change_key(mailbox: UUID, number: int) -> str:
    """What an ETag carries: it changes with every write."""
    return base64.b64encode(b"\x09\x00\x00\x00\x16\x00\x00\x00" + _store(mailbox) + _counter(number)).decode()


def is_well_formed(identifier: str) -> bool:
    """Whether Exchange would look the id up at all, in whatever mailbox."""
    try:
        raw = base64.b64decode(identifier.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    return any(raw.startswith(prefix) and len(raw) in sizes for prefix, sizes in _SIZES.items())


@lru_cache(maxsize=512)
def _head(mailbox: UUID, kind: bytes) -> bytes:
    return _PREFIX + str(mailbox).encode() + kind


@lru_cache(maxsize=512)
def _store(mailbox: UUID) -> bytes:
    return hashlib.sha256(mailbox.bytes).digest()[:_GUID]


def _counter(number: int) -> bytes:
    return b"\x00\x00" + number.to_bytes(4, "big")


def encoded(raw: bytes) -> str:
    """Bytes as an identifier."""
    return base64.urlsafe_b64encode(raw).decode()
