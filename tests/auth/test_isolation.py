"""Nobody ever gets another's token: many people at once, each call checked at the emulator's Graph."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import httpx
import pytest

import network
from _server_demo import DemoTenant
from auth.cache import FileTokenCache, MemoryTokenCache, TokenCache
from auth.people import People
from clouds import PUBLIC
from emulator.tenant import Person
from graph import BearerAuth, Caller, GraphClient, Speaker, graph_service
from tests.auth.support import APP, SCOPES, AtOnce, people_of, public_cloud

ACCOUNTS, CALLERS = 200, 20


@asynccontextmanager
async def signed_in(cloud: DemoTenant, cache: TokenCache, persons: list[Person]) -> AsyncIterator[People]:
    flow = AtOnce(cloud)
    people = people_of(cloud, flow, cache)
    async with people.running():
        for person in persons:
            flow.next = person
            await people.login()
        yield people


@pytest.mark.parametrize("kind", [pytest.param("memory", id="in memory"), pytest.param("file", id="in one file")])
async def test_200_accounts_with_20_callers_each_reach_graph_as_themselves(kind: str, tmp_path: Path) -> None:
    accounts = ACCOUNTS if kind == "memory" else ACCOUNTS // 10
    cloud = public_cloud(people=accounts - 2)
    persons = list(cloud.app.state.tenant.people.values())
    assert len(persons) == accounts
    file = FileTokenCache(tmp_path / "cache.json", client_id=APP, warn=pytest.fail)
    answers: dict[str, list[str]] = {person.id: [] for person in persons}
    async with (
        signed_in(cloud, MemoryTokenCache() if kind == "memory" else file, persons) as people,
        graph_service(partial(network.async_client, httpx.ASGITransport(app=cloud)), PUBLIC.graph_host) as service,
        anyio.create_task_group() as tasks,
    ):
        cloud.app.state.entra.journal.clear()

        async def call(person: Person) -> None:
            source = people.source(person.user_principal_name)
            signed = BearerAuth(source, SCOPES, PUBLIC.graph_host)
            graph = GraphClient(service, Speaker(signed, Caller(cloud.app.state.tenant.id, person.id), person.id))
            answers[person.id].append((await graph.get("me", {"$select": "id"}))["id"])

        for _ in range(CALLERS):
            for person in persons:
                tasks.start_soon(call, person)
    # Graph answers with the id in the token that it verified.
    assert answers == {person.id: [person.id] * CALLERS for person in persons}
    assert cloud.app.state.entra.journal.count() == 0, "every token came from the sign-in"
