"""web/app.py and web/listen.py: readiness, and a start that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from _server_demo import DemoTenant
from errors import StartError, StorageError
from principal import Level, Rights
from storage import MemoryStore
from tests.http.scene import PUBLIC_URL, HttpCloud
from tests.support import demo_settings, server_on, small_tenant
from tests.web.middleware.doors import FakeDoor, Inside, Sent, scope_of, sender
from web import Surroundings, bound_socket, build_app, serve
from web.app import middleware_of


def app() -> Starlette:
    return build_app(server_on(DemoTenant(small_tenant())), demo_settings({"TRANSPORT": "http"}))


async def status_of(app: Starlette, path: str) -> int:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as http:
        return (await http.get(path)).status_code


async def test_it_is_ready_only_while_its_services_are_open() -> None:
    built = app()
    assert await status_of(built, "/readyz") == 503
    async with built.router.lifespan_context(built):
        assert await status_of(built, "/readyz") == 200
    assert await status_of(built, "/readyz") == 503
    assert await status_of(built, "/healthz") == 200


class FullStore(MemoryStore):
    """As a database on a disk that is full: it can be read."""

    async def put(self, key: str, value: bytes, *, seconds: float | None = None) -> None:
        raise StorageError("The disk is full.")


async def test_the_store_answers_only_where_it_keeps_something() -> None:
    server = server_on(DemoTenant(small_tenant()))
    assert not await server.store_answers()
    built = build_app(server, demo_settings({"TRANSPORT": "http"}))
    async with built.router.lifespan_context(built):
        assert await server.store_answers()
        assert server.services
        full = replace(server.services.state, store=FullStore())
        server.services = replace(server.services, state=full)
        with pytest.raises(StorageError):
            await server.store_answers()


async def test_an_unknown_path_is_not_found() -> None:
    assert await status_of(app(), "/elsewhere") == 404


async def test_a_service_that_cannot_start_says_so() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("no services")

    with pytest.raises(StartError, match="could not start"):
        await serve(failing, bound_socket("127.0.0.1", 0))


async def test_a_service_that_cannot_start_for_a_reason_of_ours_says_just_that(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group():
            raise StorageError("Make room.")
        yield

    with pytest.raises(StartError, match=r"^Make room\.$"):
        await serve(Starlette(lifespan=lifespan), bound_socket("127.0.0.1", 0))
    assert "Traceback" not in caplog.text


def stack(app: ASGIApp, middleware: list[Middleware]) -> ASGIApp:
    for each in reversed(middleware):
        app = each.cls(app, *each.args, **each.kwargs)
    return app


async def test_of_bodies_that_do_not_end_one_caller_has_no_more_than_calls() -> None:
    settings = HttpCloud().settings(HTTP_CALLER_CALLS="2")
    door = FakeDoor({"ines": sender("Ines", Rights(Level.READ))})
    listed = middleware_of(settings, Surroundings(door=door, needs_more=lambda _: True))
    app = stack(Inside(), listed)
    started, answers = 0, [Sent() for _ in range(3)]

    async def first_part() -> Message:
        nonlocal started
        started += 1
        await anyio.sleep_forever()
        raise AssertionError

    host = PUBLIC_URL.removeprefix("https://")
    scope = {**scope_of(method="POST", host=host, authorization="Bearer ines"), "client": ("192.0.2.1", 1)}

    async def ask(sent: Sent) -> None:
        await app(dict(scope), first_part, sent)

    async with anyio.create_task_group() as tasks:
        for sent in answers:
            tasks.start_soon(ask, sent)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert started == 2
    assert [sent.status for sent in answers if sent.messages][:1] == [429]
