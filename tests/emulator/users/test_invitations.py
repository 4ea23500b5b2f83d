"""Guests over HTTP: invited by address, there at once, and waiting to accept."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from emulator import Tenant
from emulator.graph.users.invitations import accept
from tests.emulator.support import names, small_tenant
from tests.emulator.users.support import as_person, ok, person, refused

INVITED = {"invitedUserEmailAddress": "zoe+x@else.example", "inviteRedirectUrl": "https://lindenhall.example/app"}


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with as_person(tenant, "User.Invite.All", "User.ReadWrite.All") as client:
        yield client


async def test_an_invitation_makes_a_guest(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    told: list[str] = []
    tenant.account_listeners.append(lambda what, _: told.append(what))
    body = ok(await graph.post("/invitations", json={**INVITED, "invitedUserDisplayName": "Zoe"}), 201)
    assert (body["status"], body["invitedUserType"]) == ("PendingAcceptance", "Guest")
    assert body["inviteRedeemUrl"].startswith("https://login.microsoftonline.com/redeem?rd=")
    chosen = "displayName,userPrincipalName,mail,userType,externalUserState,creationType,proxyAddresses"
    guest = ok(await graph.get(f"/users/{body['invitedUser']['id']}?$select={chosen}"))
    assert guest["userPrincipalName"] == "zoe_x_else.example#EXT#@lindenhall.example"
    assert (guest["displayName"], guest["mail"], guest["userType"]) == ("Zoe", "zoe+x@else.example", "Guest")
    assert (guest["externalUserState"], guest["creationType"]) == ("PendingAcceptance", "Invitation")
    assert names(await graph.get("/users?$filter=userType eq 'Guest'")) == ["Zoe"]
    again = ok(await graph.post("/invitations", json=INVITED), 201)
    assert again["invitedUser"]["id"] == body["invitedUser"]["id"]
    accept(tenant, person(tenant, "Zoe"), "2026-03-12T00:00:00Z")
    third = ok(await graph.post("/invitations", json=INVITED), 201)
    assert third["status"] == "Completed"
    assert told == ["invited", "accepted"]


async def test_a_guest_is_found_by_the_long_name(graph: httpx.AsyncClient) -> None:
    ok(await graph.post("/invitations", json=INVITED), 201)
    found = ok(await graph.get("/users/zoe_x_else.example%23EXT%23@lindenhall.example"))
    assert found["displayName"] == "zoe+x"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"invitedUserEmailAddress": None}, "'invitedUserEmailAddress'", id="nobody"),
        pytest.param({"inviteRedirectUrl": ""}, "'inviteRedirectUrl'", id="nowhere"),
        pytest.param({"invitedUserEmailAddress": "zoe"}, "not valid", id="no address"),
        pytest.param({"invitedUserEmailAddress": "new@lindenhall.example"}, "already exists", id="own domain"),
        pytest.param({"invitedUserEmailAddress": "cy.falk@lindenhall.example"}, "as object ID", id="own person"),
    ],
)
async def test_who_cannot_be_invited_is_not(graph: httpx.AsyncClient, changes: dict[str, str], words: str) -> None:
    refused(await graph.post("/invitations", json={**INVITED, **changes}), 400, "Request_BadRequest", words)


async def test_an_invitation_that_was_sent_stays(graph: httpx.AsyncClient) -> None:
    body = ok(await graph.post("/invitations", json=INVITED), 201)
    assert (await graph.patch(f"/invitations/{body['id']}", json={"status": "Completed"})).status_code == 405
