"""What a reader would not see is taken out: undisplayed, transparent, tiny, off-screen, in the colour of its ground."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tools._html.css import (
    Colour,
    Declarations,
    Rule,
    colour,
    declarations,
    is_clear,
    is_zero,
    length,
    overlay,
    rules_of,
    value_of,
)
from tools._html.document import Close, Document, Event, Open

_NEVER_SHOWN = frozenset(
    ["script", "style", "template", "datalist", "svg", "math", "head", "title", "noembed", "noframes", "iframe", "map"]
)
_SIZES = ("xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large", "initial")
_LINK: Colour = (0, 0, 238)
_ALIKE = 10
_FAR_OUT = 500.0
_PIXELS = {"px": 1.0, "pt": 1.33, "em": 16.0, "rem": 16.0, "in": 96.0, "cm": 38.0, "mm": 3.8, "": 1.0}
_NOTHING_LEFT = re.compile(
    r"rect\(\s{0,4}0(?:px)?[\s,]|inset\(\s{0,4}(?:[5-9]\d|100)%|circle\(\s{0,4}0|scale[xy]?\(\s{0,4}0\s{0,4}[,)]"
)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a text inherits of how it is shown. A ground that cannot be told is None: then nothing is as pale as it."""

    ink: Colour | None = (0, 0, 0)
    clear: bool = False
    ground: Colour | None = (255, 255, 255)
    tiny: bool = False
    unseen: bool = False

    @property
    def shows(self) -> bool:
        return not (self.unseen or self.tiny or self.clear or self._is_pale)

    @property
    def _is_pale(self) -> bool:
        if self.ink is None or self.ground is None:
            return False
        return all(abs(ink - ground) <= _ALIKE for ink, ground in zip(self.ink, self.ground, strict=True))


def visible(document: Document) -> list[Event]:
    """The events of a document that a reader sees something of."""
    return list(_Seen(document).events())


class _Seen:
    def __init__(self, document: Document) -> None:
        self._all = document.events
        self._styles = _Styles(rules_of(document.sheets))
        self._looks = [_Look()]
        self._opened: list[Open] = []

    def events(self) -> Iterator[Event]:
        at = 0
        while at < len(self._all):
            event = self._all[at]
            at += 1
            match event:
                case Open():
                    if self._enter(event):
                        yield event
                    else:
                        at = event.end + 1
                case Close():
                    self._leave()
                    yield event
                case str() if self._looks[-1].shows or event.isspace():
                    yield event

    def _enter(self, opened: Open) -> bool:
        style = self._styles.of(opened)
        if opened.name in _NEVER_SHOWN or _is_gone(opened, style):
            return False
        self._looks.append(_look(self._looks[-1], opened, style))
        self._opened.append(opened)
        self._styles.enter(opened)
        return True

    def _leave(self) -> None:
        self._looks.pop()
        self._styles.leave(self._opened.pop())


