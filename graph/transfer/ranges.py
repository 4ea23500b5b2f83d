"""Ranges of bytes, as the headers and the upload sessions of Microsoft's services name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CONTENT_RANGE = re.compile(r"bytes\s+(?:(\d{1,18})-(\d{1,18})|\*)/(?:(\d{1,18})|\*)", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
# OneDrive sends 26- or 26-99, Outlook may send the bare number.
_EXPECTED = re.compile(r"(\d{1,18})(?:-\d{0,18})?", re.ASCII)


@dataclass(frozen=True)
class ContentRange:
    """From the `first` byte to before `end`, of `total` where that is known; no bytes at all where `end` is None."""

    first: int
    end: int | None
    total: int | None


def content_range(text: str | None) -> ContentRange | None:
    """What a Content-Range says; None where that is nothing."""
    found = _CONTENT_RANGE.fullmatch((text or "").strip())
    if found is None:
        return None
    first, last, total = (None if part is None else int(part) for part in found.groups())
    if first is None or last is None:
        return ContentRange(0, None, total)
    if last < first or (total is not None and last >= total):
        return None
    return ContentRange(first, last + 1, total)


def content_length(text: str | None) -> int | None:
    """What a Content-Length says; None where that is nothing."""
    found = _NUMBER.fullmatch((text or "").strip())
    return int(found[0]) if found else None


def next_expected(body: Mapping[str, Any]) -> int | None:
    """The first byte that an upload session still wants; None where it names none."""
    named = {name.lower(): value for name, value in body.items()}  # Outlook's own spelling begins with a capital
    ranges = named.get("nextexpectedranges")
    parts = ranges if isinstance(ranges, list) else []
    found = [_EXPECTED.fullmatch(part.strip()) for part in parts if isinstance(part, str)]
    return min((int(each[1]) for each in found if each), default=None)
