"""Whatever is written, in whatever order: pages, counts, delta and direct reads tell of the same things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulator.support import app_only, client_for, delegated, small_tenant

SCOPES = (
    *("Mail.ReadWrite", "Contacts.ReadWrite", "Calendars.ReadWrite", "Files.ReadWrite.All"),
    *("User.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"),
)
EVENTUAL = {"ConsistencyLevel": "eventual"}
WEEK = "startDateTime=2026-03-09T00:00:00Z&endDateTime=2026-03-16T00:00:00Z"


@dataclass(frozen=True)
class Kind:
    """A collection under test: where it is listed, followed, written and read, and how an item is told from another."""

    listed: str
    delta: str
    made_at: str
    item: str
    name: str
    moves_to: str = ""
    counts: bool = True
    seen: str = "value"

    def body(self, number: int) -> dict[str, Any]:
        """A new item."""
        return {self.name: f"Item {number}", **_MORE.get(self.made_at, lambda _: {})(number)}


_MORE: Mapping[str, Any] = {
    "/users": lambda number: {
        "accountEnabled": True,
        "mailNickname": f"item{number}",
        "userPrincipalName": f"item{number}@lindenhall.example",
        "passwordProfile": {"password": "a-Long-1-enough"},
    },
    "/groups": lambda number: {"mailEnabled": False, "securityEnabled": True, "mailNickname": f"item{number}"},
    "/me/events": lambda number: {
        "start": {"dateTime": f"2026-03-1{number % 5}T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"2026-03-1{number % 5}T11:00:00", "timeZone": "UTC"},
    },
    "/me/drive/root/children": lambda _: {"folder": {}},
}

KINDS = {
    "drafts": Kind(
        "/me/mailFolders/drafts/messages",
        "/me/mailFolders/drafts/messages/delta",
        "/me/messages",
        "/me/messages/{}",
        "subject",
        moves_to="archive",
    ),
    "contacts": Kind(
        "/me/contacts", "/me/contactFolders/contacts/contacts/delta", "/me/contacts", "/me/contacts/{}", "givenName"
    ),
    "users": Kind("/users", "/users/delta", "/users", "/users/{}", "displayName"),
    "groups": Kind("/groups", "/groups/delta", "/groups", "/groups/{}", "displayName"),
    "events": Kind("/me/events", f"/me/calendarView/delta?{WEEK}", "/me/events", "/me/events/{}", "subject"),
    "files": Kind(
        "/me/drive/root/children",
        "/me/drive/root/delta",
        "/me/drive/root/children",
        "/me/drive/items/{}",
        "name",
        counts=False,
    ),
}

STEPS = st.lists(
    st.tuples(st.sampled_from(["make", "make", "change", "drop", "move", "sync"]), st.integers(0, 9)), max_size=14
)


@dataclass
class Mirror:
    """What a program knows that only follows delta."""

    client: httpx.AsyncClient
    link: str
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def sync(self) -> None:
        """Follow the links to the end of what is new."""
        while True:
            page = await _body(self.client, self.link, Prefer="odata.maxpagesize=3")
            for item in page["value"]:
                if "@removed" in item or "deleted" in item:
                    self.known.pop(item["id"], None)
                else:
                    self.known[item["id"]] = item
            self.link = page.get("@odata.nextLink") or page["@odata.deltaLink"]
            if "@odata.deltaLink" in page:
                return


async def _body(client: httpx.AsyncClient, path: str, **headers: str) -> dict[str, Any]:
    response = await client.get(path, headers=EVENTUAL | headers)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def _ids(client: httpx.AsyncClient, link: str | None) -> list[str]:
    found: list[str] = []
    while link:
        page = await _body(client, link)
        found += [item["id"] for item in page["value"]]
        link = page.get("@odata.nextLink")
    return found


async def _step(
    client: httpx.AsyncClient, kind: Kind, step: str, number: int, *, mine: list[str], gone: set[str]
) -> None:
    if step == "make":
        made = await client.post(kind.made_at, json=kind.body(len(mine) + len(gone)))
        assert made.status_code == 201, made.text
        mine.append(made.json()["id"])
    elif mine and step == "change":
        answer = await client.patch(
            kind.item.format(mine[number % len(mine)]), json={kind.name: f"Changed {number}x{len(mine)}"}
        )
        assert answer.status_code in {200, 204, 409}, answer.text
    elif mine and (step == "drop" or kind.moves_to):
        key = mine.pop(number % len(mine))
        gone.add(key)
        if step == "drop":
            assert (await client.delete(kind.item.format(key))).status_code == 204
        else:
            place = {"destinationId": kind.moves_to}
            assert (await client.post(f"{kind.item.format(key)}/move", json=place)).status_code == 201


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
async def test_every_way_of_reading_tells_of_the_same_things(name: str, steps: Sequence[tuple[str, int]]) -> None:
    kind, tenant = KINDS[name], small_tenant()
    async with client_for(tenant, delegated(tenant.demo_person, *SCOPES)) as client:
        mirror = Mirror(client, kind.delta)
        mine: list[str] = []
        gone: set[str] = set()
        await mirror.sync()
        for step, number in steps:
            if step == "sync":
                await mirror.sync()
            else:
                await _step(client, kind, step, number, mine=mine, gone=gone)
        await mirror.sync()
        whole = await _ids(client, f"{kind.listed}?$top=900")
        assert set(mine) <= set(whole)
        assert gone.isdisjoint(whole)
        assert sorted(await _ids(client, f"{kind.listed}?$top=2")) == sorted(whole)
        if kind.counts:
            assert int((await client.get(f"{kind.listed}/$count", headers=EVENTUAL)).text) == len(whole)
        again = Mirror(client, kind.delta)
        await again.sync()
        roots = set(again.known) - set(whole)  # a drive's delta tells of its root, too
        assert roots <= {key for key, item in again.known.items() if "root" in item}
        assert set(mirror.known) - roots == set(again.known) - roots == set(whole)
        for key in mine:
            found = await _body(client, kind.item.format(key))
            assert found[kind.name] == mirror.known[key][kind.name] == again.known[key][kind.name]
        for key in gone:
            assert (await client.get(kind.item.format(key))).status_code in {200 if kind.moves_to else 404, 404}


async def test_an_app_sees_what_a_person_wrote() -> None:
    tenant = small_tenant()
    ada = tenant.demo_person
    async with client_for(tenant, delegated(ada, *SCOPES)) as client:
        key = (await client.post("/me/messages", json={"subject": "Shared state"})).json()["id"]
    async with client_for(tenant, app_only("Mail.Read")) as client:
        assert (await _body(client, f"/users/{ada.id}/messages/{key}"))["subject"] == "Shared state"
