"""Numbers, spans and lists as people write them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_ISO = re.compile(
    r"(-)?P(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})(?:[.,]([0-9]{1,9}))?S)?)?"
)
_CLOCK = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_CALENDAR = ((12, "y"), (1, "mo"))
_SIZES = ("kB", "MB", "GB", "TB")


def size(count: int) -> str:
    """A number of bytes: `820 B`, `24 kB`, `1.4 MB`; thousands, as people count them."""
    if count < 1000:
        return f"{max(count, 0)} B"
    amount = count / 1000
    for unit in _SIZES:
        shown = f"{amount:.0f}" if unit == "kB" else f"{amount:.1f}"
        if float(shown) < 1000:
            return f"{shown} {unit}"
        amount /= 1000
    return f"{amount * 1000:.0f} {_SIZES[-1]}"


def duration(span: float | str | None) -> str | None:
    """Seconds, or an ISO 8601 duration as Graph writes it, as `1 h 30 min`: the two largest units. None for no span."""
    if span is None or isinstance(span, str):
        return _iso_duration(span or "")
    if not math.isfinite(span):
        return None
    return _signed(_spelled(round(abs(span)), _CLOCK) or "0 s", is_negative=round(span) < 0)


def _iso_duration(text: str) -> str | None:
    found = _ISO.fullmatch(text)
    if found is None or text[-1] in "PT":
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(found[group] or 0) for group in range(2, 9))
    long = years * 12 + months
    short = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds
    # How long a month is depends on which, so months and days are not added up.
    parts = [_spelled(long, _CALENDAR), _spelled(short, _CLOCK)]
    return _signed(" ".join(part for part in parts if part) or "0 s", is_negative=bool(found[1]))


def _spelled(amount: int, units: Sequence[tuple[int, str]]) -> str:
    """The largest unit that there is one of, and the next smaller."""
    for place, (worth, unit) in enumerate(units):
        if amount >= worth:
            smaller, name = units[min(place + 1, len(units) - 1)]
            rest = amount % worth // smaller
            return f"{amount // worth} {unit} {rest} {name}" if rest else f"{amount // worth} {unit}"
    return ""


def _signed(text: str, *, is_negative: bool) -> str:
    return f"minus {text}" if is_negative and text != "0 s" else text


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 message`, `25 messages`; a noun that is not regular brings its plural."""
    return f"{number} {noun if number == 1 else plural or _plural(noun)}"


def _plural(noun: str) -> str:
    if re.search(r"(?:s|x|z|ch|sh)$", noun):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"


def listed(items: Sequence[str], most: int = 5) -> str:
    """`a, b and c`; beyond `most` of them `a, b, c and 4 more`."""
    shown = [*items[:most], *([f"{len(items) - most} more"] if len(items) > most else [])]
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown) or "none"
