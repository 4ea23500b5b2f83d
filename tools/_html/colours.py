"""The colours of CSS, and which of them cannot be told from the ground they stand on."""

from __future__ import annotations

import colorsys
import math
import re
from dataclasses import dataclass
from functools import lru_cache

from tools._html.lengths import number_of

# Red, green and blue, 0 to 255.
Colour = tuple[int, int, int]

_ALIKE = 10
# Pale yellow on white differs by more than that, and is no more to be read.
_NEAR = 60
_LEAST_CONTRAST = 1.15

_TABLE = (
    "aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff beige f5f5dc bisque ffe4c4 "
    "black 000000 blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 brown a52a2a burlywood deb887 cadetblue 5f9ea0 "
    "chartreuse 7fff00 chocolate d2691e coral ff7f50 cornflowerblue 6495ed cornsilk fff8dc crimson dc143c cyan 00ffff "
    "darkblue 00008b darkcyan 008b8b darkgoldenrod b8860b darkgray a9a9a9 darkgreen 006400 darkgrey a9a9a9 "
    "darkkhaki bdb76b darkmagenta 8b008b darkolivegreen 556b2f darkorange ff8c00 darkorchid 9932cc darkred 8b0000 "
    "darksalmon e9967a darkseagreen 8fbc8f darkslateblue 483d8b darkslategray 2f4f4f darkslategrey 2f4f4f "
    "darkturquoise 00ced1 darkviolet 9400d3 deeppink ff1493 deepskyblue 00bfff dimgray 696969 dimgrey 696969 "
    "dodgerblue 1e90ff firebrick b22222 floralwhite fffaf0 forestgreen 228b22 fuchsia ff00ff gainsboro dcdcdc "
    "ghostwhite f8f8ff gold ffd700 goldenrod daa520 gray 808080 green 008000 greenyellow adff2f grey 808080 "
    "honeydew f0fff0 hotpink ff69b4 indianred cd5c5c indigo 4b0082 ivory fffff0 khaki f0e68c lavender e6e6fa "
    "lavenderblush fff0f5 lawngreen 7cfc00 lemonchiffon fffacd lightblue add8e6 lightcoral f08080 lightcyan e0ffff "
    "lightgoldenrodyellow fafad2 lightgray d3d3d3 lightgreen 90ee90 lightgrey d3d3d3 lightpink ffb6c1 "
    "lightsalmon ffa07a lightseagreen 20b2aa lightskyblue 87cefa lightslategray 778899 lightslategrey 778899 "
    "lightsteelblue b0c4de lightyellow ffffe0 lime 00ff00 limegreen 32cd32 linen faf0e6 magenta ff00ff maroon 800000 "
    "mediumaquamarine 66cdaa mediumblue 0000cd mediumorchid ba55d3 mediumpurple 9370db mediumseagreen 3cb371 "
    "mediumslateblue 7b68ee mediumspringgreen 00fa9a mediumturquoise 48d1cc mediumvioletred c71585 "
    "midnightblue 191970 mintcream f5fffa mistyrose ffe4e1 moccasin ffe4b5 navajowhite ffdead navy 000080 "
    "oldlace fdf5e6 olive 808000 olivedrab 6b8e23 orange ffa500 orangered ff4500 orchid da70d6 palegoldenrod eee8aa "
    "palegreen 98fb98 paleturquoise afeeee palevioletred db7093 papayawhip ffefd5 peachpuff ffdab9 peru cd853f "
    "pink ffc0cb plum dda0dd powderblue b0e0e6 purple 800080 rebeccapurple 663399 red ff0000 rosybrown bc8f8f "
    "royalblue 4169e1 saddlebrown 8b4513 salmon fa8072 sandybrown f4a460 seagreen 2e8b57 seashell fff5ee sienna a0522d "
    "silver c0c0c0 skyblue 87ceeb slateblue 6a5acd slategray 708090 slategrey 708090 snow fffafa springgreen 00ff7f "
    "steelblue 4682b4 tan d2b48c teal 008080 thistle d8bfd8 tomato ff6347 turquoise 40e0d0 violet ee82ee wheat f5deb3 "
    "white ffffff whitesmoke f5f5f5 yellow ffff00 yellowgreen 9acd32 "
    "canvas ffffff window ffffff field ffffff buttonface f0f0f0 canvastext 000000 windowtext 000000 fieldtext 000000 "
    "buttontext 000000 infotext 000000 menutext 000000 linktext 0000ee"
)
_NAMED: dict[str, Colour] = {
    name: (int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16))
    for name, code in re.findall(r"([a-z]+) ([0-9a-f]{6})", _TABLE)
}
_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_BARE_HEX = re.compile(r"[0-9a-f]{6}")
_FUNCTION = re.compile(r"(rgba?|hsla?|hwb|lab|lch|oklab|oklch)\(([^()]{1,120})\)")
_TURN = {"deg": 360.0, "grad": 400.0, "turn": 1.0, "rad": 6.283185, "": 360.0}


