"""Who may call over HTTP: what a request shows is verified here, and made into a Sender."""

from __future__ import annotations

from auth.inbound.api_keys import KeyDoor
from auth.inbound.door import Door
from auth.inbound.entra_door import EntraDoor
from auth.inbound.key_file import keys_path
from auth.inbound.refusals import Refusals
from auth.inbound.rights import ACCESS, FULL_ROLE, READ, READ_ROLE

__all__ = ["ACCESS", "FULL_ROLE", "READ", "READ_ROLE", "Door", "EntraDoor", "KeyDoor", "Refusals", "keys_path"]
