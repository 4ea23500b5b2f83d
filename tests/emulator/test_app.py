"""What every Graph answer has in common: headers, tokens, unknown paths, methods and versions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import emulator
from emulator import Tenant, build_emulator
from emulator.entra import Entra
from emulator.graph.engine.call import Call
from tests.emulator.support import NOW, FakeEntra, client_for, delegated, error_of, small_tenant

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

GRAPH = Path(emulator.__file__).parent / "graph"


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        yield client


def test_the_package_exports_what_it_lists() -> None:
    assert all(hasattr(emulator, name) for name in emulator.__all__)
    assert {"BlockingTransport", "Tenant", "build_emulator", "demo_tenant"} <= set(emulator.__all__)


async def test_an_answer_carries_graphs_headers(graph: httpx.AsyncClient) -> None:
    response = await graph.get("/me", headers={"client-request-id": "mine"})
    assert response.headers["client-request-id"] == "mine"
    assert GUID.fullmatch(response.headers["request-id"])
    assert '"ServerInfo"' in response.headers["x-ms-ags-diagnostic"]
    assert response.headers["odata-version"] == "4.0"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["content-type"] == (
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    )


async def test_an_error_repeats_the_ids_and_the_date(graph: httpx.AsyncClient) -> None:
    response = await graph.get("/users/nobody", headers={"client-request-id": "mine"})
    inner = response.json()["error"]["innerError"]
    assert inner == {
        "date": "2026-03-11T14:30:00",
        "request-id": response.headers["request-id"],
        "client-request-id": "mine",
    }


async def test_a_caller_without_an_id_of_its_own_gets_graphs(graph: httpx.AsyncClient) -> None:
    response = await graph.get("/users/nobody")
    inner = response.json()["error"]["innerError"]
    assert inner["client-request-id"] == inner["request-id"]
    assert "client-request-id" not in response.headers


async def test_a_refused_token_is_a_challenge_with_the_reason(tenant: Tenant) -> None:
    async with client_for(tenant, delegated(tenant.demo_person), refusal="Signature is invalid.") as client:
        response = await client.get("/nothing/at/all")
    assert error_of(response) == (401, "InvalidAuthenticationToken", "Signature is invalid.")
    assert response.headers["www-authenticate"].startswith('Bearer realm=""')


@pytest.mark.parametrize(
    ("path", "segment"),
    [
        pytest.param("/nonsense", "nonsense", id="first"),
        pytest.param("/me/nonsense", "nonsense", id="below me"),
        pytest.param("/users/x/nonsense/y", "nonsense", id="below a user"),
        pytest.param("/me/messages/x/nonsense", "nonsense", id="below a message"),
        pytest.param("/users/$value", "$value", id="a segment that is no key"),
    ],
)
async def test_an_unknown_path_is_refused_by_its_first_unknown_segment(
    graph: httpx.AsyncClient, path: str, segment: str
) -> None:
    expected = (400, "BadRequest", f"Resource not found for the segment '{segment}'.")
    assert error_of(await graph.get(path)) == expected


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_another_method_is_not_allowed(graph: httpx.AsyncClient, method: str) -> None:
    expected = (405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    assert error_of(await graph.request(method, "/me")) == expected


@pytest.mark.parametrize("path", ["/v2.0/me", "/v3"])
async def test_an_unknown_version_is_refused(graph: httpx.AsyncClient, path: str) -> None:
    status, code, message = error_of(await graph.get(f"https://graph.microsoft.com{path}"))
    assert (status, code, message) == (400, "BadRequest", f"Invalid version: {path.split('/')[1]}")


async def test_links_name_the_host_the_caller_used(tenant: Tenant) -> None:
    app = build_emulator(tenant, entra=FakeEntra(delegated(tenant.demo_person)), clock=NOW.timestamp)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4999/v1.0") as client:
        body = (await client.get("/users?$top=1")).json()
    assert body["@odata.context"].startswith("http://127.0.0.1:4999/v1.0/$metadata#")
    assert body["@odata.nextLink"].startswith("http://127.0.0.1:4999/v1.0/users?")


async def test_an_encoded_slash_stays_inside_its_segment(graph: httpx.AsyncClient) -> None:
    assert error_of(await graph.get("/me/messages/a%2Fattachments"))[1] == "ErrorInvalidIdMalformed"


async def test_a_key_may_hold_a_doubled_quote(graph: httpx.AsyncClient) -> None:
    assert "'o'hara'" in error_of(await graph.get("/users('o''hara')"))[2]


async def test_sign_in_routes_stand_beside_graph(tenant: Tenant) -> None:
    async def hello(_: object) -> PlainTextResponse:
        return PlainTextResponse("sign in here")

    entra = FakeEntra(delegated(tenant.demo_person), routes=[Route("/devicelogin", hello)])
    app = build_emulator(tenant, entra=entra)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://login.example") as client:
        assert (await client.get("/devicelogin")).text == "sign in here"
    assert app.state.tenant is tenant
    assert app.state.entra is entra


async def test_without_another_entra_the_real_one_guards_graph(tenant: Tenant) -> None:
    app = build_emulator(tenant, pages_url="http://127.0.0.1:4999")
    assert isinstance(app.state.entra, Entra)
    assert app.state.entra.pages_url == "http://127.0.0.1:4999"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://graph.example") as client:
        assert error_of(await client.get("/v1.0/me")) == (401, "InvalidAuthenticationToken", "Access token is empty.")


def test_preferences_are_read_whatever_their_form(tenant: Tenant) -> None:
    call = Call(
        tenant=tenant,
        caller=delegated(tenant.demo_person),
        method="GET",
        host="https://g.example",
        version="v1.0",
        path="me",
        query=(),
        headers={"prefer": 'IdType="ImmutableId", outlook.timezone="Pacific Standard Time"; respond-async, a=b'},
        now=datetime.now(UTC),
    )
    assert call.preferences == {
        "idtype": "ImmutableId",
        "outlook.timezone": "Pacific Standard Time",
        "respond-async": "",
        "a": "b",
    }


def test_every_workload_has_its_three_parts() -> None:
    shared = {"engine", "metadata"}
    folders = [folder for folder in GRAPH.iterdir() if (folder / "__init__.py").exists() and folder.name not in shared]
    parts = {
        folder.name: [(folder / f"{part}.py").exists() for part in ("state", "routes", "errors")] for folder in folders
    }
    assert len(parts) >= 10
    assert {name for name, present in parts.items() if not all(present)} == set()
