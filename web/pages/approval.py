"""The question whether something may be done, and how it ended."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from typing import Literal, Protocol

from starlette.responses import HTMLResponse

from web.pages import _layout
from web.pages._layout import Kind, foreign, page, paragraph

Ending = Literal["approved", "declined", "late", "expired", "withdrawn", "failed"]

_OUTSIDE = "(outside)"
_MARK = '<strong class="outside">outside</strong>'
_LONGEST_LABEL = 80
_LONGEST_TITLE = 200
_LONGEST_VALUE = 2_000
_LONGEST_TEXT = 4_000
_MOST_LINES = 60
_MOST_ROWS = 200

_STYLE = """
dl { margin: 1.25rem 0; border-top: 1px solid var(--line); }
dl div { padding: .6rem 0; border-bottom: 1px solid var(--line); }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; }
dt, dd, .text p { overflow: hidden; overflow-wrap: anywhere; white-space: pre-line; }
.outside { display: inline-block; margin-left: .4rem; padding: 0 .45rem; border: 2px solid var(--stopped);
  border-radius: .35rem; color: var(--stopped); font-size: .8rem; text-transform: uppercase; letter-spacing: .04em; }
.warning { margin: 1.25rem 0; padding: .75rem 1rem; border: 2px solid var(--stopped); border-left-width: .6rem;
  border-radius: .5rem; }
.warning h2, .text h2 { margin: 0 0 .25rem; font-size: .9rem; }
.text { margin: 1.25rem 0; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .5rem; }
.text p { white-space: pre-wrap; }
.cut { color: var(--soft); font-weight: 600; }
form { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 1rem; }
button { flex: 1 1 8rem; min-height: 3rem; padding: .6rem 1rem; border: 2px solid var(--ink); border-radius: .5rem;
  background: transparent; color: var(--ink); font: inherit; font-weight: 600; cursor: pointer; }
button.yes { background: var(--ink); color: var(--card); }
button:focus-visible { outline: 3px solid var(--done); outline-offset: 2px; }
"""
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# One answer's headers serve all pages of this computer, so the policy that they share names this style too.
HEADERS = {
    **_layout.HEADERS,
    "Content-Security-Policy": _layout.HEADERS["Content-Security-Policy"].replace(
        "style-src", f"style-src 'sha256-{_STYLE_DIGEST}'", 1
    ),
}

_ENDINGS: dict[Ending, tuple[Kind, str, str, int]] = {
    "approved": ("done", "Approved", "You approved this.", 200),
    "declined": ("stopped", "Declined", "You declined this, so it is not done.", 200),
    "late": ("lost", "Too late", "Your answer came too late, so nothing is done because of it.", 410),
    "expired": ("lost", "This question has expired", "Nobody answered in time, so nothing is done.", 410),
    "withdrawn": (
        "lost",
        "This question was withdrawn",
        "It changed, or there is no need for it any more. Nothing is done because of it.",
        410,
    ),
    "failed": (
        "stopped",
        "Your answer could not be kept",
        "It is not known whether your answer counts. Look whether this was done before you ask for it again.",
        500,
    ),
}


class Question(Protocol):
    """What the person is asked. Plain text throughout; `(outside)` in a value stands out on the page."""

    @property
    def title(self) -> str: ...

    @property
    def lines(self) -> Sequence[tuple[str, str]]: ...

    @property
    def text(self) -> str: ...

    @property
    def warning(self) -> str: ...


def approval(question: Question, seen: str, minutes: int) -> HTMLResponse:
    """The question with its two buttons; `seen` comes back with the answer and shows that the page was loaded."""
    plain = page(
        "lost",
        question.title[:_LONGEST_TITLE],
        paragraph("An AI assistant wants to do this in your name. It happens only if you approve."),
        _warning(question.warning),
        _rows(question.lines),
        _text(question.text),
        _form(seen),
        paragraph(f"This can be answered once, within {_count(minutes, 'minute')}. To do nothing, close this page."),
    )
    head, _, rest = bytes(plain.body).partition(b"</head>")
    return HTMLResponse(head + f"<style>{_STYLE}</style>\n</head>".encode() + rest, headers=HEADERS)


def approval_ended(ending: Ending) -> HTMLResponse:
    """What came of the question: the link can be opened again, and never answered again."""
    kind, title, text, status = _ENDINGS[ending]
    back = "You can close this page and go back to your assistant."
    return page(kind, title, paragraph(text), paragraph(f"This link is used up. {back}"), status=status)


def approval_unread() -> HTMLResponse:
    """An answer that did not come from the page with the question."""
    return page(
        "stopped",
        "Nothing was decided",
        paragraph("This answer did not come from the page with the question."),
        paragraph("Open the link once more, read the question, and press a button there."),
        status=400,
    )


def _warning(text: str) -> str:
    if not text.strip():
        return ""
    return f'<section class="warning"><h2>Careful</h2><p>{_value(text)}</p></section>'


def _rows(lines: Sequence[tuple[str, str]]) -> str:
    if not lines:
        return ""
    rows = [
        f"<div><dt>{foreign(label[:_LONGEST_LABEL])}</dt><dd>{_value(value)}</dd></div>"
        for label, value in lines[:_MOST_ROWS]
    ]
    left = lines[_MOST_ROWS:]
    note = _note(len(left), "row", has_outside=any(_OUTSIDE in value for _, value in left))
    return f"<dl>{''.join(rows)}</dl>{note and f'<p>{note}</p>'}"


def _value(text: str) -> str:
    """A value with its marks. What is cut off is said, and whether a mark was in it."""
    shown = text[:_LONGEST_VALUE]
    pieces = _MARK.join(foreign(piece.strip(" ")) if piece.strip() else "" for piece in shown.split(_OUTSIDE))
    has_outside = text.count(_OUTSIDE) > shown.count(_OUTSIDE)
    return pieces + _note(len(text) - len(shown), "character", has_outside=has_outside)


def _text(text: str) -> str:
    if not text.strip():
        return ""
    shown = "\n".join(text.split("\n", _MOST_LINES)[:_MOST_LINES])[:_LONGEST_TEXT]
    note = _note(len(text) - len(shown), "character")
    return f'<section class="text"><h2>Text</h2><p>{foreign(shown)}</p>{note and f"<p>{note}</p>"}</section>'


def _note(left: int, what: str, *, has_outside: bool = False) -> str:
    if left <= 0:
        return ""
    return f' <span class="cut">… {_count(left, f"more {what}")} not shown</span>{_MARK if has_outside else ""}'


def _form(seen: str) -> str:
    # To decline comes first: that is what a browser presses where it has to choose by itself.
    return (
        f'<form method="post" autocomplete="off"><input type="hidden" name="seen" value="{escape(seen)}">'
        '<button name="choice" value="decline">Decline</button>'
        '<button class="yes" name="choice" value="approve">Approve</button></form>'
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
