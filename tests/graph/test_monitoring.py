"""graph/monitoring.py: work in the background is watched to its end, on a clock that jumps."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import build_emulator
from errors import (
    GraphConflict,
    GraphError,
    GraphNotFound,
    GraphThrottled,
    GraphUncertain,
    SignInNeeded,
)
from graph import BearerAuth, Call, Speaker, deadline
from graph.monitoring import Progress, run
from tests.emulator.drives.support import FILES
from tests.emulator.support import FakeEntra, delegated, small_tenant
from tests.graph.support import HOST, OneToken, service_on, speaker
from tests.virtual_time import VIRTUAL_TIME

GRAPH = f"https://{HOST}/v1.0"
MONITOR = "https://contoso.sharepoint.com/_api/v2.0/monitor/4A3407B5?t=s3cret"
OPERATION = f"{GRAPH}/teams('t')/operations('o')"
COPY = Call("POST", "me/drive/items/a/copy", headers=(("Content-Type", "application/json"),), body=b"{}")
DONE: dict[str, Any] = {"status": "completed", "percentageComplete": 100, "resourceId": "b"}

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


def said(status: int = 200, /, _headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    return httpx.Response(status, headers=_headers, json=body)


def accepted(where: str, **headers: str) -> httpx.Response:
    return httpx.Response(202, headers={"location": where, **headers})


def raw(content: bytes) -> Callable[[httpx.Request], httpx.Response]:
    """An answer that is packed, and comes as a stream."""

    async def body() -> Any:
        yield content

    return lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, content=body())


@dataclass
class Script:
    """A network that gives these answers, the last one for ever, and notes when it was asked for what."""

    answers: list[Answer]
    seen: list[httpx.Request] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        self.at.append(asyncio.get_running_loop().time())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def pauses(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.at, self.at[1:], strict=False)]

    @property
    def urls(self) -> list[str]:
        return [str(request.url) for request in self.seen]


async def ran(
    *answers: Answer,
    call: Call = COPY,
    seconds: float = 600,
    progress: Progress | None = None,
    who: Speaker | None = None,
) -> tuple[dict[str, Any], Script]:
    script = Script([*answers])
    async with service_on(script) as service:
        with deadline.within(seconds):
            return await run(service, who or speaker(), call, progress=progress), script


async def refused(*answers: Answer, seconds: float = 600, who: Speaker | None = None) -> tuple[GraphError, Script]:
    script = Script([*answers])
    async with service_on(script) as service:
        with deadline.within(seconds), pytest.raises(GraphError) as caught:
            await run(service, who or speaker(), COPY)
    return caught.value, script


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        pytest.param(said(200, id="1"), {"id": "1"}, id="done"),
        pytest.param(said(201, {"location": OPERATION}, id="1"), {"id": "1"}, id="made"),
        pytest.param(httpx.Response(204), {}, id="done without a word"),
        pytest.param(httpx.Response(202), {}, id="taken on, and never told of again"),
        pytest.param(said(202, id="1"), {"id": "1"}, id="taken on with a word"),
    ],
)
async def test_what_graph_does_at_once_is_not_watched(answer: httpx.Response, result: dict[str, Any]) -> None:
    found, script = await ran(answer)
    assert found == result
    assert len(script.seen) == 1


async def test_a_monitor_elsewhere_is_asked_without_the_token_or_a_cookie() -> None:
    cookie = {"set-cookie": "who=ines; Domain=contoso.sharepoint.com"}
    running = said(202, cookie, status="inProgress", percentageComplete=20.0)
    found, script = await ran(accepted(MONITOR), running, said(**DONE))
    assert found == DONE
    assert script.urls[1:] == [MONITOR, MONITOR]
    assert script.seen[0].headers["authorization"] == "Bearer t"
    assert not any({"authorization", "cookie", "prefer"} & request.headers.keys() for request in script.seen[1:])


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"location": OPERATION}, id="a whole address"),
        pytest.param(
            {"location": "/teams('t')/operations('o')", "content-location": "/teams('t')"}, id="as Teams does"
        ),
        pytest.param({"operation-location": OPERATION}, id="as Azure does"),
        pytest.param({"content-location": OPERATION}, id="in a header for something else"),
    ],
)
async def test_an_operation_of_graph_is_asked_with_the_token_and_its_result_is_fetched(headers: dict[str, str]) -> None:
    done = said(status="succeeded", targetResourceLocation="/teams('t')")
    running = said(status="inProgress")
    found, script = await ran(httpx.Response(202, headers=headers), running, done, said(id="t", displayName="Works"))
    assert found == {"id": "t", "displayName": "Works"}
    assert script.urls[1:] == [OPERATION, OPERATION, f"{GRAPH}/teams('t')"]
    assert {request.headers["authorization"] for request in script.seen} == {"Bearer t"}
    assert {request.method for request in script.seen[1:]} == {"GET"}


async def test_what_came_with_the_acceptance_is_not_lost() -> None:
    first = said(202, {"location": OPERATION}, newPassword="Mondkalb-7")
    done = said(status="succeeded", resourceLocation=f"{GRAPH}/users/1/resetPassword")
    found, _ = await ran(first, done, said(405, error={"code": "BadRequest", "message": "no"}))
    assert found["newPassword"] == "Mondkalb-7"
    assert found["status"] == "succeeded"


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://evil.example/item", id="foreign"),
        pytest.param(f"https://{HOST}/beta/me", id="another version"),
        pytest.param("https://contoso.sharepoint.com/item", id="where the token does not go"),
    ],
)
async def test_a_result_to_which_the_token_may_not_go_is_not_fetched(link: str) -> None:
    found, script = await ran(accepted(OPERATION), said(**DONE, resourceLocation=link))
    assert found == {**DONE, "resourceLocation": link}
    assert script.urls[1:] == [OPERATION]


async def test_work_that_is_done_is_no_failure_though_its_result_cannot_be_read() -> None:
    done = said(**DONE, resourceLocation=f"{GRAPH}/me/drive/items/b")
    found, _ = await ran(accepted(MONITOR), done, httpx.ConnectError("no"), seconds=30)
    assert found["resourceId"] == "b"


@pytest.mark.parametrize(
    ("link", "token"),
    [
        pytest.param(f"{GRAPH}/me/drive/items/b", True, id="on Graph"),
        pytest.param("https://contoso.sharepoint.com/item?t=1", False, id="elsewhere"),
    ],
)
async def test_a_monitor_that_sends_us_on_is_followed_once(link: str, token: bool) -> None:
    found, script = await ran(accepted(MONITOR), httpx.Response(303, headers={"location": link}), said(id="b"))
    assert found == {"id": "b"}
    assert script.urls[2] == link
    assert ("authorization" in script.seen[2].headers) is token


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://evil.example/", id="to a stranger"),
        pytest.param("http://contoso.sharepoint.com/", id="without TLS"),
    ],
)
async def test_a_monitor_that_sends_us_astray_is_not_followed(link: str) -> None:
    found, script = await ran(accepted(MONITOR), httpx.Response(303, headers={"location": link}))
    assert found == {}
    assert len(script.seen) == 2


async def test_a_second_way_on_is_not_taken() -> None:
    onwards = httpx.Response(303, headers={"location": "https://contoso.sharepoint.com/next"})
    found, script = await ran(accepted(MONITOR), onwards)
    assert found == {}
    assert len(script.seen) == 3


async def test_a_redirect_that_leads_nowhere_is_looked_at_again() -> None:
    found, _ = await ran(accepted(MONITOR), httpx.Response(302), said(**DONE))
    assert found == DONE


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("https://evil.example/monitor", id="a stranger"),
        pytest.param("//evil.example/monitor", id="a stranger, by our scheme"),
        pytest.param("http://contoso.sharepoint.com/monitor", id="without TLS"),
        pytest.param("https://contoso.sharepoint.com:8443/monitor", id="another port"),
        pytest.param("https://u:p@contoso.sharepoint.com/monitor", id="with a user"),
        pytest.param("https://10.0.0.1/monitor", id="a number"),
        pytest.param(f"https://{HOST}/beta/teams('t')/operations('o')", id="another version"),
        pytest.param(f"https://{HOST}/v1.0/../beta/me", id="dots"),
        pytest.param("\x7f", id="no address at all"),
    ],
)
async def test_a_monitor_at_a_strangers_is_not_asked_and_the_work_not_forgotten(where: str) -> None:
    error, script = await refused(accepted(where))
    assert isinstance(error, GraphUncertain)
    assert error.code == "OutcomeUnknown"
    assert "(ForeignHost). Do not do it again." in error.message
    assert "evil" not in str(error)
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        pytest.param(
            {"status": "failed", "error": {"code": "nameAlreadyExists", "message": "Taken."}},
            GraphConflict,
            "nameAlreadyExists: Taken.",
            id="a copy",
        ),
        pytest.param(
            {"status": "Failed", "error": {"code": "Forbidden", "message": "No."}}, GraphError, "Forbidden", id="Teams"
        ),
        pytest.param({"status": "cancelled"}, GraphError, "cancelled", id="cancelled"),
    ],
)
async def test_work_that_fails_says_why(body: dict[str, Any], kind: type[GraphError], words: str) -> None:
    error, _ = await refused(accepted(MONITOR), said(**body))
    assert isinstance(error, kind)
    assert not isinstance(error, GraphUncertain)
    assert words in str(error)


async def test_a_refusal_of_the_work_itself_is_told_as_such() -> None:
    error, script = await refused(said(404, error={"code": "itemNotFound", "message": "no"}))
    assert isinstance(error, GraphNotFound)
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(httpx.ConnectError("no"), id="not reached"),
        pytest.param(httpx.ReadTimeout("slow"), id="silent"),
        pytest.param(httpx.RemoteProtocolError("cut"), id="cut"),
        pytest.param(httpx.Response(500), id="a failure"),
        pytest.param(httpx.Response(503, headers={"retry-after": "7"}), id="out"),
        pytest.param(httpx.Response(429, headers={"retry-after": "7"}), id="throttled"),
        pytest.param(httpx.Response(408), id="timed out"),
        pytest.param(httpx.Response(404), id="not there yet"),
        pytest.param(httpx.Response(200, text="<html>", headers={"content-type": "text/html"}), id="a proxy's page"),
        pytest.param(httpx.Response(202, text="<html>"), id="a proxy's page, accepted"),
        pytest.param(raw(gzip.compress(b'{"status":"completed"}')[:-9]), id="cut short"),
        pytest.param(raw(b"{}"), id="not packed as it says"),
    ],
)
@pytest.mark.parametrize("where", [pytest.param(MONITOR, id="elsewhere"), pytest.param(OPERATION, id="on Graph")])
async def test_trouble_on_the_way_ends_nothing(trouble: Answer, where: str) -> None:
    found, script = await ran(accepted(where), trouble, trouble, said(**DONE))
    assert found == DONE
    assert [request.method for request in script.seen].count("POST") == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(said(404, error={"code": "itemNotFound", "message": "no"}), "itemNotFound", id="never there"),
        pytest.param(said(403, error={"code": "Forbidden", "message": "no"}), "Forbidden", id="not for us to see"),
        pytest.param(said(410, error={"code": "gone", "message": "no"}), "gone", id="gone"),
    ],
)
async def test_work_that_nothing_is_told_of_may_have_been_done(answer: httpx.Response, code: str) -> None:
    error, _ = await refused(accepted(MONITOR), answer)
    assert isinstance(error, GraphUncertain)
    assert error.code == "OutcomeUnknown"
    assert f"({code}). Do not do it again." in error.message
    assert "s3cret" not in str(error)


async def test_an_answer_without_end_is_cut_off() -> None:
    async def endless() -> Any:
        while True:
            yield b"x" * 65536

    error, _ = await refused(accepted(MONITOR), lambda _: httpx.Response(200, content=endless()))
    assert "(TooLarge)" in error.message


class SignedOut(OneToken):
    """Speaks for somebody whose sign-in ends while the work is watched."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def token(self, scopes: Any, claims: str | None = None, refused: str | None = None) -> str:
        self.asked += 1
        if self.asked > 1:
            raise SignInNeeded("Open https://login.example/x.", url="https://login.example/x", sign_in="1")
        return "t"


