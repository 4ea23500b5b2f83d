"""web/middleware/loopback.py: only what was addressed to this machine is answered."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from web import LoopbackOnly


async def status(headers: list[tuple[str, str]]) -> int:
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("hello"))], middleware=[Middleware(LoopbackOnly)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        request = http.build_request("GET", "http://127.0.0.1/")
        del request.headers["host"]
        request.headers = httpx.Headers([*request.headers.multi_items(), *headers])
        return (await http.send(request)).status_code


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("127.0.0.1:3000", id="address"),
        pytest.param("127.0.0.1", id="no port"),
        pytest.param("localhost:3000", id="name"),
        pytest.param("LOCALHOST:3000", id="capitals"),
        pytest.param("[::1]:3000", id="IPv6"),
    ],
)
async def test_a_loopback_host_is_answered(host: str) -> None:
    assert await status([("host", host)]) == 200


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("evil.example", id="another name"),
        pytest.param("localhost.evil.example:3000", id="a name that begins like ours"),
        pytest.param("127.0.0.1.evil.example", id="a name that begins like our address"),
        pytest.param("localhost:evil", id="no port number"),
        pytest.param("localhost@evil.example", id="a user name"),
        pytest.param("localhost/", id="a path"),
        pytest.param("[::1", id="broken IPv6"),
        pytest.param("10.0.0.1:3000", id="another address"),
        pytest.param("", id="empty"),
    ],
)
async def test_a_foreign_host_is_refused(host: str) -> None:
    assert await status([("host", host)]) == 421


async def test_a_request_without_a_host_or_with_two_is_refused() -> None:
    assert await status([]) == 421
    assert await status([("host", "localhost"), ("host", "evil.example")]) == 421


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        pytest.param("http://localhost:6274", 200, id="a page of this machine"),
        pytest.param("https://127.0.0.1", 200, id="over https"),
        pytest.param("https://evil.example", 403, id="another site"),
        pytest.param("http://localhost.evil.example", 403, id="a look-alike"),
        pytest.param("null", 403, id="a sandboxed page"),
        pytest.param("file://", 403, id="a file"),
        pytest.param("http://localhost:x", 403, id="no port number"),
    ],
)
async def test_an_origin_must_be_a_page_of_this_machine(origin: str, expected: int) -> None:
    assert await status([("host", "localhost"), ("origin", origin)]) == expected


async def test_two_origins_are_refused() -> None:
    origins = [("origin", "http://localhost"), ("origin", "http://localhost")]
    assert await status([("host", "localhost"), *origins]) == 403


async def test_any_loopback_address_is_this_machine() -> None:
    assert await status([("host", "127.8.8.8:3000")]) == 200
    assert await status([("host", "[::ffff:127.0.0.1]:3000")]) == 200


async def test_other_scopes_pass_through() -> None:
    seen: list[str] = []

    async def app(scope: dict[str, str], receive: object, send: object) -> None:
        seen.append(scope["type"])

    await LoopbackOnly(app)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan"]
