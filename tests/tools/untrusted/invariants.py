"""What must never be left in a text by others, written apart from the code that takes it out."""

from __future__ import annotations

import re
import unicodedata

# What stands in the path of a web address is no scheme, whatever it is called.
_WEB = re.compile(r"https?://[^\s<>\"`\[\]]*", re.IGNORECASE)

_ACTIVE = {
    "an image": re.compile(r"!\["),
    "an inline link": re.compile(r"\]\("),
    "a tag": re.compile(r"<(?!(?:https?://|mailto:|tel:)[^\s<>]*>|[^\s<>@]+@[^\s<>@]+>)[A-Za-z/!?|\uff5c]"),
    "a scheme": re.compile(
        r"(?<![A-Za-z0-9+.-])(?:(?:javascript|vbscript|ms-[a-z]+|search-ms):\S|data:[\w/+-]*[;,]\S|file:/|blob:http"
        r"|about:blank|smb://)",
        re.IGNORECASE,
    ),
    "a definition": re.compile(
        r"^[ \t>*+-]*\[[^\]\n]*\]:\s*<?(?:https?:|//|javascript|&#)", re.MULTILINE | re.IGNORECASE
    ),
    "a drawn code block": re.compile(r"^[ \t>]*(?:```+|~~~+)[^\s`][^`\n]*$", re.MULTILINE),
}


def unseen_in(text: str) -> set[str]:
    """Characters that nobody sees: controls, formats, unassigned and private ones, selectors and fillers."""
    others = set(
        map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x034F, 0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0))
    )
    found = {each for each in text if unicodedata.category(each) in {"Cf", "Cc", "Co", "Cs", "Cn", "Zl", "Zp"}}
    return (found | (set(text) & others)) - {"\n", "\t"}


def active_in(text: str) -> list[str]:
    """What a client that shows the text could load, run or take for its own."""
    searched = {what: _WEB.sub("", text) if what == "a scheme" else text for what in _ACTIVE}
    return [f"{what}: {found[0]!r}" for what, one in _ACTIVE.items() if (found := one.search(searched[what]))]
