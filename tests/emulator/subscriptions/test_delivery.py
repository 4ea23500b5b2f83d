"""Bringing notifications to webhooks: in the background, again and again, and what a subscription says of itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from emulator import Tenant, build_emulator
from emulator.entra import Entra
from emulator.graph.subscriptions.state import notifications_of
from emulator.seeding import seed
from emulator.tenant import Person
from tests.emulator.subscriptions.webhook import LIFECYCLE, URL, Stage, in_minutes, subscribed
from tests.emulator.support import delegated, small_tenant

_INBOX = "me/mailFolders('Inbox')/messages"
_SCOPES = ("Mail.ReadWrite", "User.ReadWrite.All")


@pytest.fixture
def stage() -> Stage:
    return Stage(small_tenant())


@pytest.fixture
def bo(stage: Stage) -> Person:
    return stage.tenant.person("bo.mcallister@lindenhall.example")


def lifecycle(stage: Stage) -> list[str]:
    return [one["lifecycleEvent"] for url, body in stage.webhook.received if url == LIFECYCLE for one in body["value"]]


async def test_what_a_webhook_refuses_is_brought_again_ever_more_slowly(stage: Stage, bo: Person) -> None:
    stage.webhook.statuses = [500, 404, 301, 202]
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, _INBOX, "created")
        message = stage.tenant.add_message(bo, "Hello")
        assert await stage.news() == [("created", message.id)]
    assert stage.slept == [10, 20, 40]


async def test_after_four_hours_the_news_are_lost_and_the_loss_is_told(stage: Stage, bo: Person) -> None:
    stage.webhook.statuses = [503] * 18
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        key = await subscribed(client, _INBOX, "created", lifecycleNotificationUrl=LIFECYCLE)
        stage.tenant.add_message(bo, "Hello")
        assert sum(stage.slept) == 0
        await stage.notifications.settle()
    assert 4 * 3600 <= sum(stage.slept) < 5 * 3600
    assert [one.get("lifecycleEvent") for one in stage.webhook.news] == ["missed"]
    (missed,) = stage.webhook.news
    assert missed == {
        "subscriptionId": key,
        "subscriptionExpirationDateTime": in_minutes(60),
        "clientState": "secret",
        "tenantId": stage.tenant.id,
        "lifecycleEvent": "missed",
    }


async def test_a_loss_nobody_wants_to_hear_of_is_silent(stage: Stage, bo: Person) -> None:
    stage.webhook.statuses = [503] * 17
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, _INBOX, "created")
        await subscribed(client, "users", "updated", notificationUrl=f"{URL}/users")
        stage.tenant.add_message(bo, "Hello")
        await stage.notifications.settle()
        stage.webhook.statuses = [503] * 17
        bo.update({"city": "Leeds"})
        await stage.notifications.settle()
    assert stage.webhook.news == []


async def test_one_webhook_that_is_down_delays_no_other(stage: Stage, bo: Person) -> None:
    gone = httpx.ConnectError("down")

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "down.example" and "validationToken" not in request.url.params:
            raise gone
        return stage.webhook(request)

    stage.notifications.web.transport = httpx.MockTransport(answer)
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, _INBOX, "created", notificationUrl="https://down.example/x")
        await subscribed(client, _INBOX, "created")
        stage.tenant.add_message(bo, "Hello")
        await stage.news()
    assert [url for url, _ in stage.webhook.received] == [URL]


async def test_requests_do_not_wait_for_webhooks(stage: Stage, bo: Person) -> None:
    opened = anyio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        if "validationToken" not in request.url.params:
            await opened.wait()
        return stage.webhook(request)

    stage.notifications.web.transport = httpx.MockTransport(slow)
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, "users", "updated")
        assert (await client.patch(f"/users/{bo.id}", json={"city": "Leeds"})).status_code == 204
        assert stage.webhook.news == []
        opened.set()
        assert await stage.news() == [("updated", bo.id)]


async def test_a_webhook_that_takes_too_long_counts_as_down(stage: Stage, bo: Person) -> None:
    async def stuck(request: httpx.Request) -> httpx.Response:
        if "validationToken" not in request.url.params and not stage.slept:
            await anyio.Event().wait()
        return stage.webhook(request)

    assert stage.notifications.web.delivery_seconds == 3
    stage.notifications.web.delivery_seconds = 0.001
    stage.notifications.web.transport = httpx.MockTransport(stuck)
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, _INBOX, "created")
        stage.tenant.add_message(bo, "Hello")
        await stage.notifications.settle()
    assert stage.slept
    stage.notifications.web.delivery_seconds = 3


async def test_a_subscriber_is_asked_to_confirm_until_it_does(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        key = await subscribed(client, _INBOX, lifecycleNotificationUrl=LIFECYCLE, expirationDateTime=in_minutes(600))
        for _ in range(2):
            stage.now += timedelta(minutes=10)
            await stage.notifications.settle()
        assert lifecycle(stage) == ["reauthorizationRequired"]
        assert stage.webhook.news[0]["resource"] == _INBOX
        stage.now += timedelta(minutes=16)
        await stage.notifications.settle()
        assert lifecycle(stage) == ["reauthorizationRequired"] * 2
        assert (await client.post(f"/subscriptions/{key}/reauthorize")).status_code == 204
        stage.now += timedelta(minutes=16)
        await stage.notifications.settle()
        assert lifecycle(stage) == ["reauthorizationRequired"] * 2
        shown = (await client.get(f"/subscriptions/{key}")).json()
        assert shown["expirationDateTime"] == in_minutes(600)
        await client.patch(f"/subscriptions/{key}", json={"expirationDateTime": in_minutes(700)})
        stage.now += timedelta(minutes=10)
        await stage.notifications.settle()
    assert lifecycle(stage) == ["reauthorizationRequired"] * 2


async def test_who_has_no_address_for_it_is_not_asked(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, _INBOX)
        stage.now += timedelta(minutes=40)
        await stage.notifications.settle()
    assert stage.webhook.news == []


async def test_the_end_of_a_subscription_is_told(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, _INBOX, lifecycleNotificationUrl=LIFECYCLE)
        await subscribed(client, "users", "updated", lifecycleNotificationUrl=LIFECYCLE)
        stage.now += timedelta(minutes=61)
        await stage.notifications.settle()
    assert lifecycle(stage) == ["subscriptionRemoved"]


async def test_time_alone_ends_a_subscription(stage: Stage, bo: Person) -> None:
    def late(request: httpx.Request) -> httpx.Response:
        stage.now += timedelta(minutes=61)
        return stage.webhook(request)

    async with stage.client(delegated(bo, *_SCOPES)) as client:
        first = await subscribed(client, _INBOX)
        stage.notifications.web.transport = httpx.MockTransport(late)
        second = await subscribed(client, _INBOX, expirationDateTime=in_minutes(600))
        assert set(stage.notifications.watches) == {first, second}
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
    assert set(stage.notifications.watches) == {second}


async def test_nobody_listens_for_who_has_left(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, _INBOX, lifecycleNotificationUrl=LIFECYCLE)
    ada = stage.tenant.person("ada.lind@lindenhall.example")
    async with stage.client(delegated(ada, *_SCOPES)) as client:
        await subscribed(client, "users", "updated")
        assert (await client.delete(f"/users/{bo.id}")).status_code == 204
        await stage.notifications.settle()
    assert lifecycle(stage) == ["subscriptionRemoved"]
    assert len(stage.notifications.watches) == 1


async def test_a_subscription_that_was_only_put_there_ends_as_well(stage: Stage, bo: Person) -> None:
    values = {"resource": "me/messages", "expirationDateTime": in_minutes(10)}
    graph = build_emulator(stage.tenant, clock=stage.clock).state.graph
    old = seed(graph, stage.tenant, "subscriptions/put-there", values, now=stage.now)
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        assert (await client.get(f"/subscriptions/{old.id}")).status_code == 200
        stage.now += timedelta(minutes=20)
        assert (await client.get(f"/subscriptions/{old.id}")).status_code == 404


def test_news_without_a_loop_wait_for_the_next_one(stage: Stage, bo: Person) -> None:
    async def subscribe() -> None:
        async with stage.client(delegated(bo, *_SCOPES)) as client:
            await subscribed(client, _INBOX, "created")

    anyio.run(subscribe)
    message = stage.tenant.add_message(bo, "Hello")
    assert stage.webhook.news == []
    assert anyio.run(stage.news) == [("created", message.id)]


def test_the_news_are_vouched_for_by_the_emulators_own_sign_in() -> None:
    tenant = small_tenant()
    app = build_emulator(tenant)
    entra: Entra = app.state.entra
    assert notifications_of(tenant).keys is entra.keys


def test_a_tenant_without_subscriptions_listens_to_nothing() -> None:
    tenant = Tenant()
    assert notifications_of(tenant).keys is notifications_of(tenant).keys
    assert tenant.store.changes.listeners == []


@asynccontextmanager
async def served(received: list[dict[str, Any]]) -> AsyncIterator[str]:
    """A webhook on a real port of this machine."""

    async def hook(request: Request) -> Response:
        token = request.query_params.get("validationToken")
        if token is not None:
            return PlainTextResponse(token)
        received.extend((await request.json())["value"])
        return Response(status_code=202)

    app = Starlette(routes=[Route("/hook", hook, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        while not server.started:
            await anyio.lowlevel.checkpoint()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/hook"
        server.should_exit = True


async def test_a_real_webhook_on_this_machine_is_told(stage: Stage, bo: Person) -> None:
    received: list[dict[str, Any]] = []
    stage.notifications.web.transport = None
    async with served(received) as url, stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, _INBOX, "created", notificationUrl=url)
        message = stage.tenant.add_message(bo, "Hello")
        await stage.notifications.settle()
    assert [one["resourceData"]["id"] for one in received] == [message.id]