@dataclass(frozen=True, slots=True)
class Ink:
    """A colour and how much of it there is. One that cannot be told is None."""

    colour: Colour | None
    alpha: float = 1.0

    def on(self, ground: Colour | None) -> Colour | None:
        """The colour that is seen."""
        if self.colour is None or ground is None or self.alpha >= 1:
            return self.colour
        red, green, blue = (
            round(under + (over - under) * self.alpha) for over, under in zip(self.colour, ground, strict=True)
        )
        return red, green, blue


CLEAR = Ink((0, 0, 0), 0.0)
UNTOLD = Ink(None)


def ink(value: str) -> Ink | None:
    """What a value names; None if it is no colour at all."""
    value = value.strip()
    if value == "transparent":
        return CLEAR
    if value in _NAMED:
        return Ink(_NAMED[value])
    if _HEX.fullmatch(value):
        return _from_digits(value[1:])
    found = _FUNCTION.fullmatch(value)
    if found:
        return _from_function(found[1], found[2])
    return UNTOLD if value.startswith(("color(", "color-mix(", "light-dark(", "var(", "env(")) else None


def colour(value: str) -> Colour | None:
    """The colour of an attribute, where the sign before its digits may be missing."""
    value = value.strip()
    found = ink(f"#{value}" if _BARE_HEX.fullmatch(value) else value)
    return found.colour if found else None


def _from_digits(digits: str) -> Ink:
    if len(digits) < 6:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, alpha = (int(digits[at : at + 2] or "ff", 16) for at in (0, 2, 4, 6))
    return Ink((red, green, blue), alpha / 255)


def _from_function(name: str, arguments: str) -> Ink | None:
    words = arguments.replace(",", " ").replace("/", " ").split()
    alpha = _share(words.pop(), 1.0) if len(words) == 4 else 1.0
    if len(words) != 3 or alpha is None:
        return None
    seen: tuple[Colour | None] | None
    if name.startswith("rgb"):
        seen = _of_three(*(_share(word, 255.0) for word in words))
    elif name.startswith("h"):
        seen = _of_hue(name, words)
    else:
        seen = _of_lightness(name, words[0])
    return None if seen is None else Ink(seen[0], alpha)


def _share(word: str, whole: float) -> float | None:
    """A part of the whole, from a number of that size or from a percentage."""
    if word == "none":
        return 0.0
    found = number_of(word)
    if found is None or found[1] not in {"", "%"}:
        return None
    return min(max(found[0] / (100 if found[1] else whole), 0.0), 1.0)


def _of_three(red: float | None, green: float | None, blue: float | None) -> tuple[Colour | None] | None:
    if red is None or green is None or blue is None:
        return None
    return ((round(red * 255), round(green * 255), round(blue * 255)),)


def _of_hue(name: str, words: list[str]) -> tuple[Colour | None] | None:
    turned = number_of("0" if words[0] == "none" else words[0])
    second, third = _share(words[1], 100.0), _share(words[2], 100.0)
    if turned is None or turned[1] not in _TURN or second is None or third is None:
        return None
    hue = turned[0] / _TURN[turned[1]] % 1
    if name != "hwb":
        return _of_three(*colorsys.hls_to_rgb(hue, third, second))
    if second + third >= 1:
        return _of_three(*[second / (second + third)] * 3)
    parts = [each * (1 - second - third) + second for each in colorsys.hls_to_rgb(hue, 0.5, 1.0)]
    return _of_three(*parts)


def _of_lightness(name: str, word: str) -> tuple[Colour | None] | None:
    """Of these only black and white are told."""
    light = _share(word, 1.0 if name.startswith("ok") else 100.0)
    if light is None:
        return None
    if light >= 0.97:
        return ((255, 255, 255),)
    return ((0, 0, 0),) if light <= 0.03 else (None,)


@lru_cache(maxsize=512)
def is_lost(ink: Colour, ground: Colour) -> bool:
    """Whether nobody reads one colour on the other."""
    apart = max(abs(one - other) for one, other in zip(ink, ground, strict=True))
    if apart <= _ALIKE or apart > _NEAR:
        return apart <= _ALIKE
    dark, light = sorted((_luminance(ink), _luminance(ground)))
    return (light + 0.05) / (dark + 0.05) < _LEAST_CONTRAST


def _luminance(seen: Colour) -> float:
    red, green, blue = (math.pow(part / 255, 2.2) for part in seen)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
