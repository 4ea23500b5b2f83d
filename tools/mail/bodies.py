"""The text of a message as its reader needs it: new words only, nothing hidden, nothing that loads by itself."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from tools._outside import Home
from tools._quoting import mail_text
from tools._units import count
from tools._untrusted import cleaned, defused
from tools.mail.messages import GraphMessage

_A_WORD = 80


@dataclass(frozen=True)
class Text:
    """What somebody wrote, and how many earlier messages stood below it."""

    text: str
    earlier: int


def text_of(message: GraphMessage, home: Home, *, whole: bool = False) -> Text:
    """The text of a message; `whole` keeps quoted history and the signature."""
    is_html = (message.body.kind or "").lower() == "html"
    read = mail_text(message.body.content or "", is_html=is_html, whole=whole, home=home.domains)
    return Text(cleaned(defused(read.text, home=home.domains)).strip(), read.earlier)


def earlier_messages(number: int) -> str:
    """What to do about history that was left out."""
    return f"{count(number, 'earlier message')} below it: mail_read_thread." if number else ""


def part_of(text: str, start: int, most: int) -> str:
    """A part of a text, of so many characters at most: to the end of a word, or at least of a character with marks."""
    if len(text) - start <= most:
        return text[start:]
    end = start + most
    near = max(end - _A_WORD, start + 1)
    space = next((place for place in range(end, near, -1) if text[place - 1].isspace()), 0)
    return text[start : space or _before_marks(text, start + 1, end)]


def _before_marks(text: str, least: int, end: int) -> int:
    """The last place up to the end that parts no letter from its marks."""
    return next((place for place in range(end, least, -1) if not _continues(text[place])), end)


def _continues(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or "\U0001f3fb" <= character <= "\U0001f3ff"
