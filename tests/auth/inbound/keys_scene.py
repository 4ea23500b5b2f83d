"""Keys for tests: records, files of them, and the door that reads such a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auth.inbound.api_keys import KeyDoor
from auth.inbound.key_form import hash_of, new_key
from auth.inbound.key_records import KeyRecord, written
from settings import Settings, read_settings

TENANT = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a11"
APP = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10"
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
TOOLS = {"mail": frozenset({"mail_search", "mail_send"}), "calendar": frozenset({"calendar_list_events"})}


def tools_in(toolsets: Sequence[str]) -> frozenset[str]:
    """The tools of a small catalogue."""
    unknown = [name for name in toolsets if name not in TOOLS]
    if unknown:
        raise ValueError(f"there is no toolset {unknown[0]}")
    return frozenset().union(*(TOOLS[name] for name in toolsets))


def key_and_record(**details: Any) -> tuple[str, KeyRecord]:
    key, key_id = new_key()
    given: dict[str, Any] = {"name": "reports", "created": NOW, "expires": None, **details}
    return key, KeyRecord(id=key_id, sha256=hash_of(key), **given)


def replaced(path: Path, text: str) -> None:
    """Swap the file for another one, which is its owner's alone."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, "utf-8")
    new.chmod(0o600)
    new.replace(path)


def kept(path: Path, *records: KeyRecord) -> Path:
    """The file with these keys, whatever was there before."""
    replaced(path, written(records).decode())
    return path


def rows_of(*records: KeyRecord) -> dict[str, Any]:
    """The file as its author may spoil it."""
    whole: dict[str, Any] = json.loads(written(records))
    return whole


def settings_with(**environ: str) -> Settings:
    return read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": TENANT, "ENTRA_CLIENT_SECRET": "s", **environ})


def door_of(path: Path, *, settings: Settings | None = None, **details: Any) -> KeyDoor:
    """A door that looks at its file each time; the clock stands still."""
    given: dict[str, Any] = {"now": NOW.timestamp, "pause": 0.0, **details}
    return KeyDoor(path, settings or settings_with(), tools_in, **given)
