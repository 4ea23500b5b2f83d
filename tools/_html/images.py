"""What stays of an image: its description, where that says something."""

from __future__ import annotations

import re

from tools._html.document import Open

LONGEST_ALT = 60

_FILE = re.compile(r"[\w\-. ()%@]{0,100}\.(?:png|gif|jpe?g|bmp|svg|webp|tiff?|ashx|aspx)$", re.IGNORECASE)
_GENERATED = re.compile(
    r"(?:Description automatically generated|AI-generated content may be incorrect).{0,80}$", re.IGNORECASE
)
_EMPTY_WORDS = frozenset(
    [
        "image",
        "img",
        "picture",
        "photo",
        "pic",
        "logo",
        "icon",
        "spacer",
        "pixel",
        "banner",
        "blank",
        "header",
        "footer",
        "divider",
        "line",
    ]
)
_SMALL = re.compile(r"\s{0,9}0{0,9}[0-3](?:px)?\s{0,9}$")
_SMALL_STYLE = re.compile(
    r"(?:^|[;\s])(?:max-)?(?:width|height)\s{0,9}:\s{0,9}[0-3](?:px)?\s{0,9}(?:!|;|$)", re.IGNORECASE
)


def image_text(opened: Open, *, is_link: bool) -> str:
    """`[image: what it shows]`; just `[image]` where a link has nothing else to be clicked on; empty for the rest."""
    if _is_pixel(opened):
        return ""
    alt = described(opened["alt"])
    if alt:
        return f"[image: {alt}]"
    return "[image]" if is_link else ""


def described(alt: str) -> str:
    """An image's description on one short line, without brackets; empty if it is a file name or says nothing."""
    words = _GENERATED.sub("", " ".join(alt[:1000].split())).strip(" .,:;-")
    if not any(each.isalnum() for each in words) or _FILE.match(words) or words.lower() in _EMPTY_WORDS:
        return ""
    plain = words.translate({ord("["): "(", ord("]"): ")", ord("<"): None, ord(">"): None})
    return plain if len(plain) <= LONGEST_ALT else plain[: LONGEST_ALT - 1].rstrip() + "…"


def _is_pixel(opened: Open) -> bool:
    return any(_SMALL.match(opened[side]) for side in ("width", "height")) or bool(
        _SMALL_STYLE.search(opened["style"][:1000])
    )
