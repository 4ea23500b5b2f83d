"""What a text looks like where it stands, and what makes an element invisible with all that is in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tools._html.colours import CLEAR, UNTOLD, Colour, Ink, colour, ink, is_lost
from tools._html.css import Declarations, overlay, value_of
from tools._html.document import Open
from tools._html.lengths import number_of, pixels, text_size

_LINK = Ink((0, 0, 238))
_INK = Ink((0, 0, 0))
_GROUND: Colour = (255, 255, 255)
_USUAL_SIZE = 16.0
_SMALLEST_SIZE = 2.0
_FAINTEST = 0.1
_FAR_OUT = 500.0
_FAR_RIGHT = 4000.0
_SIZES = {
    "xx-small": 9.0,
    "x-small": 10.0,
    "small": 13.0,
    "medium": 16.0,
    "large": 18.0,
    "x-large": 24.0,
    "xx-large": 32.0,
    "xxx-large": 48.0,
    **dict.fromkeys(("initial", "revert", "revert-layer", "math"), 16.0),
}
_RELATIVE = {"smaller": 0.83, "larger": 1.2}
_OF_ELEMENTS = {"small": 0.83, "sub": 0.83, "sup": 0.83, "big": 1.2}
_FONT_SIZE = re.compile(r"\s*[+-]?\d")
_AS_AROUND = frozenset(["inherit", "unset", "currentcolor"])
_AS_EVER = frozenset(["initial", "revert", "revert-layer"])
_CUT = re.compile(r"inset\(\s{0,9}(?:[5-9]\d|\d{3,9})(?:\.\d{0,9})?%")
_NOTHING_OF_A_CIRCLE = re.compile(r"(?:circle|ellipse)\(\s{0,9}0(?!\.?\d{0,9}[1-9])|polygon\(\s{0,9}\)")
_FUNCTION = re.compile(r"([a-z0-9]{1,12})\(([^()]{0,300})\)")
_HIDING_WORDS = frozenset(["none", "hidden", "collapse", "clip", "absolute", "fixed", "all"])


@dataclass(frozen=True, slots=True)
class Look:
    """What a text inherits of how it is shown. A ground that cannot be told is None: nothing is as pale as that."""

    ink: Ink = _INK
    fill: Ink | None = None
    ground: Colour | None = _GROUND
    size: float = _USUAL_SIZE
    opacity: float = 1.0
    unseen: bool = False

    @property
    def shows(self) -> bool:
        """Whether a reader can read it."""
        if self.unseen or self.size <= _SMALLEST_SIZE or self.opacity <= _FAINTEST:
            return False
        written = self.fill or self.ink
        seen = written.on(self.ground)
        if written.alpha <= _FAINTEST:
            return False
        return seen is None or self.ground is None or not is_lost(seen, self.ground)


def is_gone(opened: Open, style: Declarations) -> bool:
    """Whether nothing of an element is shown, whatever stands in it."""
    attributes = opened.attributes
    if attributes and ("hidden" in attributes or "popover" in attributes):
        return True
    if opened["aria-hidden"].strip().lower() == "true" or (opened.name == "dialog" and "open" not in attributes):
        return True
    return bool(style) and (
        value_of(style, "display") == "none"
        or value_of(style, "content-visibility") == "hidden"
        or opacity_of(style) <= _FAINTEST
        or _is_hidden_from_outlook(opened, style)
        or _is_boxed_away(style)
        or _is_off_screen(style)
        or _is_transformed_away(style)
    )


def may_be_gone(opened: Open, sure: Declarations, perhaps: Declarations) -> bool:
    """Whether some programs would not show it, by rules of which it cannot be told whether they hold."""
    hiding = hiding_of(perhaps)
    if not hiding:
        return False
    style = dict(sure)
    overlay(style, hiding)
    return (
        is_gone(opened, style)
        or value_of(style, "visibility") in {"hidden", "collapse"}
        or ((size := text_size(value_of(style, "font-size"), _USUAL_SIZE)) is not None and size <= _SMALLEST_SIZE)
    )


def hiding_of(style: Declarations) -> Declarations:
    """The declarations that hide, or help to."""
    return {name: value for name, value in style.items() if _may_hide(name, value.removesuffix("!important"))}


def _may_hide(name: str, value: str) -> bool:
    if value in _HIDING_WORDS or "(" in value:
        return value != "none" or name == "display"
    found = pixels(value)
    if found is None or name in {"zoom", "scale", "opacity"}:
        return found is not None and found <= 1.3
    return found < -_FAR_OUT or (abs(found) <= _SMALLEST_SIZE and name not in {"left", "top", "right", "bottom"})


def opacity_of(style: Declarations) -> float:
    """How much of it is left, by its own opacity and that of its filters."""
    left = _share(value_of(style, "opacity"))
    for name in ("filter", "-webkit-filter"):
        for function in _FUNCTION.finditer(value_of(style, name)):
            left *= _share(function[2]) if function[1] == "opacity" else 1.0
    return left


def _share(value: str) -> float:
    found = number_of(value)
    if found is None or found[1] not in {"", "%"}:
        return 1.0
    return min(max(found[0] / (100 if found[1] else 1), 0.0), 1.0)


def _is_hidden_from_outlook(opened: Open, style: Declarations) -> bool:
    """Buttons are hidden from desktop Outlook alone, which gets a drawn one in a comment: those links stay."""
    return value_of(style, "mso-hide") == "all" and not (opened.name == "a" and opened["href"])


def _is_boxed_away(style: Declarations) -> bool:
    if not {"hidden", "clip"} & {value_of(style, "overflow-x"), value_of(style, "overflow-y")}:
        return False
    sizes = [pixels(value_of(style, name)) for name in ("max-height", "height", "max-width", "width", "line-height")]
    return any(size is not None and size <= 1 for size in sizes) and not _has_lines(style, sizes)


def _has_lines(style: Declarations, sizes: list[float | None]) -> bool:
    """A line's height without a unit is a share of the text's: 1 is usual."""
    others = any(size is not None and size <= 1 for size in sizes[:-1])
    return not others and value_of(style, "line-height")[-1:].isdigit() and (sizes[-1] or 0) > _FAINTEST


def _is_off_screen(style: Declarations) -> bool:
    names = ["text-indent", "margin-left", "margin-top"]
    if value_of(style, "position") in {"absolute", "fixed", "relative"}:
        names += ["left", "top", "right", "bottom"]
    return any(_is_far(value_of(style, name), name) for name in names if name in style) or any(
        _is_far(word, "left") for word in value_of(style, "translate").split()
    )


def _is_far(value: str, name: str) -> bool:
    if value.endswith("%"):
        return _signed_share(value) <= -1
    found = pixels(value)
    return found is not None and (found < -_FAR_OUT or (found > _FAR_RIGHT and name in {"left", "text-indent"}))


def _is_transformed_away(style: Declarations) -> bool:
    if any(_is_cut(value_of(style, name)) for name in ("clip", "clip-path", "-webkit-clip-path")):
        return True
    if any(_is_nothing(word) for name in ("zoom", "scale") for word in value_of(style, name).split()):
        return True
    transforms = f"{value_of(style, 'transform')} {value_of(style, '-webkit-transform')}"
    return any(_leads_away(found[1], found[2].split(",")) for found in _FUNCTION.finditer(transforms))


def _is_cut(value: str) -> bool:
    if value.startswith("rect("):
        sides = [pixels(side) for side in value[5:-1].replace(",", " ").split()]
        return len(sides) == 4 and (_is_narrow(sides[0], sides[2]) or _is_narrow(sides[3], sides[1]))
    return bool(_CUT.match(value) or _NOTHING_OF_A_CIRCLE.match(value))


def _is_narrow(start: float | None, end: float | None) -> bool:
    return end is not None and end - (start or 0.0) <= 1


def _is_nothing(value: str) -> bool:
    return value != "" and abs(_signed_share(value)) <= _FAINTEST


def _signed_share(value: str) -> float:
    number, unit = number_of(value) or (1.0, "")
    return number / (100 if unit == "%" else 1)


def _leads_away(name: str, arguments: list[str]) -> bool:
    if name.startswith("scale"):
        return any(_is_nothing(each.strip()) for each in arguments)
    if name.startswith("translate"):
        return any(_is_far(each, "left") for each in arguments)
    if name == "matrix" and len(arguments) == 6:
        a, b, c, d, x, y = (_signed_share(each) for each in arguments)
        return abs(a * d - b * c) <= 0.01 or min(x, y) < -_FAR_OUT
    return name in {"rotatex", "rotatey"} and arguments[0].strip() in {"90deg", "-90deg", "270deg", ".25turn"}


def look_of(around: Look, opened: Open, style: Declarations) -> Look:
    """What the texts of an element look like, by what is around it and by what it says itself."""
    look = around
    if opened.name == "a" and opened["href"]:
        look = replace(look, ink=_LINK)
    if opened.name in _OF_ELEMENTS:
        look = replace(look, size=look.size * _OF_ELEMENTS[opened.name])
    if opened.attributes.keys() & {"bgcolor", "background", "text", "color", "size"}:
        look = _with_attributes(look, opened)
    return _with_style(look, around, style) if style else look


def _with_attributes(look: Look, opened: Open) -> Look:
    attributes = {
        name: opened[name][:200].strip().lower() for name in ("bgcolor", "background", "text", "color", "size")
    }
    if attributes["bgcolor"]:
        look = replace(look, ground=colour(attributes["bgcolor"]))
    if attributes["background"]:
        look = replace(look, ground=None)
    written = attributes["color" if opened.name == "font" else "text"]
    if written:
        look = replace(look, ink=Ink(colour(written)))
    is_sized = opened.name == "font" and _FONT_SIZE.match(attributes["size"])
    return replace(look, size=13.0) if is_sized else look


def _with_style(look: Look, around: Look, style: Declarations) -> Look:
    look = _with_inks(_with_ground(look, style), around, style)
    visibility = value_of(style, "visibility")
    if visibility and visibility not in {"inherit", "unset"}:
        look = replace(look, unseen=visibility in {"hidden", "collapse"})
    size = value_of(style, "font-size")
    if size:
        look = replace(look, size=_size(size, look.size, around.size))
    left = opacity_of(style)
    if left < 1:
        look = replace(look, opacity=look.opacity * left)
    return look


def _size(said: str, size: float, around: float) -> float:
    if said in {"inherit", "unset"}:
        return around
    if said in _SIZES or said in _RELATIVE:
        return _SIZES.get(said, around * _RELATIVE.get(said, 1.0))
    found = text_size(said, around)
    return size if found is None else found


def _with_inks(look: Look, around: Look, style: Declarations) -> Look:
    said = value_of(style, "color")
    if said:
        look = replace(look, ink=around.ink if said in _AS_AROUND else look.ink if said in _AS_EVER else _ink(said))
    said = value_of(style, "-webkit-text-fill-color")
    if said and said not in {"inherit", "unset"}:
        look = replace(look, fill=None if said == "currentcolor" or said in _AS_EVER else _ink(said))
    return look


def _ink(said: str) -> Ink:
    return ink(said) or UNTOLD


def _with_ground(look: Look, style: Declarations) -> Look:
    picture = value_of(style, "background-image")
    if picture not in {"", "none"} and picture not in _AS_AROUND | _AS_EVER:
        return replace(look, ground=None)
    said = value_of(style, "background-color")
    found = ink(said) if said and said not in _AS_AROUND | _AS_EVER else None
    if found is None or found == CLEAR:
        return look
    return replace(look, ground=found.on(look.ground) if look.ground or found.alpha >= 1 else None)
