"""How a sign-in ended."""

from __future__ import annotations

import re

from starlette.responses import HTMLResponse

from web.pages._layout import foreign, page, paragraph

# As long as codes and tokens are, and longer than any id in Entra's texts.
_LIKE_A_SECRET = re.compile(r"[A-Za-z0-9_.~-]{40,}")
_LONGEST = 1500


def signed_in(username: str) -> HTMLResponse:
    """The person is through; an empty name is left out."""
    who = f" as <strong>{foreign(username)}</strong>" if username else ""
    return page(
        "done",
        "You are signed in",
        f"<p>You are signed in{who}. You can close this page.</p>",
        paragraph("Go back to your assistant and carry on there."),
    )


def not_signed_in(reason: str, said: str = "") -> HTMLResponse:
    """What went wrong and what to do; `said` is Microsoft's own text about it."""
    return page(
        "stopped",
        "You are not signed in",
        paragraph(reason),
        _quoted(said),
        paragraph("You can close this page. To try again, go back to your assistant and ask for the same once more."),
        status=400,
    )


def _quoted(said: str) -> str:
    if not said.strip():
        return ""
    masked = _LIKE_A_SECRET.sub("…", said)
    shown = masked if len(masked) <= _LONGEST else f"{masked[:_LONGEST]}…"
    return f'<section class="said"><h2>What Microsoft says</h2><p>{foreign(shown)}</p></section>'
