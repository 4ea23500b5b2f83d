"""What the demo company keeps in its drives, and things made by their paths."""

from __future__ import annotations

from random import Random

import pytest

from emulator import Tenant
from emulator.graph.catalogue import demo_graph
from emulator.graph.drives import state
from emulator.graph.drives.documents import text_of
from emulator.seed.drives import furnish_drives
from emulator.seed.people import hire_staff
from emulator.seeding import seed
from tests.emulator.drives.support import as_person, each, item_names, ok
from tests.emulator.drives.test_places import team
from tests.emulator.support import NOW, small_tenant


def company() -> Tenant:
    tenant = Tenant()
    hire_staff(tenant, Random(1), NOW)  # noqa: S311 - a demo
    team(tenant)
    furnish_drives(tenant, Random(2), NOW)  # noqa: S311 - a demo
    return tenant


async def test_the_demo_person_has_projects_and_what_others_share() -> None:
    tenant = company()
    async with as_person(tenant, tenant.demo_person) as client:
        names = item_names(ok(await client.get("/me/drive/root/children")))
        assert {"Notes", "Projects", "Expenses.xlsx"} <= set(names)
        assert len(ok(await client.get("/me/drive/sharedWithMe"))["value"]) >= 6
        assert len(ok(await client.get("/me/drive/recent"))["value"]) > 10
        assert ok(await client.get("/me/insights/trending"))["value"]
        assert "Company handbook.pdf" in item_names(ok(await client.get("/sites/root/drive/root/children")))
        assert ok(await client.get("/me/drive/root/search(q='schedule')"))["value"]


def test_every_file_is_a_real_one_with_text_or_a_picture_in_it() -> None:
    tenant = company()
    files = [item for drive in state.drives_of(tenant) for item in state.items_of(drive) if state.is_file(item)]
    assert len(files) > 150
    for item in files:
        data = state.content_of(item).data
        assert data.startswith(b"\x89PNG") or text_of(item["name"], data).strip(), item["name"]


def test_the_same_company_is_made_twice_and_nothing_lies_in_the_future() -> None:
    def told(tenant: Tenant) -> list[tuple[str, str, str]]:
        items = (item for drive in state.drives_of(tenant) for item in state.items_of(drive))
        return [(item.id, item["name"], item["lastModifiedDateTime"]) for item in items]

    first, second = told(company()), told(company())
    assert first[:-40] == second[:-40]
    assert max(stamp for _, _, stamp in first) <= NOW.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_groups_drive_is_filled_by_its_members() -> None:
    tenant = company()
    group = next(iter(tenant.store.root("groups")))
    drive = state.drive_of(tenant, group)
    authors = {item["createdBy"]["user"]["id"] for item in state.items_of(drive) if state.is_file(item)}
    assert authors <= {member.id for member in group.links_of("members")}


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        pytest.param("me/drive/items/abc", "/me/drive/items/abc", id="an item"),
        pytest.param("me/drive/items/abc/children/def", "/me/drive/items/abc/children/def", id="an item in an item"),
        pytest.param("me/drive/items/abc/permissions/p1", "/me/drive/items/abc/permissions/p1", id="a permission"),
        pytest.param("me/drive/items/abc/versions/v1", "/me/drive/items/abc/versions/v1", id="a version"),
        pytest.param("drives/d1/items/abc", "/drives/d1/items/abc", id="an item of another drive"),
        pytest.param("shares/s1", "/shares/s1/driveItem", id="a share"),
    ],
)
async def test_anything_can_be_made_by_its_path(path: str, ask: str) -> None:
    tenant = small_tenant()
    seed(demo_graph(), tenant, path, now=NOW)
    async with as_person(tenant, tenant.demo_person) as client:
        assert ok(await client.get(ask))["id"]


@pytest.mark.parametrize(
    "path",
    [
        "me/drive/following",
        "me/insights/used",
        "me/insights/shared",
        "me/insights/trending",
        "me/drive/root/children",
    ],
)
async def test_collections_get_one_more_member(path: str) -> None:
    tenant = small_tenant()
    for _ in range(2):
        seed(demo_graph(), tenant, path, now=NOW)
    async with as_person(tenant, tenant.demo_person) as client:
        assert len(set(each(ok(await client.get(f"/{path}"))["value"], "id"))) == 2


async def test_a_second_permission_that_is_made_to_look_at_is_a_link() -> None:
    tenant = small_tenant()
    for key in ("p1", "p2"):
        seed(demo_graph(), tenant, f"me/drive/items/abc/permissions/{key}", now=NOW)
    async with as_person(tenant, tenant.demo_person) as client:
        found = ok(await client.get("/me/drive/items/abc/permissions"))["value"]
        assert ["link" in one for one in found] == [False, True, False]
