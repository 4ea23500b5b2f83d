"""web/middleware/caller_rate.py: what one caller may send, and that others do not feel it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from starlette.types import Receive, Scope, Send

from principal import Principal, Sender, sent_by
from tests.http.asgi import Answered, Clock, answered, call
from web.middleware.caller_rate import CallerRate

STREAM = {"accept": "text/event-stream"}
LISTEN = {"mcp-method": "subscriptions/listen", "mcp-protocol-version": "2026-07-28"}


def sender(name: str, *, rate: str = "", at_once: int = 0) -> Sender:
    return Sender(Principal("public", "tenant", name, "client"), rate=rate, calls_at_once=at_once)


async def ask(
    app: CallerRate, who: Sender | None, method: str = "POST", headers: dict[str, str] | None = None
) -> Answered:
    if who is None:
        return await call(app, method, headers=headers or {})
    with sent_by(who):
        return await call(app, method, headers=headers or {})


class Slow:
    """An app that answers when it is let."""

    def __init__(self) -> None:
        self.go_on = anyio.Event()
        self.under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.under_way += 1
        await self.go_on.wait()
        await answered(200)(scope, receive, send)


@asynccontextmanager
async def under_way(
    app: CallerRate, slow: Slow, count: int, who: Sender, headers: dict[str, str]
) -> AsyncIterator[None]:
    """So many requests of somebody that last as long as the block."""
    method = "GET" if headers == STREAM else "POST"
    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(ask, app, who, method, headers)
        await anyio.wait_all_tasks_blocked()
        assert slow.under_way == count
        slow.go_on, held = anyio.Event(), slow.go_on
        slow.go_on.set()
        yield
        held.set()


async def test_a_hog_waits_and_its_victim_does_not() -> None:
    clock = Clock()
    app = CallerRate(answered(200), rate="3/minute", calls=9, clock=clock)
    hog, victim = sender("hog"), sender("victim")
    assert [(await ask(app, hog)).status for _ in range(4)] == [200, 200, 200, 429]
    refused = await ask(app, hog)
    assert (refused.headers["retry-after"], refused.reason) == ("61", "caller rate")
    assert (await ask(app, victim)).status == 200
    clock.now += 61
    assert (await ask(app, hog)).status == 200


async def test_a_key_may_have_a_rate_of_its_own() -> None:
    app = CallerRate(answered(200), rate="1/minute", calls=9, share=2, clock=Clock())
    assert [(await ask(app, sender("key", rate="3/hour"))).status for _ in range(3)] == [200, 200, 429]


async def test_requests_that_nobody_had_to_authenticate_are_not_counted() -> None:
    app = CallerRate(answered(200), rate="1/minute", calls=1, clock=Clock())
    assert [(await ask(app, None)).status for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("who", "most"),
    [
        pytest.param(sender("person"), 3, id="the usual number, divided among the workers"),
        pytest.param(sender("key", at_once=2), 1, id="a number of its own"),
    ],
)
async def test_so_many_calls_at_once_and_one_more_when_one_has_ended(who: Sender, most: int) -> None:
    slow = Slow()
    app = CallerRate(slow, rate="99/minute", calls=5, share=2)
    async with under_way(app, slow, most, who, {}):
        refused = await ask(app, who)
        assert (refused.status, refused.headers["retry-after"], refused.reason) == (429, "1", "caller at once")
        assert (await ask(app, sender("another"))).status == 200
        assert (await ask(app, who, "GET", STREAM)).status == 200
    assert (await ask(app, who)).status == 200
    assert not app._under_way


@pytest.mark.parametrize("headers", [pytest.param(STREAM, id="older"), pytest.param(LISTEN, id="this era")])
async def test_event_streams_are_counted_apart(headers: dict[str, str]) -> None:
    slow, who = Slow(), sender("person")
    app = CallerRate(slow, rate="99/minute", calls=1, streams=2)
    async with under_way(app, slow, 2, who, headers):
        refused = await ask(app, who, "GET" if headers == STREAM else "POST", headers)
        assert (refused.status, refused.reason) == (429, "caller at once")
        assert "event streams" in refused.text
        assert (await ask(app, who)).status == 200


async def test_a_call_that_fails_is_over_too() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise OSError("as it happens")

    app = CallerRate(failing, rate="99/minute", calls=1)
    for _ in range(2):
        with pytest.raises(OSError, match="as it happens"):
            await ask(app, sender("person"))
    assert not app._under_way
