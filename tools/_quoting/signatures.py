"""What stands around a message and is not of it: signatures, disclaimers, a telephone's advertisement, banners."""

from __future__ import annotations

import re

from tools._html import Mark
from tools._quoting.notices import is_advertisement, is_notice, without_banner_in, without_more_banner

MOST_SIGNATURE_LINES = 15
_MOST_SIGNATURE_LETTERS = 1000
_MOST_DASHED_LINES = 8
_MOST_DASHED_LETTERS = 600
_MOST_BANNERS = 5
_MOST_BANNER_LINES = 6
_MOST_TAILS = 12
_LONGEST_LINE = 2000

_ADDRESS = re.compile(r"<?(?:https?://|mailto:|www\.)[^\s<>]{1,2000}>?|[^\s@]{1,100}@[^\s@]{1,200}")
_ITEM = re.compile(r"\s{0,20}(?:[-*•\u2013·]|\(?(?:\d{1,2}|[A-Za-z])[.)])\s")
_ASKS = re.compile(r"[?\uff1f\u3002\u3001\uff01]")
_WORD = re.compile(r"[^\W\d_]{1,60}")


def without_banner(lines: list[str]) -> list[str]:
    """The lines without what a gateway put above them about mail from outside."""
    for _ in range(_MOST_BANNERS):
        at = _first(lines)
        left = without_banner_in(lines[at]) if at < len(lines) else None
        if left is None:
            break
        lines = lines[:at] + _without_rest_of_banner([left, *lines[at + 1 :]])
    return lines


def _without_rest_of_banner(lines: list[str]) -> list[str]:
    """Without what it says in the next lines of its paragraph; the first line is what was left of its own."""
    at = 0
    while not lines[at] and at + 1 < min(_MOST_BANNER_LINES, len(lines)):
        at += 1
        if not lines[at].strip() or lines[at].startswith("\0"):
            break
        left = without_more_banner(lines[at])
        lines = [*lines[:at], left, *lines[at + 1 :]]
    return lines[at:]


def _first(lines: list[str]) -> int:
    hints = (at for at, line in enumerate(lines) if line.strip() and line not in tuple(Mark) and line.strip() != "---")
    return next(hints, len(lines))


def without_signature(lines: list[str], *, may_be_all: bool = False) -> list[str]:
    """The lines without signature and disclaimer; all of them, if nothing would be left and that may not be."""
    left = _trimmed(_without_marked(lines))
    for cut in (_without_dashed, _without_tail, _without_dashed, _without_tail):
        left = _trimmed(cut(left))
    return left if may_be_all or any(says_something(line) for line in left) else _trimmed(_without_marks(lines))


def says_something(line: str) -> bool:
    """Whether a line is more than a rule, a blank or a mark."""
    return bool(line.strip(" -_>*")) and not line.startswith("\0")


def _without_marks(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("\0")]


def _without_marked(lines: list[str]) -> list[str]:
    """Without what the mail program marked as signature, if it looks like one and nothing new comes after it."""
    kept, places = _marked(lines)
    for start, end in places[: -_MOST_TAILS - 1 : -1]:
        if _says(_without_tail(kept[end:])) or not _is_signature(
            kept[start:end], MOST_SIGNATURE_LINES, _MOST_SIGNATURE_LETTERS
        ):
            break
        kept = kept[:start] + kept[end:]
    return kept


def _marked(lines: list[str]) -> tuple[list[str], list[tuple[int, int]]]:
    """The lines without marks, and where those are that were marked."""
    kept: list[str] = []
    places: list[tuple[int, int]] = []
    start: int | None = None
    for line in lines:
        if line == Mark.SIGNATURE:
            start = len(kept)
        elif line == Mark.SIGNATURE_END and start is not None:
            places.append((start, len(kept)))
            start = None
        elif not line.startswith("\0"):
            kept.append(line)
    return kept, places


def _without_dashed(lines: list[str]) -> list[str]:
    """Without what follows the last line of two dashes, if it looks like a signature."""
    at = next((at for at in range(len(lines) - 1, -1, -1) if lines[at] in {"--", "-- "}), -1)
    if at < 0:
        return lines
    # With its blank the line has no other use; without, people write it below headings.
    is_delimiter = lines[at] == "-- " or not at or not lines[at - 1].strip()
    above = next((line.strip() for line in reversed(lines[:at]) if line.strip()), "")
    below = lines[at + 1 :]
    if not _says(below):
        return lines[:at]
    is_cut = is_delimiter and not above.endswith(":")
    return lines[:at] if is_cut and _is_signature(below, _MOST_DASHED_LINES, _MOST_DASHED_LETTERS) else lines


def _is_signature(lines: list[str], most_lines: int, most_letters: int) -> bool:
    """Whether lines are as short as a signature, and none of them is a sentence, a question or an item of a list."""
    if any(len(line) > _LONGEST_LINE for line in lines):
        return False
    said = [_ADDRESS.sub("", line) for line in _without_tail(_trimmed(lines)) if says_something(line)]
    if len(said) > most_lines or sum(map(len, said)) > most_letters:
        return False
    return not any(_is_item_or_prose(line.strip()) for line in said)


def _is_item_or_prose(line: str) -> bool:
    words = _WORD.findall(line)
    small = sum(word.islower() for word in words)
    if _ITEM.match(line) or _ASKS.search(line):
        return True
    if line[:1].islower() and sum(map(str.isdigit, line)) < 5:
        return True
    return (len(words) >= 5 and small >= 3) or (len(words) >= 4 and small >= 2 and line.endswith((".", "!", "…")))


def _without_tail(lines: list[str]) -> list[str]:
    """Without the last paragraphs, as long as they are disclaimers or what a telephone adds."""
    lines = _trimmed(lines)
    for _ in range(_MOST_TAILS):
        if not lines:
            break
        if is_advertisement(lines[-1].strip()):
            lines = _trimmed(lines[:-1])
            continue
        start = next((at + 1 for at in range(len(lines) - 1, -1, -1) if not lines[at].strip()), 0)
        if not is_notice(" ".join(lines[start:])):
            break
        lines = _trimmed(lines[:start])
    return lines


def _says(lines: list[str]) -> bool:
    return any(map(says_something, lines))


def _trimmed(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip(" _-\0") and lines[end - 1] not in {"--", "-- "}:
        end -= 1
    return lines[:end]
