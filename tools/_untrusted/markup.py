"""Tags and comments in text that is not HTML: known ones dropped, all others broken up where one can see it."""

from __future__ import annotations

import re
from collections.abc import Callable

from tools._untrusted.shelf import Shelf

_COMMENTS = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}
_OPENED = re.compile(r"<!--|<!\[CDATA\[|<\?")

# Each alternative ends before the next `<`, so the whole is read once.
_ANGLE = re.compile(
    r"<(?P<mail>[\w.+'-]{1,64}@[\w.-]{1,253})>"
    r"|<(?P<auto>[A-Za-z][A-Za-z0-9+.-]{1,31}:(?!:)[^\s<>\ue000-\ue002]*)>"
    r"|<(?P<tag>[/!]?[A-Za-z][^<>]*)>"
)
_TAG_NAME = re.compile(r"[/!]?([A-Za-z][A-Za-z0-9]*)(?=[\s/]|$)")
_ATTRIBUTE = r"""(?:^|[\s/"'])%s\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))"""
_ALT = re.compile(_ATTRIBUTE % "alt", re.IGNORECASE)
_HREF = re.compile(_ATTRIBUTE % "href", re.IGNORECASE)

_ENDS_A_LINE = "br hr /p /div /tr /li /ul /ol /table /blockquote /h1 /h2 /h3 /h4 /h5 /h6"
_ENDING_A_LINE = frozenset(_ENDS_A_LINE.split())

_NAMES = """
a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br
button canvas caption center cite code col colgroup datalist dd del details dfn dialog dir div dl doctype dt em embed
fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe
image img input ins isindex kbd keygen label legend li link main map mark marquee math menu meta meter nav nobr
noembed noframes noscript object ol optgroup option output p param picture plaintext pre progress q rp rt ruby s
samp script section select slot small source span strike strong style sub summary sup svg table tbody td template
textarea tfoot th thead time title tr track tt u ul var video wbr xmp
"""
_ELEMENTS = frozenset(_NAMES.split())

_LONGEST_ALT = 60
_ALT_READ = 1_000
_NO_WORDS = re.compile(r"[\[\]<>]")


def without_comments(text: str) -> str:
    """The text without comments, CDATA sections and processing instructions; of an unclosed one only the mark goes."""
    kept, at, last = [], 0, dict.fromkeys(_COMMENTS.values(), 0)
    while opened := _OPENED.search(text, at):
        kept.append(text[at : opened.start()])
        at, closing = opened.end(), _COMMENTS[opened[0]]
        # Where no end was found once there is none further on: looking again would take time without bound.
        end = -1 if last[closing] < 0 else text.find(closing, at)
        last[closing] = end
        at = end + len(closing) if end >= 0 else at
    kept.append(text[at:])
    return "".join(kept)


def without_tags(text: str, shelf: Shelf) -> str:
    """The text with images as words, addresses in angle brackets as links, and no HTML element."""
    return _ANGLE.sub(_judged(shelf), text)


def image(alt: str) -> str:
    """What stands for an image: its description, in words that cannot open a link."""
    words = " ".join(_NO_WORDS.sub(" ", alt[:_ALT_READ]).split())
    words = words if len(words) <= _LONGEST_ALT else f"{words[: _LONGEST_ALT - 1].rstrip()}…"
    return f"[image: {words}]" if words else "[image]"


def _judged(shelf: Shelf) -> Callable[[re.Match[str]], str]:
    def judged(found: re.Match[str]) -> str:
        if found["mail"]:
            return shelf.address(found[0])
        return shelf.link(found["auto"]) if found["auto"] else _tag(found["tag"], shelf)

    return judged


def _tag(inside: str, shelf: Shelf) -> str:
    named = _TAG_NAME.match(inside)
    name = named[1].lower() if named else ""
    if name not in _ELEMENTS:
        return f"< {inside}>"
    if name in {"img", "image"}:
        return "" if inside[0] == "/" else image(shelf.without_places(_value(_ALT, inside)))
    if name == "a" and (url := _value(_HREF, inside)):
        return f"{shelf.link(url)} "
    return "\n" if f"{'/' * (inside[0] == '/')}{name}" in _ENDING_A_LINE else ""


def _value(attribute: re.Pattern[str], inside: str) -> str:
    found = attribute.search(inside)
    return next((value for value in found.groups() if value), "") if found else ""
