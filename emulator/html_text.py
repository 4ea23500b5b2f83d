"""HTML mail as the plain text that Exchange would make of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "div", "table", "ul", "ol", "h1", "h2", "h3", "h4", "blockquote", "hr", "pre"})
_LINE_STARTS = {"br": "\n", "tr": "\n", "li": "\n* ", "hr": "\n________________________________\n"}
_CELLS = frozenset({"td", "th"})
_HIDDEN = frozenset({"style", "script", "head", "title"})


class _TextOnly(HTMLParser):
    """Collects visible text, a line break for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _LINE_STARTS:
            self.parts.append(_LINE_STARTS[tag])
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "img":
            self.parts.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in _CELLS:
            self.parts.append("\t")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(re.sub(r"[ \t\r\n\f]+", " ", data))


def html_to_text(html: str) -> str:
    """The words of an HTML body, one paragraph per block, lines ended as mail ends them."""
    reader = _TextOnly()
    reader.feed(html)
    reader.close()
    lines = [line.strip(" \t") for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n").replace("\n", "\r\n")
