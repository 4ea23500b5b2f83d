"""A sign-in from the first call to the last, by real MSAL: a device code, reached through each kind of client."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp_types import ElicitRequestParams

import auth
import emulator.tenant
from _server_demo import DemoTenant
from server import build_server
from tests.auth.support import people_of, public_cloud, settings_for
from tests.support import facts_of, text_of
from tests.tools.clients import Person, at

INES, JONAS = "ines.aldana@lindenhall.example", "jonas.brandt@lindenhall.example"


class Turns:
    """The pauses between two looks for a code that was entered: each ends when it was."""

    def __init__(self) -> None:
        self._turns = anyio.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        await self._turns.acquire()

    def go_on(self) -> None:
        self._turns.release()


class Family(Person):
    """One client, several people: each question is answered by the next of them, on the page that it names."""

    def __init__(self, cloud: DemoTenant, turns: Turns, *decisions: str) -> None:
        super().__init__()
        everybody = cloud.app.state.tenant.people.values()
        people: list[emulator.tenant.Person] = sorted(everybody, key=lambda each: each.display_name)
        self._next = [*zip(people, decisions, strict=False)]
        self._cloud = cloud
        self._turns = turns

    async def ask(self, context: ClientRequestContext, params: ElicitRequestParams) -> Any:
        person, decision = self._next.pop(0)
        code = params.message.partition("enter the code ")[2].partition(",")[0]
        fields = {"user_code": code, "person": person.id, "decision": decision}
        transport = httpx.ASGITransport(app=self._cloud)
        async with httpx.AsyncClient(transport=transport, base_url="https://microsoft.com") as browser:
            await browser.post("/devicelogin", data=fields)
        self._turns.go_on()
        return await super().ask(context, params)


def served(*decisions: str) -> tuple[Any, Family]:
    """The server of a small tenant, and the people who decide about its sign-ins."""
    cloud, turns = public_cloud(), Turns()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=[])
    settings = settings_for(cloud, TOOLSETS="account")
    server = build_server(settings, people, transport=httpx.ASGITransport(app=cloud))
    return server, Family(cloud, turns, *decisions)


async def username(client: Client, **arguments: str) -> object:
    return facts_of(await client.call_tool("account_whoami", arguments))["username"]


WAYS = [
    pytest.param("legacy stream", id="older handshake, stdio"),
    pytest.param("legacy http", id="older handshake, HTTP session"),
    pytest.param("modern stream", id="2026-07-28, stdio"),
    pytest.param("modern stateless", id="2026-07-28, stateless HTTP"),
]


@pytest.mark.parametrize("way", WAYS)
async def test_two_people_sign_in_work_side_by_side_and_leave(way: str) -> None:
    server, family = served("accept", "accept")
    async with at(server, way, family) as client:
        assert await username(client) == INES
        assert facts_of(await client.call_tool("account_login", {}))["account"] == JONAS
        assert {await username(client, account=each) for each in (INES, JONAS)} == {INES, JONAS}
        await client.call_tool("account_select", {"account": INES})
        assert await username(client) == INES
        assert facts_of(await client.call_tool("account_logout", {})) == {"signed_out": [INES], "signed_in": [JONAS]}
        assert await username(client) == JONAS
    assert len(family.questions) == 2


@pytest.mark.parametrize("way", WAYS)
async def test_a_person_who_agrees_here_and_refuses_there_is_not_asked_twice(way: str) -> None:
    server, family = served("cancel")
    async with at(server, way, family) as client:
        result = await client.call_tool("account_whoami", {})
    assert result.is_error
    assert "AADSTS65004" in text_of(result)
    assert len(family.questions) == 1


class Distracted(Family):
    """While one person is at the sign-in page, another one becomes the default."""

    people: auth.People
    distraction = ""

    async def ask(self, context: ClientRequestContext, params: ElicitRequestParams) -> Any:
        if self.distraction:
            await self.people.select(self.distraction)
        return await super().ask(context, params)


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_goes_on_as_the_account_that_it_began_as(way: str) -> None:
    cloud, turns = public_cloud(), Turns()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=[])
    server = build_server(settings_for(cloud, TOOLSETS="account"), people, transport=httpx.ASGITransport(app=cloud))
    family = Distracted(cloud, turns, "accept", "accept")
    family.people = people
    async with at(server, way, family) as client:
        await client.call_tool("account_login", {})
        await client.call_tool("account_login", {})
        await client.call_tool("account_select", {"account": INES})
        cloud.app.state.entra.revoke_sessions(cloud.app.state.tenant.demo_person)
        family.distraction = JONAS
        family._next = [(cloud.app.state.tenant.demo_person, "accept")]
        assert await username(client) == INES
        assert await username(client) == JONAS
