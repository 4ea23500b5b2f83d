"""A person at the sign-in page: what their browser sends when they choose themselves and accept."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qsl

import httpx

from emulator.tenant import Person


def sign_in_at(browser: httpx.Client, link: str, person: Person) -> dict[str, str]:
    """Accept at an authorization link that wants a form_post; returns what the form hands to the application."""
    page, _, query = link.partition("?")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    answer = browser.post(page, data=asked | {"person": person.id, "decision": "accept"})
    form = _HiddenFields()
    form.feed(answer.text)
    return form.fields


class _HiddenFields(HTMLParser):
    """The fields that a page carries without showing them."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.fields[found.get("name") or ""] = found.get("value") or ""
