"""What no text may hold that ends up in an address."""

from __future__ import annotations

import re
from urllib.parse import quote

from errors import ToolInputError

_UNUSABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# urllib's quote looks at each character of a long id in turn; here it gets those only that need it.
_SPECIAL = re.compile(r"[^A-Za-z0-9_.~\-]+")


def usable(text: str, what: str) -> str:
    """The text itself, unless it has control characters or halves of characters; `what` names it in the refusal."""
    if _UNUSABLE.search(text):
        raise ToolInputError(f"The {what} holds control characters or broken Unicode. Leave them out.")
    return text


def encoded(text: str, what: str, special: re.Pattern[str] = _SPECIAL) -> str:
    """The text, percent-encoded where `special` matches: by default all that could mean something in an address."""
    return special.sub(_percent, usable(text, what)) if special.search(text) else text


def _percent(found: re.Match[str]) -> str:
    return quote(found[0], safe="")
