"""Answers: a short text for the model, and the same facts as structured content; both within a number of bytes."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from operator import is_not
from typing import Annotated, Any, ClassVar, Generic, Literal, NamedTuple, Self, TypeVar, get_args

from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, Field, PrivateAttr

from tools._kinds import CURSOR, holds_models
from tools._toon import toon
from tools._untrusted import Fence, cleaned, is_clean

Output = Literal["text", "json", "toon"]
ContentT = TypeVar("ContentT")

# What a fence, and a cursor, take at most; and the backslashes that the fence puts before a line.
_FENCE = 100
_CURSOR = 30
_BACKSLASHES = 2
# What TOON may take more than JSON for each field of a row that does not fit into its tables.
_TOON_MORE = 8
_SHORTEST = 200
_SHORTEST_CUT = 40
_MORE = " [cut]"
# A letter that JSON does not show as it is, other than those that may stay.
_ESCAPED = re.compile(r"\\[^\"\\nt]")
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Form:
    """How answers are given, as whoever runs the server wants it."""

    output: Output = "text"
    most: int = 16_000
    """Bytes of the text, and of the structured content."""

    def size(self, content: Mapping[str, Any], as_json: int | None = None) -> int:
        """The bytes of structured content, in the longer of the forms that it is given in; one may be known."""
        as_toon = len(Fence().around(toon(content)).encode()) if self.output == "toon" else 0
        return max(_bytes_of(content) if as_json is None else as_json, as_toon)


class _Quoted:
    """Metadata of a field with a longer text by others: it stands fenced in the structured content, too."""


QUOTED = _Quoted()
Quoted = Annotated[str, QUOTED]


class Facts(NamedTuple):
    """Structured content, and its bytes as compact JSON."""

    content: dict[str, Any]
    size: int


@dataclass
class _Ready:
    """What was made of an answer as it was judged whether it fits, for the one who renders it next."""

    facts: Facts | None
    """Given away once, as whoever gets it may change it."""
    quotes: str


class Answer(BaseModel):
    """What a tool returns. The fields are the structured content; the three texts are what a model reads first."""

    _is_from_outside: bool = PrivateAttr(default=False)
    _ready: _Ready | None = PrivateAttr(default=None)

    @abstractmethod
    def says(self) -> str:
        """What we say ourselves, first: nothing in it was written by others but what is cleaned and short."""

    def quotes(self) -> str:
        """What others wrote; it stands in a fence."""
        return ""

    def then(self) -> str:
        """What we say after it: how to go on."""
        return ""

    def marked(self, is_from_outside: bool) -> Self:
        """Say whether somebody outside the tenant wrote a part of it."""
        self._is_from_outside = is_from_outside
        return self

    @property
    def is_from_outside(self) -> bool:
        return self._is_from_outside

    def as_facts(self) -> Facts:
        """The structured content, for whoever gets it to change. What a tool left invisible in a text goes here."""
        facts = None
        if self._ready:
            facts, self._ready.facts = self._ready.facts, None
        return facts or _clean_facts(self.model_dump(mode="json", exclude_none=True))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        twin = super().model_copy(update=update, deep=deep)
        twin._ready = None  # noqa: SLF001 - one of us
        return twin

    def fitting(self, form: Form) -> Self:
        """The part of it that there is room for. What can be read in parts says where the next one begins."""
        return self

    def size_in(self, form: Form) -> int:
        """The bytes that it takes at most with nothing left out, in the longest of its forms."""
        facts, fence = self.as_facts().content, Fence()
        _fence_in(facts, self, fence)
        return max(form.size(facts), len(_said(self, fence, self.quotes()).encode()))


class Rows(Answer):
    """A part of a list; a subclass has the field of its rows, and names it."""

    rows_in: ClassVar[str]

    total: int | None = None
    next: Annotated[str | None, CURSOR] = Field(None, description="cursor of the next rows")

    _first: int = PrivateAttr(default=1)
    _places: list[str] = PrivateAttr(default_factory=list)

    @abstractmethod
    def lines(self) -> list[str]:
        """Each row on a line."""

    def placed(self, first: int, places: list[str], after: str = "") -> Self:
        """Say which row of the whole the first is, and where the list goes on after each; nowhere is an empty text.

        `after` is where it goes on where there is no row at all.
        """
        self._first, self._places = first, places
        self.next = (places[-1] if places else after) or None
        return self

    def quotes(self) -> str:
        return self._ready.quotes if self._ready else "\n".join(self.lines())

    def showing(self) -> str:
        """Which rows of how many, and how to get the next."""
        count = len(getattr(self, self.rows_in))
        of = "" if self.total is None else f" of {self.total}"
        more = f", next: cursor={self.next}" if self.next else ""
        return f"showing {self._first}-{self._first + count - 1}{of}{more}" if count else f"nothing to show{more}"

    def only(self, count: int) -> Self:
        """The first rows of these; the list goes on after them."""
        rows = getattr(self, self.rows_in)
        following = self._places[count - 1] if count <= len(self._places) else ""
        return self.model_copy(update={self.rows_in: rows[:count], "next": following or None})

    def going_on(self, cursor: str) -> Self:
        """The same rows, with what a model takes for where they go on."""
        twin = self.model_copy(update={"next": cursor})
        if self._ready:
            content, size = self.as_facts()
            more = _bytes_of(cursor) - _bytes_of(content["next"])
            facts = Facts({**content, "next": cursor}, size + more)
            twin._ready = _Ready(facts, self._ready.quotes)  # noqa: SLF001 - one of us
        return twin

    def fitting(self, form: Form) -> Self:
        """As many rows, from the first on, as fit in every form; never none."""
        facts, lines = self.as_facts(), self.lines()
        as_text = len(self.says().encode()) + len(self.then().encode()) + _FENCE + _CURSOR
        shown = facts.content[self.rows_in]
        more = _TOON_MORE if form.output == "toon" else 0
        quotes = "\n".join(lines)
        all_text = as_text + len(quotes.encode()) + 1 + _BACKSLASHES * len(lines)
        all_facts = form.size(facts.content, facts.size) + _CURSOR + more * sum(map(len, shown))
        if max(all_text, all_facts) <= form.most:  # as mostly, and one look is quicker than one at each row
            self._ready = _Ready(facts, quotes)
            return self
        others = {name: value for name, value in facts.content.items() if name != self.rows_in}
        as_facts = form.size(others) + len(self.rows_in) + _CURSOR
        for kept, (line, row) in enumerate(zip(lines, shown, strict=True)):
            as_text += len(line.encode()) + _BACKSLASHES + 1
            as_facts += _bytes_of(row) + more * len(row) + 1
            if kept and max(as_text, as_facts) > form.most:
                return self.only(kept)
        return self


class Outcome(Answer):
    """What came of a write, or what would be sent for it."""

    done: bool = True
    what: str
    preview: Quoted | None = None
    requests: list[str] | None = None

    def says(self) -> str:
        return self.what

    def quotes(self) -> str:
        return "\n\n".join([*([self.preview] if self.preview else []), *(self.requests or [])])


class Rendered(NamedTuple):
    """An answer as it goes out, and the bytes of both its forms."""

    result: CallToolResult
    size: int


def measured(answer: Answer, form: Form) -> Rendered:
    """Both forms of an answer, without what is empty, and how long they are together."""
    fence = Fence()

    def facts(most: int) -> _Made[dict[str, Any]]:
        bounded, used = _bounded(*answer.as_facts(), form, most)
        return _Made(bounded, used, form.size(bounded) if _fence_in(bounded, answer, fence) else used)

    structured, _, size = _within(form.most, facts)
    text = _text(answer, structured, form, fence)
    result = CallToolResult(content=[TextContent(type="text", text=text)], structured_content=structured)
    return Rendered(result, len(text.encode()) + (_bytes_of(structured) if form.output == "toon" else size))


def compact(value: Any) -> str:  # noqa: ANN401 - any JSON
    """JSON in the fewest bytes."""
    return _COMPACT.encode(value)


def _bytes_of(value: Any) -> int:  # noqa: ANN401 - any JSON
    return len(compact(value).encode())


def _clean_facts(facts: dict[str, Any]) -> Facts:
    as_json = compact(facts)
    # One look at the whole is quicker than one at each text.
    if not is_clean(as_json) or _ESCAPED.search(as_json):
        facts = _seen(facts)
        as_json = compact(facts)
    return Facts(facts, len(as_json.encode()))


def _seen(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: cleaned(each) if isinstance(each, str) else _seen(each) for key, each in value.items()}
    if isinstance(value, list):
        return [cleaned(each) if isinstance(each, str) else _seen(each) for each in value]
    return value


def _text(answer: Answer, structured: dict[str, Any], form: Form, fence: Fence) -> str:
    if form.output == "json":
        return compact(structured)
    if form.output == "toon":
        return Fence().around(toon(structured))  # its cells have no quotes that would part them from our words
    quotes = answer.quotes()
    around = len(_said(answer, fence, "x").encode())

    def said(most: int) -> _Made[str]:
        cut = _cut(quotes, most - around)
        text = _said(answer, fence, cut)
        return _Made(text, around + len(cut.encode()), len(text.encode()))

    return _within(form.most, said).content


def _said(answer: Answer, fence: Fence, quotes: str) -> str:
    fenced = fence.around(quotes) if quotes else ""
    return "\n".join(part for part in (cleaned(answer.says()), fenced, cleaned(answer.then())) if part)


class _Made(NamedTuple, Generic[ContentT]):
    """What was made with some room, how much of that it took without the fences, and its bytes with them."""

    content: ContentT
    used: int
    taken: int


def _within(most: int, made: Callable[[int], _Made[ContentT]]) -> _Made[ContentT]:
    """What is made with as much room as keeps it within so many bytes: a fence adds to what it is put around.

    It may use more room than it had, where nothing is left to cut.
    """
    room = most
    while True:
        content = made(room)
        if content.taken <= most or content.used > room:
            return content
        room = content.used * most // content.taken - 1


def _cut(text: str, most: int) -> str:
    """The text up to a number of bytes, at the end of a line where there is one, with a word about the rest."""
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    kept = encoded[: max(most - _FENCE // 2, _SHORTEST)].decode(errors="ignore")
    kept = kept[: kept.rfind("\n")] if "\n" in kept[len(kept) // 2 :] else kept
    return f"{kept}\n[cut here: {len(encoded) - len(kept.encode())} bytes more]"


def _fence_in(facts: dict[str, Any], model: BaseModel, fence: Fence) -> bool:
    """Put each longer text by others in the fence; whether there was any."""
    is_any = False
    for name, is_quoted in _fields(type(model)).items():
        if name in facts:
            fenced = _with_fences(facts[name], getattr(model, name), fence, is_quoted=is_quoted)
            is_any = is_any or fenced is not facts[name]
            facts[name] = fenced
    return is_any


def _with_fences(value: Any, source: Any, fence: Fence, *, is_quoted: bool) -> Any:  # noqa: ANN401 - any JSON
    """The value with fences; the very same where none was wanted."""
    if isinstance(source, BaseModel):
        inner = {**value} if _fields(type(source)) else value
        return inner if inner is not value and _fence_in(inner, source, fence) else value
    if isinstance(value, list):  # of which the end may have been cut
        fenced = [_with_fences(*both, fence, is_quoted=is_quoted) for both in zip(value, source, strict=False)]
        return fenced if any(map(is_not, fenced, value)) else value
    return fence.around(value) if is_quoted and value else value


@cache
def _fields(model: type[BaseModel]) -> dict[str, bool]:
    """The fields of a class in which longer texts by others may be, and whether each is one itself."""
    quoted = {
        name: QUOTED in field.metadata or _speaks_of_quotes(field.annotation)
        for name, field in model.model_fields.items()
    }
    return {
        name: is_quoted
        for name, is_quoted in quoted.items()
        if is_quoted or holds_models(model.model_fields[name].annotation)
    }


def _speaks_of_quotes(hint: Any) -> bool:  # noqa: ANN401 - any annotation
    return any(each is QUOTED or _speaks_of_quotes(each) for each in get_args(hint))


def _bounded(structured: dict[str, Any], as_json: int | None, form: Form, most: int) -> tuple[dict[str, Any], int]:
    """Structured content that is not too long, and its bytes: of what is longest a half goes, until it has room."""
    while (size := form.size(structured, as_json)) > most:
        leaves = [leaf for leaf in _leaves(structured) if _can_be_cut(leaf[0][leaf[1]])]
        if not leaves:
            break
        holder, key = max(leaves, key=lambda leaf: len(compact(leaf[0][leaf[1]])))
        value = holder[key]
        half = value[: len(value) // 2]
        holder[key] = f"{half}{_MORE}" if isinstance(value, str) else half
        as_json = None
    return structured, size


def _can_be_cut(value: str | list[Any]) -> bool:
    return len(value) > (_SHORTEST_CUT if isinstance(value, str) else 1)


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    """Where each text and each list stands: what holds it, and at which key."""
    for key, each in list(value.items() if isinstance(value, dict) else enumerate(value)):
        if isinstance(each, str | list):
            yield value, key
        if isinstance(each, dict | list):
            yield from _leaves(each)