class _Styles:
    """The declarations that hold for an element, by the sheets and by its own style."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules
        self._around: Counter[str] = Counter()
        self._known: dict[tuple[str, str, str], list[Rule]] = {}

    def of(self, opened: Open) -> Declarations:
        found: Declarations = {}
        for rule in self._rules_for(opened):
            if all(self._around[part] for part in rule.around):
                overlay(found, rule.style)
        if opened["style"]:
            overlay(found, declarations(opened["style"]))
        return found

    def _rules_for(self, opened: Open) -> list[Rule]:
        if not self._rules:
            return []
        key = (opened.name, opened["class"], opened["id"])
        if key not in self._known:
            own = _parts(opened)
            self._known[key] = [rule for rule in self._rules if rule.own <= own]
        return self._known[key]

    def enter(self, opened: Open) -> None:
        if self._rules:
            self._around.update(_parts(opened))

    def leave(self, opened: Open) -> None:
        if self._rules:
            self._around.subtract(_parts(opened))


def _parts(opened: Open) -> set[str]:
    own = {f".{each.lower()}" for each in opened.classes[:50]} | {opened.name}
    return own | {f"#{opened['id'].lower()}"} if opened["id"] else own


def _is_gone(opened: Open, style: Declarations) -> bool:
    """Whether nothing of an element is shown, whatever stands in it."""
    attributes = opened.attributes
    if "hidden" in attributes or opened["aria-hidden"].strip().lower() == "true":
        return True
    if opened.name == "dialog" and "open" not in attributes:
        return True
    if not style:
        return False
    return (
        value_of(style, "display") == "none"
        or _is_zero_share(value_of(style, "opacity"))
        or _is_hidden_from_outlook(opened, style)
        or _is_boxed_away(style)
        or _is_off_screen(style)
        or any(_NOTHING_LEFT.search(value_of(style, name)[:200]) for name in ("clip", "clip-path", "transform"))
    )


def _is_zero_share(value: str) -> bool:
    found = length(value)
    return found is not None and found[0] <= (0.02 if found[1] == "" else 2)


def _is_hidden_from_outlook(opened: Open, style: Declarations) -> bool:
    """Buttons are hidden from desktop Outlook alone, which gets a drawn one in a comment: those links stay."""
    return value_of(style, "mso-hide") == "all" and not (opened.name == "a" and opened["href"])


def _is_boxed_away(style: Declarations) -> bool:
    overflow = " ".join(value_of(style, name) for name in ("overflow", "overflow-x", "overflow-y"))
    cut = "hidden" in overflow or "clip" in overflow
    return cut and any(is_zero(value_of(style, name)) for name in ("max-height", "height", "max-width", "width"))


def _is_off_screen(style: Declarations) -> bool:
    names = ["text-indent", "margin-left"]
    if value_of(style, "position") in {"absolute", "fixed", "relative"}:
        names += ["left", "top"]
        if _pixels(value_of(style, "right")) < -_FAR_OUT:
            return True
    margin = value_of(style, "margin").split()
    return any(_pixels(value_of(style, name)) < -_FAR_OUT for name in names) or (
        bool(margin) and (_pixels(margin[0]) < -_FAR_OUT or _pixels(margin[-1]) < -_FAR_OUT)
    )


def _pixels(value: str) -> float:
    number, unit = length(value) or (0.0, "")
    return number * _PIXELS.get(unit, 10.0)


def _look(around: _Look, opened: Open, style: Declarations) -> _Look:
    """What the texts of an element look like, by what is around it and by what it says itself."""
    look = around
    if opened.name == "a" and opened["href"]:
        look = replace(look, ink=_LINK, clear=False)
    if opened.attributes.keys() & {"bgcolor", "background", "text", "color", "size"}:
        look = _with_attributes(look, opened)
    return _with_style(look, style) if style else look


def _with_attributes(look: _Look, opened: Open) -> _Look:
    attributes = {name: value.strip().lower() for name, value in opened.attributes.items()}
    if attributes.get("bgcolor"):
        look = replace(look, ground=colour(attributes["bgcolor"]))
    if attributes.get("background"):
        look = replace(look, ground=None)
    ink = attributes.get("color" if opened.name == "font" else "text", "")
    if ink:
        look = replace(look, ink=colour(ink), clear=False)
    return replace(look, tiny=False) if opened.name == "font" and attributes.get("size") else look


def _with_style(look: _Look, style: Declarations) -> _Look:
    look = _with_ground(look, style)
    ink = value_of(style, "color")
    if ink and ink not in {"inherit", "currentcolor", "unset"}:
        look = replace(look, ink=None if is_clear(ink) else colour(ink), clear=is_clear(ink))
    visibility = value_of(style, "visibility")
    if visibility in {"hidden", "collapse", "visible", "initial"}:
        look = replace(look, unseen=visibility in {"hidden", "collapse"})
    for size in (_size_in(value_of(style, "font")), value_of(style, "font-size")):
        look = replace(look, tiny=_is_tiny(size, look.tiny))
    return look


def _with_ground(look: _Look, style: Declarations) -> _Look:
    said = f"{value_of(style, 'background')} {value_of(style, 'background-color')}".strip()
    if "url(" in said or "gradient" in said or value_of(style, "background-image") not in {"", "none"}:
        return replace(look, ground=None)
    if not said or is_clear(said) or said in {"none", "inherit", "initial", "unset"}:
        return look
    grounds = [found for word in (said, *said.split()[:8]) if (found := colour(word)) is not None]
    return replace(look, ground=grounds[-1] if grounds else None)


def _size_in(font: str) -> str:
    return next((word.partition("/")[0] for word in font.split()[:12] if length(word.partition("/")[0])), "")


def _is_tiny(size: str, was: bool) -> bool:
    if size in _SIZES:
        return False
    found = length(size)
    if found is None:
        return was
    number, unit = found
    if unit in {"em", "%", "ex"}:
        return was or number <= (10 if unit == "%" else 0.1)
    return number <= 1 if unit in {"px", "pt", ""} else number <= 0.1
