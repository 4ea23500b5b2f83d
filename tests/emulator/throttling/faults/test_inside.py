"""Trouble that only a workload can make: sessions that end or forget, and copies that take long or fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant
from tests.emulator.support import delegated, error_of, small_tenant
from tests.emulator.throttling.support import Scene, scene

STEP = 327_680
TOTAL = 4_000_000
DRIVE = "/me/drive/root:/big.bin:/createUploadSession"


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def office(tenant: Tenant) -> Scene:
    return scene(tenant, delegated(tenant.demo_person, "Mail.ReadWrite", "Files.ReadWrite"))


@pytest.fixture
async def graph(office: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with office.client() as client:
        yield client


async def opened(graph: httpx.AsyncClient, service: str) -> str:
    """The address of a new session for a file of so many bytes."""
    if service == "drive":
        response = await graph.post(DRIVE, json={})
    else:
        message = (await graph.post("/me/messages", json={})).json()["id"]
        item = {"attachmentType": "file", "name": "big.bin", "size": TOTAL}
        place = f"/me/messages/{message}/attachments/createUploadSession"
        response = await graph.post(place, json={"AttachmentItem": item})
    assert response.status_code in {200, 201}, response.text
    address: str = response.json()["uploadUrl"]
    return address


async def send(graph: httpx.AsyncClient, address: str, first: int, size: int = STEP) -> httpx.Response:
    data = bytes([first // STEP]) * min(size, TOTAL - first)
    place = f"bytes {first}-{first + len(data) - 1}/{TOTAL}"
    return await graph.put(address, content=data, headers={"Content-Range": place})


async def expected(graph: httpx.AsyncClient, address: str) -> int:
    """Where the session says that the next range begins."""
    (found,) = (await graph.get(address)).json()["nextExpectedRanges"]
    return int(found.partition("-")[0])


both = pytest.mark.parametrize("service", ["drive", "mail"])


@both
async def test_a_session_expires_in_the_middle(office: Scene, graph: httpx.AsyncClient, service: str) -> None:
    address = await opened(graph, service)
    office.chaos.strike("expired", spares=1)
    assert (await send(graph, address, 0)).is_success
    gone = error_of(await send(graph, address, STEP))
    code = "itemNotFound" if service == "drive" else "ErrorItemNotFound"
    assert gone[:2] == (404, code)
    assert office.chaos.is_fine
    assert [(await graph.request(method, address)).status_code for method in ("GET", "DELETE")] == [404, 404]
    again = await opened(graph, service)
    assert (await send(graph, again, 0)).is_success


async def test_only_sessions_expire(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("expired")
    drive = await opened(graph, "drive")
    assert [(await graph.get(path)).status_code for path in ("/me/messages", "/driveMonitors/x/y")] == [200, 404]
    assert not office.chaos.is_fine
    assert [(await graph.get(drive)).status_code for _ in range(2)] == [404, 404]


async def test_sessions_of_one_service_expire(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("expired", service="sharepoint")
    mail, drive = await opened(graph, "mail"), await opened(graph, "drive")
    assert (await send(graph, mail, 0)).is_success
    assert (await graph.get(drive)).status_code == 404


async def test_a_session_that_is_gone_already_expires_quietly(office: Scene, graph: httpx.AsyncClient) -> None:
    address = await opened(graph, "drive")
    await graph.delete(address)
    office.chaos.strike("expired")
    assert (await graph.get(address)).status_code == 404


@both
@pytest.mark.parametrize(
    ("size", "left"), [pytest.param(None, STEP, id="as usual"), pytest.param(10**9, 0, id="all of it")]
)
async def test_a_session_asks_again_for_what_it_lost(
    office: Scene, graph: httpx.AsyncClient, service: str, size: int | None, left: int
) -> None:
    address = await opened(graph, service)
    office.chaos.strike("rewound", spares=2, **({} if size is None else {"size": size}))
    for number in range(3):
        answer = await send(graph, address, number * STEP)
        assert answer.status_code == (202 if service == "drive" else 200)
    (wanted,) = answer.json()["nextExpectedRanges"]
    assert wanted.startswith(f"{left}-")
    assert await expected(graph, address) == left
    assert office.chaos.is_fine
    while (first := await expected(graph, address)) + STEP < TOTAL:
        assert (await send(graph, address, first)).is_success
    assert (await send(graph, address, first)).status_code == 201


@both
async def test_even_a_last_range_can_be_lost(office: Scene, graph: httpx.AsyncClient, service: str) -> None:
    address = await opened(graph, service)
    office.chaos.strike("rewound", size=1, spares=1)
    half = STEP * 6
    await send(graph, address, 0, half)
    await send(graph, address, half, TOTAL)
    assert await expected(graph, address) == TOTAL - 1
    assert (await send(graph, address, TOTAL - 1)).status_code == 201


async def test_a_file_is_whole_after_all_that(office: Scene, graph: httpx.AsyncClient) -> None:
    address = await opened(graph, "drive")
    office.chaos.strike("rewound", size=7)
    await send(graph, address, 0)
    assert (await send(graph, address, STEP - 7, 7 + STEP * 5)).status_code == 400
    assert (await send(graph, address, STEP - 7, STEP)).status_code == 202
    while (first := await expected(graph, address)) + STEP < TOTAL:
        await send(graph, address, first)
    made = (await send(graph, address, first)).json()
    content = (await graph.get(made["@microsoft.graph.downloadUrl"])).content
    assert (len(content), content[STEP - 8 : STEP + 1]) == (TOTAL, bytes(9))


# --- copies


async def copied(graph: httpx.AsyncClient, **body: Any) -> str:
    """The address of the monitor of a copy."""
    made = (await graph.put("/me/drive/root:/a.txt:/content", content=b"words")).json()
    response = await graph.post(f"/me/drive/items/{made['id']}/copy", json={"name": "b.txt", **body})
    assert response.status_code == 202
    return response.headers["location"]


async def test_a_copy_can_take_several_looks(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("slow", polls=3)
    monitor = await copied(graph)
    answers = [await graph.get(monitor) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 200, 200]
    states = [answer.json() for answer in answers]
    assert [state["percentageComplete"] for state in states] == [25.0, 50.0, 75.0, 100.0, 100.0]
    assert [state["status"] for state in states] == ["inProgress"] * 3 + ["completed"] * 2
    assert (await graph.get(states[-1]["resourceLocation"])).json()["name"] == "b.txt"


async def test_a_copy_can_fail_and_leaves_nothing(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("failed")
    office.chaos.strike("failed", code="serviceNotAvailable", message="Try later.")
    for error in (
        {"code": "generalException", "message": "The copy could not be completed."},
        {"code": "serviceNotAvailable", "message": "Try later."},
    ):
        monitor = await copied(graph)
        assert (await graph.get(monitor)).json()["status"] == "inProgress"
        done = (await graph.get(monitor)).json()
        assert (done["status"], done["error"]) == ("failed", error)
    assert [each["name"] for each in (await graph.get("/me/drive/root/children")).json()["value"]] == ["a.txt"]


async def test_a_copy_in_a_batch_can_fail_too(office: Scene, graph: httpx.AsyncClient) -> None:
    made = (await graph.put("/me/drive/root:/a.txt:/content", content=b"words")).json()
    office.chaos.strike("failed")
    body, headers = {"name": "b.txt"}, {"Content-Type": "application/json"}
    url = f"/me/drive/items/{made['id']}/copy"
    part = {"id": "1", "method": "POST", "url": url, "body": body, "headers": headers}
    (reply,) = (await graph.post("/$batch", json={"requests": [part]})).json()["responses"]
    await graph.get(reply["headers"]["Location"])
    assert (await graph.get(reply["headers"]["Location"])).json()["status"] == "failed"


async def test_only_copies_of_files_fail(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("failed")
    message = (await graph.post("/me/messages", json={})).json()["id"]
    answer = await graph.post(f"/me/messages/{message}/copy", json={"destinationId": "drafts"})
    assert (answer.status_code, office.chaos.is_fine) == (201, False)


async def test_a_monitor_needs_no_token(office: Scene, graph: httpx.AsyncClient) -> None:
    monitor = await copied(graph)
    office.entra.refusal = "Access token is empty."
    assert [(await graph.get(monitor)).status_code for _ in range(2)] == [202, 200]
    assert (await graph.get("/me/drive")).status_code == 401
