"""Answers that nobody can use: what is sent, and that what was asked for is done all the same."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.pytest_plugin import GraphEmulator, graph_emulator_server, graph_tenant
from emulator.throttling.faults.bodies import GIB, inflating
from tests.emulator.support import delegated, small_tenant
from tests.emulator.throttling.support import Scene, scene

__all__ = ["graph_emulator_server", "graph_tenant"]

MIB = 1024 * 1024
PATIENCE = 30


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def office(tenant: Tenant) -> Scene:
    return scene(tenant, delegated(tenant.demo_person, "User.ReadWrite", "Mail.ReadWrite", "Files.ReadWrite"))


@pytest.fixture
async def graph(office: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with office.client() as client:
        yield client


async def raw(graph: httpx.AsyncClient, path: str) -> tuple[httpx.Response, bytes]:
    """An answer with its bytes as they came."""
    async with graph.stream("GET", path) as answer:
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


async def test_json_is_cut_and_its_length_says_nothing_of_it(office: Scene, graph: httpx.AsyncClient) -> None:
    whole = await graph.get("/me")
    office.chaos.strike("truncated")
    office.chaos.strike("truncated", size=10)
    for expected in (whole.content[: len(whole.content) // 2], whole.content[:10]):
        cut = await graph.get("/me")
        assert (cut.status_code, cut.content) == (200, expected)
        assert cut.headers["content-length"] == str(len(expected))
        assert cut.headers["content-type"] == whole.headers["content-type"]
        with pytest.raises(json.JSONDecodeError):
            cut.json()


async def test_what_has_no_json_is_not_cut_and_nothing_is_used_up(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("truncated")
    assert (await graph.get("/$metadata")).content.endswith(b"Edmx>\n")
    assert (await graph.patch("/me", json={"city": "Oslo"})).status_code == 204
    assert [fault.left for fault in office.chaos.faults] == [1]


async def test_a_packed_answer_is_cut(office: Scene, graph: httpx.AsyncClient) -> None:
    whole = await graph.get("/me")
    office.chaos.strike("gzip")
    answer, packed = await raw(graph, "/me")
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert answer.headers["content-length"] == str(len(packed))
    unpacked = zlib.decompressobj(31).decompress(packed)
    assert whole.content.startswith(unpacked)
    assert len(unpacked) < len(whole.content)
    with pytest.raises(EOFError):
        gzip.decompress(packed)


async def test_a_file_can_be_packed_and_cut_where_it_is_had(office: Scene, graph: httpx.AsyncClient) -> None:
    await graph.put("/me/drive/root:/a.txt:/content", content=b"words " * 500)
    office.chaos.strike("gzip", size=15, method="GET")
    where = await graph.get("/me/drive/root:/a.txt:/content")
    assert (where.status_code, len(office.chaos.faults)) == (302, 1)
    answer, packed = await raw(graph, where.headers["location"])
    assert (answer.headers["content-encoding"], len(packed)) == ("gzip", 15)


@pytest.mark.parametrize("kind", ["type", "not-json", "endless", "gzip-bomb"])
async def test_what_only_says_where_to_go_is_let_through(office: Scene, graph: httpx.AsyncClient, kind: Any) -> None:
    await graph.put("/me/drive/root:/a.txt:/content", content=b"words")
    office.chaos.strike(kind, method="GET")
    where = await graph.get("/me/drive/root:/a.txt:/content")
    assert (where.status_code, where.content, office.chaos.is_fine) == (302, b"", False)


async def test_another_type_comes_with_the_right_status(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient
) -> None:
    office.chaos.strike("type", times=3)
    pages = [
        await graph.get("/me"),
        await graph.post("/me/messages", json={"subject": "x"}),
        await graph.patch("/me", json={"city": "Oslo"}),
    ]
    assert [page.status_code for page in pages] == [200, 201, 200]
    assert {page.headers["content-type"] for page in pages} == {"text/html; charset=utf-8"}
    assert all(page.text.startswith("<!DOCTYPE html>") for page in pages)
    assert tenant.demo_person.city == "Oslo"
    assert len((await graph.get("/me/messages")).json()["value"]) == 1


async def test_json_is_none(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("not-json", times=2)
    for answer in (await graph.get("/me"), await graph.patch("/me", json={"city": "Oslo"})):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    assert office.chaos.is_fine


async def test_refusals_are_spoilt_too(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("not-json")
    answer = await graph.get("/users/nobody")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
    assert office.chaos.is_fine


# --- large ones


async def test_a_bomb_is_small_and_right_json_once_it_went_off(office: Scene, graph: httpx.AsyncClient) -> None:
    whole = await graph.get("/me")
    office.chaos.strike("gzip-bomb", size=5 * MIB + 7)
    answer, packed = await raw(graph, "/me")
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert "content-length" not in answer.headers
    unpacked = gzip.decompress(packed)
    assert (len(unpacked), len(packed) < 10_000) == (5 * MIB + 7, True)
    assert json.loads(unpacked) == whole.json()


@pytest.mark.parametrize("size", [0, 3, MIB, MIB + 5, 2 * MIB + 5])
def test_a_bomb_has_the_size_that_was_asked_for(size: int) -> None:
    assert gzip.decompress(b"".join(inflating(b"start", size))) == b"start"[:size].ljust(size)


async def test_a_gigabyte_is_made_in_little_memory(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("gzip-bomb")
    tracemalloc.start()
    try:
        _, packed = await raw(graph, "/me")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 16 * MIB
    assert (len(packed) < 2 * MIB, int.from_bytes(packed[-4:], "little")) == (True, GIB)


async def test_an_endless_answer_has_an_end_where_nobody_can_leave(office: Scene, graph: httpx.AsyncClient) -> None:
    whole = await graph.get("/me")
    office.chaos.strike("endless", size=MIB)
    office.chaos.strike("endless", size=5)
    office.chaos.strike("endless")
    answer = await graph.get("/me")
    assert (len(answer.content), answer.json()) == (MIB, whole.json())
    assert "content-length" not in answer.headers
    assert (await graph.get("/me")).content == whole.content[:5]
    assert len((await graph.get("/me")).content) == 64 * MIB


async def test_an_endless_answer_goes_on_until_the_client_leaves(office: Scene) -> None:
    office.chaos.strike("endless")
    received, enough, gone = 0, 100 * MIB, asyncio.Event()
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal received
        received += len(message.get("body", b""))
        if received > enough:
            gone.set()

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "method": "GET", "scheme": "https",
        "path": "/v1.0/me", "raw_path": b"/v1.0/me", "query_string": b"", "headers": [(b"host", b"graph.example")],
    }  # fmt: skip
    await asyncio.wait_for(office.app(scope, receive, send), PATIENCE)
    assert enough < received < 2 * enough


def test_a_server_sends_until_its_client_leaves(graph_emulator_server: GraphEmulator) -> None:
    server = graph_emulator_server
    server.control.chaos.strike("endless")
    server.control.chaos.strike("gzip-bomb")
    headers = {"Authorization": f"Bearer {server.token(['User.Read'])}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
        for least in (70 * MIB, 100_000):
            with client.stream("GET", "/me") as answer:
                received = 0
                for piece in answer.iter_raw():
                    received += len(piece)
                    if received > least:
                        break
                assert received > least
        assert client.get("/me").status_code == 200
