"""`$filter` text cut into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.odata.errors import ODataError

_QUOTED = r"'[^']*(?:''[^']*)*'"
# Order matters: a GUID starts like a number or a name, dates and times of day like a number.
_TOKEN = re.compile(
    rf"""(?P<blank>\s+)
    |(?P<string>{_QUOTED})
    |(?P<typed>(?:duration|binary|[A-Za-z_]\w*(?:\.\w+)+){_QUOTED})
    |(?P<guid>[0-9A-Fa-f]{{8}}-[0-9A-Fa-f]{{4}}-[0-9A-Fa-f]{{4}}-[0-9A-Fa-f]{{4}}-[0-9A-Fa-f]{{12}})\b
    |(?P<datetime>\d{{4}}-\d{{2}}-\d{{2}}T\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?:Z|[+-]\d{{2}}:\d{{2}})?)
    |(?P<date>\d{{4}}-\d{{2}}-\d{{2}})\b
    |(?P<time>\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?)\b
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\b
    |(?P<name>\$count\b|\$it\b|[A-Za-z_][A-Za-z0-9_.]*)
    |(?P<mark>[(),/:-])""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True)
class Token:
    """A piece of the text: its kind, itself, and where it starts."""

    kind: str
    text: str
    position: int


def tokens(text: str) -> Iterator[Token]:
    """Cut the text up; the last token is the end."""
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise ODataError(_unreadable(text, position))
        if found.lastgroup != "blank":
            yield Token(str(found.lastgroup), found.group(), position)
        position = found.end()
    yield Token("end", "", position)


def _unreadable(text: str, position: int) -> str:
    if text[position] == "'":
        return f"There is an unterminated string literal at position {len(text)} in '{text}'."
    return f"Syntax error: character '{text[position]}' is not valid at position {position} in '{text}'."