async def test_a_sign_in_that_is_needed_meanwhile_does_not_have_the_work_done_again() -> None:
    who = replace(speaker(), auth=BearerAuth(SignedOut(), (), HOST))
    error, script = await refused(accepted(OPERATION), said(status="running"), who=who)
    assert isinstance(error, GraphUncertain)
    assert "(a sign-in is needed). Do not do it again." in error.message
    assert len(script.seen) == 1


async def test_at_the_deadline_it_is_said_that_the_work_goes_on_and_how_to_look() -> None:
    running = said(202, status="inProgress", percentageComplete=40)
    error, script = await refused(accepted(OPERATION), running, seconds=60)
    assert isinstance(error, GraphUncertain)
    assert error.code == "StillRunning"
    assert "says 40 % are done" in error.message
    assert "reading teams('t')/operations('o') tells" in error.message
    assert script.at[-1] <= 60
    assert script.at[-1] >= 55  # a last look before it


async def test_an_address_that_is_as_good_as_a_password_is_not_shown() -> None:
    error, _ = await refused(accepted(MONITOR), said(202, status="notStarted"), seconds=60)
    assert error.code == "StillRunning"
    assert "% are done" not in error.message
    assert "works like a password" in error.message
    assert not [word for word in ("monitor/", "s3cret", "sharepoint") if word in str(error)]


