"""The pages that people see: plain HTML without scripts, under a strict content policy, everything escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from emulator.entra.errors import EntraError, Trace
from emulator.tenant import Person

_STYLE = """
:root { color-scheme: light dark; --line: #8a8886; --accent: #0f5ea8; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
fieldset { border: 1px solid var(--line); padding: 0; }
legend { margin-left: .75rem; padding: 0 .25rem; font-weight: 600; }
.people { max-height: 22rem; overflow-y: auto; }
.people label { display: grid; grid-template-columns: 2rem 1fr; padding: .5rem .75rem; border-top: 1px solid #8884; }
.people label:first-child { border-top: 0; }
.people span { grid-column: 2; overflow-wrap: anywhere; }
.people .name { font-weight: 600; }
.people input { grid-column: 1; grid-row: 1 / span 3; align-self: center; }
input[type=search], input[type=text] { font: inherit; padding: .4rem; width: 14rem; max-width: 100%; }
button { font: inherit; padding: .4rem 1.2rem; margin: .75rem .5rem .75rem 0; border: 1px solid var(--line); }
button.main { background: var(--accent); border-color: var(--accent); color: #fff; }
.problem { border-left: 4px solid #c50f1f; padding-left: .75rem; overflow-wrap: anywhere; }
footer { margin-top: 2rem; font-size: .85rem; border-top: 1px solid #8884; }
"""
_SUBMIT = "document.forms[0].submit()"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# The policy names these two texts by their digests, so nothing that slips into a page can run or restyle it.
_STYLE_SOURCE = _digest(_STYLE)
_SCRIPT_SOURCE = _digest(_SUBMIT)


def page(title: str, body: str, *, status: int = 200, form_target: str = "", scripted: bool = False) -> Response:
    """A whole page. `form_target` is where its form, or the redirect that answers it, may lead besides here."""
    script_source = _SCRIPT_SOURCE if scripted else "'none'"
    policy = (
        f"default-src 'none'; style-src {_STYLE_SOURCE}; script-src {script_source}; "
        f"form-action 'self'{_source(form_target)}; base-uri 'none'; frame-ancestors 'none'"
    )
    html = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n"
        "<footer><p>A demo directory: nobody here is real, so no password is asked.</p></footer>\n</body>\n</html>\n"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return HTMLResponse(html, status, headers)


def hidden(fields: Mapping[str, str]) -> str:
    """Fields that a form carries along."""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n' for name, value in fields.items()
    )


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>\n"


def problem(text: str) -> str:
    """A paragraph that says what went wrong; nothing when nothing did."""
    return f'<p class="problem" role="alert">{escape(text)}</p>\n' if text else ""


def asked_permissions(app_name: str, names: Iterable[str]) -> str:
    """What an application wants to do."""
    items = "".join(f"<li><code>{escape(name)}</code></li>" for name in names)
    return f"<p><strong>{escape(app_name)}</strong> asks for:</p>\n<ul>{items}</ul>\n"


def people_form(
    action: str, people: Iterable[Person], carried: Mapping[str, str], *, chosen: str = "", search: str = ""
) -> str:
    """The form in which a person says who they are; it searches, continues and cancels without scripts."""
    found = [person for person in people if _matches(person, search)]
    rows = "".join(_row(person, is_chosen=person.id == chosen) for person in found)
    # Find comes first because it is what the Enter key presses.
    return (
        f'<form method="post" action="{escape(action)}">\n{hidden(carried)}'
        f'<p role="search"><label for="search">Find a person</label><br>\n'
        f'<input type="search" id="search" name="search" value="{escape(search)}" autocomplete="off">\n'
        '<button name="decision" value="search" formnovalidate>Find</button></p>\n'
        f'<fieldset>\n<legend>Who is signing in?</legend>\n<div class="people">\n{rows or _NOBODY}</div>\n</fieldset>\n'
        '<button class="main" name="decision" value="accept">Accept and continue</button>\n'
        '<button name="decision" value="cancel" formnovalidate>Cancel</button>\n</form>'
    )


_NOBODY = "<p>Nobody by that name.</p>\n"


def _matches(person: Person, search: str) -> bool:
    details = (person.display_name, person.job_title or "", person.user_principal_name)
    return all(word in " ".join(details).lower() for word in search.lower().split())


def _row(person: Person, *, is_chosen: bool) -> str:
    details = (("name", person.display_name), ("title", person.job_title), ("upn", person.user_principal_name))
    shown = "".join(f'<span class="{css}">{escape(text)}</span>' for css, text in details if text)
    checked = " checked" if is_chosen else ""
    return f'<label><input type="radio" name="person" value="{escape(person.id)}" required{checked}>{shown}</label>\n'


def step_form(action: str, carried: Mapping[str, str], text: str, button: str) -> str:
    """One more thing that a person has to do before they are signed in."""
    return (
        f'{paragraph(text)}<form method="post" action="{escape(action)}">\n{hidden(carried)}'
        f'<button class="main" name="decision" value="accept">{escape(button)}</button>\n'
        '<button name="decision" value="cancel" formnovalidate>Cancel</button>\n</form>'
    )


def code_form(user_code: str, trouble: str = "") -> Response:
    """Where a person types the code that a device shows."""
    body = (
        f"{problem(trouble)}"
        '<form method="post" action="devicelogin">\n<p><label for="user_code">Code</label><br>\n'
        f'<input type="text" id="user_code" name="user_code" value="{escape(user_code)}" required maxlength="20" '
        'autocomplete="off" autocapitalize="characters" spellcheck="false"></p>\n'
        '<button class="main">Next</button>\n</form>'
    )
    return page("Enter the code that your app or device shows", body, status=400 if trouble else 200)


def handover(target: str, fields: Mapping[str, str]) -> Response:
    """form_post: a form that sends itself, or is sent by hand where scripts are off."""
    body = (
        f'<form method="post" action="{escape(target)}">\n{hidden(fields)}'
        f'<button class="main">Continue</button>\n</form>\n<script>{_SUBMIT}</script>'
    )
    return page("Back to your application", body, form_target=target, scripted=True)


def refusal(error: EntraError, trace: Trace) -> Response:
    """An error that is shown, because there is nowhere safe to send it."""
    details = (
        ("Request Id", trace.trace_id),
        ("Correlation Id", trace.correlation_id),
        ("Timestamp", trace.timestamp),
    )
    facts = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in details)
    return page("This sign-in cannot go on", f"{problem(str(error))}<dl>{facts}</dl>", status=400)


def _source(target: str) -> str:
    """The content policy's name for where a form may lead."""
    # Browsers hold redirects that follow a form to form-action as well, so the app's address must be in it.
    parts = urlsplit(target)
    if not parts.scheme:
        return ""
    return f" {parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f" {parts.scheme}:"
