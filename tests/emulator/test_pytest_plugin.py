"""The pytest fixtures for people who test their own code: in this process, and on a port of this computer."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from emulator import Tenant
from emulator.control import PREFIX
from emulator.pytest_plugin import (
    GraphEmulator,
    graph_emulator,
    graph_emulator_server,
    graph_tenant,
)
from tests.emulator.support import small_tenant

__all__ = ["graph_emulator", "graph_emulator_server"]

the_usual_tenant = graph_tenant


@pytest.fixture(name="graph_tenant")
def own_tenant() -> Callable[[], Tenant]:
    return small_tenant


async def test_code_under_test_gets_a_transport_and_a_token(graph_emulator: GraphEmulator) -> None:
    headers = {"Authorization": f"Bearer {graph_emulator.token(['User.Read'])}"}
    async with httpx.AsyncClient(transport=graph_emulator.transport) as client:
        answer = await client.get(f"{graph_emulator.url}/me", headers=headers)
    assert graph_emulator.url == "https://graph.microsoft.com/v1.0"
    assert answer.json()["displayName"] == graph_emulator.person.display_name == "Ada Lind"


async def test_tokens_are_for_people_and_apps_with_what_they_may(graph_emulator: GraphEmulator) -> None:
    other = list(graph_emulator.tenant.people.values())[1]
    async with graph_emulator.client(["User.Read"], person=other.user_principal_name) as client:
        assert (await client.get("/me")).json()["id"] == other.id
        assert (await client.get("/me/messages")).status_code == 403
    async with graph_emulator.client(person=other) as client:
        assert (await client.get("/me")).json()["id"] == other.id
    async with graph_emulator.client(roles=["User.Read.All"]) as client:
        assert len((await client.get("/users")).json()["value"]) == 4
        assert (await client.get("/me")).status_code == 400


async def test_it_is_seeded_moved_on_and_reset(graph_emulator: GraphEmulator) -> None:
    made = graph_emulator.seed("me/messages", {"subject": "Seeded"})
    async with graph_emulator.client(["Mail.Read"]) as client:
        assert (await client.get(f"/me/messages/{made.id}")).json()["subject"] == "Seeded"
        graph_emulator.advance(7200)
        assert (await client.get("/me/messages")).status_code == 401
        graph_emulator.reset()
        assert (await client.get("/me/messages")).json()["value"] == []


async def test_it_receives_mail(graph_emulator: GraphEmulator) -> None:
    to = graph_emulator.person.address.address
    (copy,) = graph_emulator.receive("olga@elsewhere.example", to, "Lamps", body="<p>Three</p>", html=True)
    async with graph_emulator.client(["Mail.Read"]) as client:
        (found,) = (await client.get("/me/mailFolders/inbox/messages")).json()["value"]
    assert (found["id"], found["subject"], found["bodyPreview"]) == (copy.id, "Lamps", "Three")


async def test_a_lost_connection_is_one_for_the_client(graph_emulator: GraphEmulator) -> None:
    graph_emulator.control.chaos.strike("reset")
    async with graph_emulator.client() as client:
        with pytest.raises(httpx.ReadError):
            await client.get("/me")
        assert (await client.get("/me")).status_code == 200


async def test_control_is_within_reach_of_the_transport(graph_emulator: GraphEmulator) -> None:
    async with httpx.AsyncClient(transport=graph_emulator.transport, base_url="http://localhost") as client:
        assert (await client.get(PREFIX)).json()["tenant"]["domain"] == "lindenhall.example"


def test_a_server_listens_on_this_computer(graph_emulator_server: GraphEmulator) -> None:
    server = graph_emulator_server
    headers = {"Authorization": f"Bearer {server.token(['User.Read'])}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
        assert client.get("/me").json()["displayName"] == "Ada Lind"
        made = client.post(f"{server.host}{PREFIX}/seed", json={"path": "users/zed@lindenhall.example"}, headers={})
        assert made.status_code == 201
        assert server.tenant.find_person("zed@lindenhall.example") is not None


@pytest.mark.parametrize("kind", ["reset", "lost"])
def test_a_server_drops_connections(graph_emulator_server: GraphEmulator, kind: str) -> None:
    server = graph_emulator_server
    headers = {"Authorization": f"Bearer {server.token(['User.Read'])}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
        client.post(f"{server.host}{PREFIX}/faults", json={"graph": [{"kind": kind}]}).raise_for_status()
        with pytest.raises(httpx.TransportError):
            client.get("/me")
        assert client.get("/me").status_code == 200
        logged = client.get(f"{server.host}{PREFIX}/calls").json()["calls"]
    assert [each["status"] for each in logged] == [0, 200]


def test_the_usual_tenant_is_the_demos() -> None:
    made = the_usual_tenant.__wrapped__()()  # type: ignore[attr-defined]
    assert made.display_name == "Lindenhall Exhibition Lighting"
