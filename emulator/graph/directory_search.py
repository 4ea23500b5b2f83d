"""`$search` on people: `"displayName:ada" OR "mail:bo"`. A display name is searched by words, the rest by beginning."""

from __future__ import annotations

import re
from collections.abc import Iterable

from emulator.faults import DirectoryBadRequest
from emulator.graph.records import Record
from emulator.graph.types import USER
from emulator.odata import ODataError
from emulator.odata.search import Predicate, read_search

_SEARCHABLE = frozenset(
    {
        "city",
        "companyName",
        "country",
        "department",
        "displayName",
        "employeeId",
        "givenName",
        "jobTitle",
        "mail",
        "mailNickname",
        "mobilePhone",
        "officeLocation",
        "otherMails",
        "proxyAddresses",
        "state",
        "surname",
        "userPrincipalName",
    }
)
# Where a display name breaks into words: blanks, symbols, digits, and lower case followed by upper case.
_WORD = re.compile(r"[^\W\d_]+?(?=(?<=[a-z])[A-Z]|[\W\d_]|$)|\d+")


def found_by(text: str) -> Predicate[Record]:
    """The predicate of a search; a clause without quotes or without a property is refused."""
    return read_search(text, _clause, joins_words=False)


def searched(items: Iterable[Record], text: str) -> list[Record]:
    """The items a search finds."""
    try:
        predicate = found_by(text)
    except ODataError as error:
        raise DirectoryBadRequest(str(error)) from error
    return [item for item in items if predicate(item)]


def _clause(token: str) -> Predicate[Record]:
    quoted = re.fullmatch(r'"(\w+):\s*(\S.*)"', token)
    if quoted is None:
        raise ODataError(f'Unrecognized search clause {token}: a clause is written as "property:value", in quotes.')
    name, value = USER.find(quoted[1]), quoted[2].strip()
    if name is None or name not in _SEARCHABLE:
        raise ODataError(f"Property '{quoted[1]}' is not searchable on type 'microsoft.graph.user'.")
    if name == "displayName":
        wanted = _tokens(value)
        return lambda item: _has_all(_tokens(item[name] or ""), wanted)
    return lambda item: any(text.casefold().startswith(value.casefold()) for text in _texts(item, name))


def _tokens(text: str) -> list[str]:
    return [found.casefold() for found in _WORD.findall(text)]


def _has_all(present: list[str], wanted: list[str]) -> bool:
    return bool(wanted) and all(any(word.startswith(part) for word in present) for part in wanted)


def _texts(item: Record, name: str) -> list[str]:
    value = item[name]
    return value if isinstance(value, list) else [value or ""]
