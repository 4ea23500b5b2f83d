"""What every page shares: one layout, one style, and headers under which nothing foreign can load or frame it."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from typing import Literal

from starlette.responses import HTMLResponse

Kind = Literal["done", "stopped", "lost"]

_STYLE = """
:root { color-scheme: light dark; --back: #f4f5f7; --card: #fff; --ink: #1c2024; --soft: #5c646d; --line: #dfe3e8;
  --done: #0b7a43; --stopped: #b3261e; --lost: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --back: #111417; --card: #1a1e23; --ink: #e9ecef; --soft: #a3acb6;
  --line: #2e353d; --done: #4cc38a; --stopped: #ff8a80; --lost: #f0b952; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--back);
  color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { width: 100%; max-width: 32rem; padding: 2.5rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .9rem; }
svg { display: block; width: 3rem; height: 3rem; margin-bottom: 1.25rem; fill: none; stroke: currentColor;
  stroke-width: 2.5; stroke-linecap: round; stroke-linejoin: round; }
.done svg { color: var(--done); } .stopped svg { color: var(--stopped); } .lost svg { color: var(--lost); }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em; text-wrap: balance; }
p { margin: 0 0 .75rem; overflow-wrap: anywhere; }
p:last-child { margin-bottom: 0; }
.said { margin: 1.25rem 0; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .5rem;
  color: var(--soft); font-size: .9rem; }
.said p { white-space: pre-line; }
.said h2 { margin: 0 0 .25rem; font-size: .9rem; color: var(--ink); }
footer { margin-top: 1.75rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft);
  font-size: .85rem; }
@media (max-width: 30rem) { main { padding: 1.5rem; } }
@media (forced-colors: active) { main { border-color: CanvasText; } }
"""

_SIGNS: dict[Kind, str] = {
    "done": '<path d="m15 24.5 6.5 6.5L33.5 18"/>',
    "stopped": '<path d="m17.5 17.5 13 13m0-13-13 13"/>',
    "lost": '<path d="M24 14.5v12m0 6.5v.1"/>',
}

_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# The style is named by its digest, so that nothing that slips into a page can restyle it, run or load.
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# What only steers how other text is shown, invisible itself.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def page(kind: Kind, title: str, *parts: str, status: int = 200) -> HTMLResponse:
    """A whole page; `parts` are HTML already."""
    body = "\n".join(parts)
    html = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)} · Graphward</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f'<style>{_STYLE}</style>\n</head>\n<body>\n<main class="{kind}">\n'
        '<svg viewBox="0 0 48 48" aria-hidden="true" focusable="false"><circle cx="24" cy="24" r="21"/>'
        f"{_SIGNS[kind]}</svg>\n<h1>{escape(title)}</h1>\n{body}\n"
        "<footer>Graphward, on this computer</footer>\n</main>\n</body>\n</html>\n"
    )
    return HTMLResponse(html.encode(errors="replace"), status, HEADERS)  # half a surrogate pair has no bytes


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def foreign(text: str) -> str:
    """Text that others wrote: escaped, kept from turning what stands around it, without invisible characters."""
    return f"<bdi>{escape(_INVISIBLE.sub('', text))}</bdi>"
