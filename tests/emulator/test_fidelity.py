"""Details in which answers follow Microsoft's documented samples: order, names, links, limits and hints."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from emulator import Tenant
from emulator.graph.mail.state import Attachment, Message
from tests.emulator.support import NOW, app_only, client_for, delegated, error_of, names, small_tenant, subjects

ADVANCED = {"ConsistencyLevel": "eventual"}
UNSUPPORTED = "Request_UnsupportedQuery"
FILE_PROPERTIES = (
    "id", "lastModifiedDateTime", "name", "contentType", "size", "isInline", "contentId", "contentLocation",
    "contentBytes",
)  # fmt: skip


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def plan(tenant: Tenant) -> Message:
    """The newest of three messages; the oldest was sent last, because it was long on its way."""
    ada = tenant.demo_person
    for number, hours in enumerate((30, 20)):
        sent, received = NOW - timedelta(hours=number), NOW - timedelta(hours=hours)
        tenant.add_message(ada, f"Note {number}", "word " * 900, sender=ada.address, sent=sent, received=received)
    return tenant.add_message(
        ada,
        "Plan",
        "<p>A word on the plan</p>",
        sender=ada.address,
        sent=NOW - timedelta(hours=3),
        attachments=(Attachment("plan.csv", "text/csv", b"a;b"),),
    )


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        yield client


async def test_selected_mail_properties_come_in_exchanges_own_order(graph: httpx.AsyncClient, plan: Message) -> None:
    page = (await graph.get("/me/messages?$select=sender,body,subject,id&$top=1")).json()
    assert list(page["value"][0]) == ["@odata.etag", "id", "subject", "body", "sender"]
    assert page["@odata.context"].endswith("/messages(sender,body,subject,id)")
    folder = (await graph.get("/me/mailFolders/inbox?$select=totalItemCount,displayName")).json()
    assert list(folder) == ["@odata.context", "id", "displayName", "totalItemCount"]
    assert (await graph.get(f"/me/messages/{plan.id}?$select=subject")).json()["subject"] == "Plan"


async def test_a_full_message_lists_its_properties_as_documented(graph: httpx.AsyncClient, plan: Message) -> None:
    found = list((await graph.get(f"/me/messages/{plan.id}")).json())
    assert found[:6] == ["@odata.context", "@odata.etag", "id", "createdDateTime", "lastModifiedDateTime", "changeKey"]
    assert found[-8:] == ["body", "sender", "from", "toRecipients", "ccRecipients", "bccRecipients", "replyTo", "flag"]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("$filter=Subject eq 'plan'", id="filter"),
        pytest.param("$filter=Body/Content eq null or SUBJECT eq 'Plan'", id="nested, in or"),
        pytest.param("$filter=not (subject ne 'Plan')", id="not"),
        pytest.param("$filter=startswith(Subject,'Pl')", id="function"),
        pytest.param("$filter=Subject in ('plan','other')", id="in"),
        pytest.param("$filter=ReplyTo/$count eq 0 and hasattachments eq true", id="count"),
        pytest.param("$filter=HasAttachments and not Categories/any(c:c eq 'x') and not categories/any()", id="any"),
        pytest.param("$filter=not toRecipients/any(R:R/EmailAddress/Address eq 'x') and subject eq 'Plan'", id="path"),
        pytest.param("$filter=ReceivedDateTime ge 2000-01-01&$orderby=receivedDATETIME DESC&$top=1", id="orderby"),
        pytest.param("$orderby=From/EmailAddress/Name,SUBJECT desc&$top=1", id="orderby by a path"),
        pytest.param("$select=Subject,SENDER&$top=1", id="select"),
    ],
)
async def test_property_names_are_read_in_any_case(graph: httpx.AsyncClient, plan: Message, query: str) -> None:
    assert subjects(await graph.get(f"/me/messages?{query}")) == [plan.subject]


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        pytest.param("$filter=Department eq 'IT'", {}, id="filter"),
        pytest.param("$filter=Department eq 'IT'&$orderBy=DisplayName&$count=true", ADVANCED, id="orderBy"),
        pytest.param('$search="DisplayName:dee"', ADVANCED, id="search"),
    ],
)
async def test_the_directory_reads_names_in_any_case_too(
    graph: httpx.AsyncClient, query: str, headers: dict[str, str]
) -> None:
    assert names(await graph.get(f"/users?{query}", headers=headers)) == ["Dee Ruiz"]


async def test_an_error_is_plain_json(graph: httpx.AsyncClient) -> None:
    assert (await graph.get("/users/nobody")).headers["content-type"] == "application/json"
    assert (await graph.get("/me/messages/AAA")).headers["content-type"] == "application/json"


async def test_links_keep_the_dollar_sign_and_the_options(graph: httpx.AsyncClient, plan: Message) -> None:
    link = (await graph.get("/me/messages?$filter=isRead eq false&$top=2")).json()["@odata.nextLink"]
    assert link == "https://graph.microsoft.com/v1.0/me/messages?$filter=isRead%20eq%20false&$top=2&$skip=2"
    link = (await graph.get("/users?$top=2")).json()["@odata.nextLink"]
    assert link.startswith("https://graph.microsoft.com/v1.0/users?$top=2&$skiptoken=RFNwd")


async def test_what_only_files_have_is_selected_by_their_type(graph: httpx.AsyncClient, plan: Message) -> None:
    path = f"/me/messages/{plan.id}/attachments"
    status, code, message = error_of(await graph.get(f"{path}?$select=contentBytes"))
    assert (status, code) == (400, "RequestBroker--ParseUri")
    assert message == "Could not find a property named 'contentBytes' on type 'microsoft.graph.attachment'."
    found = (await graph.get(f"{path}?$select=size,name,microsoft.graph.fileAttachment/contentBytes")).json()
    assert list(found["value"][0]) == [
        "@odata.type",
        "@odata.mediaContentType",
        "id",
        "name",
        "size",
        "contentBytes",
    ]
    unknown = await graph.get(f"{path}?$select=microsoft.graph.fileAttachment/nothing")
    assert "on type 'microsoft.graph.fileAttachment'" in error_of(unknown)[2]


async def test_an_attachment_shows_everything_unless_told(graph: httpx.AsyncClient, plan: Message) -> None:
    path = f"/me/messages/{plan.id}/attachments"
    shown = (await graph.get(path)).json()["value"][0]
    assert [name for name in shown if not name.startswith("@")] == list(FILE_PROPERTIES)
    assert (await graph.get(f"{path}?$select=*")).json()["value"][0] == shown


@pytest.mark.parametrize(
    ("path", "example"),
    [
        pytest.param("/me/messages", "GET me/messages?$select=bccRecipients,body", id="messages"),
        pytest.param("/me/messages/{id}", "GET me/messages('<key>')?$select=bccRecipients,body", id="message"),
        pytest.param("/users", "GET users?$select=signInActivity,accountEnabled", id="users"),
        pytest.param("/me", "GET users('<guid>')?$select=signInActivity,accountEnabled", id="me"),
    ],
)
async def test_developer_mode_hints_at_select(graph: httpx.AsyncClient, plan: Message, path: str, example: str) -> None:
    path, wish = path.format(id=plan.id), {"Prefer": "ms-graph-dev-mode"}
    body = (await graph.get(path, headers=wish)).json()
    assert list(body)[1] == "@microsoft.graph.tips"
    assert body["@microsoft.graph.tips"].endswith(f"For example: {example}")
    assert "@microsoft.graph.tips" not in (await graph.get(path)).json()
    assert "@microsoft.graph.tips" not in (await graph.get(f"{path}?$select=id", headers=wish)).json()


@pytest.mark.parametrize("name", ["skills", "aboutMe", "mailboxSettings"])
async def test_a_list_does_not_show_what_other_services_keep(
    graph: httpx.AsyncClient, tenant: Tenant, name: str
) -> None:
    refusal = error_of(await graph.get(f"/users?$select=id,{name}"))
    assert refusal == (501, "NotImplemented", "This operation target is not yet supported.")
    async with client_for(tenant, delegated(tenant.demo_person, "User.Read", "MailboxSettings.Read")) as own:
        assert name in (await own.get(f"/me?$select={name}")).json()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(" or ".join(["mail eq 'a'"] * 16), "16. Max allowed: 15.", id="choices joined by or"),
        pytest.param(f"displayName eq '{'a' * 121}'", "longer than 120 characters", id="long value"),
        pytest.param("mail ne 'a'", "Try adding $count=true query parameter", id="the way out is named"),
        pytest.param("manager/id eq 'a'", "property 'manager' of resource 'User'", id="relationship"),
    ],
)
async def test_the_default_index_has_limits(graph: httpx.AsyncClient, text: str, message: str) -> None:
    status, code, found = error_of(await graph.get("/users", params={"$filter": text}))
    assert (status, code) == (400, UNSUPPORTED)
    assert message in found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(" or ".join(["mail eq 'a'"] * 16), [], id="choices joined by or"),
        pytest.param(f"displayName eq '{'a' * 121}'", [], id="long value"),
        pytest.param("proxyAddresses/$count eq 0", ["Dee Ruiz"], id="empty"),
        pytest.param("otherMails/$count ne 0", [], id="not empty"),
    ],
)
async def test_advanced_parameters_lift_the_limits(graph: httpx.AsyncClient, text: str, found: list[str]) -> None:
    response = await graph.get("/users", params={"$filter": text, "$count": "true"}, headers=ADVANCED)
    assert names(response) == found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("proxyAddresses/$count gt 0", id="more than"),
        pytest.param("proxyAddresses/$count eq 1", id="one"),
        pytest.param("businessPhones/$count eq 0", id="not counted"),
    ],
)
async def test_the_directory_counts_only_to_nothing(graph: httpx.AsyncClient, text: str) -> None:
    response = await graph.get("/users", params={"$filter": text, "$count": "true"}, headers=ADVANCED)
    assert error_of(response)[:2] == (400, UNSUPPORTED)


async def test_an_identity_without_an_issuer_can_be_asked_for(graph: httpx.AsyncClient) -> None:
    assert names(await graph.get("/users?$filter=identities/any(i:i/issuer eq null)")) == []


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        pytest.param("/users", "2", id="list"),
        pytest.param("/users?$top=5", "1", id="short list"),
        pytest.param("/users?$select=id", "1", id="narrow list"),
        pytest.param("/me", "1", id="person"),
        pytest.param("/me/directReports", "1", id="reports"),
    ],
)
async def test_a_directory_answer_names_its_cost(graph: httpx.AsyncClient, path: str, cost: str) -> None:
    assert (await graph.get(path)).headers["x-ms-resource-unit"] == cost


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("size>4000", ["Note 0", "Note 1"], id="more than"),
        pytest.param("size<=4000", ["Plan"], id="at most"),
        pytest.param("size:1..100", ["Plan"], id="between"),
        pytest.param('word AND size:"4500"', ["Note 0", "Note 1"], id="exactly"),
        pytest.param("word", ["Note 0", "Note 1", "Plan"], id="sorted by the date sent"),
    ],
)
async def test_search_knows_sizes_and_sorts_by_date_sent(
    graph: httpx.AsyncClient, plan: Message, text: str, found: list[str]
) -> None:
    assert plan.subject == "Plan"
    assert subjects(await graph.get("/me/messages", params={"$search": text})) == found


async def test_me_is_nobody_to_an_app(tenant: Tenant) -> None:
    async with client_for(tenant, app_only("User.Read.All", "Mail.Read")) as client:
        for path in ("/me", "/me/manager", "/me/directReports", "/me/messages", "/me/mailFolders"):
            assert error_of(await client.get(path))[:2] == (400, "BadRequest")
