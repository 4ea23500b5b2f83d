"""Where a mail program has marked in its HTML that earlier messages or a signature begin."""

from __future__ import annotations

import re
from enum import StrEnum

from tools._html.document import Open


class Mark(StrEnum):
    """A line that says what the lines after it are. It begins with a character that no other line can have."""

    HISTORY = "\0history"
    HISTORY_END = "\0history ends"
    HISTORY_BELOW = "\0history below"
    HEADERS = "\0headers"
    SIGNATURE = "\0signature"
    SIGNATURE_END = "\0signature ends"


# Marks of what ends with its element.
ENDS = {Mark.HISTORY: Mark.HISTORY_END, Mark.SIGNATURE: Mark.SIGNATURE_END}

# Outlook on the web puts `x_` before each id and class of a message that it quotes.
_PREFIX = re.compile(r"^(?:x_){1,50}")
_HISTORY_ID = re.compile(
    r"(?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|OLK_SRC_BODY_SECTION"
    r"|ms-outlook-mobile-reference-message|reply-intro|yahoo_quoted_\d+)$"
)
_HISTORY_CLASSES = frozenset(
    [
        "gmail_quote",
        "gmail_quote_container",
        "yahoo_quoted",
        "protonmail_quote",
        "tutanota_quote",
        "zmail_extra",
        "moz-cite-prefix",
        "moz-forward-container",
        "ms-outlook-mobile-reference-message",
    ]
)
# These only introduce what follows them; the others contain it.
_OPENERS = frozenset(
    {"divRplyFwdMsg", "appendonsend", "reply-intro", "moz-cite-prefix", "ms-outlook-mobile-reference-message"}
)
_SIGNATURE_IDS = frozenset(
    {"Signature", "ms-outlook-mobile-signature", "AppleMailSignature", "lineBreakAtBeginningOfSignature"}
)
_SIGNATURE_CLASSES = frozenset(
    {
        "gmail_signature",
        "moz-signature",
        "protonmail_signature_block",
        "ms-outlook-mobile-signature",
        "elementToProof-signature",
    }
)
_HEADER_LINE = re.compile(r"border-top:\s{0,3}(?:#\w{3,6}\s|solid\s|1(?:\.0)?p[tx]\s){1,3}", re.IGNORECASE)


def mark_of(opened: Open) -> Mark | None:
    """What an element marks, if anything."""
    name = _PREFIX.sub("", opened["id"])
    classes = {_PREFIX.sub("", each) for each in opened.classes[:20]}
    if name in _SIGNATURE_IDS or classes & _SIGNATURE_CLASSES:
        return Mark.SIGNATURE
    if _HISTORY_ID.match(name) or classes & _HISTORY_CLASSES:
        return Mark.HISTORY_BELOW if {name, *classes} & _OPENERS else Mark.HISTORY
    if opened.name == "blockquote" and opened["type"].lower() == "cite":
        return Mark.HISTORY
    if opened.name == "div" and _HEADER_LINE.search(opened["style"][:500]):
        return Mark.HEADERS
    return None
