"""What Graphward keeps: private files, state with expiry, and the keys that seal what must stay secret."""

from __future__ import annotations

from storage.file_lock import LockTimeout
from storage.key_store import key_from_system
from storage.memory import MemoryStore
from storage.private_file import FileTooLarge, PrivateFile, Stamp, UnsafeFileError
from storage.sealing import KEY_BYTES, KeyRing, StateKeys, Tampered, WrongKey, derived_keys, parse_keys, read_keys
from storage.sqlite import SqliteStore
from storage.state import State, default_state_directory, opened_state
from storage.store import Clock, Store

__all__ = [
    "KEY_BYTES",
    "Clock",
    "FileTooLarge",
    "KeyRing",
    "LockTimeout",
    "MemoryStore",
    "PrivateFile",
    "SqliteStore",
    "Stamp",
    "State",
    "StateKeys",
    "Store",
    "Tampered",
    "UnsafeFileError",
    "WrongKey",
    "default_state_directory",
    "derived_keys",
    "key_from_system",
    "opened_state",
    "parse_keys",
    "read_keys",
]
