"""web/middleware/cors.py: which pages may call from a browser, and what a preflight says to the others."""

from __future__ import annotations

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.web.middleware.edge import HOST, Answer, ask, hello, passes_other_scopes, scope_of
from web.middleware.cors import Cors

APP = "https://app.contoso.com"
OTHERS = [
    pytest.param("https://evil.example", id="another site"),
    pytest.param("https://app.contoso.com.evil.example", id="a look-alike"),
    pytest.param("http://app.contoso.com", id="without TLS"),
    pytest.param("https://app.contoso.com:444", id="another port"),
    pytest.param("null", id="a sandboxed page"),
    pytest.param("*", id="a star"),
    pytest.param("", id="empty"),
]
FIXED = "Authorization, Content-Type, Accept, Last-Event-ID, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name"


def listed(app: ASGIApp) -> Cors:
    return Cors(app, origins=[APP, "http://localhost:6274"])


def nobody(app: ASGIApp) -> Cors:
    return Cors(app, origins=[])


async def asked(origin: str | None, app: ASGIApp = hello) -> Answer:
    fields = [HOST] if origin is None else [HOST, ("origin", origin)]
    return await ask(listed, scope_of(fields=fields), app)


async def preflight(origin: str, *asks: str, method: str = "POST", target: str = "/mcp") -> Answer:
    fields = [HOST, ("origin", origin), ("access-control-request-method", method)]
    headers = [("access-control-request-headers", each) for each in asks]
    return await ask(listed, scope_of("OPTIONS", target, [*fields, *headers]))


def granted(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


async def test_a_page_of_a_listed_site_reads_the_answer() -> None:
    answer = await asked(APP)
    assert answer.headers["vary"] == "Origin"
    assert granted(answer) == {
        "access-control-allow-origin": APP,
        "access-control-expose-headers": "WWW-Authenticate, Mcp-Session-Id, X-Request-ID, Retry-After",
    }


@pytest.mark.parametrize("origin", [pytest.param(None, id="no page"), *OTHERS])
async def test_nobody_else_does(origin: str | None) -> None:
    answer = await asked(origin)
    assert answer.status == 200
    assert granted(answer) == {}
    assert answer.headers["vary"] == "Origin"


async def test_with_an_empty_list_there_is_nobody() -> None:
    for origin in (APP, "null", ""):
        assert granted(await ask(nobody, scope_of(fields=[HOST, ("origin", origin)]))) == {}


@pytest.mark.parametrize("origin", [pytest.param(APP, id="listed"), pytest.param("https://evil.example", id="not")])
async def test_the_app_cannot_open_it_further(origin: str) -> None:
    told = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "*",
        "Vary": "Accept",
    }
    answer = await asked(origin, Response(headers=told))
    assert answer.headers["vary"] == "Accept, Origin"
    assert "*" not in granted(answer).values()
    assert "access-control-allow-credentials" not in granted(answer)


async def test_an_app_without_headers_is_marked_too() -> None:
    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    assert (await asked(APP, bare)).headers["access-control-allow-origin"] == APP


async def test_a_refusal_by_the_app_is_readable_too() -> None:
    answer = await asked(APP, Response(status_code=401, headers={"WWW-Authenticate": "Bearer"}))
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (401, APP)


@pytest.mark.parametrize("target", [pytest.param("/mcp", id="the endpoint"), pytest.param("/x", id="anywhere")])
async def test_a_preflight_is_answered_before_anybody_has_to_show_anything(target: str) -> None:
    answer = await preflight(APP, "authorization,content-type", target=target)
    assert (answer.status, answer.body, answer.seen) == (204, b"", None)
    assert answer.headers == {
        "access-control-allow-origin": APP,
        "access-control-allow-methods": "GET, POST, DELETE",
        "access-control-allow-headers": FIXED,
        "access-control-max-age": "600",
        "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }


@pytest.mark.parametrize("origin", OTHERS)
async def test_a_preflight_of_another_site_is_refused_and_told_nothing(origin: str) -> None:
    answer = await preflight(origin, "authorization")
    assert (answer.status, answer.seen, answer.reason) == (403, None, "origin")
    assert granted(answer) == {}
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    ("asks", "more"),
    [
        pytest.param(["Mcp-Param-Mailbox, mcp-param-to"], ["mcp-param-mailbox", "mcp-param-to"], id="two"),
        pytest.param(["mcp-param-a", "mcp-param-b,mcp-param-a"], ["mcp-param-a", "mcp-param-b"], id="in two lines"),
        pytest.param(["x-evil, cookie, mcp-param-a"], ["mcp-param-a"], id="others"),
        pytest.param(["mcp-param-", "mcp-param-a b", "mcp-param-*", "xmcp-param-a"], [], id="look-alikes"),
        pytest.param(["mcp-param-a\r\nset-cookie: b", "mcp-param-\u00e4"], [], id="what no header is called"),
        pytest.param(["mcp-param-" + "a" * 65], [], id="an endless one"),
        pytest.param(["*"], [], id="a star"),
        pytest.param([""], [], id="nothing"),
    ],
)
async def test_only_headers_of_arguments_are_allowed_as_asked(asks: list[str], more: list[str]) -> None:
    allowed = (await preflight(APP, *asks)).headers["access-control-allow-headers"]
    assert allowed == ", ".join([FIXED, *more])


async def test_not_endlessly_many_are() -> None:
    asks = ",".join(f"mcp-param-{number}" for number in range(1000))
    assert (await preflight(APP, asks)).headers["access-control-allow-headers"].count("mcp-param-") == 32


async def test_other_methods_are_not_allowed() -> None:
    assert (await preflight(APP, method="PUT")).headers["access-control-allow-methods"] == "GET, POST, DELETE"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([("origin", APP)], id="no method is asked for"),
        pytest.param([("access-control-request-method", "POST")], id="no page asks"),
    ],
)
async def test_options_that_are_no_preflight_are_left_to_the_app(fields: list[tuple[str, str]]) -> None:
    answer = await ask(listed, scope_of("OPTIONS", fields=[HOST, *fields]))
    assert answer.seen is not None


async def test_other_scopes_pass_through() -> None:
    assert await passes_other_scopes(listed)
