"""From `$filter` text to its syntax tree, operators by their rank."""

from __future__ import annotations

from emulator.odata.errors import ODataError
from emulator.odata.lexer import Token, tokens
from emulator.odata.literals import is_constant, literal
from emulator.odata.names import COUNT
from emulator.odata.nodes import Arithmetic, Call, Compare, Count, In, Lambda, Literal, Logic, Negate, Node, Not, Path

_OR, _AND, _COMPARISON, _SUM, _PRODUCT = range(5)
_RANKS = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("eq", "ne", "gt", "ge", "lt", "le", "has", "in"), _COMPARISON),
    **dict.fromkeys(("add", "sub"), _SUM),
    **dict.fromkeys(("mul", "div", "divby", "mod"), _PRODUCT),
}
_TYPE_FUNCTIONS = frozenset({"cast", "isof"})
# At most five Python frames a level: far below the interpreter's limit, also under a deep stack of middleware.
_DEEPEST = 80


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
        node = self._expression(_OR)
        if self._peek().kind != "end":
            raise self._wrong()
        return node

    def _expression(self, lowest: int) -> Node:
        """An operand and all operators behind it that rank at least this high."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ODataError("Recursion depth exceeded allowed limit.")
        node = self._unary()
        highest = _PRODUCT
        while lowest <= (rank := self._rank()) <= highest:
            node = self._joined(node, rank)
            # A comparison cannot be compared on.
            highest = _AND if rank == _COMPARISON else rank
        self._depth -= 1
        return node

    def _rank(self) -> int:
        token = self._peek()
        return _RANKS.get(token.text.lower(), -1) if token.kind == "name" else -1

    def _joined(self, left: Node, rank: int) -> Node:
        if rank == _COMPARISON:
            return self._comparison(left)
        steps = []
        while self._rank() == rank:
            steps.append((self._take().text.lower(), self._expression(rank + 1)))
        if rank in {_OR, _AND}:
            return Logic(steps[0][0], (left, *(operand for _, operand in steps)))
        return Arithmetic(left, tuple(steps))

    def _comparison(self, left: Node) -> Node:
        word = self._take().text.lower()
        if word == "in":
            return In(left, self._choices())
        return Compare(word, left, self._expression(_SUM))

    def _choices(self) -> tuple[Literal, ...]:
        self._expect("(")
        found = [self._literal()]
        while self._takes("mark", ","):
            found.append(self._literal())
        self._expect(")")
        return tuple(found)

    def _unary(self) -> Node:
        if self._takes("name", "not"):
            return Not(self._expression(_COMPARISON))
        if self._takes("mark", "-"):
            return Negate(self._expression(_PRODUCT + 1))
        return self._operand()

    def _operand(self) -> Node:
        if self._takes("mark", "("):
            node = self._expression(_OR)
            self._expect(")")
            return node
        token = self._peek()
        if token.kind == "name" and not is_constant(token.text):
            return self._named()
        return self._literal()

    def _named(self) -> Node:
        token = self._take()
        if token.text.lower() == COUNT:
            raise self._wrong(token)
        if self._takes("mark", "("):
            return _called(token.text.lower(), self._arguments())
        return self._path("$it" if token.text.lower() == "$it" else token.text)

    def _arguments(self) -> tuple[Node, ...]:
        if self._takes("mark", ")"):
            return ()
        found = [self._expression(_OR)]
        while self._takes("mark", ","):
            found.append(self._expression(_OR))
        self._expect(")")
        return tuple(found)

    def _path(self, first: str) -> Node:
        segments = [first]
        while self._takes("mark", "/"):
            token = self._take()
            if token.kind != "name":
                raise self._wrong(token)
            word = token.text.lower()
            if word == COUNT:
                return Count(Path(tuple(segments)))
            if word in {"any", "all"} and self._takes("mark", "("):
                return self._lambda(Path(tuple(segments)), word)
            segments.append(token.text)
        return Path(tuple(segments))

    def _lambda(self, path: Path, quantifier: str) -> Lambda:
        if quantifier == "any" and self._takes("mark", ")"):
            return Lambda(path, quantifier, None, None)
        variable = self._take()
        if variable.kind != "name" or variable.text.startswith("$"):
            raise self._wrong(variable)
        self._expect(":")
        if self._in_lambda:
            raise ODataError("The Any/All nesting limit of '1' has been exceeded.")
        self._in_lambda = True
        body = self._expression(_OR)
        self._in_lambda = False
        self._expect(")")
        return Lambda(path, quantifier, variable.text, body)

    def _literal(self) -> Literal:
        token = self._take()
        try:
            return literal(token)
        except (KeyError, ValueError):
            raise self._wrong(token) from None

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek()
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _takes(self, kind: str, text: str) -> bool:
        token = self._peek()
        taken = token.kind == kind and token.text.lower() == text
        self._next += taken
        return taken

    def _expect(self, mark: str) -> None:
        if not self._takes("mark", mark):
            raise self._wrong()

    def _wrong(self, token: Token | None = None) -> ODataError:
        position = (token or self._peek()).position
        if position >= len(self._text):
            return ODataError(f"Expression expected at position {position} in '{self._text}'.")
        return ODataError(f"Syntax error at position {position} in '{self._text}'.")


def _called(name: str, arguments: tuple[Node, ...]) -> Call:
    """A call; the type that `isof` and `cast` end with is a name, in quotes or not."""
    if name in _TYPE_FUNCTIONS and arguments:
        arguments = (*arguments[:-1], _type_name(arguments[-1]))
    return Call(name, arguments)


def _type_name(node: Node) -> Node:
    if isinstance(node, Path):
        return Literal("/".join(node.segments), "type")
    if isinstance(node, Literal) and isinstance(node.value, str):
        return Literal(node.value, "type")
    return node