async def test_who_has_no_deadline_waits_as_long_as_any_call() -> None:
    script = Script([accepted(MONITOR), said(202, status="inProgress")])
    async with service_on(script) as service:
        with pytest.raises(GraphUncertain, match="StillRunning"):
            await run(service, speaker(), COPY)
    assert 50 <= script.at[-1] <= deadline.CALL_SECONDS


async def test_a_monitor_that_never_answers_ends_at_the_deadline() -> None:
    async def silent(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return accepted(MONITOR)
        await asyncio.sleep(10_000)
        raise AssertionError

    async with service_on(httpx.MockTransport(silent)) as service:
        with deadline.within(60), pytest.raises(GraphUncertain, match="StillRunning"):
            await run(service, speaker(), COPY)
    assert asyncio.get_running_loop().time() == pytest.approx(60, abs=1)


async def test_graph_is_asked_again_when_it_says() -> None:
    wait = {"retry-after": "12"}
    _, script = await ran(accepted(MONITOR, **wait), said(202, wait, status="running"), said(**DONE))
    assert script.pauses == [12, 12]


async def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    error, script = await refused(accepted(MONITOR, **{"retry-after": "90"}), seconds=60)
    assert error.code == "StillRunning"
    assert len(script.seen) == 1
    assert asyncio.get_running_loop().time() < 1


async def test_nor_where_nobody_set_a_deadline() -> None:
    async with service_on(Script([accepted(MONITOR, **{"retry-after": "90"})])) as service:
        with pytest.raises(GraphUncertain, match="StillRunning"):
            await run(service, speaker(), COPY)
    assert asyncio.get_running_loop().time() < 1


async def test_throttling_that_outlasts_the_deadline_is_told_as_work_that_goes_on() -> None:
    throttled = httpx.Response(429, headers={"retry-after": "600"})
    error, _ = await refused(accepted(OPERATION), throttled, seconds=60)
    assert isinstance(error, GraphUncertain)
    assert not isinstance(error, GraphThrottled)


async def test_pauses_grow_from_a_second_to_half_a_minute() -> None:
    still = said(202, status="running")
    _, script = await ran(accepted(MONITOR), *[still] * 12, said(**DONE))
    assert 1 <= script.pauses[0] <= 2
    assert all(1 <= pause <= 30 for pause in script.pauses)
    assert all(pause >= 15 for pause in script.pauses[-4:])
    assert len(set(script.pauses)) > 8


async def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[float, float | None]] = []

    async def tell(done: float, total: float | None) -> None:
        told.append((done, total))

    steps = [said(202, status="notStarted"), *(said(202, status="x", percentageComplete=each) for each in (10, 60.5))]
    await ran(accepted(MONITOR), *steps, httpx.Response(500), said(status="completed"), progress=tell)
    assert told == [(10, 100), (60.5, 100), (100, 100)]


