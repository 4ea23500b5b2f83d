"""web/local_pages.py: pages for the person at this computer, on a real socket, opened only when needed."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import pytest
from anyio.lowlevel import checkpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from errors import StartError
from web import LocalPages, bound_socket

OWN = "http://localhost:{port}"


async def echo(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.url.path} {(await request.body()).decode()}")


@asynccontextmanager
async def opened(pages: LocalPages) -> AsyncIterator[httpx.AsyncClient]:
    async with pages.running(), httpx.AsyncClient(base_url=await pages.url(), trust_env=False) as http:
        yield http


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port
    return port


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


# When it listens, and where.


async def test_nothing_listens_before_the_first_need() -> None:
    with bound_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        pages = LocalPages(port)
        pages.add("/x", echo)
        async with pages.running():
            pass  # the port is taken: listening would have failed


async def test_the_address_is_loopback_and_stays_the_same() -> None:
    pages = LocalPages()
    async with pages.running():
        first = await pages.url()
        assert first == f"http://localhost:{port_of(first)}"
        assert await pages.url() == first
        assert is_open(port_of(first))


async def test_many_needs_at_once_open_one_server() -> None:
    pages, urls = LocalPages(), set[str]()

    async def need() -> None:
        urls.add(await pages.url())

    async with pages.running(), anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(need)
    assert len(urls) == 1


async def test_the_port_is_free_again_when_the_server_has_ended() -> None:
    pages = LocalPages()
    async with opened(pages) as http:
        port = port_of(str(http.base_url))
        await http.get("/")
    assert not is_open(port)


async def test_an_end_by_an_error_closes_the_port_too() -> None:
    pages, ports = LocalPages(), list[int]()

    async def fail() -> None:
        async with pages.running():
            ports.append(port_of(await pages.url()))
            raise ValueError("the server failed")

    with pytest.raises(ExceptionGroup):
        await fail()
    assert not is_open(ports[0])


async def test_an_end_by_a_cancellation_closes_the_port_too() -> None:
    pages = LocalPages()
    async with anyio.create_task_group() as tasks, pages.running():
        port = port_of(await pages.url())
        tasks.cancel_scope.cancel()
        await checkpoint()
    assert not is_open(port)


async def test_it_can_run_again_and_keeps_what_was_added() -> None:
    pages = LocalPages()
    pages.add("/x", echo)
    for _ in range(2):
        async with opened(pages) as http:
            assert (await http.get("/x")).text == "GET /x "


async def test_a_need_outside_of_its_time_is_an_error_that_says_so() -> None:
    with pytest.raises(StartError, match="shutting down"):
        await LocalPages().url()


async def test_whoever_gives_up_while_it_opens_leaves_it_usable() -> None:
    pages = LocalPages()
    async with pages.running():
        with anyio.CancelScope() as scope:
            scope.cancel()
            await pages.url()
        assert is_open(port_of(await pages.url()))


async def test_a_fixed_port_is_used() -> None:
    with bound_socket("127.0.0.1", 0) as found:
        port = found.getsockname()[1]
    pages = LocalPages(port)
    async with pages.running():
        assert await pages.url() == f"http://localhost:{port}"


async def test_a_fixed_port_in_use_says_which_setting_names_it_and_later_works() -> None:
    taken = bound_socket("127.0.0.1", 0)
    port = taken.getsockname()[1]
    pages = LocalPages(port)
    async with pages.running():
        with taken, pytest.raises(StartError, match=rf"ENTRA_REDIRECT_URI: port {port} .* another program"):
            await pages.url()
        assert await pages.url() == f"http://localhost:{port}"


# What it answers.


async def test_what_nobody_added_is_a_page_that_says_so() -> None:
    async with opened(LocalPages()) as http:
        for path in ("/", "/favicon.ico", "/sign-in/guessed", "/%00", "//"):
            answer = await http.get(path)
            assert answer.status_code == 404
            assert "This link leads nowhere" in answer.text


async def test_an_exact_path_is_answered_until_it_is_removed() -> None:
    pages = LocalPages()
    pages.add("/x", echo)
    async with opened(pages) as http:
        assert (await http.get("/x?y=1")).text == "GET /x "
        assert (await http.get("/x/y")).status_code == 404
        pages.remove("/x")
        pages.remove("/x")
        assert (await http.get("/x")).status_code == 404


async def test_a_prefix_answers_all_below_it_and_the_nearest_one_wins() -> None:
    async def inner(_: Request) -> Response:
        return PlainTextResponse("inner")

    async def exact(_: Request) -> Response:
        return PlainTextResponse("exact")

    pages = LocalPages()
    pages.add("/a/", echo, is_prefix=True)
    pages.add("/a/b/", inner, is_prefix=True)
    pages.add("/a/b/c", exact)
    async with opened(pages) as http:
        found = [(await http.get(path)).text for path in ("/a/", "/a/x/y", "/a/b/x", "/a/b/c")]
        assert found == ["GET /a/ ", "GET /a/x/y ", "inner", "exact"]
        assert (await http.get("/a")).status_code == 404


def test_a_path_is_given_away_once() -> None:
    pages = LocalPages()
    pages.add("/x", echo)
    with pytest.raises(ValueError, match="/x is taken"):
        pages.add("/x", echo)


async def test_only_the_methods_that_were_named_are_taken() -> None:
    pages = LocalPages()
    pages.add("/x", echo)
    async with opened(pages) as http:
        for method in ("POST", "HEAD", "OPTIONS", "DELETE"):
            answer = await http.request(method, "/x")
            assert answer.status_code == 405
            assert answer.headers["allow"] == "GET"


async def test_every_answer_carries_the_strict_headers() -> None:
    pages = LocalPages()
    pages.add("/x", echo)
    async with opened(pages) as http:
        for path in ("/x", "/nothing"):
            headers = (await http.get(path)).headers
            assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "server" not in headers


# Whom it answers.


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("localhost:{port}", 200, id="name"),
        pytest.param("127.0.0.1:{port}", 200, id="address"),
        pytest.param("localhost:5000", 200, id="the other end of a tunnel"),
        pytest.param("evil.example", 421, id="a foreign name"),
        pytest.param("localhost.evil.example:{port}", 421, id="a look-alike"),
        pytest.param("localhost@evil.example", 421, id="a user name"),
        pytest.param("", 421, id="empty"),
    ],
)
async def test_only_requests_to_this_computer_are_answered(host: str, status: int) -> None:
    pages = LocalPages()
    pages.add("/x", echo)
    async with opened(pages) as http:
        given = host.format(port=http.base_url.port)
        assert (await http.get("/x", headers={"Host": given})).status_code == status


async def test_two_hosts_are_refused() -> None:
    pages = LocalPages()
    pages.add("/x", echo)
    headers = [(b"host", b"localhost"), (b"host", b"evil.example")]
    assert (await sent(pages, {"headers": headers}))[0]["status"] == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="no browser"),
        pytest.param({"Origin": OWN}, 200, id="our own page"),
        pytest.param({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200, id="our own page without referrer"),
        pytest.param({"Sec-Fetch-Site": "none"}, 200, id="typed by the person"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="another site"),
        pytest.param({"Origin": "http://localhost:1"}, 403, id="another port of this computer"),
        pytest.param({"Origin": "null"}, 403, id="a sandboxed page"),
        pytest.param({"Origin": OWN, "Sec-Fetch-Site": "cross-site"}, 403, id="another site, says the browser"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="another port, says the browser"),
    ],
)
async def test_a_form_must_come_from_our_own_page(headers: Mapping[str, str], status: int) -> None:
    pages = LocalPages()
    pages.add("/x", echo, methods=("GET", "POST"))
    pages.add("/back", echo, methods=("POST",), takes_cross_site=True)
    async with opened(pages) as http:
        given = {name: value.format(port=http.base_url.port) for name, value in headers.items()}
        assert (await http.post("/x", headers=given)).status_code == status
        assert (await http.get("/x", headers=given)).status_code == 200, "a link may be anywhere"
        assert (await http.post("/back", headers=given)).status_code == 200


async def test_a_body_is_handed_on_up_to_its_limit() -> None:
    pages = LocalPages()
    pages.add("/x", echo, methods=("POST",))
    async with opened(pages) as http:
        assert (await http.post("/x", content=b"a" * 65_536)).text.endswith("aaa")
        assert (await http.post("/x", content=b"a" * 65_537)).status_code == 413


async def test_a_body_in_pieces_counts_as_one() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"a" * 16_384

    pages = LocalPages()
    pages.add("/x", echo, methods=("POST",))
    async with opened(pages) as http:
        assert (await http.post("/x", content=pieces())).status_code == 413


async def test_a_browser_that_leaves_in_mid_body_is_not_taken_at_its_word() -> None:
    reached: list[str] = []

    async def note(request: Request) -> Response:
        reached.append(request.url.path)
        return PlainTextResponse("done")

    pages = LocalPages()
    pages.add("/x", note, methods=("POST",))
    await sent(pages, {"method": "POST"}, {"type": "http.request", "body": b"half", "more_body": True})
    assert reached == []


async def test_a_websocket_is_turned_away() -> None:
    (message,) = await sent(LocalPages(), {"type": "websocket"})
    assert message["type"] == "websocket.close"


async def sent(pages: LocalPages, scope: Mapping[str, Any], *received: dict[str, Any]) -> list[dict[str, Any]]:
    """What the app sends for a request that no client of ours would make; in the end the client is gone."""
    messages: list[dict[str, Any]] = []
    left = [*received, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    async def send(message: Any) -> None:
        messages.append(message)

    whole = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": [(b"host", b"localhost")]}
    await pages({**whole, **scope}, receive, send)
    return messages


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this computer has no IPv6")
async def test_nobody_else_can_answer_for_localhost_on_the_other_address() -> None:
    pages = LocalPages()
    async with pages.running():
        port = int((await pages.url()).rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), socket.create_server(("::1", port), family=socket.AF_INET6):
            pass
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"http://[::1]:{port}/nothing")).status_code == 404


@pytest.mark.skipif(not has_ipv6(), reason="this computer has no IPv6")
async def test_a_port_that_somebody_has_on_the_other_address_is_not_used() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        pages = LocalPages(other.getsockname()[1])
        async with pages.running():
            with pytest.raises(StartError, match="ENTRA_REDIRECT_URI"):
                await pages.url()
