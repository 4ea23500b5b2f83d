"""The roles that every tenant can activate, by the ids that they have everywhere; the descriptions are our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).parent / "templates.json"


class RoleTemplate(NamedTuple):
    """A role before it is activated."""

    id: str
    name: str
    description: str


TEMPLATES = {row[0]: RoleTemplate(*row) for row in json.loads(_FILE.read_text("utf-8"))}
