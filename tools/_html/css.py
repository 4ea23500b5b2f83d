"""As much of CSS as tells whether something is seen: properties and the values a browser would take for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tools._html.colours import ink
from tools._html.lengths import pixels

Declarations = dict[str, str]

# A comment, an address, a string, or an escape: where CSS may say one thing and seem to say another.
_QUIET = re.compile(
    r"(/\*)(?:.*?\*/|.*)"
    r"|\burl\(\s*(?![\"'\s])[^)\\]*(?:\\.[^)\\]*)*\)?"
    r"|(\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?)"
    r"|\\(?:([0-9a-f]{1,6})\s?|(.))",
    re.DOTALL | re.IGNORECASE,
)
_NEEDS_QUIET = re.compile(r"/\*|[\"'\\]|url\(", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_OPENING = re.compile(r"[(\[{]")
BRACKET = re.compile(r"[(){}\[\];]")
CLOSER = {"(": ")", "[": "]", "{": "}"}
_IMPORTANT = re.compile(r"!\s{0,9}important$")

# Signs that mean something to CSS, and what stands for them in names and strings, where they do not.
_SIGNS = {code: 0xE000 + code for code in range(0x21, 0x7F) if not chr(code).isalnum() and chr(code) not in "-_"}

_ANYWHERE = frozenset(["inherit", "initial", "unset", "revert", "revert-layer"])
_DISPLAY = re.compile(
    r"(?:(?:none|contents|block|inline|run-in|flow|flow-root|table|flex|grid|ruby|list-item|math|-webkit-box"
    r"|-webkit-inline-box|-webkit-flex|-ms-flexbox|-ms-grid|-moz-box|inline-(?:block|table|flex|grid)"
    r"|table-(?:row-group|header-group|footer-group|row|cell|column-group|column|caption)|ruby-text)\s*){1,3}"
)
_WORDS = {
    "visibility": re.compile(r"visible|hidden|collapse"),
    "content-visibility": re.compile(r"visible|hidden|auto"),
    "position": re.compile(r"static|relative|absolute|fixed|(?:-webkit-)?sticky"),
    "overflow-x": re.compile(r"visible|hidden|clip|scroll|auto|overlay"),
    "overflow-y": re.compile(r"visible|hidden|clip|scroll|auto|overlay"),
    "mso-hide": re.compile(r"all|none|screen"),
    "display": _DISPLAY,
}
_LENGTH_WORD = re.compile(r"auto|none|normal|(?:-webkit-|-moz-)?(?:max-content|min-content|fit-content|fill-available)")
_FUNCTIONS = re.compile(
    r"none|auto|border-box|(?:(?:rect|inset|circle|ellipse|polygon|xywh|path|url|matrix|matrix3d|perspective"
    r"|rotate(?:3d|[xyz])?|scale(?:3d|[xyz])?|skew[xy]?|translate(?:3d|[xyz])?|opacity|blur|brightness|contrast"
    r"|drop-shadow|grayscale|hue-rotate|invert|saturate|sepia)\([^()]{0,300}\)\s*){1,9}"
)
_SIZE_WORDS = frozenset(["xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large", "xxx-large"]) | {
    "smaller",
    "larger",
    "math",
}
_SYSTEM_FONTS = frozenset(["caption", "icon", "menu", "message-box", "small-caption", "status-bar"])
_GROUND_WORD = re.compile(
    r"none|(?:no-)?repeat(?:-[xy])?|space|round|scroll|fixed|local|left|right|top|bottom|center|cover|contain|auto"
    r"|(?:border|padding|content)-box|text|[/,]"
)
_SIDES = ("top", "right", "bottom", "left")
_NOT_BELOW_NOTHING = frozenset(["font-size", "width", "height", "max-width", "max-height", "line-height", "zoom"])
_LENGTHS = (*_SIDES, "margin-left", "margin-top", "text-indent", *_NOT_BELOW_NOTHING)


def quiet(text: str) -> str:
    """CSS without comments and escapes, and with nothing in its strings and addresses that could be taken for CSS."""
    return _QUIET.sub(_quieted, text) if _NEEDS_QUIET.search(text) else text


def shielded(text: str) -> str:
    """A name or a value of HTML, with its signs as `quiet` leaves them in names and strings of CSS."""
    return text.translate(_SIGNS)


def _quieted(found: re.Match[str]) -> str:
    comment, string, code, sign = found.groups()
    if comment:
        return " "
    if string:
        inner = string[1:-1] if len(string) > 1 and string[-1] == string[0] else string[1:]
        return f'"{_ESCAPE.sub(_unescaped, inner).translate(_SIGNS)}"'
    return _unescaped_to(code, sign).translate(_SIGNS) if code or sign else "url(x)"


def _unescaped(found: re.Match[str]) -> str:
    return _unescaped_to(*found.groups())


def _unescaped_to(code: str | None, sign: str | None) -> str:
    return chr(min(int(code, 16), 0x10FFFF)) if code else sign or ""


def declarations(text: str) -> Declarations:
    """What a style attribute says."""
    return declared(_parts(quiet(text).lower()))


def declared(parts: list[str]) -> Declarations:
    """Properties and values in lower case; the last valid one counts, unless an earlier one is important."""
    found: Declarations = {}
    for part in parts:
        name, colon, value = part.partition(":")
        name = name.strip()
        if colon and (name in _CHECKS or name in _SHORTHANDS or name.startswith("--")):
            value = value.strip()
            plain = _IMPORTANT.sub("", value).rstrip()
            ending = "" if plain == value else "!important"
            overlay(found, {each: said + ending for each, said in _expanded(name, plain).items()})
    return found


def _parts(text: str) -> list[str]:
    """The declarations of a text; what is in brackets does not end one."""
    if not _OPENING.search(text):
        return text.split(";")
    parts, start = [], 0
    closers: list[str] = []
    for found in BRACKET.finditer(text):
        if found[0] in CLOSER:
            closers.append(CLOSER[found[0]])
        elif closers and found[0] == closers[-1]:
            closers.pop()
        elif found[0] == ";" and not closers:
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def overlay(under: Declarations, over: Mapping[str, str]) -> None:
    """Put declarations over others, which stay where they are important and the new ones are not."""
    for name, value in over.items():
        if value.endswith("!important") or not under.get(name, "").endswith("!important"):
            under[name] = value


def value_of(style: Declarations, name: str) -> str:
    """The value of a property; empty if there is none."""
    return style.get(name, "").removesuffix("!important")


def _expanded(name: str, value: str) -> Declarations:
    """A declaration as the ones it stands for; none if a browser would not take its value."""
    if name.startswith("--"):
        return {name: value}
    longhands = _SHORTHANDS.get(name)
    if longhands is None:
        return {name: value} if value in _ANYWHERE or "var(" in value or _CHECKS[name](name, value) else {}
    if value in _ANYWHERE:
        return dict.fromkeys(longhands("visible" if name == "overflow" else "0"), value)
    return longhands(value)


def _is_word(name: str, value: str) -> bool:
    return bool(_WORDS[name].fullmatch(value))


def _is_length(name: str, value: str) -> bool:
    if _LENGTH_WORD.fullmatch(value) or (name == "font-size" and value in _SIZE_WORDS):
        return True
    found = pixels(value)
    if found is None:
        return "(" in value and value.startswith(("calc(", "min(", "max(", "clamp(", "fit-content(", "env("))
    bare = value[-1] in ".0123456789" and name not in {"line-height", "zoom"}
    return not (found < 0 and name in _NOT_BELOW_NOTHING) and not (bare and abs(found) > 1)


def _is_number(_: str, value: str) -> bool:
    return all(pixels(word) is not None for word in value.split()) or value == "none"


def _is_colour(_: str, value: str) -> bool:
    return value == "currentcolor" or ink(value) is not None


def _is_functions(_: str, value: str) -> bool:
    return bool(_FUNCTIONS.fullmatch(value))


def _is_picture(_: str, value: str) -> bool:
    return value == "none" or "url(" in value or "gradient(" in value or "image" in value


def _of_font(value: str) -> Declarations:
    """A size, and behind it a name."""
    if value in _SYSTEM_FONTS:
        return {"font-size": "medium"}
    words = value.split()[:12]
    for word, after in zip(words, [*words[1:], ""], strict=True):
        size = word.partition("/")[0]
        if after and (size in _SIZE_WORDS or (pixels(size) is not None and not _is_weight(size))):
            return {"font-size": size}
    return {"font-size": value} if value == "0" else {}


def _is_weight(size: str) -> bool:
    return size.isdigit() and int(size[:9]) >= 1


def _of_ground(value: str) -> Declarations:
    if "url(" in value or "gradient(" in value or "image" in value:
        return {"background-image": "url(x)", "background-color": "transparent"}
    words = _words(value)
    inks = [word for word in words if ink(word) is not None]
    others = [word for word in words if ink(word) is None]
    if len(inks) > 1 or not all(_GROUND_WORD.fullmatch(word) or pixels(word) is not None for word in others):
        return {}
    return {"background-color": inks[0] if inks else "transparent", "background-image": "none"}


def _words(value: str) -> list[str]:
    """Words, of which one may have words in brackets."""
    words: list[str] = []
    for word in value[:500].split():
        if words and words[-1].count("(") > words[-1].count(")"):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _of_sides(names: tuple[str, str, str, str], value: str) -> Declarations:
    words = _words(value)
    if not 1 <= len(words) <= 4 or not all(_is_length("margin", word) for word in words):
        return {}
    top, right, bottom, left = (words * 4)[:4] if len(words) in {1, 2, 4} else (*words, words[1])
    return dict(zip(names, (top, right, bottom, left), strict=True))


def _of_overflow(value: str) -> Declarations:
    words = value.split()
    if len(words) not in {1, 2} or not all(_is_word("overflow-x", word) for word in words):
        return {}
    return {"overflow-x": words[0], "overflow-y": words[-1]}


def _of_margin(value: str) -> Declarations:
    return _of_sides(("margin-top", "margin-right", "margin-bottom", "margin-left"), value)


def _of_inset(value: str) -> Declarations:
    return _of_sides(("top", "right", "bottom", "left"), value)


_SHORTHANDS: dict[str, Callable[[str], Declarations]] = {
    "font": _of_font,
    "background": _of_ground,
    "overflow": _of_overflow,
    "margin": _of_margin,
    "inset": _of_inset,
}
# What decides whether a thing is seen; declarations of anything else are not kept.
_CHECKS: dict[str, Callable[[str, str], bool]] = {
    **dict.fromkeys(_WORDS, _is_word),
    **dict.fromkeys(_LENGTHS, _is_length),
    **dict.fromkeys(("opacity", "scale", "translate"), _is_number),
    **dict.fromkeys(("color", "background-color", "-webkit-text-fill-color"), _is_colour),
    **dict.fromkeys(("clip", "clip-path", "-webkit-clip-path", "transform", "-webkit-transform"), _is_functions),
    **dict.fromkeys(("filter", "-webkit-filter"), _is_functions),
    "background-image": _is_picture,
}
