"""Where in a mail's lines an earlier message begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from tools._html import Mark
from tools._quoting import words
from tools._quoting.attributions import is_exact

_QUOTE = re.compile(r"(?:>\s?)+")
_RULE = re.compile(r"[-_=*]{3,200}$")
_DATE_OR_ADDRESS = re.compile(r"\d|@")
_TIME_OR_ADDRESS = re.compile(r"\b\d{1,2}[:.h]\d{2}\b|\S@\S")
_HEADER_LINES = 12
_MOST_MARKS = 8
_LONGEST_ATTRIBUTION = 400


_OUTLOOK = (words.SENT_LABEL, words.TO_LABEL, words.SUBJECT_LABEL)
_GMAIL = (words.SENT_LABEL, words.SUBJECT_LABEL, words.TO_LABEL)
_APPLE = (words.SUBJECT_LABEL, words.SENT_LABEL, words.TO_LABEL)


class Kind(Enum):
    """How an earlier message is announced."""

    HEADERS = auto()  # From: … Sent: … Subject: …
    ATTRIBUTION = auto()  # On … wrote:
    ORIGINAL = auto()  # -----Original Message-----
    FORWARDED = auto()  # ---------- Forwarded message
    MARK = auto()  # in the HTML alone


@dataclass(frozen=True, slots=True)
class Opening:
    """The lines that announce an earlier message: from `start` to before `end`. What is not sure may be new text."""

    kind: Kind
    start: int
    end: int
    is_sure: bool = True


def is_quoted(line: str) -> bool:
    """Whether a line repeats what somebody wrote before."""
    return line.startswith(">")


def unquoted(lines: Sequence[str]) -> list[str]:
    """The lines without their quotation signs."""
    return [_QUOTE.sub("", line.lstrip(), count=1) if is_quoted(line.lstrip()) else line for line in lines]


def opening_at(lines: Sequence[str], at: int) -> Opening | None:
    """The opening that begins at this line, if one does."""
    line = lines[at].strip()
    if line.startswith("\0"):
        return _marked(lines, at)
    if not line or len(line) > _LONGEST_ATTRIBUTION:
        return None
    for kind, pattern in ((Kind.FORWARDED, words.FORWARDED), (Kind.ORIGINAL, words.ORIGINAL)):
        if pattern.match(line):
            return _with_headers(kind, lines, at)
    end = _end_of_headers(lines, _next(lines, at + 1) if _RULE.match(line) else at)
    if end:
        return Opening(Kind.HEADERS, at, end, is_sure=bool(_RULE.match(line)) or _are_of_program(lines, at, end))
    end = _end_of_attribution(lines, at)
    return Opening(Kind.ATTRIBUTION, at, end, is_sure=_is_of_program(lines, at, end)) if end else None


def _are_of_program(lines: Sequence[str], at: int, end: int) -> bool:
    """Whether headers stand apart from what is above, and in an order in which programs write them."""
    if at and lines[at - 1].strip() and not lines[at - 1].startswith("\0"):
        return False
    said = [line.strip() for line in lines[at:end]]
    order = tuple(kind for line in said if (kind := _label_of(line[:80])) is not None)
    if order == _APPLE or (order == _OUTLOOK and any(words.SENT_SURELY.match(line[:80]) for line in said)):
        return True
    return order in {_OUTLOOK, _GMAIL} and any(_TIME_OR_ADDRESS.search(line) for line in said)


def _is_of_program(lines: Sequence[str], at: int, end: int) -> bool:
    """Whether an attribution stands above a message, or can be nothing else by its form."""
    below = next((each for each in range(end, min(end + 4, len(lines))) if lines[each].strip()), len(lines))
    if below < len(lines):
        line = lines[below]
        if is_quoted(line) or line in {Mark.HISTORY, Mark.HISTORY_BELOW} or _end_of_headers(lines, below):
            return True
    return is_exact(" ".join(line.strip() for line in lines[at:end]))


def _marked(lines: Sequence[str], at: int) -> Opening | None:
    """A mark and what stands right after it are one opening, of the plainer kind."""
    if lines[at] == Mark.HEADERS:
        end = _end_of_foreign_headers(lines, _next(lines, at + 1))
        return Opening(Kind.HEADERS, at, end) if end else None
    if lines[at] not in (Mark.HISTORY, Mark.HISTORY_BELOW):
        return None
    below = _next(lines, at + 1)
    for _ in range(_MOST_MARKS):
        if below < len(lines) and lines[below] in (Mark.HISTORY, Mark.HISTORY_BELOW, Mark.HEADERS):
            below = _next(lines, below + 1)
    if below < len(lines) and not lines[below].startswith("\0") and (found := opening_at(lines, below)):
        return Opening(found.kind, at, found.end)
    return Opening(Kind.MARK, at, _end_of_foreign_headers(lines, below) or below)


def _with_headers(kind: Kind, lines: Sequence[str], at: int) -> Opening:
    below = _next(lines, at + 1)
    return Opening(kind, at, _end_of_foreign_headers(lines, below) or at + 1)


def _next(lines: Sequence[str], at: int) -> int:
    """The next line that is not blank, within reach."""
    return next((each for each in range(at, min(at + 4, len(lines))) if lines[each].strip()), len(lines))


def _end_of_headers(lines: Sequence[str], at: int) -> int:
    """Where a block of From, Sent, To and Subject ends that begins here; 0 if none does."""
    if at >= len(lines) or not words.FROM_LABEL.match(lines[at].strip()[:80]):
        return 0
    kinds: set[re.Pattern[str]] = set()
    end = at + 1
    for number, line in enumerate(lines[at + 1 : at + _HEADER_LINES], at + 2):
        kind = _label_of(line.strip()[:80])
        if not line.strip() or kind in kinds or words.FROM_LABEL.match(line.strip()[:80]):
            break
        if kind is not None:
            kinds.add(kind)
            end = number
    # Timetables, too, say from, to and date.
    return _end_of_labels(lines, end) if words.SUBJECT_LABEL in kinds and len(kinds) >= 2 else 0


def _label_of(line: str) -> re.Pattern[str] | None:
    labels = (words.SENT_LABEL, words.TO_LABEL, words.SUBJECT_LABEL)
    return next((label for label in labels if label.match(line)), None)


def _end_of_labels(lines: Sequence[str], at: int) -> int:
    """Some have more lines of the kind, "Importance: High"."""
    while at < len(lines) and re.match(
        r"(?:Importance|Cc|Kopie|Kopia|Wichtigkeit|Attachments|Priority)\s?:", lines[at]
    ):
        at += 1
    return at


def _end_of_foreign_headers(lines: Sequence[str], at: int) -> int:
    """The same in any language, where something else already says that headers come: three labelled lines."""
    if end := _end_of_headers(lines, at):
        return end
    end = at
    while end < len(lines) and end < at + _HEADER_LINES and words.ANY_LABEL.match(lines[end].strip()[:80]):
        end += 1
    return end if end - at >= 3 else 0


def _end_of_attribution(lines: Sequence[str], at: int) -> int:
    """Where an "On … wrote:" ends, which may be broken over three lines; 0 if there is none."""
    joined = ""
    for end, line in enumerate(lines[at : at + 3], at + 1):
        joined = f"{joined} {line.strip()}".strip()
        if not line.strip() or line.startswith("\0") or len(joined) > _LONGEST_ATTRIBUTION:
            return 0
        if joined.endswith((":", "\uff1a")):
            return end if words.ATTRIBUTION.match(joined) and _DATE_OR_ADDRESS.search(joined) else 0
    return 0


def count(lines: Sequence[str]) -> int:
    """How many messages are announced in what was cut away; one, if none is."""
    bare = unquoted(lines)
    found, at = 0, 0
    while at < len(bare):
        opening = opening_at(bare, at)
        found += opening is not None and opening.kind is not Kind.MARK
        at = opening.end if opening else at + 1
    return max(found, 1)
