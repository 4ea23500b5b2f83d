"""What an answer shows, or a path reaches, beyond the thing asked for: open only to who could ask for it directly."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.entra import Caller
from emulator.graph.mail.state import Grant
from emulator.tenant import Person
from tests.emulator.support import app_only, client_for, delegated, error_of, small_tenant

NO_MAIL = (403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
NO_OBJECT = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


@pytest.fixture
def tenant() -> Tenant:
    """A head with mail, whose two reports have none."""
    tenant = small_tenant()
    head = tenant.demo_person
    tenant.add_message(head, "Budget", "confidential words", sender=head.address)
    return tenant


def bo(tenant: Tenant) -> Person:
    return next(person for person in tenant.people.values() if person.display_name == "Bo McAllister")


async def asked(tenant: Tenant, caller: Caller, method: str, path: str, **sent: Any) -> httpx.Response:
    async with client_for(tenant, caller) as graph:
        return await graph.request(method, path, **sent)


async def got(tenant: Tenant, caller: Caller, path: str) -> httpx.Response:
    return await asked(tenant, caller, "GET", path)


def paths(tenant: Tenant, path: str) -> str:
    return path.format(head=tenant.demo_person.id, bo=bo(tenant).id)


@pytest.mark.parametrize("navigation", ["messages", "mailFolders", "events", "calendar", "contacts", "people"])
async def test_an_expand_takes_what_the_relation_takes(tenant: Tenant, navigation: str) -> None:
    path = f"/users/{tenant.demo_person.id}?$select=id&$expand={navigation}"
    refused = await got(tenant, app_only("User.Read.All"), path)
    assert refused.status_code == 403, refused.text
    roles = ("User.Read.All", "Mail.Read", "Calendars.Read", "Contacts.Read", "People.Read.All")
    opened = await got(tenant, app_only(*roles), path)
    assert opened.status_code == 200, opened.text
    assert navigation in opened.json()


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/users?$expand=messages", id="of a list"),
        pytest.param("/users/{bo}?$expand=manager($expand=messages)", id="nested"),
        pytest.param("/users/{bo}/manager/microsoft.graph.user?$expand=messages", id="behind a reference"),
        pytest.param("/users/{head}/directReports/microsoft.graph.user?$expand=messages", id="of references"),
        pytest.param("/directoryObjects/{bo}/microsoft.graph.user?$expand=messages", id="of any object"),
        pytest.param("/users/delta?$expand=messages", id="of changes"),
    ],
)
async def test_an_expand_is_refused_wherever_it_stands(tenant: Tenant, path: str) -> None:
    caller = app_only("User.Read.All", "Directory.Read.All")
    refused = await got(tenant, caller, paths(tenant, path))
    assert refused.status_code in {400, 403}
    assert "Budget" not in refused.text


async def test_the_directory_expands_as_before(tenant: Tenant) -> None:
    found = await got(tenant, app_only("User.Read.All"), f"/users/{bo(tenant).id}?$expand=manager($select=displayName)")
    assert found.json()["manager"]["displayName"] == "Ada Lind"
    found = await got(tenant, app_only("User.Read.All"), f"/users/{tenant.demo_person.id}?$expand=directReports")
    assert len(found.json()["directReports"]) == 2


async def test_ones_own_mail_is_expanded_with_ones_own_permission(tenant: Tenant) -> None:
    head = tenant.demo_person
    for path in ("/me?$expand=messages", f"/users/{head.id}?$expand=messages"):
        assert (await got(tenant, delegated(head, "User.Read"), path)).status_code == 403
        assert "Budget" in (await got(tenant, delegated(head, "User.Read", "Mail.Read"), path)).text


async def test_nobody_expands_the_mail_of_others(tenant: Tenant) -> None:
    caller = delegated(bo(tenant), "User.Read.All", "Mail.Read")
    assert error_of(await got(tenant, caller, f"/users/{tenant.demo_person.id}?$expand=messages")) == NO_MAIL


async def test_nobody_expands_the_drive_of_others(tenant: Tenant) -> None:
    caller = delegated(bo(tenant), "User.Read.All", "Files.Read")
    assert (await got(tenant, caller, f"/users/{tenant.demo_person.id}?$expand=drive")).status_code == 403


async def test_settings_of_a_mailbox_are_selected_by_who_may_read_them(tenant: Tenant) -> None:
    head = tenant.demo_person.id
    path = f"/users/{head}?$select=mailboxSettings"
    assert error_of(await got(tenant, app_only("User.Read.All"), path)) == NO_MAIL
    opened = await got(tenant, app_only("User.Read.All", "MailboxSettings.Read"), path)
    assert opened.json()["mailboxSettings"]["timeZone"] == "UTC"
    every = await got(tenant, app_only("User.Read.All"), f"/users/{head}?$select=*")
    assert every.json()["mailboxSettings"] is None
    reports = f"/users/{head}/directReports/microsoft.graph.user?$select=mailboxSettings"
    assert (await got(tenant, app_only("User.Read.All"), reports)).status_code in {403, 501}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/users/{bo}/manager/microsoft.graph.user/messages", id="mail of a manager"),
        pytest.param("GET", "/users/{head}/directReports/{bo}/graph.user/messages", id="mail of a report"),
        pytest.param("GET", "/users/{bo}/manager/graph.user/mailboxSettings", id="settings"),
        pytest.param("POST", "/users/{bo}/manager/graph.user/sendMail", id="mail in a manager's name"),
        pytest.param("GET", "/directoryObjects/{head}/microsoft.graph.user/messages", id="mail of any object"),
        pytest.param("PATCH", "/users/{bo}/manager/microsoft.graph.user/mailboxSettings", id="written settings"),
    ],
)
async def test_what_is_referred_to_stays_closed(tenant: Tenant, method: str, path: str) -> None:
    caller = app_only("User.Read.All", "Directory.Read.All")
    body: dict[str, str] | None = None if method == "GET" else {}
    assert error_of(await asked(tenant, caller, method, paths(tenant, path), json=body)) == NO_MAIL


async def test_who_could_ask_directly_goes_on_behind_a_reference(tenant: Tenant) -> None:
    path = f"/users/{bo(tenant).id}/manager/microsoft.graph.user/messages?$select=subject"
    found = await got(tenant, app_only("User.Read.All", "Mail.Read"), path)
    assert [message["subject"] for message in found.json()["value"]] == ["Budget"]
    assert (await got(tenant, app_only("Mail.Read"), path)).status_code == 403


async def test_ones_own_account_is_ones_own_behind_a_reference(tenant: Tenant) -> None:
    head = tenant.demo_person
    path = f"/users/{bo(tenant).id}/manager/microsoft.graph.user/messages"
    assert (await got(tenant, delegated(head, "User.Read.All", "Mail.Read"), path)).status_code == 200
    assert (await got(tenant, delegated(bo(tenant), "User.Read.All", "Mail.Read"), path)).status_code == 403


async def test_a_mailbox_behind_a_reference_is_the_one_shared(tenant: Tenant) -> None:
    person, head = bo(tenant), tenant.demo_person
    tenant.mailboxes[head.id].grants[person.id] = Grant(full_access=True)
    caller = delegated(person, "User.Read.All", "Mail.Read.Shared")
    assert "Budget" in (await got(tenant, caller, "/me/manager/microsoft.graph.user/messages")).text


async def test_a_member_is_not_changed_through_its_group(tenant: Tenant) -> None:
    head = tenant.demo_person.id
    path = f"/users/{bo(tenant).id}/manager/microsoft.graph.user"
    for method in ("PATCH", "DELETE"):
        body: dict[str, str] | None = {"jobTitle": "x"} if method == "PATCH" else None
        assert error_of(await asked(tenant, app_only("User.Read.All"), method, path, json=body)) == NO_OBJECT
    assert tenant.people[head].get("jobTitle") == "Head"


async def test_the_author_of_a_file_keeps_the_own_contacts(tenant: Tenant) -> None:
    head = tenant.demo_person
    folders = "/drive/root/createdByUser/contactFolders"
    caller = delegated(head, "Files.Read", "User.Read", "Contacts.Read")
    assert (await got(tenant, caller, folders)).status_code == 200
    assert (await got(tenant, caller, f"{folders}/x/displayName/$value")).status_code in {400, 404}
    assert (await got(tenant, delegated(head, "Files.Read"), folders)).status_code == 403


async def test_what_lies_on_the_way_must_be_open_too(tenant: Tenant) -> None:
    path = f"/users/{tenant.demo_person.id}/drive/root/createdByUser/displayName"
    closed = await got(tenant, delegated(bo(tenant), "Files.Read", "User.Read.All"), path)
    assert error_of(closed)[:2] == (403, "accessDenied")
    assert (await got(tenant, app_only("Files.Read.All", "User.Read.All"), path)).json()["value"] == "Ada Lind"
    assert (await got(tenant, app_only("Files.Read.All"), path)).status_code == 403


@pytest.mark.parametrize("name", ["signInActivity", "customSecurityAttributes"])
@pytest.mark.parametrize(
    "path",
    [
        pytest.param("v1.0/users/{bo}/{name}", id="its path"),
        pytest.param("v1.0/users/{bo}?$select=*", id="everything"),
        pytest.param("v1.0/users/{head}?$expand=directReports($select={name})", id="an expand"),
        pytest.param("v1.0/users/{head}/directReports/graph.user?$select={name}", id="a cast"),
        pytest.param("beta/users/{bo}?select={name}", id="a bare select"),
        pytest.param("v1.0/users/delta?$select={name}", id="changes"),
    ],
)
async def test_guarded_properties_take_their_own_permission(tenant: Tenant, path: str, name: str) -> None:
    bo(tenant).update({name: {"marker": "seen"}})
    address = f"https://graph.microsoft.com/{path.format(head=tenant.demo_person.id, bo=bo(tenant).id, name=name)}"
    hidden = await got(tenant, app_only("User.Read.All"), address)
    assert hidden.status_code in {200, 403}
    assert "seen" not in hidden.text
    roles = ("User.Read.All", "AuditLog.Read.All", "CustomSecAttributeAssignment.Read.All")
    assert "seen" in (await got(tenant, app_only(*roles), address)).text


async def test_a_basic_permission_hides_bodies_in_an_expand_too(tenant: Tenant) -> None:
    path = f"/users/{tenant.demo_person.id}/mailFolders/inbox?$expand=messages($select=subject,body,bodyPreview)"
    basic = await got(tenant, app_only("Mail.ReadBasic.All"), path)
    assert "Budget" in basic.text
    assert "confidential" not in basic.text
    assert "confidential" in (await got(tenant, app_only("Mail.Read"), path)).text


async def test_a_path_has_forty_segments_at_most(tenant: Tenant) -> None:
    folders = "/childFolders/x" * 30
    refused = await got(tenant, app_only("Mail.Read"), f"/users/{tenant.demo_person.id}/mailFolders/inbox{folders}")
    assert error_of(refused) == (400, "BadRequest", "Resource not found for the segment 'childFolders'.")


@pytest.mark.parametrize("inside", ["a='" + "'" * 200, "a=" + "'a''" * 100, "a='" + "a''" * 200 + "x"])
async def test_many_quotes_in_parentheses_are_answered(tenant: Tenant, inside: str) -> None:
    assert (await got(tenant, app_only("User.Read.All"), f"/users({inside}")).status_code in {400, 404}
    assert (await got(tenant, app_only("User.Read.All"), f"/users({inside})")).status_code in {400, 404}


async def test_a_basic_permission_shows_no_mime(tenant: Tenant) -> None:
    head = tenant.demo_person.id
    message = (await got(tenant, app_only("Mail.Read"), f"/users/{head}/messages")).json()["value"][0]["id"]
    path = f"/users/{head}/messages/{message}/$value"
    assert error_of(await got(tenant, app_only("Mail.ReadBasic.All"), path)) == NO_MAIL
    assert "confidential" in (await got(tenant, app_only("Mail.Read"), path)).text
