"""HTML mail as the plain text that Exchange would make of it."""

from __future__ import annotations

import re
from html import unescape

_BLOCKS = frozenset({"p", "div", "table", "ul", "ol", "h1", "h2", "h3", "h4", "blockquote", "hr", "pre"})
_LINE_STARTS = {"br": "\n", "tr": "\n", "li": "\n* ", "hr": "\n________________________________\n"}
_CELLS = frozenset({"td", "th"})
_HIDDEN = frozenset({"style", "script", "head", "title"})
# Each alternative takes all there is or is sure to fail at once: a body of any shape is read in one go.
_TOKEN = re.compile(
    r"""(?P<raw><(?:script|style)\b.*?(?:</(?:script|style)\b[^>]*>?|\Z))
    |<!--.*?(?:-->|\Z)
    |<(?P<end>/?)(?P<tag>[a-zA-Z][^\s/>]*)(?P<rest>(?:[^>=]|=\s*"[^"]*"|=\s*'[^']*'|=)*)>?
    |<[!?/][^>]*>?
    |(?P<text>[^<]+|<)""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_ALT = re.compile(r"""(?<!\S)alt\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")


class _TextOnly:
    """Collects visible text, a line break for each block."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._hidden = 0

    def read(self, html: str) -> None:
        for token in _TOKEN.finditer(html):
            if token["text"]:
                self._say(token["text"])
            elif token["tag"] and token["end"]:
                self._end(token["tag"].lower())
            elif token["tag"]:
                self._start(token["tag"].lower(), token["rest"])

    def _start(self, tag: str, rest: str) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _LINE_STARTS:
            self.parts.append(_LINE_STARTS[tag])
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "img":
            found = _ALT.search(rest)
            self.parts.append(unescape(next(filter(None, found.groups()), "")) if found else "")

    def _end(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in _CELLS:
            self.parts.append("\t")

    def _say(self, text: str) -> None:
        if not self._hidden:
            self.parts.append(_BLANKS.sub(" ", unescape(text)))


def html_to_text(html: str) -> str:
    """The words of an HTML body, one paragraph per block, lines ended as mail ends them."""
    reader = _TextOnly()
    reader.read(html)
    lines = [line.strip(" \t") for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n").replace("\n", "\r\n")
