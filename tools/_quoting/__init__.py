"""A mail's body as what its author wrote: without the messages before it, signature, disclaimer and banner.

What is not surely one of these stays.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tools._html import LONGEST, TOO_LONG, written
from tools._quoting import words
from tools._quoting.cutting import Cut, shortened
from tools._quoting.earlier import count
from tools._quoting.signatures import without_banner

__all__ = ["MailText", "mail_text"]


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail as it is shown: its text, how many earlier messages were cut away, and whether a signature was."""

    text: str
    earlier: int
    has_signature_cut: bool


def mail_text(
    body: str, *, is_html: bool, whole: bool = False, home: Collection[str] = (), subject: str = ""
) -> MailText:
    """What a mail says that the messages before it did not. `whole` keeps everything that can be seen.

    A subject that says that another message is passed on keeps that one, too.
    """
    text, is_whole = written(body, home=home, marks=not whole) if is_html else _plain(body)
    if whole:
        return MailText(_closed(text, is_whole), 0, has_signature_cut=False)
    cut = Cut(without_banner(text.split("\n")), passes_on=words.PASSED_ON.match(subject[:200]) is not None)
    place = cut.place()
    kept, history = cut.lines[:place], cut.lines[place:]
    unsigned = cut.unsigned(place)
    lines = [line for line in unsigned if not line.startswith("\0")]
    if cut.has_quotes:
        lines = list(shortened(lines))
    return MailText(
        _closed(_squeezed(lines), is_whole),
        count(history) if history else 0,
        has_signature_cut=_letters(unsigned) < _letters(kept) or cut.is_signed_below(place),
    )


def _squeezed(lines: list[str]) -> str:
    """The lines with no more than one blank one between them."""
    pairs = zip(["", *lines], lines, strict=False)
    text = "\n".join(line for above, line in pairs if above.strip() or line.strip())
    return text.strip("\n").removeprefix("---\n").strip("\n")


def _plain(body: str) -> tuple[str, bool]:
    text = body[:LONGEST].replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    lines = (line if line == "-- " else line.rstrip() for line in text.split("\n"))
    return "\n".join(lines).strip("\n"), len(body) <= LONGEST


def _closed(text: str, is_whole: bool) -> str:
    return text if is_whole else f"{text}\n\n{TOO_LONG}".strip()


def _letters(lines: list[str]) -> int:
    return sum(len(line.strip(" -_")) for line in lines if not line.startswith("\0"))
