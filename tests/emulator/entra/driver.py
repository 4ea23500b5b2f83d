"""What the Entra tests share: a clock that is moved by hand, a browser without scripts, MSAL's way in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Protocol
from urllib.parse import parse_qsl, urljoin, urlsplit

from starlette.testclient import TestClient

LOGIN = "https://login.microsoftonline.com"
TENANT_ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
AUTHORITY = f"{LOGIN}/{TENANT_ID}"
SECRET_APP = "11111111-2222-4333-8444-555555555555"
CERTIFICATE_APP = "66666666-7777-4888-8999-aaaaaaaaaaaa"
NARROW_APP = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"
SECRET = "a demo secret + with/odd:characters%"
WEB_REDIRECT = "https://app.lindenhall.example/callback?from=entra"


class Answer(Protocol):
    """The part of an HTTP response that these tests look at."""

    @property
    def status_code(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def json(self) -> Any: ...


class Clock:
    """A clock that starts at the real time, which MSAL reads, and moves only when told to."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def move(self, *, seconds: float = 0, days: float = 0) -> None:
        self.now += seconds + days * 86_400


@dataclass
class Page(HTMLParser):
    """A page as a browser without scripts has it: its form, its choices and its text."""

    html: str
    url: str
    action: str | None = None
    method: str = "get"
    hidden: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)
    chosen: str | None = None
    tags: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action, self.method = given["action"], given["method"]
        if tag == "input":
            self._note_input(given)

    def _note_input(self, given: dict[str, str]) -> None:
        if given["type"] == "hidden":
            self.hidden[given["name"]] = given["value"]
        elif given["type"] == "radio":
            self.people.append(given["value"])
            self.chosen = given["value"] if "checked" in given else self.chosen
        else:
            self.inputs[given["name"]] = given["value"]

    def handle_data(self, data: str) -> None:
        self.text += data


class Browser:
    """Opens pages and posts their forms; it keeps cookies, runs no script and follows no redirect."""

    def __init__(self, client: TestClient) -> None:
        self._client = client

    def open(self, url: str) -> Page:
        return Page(self.answer(url).text, url)

    def answer(self, url: str) -> Answer:
        return self._client.get(url)

    def submit(self, page: Page, **filled: str) -> Answer:
        assert page.action is not None
        assert page.method == "post"
        return self._client.post(urljoin(page.url, page.action), data={**page.hidden, **filled})

    def submitted(self, page: Page, **filled: str) -> Page:
        return Page(self.submit(page, **filled).text, page.url)


class MsalHttp:
    """An http_client for MSAL that reaches the emulator under Microsoft's real address, and nothing else."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self.posts = 0

    def get(self, url: str, **options: Any) -> Answer:
        assert url.startswith(f"{LOGIN}/")
        return self._client.get(url, **options)

    def post(self, url: str, data: Mapping[str, Any], **options: Any) -> Answer:
        """Send a form; MSAL has bytes among its values, which requests would decode and httpx would not."""
        assert url.startswith(f"{LOGIN}/")
        self.posts += 1
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in data.items()}
        return self._client.post(url, data=form, **options)

    def close(self) -> None:
        """The client belongs to the test."""


def location(answer: Answer) -> dict[str, str]:
    """The parameters with which a redirect leads back to the application."""
    assert answer.status_code == 302
    parts = urlsplit(answer.headers["location"])
    return dict(parse_qsl(parts.fragment or parts.query))


def aadsts(answer: Answer) -> int:
    """The number of the error in a JSON answer, after checking that the parts of the body agree."""
    body = answer.json()
    (code,) = body["error_codes"]
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    return int(code)
