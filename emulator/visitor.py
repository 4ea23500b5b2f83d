"""A person at the sign-in page: what their browser sends when they choose themselves and accept."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from emulator.tenant import Person

# A sign-in has one page for each extra step; one that never ends is a fault of the pages.
_MOST_PAGES = 8


class SignInStopped(Exception):
    """Entra showed a page that leads nowhere, instead of going back to the application; the text says why."""


def sign_in_at(browser: httpx.Client, link: str, person: Person, *, willing: bool = True) -> dict[str, str]:
    """Sign in at an authorization link; returns what the application is handed, a form's fields or a query's.

    The person takes every extra step, such as a second factor, unless they are not `willing`: then they cancel.
    """
    address, _, query = link.partition("?")
    fields = dict(parse_qsl(query, keep_blank_values=True)) | {"person": person.id, "decision": "accept"}
    for _ in range(_MOST_PAGES):
        answer = browser.post(address, data=fields, follow_redirects=False)
        if answer.is_redirect:
            return _handed_over(answer.headers["location"])
        page = _Page(answer.text)
        if not page.is_step:
            return page.fields_for_the_app()
        address = urljoin(address, page.action)
        fields = page.fields | {"decision": "accept" if willing else "cancel"}
    raise SignInStopped("The sign-in asks for one step after another and never ends.")


def _handed_over(location: str) -> dict[str, str]:
    parts = urlsplit(location)
    return dict(parse_qsl(parts.fragment or parts.query, keep_blank_values=True))


class _Page(HTMLParser):
    """A page as a browser without scripts has it: its form, the fields it carries unseen, and what is wrong."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.action = ""
        self.trouble = ""
        self._is_in_trouble = False
        self.feed(html)

    @property
    def is_step(self) -> bool:
        """Whether the page asks the person for one more thing."""
        return "proofs" in self.fields

    def fields_for_the_app(self) -> dict[str, str]:
        """The fields of the form that leads back to the application, if the page has one."""
        if urlsplit(self.action).scheme:
            return self.fields
        raise SignInStopped(self.trouble or "The sign-in ended on a page that does not lead back to the application.")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.action = found.get("action") or ""
        elif tag == "input" and found.get("type") == "hidden":
            self.fields[found.get("name") or ""] = found.get("value") or ""
        elif tag == "p":
            self._is_in_trouble = found.get("class") == "problem"

    def handle_data(self, data: str) -> None:
        if self._is_in_trouble:
            self.trouble += data

    def handle_endtag(self, tag: str) -> None:
        self._is_in_trouble = self._is_in_trouble and tag != "p"
