"""What stands around a message and is not of it: signatures, disclaimers, a telephone's advertisement, banners."""

from __future__ import annotations

from tools._html import Mark
from tools._quoting import words

MOST_SIGNATURE_LINES = 15
_LONGEST_BANNER = 600
_MOST_BANNERS = 5
_MOST_TAILS = 12
_LEAST_DISCLAIMER = 100


def without_banner(lines: list[str]) -> list[str]:
    """The lines without what a gateway put above them about mail from outside."""
    for _ in range(_MOST_BANNERS):
        at = _first(lines)
        if at >= len(lines) or not words.BANNER.match(lines[at].strip(" *|")[:300]):
            break
        end = next((each for each in range(at, len(lines)) if not lines[each].strip()), len(lines))
        one_line = len(lines[at]) > 60 or not _goes_on(lines[at:end])
        end = at + 1 if one_line else end
        lines = lines[:at] + lines[end:]
    return lines


def _first(lines: list[str]) -> int:
    hints = (at for at, line in enumerate(lines) if line.strip() and line not in tuple(Mark) and line.strip() != "---")
    return next(hints, len(lines))


def _goes_on(paragraph: list[str]) -> bool:
    """Whether a short first line is the heading of a warning."""
    text = " ".join(paragraph).lower()
    return len(text) <= _LONGEST_BANNER and ("click links" in text or "attachments" in text or "anhänge" in text)


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
    """Without what the mail program marked as signature, if it is as short as one and nothing new comes after it."""
    kept: list[str] = []
    held: list[str] | None = None
    for line in lines:
        if line == Mark.SIGNATURE:
            kept += held or []
            held = []
        elif line == Mark.SIGNATURE_END and held is not None:
            kept += held if _count(held) > 2 * MOST_SIGNATURE_LINES else []
            held = None
        elif not line.startswith("\0"):
            (kept if held is None else held).append(line)
    return kept + (held or [])


def _without_dashed(lines: list[str]) -> list[str]:
    """Without what follows the last line of two dashes."""
    places = [at for at, line in enumerate(lines) if line in {"--", "-- "}]
    if places and _count(lines[places[-1] :]) <= MOST_SIGNATURE_LINES + 1:
        return lines[: places[-1]]
    return lines


def _without_tail(lines: list[str]) -> list[str]:
    """Without the last paragraphs, as long as they are disclaimers or what a telephone adds."""
    for _ in range(_MOST_TAILS):
        if not lines:
            break
        if words.PHONE.match(lines[-1].strip()[:200]):
            lines = _trimmed(lines[:-1])
            continue
        start = next((at + 1 for at in range(len(lines) - 1, -1, -1) if not lines[at].strip()), 0)
        if not is_disclaimer(" ".join(lines[start:])):
            break
        lines = _trimmed(lines[:start])
    return lines


def is_disclaimer(paragraph: str) -> bool:
    """Whether a paragraph says that this mail is secret and for whom it was. One of these alone may be its matter."""
    said = paragraph[:4000]
    needed = (words.SECRET, words.THIS_MAIL, words.FOR_WHOM)
    return len(said) >= _LEAST_DISCLAIMER and all(pattern.search(said) for pattern in needed)


def _count(lines: list[str]) -> int:
    return sum(bool(line.strip()) for line in lines)


def _trimmed(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip(" _-\0") and lines[end - 1] not in {"--", "-- "}:
        end -= 1
    return lines[:end]
