"""HTML text into tokens, in one pass and linear time, whatever the input.

Reads as browsers do: an unclosed comment, quote or tag swallows the rest, and what is no tag is text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag. Names are in lower case; of an attribute that is there twice, the first counts."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """An end tag."""

    name: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands in a style element."""

    text: str


Token = str | Start | End | Sheet

_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])")
_NAME = re.compile(r"[^\s/>]+")
_BETWEEN_ATTRIBUTES = re.compile(r"[\s/]*")
_ATTRIBUTE = re.compile(r"[^\s/>][^\s/>=]*")
_EQUALS = re.compile(r"\s*=\s*")
_BARE_VALUE = re.compile(r"[^\s>]*")
_END_OF_COMMENT = re.compile(r"--!?>")
_CODE = re.compile(r"&#[xX]?0*([0-9a-fA-F]*)")
_IN_ATTRIBUTE = re.compile(r"&(?:#[0-9xX][0-9a-fA-F]*;?|[a-zA-Z][a-zA-Z0-9]{1,31};)")

_STYLE = re.compile(r"<style(?=[\s/>])", re.IGNORECASE)
_UNREAD = ("script", "iframe", "noembed", "noframes", "title")
_RAW = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in (*_UNREAD, "style", "textarea", "xmp")}


class Tokens:
    """The tokens of a document or of a piece of one; `at` is how far it has been read."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.at = 0

    def __iter__(self) -> Iterator[Token]:
        source = self._source
        while found := _MARKUP.search(source, self.at):
            start, self.at = self.at, found.start()
            if self.at > start:
                yield decoded(source[start : self.at])
            token, self.at = _markup(source, self.at)
            if token is not None:
                yield token
            if isinstance(token, Start) and token.name in _RAW:
                content, self.at = _raw(source, self.at, token.name)
                if content is not None:
                    yield content
                yield End(token.name)
        start, self.at = self.at, len(source)
        if start < len(source):
            yield decoded(source[start:])


def tokens(source: str) -> Tokens:
    """The tokens of a document or of a piece of one; comments and scripts are left out."""
    return Tokens(source)


def sheets_in(source: str, at: int) -> list[str]:
    """The style sheets of what is not read: they may hide what is."""
    sheets: list[str] = []
    while found := _STYLE.search(source, at):
        token, at = _markup(source, found.start())
        content, at = _raw(source, at, "style") if token is not None else (None, at)
        if isinstance(content, Sheet):
            sheets.append(content.text)
    return sheets


def decoded(text: str) -> str:
    """Text with its entities replaced. A number too long for any character is no character."""
    return html.unescape(_CODE.sub(_short_code, text)).replace("\0", "\ufffd") if "&" in text or "\0" in text else text


def _short_code(found: re.Match[str]) -> str:
    return found[0] if len(found[1]) < 8 else "&#xfffd"


def _markup(source: str, at: int) -> tuple[Token | None, int]:
    """The token that begins with the `<` at this place, if it is any, and where it ends."""
    if source.startswith("<!--", at):
        return None, _after_comment(source, at + 4)
    if source[at + 1] in "!?":
        return None, _after(source, ">", at)
    closing = source[at + 1] == "/"
    name = _NAME.match(source, at + 1 + closing)
    if name is None or not (name[0][0].isascii() and name[0][0].isalpha()):
        return None, _after(source, ">", at)
    attributes, end = _attributes(source, name.end())
    if end is None:
        return None, len(source)
    return (End(name[0].lower()) if closing else Start(name[0].lower(), attributes)), end


def _after(source: str, what: str, at: int) -> int:
    found = source.find(what, at)
    return len(source) if found < 0 else found + len(what)


def _after_comment(source: str, at: int) -> int:
    for abrupt in (">", "->"):
        if source.startswith(abrupt, at):
            return at + len(abrupt)
    found = _END_OF_COMMENT.search(source, at)
    return found.end() if found else len(source)


def _attributes(source: str, at: int) -> tuple[dict[str, str], int | None]:
    """The attributes of a tag and where it ends; nowhere, if the text ends within it."""
    attributes: dict[str, str] = {}
    while True:
        at = _past(_BETWEEN_ATTRIBUTES, source, at)
        name = _ATTRIBUTE.match(source, at)
        if name is None:
            return attributes, at + 1 if at < len(source) else None
        value, end = _value(source, name.end())
        if end is None:
            return attributes, None
        attributes.setdefault(name[0].lower(), _IN_ATTRIBUTE.sub(lambda found: decoded(found[0]), value))
        at = end


def _value(source: str, at: int) -> tuple[str, int | None]:
    equals = _EQUALS.match(source, at)
    if equals is None:
        return "", at
    at = equals.end()
    quote = source[at : at + 1]
    if quote in {'"', "'"}:
        end = source.find(quote, at + 1)
        return ("", None) if end < 0 else (source[at + 1 : end], end + 1)
    end = _past(_BARE_VALUE, source, at)
    return source[at:end], end


def _past(pattern: re.Pattern[str], source: str, at: int) -> int:
    found = pattern.match(source, at)
    return found.end() if found else at


def _raw(source: str, at: int, name: str) -> tuple[Token | None, int]:
    """What stands in an element whose content is no markup, and where its end tag ends."""
    found = _RAW[name].search(source, at)
    end = found.start() if found else len(source)
    after = _after(source, ">", end) if found else end
    if name in _UNREAD:
        return None, after
    content = source[at:end]
    if name == "style":
        return Sheet(content), after
    return (content if name == "xmp" else decoded(content)), after
