"""As much of CSS as tells whether something is seen: declarations, colours, lengths and plain selectors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Declarations = dict[str, str]
Colour = tuple[int, int, int]

MOST_RULES = 300

_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_NUMBER = re.compile(r"([+-]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}))(px|pt|em|rem|ex|ch|vw|vh|in|cm|mm|%|)$")
_BRACES = re.compile(r"[{}]")
_COMPOUND = re.compile(r"(?:\*|[a-z][a-z0-9]*)?(?:[.#][\w-]+)*$")
_PART = re.compile(r"[.#]?[\w-]+|\*")
_LEAST_WIDTH = re.compile(
    r"(?:only\s+)?(?:screen|all)?(?:\s+and\s+)?(?:\(\s*min-(?:device-)?width\s*:\s*[1-6]?\d{1,2}px\s*\))?$"
)

# What decides whether a thing is seen; rules about anything else are not kept.
_OF_INTEREST = frozenset(
    [
        "display",
        "visibility",
        "opacity",
        "font",
        "font-size",
        "color",
        "background",
        "background-color",
        "background-image",
        "overflow",
        "overflow-y",
        "overflow-x",
        "height",
        "width",
        "max-height",
        "max-width",
        "text-indent",
        "position",
        "left",
        "top",
        "right",
        "margin",
        "margin-left",
        "clip",
        "clip-path",
        "transform",
    ]
)
_NAMED: dict[str, Colour] = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "snow": (255, 250, 250),
    "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245),
    "ivory": (255, 255, 240),
    "floralwhite": (255, 250, 240),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "navy": (0, 0, 128),
    "yellow": (255, 255, 0),
    "orange": (255, 165, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "silver": (192, 192, 192),
    "lightgray": (211, 211, 211),
    "lightgrey": (211, 211, 211),
    "windowtext": (0, 0, 0),
    "window": (255, 255, 255),
}


def without_comments(text: str) -> str:
    """CSS without its comments; an unclosed one takes the rest along."""
    kept = []
    at = 0
    while (start := text.find("/*", at)) >= 0:
        kept.append(text[at:start])
        end = text.find("*/", start + 2)
        at = len(text) if end < 0 else end + 2
    return " ".join((*kept, text[at:]))


def declarations(text: str) -> Declarations:
    """Properties and values, in lower case; the last one counts, unless an earlier one is important."""
    if "/*" in text:
        text = without_comments(text)
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    found: Declarations = {}
    for part in text.lower().split(";"):
        name, colon, value = part.partition(":")
        if colon:
            overlay(found, {name.strip(): value.strip()})
    return found


def overlay(under: Declarations, over: Mapping[str, str]) -> None:
    """Put declarations over others, which stay where they are important and the new ones are not."""
    for name, value in over.items():
        if value.endswith("!important") or not under.get(name, "").endswith("!important"):
            under[name] = value


def _unescaped(found: re.Match[str]) -> str:
    code, character = found.groups()
    return character if code is None else chr(min(int(code, 16), 0x10FFFF))


def value_of(style: Declarations, name: str) -> str:
    """The value of a property; empty if there is none."""
    return style.get(name, "").removesuffix("!important").rstrip()


def length(value: str) -> tuple[float, str] | None:
    """A number and its unit."""
    found = _NUMBER.match(value.strip())
    return (float(found[1]), found[2]) if found else None


def is_zero(value: str) -> bool:
    """Whether it is a length of nothing, or of one pixel, which is as good as nothing."""
    found = length(value)
    return found is not None and abs(found[0]) <= (1 if found[1] in {"px", "pt", ""} else 0)


def colour(value: str) -> Colour | None:
    """The colour a value names, if it is one that can be told."""
    value = value.strip()
    if re.fullmatch(r"#?[0-9a-f]{6}(?:[0-9a-f]{2})?", value):
        digits = value.lstrip("#")
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    if re.fullmatch(r"#[0-9a-f]{3,4}", value):
        red, green, blue = (int(digit * 2, 16) for digit in value[1:4])
        return red, green, blue
    if value.startswith(("rgb(", "rgba(")):
        return _from_numbers(value)
    return _NAMED.get(value)


def _from_numbers(value: str) -> Colour | None:
    numbers = [int(number) for number in re.findall(r"\b\d{1,3}\b(?!%)", value[:60])]
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) >= 3 and "%" not in value else None


def is_clear(value: str) -> bool:
    """Whether a colour lets everything through."""
    return value == "transparent" or bool(re.fullmatch(r"rgba\([^()]{1,40}[,/]\s{0,4}(?:0|0?\.0+|0%)\s{0,4}\)", value))


@dataclass(frozen=True, slots=True)
class Rule:
    """One selector: what an element must have, what must be around it, and what then holds."""

    own: frozenset[str]
    around: frozenset[str]
    style: Declarations

    @property
    def weight(self) -> tuple[int, int, int]:
        parts = [*self.own, *self.around]
        ids = sum(part[0] == "#" for part in parts)
        classes = sum(part[0] == "." for part in parts)
        return ids, classes, len(parts) - ids - classes


def rules_of(sheets: list[str]) -> list[Rule]:
    """The rules that can be judged, the weightiest last."""
    found: list[Rule] = []
    for sheet in sheets:
        for selectors, body in _blocks(without_comments(sheet.replace("<!--", " ").replace("-->", " "))):
            style = {name: value for name, value in declarations(body).items() if name in _OF_INTEREST}
            if style and len(found) < MOST_RULES:
                found += (rule for selector in selectors.split(",")[:50] if (rule := _rule(selector, style)))
    return sorted(found, key=lambda rule: rule.weight)


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and what is in their braces, of what holds on a wide screen."""
    around: list[bool] = []
    prelude = ""
    at = 0
    for brace in _BRACES.finditer(sheet):
        before, at = sheet[at : brace.start()], brace.end()
        if brace[0] == "{":
            prelude = before.rpartition(";")[2].strip().lower()
            around.append(_holds(prelude))
        elif around:
            if all(around) and not prelude.startswith("@"):
                yield prelude, before
            around.pop()


def _holds(prelude: str) -> bool:
    if not prelude.startswith("@"):
        return True
    name, _, query = prelude.partition(" ")
    return name == "@media" and any(_LEAST_WIDTH.match(" ".join(each.split())) for each in query[:500].split(","))


def _rule(selector: str, style: Declarations) -> Rule | None:
    """None for what asks for siblings, attributes or states: those are not judged."""
    compounds = selector.replace(">", " ").split()
    if not compounds or len(compounds) > 8 or not all(_COMPOUND.match(each) for each in compounds):
        return None
    *around, own = (frozenset(_PART.findall(each)) - {"*"} for each in compounds)
    return Rule(own, frozenset().union(*around), style)
