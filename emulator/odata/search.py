"""`$search` text read into a predicate: AND, OR, NOT and parentheses around terms that the workload understands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from emulator.odata.errors import ODataError

_T = TypeVar("_T")
Predicate = Callable[[_T], bool]
_TOKEN = re.compile(r'\s*(?P<token>[()]|[^\s()":<>=]*(?:>=|<=|[:<>=])?"[^"]*"|[^\s()"]+|")')
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_DEEPEST = 50
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words of a text, without case: what search compares."""
    return _WORD.findall(text.casefold())


def has_words(text: list[str], wanted: list[str]) -> bool:
    """Whether the words stand in the text one after the other, the last one perhaps only begun."""
    *whole, begun = wanted
    return any(
        text[at : at + len(whole)] == whole and text[at + len(whole)].startswith(begun)
        for at in range(len(text) - len(whole))
    )


def read_search(text: str, term: Callable[[str], Predicate[_T]], *, joins_words: bool) -> Predicate[_T]:
    """Read a search; `term` makes the predicate of one term, `joins_words` lets neighbours mean AND."""
    return _Search(text, term, joins_words=joins_words).whole()


class _Search(Generic[_T]):
    """One pass over one text."""

    def __init__(self, text: str, term: Callable[[str], Predicate[_T]], *, joins_words: bool) -> None:
        self._text = text
        self._tokens = [found.group("token") for found in _TOKEN.finditer(text)]
        self._next = 0
        self._term = term
        self._joins_words = joins_words
        self._prefix = ""
        self._depth = 0

    def whole(self) -> Predicate[_T]:
        predicate = self._any_of()
        if self._peek():
            raise self._wrong()
        return predicate

    def _any_of(self) -> Predicate[_T]:
        found = [self._all_of()]
        while self._takes("OR"):
            found.append(self._all_of())
        return _combined(any, found)

    def _all_of(self) -> Predicate[_T]:
        found = [self._negatable()]
        while self._takes("AND") or self._starts_neighbour():
            found.append(self._negatable())
        return _combined(all, found)

    def _starts_neighbour(self) -> bool:
        return self._joins_words and self._peek() not in {"", ")", "OR"}

    def _negatable(self) -> Predicate[_T]:
        if self._takes("NOT"):
            operand = self._deeper(self._negatable)
            return lambda item: not operand(item)
        if self._takes("("):
            return self._group("")
        return self._one()

    def _deeper(self, rule: Callable[[], Predicate[_T]]) -> Predicate[_T]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ODataError("The $search expression is nested too deeply.")
        predicate = rule()
        self._depth -= 1
        return predicate

    def _group(self, prefix: str) -> Predicate[_T]:
        outer, self._prefix = self._prefix, prefix or self._prefix
        predicate = self._deeper(self._any_of)
        if not self._takes(")"):
            raise self._wrong()
        self._prefix = outer
        return predicate

    def _one(self) -> Predicate[_T]:
        token = self._peek()
        if token in _OPERATORS or token in {"", ")", '"'}:
            raise self._wrong()
        self._next += 1
        if token.endswith(":") and self._takes("("):
            return self._group(token)
        return self._term(self._prefix + token)

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _takes(self, token: str) -> bool:
        taken = self._peek() == token
        self._next += taken
        return taken

    def _wrong(self) -> ODataError:
        return ODataError(f"Syntax error near '{self._peek()}' in the $search expression '{self._text}'.")


def _combined(rule: Callable[[Any], bool], parts: list[Predicate[_T]]) -> Predicate[_T]:
    return lambda item: rule(part(item) for part in parts)
