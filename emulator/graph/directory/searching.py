"""`$search` in the directory: `"displayName:ada" OR "mail:bo"`. Names are searched by words, the rest by beginning."""

from __future__ import annotations

import re
from collections.abc import Iterable

from emulator.faults import DirectoryBadRequest
from emulator.graph.directory.support import index_of
from emulator.graph.engine.view import Shown
from emulator.odata import ODataError
from emulator.odata.search import Predicate, read_search
from emulator.odata.types import Structured

_BY_WORDS = frozenset({"displayName", "description"})
# Where a name breaks into words: blanks, symbols, digits, and lower case followed by upper case.
_WORD = re.compile(r"[^\W\d_]+?(?=(?<=[a-z])[A-Z]|[\W\d_]|$)|\d+")


def searched(kind: Structured, items: Iterable[Shown], text: str) -> list[Shown]:
    """The items of a type that a search finds; a clause without quotes or without a property is refused."""
    try:
        predicate = read_search(text, lambda token: _clause(kind, token), joins_words=False)
    except ODataError as error:
        raise DirectoryBadRequest(str(error)) from error
    return [item for item in items if predicate(item)]


def _clause(kind: Structured, token: str) -> Predicate[Shown]:
    quoted = re.fullmatch(r'"(\w+):\s*(\S.*)"', token)
    if quoted is None:
        raise ODataError(f'Unrecognized search clause {token}: a clause is written as "property:value", in quotes.')
    value = quoted[2].strip()
    index = index_of(kind)
    known = {name.lower(): name for name in index.searched} if index else {}
    name = known.get(quoted[1].lower())
    if name is None:
        raise ODataError(f"Property '{quoted[1]}' is not searchable on type '{kind.name}'.")
    if name in _BY_WORDS:
        wanted = _tokens(value)
        return lambda item: _has_all(_tokens(item[name] or ""), wanted)
    return lambda item: any(text.casefold().startswith(value.casefold()) for text in _texts(item, name))


def _tokens(text: str) -> list[str]:
    return [found.casefold() for found in _WORD.findall(text)]


def _has_all(present: list[str], wanted: list[str]) -> bool:
    return bool(wanted) and all(any(word.startswith(part) for word in present) for part in wanted)


def _texts(item: Shown, name: str) -> list[str]:
    value = item[name]
    return value if isinstance(value, list) else [value or ""]
