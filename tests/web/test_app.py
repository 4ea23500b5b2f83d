"""web/app.py and web/listen.py: readiness, and a start that fails."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from _server_demo import DemoTenant
from errors import StartError
from tests.support import demo_settings, server_on, small_tenant
from web import bound_socket, build_app, serve


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


async def test_an_unknown_path_is_not_found() -> None:
    assert await status_of(app(), "/elsewhere") == 404


async def test_a_service_that_cannot_start_says_so() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("no services")

    with pytest.raises(StartError, match="could not start"):
        await serve(failing, bound_socket("127.0.0.1", 0))
