"""A document's visible events as lines of text that read like Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from tools._html.document import Close, Event, Open
from tools._html.images import image_text
from tools._html.links import link_text
from tools._html.marks import ENDS, Mark, mark_of
from tools._html.page import Page, words_of
from tools._html.rows import BLOCKS, data_rows

# Links in links, each of which would have its text read.
MOST_LINKS = 8

_APART = frozenset(
    ["p", "ul", "ol", "dl", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "fieldset"]
)
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_NO_MARGIN = re.compile(r"(?:^|;)\s{0,9}margin(?:-bottom|-top)?\s{0,9}:\s{0,9}0", re.IGNORECASE)
_WORD_LIST = re.compile(r"mso-list:\s{0,9}l\d{1,9}\s{1,9}level(\d)", re.IGNORECASE)
_WORD_BULLET = re.compile(r"mso-list:\s{0,9}ignore", re.IGNORECASE)

_LISTS = ("ul", "ol", "menu", "dir")
_CELLS = ("td", "th")

_Step = Callable[[Open], None]


class Writer:
    """Walks the events once; what it has to remember of an element lies on a stack until that ends."""

    def __init__(self, events: Sequence[Event], *, home: Collection[str], marks: bool) -> None:
        self._events = events
        self._rows = data_rows(events)
        self._home = home
        self._marks = marks
        self._page = Page()
        self._opened: list[Open] = []
        self._links: list[tuple[str, int, int]] = []
        self._bullets: list[int] = []
        self._counters: list[int | None] = []
        self._beginnings: dict[str, _Step] = {
            "br": self._break,
            "hr": self._rule,
            "img": self._image,
            "a": self._begin_link,
            "li": self._item,
            "blockquote": self._begin_quote,
            "pre": self._begin_verbatim,
            "tr": self._begin_row,
            **dict.fromkeys(_LISTS, self._begin_list),
            **dict.fromkeys(_CELLS, self._begin_cell),
        }
        self._endings: dict[str, _Step] = {
            "a": self._end_link,
            "blockquote": self._end_quote,
            "pre": self._end_verbatim,
            "tr": self._end_row,
            **dict.fromkeys(_LISTS, self._end_list),
            **dict.fromkeys(_CELLS, self._end_cell),
        }

    def text(self) -> str:
        """All of it."""
        for event in self._events:
            match event:
                case str():
                    self._page.text(event)
                case Open():
                    self._open(event)
                case Close():
                    self._close(self._opened.pop())
        return self._page.finish()

    def _open(self, opened: Open) -> None:
        self._opened.append(opened)
        if self._marks and (mark := mark_of(opened)):
            self._page.mark(mark)
        if opened.name in BLOCKS:
            self._page.end_line(apart=_is_apart(opened, self._page.depth))
        if opened.name in _HEADINGS:
            self._page.lead = _HEADINGS[opened.name]
        if begin := self._beginnings.get(opened.name):
            begin(opened)
        self._word_list(opened)

    def _close(self, opened: Open) -> None:
        if opened.name in BLOCKS:
            self._page.end_line()
        if finish := self._endings.get(opened.name):
            finish(opened)
        if _WORD_BULLET.search(opened["style"]):
            self._page.bullet(self._bullets.pop())
        if opened.name in BLOCKS:
            self._end_block(opened)
        if self._marks and (mark := mark_of(opened)) in ENDS:
            self._page.mark(ENDS[Mark(mark)])

    def _end_block(self, opened: Open) -> None:
        self._page.end_line(apart=_is_apart(opened, self._page.depth))
        if opened.name == "li" or opened.name in _HEADINGS:
            self._page.lead = ""
        if _WORD_LIST.search(opened["style"]):
            self._page.word_depth = 0

    def _break(self, _: Open) -> None:
        self._page.line_break()

    def _rule(self, _: Open) -> None:
        self._page.rule()

    def _begin_link(self, opened: Open) -> None:
        address = opened["href"] if len(self._links) < MOST_LINKS else ""
        self._links.append((address, self._page.at, self._page.written))

    def _begin_list(self, opened: Open) -> None:
        self._counters.append(_first_number(opened) if opened.name == "ol" else None)
        self._page.depth += 1

    def _end_list(self, _: Open) -> None:
        self._counters.pop()
        self._page.depth -= 1

    def _begin_quote(self, opened: Open) -> None:
        self._page.quotes += _is_quote(opened)

    def _end_quote(self, opened: Open) -> None:
        self._page.quotes -= _is_quote(opened)

    def _begin_verbatim(self, _: Open) -> None:
        self._page.verbatim += 1

    def _end_verbatim(self, _: Open) -> None:
        self._page.verbatim -= 1

    def _begin_row(self, opened: Open) -> None:
        if opened in self._rows:
            self._page.start_row(is_data=self._rows[opened])

    def _end_row(self, opened: Open) -> None:
        if opened in self._rows:
            self._page.end_row()

    def _begin_cell(self, _: Open) -> None:
        self._page.gap()

    def _end_cell(self, _: Open) -> None:
        self._page.end_cell()

    def _item(self, opened: Open) -> None:
        number = self._counters[-1] if self._counters else None
        if number is None:
            self._page.lead = "- "
            return
        given = opened["value"].strip()
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 7 else number
        self._page.lead = f"{number}. "
        self._counters[-1] = number + 1

    def _word_list(self, opened: Open) -> None:
        """Word writes lists as paragraphs whose first piece is the bullet."""
        if "mso-list" not in opened["style"].lower():
            return
        if _WORD_BULLET.search(opened["style"]):
            self._bullets.append(self._page.at)
        elif opened.name in BLOCKS and (found := _WORD_LIST.search(opened["style"])):
            self._page.word_depth = max(1, int(found[1]))

    def _image(self, opened: Open) -> None:
        said = image_text(opened, is_link=bool(self._links and self._links[-1][0]))
        if said:
            self._page.text(said)

    def _end_link(self, _: Open) -> None:
        address, at, written = self._links.pop()
        if not address or self._page.written == written:
            return
        said = self._page.since(at)
        shown = link_text(words_of(said), address, self._home)
        if said == "[image]" and not shown:
            self._page.cut(at)
        self._page.append(shown)


def _first_number(opened: Open) -> int:
    start = opened["start"].strip()
    return int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1


def _is_quote(opened: Open) -> bool:
    """Some programs indent with blockquotes, which then have no border."""
    return "border:none" not in opened["style"].lower().replace(" ", "")


def _is_apart(opened: Open, depth: int) -> bool:
    """Whether a blank line is before and after it. Outlook's paragraphs have no margin, lists in lists neither."""
    if opened.name not in _APART or (opened.name in {"ul", "ol", "p"} and depth > 0):
        return False
    return opened.name != "p" or not (
        opened["class"].startswith(("Mso", "x_Mso")) or _NO_MARGIN.search(opened["style"][:500])
    )
