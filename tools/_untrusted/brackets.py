"""Markdown links and images, inline and by reference, nested however deep: read once, from left to right."""

from __future__ import annotations

import re
from html import unescape

from tools._untrusted.markup import image
from tools._untrusted.shelf import Shelf

_READ = 4_000  # of a longer address the rest is dropped unread

_DEFINITION = re.compile(
    r"^(?P<before>[ \t>*+-]{0,20})\[(?P<label>[^\[\]\n\ue000-\ue002]{1,200})\]:[ \t]*(?:\n[ \t>]*)?"
    r"(?P<url><[^<>\n]*>|[^\s<>]+)(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*$",
    re.MULTILINE,
)
_SURELY_LINK = re.compile(r"//|\\\\|[A-Za-z][A-Za-z0-9+.-]{1,31}:")

_BRACKET = re.compile(r"!?\[|\]")
_TARGET = re.compile(
    r"\(\s*(?:(?P<url><[^<>\n]*>|(?=[^\s)])[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*)?\)"
)
_LABEL = re.compile(r"\[([^\[\]]{0,200})\]")
_LABEL_ALONE = 200


def without_brackets(text: str, shelf: Shelf) -> str:
    """The text with each image as words and each link as `text <address>`; definitions go where they are used."""
    return _Reader(_DEFINITION.sub(lambda found: _defined(found, shelf), text), shelf).read()


def _defined(found: re.Match[str], shelf: Shelf) -> str:
    url = _address(found["url"])
    if not _SURELY_LINK.match(url):
        return found[0]
    return f"{found['before']}{shelf.definition(found['label'], url)}"


def _address(written: str) -> str:
    """The address as Markdown reads it: without angle brackets, escapes and entities."""
    bare = written[: _READ + 2].removeprefix("<").removesuffix(">")
    return unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", bare[:_READ]))


class _Reader:
    """One reading. What is written lies in `_out`; `_open` are the places in it where a bracket opened."""

    def __init__(self, text: str, shelf: Shelf) -> None:
        self._text = text
        self._shelf = shelf
        self._out: list[str] = []
        self._open: list[int] = []

    def read(self) -> str:
        at = 0
        while found := _BRACKET.search(self._text, at):
            self._out.append(self._text[at : found.start()])
            at = self._closed(found.end()) if found[0] == "]" and self._open else self._kept(found)
        return "".join((*self._out, self._text[at:]))

    def _kept(self, found: re.Match[str]) -> int:
        if found[0] != "]":
            self._open.append(len(self._out))
        self._out.append(found[0])
        return found.end()

    def _closed(self, at: int) -> int:
        """Decides what the brackets that close here are; returns where to read on."""
        start = self._open.pop()
        if target := _TARGET.match(self._text, at):
            self._replace(start, self._shelf.link(_address(target["url"] or "")))
            return target.end()
        label, end = self._label(start, at)
        if not self._shelf.is_defined(label):
            self._out.append("]")
            return at
        is_image = self._out[start] == "!["
        self._replace(start, self._shelf.reference(label, is_image=is_image))
        return end

    def _label(self, start: int, at: int) -> tuple[str, int]:
        follows = _LABEL.match(self._text, at)
        if follows and follows[1].strip():
            return follows[1], follows.end()
        is_short = len(self._out) - start <= 2 and len(self._out[-1]) <= _LABEL_ALONE
        return self._out[-1] if is_short else "", follows.end() if follows else at

    def _replace(self, start: int, link: str) -> None:
        if self._out[start] == "![":
            alt = self._shelf.without_places("".join(self._out[start + 1 :]))
            self._out[start:] = [image(alt)]
            return
        self._out[start] = ""
        # Nothing before the address that would only repeat it.
        self._out.append(f" {link}" if link else "")
