"""What a reader would not see is taken out: undisplayed, transparent, tiny, off-screen, in the colour of its ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tools._html.css import Declarations
from tools._html.document import Close, Document, Event, Open
from tools._html.looks import Look, is_gone, look_of, may_be_gone
from tools._html.styles import MOST_JUDGED, Styles

_NEVER_SHOWN = frozenset(
    ["script", "style", "template", "datalist", "svg", "math", "head", "title", "noembed", "noframes", "iframe", "map"]
)
# Their text is for the programs that cannot show the thing itself.
_INSTEAD = frozenset(["audio", "video", "canvas", "progress", "meter"])


def visible(document: Document, most: int = MOST_JUDGED) -> list[Event]:
    """The events of a document that a reader sees something of; the document learns what had to be left out."""
    seen = _Seen(document, most)
    events = list(seen.events())
    document.is_whole = document.is_whole and not seen.styles.is_spent
    document.is_for_all = not seen.left_out
    return events


class _Seen:
    def __init__(self, document: Document, most: int) -> None:
        self._all = document.events
        self.styles = Styles(document.sheets, document.late_sheets, most)
        self.left_out = False
        self._looks = [Look()]
        if document.sheets and not any(isinstance(event, Open) and event.name == "body" for event in self._all):
            self._begin_body()

    def _begin_body(self) -> None:
        """A page without a body is in one nevertheless."""
        body = Open("body", {})
        style = self.styles.of(body)
        self._looks[0] = look_of(self._looks[0], body, style.sure)
        if is_gone(body, style.sure) or may_be_gone(body, style.sure, style.perhaps):
            self._looks[0], self.left_out = replace(self._looks[0], opacity=0.0), True

    def events(self) -> Iterator[Event]:
        at = 0
        while at < len(self._all) and not self.styles.is_spent:
            event = self._all[at]
            at += 1
            match event:
                case Open():
                    if self._enter(event):
                        yield self._described(event)
                    else:
                        at = event.end + 1
                case Close():
                    self._leave()
                    yield event
                case str() if self._looks[-1].shows or event.isspace():
                    yield event
        yield from (Close("") for _ in self._looks[1:])

    def _enter(self, opened: Open) -> bool:
        style = self.styles.of(opened)
        if self.styles.is_spent or opened.name in _NEVER_SHOWN or is_gone(opened, style.sure):
            return False
        if self._is_for_some(opened, style.sure, style.perhaps):
            self.left_out = True
            return False
        self._looks.append(look_of(self._looks[-1], opened, style.sure))
        self.styles.enter(opened)
        return True

    def _is_for_some(self, opened: Open, sure: Declarations, perhaps: Declarations) -> bool:
        return opened.name in _INSTEAD or (bool(perhaps) and may_be_gone(opened, sure, perhaps))

    def _described(self, opened: Open) -> Open:
        """An image whose description could not be read where it stands goes without."""
        if opened.name != "img" or not opened["alt"] or self._looks[-1].shows:
            return opened
        return replace(opened, attributes={**opened.attributes, "alt": ""})

    def _leave(self) -> None:
        self._looks.pop()
        self.styles.leave()
