"""HTML to short text: what a reader would see, as Markdown-like lines, in linear time and without a tree."""

from __future__ import annotations

from collections.abc import Collection

from tools._html.document import Document, document_of
from tools._html.hidden import visible
from tools._html.marks import Mark
from tools._html.tokens import sheets_in, tokens
from tools._html.writing import Writer

__all__ = ["LONGEST", "MOST_EVENTS", "NOT_FOR_ALL", "TOO_LONG", "Mark", "markdown_of", "read", "written"]

# A mail of 1 MB has some 30,000 events; more in as little text is made to cost time.
LONGEST = 1_000_000
MOST_EVENTS = 60_000

TOO_LONG = "[The page is too long to be shown whole. The rest is left out: open it in its own program.]"
NOT_FOR_ALL = "[parts that only some programs show were left out]"


def markdown_of(html: str, *, home: Collection[str] = ()) -> str:
    """What a reader of the page sees: paragraphs, headings, lists, rows as `a | b`, links as `text <url>`.

    `home` are the domains of one's own: a link that names one of them and leads elsewhere is pointed out.
    """
    text, is_whole = written(html, home=home)
    return text if is_whole else f"{text}\n\n{TOO_LONG}".strip()


def written(html: str, *, home: Collection[str] = (), marks: bool = False) -> tuple[str, bool]:
    """The text, with marks where earlier messages and signatures begin if they are wanted, and whether it is whole."""
    document = read(html)
    text = Writer(visible(document), home=home, marks=marks).text()
    return text if document.is_for_all else f"{text}\n\n{NOT_FOR_ALL}".strip("\n"), document.is_whole


def read(html: str, *, longest: int = LONGEST, most: int = MOST_EVENTS) -> Document:
    """The page as far as it is read; of the rest, the style sheets, which may hide what is."""
    source = tokens(html[:longest])
    document = document_of(source, most)
    if source.at < len(html):
        document.is_whole = False
        document.late_sheets = sheets_in(html, source.at)
    return document
