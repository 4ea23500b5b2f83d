"""The page that is being written: lines, their indentation and quotation, and where blank ones go."""

from __future__ import annotations

import re

from tools._html.marks import Mark

# Deeper than this, no reader gains anything, and every line would grow.
DEEPEST_QUOTE = 5
DEEPEST_LIST = 8
# Of a link's text: links lie in links where somebody means to cost time.
MOST_SAID = 400

# Mail that wants a nice preview pads it with characters that nobody sees.
_FILLERS = dict.fromkeys(
    map(
        ord,
        "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064\u2800\u3164\ufeff\uffa0",
    )
)
_JOINERS = "\u200c\u200d"
_TAG = re.compile(
    r"<(?=[/!]?(?:script|style|img|iframe|object|embed|svg|link|meta|base|form|input|video|audio|html|body|--))",
    re.IGNORECASE,
)


def words_of(text: str) -> str:
    """Text with its white space as single blanks, and without filling that is not seen."""
    words = (word.strip(_JOINERS) for word in text.translate(_FILLERS).split())
    return " ".join(word for word in words if word)


class Page:
    """Lines so far, the line in hand, and what the next line begins with."""

    def __init__(self) -> None:
        self.lead = ""
        self.depth = 0
        self.word_depth = 0
        self.quotes = 0
        self.verbatim = 0
        self.written = 0
        self._lines: list[str] = []
        self._line: list[str] = []
        self._started_item = False
        self._gap = False
        self._blank = False
        self._filled = False
        self._last_quotes = 0
        self._cells: list[str] | None = None
        self._joint = ""
        self._keeps_empty = True

    # Words.

    @property
    def at(self) -> int:
        """A place in the line in hand, for `since` and `cut`."""
        return len(self._line)

    def since(self, at: int, most: int = MOST_SAID) -> str:
        """What has been written into the line since then; of very much, the beginning."""
        parts, length = [], 0
        while at < len(self._line) and length <= most:
            parts.append(self._line[at])
            length, at = length + len(parts[-1]), at + 1
        return "".join(parts).strip()

    def cut(self, at: int) -> None:
        """Take back what has been written into the line since then."""
        del self._line[at:]

    def gap(self) -> None:
        """What comes next is not part of the same word."""
        self._gap = True

    def text(self, text: str) -> None:
        """Put words into the line; white space counts as one blank."""
        if self.verbatim and self._cells is None:
            self._verbatim(text)
            return
        words = words_of(text)
        if not words:
            self._gap = self._gap or bool(text)
            self._filled = self._filled or "\xa0" in text
            return
        if text[0].isspace():
            self._gap = True
        self._put(_TAG.sub("< ", words))
        self._gap = text[-1].isspace()

    def append(self, text: str) -> None:
        """Put something right behind the last word, if it stands at the end of the line above."""
        if not text:
            return
        if self._line or not self._lines or self._lines[-1].startswith("\0"):
            self._put(text if self._line else text.strip())
        else:
            self._lines[-1] += text

    def _put(self, words: str) -> None:
        if self.lead and not self._line:
            self._line.append(self.lead)
            self._started_item = True
            self.lead = ""
        elif self._line and (self._joint or self._gap):
            self._line.append(self._joint or " ")
        self._joint, self._gap = "", False
        self._line.append(words)
        self.written += len(words)

    def _verbatim(self, text: str) -> None:
        first, *others = text.expandtabs(4).split("\n")
        for number, line in enumerate((first, *others)):
            if number:
                self.line_break()
            if line.strip() or (self._line and line):
                self._put(_TAG.sub("< ", line.rstrip("\r")))

    # Lines.

    def line_break(self) -> None:
        """The line is full; an empty one stays as a blank one."""
        if self._cells is not None:
            self._break_in_cell()
            return
        self._filled = self._filled or not self._line
        self.end_line()

    def end_line(self, *, apart: bool = False) -> None:
        """What follows begins a new line, after a blank one if it is set apart."""
        if self._cells is not None:
            self._break_in_cell()
            return
        if self._line:
            self._flush("".join(self._line))
        elif self._filled:
            self._blank = True
        self._blank = self._blank or apart
        self._line, self._gap, self._filled, self._started_item = [], False, False, False

    def rule(self) -> None:
        """A line across the page."""
        self.end_line(apart=True)
        if self._cells is None and self._lines and self._lines[-1] != "---":
            self._flush("---")
            self._blank = True

    def mark(self, mark: Mark) -> None:
        """A line for programs, where a new part of a mail begins."""
        self.end_line()
        if self._cells is None:
            self._lines.append(mark)

    def _flush(self, line: str) -> None:
        if self._blank and self._lines:
            self._lines.append(">" * min(self.quotes, self._last_quotes, 1))
        self._lines.append(f"{self._prefix()}{line.rstrip()}")
        self._blank, self._last_quotes = False, self.quotes

    def _prefix(self) -> str:
        depth = max(min(self.depth, DEEPEST_LIST) - self._started_item, 0)
        depth += max(self.word_depth - 1, 0)
        return "> " * min(self.quotes, DEEPEST_QUOTE) + "  " * depth

    def bullet(self, at: int) -> None:
        """Word's bullet, which was written as text, becomes the beginning of an item."""
        said = self.since(at)
        self.cut(at)
        self.lead = f"{said} " if len(said) > 1 and any(map(str.isalnum, said)) else "- "

    # Rows of a table.

    def start_row(self, *, is_data: bool) -> None:
        """From here on, cells instead of lines. Those without a value count in real tables only."""
        self.end_line()
        self._cells = []
        self._keeps_empty = is_data

    def end_cell(self) -> None:
        """The value is complete."""
        if self._cells is not None:
            said = "".join(self._line).strip()
            self._cells += [said] if said or self._keeps_empty else []
            self._line, self._joint, self.lead = [], "", ""
            self._gap = self._filled = False

    def end_row(self) -> None:
        """The cells are a line."""
        if self._line:
            self.end_cell()
        cells, self._cells = self._cells or [], None
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            self._flush(" | ".join(cells))

    def _break_in_cell(self) -> None:
        self._gap = False
        self._joint = " / " if self._line else ""

    def finish(self) -> str:
        """The whole page."""
        self.end_line()
        return "\n".join(line.rstrip() for line in self._lines).strip("\n")
