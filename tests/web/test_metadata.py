"""web/metadata.py: what clients find before they sign in, and the paths that anybody may ask."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from settings import Settings, read_settings
from tests.web.middleware.doors import METADATA, FakeDoor, http_to
from web.metadata import mcp_paths, metadata_routes, public_paths

BARE = "/.well-known/oauth-protected-resource"


def settings(**environ: str) -> Settings:
    given = {
        "TRANSPORT": "http",
        "HTTP_AUTH": "entra",
        "PUBLIC_URL": "https://mcp.lindenhall.example/tools",
        "ENTRA_TENANT_ID": "7f0c2a58-4c1e-4b8f-9d65-3c2a1b7e9f40",
        "ENTRA_CLIENT_ID": "a0a0a0a0-1111-4222-8333-444444444444",
        "ENTRA_CLIENT_SECRET": "a-secret-of-the-test",
    }
    return read_settings({**given, **environ})


def app(door: FakeDoor, **environ: str) -> Starlette:
    return Starlette(routes=metadata_routes(settings(**environ), door))


async def test_every_place_where_clients_look_has_the_same_bytes() -> None:
    async with http_to(app(FakeDoor())) as http:
        answers = [await http.get(f"{BARE}{path}") for path in ("", "/mcp", "/tools/mcp")]
        answers.append(await http.get(BARE, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}))
        head = await http.head(f"{BARE}/mcp")
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json() == METADATA
    assert answers[0].headers["content-type"] == "application/json"
    assert answers[0].headers["cache-control"] == "public, max-age=300"
    assert "access-control-allow-origin" not in answers[0].headers
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/.well-known/oauth-authorization-server", id="no authorization server of ours"),
        pytest.param("/.well-known/openid-configuration/mcp", id="nor below it"),
        pytest.param("/.well-known/", id="nothing"),
        pytest.param(f"{BARE}/other", id="another resource"),
        pytest.param(f"{BARE}/mcp/", id="a slash more"),
    ],
)
async def test_nothing_else_is_well_known(path: str) -> None:
    answer = await http_to(app(FakeDoor())).get(path)
    assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})


async def test_where_callers_have_keys_there_is_no_document() -> None:
    answer = await http_to(app(FakeDoor(metadata=None))).get(BARE)
    assert answer.status_code == 404


async def test_it_can_only_be_read() -> None:
    assert (await http_to(app(FakeDoor())).post(BARE)).status_code == 405


def test_the_endpoint_answers_below_the_public_path_too() -> None:
    assert mcp_paths(settings()) == ("/mcp", "/tools/mcp")
    assert mcp_paths(settings(PUBLIC_URL="https://mcp.lindenhall.example")) == ("/mcp",)


def test_health_and_documents_are_public_and_metrics_where_they_have_a_token() -> None:
    paths = public_paths(settings(PUBLIC_URL="https://mcp.lindenhall.example"))
    assert {"/healthz", "/readyz", BARE, f"{BARE}/mcp", "/.well-known/oauth-authorization-server"} <= paths
    assert not {"/mcp", "/metrics", "/"} & paths
    assert "/metrics" in public_paths(settings(METRICS_TOKEN="0123456789abcdef0123456789abcdef"))


def test_the_endpoint_is_never_public_whatever_its_path() -> None:
    chosen = settings(METRICS_TOKEN="0123456789abcdef0123456789abcdef").model_copy(update={"http_path": "/metrics"})
    assert not set(mcp_paths(chosen)) & public_paths(chosen)
