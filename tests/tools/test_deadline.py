"""How long one call of a tool may take: counted from where nobody has to be asked any more."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import httpx
import pytest
from mcp.client import ClientRequestContext
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import ElicitRequestParams, ElicitResult, ErrorData
from pydantic import BaseModel

from graph import GraphClient, deadline
from tests.graph.support import speaker
from tests.support import facts_of, text_of
from tests.tools.clients import Person, at
from tests.tools.people import FakePeople, server_for
from tests.tools.serving import server_with
from tests.virtual_time import VIRTUAL_TIME
from tools import Toolset, ToolSpec
from tools._render import Answer
from tools._services import CallerIdentity, Graph

WAYS = [pytest.param("legacy stream", id="older handshake"), pytest.param("modern stream", id="2026-07-28")]

timed = Toolset("timed", "Tells the time.")


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


class Left(Answer):
    """The seconds that are left."""

    seconds: float

    def says(self) -> str:
        return f"{self.seconds:.0f}"


class Confirmed(BaseModel):
    really: bool


async def confirm() -> Elicit[Confirmed]:
    return Elicit("Really?", Confirmed)


@timed.read("User.Read")
async def usual() -> Left:
    """Tell what is left."""
    return Left(seconds=deadline.left())


@timed.write("User.Read", seconds=1800)
async def longer() -> Left:
    """Tell what is left of a long time."""
    return Left(seconds=deadline.left())


@timed.read("User.Read")
async def asking(confirmed: Annotated[Confirmed, Resolve(confirm)]) -> Left:
    """Ask, then tell what is left."""
    return Left(seconds=deadline.left())


@timed.read("User.Read")
async def signed_in(identity: CallerIdentity) -> Left:
    """Need a sign-in, then tell what is left."""
    return Left(seconds=deadline.left())


@timed.read("User.Read")
async def twice(graph: Graph) -> Left:
    """Call Graph, and again, whatever became of the first call."""
    for _ in range(2):
        await graph.get("me", {"$select": "id"})
    return Left(seconds=deadline.left())


class SlowPerson(Person):
    """Takes five minutes for every answer."""

    async def ask(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        await asyncio.sleep(300)
        return await super().ask(context, params)


class SlowPeople(FakePeople):
    """Whose sign-ins take five minutes."""

    async def settled(self, sign_in: str) -> bool:
        await asyncio.sleep(300)
        return await super().settled(sign_in)


async def left(tool: str, way: str = "modern stream", people: FakePeople | None = None) -> float:
    server = server_for(people or FakePeople("ines@a.example"), catalogue=(timed,))
    async with at(server, way, SlowPerson()) as client:
        seconds: float = facts_of(await client.call_tool(tool, {}))["seconds"]
        return seconds


def spec(name: str) -> ToolSpec:
    return next(tool for tool in timed.tools if tool.name == name)


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_has_a_minute(way: str) -> None:
    assert spec("timed_usual").seconds == deadline.CALL_SECONDS == 60
    assert await left("timed_usual", way) == 60


async def test_a_tool_may_say_that_it_takes_longer() -> None:
    assert spec("timed_longer").seconds == 1800
    assert await left("timed_longer") == 1800


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("tool", "people"),
    [
        pytest.param("timed_asking", FakePeople, id="a question of the tool"),
        pytest.param("timed_signed_in", SlowPeople, id="a sign-in"),
    ],
)
async def test_the_time_of_a_person_is_not_counted(tool: str, people: type[FakePeople], way: str) -> None:
    somebody = people("ines@a.example") if people is FakePeople else people()
    assert await left(tool, way, somebody) == 60
    assert asyncio.get_running_loop().time() >= 300


async def test_whatever_is_done_for_a_call_ends_with_it() -> None:
    async def silent(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(40)
        return httpx.Response(200, json={"id": "1"})

    people = FakePeople("ines@a.example")
    network = httpx.MockTransport(silent)
    server = server_with(network, people, lambda service, *_: GraphClient(service, speaker()), catalogue=(timed,))
    async with at(server, "modern stream", Person()) as client:
        started = asyncio.get_running_loop().time()
        result: Any = await client.call_tool("timed_twice", {})
        assert asyncio.get_running_loop().time() - started == pytest.approx(60, abs=1)
    assert result.is_error
    assert text_of(result).startswith("Timeout: Graph took too long to answer.")
