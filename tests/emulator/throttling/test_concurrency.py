"""Four requests at a time in one mailbox: only calls that take time can meet there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from emulator import Tenant
from emulator.throttling import CONCURRENCY
from tests.emulator.support import small_tenant
from tests.emulator.throttling.support import Scene, as_app, scene

MESSAGES = "/me/messages?$top=1"


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def office(tenant: Tenant) -> Scene:
    return scene(tenant, as_app(tenant.demo_person, "Mail.Read", "User.Read"))


@pytest.fixture
async def graph(office: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with office.client() as client:
        yield client


async def test_the_fifth_at_once_is_one_too_many(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.turn_on()
    office.throttle.latency, office.pause.waits = 0.25, True
    async with asyncio.TaskGroup() as calls:
        first = [calls.create_task(graph.get(MESSAGES)) for _ in range(4)]
        await office.pause.until(4)
        refused = await graph.get(MESSAGES)
        beside = calls.create_task(graph.get("/me"))
        await office.pause.until(5)
        office.pause.end()
    assert [call.result().status_code for call in (*first, beside)] == [200] * 5
    error = refused.json()["error"]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert (error["code"], error["message"]) == (
        "ApplicationThrottled",
        "Application is over its MailboxConcurrency limit.",
    )
    assert set(office.pause.slept) == {0.25}


async def test_a_slot_is_free_again_after_the_call(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.turn_on(factors={CONCURRENCY: 0.25})
    office.throttle.latency = 1
    assert [(await graph.get(MESSAGES)).status_code for _ in range(3)] == [200] * 3
    assert (await graph.get("/me/messages/nothing")).status_code == 400
    assert (await graph.get(MESSAGES)).status_code == 200


async def test_another_app_has_slots_of_its_own(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    office.throttle.turn_on(factors={CONCURRENCY: 0.25})
    office.throttle.latency, office.pause.waits = 1, True
    async with asyncio.TaskGroup() as calls:
        mine = calls.create_task(graph.get(MESSAGES))
        await office.pause.until(1)
        office.speak_as(as_app(tenant.demo_person, "Mail.Read", app="another"))
        theirs = calls.create_task(graph.get(MESSAGES))
        await office.pause.until(2)
        office.pause.end()
    assert (mine.result().status_code, theirs.result().status_code) == (200, 200)


async def test_calls_can_take_time_without_any_limit(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.latency = 3
    answers = await asyncio.gather(*(graph.get(MESSAGES) for _ in range(9)))
    assert {answer.status_code for answer in answers} == {200}
    assert (office.pause.slept, office.pause.most) == ([3] * 9, 9)


async def test_a_call_without_latency_never_meets_another(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.turn_on()
    answers = await asyncio.gather(*(graph.get(MESSAGES) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert office.pause.slept == []


# --- batches


def batch(number: int) -> dict[str, object]:
    return {"requests": [{"id": str(each), "method": "GET", "url": MESSAGES} for each in range(number)]}


async def test_the_parts_of_a_batch_hold_the_mailboxs_slots(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.turn_on()
    office.throttle.latency, office.pause.waits = 0.25, True
    async with asyncio.TaskGroup() as calls:
        many = calls.create_task(graph.post("/$batch", json=batch(20)))
        await office.pause.until(4)
        refused = await graph.get(MESSAGES)
        beside = calls.create_task(graph.get("/me"))
        await office.pause.until(5)
        office.pause.end()
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "ApplicationThrottled")
    assert (beside.result().status_code, office.pause.most) == (200, 5)
    assert [part["status"] for part in many.result().json()["responses"]] == [200] * 20
    assert (await graph.get(MESSAGES)).status_code == 200


# --- the way there and back


async def test_a_round_trip_is_half_before_and_half_after_the_work(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.round_trip, office.throttle.latency = 0.5, 0.125
    assert (await graph.get(MESSAGES)).status_code == 200
    assert office.pause.slept == [0.25, 0.125, 0.25]
    office.throttle.turn_off()
    await graph.get(MESSAGES)
    assert len(office.pause.slept) == 3


async def test_a_batch_goes_the_way_once(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.round_trip, office.throttle.latency = 0.5, 0.125
    await graph.post("/$batch", json=batch(3))
    assert office.pause.slept == [0.25, 0.125, 0.125, 0.125, 0.25]


async def test_nobody_holds_a_slot_on_the_way(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.turn_on(factors={CONCURRENCY: 0.25})
    office.throttle.round_trip = 1
    answers = await asyncio.gather(*(graph.get(MESSAGES) for _ in range(9)))
    assert {answer.status_code for answer in answers} == {200}
    assert office.pause.most == 9


async def test_an_answer_of_trouble_goes_the_way_too(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.round_trip = 1
    office.chaos.strike(status=503)
    assert (await graph.get(MESSAGES)).status_code == 503
    assert office.pause.slept == [0.5, 0.5]
