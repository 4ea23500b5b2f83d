"""What items may be called, and the folders that have a purpose."""

from __future__ import annotations

from emulator.graph.drives.errors import BadDriveRequest

SPECIAL = {
    "approot": "Apps",
    "attachments": "Attachments",
    "cameraroll": "Camera Roll",
    "desktop": "Desktop",
    "documents": "Documents",
    "downloads": "Downloads",
    "music": "Music",
    "photos": "Pictures",
    "recordings": "Recordings",
    "videos": "Videos",
}
SPECIAL_SPELLINGS = {"cameraroll": "cameraRoll"}
_BARRED = frozenset('"*:<>?/\\|')
_PORTS = (f"{port}{number}" for port in ("com", "lpt") for number in range(10))
_RESERVED = frozenset({".lock", "con", "prn", "aux", "nul", "desktop.ini", "_vti_", *_PORTS})
_LONGEST = 255


def checked_name(name: object) -> str:
    """A name as an item may have it; others are refused."""
    if not isinstance(name, str) or not name.strip():
        raise BadDriveRequest("The name in the provided item reference is missing or empty.")
    lowered = name.lower()
    bad = _BARRED & set(name) or any(ord(sign) < 32 for sign in name) or name != name.strip() or name.endswith(".")
    if bad or lowered in _RESERVED or lowered.startswith("~$") or "_vti_" in lowered:
        raise BadDriveRequest("The provided name cannot contain the characters or words that the service reserves.")
    if len(name) > _LONGEST:
        raise BadDriveRequest("The provided name is longer than 255 characters.")
    return name
