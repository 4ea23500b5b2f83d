"""Answers: a short text for the model, and the same facts as structured content; both within a number of bytes."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, get_args

from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, Field, PrivateAttr

from tools._kinds import CURSOR
from tools._toon import toon
from tools._untrusted import Fence, cleaned

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


@dataclass(frozen=True)
class Form:
    """How answers are given, as whoever runs the server wants it."""

    output: Output = "text"
    most: int = 16_000
    """Bytes of the text, and of the structured content."""

    def size(self, content: Mapping[str, Any]) -> int:
        """The bytes of structured content, in the longer of the forms that it is given in."""
        as_toon = len(Fence().around(toon(content)).encode()) if self.output == "toon" else 0
        return max(len(compact(content).encode()), as_toon)


class _Quoted:
    """Metadata of a field with a longer text by others: it stands fenced in the structured content, too."""


QUOTED = _Quoted()
Quoted = Annotated[str, QUOTED]


class Answer(BaseModel):
    """What a tool returns. The fields are the structured content; the three texts are what a model reads first."""

    _is_from_outside: bool = PrivateAttr(default=False)

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

    def fitting(self, form: Form) -> Self:
        """The part of it that there is room for. What can be read in parts says where the next one begins."""
        return self

    def size_in(self, form: Form) -> int:
        """The bytes that it takes at most with nothing left out, in the longest of its forms."""
        facts, fence = _facts(self), Fence()
        return max(form.size(_fenced(facts, self, fence)), len(_said(self, fence, self.quotes()).encode()))


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
        return "\n".join(self.lines())

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

    def fitting(self, form: Form) -> Self:
        """As many rows, from the first on, as fit in every form; never none."""
        facts = _facts(self)
        shown = facts.pop(self.rows_in)
        as_text = len(self.says().encode()) + len(self.then().encode()) + _FENCE + _CURSOR
        as_facts = form.size(facts) + len(self.rows_in) + _CURSOR
        more = _TOON_MORE if form.output == "toon" else 0
        for kept, (line, row) in enumerate(zip(self.lines(), shown, strict=True)):
            as_text += len(line.encode()) + _BACKSLASHES + 1
            as_facts += len(compact(row).encode()) + more * len(row) + 1
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


def rendered(answer: Answer, form: Form) -> CallToolResult:
    """Both forms of an answer, without what is empty."""
    fence = Fence()

    def facts(most: int) -> tuple[dict[str, Any], int]:
        bounded = _bounded(_facts(answer), form, most)
        used = form.size(bounded)
        return _fenced(bounded, answer, fence), used

    structured = _within(form.most, form.size, facts)
    text = _text(answer, structured, form, fence)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=structured)


def compact(value: Any) -> str:  # noqa: ANN401 - any JSON
    """JSON in the fewest bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _facts(answer: Answer) -> dict[str, Any]:
    """The structured content. Whatever a tool left invisible in a text goes here."""
    facts: dict[str, Any] = _seen(answer.model_dump(mode="json", exclude_none=True))
    return facts


def _seen(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, list):
        return [_seen(each) for each in value]
    return {key: _seen(each) for key, each in value.items()} if isinstance(value, dict) else value


def _text(answer: Answer, structured: dict[str, Any], form: Form, fence: Fence) -> str:
    if form.output == "json":
        return compact(structured)
    if form.output == "toon":
        return Fence().around(toon(structured))  # its cells have no quotes that would part them from our words
    quotes = answer.quotes()
    around = len(_said(answer, fence, "x").encode())

    def said(most: int) -> tuple[str, int]:
        cut = _cut(quotes, most - around)
        return _said(answer, fence, cut), around + len(cut.encode())

    return _within(form.most, lambda text: len(text.encode()), said)


def _said(answer: Answer, fence: Fence, quotes: str) -> str:
    fenced = fence.around(quotes) if quotes else ""
    return "\n".join(part for part in (cleaned(answer.says()), fenced, cleaned(answer.then())) if part)


def _within(most: int, size: Callable[[ContentT], int], made: Callable[[int], tuple[ContentT, int]]) -> ContentT:
    """What is made with as much room as keeps it within so many bytes: a fence adds to what it is put around.

    `made` says how much of its room it took without the fences; more than it had, where nothing is left to cut.
    """
    room = most
    while True:
        content, used = made(room)
        taken = size(content)
        if taken <= most or used > room:
            return content
        room = used * most // taken - 1


def _cut(text: str, most: int) -> str:
    """The text up to a number of bytes, at the end of a line where there is one, with a word about the rest."""
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    kept = encoded[: max(most - _FENCE // 2, _SHORTEST)].decode(errors="ignore")
    kept = kept[: kept.rfind("\n")] if "\n" in kept[len(kept) // 2 :] else kept
    return f"{kept}\n[cut here: {len(encoded) - len(kept.encode())} bytes more]"


def _fenced(facts: dict[str, Any], model: BaseModel, fence: Fence) -> dict[str, Any]:
    for name, is_quoted in _fields(type(model)).items():
        if name in facts:
            facts[name] = _with_fences(facts[name], getattr(model, name), fence, is_quoted=is_quoted)
    return facts


def _with_fences(value: Any, source: Any, fence: Fence, *, is_quoted: bool) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(source, BaseModel):
        return _fenced(value, source, fence)
    if isinstance(value, list):  # of which the end may have been cut
        return [_with_fences(*both, fence, is_quoted=is_quoted) for both in zip(value, source, strict=False)]
    return fence.around(value) if is_quoted and value else value


@cache
def _fields(model: type[BaseModel]) -> dict[str, bool]:
    """The fields of a class, and whether each holds longer texts by others."""
    return {
        name: QUOTED in field.metadata or _speaks_of_quotes(field.annotation)
        for name, field in model.model_fields.items()
    }


def _speaks_of_quotes(hint: Any) -> bool:  # noqa: ANN401 - any annotation
    return any(each is QUOTED or _speaks_of_quotes(each) for each in get_args(hint))


def _bounded(structured: dict[str, Any], form: Form, most: int) -> dict[str, Any]:
    """Structured content that is not too long: of what is longest a half goes, until the rest has room."""
    while form.size(structured) > most:
        leaves = [leaf for leaf in _leaves(structured) if _can_be_cut(leaf[0][leaf[1]])]
        if not leaves:
            break
        holder, key = max(leaves, key=lambda leaf: len(compact(leaf[0][leaf[1]])))
        value = holder[key]
        half = value[: len(value) // 2]
        holder[key] = f"{half}{_MORE}" if isinstance(value, str) else half
    return structured


def _can_be_cut(value: str | list[Any]) -> bool:
    return len(value) > (_SHORTEST_CUT if isinstance(value, str) else 1)


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    """Where each text and each list stands: what holds it, and at which key."""
    for key, each in list(value.items() if isinstance(value, dict) else enumerate(value)):
        if isinstance(each, str | list):
            yield value, key
        if isinstance(each, dict | list):
            yield from _leaves(each)
