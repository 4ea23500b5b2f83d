"""Reads `table.json`: the permissions that each operation accepts, by method and path template."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from emulator.permissions.addresses import key_of

_FILE = Path(__file__).parent / "table.json"


@dataclass(frozen=True)
class Needs:
    """What opens an operation: any one of a set will do, and with it all that must be held as well."""

    delegated: frozenset[str]
    personal: frozenset[str]
    application: frozenset[str]
    also_delegated: frozenset[str]
    also_application: frozenset[str]
    method: str
    """With the template, the row of the table that says so."""
    template: str
    is_exact: bool = True
    """Whether the row is that of the operation itself and not of its other address or of what it lies in."""


class Table:
    """The operations that Microsoft's data knows."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self._sets = [frozenset(names) for names in source["sets"]]
        self._needs: list[list[int]] = source["needs"]
        self._rows: dict[str, tuple[str, dict[str, int]]] = {
            key_of(template): (template, methods) for template, methods in source["operations"].items()
        }

    def operations(self) -> Iterator[tuple[str, str]]:
        """Method and template of every row."""
        for template, methods in self._rows.values():
            for method in methods:
                yield method, template

    def row(self, method: str, key: str) -> Needs | None:
        """The row of this very operation; the key is what `key_of` makes of a template."""
        template, methods = self._rows.get(key, ("", {}))
        if method not in methods:
            return None
        work, home, app, also_work, also_app = (self._sets[index] for index in self._needs[methods[method]])
        return Needs(work, home, app, also_work, also_app, method, template)


@cache
def table() -> Table:
    """The table of v1.0, read when it is first asked for."""
    return Table(json.loads(_FILE.read_text("utf-8")))
