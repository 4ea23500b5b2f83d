"""Tokens into a well-nested document: a flat list of events, so that no depth of nesting costs a stack.

It follows what browsers do as far as it decides what is inside of what, since that decides what is hidden.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tools._html.tokens import End, Sheet, Start, Token


@dataclass(slots=True, eq=False)
class Open:
    """An element begins; it ends at the event with the number `end`."""

    name: str
    attributes: dict[str, str]
    end: int = -1
    left: bool = False  # its end tag came while a block within it was still open

    def __getitem__(self, attribute: str) -> str:
        return self.attributes.get(attribute, "")

    @property
    def classes(self) -> list[str]:
        return self["class"].split()


@dataclass(frozen=True, slots=True)
class Close:
    """The element that was opened last ends."""

    name: str


Event = str | Open | Close

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_SPECIAL = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "button",
        "caption",
        "center",
        "details",
        "dialog",
        "dd",
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
        "hgroup",
        "html",
        "li",
        "main",
        "menu",
        "nav",
        "object",
        "ol",
        "p",
        "pre",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "td",
        "template",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_CELLS = ("table", "td", "th", "caption", "object", "template", "button")
_TABLE_PARTS = frozenset(["table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"])
_ENDS_PARAGRAPH = _SPECIAL - _TABLE_PARTS - {"body", "html", "button", "object", "template", "select"} | {"hr", "table"}
_ENDS_DRAWING = _ENDS_PARAGRAPH | {"b", "br", "em", "i", "img", "span", "strong", "sub", "sup"}

# A start tag that ends another element, if that lies within the innermost of the last ones.
_ENDED_BY: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "li": (("li",), ("ul", "ol", "menu", *_CELLS)),
    "dt": (("dt", "dd"), ("dl", *_CELLS)),
    "dd": (("dt", "dd"), ("dl", *_CELLS)),
    "option": (("option",), ("select",)),
    "a": (("a",), _CELLS),
    "td": (("td", "th"), ("tr", "table")),
    "th": (("td", "th"), ("tr", "table")),
    "tr": (("tr",), ("table",)),
    **dict.fromkeys(("thead", "tbody", "tfoot"), (("thead", "tbody", "tfoot"), ("table",))),
}


@dataclass(slots=True)
class Document:
    """What a page says, in order, and the style sheets that apply to it."""

    events: list[Event] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    late_sheets: list[str] = field(default_factory=list)  # of what is not read
    is_whole: bool = True
    is_for_all: bool = True  # not so if some of it is left out that only some programs show


class _Builder:
    def __init__(self) -> None:
        self.document = Document()
        self._stack: list[Open] = []
        self._places: dict[str, list[int]] = {}
        self._specials: list[int] = []

    def add(self, token: Token) -> None:
        match token:
            case str():
                self.document.events.append(token)
            case Sheet(text):
                self.document.sheets.append(text)
            case Start(name, attributes):
                self._start(name, attributes)
            case End(name):
                self._end(name)

    @property
    def size(self) -> int:
        """How many events there are, and are still to come at least."""
        return len(self.document.events) + len(self._stack)

    def finish(self) -> Document:
        self._pop_to(0)
        return self.document

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in {"html", "body"} and self._places.get(name):
            return
        self._end_what_it_ends(name)
        opened = Open(name, attributes)
        self.document.events.append(opened)
        if name in VOID:
            opened.end = len(self.document.events)
            self.document.events.append(Close(name))
        else:
            self._push(opened)

    def _end_what_it_ends(self, name: str) -> None:
        if name in _ENDS_DRAWING:
            for drawing in ("svg", "math"):
                self._end_within(drawing, _CELLS)
        if name in _ENDS_PARAGRAPH:
            self._end_within("p", _CELLS)
        ended, bounds = _ENDED_BY.get(name, ((), ()))
        for each in ended:
            self._end_within(each, bounds)

    def _end_within(self, name: str, bounds: Iterable[str]) -> None:
        place = self._place(name)
        if place >= 0 and place > max(self._place(bound) for bound in bounds):
            self._pop_to(place)

    def _end(self, name: str) -> None:
        place = self._place(name)
        if place < 0 or name in {"html", "body"}:
            if name == "br":
                self._start("br", {})
        elif name in _SPECIAL:
            bounds = ("table",) if name in _TABLE_PARTS else _CELLS
            if place >= max(self._place(bound) for bound in bounds):
                self._pop_to(place)
        elif self._specials and self._specials[-1] > place:
            self._stack[place].left = True
        else:
            self._pop_to(place)

    def _place(self, name: str) -> int:
        places = self._places.get(name)
        return places[-1] if places else -1

    def _push(self, opened: Open) -> None:
        place = len(self._stack)
        self._stack.append(opened)
        self._places.setdefault(opened.name, []).append(place)
        if opened.name in _SPECIAL:
            self._specials.append(place)

    def _pop_to(self, place: int) -> None:
        while len(self._stack) > place or (self._stack and self._stack[-1].left):
            opened = self._stack.pop()
            self._places[opened.name].pop()
            if opened.name in _SPECIAL:
                self._specials.pop()
            opened.end = len(self.document.events)
            self.document.events.append(Close(opened.name))


def document_of(tokens: Iterable[Token], most: int) -> Document:
    """The document that the tokens make, or its first part: everything that is opened is closed, in order."""
    builder = _Builder()
    for token in tokens:
        builder.add(token)
        is_before_a_sheet = isinstance(token, Start) and token.name == "style"
        if builder.size >= most and not is_before_a_sheet:
            builder.document.is_whole = False
            break
    return builder.finish()
