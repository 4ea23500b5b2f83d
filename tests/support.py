"""What tests of the whole server build on: the server in this process, with the emulator as its cloud."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from mcp import Client
from mcp_types import CallToolResult, TextContent

import auth
from _server_demo import DemoTenant
from _server_wiring import scopes_of
from emulator import Tenant
from graph import TokenSource
from server import GraphwardServer, build_server
from settings import Settings, read_settings


def demo_settings(environ: Mapping[str, str] | None = None) -> Settings:
    return read_settings({"DEMO": "true", **(environ or {})})


def server_on(
    cloud: DemoTenant, settings: Settings | None = None, accounts: auth.Accounts | None = None
) -> GraphwardServer:
    """The server whose Graph is the emulator; signed in as the demo person unless accounts are given."""
    settings = settings or demo_settings()
    signed_in = accounts or cloud.accounts(scopes_of(settings), sign_in=False, tell=lambda _: None)
    return build_server(settings, signed_in, transport=httpx.ASGITransport(app=cloud))


def account_of(source: TokenSource) -> auth.Account:
    """Whoever the tokens of this source speak for."""
    return auth.Account(source, [], cloud="public", is_person=True)


@asynccontextmanager
async def client_of(tenant: Tenant, environ: Mapping[str, str] | None = None) -> AsyncIterator[Client]:
    """A real MCP client of the server on this tenant."""
    async with Client(server_on(DemoTenant(tenant), demo_settings(environ))) as client:
        yield client


def small_tenant() -> Tenant:
    """Two people and no mail."""
    tenant = Tenant()
    tenant.demo_person = tenant.add_person("Ines Aldana", job_title="Office manager", department="Operations")
    tenant.add_person("Jonas Brandt")
    return tenant


def text_of(result: CallToolResult) -> str:
    assert len(result.content) == 1
    content = result.content[0]
    assert isinstance(content, TextContent)
    return content.text


def facts_of(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, text_of(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content
