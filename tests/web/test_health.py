"""web/health.py: what the two checks answer, byte by byte, and how seldom they ask."""

from __future__ import annotations

from collections.abc import Mapping

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from web.health import Check, Part, Readiness, health_routes


class Store:
    """A part that can be asked; it counts."""

    def __init__(self, *, works: bool = True, fails: bool = False) -> None:
        self.works = works
        self.fails = fails
        self.asked = 0
        self.go = anyio.Event()
        self.go.set()

    async def __call__(self) -> bool:
        self.asked += 1
        await self.go.wait()
        if self.fails:
            raise OSError("a secret of the store")
        return self.works


class Service:
    """The routes of health alone, in an app whose lifespan has started."""

    def __init__(self, checks: Mapping[Part, Check], *, patience: float = 3) -> None:
        self.now = 0.0
        self.is_stopping = False
        readiness = Readiness(
            checks, is_stopping=lambda: self.is_stopping, clock=lambda: self.now, every=10, patience=patience
        )
        self.app = Starlette(routes=health_routes(readiness))
        self.app.state.ready = True

    async def get(self, path: str = "/readyz", method: str = "GET") -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://localhost") as http:
            return await http.request(method, path)


def exact(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    return answer.status_code, answer.content, dict(answer.headers)


def plain(length: int) -> dict[str, str]:
    return {
        "cache-control": "no-store",
        "content-length": str(length),
        "content-type": "text/plain; charset=utf-8",
    }


async def test_alive_is_two_letters_and_nothing_of_the_rest() -> None:
    store = Store(works=False)
    service = Service({"store": store})
    service.is_stopping = True
    assert exact(await service.get("/healthz")) == (200, b"ok\n", plain(3))
    assert store.asked == 0


async def test_ready_is_one_word() -> None:
    assert exact(await Service({"keys": Store(), "store": Store()}).get()) == (200, b"ready\n", plain(6))


@pytest.mark.parametrize("path", [pytest.param("/healthz", id="alive"), pytest.param("/readyz", id="ready")])
async def test_head_says_the_same_without_a_body(path: str) -> None:
    service = Service({})
    got, head = await service.get(path), await service.get(path, "HEAD")
    assert (head.status_code, head.headers, head.content) == (got.status_code, got.headers, b"")
    assert (await service.get(path, "POST")).status_code == 405


@pytest.mark.parametrize("part", [pytest.param("keys", id="keys"), pytest.param("graph", id="Graph")])
async def test_what_is_missing_is_a_word(part: Part) -> None:
    answer = await Service({"store": Store(), part: Store(works=False)}).get()
    assert exact(answer) == (503, f"not ready: {part}\n".encode(), plain(12 + len(part)))


async def test_the_first_that_is_missing_is_told() -> None:
    checks: dict[Part, Check] = {"keys": Store(works=False), "store": Store(works=False)}
    assert (await Service(checks).get()).content == b"not ready: keys\n"


async def test_an_error_is_no_more_than_a_part_that_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    answer = await Service({"store": Store(fails=True)}).get()
    assert answer.content == b"not ready: store\n"
    assert "secret" not in caplog.text
    assert caplog.records[0].__dict__["error"] == "OSError"


async def test_a_part_that_does_not_answer_is_missing() -> None:
    store = Store()
    store.go = anyio.Event()
    assert (await Service({"store": store}, patience=0.01).get()).content == b"not ready: store\n"


async def test_who_stops_is_not_ready_and_asks_nobody() -> None:
    store = Store()
    service = Service({"store": store})
    service.is_stopping = True
    assert (await service.get()).content == b"not ready: stopping\n"
    assert store.asked == 0


async def test_nothing_is_ready_outside_the_lifespan() -> None:
    service = Service({})
    del service.app.state.ready
    assert (await service.get()).content == b"not ready: stopping\n"


async def test_a_burst_asks_once() -> None:
    store = Store()
    store.go = anyio.Event()
    service = Service({"store": store})
    answers: list[httpx.Response] = []

    async def ask() -> None:
        answers.append(await service.get())

    async with anyio.create_task_group() as tasks:
        for _ in range(40):
            tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        store.go.set()
    assert store.asked == 1
    assert {each.content for each in answers} == {b"ready\n"}


@pytest.mark.parametrize("works", [pytest.param(True, id="it works"), pytest.param(False, id="it does not")])
async def test_an_answer_counts_for_ten_seconds_and_no_longer(works: bool) -> None:
    store = Store(works=works)
    service = Service({"store": store})
    for service.now in (0.0, 5.0, 9.9):
        assert (await service.get()).status_code == (200 if works else 503)
    assert store.asked == 1
    store.works, service.now = not works, 10.0
    assert (await service.get()).status_code == (503 if works else 200)
    assert store.asked == 2


async def test_who_gives_up_waiting_spoils_nothing() -> None:
    store = Store()
    store.go = anyio.Event()
    service = Service({"store": store})
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(service.get)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
        store.go.set()
    assert (await service.get()).content == b"ready\n"
    assert store.asked == 1
