"""Which rows of a page's tables are lines of values; the other tables only lay out a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tools._html.document import Close, Event, Open

LONGEST_CELL = 300

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "button",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_NEEDS_ROOM = frozenset(["table", "ul", "ol", "dl", "hr", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"])


@dataclass(slots=True)
class _Table:
    is_data: bool
    rows: list[_Row] = field(default_factory=list)


@dataclass(slots=True)
class _Row:
    opened: Open
    table: _Table | None
    filled: int = 0
    longest: int = 0
    most_lines: int = 0
    needs_room: bool = False
    letters: int = 0
    lines: int = 0
    at_break: bool = True

    def text(self, text: str) -> None:
        letters = len(text.strip())
        if not letters:
            return
        self.filled += self.letters == 0
        self.lines += self.at_break
        self.at_break = False
        self.letters += letters
        self.longest = max(self.longest, self.letters)
        self.most_lines = max(self.most_lines, self.lines)

    def cell(self) -> None:
        self.letters, self.lines, self.at_break = 0, 0, True

    @property
    def is_line(self) -> bool:
        """Several short values side by side; a real table may have a few lines in a cell."""
        return (
            not self.needs_room
            and self.longest <= LONGEST_CELL
            and (self.is_data or (self.filled >= 2 and self.most_lines <= 1))
        )

    @property
    def is_data(self) -> bool:
        """Whether it belongs to a table of values."""
        return self.table is not None and self.table.is_data


class _Reader:
    def __init__(self) -> None:
        self.tables: list[_Table] = []
        self.open_tables: list[_Table] = []
        self.open_rows: list[_Row | None] = []

    @property
    def row(self) -> _Row | None:
        return self.open_rows[-1] if self.open_rows else None

    def opened(self, event: Open) -> None:
        row = self.row
        if row is not None:
            row.needs_room = row.needs_room or event.name in _NEEDS_ROOM or bool(event["id"] in _MARKED)
            row.at_break = row.at_break or event.name in BLOCKS or event.name == "br"
        match event.name:
            case "table":
                self._table(event)
            case "tr":
                self._row(event)
            case "td" | "th" if row is not None:
                row.cell()
                if event.name == "th" and row.table is not None:
                    row.table.is_data = True

    def _table(self, event: Open) -> None:
        is_plain = event["role"].strip().lower() in {"presentation", "none"}
        has_lines = event["border"].strip() not in {"", "0"} or "MsoTableGrid" in event.classes
        self.open_tables.append(_Table(has_lines and not is_plain))
        self.open_rows.append(None)

    def _row(self, event: Open) -> None:
        table = self.open_tables[-1] if self.open_tables else None
        row = _Row(event, table)
        if table is not None:
            table.rows.append(row)
            if len(table.rows) == 1:
                self.tables.append(table)
        self.open_rows.append(row)

    def closed(self, name: str) -> None:
        if name == "table" and self.open_tables:
            self.open_tables.pop()
            self.open_rows.pop()
        elif name == "tr" and self.open_rows:
            self.open_rows.pop()
        elif self.row is not None and name in BLOCKS:
            self.row.at_break = True


_MARKED = frozenset({"divRplyFwdMsg", "appendonsend", "Signature"})


def data_rows(events: Sequence[Event]) -> dict[Open, bool]:
    """The rows that are written as one line each, and whether their empty cells mean something."""
    reader = _Reader()
    for event in events:
        match event:
            case Open():
                reader.opened(event)
            case Close(name):
                reader.closed(name)
            case str() if reader.row is not None:
                reader.row.text(event)
    return {row.opened: row.is_data for table in reader.tables for row in table.rows if row.is_line}
