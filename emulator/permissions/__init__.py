"""Which permissions open which operation, as Microsoft's data says; `table.json` is written by a script."""

from __future__ import annotations

from emulator.permissions.lookup import holds, needs_of, row_of
from emulator.permissions.table import Needs, Table, table

__all__ = ["Needs", "Table", "holds", "needs_of", "row_of", "table"]
