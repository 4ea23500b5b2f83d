"""Who may call over HTTP: what a request shows is verified, and made into a Sender. Loaded by those who serve it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auth.inbound.api_keys import KeyDoor
    from auth.inbound.door import Door
    from auth.inbound.entra_door import EntraDoor
    from auth.inbound.key_file import keys_path
    from auth.inbound.refusals import Refusals
    from auth.inbound.rights import ACCESS, FULL_ROLE, READ, READ_ROLE

__all__ = ["ACCESS", "FULL_ROLE", "READ", "READ_ROLE", "Door", "EntraDoor", "KeyDoor", "Refusals", "keys_path"]

_LATER = {
    "api_keys": ("KeyDoor",),
    "door": ("Door",),
    "entra_door": ("EntraDoor",),
    "key_file": ("keys_path",),
    "refusals": ("Refusals",),
    "rights": ("ACCESS", "FULL_ROLE", "READ", "READ_ROLE"),
}


def __getattr__(name: str) -> object:
    for module, names in _LATER.items():
        if name in names:
            return getattr(import_module(f"auth.inbound.{module}"), name)
    raise AttributeError(f"module 'auth.inbound' has no attribute {name!r}")
