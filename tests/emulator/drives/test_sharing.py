"""Sharing: invitations, links, what they open, and how they end."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.graph.drives.grants import address_of, share_id
from tests.emulator.drives.support import (
    BAD,
    DENIED,
    MISSING,
    ada,
    as_person,
    each,
    folder,
    item_names,
    ok,
    people,
    put,
    refused,
)
from tests.emulator.drives.test_places import team
from tests.emulator.support import small_tenant


async def invited(
    client: httpx.AsyncClient, item: str, who: str, role: str = "read", **more: Any
) -> list[dict[str, Any]]:
    body = {"recipients": [{"email": who}], "roles": [role], "requireSignIn": True, "sendInvitation": False, **more}
    found: list[dict[str, Any]] = ok(await client.post(f"/me/drive/items/{item}/invite", json=body))["value"]
    return found


async def test_a_shared_file_is_open_to_whom_it_was_shared_with_and_to_nobody_else() -> None:
    tenant = small_tenant()
    _, bo, cy, _ = people(tenant)
    async with ada(tenant) as client:
        made = await put(client, "Reports/a.txt", b"words")
        drive = ok(await client.get("/me/drive"))["id"]
        (grant,) = await invited(client, made["id"], bo.user_principal_name)
        assert grant["roles"] == ["read"]
        assert grant["grantedToV2"]["user"]["id"] == bo.id
        assert grant["grantedToV2"]["siteUser"]["loginName"].endswith(bo.user_principal_name)
        assert ok(await client.get(f"/me/drive/items/{made['id']}"))["shared"] == {"scope": "users"}
    place = f"/drives/{drive}/items/{made['id']}"
    async with as_person(tenant, bo) as client:
        (seen,) = ok(await client.get("/me/drive/sharedWithMe"))["value"]
        assert seen["remoteItem"]["parentReference"]["driveId"] == drive
        for name in ("sharedWithMe", "recent"):
            assert (await client.get(f"/me/drive/{name}()?$expand=*")).status_code == 200
        assert seen["remoteItem"]["shared"]["sharedBy"]["user"]["displayName"] == "Ada Lind"
        assert ok(await client.get(place))["name"] == "a.txt"
        assert ok(await client.get(f"/drives/{drive}"))["id"] == drive
        assert refused(await client.get(f"/drives/{drive}/items/root/children")) == DENIED
        assert refused(await client.put(f"{place}/content", content=b"x")) == DENIED
    async with as_person(tenant, cy) as client:
        assert ok(await client.get("/me/drive/sharedWithMe"))["value"] == []
        assert refused(await client.get(place)) == DENIED


async def test_a_role_may_be_raised_and_taken_away() -> None:
    tenant = small_tenant()
    bo = people(tenant)[1]
    async with ada(tenant) as client, as_person(tenant, bo) as theirs:
        made = await folder(client, "Reports")
        drive = ok(await client.get("/me/drive"))["id"]
        place, target = (
            f"/me/drive/items/{made['id']}/permissions",
            f"/drives/{drive}/items/{made['id']}:/b.txt:/content",
        )
        (grant,) = await invited(client, made["id"], bo.id)
        assert refused(await theirs.put(target, content=b"x")) == DENIED
        changed = ok(await client.patch(f"{place}/{grant['id']}", json={"roles": ["write"]}))
        assert changed["roles"] == ["write"]
        assert ok(await theirs.put(target, content=b"x"), 201)["createdBy"]["user"]["displayName"] == "Bo McAllister"
        assert (await client.delete(f"{place}/{grant['id']}")).status_code == 204
        assert refused(await client.get(f"{place}/{grant['id']}")) == MISSING
        assert refused(await theirs.get(f"/drives/{drive}/items/{made['id']}")) == DENIED


async def test_a_second_invitation_changes_the_first() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        made = await put(client, "a.txt")
        (first,) = await invited(client, made["id"], people(tenant)[1].user_principal_name)
        (second,) = await invited(client, made["id"], people(tenant)[1].user_principal_name, "write")
        assert (second["id"], second["roles"]) == (first["id"], ["write"])


async def test_what_is_in_a_shared_folder_has_the_permission_from_there() -> None:
    tenant = small_tenant()
    bo = people(tenant)[1]
    async with ada(tenant) as client:
        inner = await put(client, "Reports/a.txt")
        outer = ok(await client.get("/me/drive/root:/Reports"))
        (grant,) = await invited(client, outer["id"], bo.user_principal_name)
        found = ok(await client.get(f"/me/drive/items/{inner['id']}/permissions"))["value"]
        (seen,) = (one for one in found if one["id"] == grant["id"])
        assert seen["inheritedFrom"]["id"] == outer["id"]
        assert ["owner"] in each(found, "roles")
        place = f"/me/drive/items/{inner['id']}/permissions"
        for key in each(found, "id"):
            assert refused(await client.delete(f"{place}/{key}")) == BAD
            assert refused(await client.patch(f"{place}/{key}", json={"roles": ["write"]})) == BAD
    async with as_person(tenant, bo) as client:
        drive = inner["parentReference"]["driveId"]
        assert ok(await client.get(f"/drives/{drive}/items/{inner['id']}"))["name"] == "a.txt"


@pytest.mark.parametrize(
    "address",
    [pytest.param("team@x.example", id="by its address"), pytest.param("Crew@x.example", id="by an alias")],
)
async def test_a_group_that_was_let_in_lets_its_members_in(address: str) -> None:
    tenant = small_tenant()
    team(tenant)
    _, bo, cy, _ = people(tenant)
    async with as_person(tenant, cy) as client:
        made = await put(client, "a.txt")
        (grant,) = await invited(client, made["id"], address)
        assert grant["grantedToV2"]["group"]["displayName"] == "Team"
        drive = made["parentReference"]["driveId"]
    async with as_person(tenant, bo) as client:
        assert ok(await client.get(f"/drives/{drive}/items/{made['id']}"))["name"] == "a.txt"
        assert item_names(ok(await client.get("/me/drive/sharedWithMe"))) == ["a.txt"]


async def test_an_outsider_gets_an_invitation() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        (grant,) = await invited(client, made["id"], "someone@elsewhere.example", password="x")
        assert grant["invitation"] == {"email": "someone@elsewhere.example", "signInRequired": True}
        assert grant["hasPassword"] is True


async def test_a_grant_ends_at_its_moment() -> None:
    tenant = small_tenant()
    bo = people(tenant)[1]
    async with ada(tenant) as client:
        made = await put(client, "a.txt")
        (grant,) = await invited(client, made["id"], bo.user_principal_name, expirationDateTime="2026-03-11T14:00:00Z")
        found = ok(await client.get(f"/me/drive/items/{made['id']}/permissions"))["value"]
        assert grant["id"] not in each(found, "id")
    async with as_person(tenant, bo) as client:
        drive = made["parentReference"]["driveId"]
        assert refused(await client.get(f"/drives/{drive}/items/{made['id']}")) == DENIED
        assert ok(await client.get("/me/drive/sharedWithMe"))["value"] == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nobody"),
        pytest.param({"recipients": []}, id="an empty list"),
        pytest.param({"recipients": ["x"]}, id="a text"),
        pytest.param({"recipients": [{}]}, id="no address"),
        pytest.param({"recipients": [{"alias": "nobody"}]}, id="an unknown alias"),
        pytest.param({"recipients": [{"email": "a@b.example"}] * 501}, id="too many"),
        pytest.param({"recipients": [{"email": "a@b.example"}], "roles": ["king"]}, id="an unknown role"),
        pytest.param({"recipients": [{"email": "a@b.example"}], "roles": [5]}, id="a role that is a number"),
    ],
)
async def test_invitations_that_are_refused(body: dict[str, Any]) -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        assert refused(await client.post(f"/me/drive/items/{made['id']}/invite", json=body)) == BAD


async def test_the_same_link_is_given_out_twice() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        place = f"/me/drive/items/{made['id']}/createLink"
        first = ok(await client.post(place, json={"type": "view", "scope": "organization"}), 201)
        assert first["link"]["webUrl"].startswith("https://lindenhall-my.sharepoint.example/:u:/g/")
        assert (first["roles"], first["hasPassword"]) == (["read"], False)
        assert ok(await client.post(place, json={"type": "view"}))["id"] == first["id"]
        other = ok(await client.post(place, json={"type": "edit", "scope": "anonymous", "password": "x"}), 201)
        assert (other["roles"], other["hasPassword"]) == (["write"], True)
        timed = ok(await client.post(place, json={"type": "view", "expirationDateTime": "2027-01-01T00:00:00Z"}), 201)
        assert timed["expirationDateTime"] == "2027-01-01T00:00:00Z"
        framed = ok(await client.post(place, json={"type": "embed"}), 201)
        assert framed["link"]["webHtml"].startswith("<iframe")
        assert ok(await client.get(f"/me/drive/items/{made['id']}"))["shared"]["scope"] == "anonymous"


@pytest.mark.parametrize(
    "body", [pytest.param({"type": "own"}, id="type"), pytest.param({"scope": "moon"}, id="scope")]
)
async def test_links_that_are_refused(body: dict[str, str]) -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        assert refused(await client.post(f"/me/drive/items/{made['id']}/createLink", json=body)) == (
            400,
            "invalidRequest",
        )


async def linked(
    tenant: Tenant, scope: str = "organization", kind: str = "view", **more: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    async with ada(tenant) as client:
        await put(client, "Reports/a.txt", b"words")
        item = ok(await client.get("/me/drive/root:/Reports"))
        body = {"type": kind, "scope": scope, **more}
        return item, ok(await client.post(f"/me/drive/items/{item['id']}/createLink", json=body), 201)


async def test_a_link_opens_what_it_is_for() -> None:
    tenant = small_tenant()
    item, link = await linked(tenant)
    async with as_person(tenant, people(tenant)[1]) as client:
        for key in (link["shareId"], share_id(link["link"]["webUrl"]), share_id(link["link"]["webUrl"] + "?e=abc")):
            share = ok(await client.get(f"/shares/{key}"))
            assert (share["name"], share["owner"]["user"]["displayName"]) == ("Reports", "Ada Lind")
            assert ok(await client.get(f"/shares/{key}/driveItem"))["id"] == item["id"]
        found = ok(await client.get(f"/shares/{link['shareId']}/driveItem?$expand=children"))
        assert each(found["children"], "name") == ["a.txt"]
        assert item_names(ok(await client.get(f"/shares/{link['shareId']}/driveItem/children"))) == ["a.txt"]
        assert item_names(ok(await client.get(f"/shares/{link['shareId']}/items"))) == ["Reports", "a.txt"]
        assert ok(await client.get(f"/shares/{link['shareId']}/permission"))["id"] == link["id"]
        assert ok(await client.get(f"/shares/{link['shareId']}/root"))["id"] == item["id"]
        upload = await client.put(f"/shares/{link['shareId']}/driveItem:/b.txt:/content", content=b"x")
        assert refused(upload) == DENIED


async def test_a_link_that_was_redeemed_opens_the_item_by_its_id_too() -> None:
    tenant = small_tenant()
    item, link = await linked(tenant)
    place = f"/drives/{item['parentReference']['driveId']}/items/{item['id']}"
    async with as_person(tenant, people(tenant)[1]) as client:
        assert refused(await client.get(place)) == DENIED
        await client.get(f"/shares/{link['shareId']}/driveItem", headers={"Prefer": "redeemSharingLink"})
        assert ok(await client.get(place))["name"] == "Reports"
        permission = ok(await client.get(f"/shares/{link['shareId']}/permission"))
        assert permission["grantedToIdentitiesV2"][0]["user"]["displayName"] == "Bo McAllister"


async def test_a_link_for_certain_people_opens_nothing_to_others() -> None:
    tenant = small_tenant()
    _, link = await linked(tenant, "users")
    _, bo, cy, _ = people(tenant)
    async with ada(tenant) as client:
        body = {"recipients": [{"email": bo.user_principal_name}], "roles": ["read"]}
        answer = await client.post(f"/shares/{link['shareId']}/permission/grant", json=body)
        assert ok(answer)["value"][0]["grantedToIdentitiesV2"][0]["user"]["id"] == bo.id
    async with as_person(tenant, bo) as client:
        assert ok(await client.get(f"/shares/{link['shareId']}/driveItem"))["name"] == "Reports"
    async with as_person(tenant, cy) as client:
        assert refused(await client.get(f"/shares/{link['shareId']}/driveItem")) == DENIED


async def test_a_link_that_has_ended_opens_nothing() -> None:
    tenant = small_tenant()
    _, link = await linked(tenant, expirationDateTime="2026-03-11T14:00:00Z")
    async with as_person(tenant, people(tenant)[1]) as client:
        assert refused(await client.get(f"/shares/{link['shareId']}")) == DENIED


async def test_the_plain_address_of_an_item_opens_it_to_those_who_may_see_it() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        made = await put(client, "a b.txt")
        key = share_id(made["webUrl"])
        assert ok(await client.get(f"/shares/{key}/driveItem"))["id"] == made["id"]
        assert (await client.get(f"/shares/{key}/site")).status_code == 404
    async with as_person(tenant, people(tenant)[1]) as client:
        assert refused(await client.get(f"/shares/{key}")) == DENIED
        assert refused(await client.get(f"/shares/{key}/driveItem")) == DENIED


async def test_a_shared_file_of_a_site_names_the_site() -> None:
    async with ada() as client:
        made = ok(await client.put("/sites/root/drive/root:/a.txt:/content", content=b"x"), 201)
        assert ok(await client.get(f"/shares/{share_id(made['webUrl'])}/site"))["displayName"] == "Lindenhall"


@pytest.mark.parametrize("key", ["u!aHR0cHM6Ly9ub3doZXJl", "s!abc", "u!é", "u!////", "u!gICA"])
async def test_what_leads_nowhere_is_not_found(key: str) -> None:
    async with ada() as client:
        await put(client, "a.txt")
        assert refused(await client.get(f"/shares/{key}/driveItem")) == MISSING


def test_an_address_and_its_code_belong_together() -> None:
    assert address_of(share_id("https://x.example/a")) == "https://x.example/a"


async def test_a_permission_can_be_made_for_a_person_by_id() -> None:
    tenant = small_tenant()
    bo = people(tenant)[1]
    async with ada(tenant) as client:
        made = await put(client, "a.txt")
        place = f"/me/drive/items/{made['id']}/permissions"
        body = {"roles": ["write"], "grantedToV2": {"user": {"id": bo.id}}}
        assert ok(await client.post(place, json=body), 201)["roles"] == ["write"]
        assert refused(await client.post(place, json={"roles": ["read"]})) == BAD
        assert refused(await client.post(place)) == BAD


async def test_nobody_can_give_more_than_what_they_have() -> None:
    tenant = small_tenant()
    _, bo, cy, _ = people(tenant)
    async with ada(tenant) as client, as_person(tenant, bo) as theirs:
        made = await put(client, "a.txt")
        (grant,) = await invited(client, made["id"], bo.user_principal_name, "write")
        place = f"/drives/{made['parentReference']['driveId']}/items/{made['id']}"
        body = {"recipients": [{"objectId": cy.id}], "roles": ["owner"]}
        assert refused(await theirs.post(f"{place}/invite", json=body)) == DENIED
        raised = await theirs.patch(f"{place}/permissions/{grant['id']}", json={"roles": ["owner"]})
        assert refused(raised) == DENIED
        assert ok(await theirs.post(f"{place}/invite", json={**body, "roles": ["write"]}))["value"]


async def test_a_permission_may_be_limited_in_time() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        made = await put(client, "a.txt")
        (grant,) = await invited(client, made["id"], people(tenant)[1].user_principal_name)
        place = f"/me/drive/items/{made['id']}/permissions/{grant['id']}"
        changed = ok(await client.patch(place, json={"expirationDateTime": "2027-01-01T00:00:00Z"}))
        assert changed["expirationDateTime"] == "2027-01-01T00:00:00Z"


async def test_a_link_may_be_checked_before_it_is_opened() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        made = await put(client, "a.txt")
        response = await client.post(f"/me/drive/items/{made['id']}/validatePermission", json={"challengeToken": "x"})
        assert response.status_code in {204, 403}


async def test_an_invitation_reaches_the_inbox_when_that_is_asked_for() -> None:
    tenant = small_tenant()
    _, bo, cy, dee = people(tenant)
    async with ada(tenant) as client:
        made = await put(client, "a %26 b.txt")
        await invited(client, made["id"], bo.user_principal_name, sendInvitation=True, message="Please <read>")
        await invited(client, made["id"], cy.user_principal_name)
        await invited(client, made["id"], dee.user_principal_name, sendInvitation=True)
    async with as_person(tenant, bo, "Mail.Read") as client:
        (mail,) = ok(await client.get("/me/messages"))["value"]
        assert mail["subject"] == 'Ada Lind shared "a & b.txt" with you'
        assert mail["from"]["emailAddress"]["name"] == "Ada Lind"
        assert "Please &lt;read&gt;" in mail["body"]["content"]
    async with as_person(tenant, cy, "Mail.Read") as client:
        assert ok(await client.get("/me/messages"))["value"] == []
