"""The text of a message as its reader needs it: new words only, nothing hidden, nothing that loads by itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import anyio.to_thread

from tools._outside import Home
from tools._quoting import mail_text
from tools._units import count
from tools._untrusted import cleaned, defused
from tools.mail.messages import GraphMessage

_A_WORD = 80

# What is read at once is read within milliseconds. The rest takes a thread: somebody may have made it to be slow,
# which takes far less of HTML than of plain text.
_QUICK = 20_000
_QUICK_HTML = 2_000
# Of one among many mails, and of all of them; a mail that people write has some ten thousand.
_MOST_OF_ONE = 200_000
_MOST_TOGETHER = 1_000_000


@dataclass(frozen=True)
class Text:
    """What somebody wrote, and how many earlier messages stood below it."""

    text: str
    earlier: int
    has_signature_cut: bool = False
    unread: int = 0
    """How many characters of the body were too many to be looked at."""

    @property
    def is_shortened(self) -> bool:
        """Whether something that was there is not in the text."""
        return bool(self.earlier) or self.has_signature_cut


def text_of(message: GraphMessage, home: Home, *, whole: bool = False) -> Text:
    """The text of a message; `whole` keeps quoted history and the signature."""
    body = message.body
    read = mail_text(
        body.content or "", is_html=body.is_html, whole=whole, home=home.domains, subject=message.subject or ""
    )
    return Text(cleaned(defused(read.text, home=home.domains)).strip(), read.earlier, read.has_signature_cut)


async def read_text(message: GraphMessage, home: Home, *, whole: bool = False) -> Text:
    """The same, without keeping others waiting."""
    if len(message.body.content or "") <= (_QUICK_HTML if message.body.is_html else _QUICK):
        return text_of(message, home, whole=whole)
    return await anyio.to_thread.run_sync(partial(text_of, message, home, whole=whole))


async def read_texts(messages: Sequence[GraphMessage], home: Home) -> list[Text]:
    """The texts of many, the last first as long as there are not too many characters.

    Each is read as a whole or not at all: what the end of a page says can hide what its beginning shows.
    """
    if len(messages) == 1:
        return [await read_text(messages[0], home)]
    left, texts = _MOST_TOGETHER, list[Text]()
    for message in reversed(messages):
        length = len(message.body.content or "")
        is_read = length <= min(left, _MOST_OF_ONE)
        left -= length if is_read else 0
        texts.append(await read_text(message, home) if is_read else Text("", 0, unread=length))
    return texts[::-1]


def earlier_messages(number: int) -> str:
    """What to do about history that was left out: what was forwarded from elsewhere is in no thread of this mailbox."""
    return f"{count(number, 'earlier message')} below it: mail_read_thread, or whole=true." if number else ""


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