async def test_who_is_cancelled_stops_watching() -> None:
    script = Script([accepted(MONITOR), said(202, status="running")])
    async with service_on(script) as service:
        task = asyncio.create_task(run(service, speaker(), COPY))
        await asyncio.sleep(20)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        asked = len(script.seen)
        await asyncio.sleep(100)
        assert len(script.seen) == asked


def headers_of_any_kind() -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)


@given(st.data())
async def test_whatever_a_monitor_says_it_ends_in_time_with_an_answer_or_an_error(data: st.DataObject) -> None:
    def answers() -> Iterator[httpx.Response]:
        while True:
            body = data.draw(st.sampled_from([b"", b"{}", b"[]", b'{"status":"x"}', b'{"status":7}', b"\xff", b"null"]))
            headers = {"location": data.draw(headers_of_any_kind()), "retry-after": data.draw(headers_of_any_kind())}
            yield httpx.Response(data.draw(st.integers(200, 599)), headers=headers, content=body)

    script = answers()
    started = asyncio.get_running_loop().time()
    async with service_on(lambda _: next(script)) as service:
        with deadline.within(60), suppress(GraphError):
            assert isinstance(await run(service, speaker(), COPY), dict)
    assert asyncio.get_running_loop().time() - started <= 61


# Against the emulator.


