"""Text as a reader would see it: nothing invisible, no terminal commands, one kind of line end."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from html import unescape
from html.entities import html5

# Cf: zero-width, bidi controls and tags; Cc: controls; Co, Cs, Cn: private, broken and unassigned.
_INVISIBLE = {"Cf", "Cc", "Co", "Cs", "Cn"}
_KEPT = {"\n", "\t"}

# Letters, marks and a symbol by their category, and yet nothing is seen of them: joiners, fillers, variation selectors.
_BLANK = {
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0100, 0xE01F0)),
    *map(chr, range(0x180B, 0x1810)),
    *"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U00013441\U00013442\U00016fe4\U0001d159",
}

# What most text is made of. There is nothing to clean in it: no category of these is one of the above, none is a mark,
# and without an ampersand there is no entity.
_PLAIN = re.compile(
    "[\\t\\n -%'-~\\xa0-\\xac\\xae-\\u024f\\u0400-\\u0481\\u048a-\\u052f\\u2010-\\u2027\\u2030-\\u205e\\u20a0-\\u20b9"
    "\\u3001-\\u3029\\u3041-\\u3096\\u30a0-\\u30ff\\u4e00-\\u9fef\\uac00-\\ud7a3]*"
)
_LINE_END = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_ASCII_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

# A command with text in it (OSC and its kin) reaches to its end mark; without one only its opening goes, so that nobody
# can hide the rest of a line. A one-character CSI is also a misread quotation mark, hence the narrower form.
_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])(?:[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c))?"
    r"|\x9b[0-9;:?]*[A-Za-z]"
    r"|\x1b[ -/]*[0-~]?"
)

_MARKS_KEPT = 4
_MARK = "\ue000"
_STACK = re.compile(f"{_MARK}{{{_MARKS_KEPT + 1},}}")
_LONGEST_NUMBER = 7

# Where a client would see an image or a link, or a model a tag or a turn of the talk. `<ann@contoso.com>` may stay.
_OPENING = re.compile(r"!(?=\[)|\](?=\()|<(?=[A-Za-z/!?|\uff5c])(?![\w.+'-]{1,64}@[\w.-]{1,253}>)")


def cleaned(text: str) -> str:
    """The text without invisible, bidi and control characters, also those that HTML entities hide.

    Visible entities stay as they are: text that is not HTML may mean `&lt;` as it is written. Nothing is composed (NFC)
    either: a name copied from an answer must still be the name that Graph knows.
    """
    if is_clean(text):
        return text
    shown = _seen(text)
    if "&" in shown:
        shown = _without_hidden_entities(shown)
    return shown if shown.isascii() else _with_few_marks(shown)


def is_clean(text: str) -> bool:
    """Whether a quick look shows that there is nothing to clean; where it does not, there may still be nothing."""
    return _PLAIN.fullmatch(text) is not None


def one_line(text: str | None, limit: int = 120) -> str:
    """A name or a subject: one line, cut where it runs long, in which no Markdown link or image and no tag works."""
    return cut(inert(" ".join(cleaned(text or "").split())), limit)


def cut(line: str, limit: int) -> str:
    """What is one such line already, cut where it runs long."""
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def inert(text: str) -> str:
    """The same text with a space in whatever would open a Markdown image or link, or a tag."""
    if "<" in text or "[" in text or "]" in text:
        return _OPENING.sub(r"\g<0> ", text)
    return text


def is_unseen(character: str) -> bool:
    """Whether nothing is seen of this character where it stands."""
    if character in _KEPT:
        return False
    return unicodedata.category(character) in _INVISIBLE or character in _BLANK


def _seen(text: str) -> str:
    if text.isascii() and not _ASCII_CONTROL.search(text):
        return text
    text = _LINE_END.sub("\n", _ANSI.sub("", text))
    if text.isascii():
        return _ASCII_CONTROL.sub("", text)
    distinct = set(text)
    unseen = {each for each in distinct if is_unseen(each)}
    # A table without gaps: str.translate is many times slower where a character is missing from it.
    return text.translate({ord(each): None if each in unseen else each for each in distinct}) if unseen else text


def _with_few_marks(text: str) -> str:
    distinct = set(text)
    marks = {each for each in distinct if unicodedata.category(each)[0] == "M"}
    if not marks:
        return text
    # Searched in a copy in which all marks are one character: a pattern that lists them would be slow.
    copy = text.translate({ord(each): _MARK if each in marks else each for each in distinct})
    kept, at = [], 0
    for stack in _STACK.finditer(copy):
        kept.append(text[at : stack.start() + _MARKS_KEPT])
        at = stack.end()
    return "".join((*kept, text[at:]))


# Entities.


@cache
def _entity() -> re.Pattern[str]:
    """Finds numbers, and names that stand for a character that is not seen; however often their `&` was encoded."""
    names = {name.removesuffix(";") for name, meant in html5.items() if all(map(is_unseen, meant))}
    named = "|".join(sorted(names, key=len, reverse=True))
    return re.compile(rf"&(?:amp;|#0*38;|#[xX]0*26;)*(#[0-9]+|#[xX][0-9a-fA-F]+|(?:{named})(?=;)|shy);?")


def _without_hidden_entities(text: str) -> str:
    brought_out = _entity().sub(_decoded, text)
    if brought_out == text:
        return text
    # A removal may have joined the halves of another one. That one is made visible, so two passes always suffice.
    return _entity().sub(_marked, _seen(brought_out))


def _decoded(found: re.Match[str]) -> str:
    """The hidden character itself, for the cleaning that follows; any other entity as it is."""
    return _hidden_in(found[1]) or found[0]


def _marked(found: re.Match[str]) -> str:
    return "\N{REPLACEMENT CHARACTER}" if _hidden_in(found[1]) else found[0]


def _hidden_in(entity: str) -> str:
    if entity[0] == "#":
        digits = entity.lstrip("#xX").lstrip("0")
        if len(digits) > _LONGEST_NUMBER:  # no character has it, and Python refuses to read very long ones
            return ""
        return _hidden_number(digits or "0", 16 if entity[1] in "xX" else 10)
    return unescape(f"&{entity};")


@lru_cache(4096)
def _hidden_number(digits: str, base: int) -> str:
    number = int(digits, base)
    # The standard library drops what HTML forbids, escape among it; browsers show or obey it.
    meant = unescape(f"&#{number};") or chr(number)
    return meant if meant and all(map(is_unseen, meant)) else ""
