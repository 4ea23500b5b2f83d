"""The Date of the emulator's answers: by its own clock, once, on all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from emulator import build_emulator
from emulator.dated import Dated
from tests.emulator.support import NOW, small_tenant

WRITTEN = "Wed, 11 Mar 2026 14:30:00 GMT"
TENANT = small_tenant().id


@pytest.fixture
def app() -> Starlette:
    return build_emulator(small_tenant(), clock=NOW.timestamp)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://login.microsoftonline.com") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration", 200, id="discovery"),
        pytest.param("GET", "/common/discovery/v2.0/keys", 200, id="keys"),
        pytest.param("POST", f"/{TENANT}/oauth2/v2.0/token", 400, id="a refusal in JSON"),
        pytest.param("GET", f"/{TENANT}/oauth2/v2.0/authorize", 400, id="a refusal as a page"),
        pytest.param("GET", "/devicelogin", 200, id="a page"),
        pytest.param("PUT", "/devicelogin", 405, id="a method that a page does not have"),
        pytest.param("GET", "/metadata/identity/oauth2/token", 400, id="the metadata service"),
        pytest.param("GET", "/msi/token", 401, id="an App Service"),
        pytest.param("GET", "/v1.0/me", 401, id="Graph"),
        pytest.param("GET", "/nowhere", 400, id="nothing"),
    ],
)
async def test_every_answer_has_the_date_of_the_emulators_clock(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers.get_list("date") == [WRITTEN]


async def test_trouble_has_a_date_too(app: Starlette, client: httpx.AsyncClient) -> None:
    url = f"/{TENANT}/oauth2/v2.0/token"
    app.state.entra.weather.throttle(times=1)
    assert (await client.post(url)).headers.get_list("date") == [WRITTEN]
    app.state.entra.weather.outage(502, times=1)
    assert (await client.post(url)).headers.get_list("date") == [WRITTEN]
    app.state.entra.weather.tear(times=1)
    torn = await client.post(url)
    assert torn.headers.get_list("date") == [WRITTEN]
    assert not torn.text.endswith("}")


async def test_the_date_moves_with_the_clock() -> None:
    seconds = [NOW.timestamp()]
    app = build_emulator(small_tenant(), clock=lambda: seconds[0])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://graph.example") as client:
        before = (await client.get("/v1.0/me")).headers["date"]
        seconds[0] += 3_600
        after = (await client.get("/v1.0/me")).headers["date"]
    assert (before, after) == (WRITTEN, "Wed, 11 Mar 2026 15:30:00 GMT")


async def test_what_is_no_http_has_no_date() -> None:
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(await receive())

    async def receive() -> Message:
        return {"type": "lifespan.startup.complete"}

    async def send(message: Message) -> None:
        sent.append(message)

    await Dated(app, NOW.timestamp)({"type": "lifespan"}, receive, send)
    assert sent == [{"type": "lifespan.startup.complete"}]
