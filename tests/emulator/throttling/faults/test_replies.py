"""A batch's replies in disarray; the parts are carried out all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant
from tests.emulator.support import delegated, small_tenant
from tests.emulator.throttling.support import Scene, scene


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def office(tenant: Tenant) -> Scene:
    return scene(tenant, delegated(tenant.demo_person, "User.ReadWrite", "Mail.ReadWrite"))


@pytest.fixture
async def graph(office: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with office.client() as client:
        yield client


async def replies(graph: httpx.AsyncClient, *ids: str) -> list[Any]:
    parts = [{"id": each, "method": "GET", "url": "/me?$select=id"} for each in ids or ("1", "2", "3")]
    response = await graph.post("/$batch", json={"requests": parts})
    assert response.status_code == 200
    found: list[Any] = response.json()["responses"]
    return found


async def test_undisturbed_replies_come_as_they_are_done(graph: httpx.AsyncClient) -> None:
    assert [reply["id"] for reply in await replies(graph)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("kind", "ids"),
    [
        pytest.param("duplicated", ["1", "2", "3", "1"], id="one twice"),
        pytest.param("shuffled", ["3", "2", "1"], id="in another order"),
        pytest.param("missing", ["2", "3"], id="one too few"),
        pytest.param("foreign-id", ["1-of-somebody-else", "1", "2", "3"], id="one too many"),
    ],
)
async def test_the_replies_are_not_those_that_were_asked_for(
    office: Scene, graph: httpx.AsyncClient, kind: Any, ids: list[str]
) -> None:
    office.chaos.strike(kind)
    assert [reply["id"] for reply in await replies(graph)] == ids
    assert len(await replies(graph)) == 3


async def test_of_two_replies_to_one_part_the_second_is_another(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("duplicated", path="$batch")
    first, *_, second = await replies(graph)
    assert (first["id"], first["status"]) == (second["id"], 200)
    assert (second["status"], second["body"]["error"]["code"]) == (503, "ServiceUnavailable")


async def test_a_reply_is_torn(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("torn-part")
    torn, *others = await replies(graph)
    assert torn.startswith('{"id": "1"')
    assert [reply["id"] for reply in others] == ["2", "3"]


@pytest.mark.parametrize("kind", ["duplicated", "shuffled", "missing", "foreign-id", "torn-part"])
async def test_it_waits_for_a_batch_that_it_can_disturb(office: Scene, graph: httpx.AsyncClient, kind: Any) -> None:
    office.chaos.strike(kind)
    await graph.get("/me")
    assert (await graph.post("/$batch", json={"requests": []})).status_code == 400
    assert not office.chaos.is_fine
    await replies(graph, "1")
    assert office.chaos.is_fine is (kind != "shuffled")
    await replies(graph)
    assert office.chaos.is_fine


async def test_what_was_asked_for_is_done(office: Scene, graph: httpx.AsyncClient, tenant: Tenant) -> None:
    office.chaos.strike("missing")
    part = {"id": "1", "method": "PATCH", "url": "/me", "body": {"city": "Oslo"}}
    part["headers"] = {"Content-Type": "application/json"}
    response = await graph.post("/$batch", json={"requests": [part]})
    assert (response.json()["responses"], tenant.demo_person.city) == ([], "Oslo")


async def test_the_bytes_of_a_batch_can_be_spoilt_as_a_whole(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("type")
    parts = [{"id": "1", "method": "GET", "url": "/me"}]
    response = await graph.post("/$batch", json={"requests": parts})
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
