"""Delta queries: a first round in pages, then what changed since, by tokens that remember the question."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from emulator import Tenant, build_emulator
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.deltas import DeltaRules, delta
from emulator.graph.engine.dialects import EXCHANGE
from emulator.graph.engine.target import Target
from emulator.graph.engine.workload import Workload
from tests.emulator.engine.tiny import BASE, SCOPES, code_of, contacts, graph_of, made, person, read, shown, speaking
from tests.emulator.support import NOW, FakeEntra, client_for, delegated, ids, pages, small_tenant

DELTA = "/me/contacts/delta"


async def whole(graph: httpx.AsyncClient, path: str, **headers: str) -> tuple[list[dict[str, Any]], str]:
    """All items of a round, and where the next one begins."""
    found = [page async for page in pages(graph, path, **headers)]
    assert [("@odata.deltaLink" in page) for page in found] == [False] * (len(found) - 1) + [True]
    return [item for page in found for item in page["value"]], found[-1]["@odata.deltaLink"]


async def test_the_first_round_is_everything_in_pages(graph: httpx.AsyncClient) -> None:
    wanted = await contacts(graph, *"ABCDE")
    items, link = await whole(graph, DELTA, Prefer="odata.maxpagesize=2")
    assert [item["id"] for item in items] == wanted
    assert link.startswith(f"{BASE}/me/contacts/delta?$deltatoken=")
    first = await read(graph, DELTA, Prefer="odata.maxpagesize=2")
    assert len(first["value"]) == 2
    assert "$skiptoken=" in first["@odata.nextLink"]
    assert first["@odata.context"].endswith("/contacts")


async def test_later_rounds_tell_what_came_changed_and_went(graph: httpx.AsyncClient) -> None:
    kept, changed, gone = await contacts(graph, *"ABC")
    _, link = await whole(graph, DELTA)
    assert await whole(graph, link) == ([], (await read(graph, link))["@odata.deltaLink"])
    await graph.patch(f"/me/contacts/{changed}", json={"displayName": "B2"})
    await graph.delete(f"/me/contacts/{gone}")
    (came,) = await contacts(graph, "D")
    items, later = await whole(graph, link)
    assert [(item["id"], "@removed" in item) for item in items] == [(changed, False), (gone, True), (came, False)]
    assert items[1] == {"id": gone, "@removed": {"reason": "deleted"}}
    assert kept not in [item["id"] for item in items]
    assert (await whole(graph, later))[0] == []
    # A link can be used again: it tells the same.
    assert (await whole(graph, link))[0] == items


async def test_what_changes_between_pages_belongs_to_the_next_round(graph: httpx.AsyncClient) -> None:
    first, *_ = await contacts(graph, *"ABC")
    page = await read(graph, DELTA, Prefer="odata.maxpagesize=2")
    await graph.patch(f"/me/contacts/{first}", json={"displayName": "A2"})
    (late,) = await contacts(graph, "D")
    rest, link = await whole(graph, page["@odata.nextLink"])
    assert shown({"value": rest}) == ["C"]
    items, _ = await whole(graph, link)
    assert [item["id"] for item in items] == [first, late]


async def test_a_round_remembers_what_was_selected_and_filtered(graph: httpx.AsyncClient) -> None:
    await contacts(graph, "Al", "Bo", "Alma")
    query = quote("startswith(displayName,'Al')")
    items, link = await whole(graph, f"{DELTA}?$select=displayName&$filter={query}")
    assert shown({"value": items}) == ["Al", "Alma"]
    assert "$select" not in link
    (item,) = (item for item in items if item["displayName"] == "Al")
    assert list(item) == ["id", "displayName"]
    await contacts(graph, "Ali", "Bob")
    page = await read(graph, link)
    assert shown(page) == ["Ali"]
    assert page["@odata.context"].endswith("/contacts(displayName)")
    assert list(page["value"][0]) == ["id", "displayName"]


async def test_what_is_gone_is_told_whatever_the_filter(graph: httpx.AsyncClient) -> None:
    _, other = await contacts(graph, "Al", "Bo")
    _, link = await whole(graph, f"{DELTA}?$filter=displayName eq 'Al'")
    await graph.delete(f"/me/contacts/{other}")
    assert [item["id"] for item in (await whole(graph, link))[0]] == [other]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{DELTA}?$deltatoken=latest", id="as OData has it"),
        pytest.param(f"{DELTA}?$skiptoken=Latest", id="in the other option"),
        pytest.param(f"{DELTA}?token=latest", id="as drives have it"),
        pytest.param(f"{DELTA}(token='latest')", id="as an argument"),
    ],
)
async def test_a_round_may_begin_now(graph: httpx.AsyncClient, path: str) -> None:
    await contacts(graph, "A")
    items, link = await whole(graph, path)
    assert items == []
    await contacts(graph, "B")
    assert shown({"value": (await whole(graph, link))[0]}) == ["B"]


async def test_a_forged_token_starts_over(graph: httpx.AsyncClient) -> None:
    _, link = await whole(graph, DELTA)
    token = link.partition("=")[2]
    for forged in ("x", token[:-4], f"A{token[1:]}"):
        response = await graph.get(f"{DELTA}?$deltatoken={forged}")
        assert code_of(response) == (410, "SyncStateNotFound")
        assert response.headers["location"] == f"{BASE}/me/contacts/delta"
    # Nor does one of another place do.
    assert (await graph.get(f"/users/delta?$deltatoken={token}")).status_code == 410


async def test_a_token_expires(tenant: Tenant) -> None:
    moment = [NOW]
    entra = FakeEntra(delegated(person(tenant), *SCOPES))
    app = build_emulator(tenant, entra=entra, clock=lambda: float(moment[0].timestamp()), workloads=())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as graph:
        _, link = await whole(graph, DELTA)
        moment[0] = NOW + timedelta(days=7)
        assert (await graph.get(link)).status_code == 200
        moment[0] = NOW + timedelta(days=7, seconds=1)
        response = await graph.get(link)
    assert code_of(response) == (410, "SyncStateNotFound")
    assert response.headers["location"] == f"{BASE}/me/contacts/delta"


async def test_only_stored_sets_have_changes(tenant: Tenant) -> None:
    workload = Workload("tiny")
    workload.type("user").navigation("contacts")(lambda _call, _owner: [])
    async with graph_of(tenant, workload) as graph:
        assert (await graph.get(DELTA)).status_code == 405


async def test_a_service_has_rules_of_its_own(tenant: Tenant) -> None:
    rules = DeltaRules(
        page_size=1,
        largest_page=2,
        token="token",
        resync_code="resyncRequired",
        gone=lambda _view, removed: {"id": removed.entity.id, "deleted": {}},
        live=lambda view, entity, _query: {"id": entity.id, "live": view.call.state["since"] > 0},
    )
    workload = speaking(EXCHANGE)

    def changes(call: Call, target: Target) -> Answer:
        return delta(target.service, call, target, rules)

    workload.type("contact").collection_operation("delta")(changes)
    async with graph_of(tenant, workload) as graph:
        first, second, third = await contacts(graph, *"ABC")
        page = await read(graph, DELTA)
        assert page["value"] == [{"id": first, "live": False}]
        assert "/delta?token=" in page["@odata.nextLink"]
        wide = await read(graph, DELTA, Prefer="odata.maxpagesize=50")
        assert ids(wide) == [first, second]
        assert (len((await read(graph, DELTA, Prefer="odata.maxpagesize=0"))["value"])) == 1
        _, link = await whole(graph, DELTA)
        await graph.delete(f"/me/contacts/{third}")
        await graph.patch(f"/me/contacts/{first}", json={"displayName": "A2"})
        items, _ = await whole(graph, link)
        assert items == [{"id": third, "deleted": {}}, {"id": first, "live": True}]
        response = await graph.get(f"{DELTA}?token=x", headers={"Prefer": 'IdType="ImmutableId"'})
        assert code_of(response) == (410, "resyncRequired")
        applied = await graph.get(DELTA, headers={"Prefer": 'IdType="ImmutableId"'})
        assert applied.headers["preference-applied"] == 'IdType="ImmutableId"'


async def test_delta_is_answered_for_every_stored_collection(graph: httpx.AsyncClient) -> None:
    folder = (await made(graph, "/me/contactFolders", displayName="F"))["id"]
    _, link = await whole(graph, f"/me/contactFolders/{folder}/contacts/delta()")
    await made(graph, f"/me/contactFolders/{folder}/contacts", displayName="In")
    assert shown({"value": (await whole(graph, link))[0]}) == ["In"]


@pytest.mark.parametrize(
    ("path", "option"),
    [
        pytest.param("/users/delta", "$top=2", id="pages of people"),
        pytest.param("/users/delta", "$orderby=displayName", id="people in order"),
        pytest.param("/users/delta", "$expand=manager", id="people with their managers"),
        pytest.param("/groups/delta", '$search="displayName:a"', id="a search for groups"),
        pytest.param("/me/mailFolders/inbox/messages/delta", '$search="a"', id="a search for mail"),
        pytest.param(
            "/me/calendarView/delta?startDateTime=2026-03-09T00:00:00Z&endDateTime=2026-03-16T00:00:00Z",
            "$filter=subject eq 'a'",
            id="some meetings",
        ),
    ],
)
async def test_what_a_service_cannot_follow_is_refused_and_not_ignored(path: str, option: str) -> None:
    tenant = small_tenant()
    scopes = ("User.Read.All", "Group.Read.All", "Mail.Read", "Calendars.Read")
    async with client_for(tenant, delegated(tenant.demo_person, *scopes)) as client:
        answer = await client.get(f"{path}{'&' if '?' in path else '?'}{option}")
    assert answer.status_code == 400
    assert "is not supported" in answer.json()["error"]["message"]
