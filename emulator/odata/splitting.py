"""Lists inside query options, cut where no quotes and no parentheses are open."""

from __future__ import annotations

import re

from emulator.odata.errors import ODataError

_PIECE = re.compile(r"""'[^']*(?:''[^']*)*'|"[^"]*"|[(),;]|[^'"(),;]+|['"]""")


def split_list(text: str, separator: str) -> list[str]:
    """The trimmed parts of a list; what is quoted or in parentheses stays whole."""
    parts, depth = [""], 0
    for piece in _PIECE.findall(text):
        depth += (piece == "(") - (piece == ")")
        if depth < 0 or piece in {"'", '"'}:
            raise unreadable(text)
        if piece == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    if depth:
        raise unreadable(text)
    return [part.strip() for part in parts]


def unreadable(text: str) -> ODataError:
    """A `$select` or `$expand` that cannot be read."""
    return ODataError(f"Parsing OData Select and Expand failed: Term '{text}' is not valid.")