class Recording(httpx.ASGITransport):
    """Notes what goes by."""

    def __init__(self, app: Any) -> None:
        super().__init__(app=app)
        self.seen: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return await super().handle_async_request(request)


@pytest.fixture
def cloud() -> Recording:
    tenant = small_tenant()
    ada = next(iter(tenant.people.values()))
    return Recording(
        build_emulator(tenant, entra=FakeEntra(delegated(ada, *FILES, "UserAuthenticationMethod.ReadWrite.All")))
    )


async def sent(cloud: Recording, method: str, path: str, **options: Any) -> dict[str, Any]:
    async with httpx.AsyncClient(transport=cloud, base_url=f"{GRAPH}/") as http:
        response = await http.request(method, path, **options)
        assert response.is_success, response.text
        found: dict[str, Any] = response.json()
        return found


async def test_a_copy_of_a_file_comes_back_as_the_new_file(cloud: Recording) -> None:
    made = await sent(cloud, "PUT", "me/drive/root:/plan.txt:/content", content=b"words")
    told: list[float] = []

    async def tell(done: float, total: float | None) -> None:
        told.append(done)

    call = replace(COPY, path=f"me/drive/items/{made['id']}/copy", body=b'{"name":"again.txt"}')
    async with service_on(cloud) as service:
        copied = await run(service, speaker(), call, progress=tell)
    assert copied["name"] == "again.txt"
    assert copied["id"] != made["id"]
    assert len(told) == 2
    assert told[0] < told[1] == 100


async def test_a_copy_whose_name_is_taken_says_so(cloud: Recording) -> None:
    made = await sent(cloud, "PUT", "me/drive/root:/plan.txt:/content", content=b"words")
    call = replace(COPY, path=f"me/drive/items/{made['id']}/copy", body=b'{"name":"plan.txt"}')
    async with service_on(cloud) as service:
        with pytest.raises(GraphConflict, match="nameAlreadyExists"):
            await run(service, speaker(), call)
