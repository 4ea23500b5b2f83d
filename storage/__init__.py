"""What Graphward keeps: private files, and the key ring that seals what must stay secret."""

from __future__ import annotations

from storage.file_lock import LockTimeout
from storage.key_store import key_from_system
from storage.private_file import FileTooLarge, PrivateFile, Stamp, UnsafeFileError
from storage.sealing import KeyRing, Tampered, WrongKey, parse_keys

__all__ = [
    "FileTooLarge",
    "KeyRing",
    "LockTimeout",
    "PrivateFile",
    "Stamp",
    "Tampered",
    "UnsafeFileError",
    "WrongKey",
    "key_from_system",
    "parse_keys",
]
