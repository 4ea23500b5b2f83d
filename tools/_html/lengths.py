"""The numbers of CSS: how many pixels a length is, and what `calc()` makes of several."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,9})?)([a-z]{1,5}|%|)")
_INNERMOST = re.compile(r"(-webkit-calc|calc|min|max|clamp|)\(([^()]{1,200})\)")
_TERMS = re.compile(r"\s+([+-])\s+")
_FACTORS = re.compile(r"\s*([*/])\s*")
_MOST_CALCULATED = 20
_TINY = 1e-12

# A page as wide as on most desks; of text of the usual size.
_PIXELS = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "pc": 16.0,
    "in": 96.0,
    "cm": 37.8,
    "mm": 3.78,
    "q": 0.945,
    **dict.fromkeys(("em", "rem", "lh", "rlh", "ic", "ric"), 16.0),
    **dict.fromkeys(("ex", "ch", "cap", "rex", "rch", "rcap"), 8.0),
    **dict.fromkeys(("%", "vw", "dvw", "svw", "lvw", "vi", "dvi", "svi", "lvi", "cqw", "cqi", "vmax", "cqmax"), 12.8),
    **dict.fromkeys(("vh", "dvh", "svh", "lvh", "vb", "dvb", "svb", "lvb", "cqh", "cqb", "vmin", "cqmin"), 7.2),
}
_PARTS_OF_TEXT = {"em": 1.0, "ex": 0.5, "ch": 0.5, "cap": 0.7, "ic": 1.0, "lh": 1.2, "%": 0.01}
_ANGLES = {"deg", "rad", "grad", "turn"}


def number_of(value: str) -> tuple[float, str] | None:
    """A number and its unit, if it is nothing else; calculated if it has to be."""
    value = value.strip()
    if "(" in value:
        value = calculated(value, 16.0)
    found = _NUMBER.fullmatch(value)
    if found is None or (found[2] not in _PIXELS and found[2] not in _ANGLES):
        return None
    return float(found[1]), found[2]


def pixels(value: str) -> float | None:
    """How long it is on a page as wide as most."""
    found = number_of(value)
    return None if found is None or found[1] in _ANGLES else found[0] * _PIXELS[found[1]]


def text_size(value: str, around: float) -> float | None:
    """How large text is in pixels, where the text around it is so large."""
    if "(" in value:
        value = calculated(value, around)
    found = number_of(value)
    if found is None or found[1] in _ANGLES:
        return None
    number, unit = found
    return number * (around * _PARTS_OF_TEXT[unit] if unit in _PARTS_OF_TEXT else _PIXELS[unit])


def calculated(value: str, around: float) -> str:
    """A value with what is to be calculated in it done; unchanged where that cannot be told."""
    for _ in range(_MOST_CALCULATED):
        found = _INNERMOST.search(value)
        if found is None:
            break
        result = _result(found[1], found[2], around)
        if result is None:
            break
        value = f"{value[: found.start()]}{result}{value[found.end() :]}"
    return value.strip()


def _result(name: str, arguments: str, around: float) -> str | None:
    sums = [_sum(each, around) for each in arguments.split(",")]
    known = [each for each in sums if each is not None]
    if len(known) < len(sums) or (name in {"", "calc", "-webkit-calc"} and len(known) > 1):
        return None
    units = {unit for _, unit in known}
    if len(units) > 1:
        known = [(number * (around / 100 if unit == "%" else 1), "px") for number, unit in known]
    numbers = [number for number, _ in known]
    if name == "clamp":
        number = max(numbers[0], min(numbers[1:] or numbers))
    else:
        number = max(numbers) if name == "max" else min(numbers)
    return f"{0.0 if abs(number) < _TINY else number:.12g}{known[0][1]}"


def _sum(text: str, around: float) -> tuple[float, str] | None:
    first, *others = _TERMS.split(text.strip())
    total = _product(first, around)
    for sign, term in zip(others[::2], others[1::2], strict=True):
        added = _product(term, around)
        if total is None or added is None:
            return None
        total = _added(total, added, -1 if sign == "-" else 1, around)
    return total


def _added(total: tuple[float, str], added: tuple[float, str], sign: int, around: float) -> tuple[float, str]:
    if total[1] == added[1]:
        return total[0] + sign * added[0], total[1]
    one, other = (number * (around / 100 if unit == "%" else 1) for number, unit in (total, added))
    return one + sign * other, "px"


def _product(text: str, around: float) -> tuple[float, str] | None:
    first, *others = _FACTORS.split(text.strip())
    product = _single(first, around)
    for sign, factor in zip(others[::2], others[1::2], strict=True):
        by = _single(factor, around)
        if product is None or by is None or (sign == "/" and by[0] == 0):
            return None
        product = (product[0] * by[0] if sign == "*" else product[0] / by[0]), product[1] or by[1]
    return product


def _single(word: str, around: float) -> tuple[float, str] | None:
    """A number, a percentage, or pixels."""
    found = _NUMBER.fullmatch(word)
    if found is None or found[2] not in _PIXELS:
        return None
    number, unit = float(found[1]), found[2]
    if unit in {"", "%", "px"}:
        return number, unit
    return number * (around * _PARTS_OF_TEXT[unit] if unit in _PARTS_OF_TEXT else _PIXELS[unit]), "px"
