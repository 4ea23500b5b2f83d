"""web/middleware/security_headers.py: what browsers are told about every answer."""

from __future__ import annotations

import pytest
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.web.middleware.edge import ask, hello, passes_other_scopes, scope_of
from web.middleware.security_headers import SecurityHeaders

POLICY = "default-src 'none'; frame-ancestors 'none'"


def tls(app: ASGIApp) -> SecurityHeaders:
    return SecurityHeaders(app, is_https=True)


def plain(app: ASGIApp) -> SecurityHeaders:
    return SecurityHeaders(app, is_https=False)


async def headers(app: ASGIApp = hello, *, is_https: bool = True) -> dict[str, str]:
    return (await ask(tls if is_https else plain, scope_of(), app)).headers


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("app", [pytest.param(hello, id="with headers"), pytest.param(bare, id="without any")])
async def test_every_answer_says_how_browsers_have_to_treat_it(app: ASGIApp) -> None:
    found = await headers(app)
    found.pop("content-type", None)
    assert found == {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "content-security-policy": POLICY,
        "cross-origin-resource-policy": "same-origin",
        "strict-transport-security": "max-age=31536000",
    }


async def test_only_over_https_browsers_are_told_to_stay_there() -> None:
    assert "strict-transport-security" not in await headers(is_https=False)


async def test_what_the_app_says_itself_stays() -> None:
    own = {"Cache-Control": "max-age=300", "Content-Security-Policy": "default-src 'self'", "Referrer-Policy": "origin"}
    found = await headers(HTMLResponse("<p>", headers=own))
    assert found.items() >= {name.lower(): value for name, value in own.items()}.items()
    assert found["x-content-type-options"] == "nosniff"


async def test_nobody_learns_what_serves() -> None:
    assert "server" not in await headers(Response(headers={"Server": "uvicorn"}))


async def test_other_scopes_pass_through() -> None:
    assert await passes_other_scopes(tls)
