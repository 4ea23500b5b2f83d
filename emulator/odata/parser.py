"""Recursive descent from `$filter` text to its syntax tree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from emulator.odata.errors import ODataError
from emulator.odata.lexer import Token, tokens
from emulator.odata.nodes import Call, Compare, Count, In, Lambda, Literal, Logic, Node, Not, Path

_COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_CONSTANTS: dict[str, Literal] = {
    "true": Literal(value=True, kind="Edm.Boolean"),
    "false": Literal(value=False, kind="Edm.Boolean"),
    "null": Literal(None, "null"),
}
# Nine Python frames a level: far below the interpreter's limit, also under a deep stack of middleware.
_DEEPEST = 50


def parse_filter(text: str) -> Node:
    """The tree of a filter, or `ODataError` saying where it stops making sense."""
    return _Parser(text).whole()


class _Parser:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._next = 0
        self._depth = 0
        self._in_lambda = False

    def whole(self) -> Node:
        node = self._any_of()
        if self._peek().kind != "end":
            raise self._wrong()
        return node

    def _any_of(self) -> Node:
        return self._joined("or", self._all_of)

    def _all_of(self) -> Node:
        return self._joined("and", self._negatable)

    def _joined(self, operator: str, rule: Callable[[], Node]) -> Node:
        found = [rule()]
        while self._takes_word(operator):
            found.append(rule())
        return Logic(operator, tuple(found)) if len(found) > 1 else found[0]

    def _negatable(self) -> Node:
        if self._takes_word("not"):
            return Not(self._deeper(self._negatable))
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._operand()
        word = self._peek().text.lower() if self._peek().kind == "name" else ""
        if word == "in":
            self._take()
            return In(left, self._choices())
        if word in _COMPARISONS:
            self._take()
            return Compare(word, left, self._operand())
        return left

    def _choices(self) -> tuple[Literal, ...]:
        self._expect("(")
        found = [self._literal()]
        while self._takes_mark(","):
            found.append(self._literal())
        self._expect(")")
        return tuple(found)

    def _operand(self) -> Node:
        if self._takes_mark("("):
            node = self._deeper(self._any_of)
            self._expect(")")
            return node
        token = self._peek()
        if token.kind == "name" and token.text.lower() not in _CONSTANTS:
            return self._named()
        return self._literal()

    def _named(self) -> Node:
        name = self._take().text
        if self._takes_mark("("):
            return Call(name.lower(), self._arguments())
        return self._path(name)

    def _arguments(self) -> tuple[Node, ...]:
        if self._takes_mark(")"):
            return ()
        found = [self._deeper(self._any_of)]
        while self._takes_mark(","):
            found.append(self._deeper(self._any_of))
        self._expect(")")
        return tuple(found)

    def _path(self, first: str) -> Node:
        segments = [first]
        while self._takes_mark("/"):
            token = self._take()
            if token.kind != "name":
                raise self._wrong(token)
            if token.text == "$count":
                return Count(Path(tuple(segments)))
            if token.text.lower() in {"any", "all"} and self._takes_mark("("):
                return self._lambda(Path(tuple(segments)), token.text.lower())
            segments.append(token.text)
        return Path(tuple(segments))

    def _lambda(self, path: Path, quantifier: str) -> Lambda:
        if self._takes_mark(")"):
            return Lambda(path, quantifier, None, None)
        variable = self._take()
        if variable.kind != "name":
            raise self._wrong(variable)
        self._expect(":")
        if self._in_lambda:
            raise ODataError("The Any/All nesting limit of '1' has been exceeded.")
        self._in_lambda = True
        body = self._deeper(self._any_of)
        self._in_lambda = False
        self._expect(")")
        return Lambda(path, quantifier, variable.text, body)

    def _literal(self) -> Literal:
        token = self._take()
        try:
            return _value(token)
        except (KeyError, ValueError):
            raise self._wrong(token) from None

    def _deeper(self, rule: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ODataError("Recursion depth exceeded allowed limit.")
        node = rule()
        self._depth -= 1
        return node

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek()
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _takes_word(self, word: str) -> bool:
        return self._takes("name", word)

    def _takes_mark(self, mark: str) -> bool:
        return self._takes("mark", mark)

    def _takes(self, kind: str, text: str) -> bool:
        token = self._peek()
        taken = token.kind == kind and token.text.lower() == text
        self._next += taken
        return taken

    def _expect(self, mark: str) -> None:
        if not self._takes_mark(mark):
            raise self._wrong()

    def _wrong(self, token: Token | None = None) -> ODataError:
        position = (token or self._peek()).position
        if position >= len(self._text):
            return ODataError(f"Expression expected at position {position} in '{self._text}'.")
        return ODataError(f"Syntax error at position {position} in '{self._text}'.")


def _value(token: Token) -> Literal:
    match token.kind:
        case "string":
            return Literal(token.text[1:-1].replace("''", "'"), "Edm.String")
        case "number":
            return _number(token.text)
        case "guid":
            return Literal(UUID(token.text), "Edm.Guid")
        case "datetime" | "date":
            return Literal(moment(token.text), "Edm.DateTimeOffset" if token.kind == "datetime" else "Edm.Date")
        case _:
            return _CONSTANTS[token.text.lower()]


def _number(text: str) -> Literal:
    if text.lstrip("-").isdigit():
        return Literal(int(text), "Edm.Int32")
    return Literal(float(text), "Edm.Double")


def moment(text: str) -> datetime:
    """A point in time from its ISO text; one without a zone is UTC."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
