"""Messages over HTTP: shape, query options, paging, preferences, permissions and refusals."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import Tenant
from emulator.graph.mail.state import Address, Attachment, Body, Flag, Message
from tests.emulator.support import (
    NOW,
    app_only,
    client_for,
    delegated,
    error_of,
    ids,
    pages,
    small_tenant,
    subjects,
)

STRANGER = Address("Olga Strand", "olga@elsewhere.example")
DEFAULT_SHAPE = {
    "@odata.etag": str,
    "id": str,
    "createdDateTime": str,
    "lastModifiedDateTime": str,
    "changeKey": str,
    "categories": list,
    "receivedDateTime": str,
    "sentDateTime": str,
    "hasAttachments": bool,
    "internetMessageId": str,
    "subject": str,
    "bodyPreview": str,
    "importance": str,
    "parentFolderId": str,
    "conversationId": str,
    "conversationIndex": str,
    "isDeliveryReceiptRequested": bool | None,
    "isReadReceiptRequested": bool,
    "isRead": bool,
    "isDraft": bool,
    "webLink": str,
    "inferenceClassification": str,
    "body": dict,
    "sender": dict,
    "from": dict,
    "toRecipients": list,
    "ccRecipients": list,
    "bccRecipients": list,
    "replyTo": list,
    "flag": dict,
}


@pytest.fixture
def tenant() -> Tenant:
    tenant = small_tenant()
    ada, bo = list(tenant.people.values())[:2]
    for number in range(25):
        tenant.add_message(
            ada,
            f"Report {number:02}",
            f"<html><body><p>Line {number} about &quot;prices&quot;</p></body></html>",
            sent=NOW - timedelta(days=number, minutes=1),
            sender=bo.address if number % 2 else STRANGER,
            to=(ada.address,),
            is_read=number > 4,
            importance="high" if number == 7 else "normal",
        )
    return tenant


@pytest.fixture
def rich(tenant: Tenant) -> Message:
    """The newest message: with everything a message can have."""
    ada, bo, cy = list(tenant.people.values())[:3]
    quoted = '<p>Fresh words</p><hr tabindex="-1"><div id="divRplyFwdMsg">From: old</div><p>Old words</p>'
    return tenant.add_message(
        ada,
        "Delivery plan",
        Body(f"<html><body>{quoted}</body></html>"),
        sent=NOW - timedelta(seconds=20),
        sender=STRANGER,
        to=(ada.address, bo.address),
        cc=(cy.address,),
        reply_to=(STRANGER,),
        categories=("Blue category",),
        flag=Flag("flagged", start=NOW, due=NOW + timedelta(days=1)),
        attachments=(
            Attachment("plan.csv", "text/csv", lambda: b"a;b"),
            Attachment("logo.png", "image/png", b"\x89PNG", is_inline=True, content_id="logo"),
        ),
        headers=(("X-Made-By", "test"),),
    )


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        yield client


async def test_a_message_has_the_documented_properties(graph: httpx.AsyncClient, rich: Message, tenant: Tenant) -> None:
    body = (await graph.get(f"/me/messages/{rich.id}")).json()
    context = f"$metadata#users('{tenant.demo_person.id}')/messages/$entity"
    assert body.pop("@odata.context").endswith(context)
    assert set(body) == set(DEFAULT_SHAPE)
    assert all(isinstance(body[name], kind) for name, kind in DEFAULT_SHAPE.items())
    assert body["@odata.etag"] == f'W/"{body["changeKey"]}"'
    assert body["from"] == {"emailAddress": {"name": "Olga Strand", "address": "olga@elsewhere.example"}}
    assert body["flag"]["flagStatus"] == "flagged"
    assert body["flag"]["dueDateTime"] == {"dateTime": "2026-03-12T14:30:00.0000000", "timeZone": "UTC"}
    assert body["receivedDateTime"] == "2026-03-11T14:29:41Z"
    assert body["bodyPreview"].startswith("Fresh words")
    assert body["hasAttachments"] is True


async def test_select_keeps_etag_id_and_whole_nested_objects(graph: httpx.AsyncClient, rich: Message) -> None:
    body = (await graph.get(f"/me/messages/{rich.id}?$select=from/emailAddress,internetMessageHeaders")).json()
    assert set(body) == {"@odata.context", "@odata.etag", "id", "from", "internetMessageHeaders"}
    assert set(body["from"]["emailAddress"]) == {"name", "address"}
    assert body["internetMessageHeaders"] == [{"name": "X-Made-By", "value": "test"}]
    assert set((await graph.get("/me/messages?$select=*&$top=1")).json()["value"][0]) == {
        *DEFAULT_SHAPE,
        "uniqueBody",
        "internetMessageHeaders",
    }


async def test_a_unique_body_leaves_the_history_out(graph: httpx.AsyncClient, rich: Message) -> None:
    path = f"/me/messages/{rich.id}?$select=uniqueBody"
    html = (await graph.get(path)).json()["uniqueBody"]
    assert html["contentType"] == "html"
    assert "Fresh words" in html["content"]
    assert "Old words" not in html["content"]
    text = (await graph.get(path, headers={"Prefer": 'outlook.body-content-type="text"'})).json()["uniqueBody"]
    assert text == {"contentType": "text", "content": "Fresh words"}


async def test_a_text_body_stays_text(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    message = tenant.add_message(tenant.demo_person, "Plain", Body("a <b>", "text"))
    body = (await graph.get(f"/me/messages/{message.id}?$select=body,uniqueBody,sender")).json()
    assert body["body"] == body["uniqueBody"] == {"contentType": "text", "content": "a <b>"}
    assert body["sender"] is None


async def test_bodies_come_as_text_when_preferred(graph: httpx.AsyncClient, rich: Message) -> None:
    wanted = {"Prefer": 'outlook.timezone="UTC", outlook.body-content-type="text"'}
    response = await graph.get(f"/me/messages/{rich.id}", headers=wanted)
    assert response.headers["preference-applied"] == 'outlook.body-content-type="text"'
    assert response.json()["body"]["contentType"] == "text"
    assert "<p>" not in response.json()["body"]["content"]
    html = await graph.get(f"/me/messages/{rich.id}", headers={"Prefer": "outlook.body-content-type=html"})
    assert html.json()["body"]["contentType"] == "html"
    assert "preference-applied" not in (await graph.get(f"/me/messages/{rich.id}")).headers


async def test_immutable_ids_are_shown_when_preferred_and_survive_a_move(
    graph: httpx.AsyncClient, rich: Message, tenant: Tenant
) -> None:
    wanted = {"Prefer": 'IdType="ImmutableId"'}
    response = await graph.get(f"/me/messages/{rich.id}", headers=wanted)
    assert response.headers["preference-applied"] == 'IdType="ImmutableId"'
    key = response.json()["id"]
    assert key == rich.immutable_id
    tenant.move_message(tenant.demo_person, rich.id, "archive")
    assert (await graph.get(f"/me/messages/{key}", headers=wanted)).json()["id"] == key
    listed = (await graph.get(f"/me/messages/{key}/attachments", headers=wanted)).json()["value"]
    assert (await graph.get(f"/me/messages/{key}/attachments/{listed[0]['id']}")).status_code == 200


async def test_messages_come_newest_first_ten_at_a_time(graph: httpx.AsyncClient) -> None:
    seen = [page async for page in pages(graph, "/me/messages?$select=subject")]
    assert [len(page["value"]) for page in seen] == [10, 10, 5]
    titles = [item["subject"] for page in seen for item in page["value"]]
    assert titles == [f"Report {number:02}" for number in range(25)]
    assert seen[0]["@odata.nextLink"].endswith("?$select=subject&$skip=10")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/users/ada.lind%40lindenhall.example/messages", id="encoded key"),
        pytest.param("/users('ada.lind@lindenhall.example')/messages", id="key in parentheses"),
        pytest.param("/me/mailFolders('inbox')/messages/", id="trailing slash"),
    ],
)
async def test_links_lead_on_however_the_path_was_written(graph: httpx.AsyncClient, path: str) -> None:
    seen = [
        key
        async for page in pages(graph, f"{path}?$top=7&$filter=contains(subject,'%26') eq false")
        for key in ids(page)
    ]
    assert len(seen) == len(set(seen)) == 25


async def test_top_skip_and_count_work_together(graph: httpx.AsyncClient) -> None:
    page = (await graph.get("/me/messages?$top=3&$skip=20&$count=true&$select=id")).json()
    assert (len(page["value"]), "@odata.count" in page) == (3, False)
    first = (await graph.get("/me/messages?$top=3&$count=true")).json()
    assert (first["@odata.count"], len(first["value"])) == (25, 3)
    assert (await graph.get("/me/messages?$skip=99")).json()["value"] == []
    whole = (await graph.get("/me/messages?$top=5000")).json()
    assert (len(whole["value"]), "@odata.nextLink" in whole) == (25, False)
    assert (await graph.get("/me/messages?$top=0")).json()["value"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("$filter=isRead eq false", [0, 1, 2, 3, 4], id="unread"),
        pytest.param("$filter=importance eq 'high'", [7], id="enum"),
        pytest.param("$filter=contains(subject,'1') and isRead eq false", [1], id="contains"),
        pytest.param("$filter=receivedDateTime lt 2026-02-17", [23, 24], id="before a day"),
        pytest.param(
            "$filter=receivedDateTime ge 2026-03-10T00:00:00Z&$orderby=receivedDateTime",
            [1, 0],
            id="since, oldest first",
        ),
        pytest.param(
            "$filter=from/emailAddress/address eq 'OLGA@elsewhere.example' and isRead eq false", [0, 2, 4], id="sender"
        ),
        pytest.param(
            "$filter=toRecipients/any(r:r/emailAddress/name eq 'ada lind') and isRead eq false",
            [0, 1, 2, 3, 4],
            id="any",
        ),
        pytest.param("$orderby=subject desc&$top=2", [24, 23], id="orderby"),
        pytest.param("$orderby=from/emailAddress/name desc,subject desc&$top=1", [24], id="orderby two"),
        pytest.param("$filter=startswith(subject,'report 2')", [20, 21, 22, 23, 24], id="startswith"),
    ],
)
async def test_messages_are_filtered_and_sorted(graph: httpx.AsyncClient, query: str, expected: list[int]) -> None:
    assert subjects(await graph.get(f"/me/messages?{query}")) == [f"Report {number:02}" for number in expected]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        pytest.param(
            "$select=zip", "RequestBroker--ParseUri", "Could not find a property named 'zip' on type", id="select"
        ),
        pytest.param(
            "$orderby=zip", "RequestBroker--ParseUri", "'zip' on type 'microsoft.graph.message'", id="orderby"
        ),
        pytest.param("$filter=zip eq 1", "BadRequest", "Invalid filter clause: Could not find", id="filter name"),
        pytest.param(
            "$filter=isRead eq", "BadRequest", "Invalid filter clause: Expression expected", id="filter syntax"
        ),
        pytest.param("$filter=isRead eq 'no'", "BadRequest", "incompatible types", id="filter types"),
        pytest.param("$orderby=subject up", "BadRequest", "$orderby", id="orderby syntax"),
        pytest.param("$nonsense=1", "BadRequest", "'$nonsense' is not supported", id="unknown option"),
        pytest.param("$expand=subject", "BadRequest", "not a navigation property", id="expand"),
        pytest.param("$skiptoken=abc", "Request_BadRequest", "page token", id="foreign token"),
        pytest.param(
            "$filter=isRead eq false&$orderby=receivedDateTime",
            "InefficientFilter",
            "The restriction or sort order is too complex for this operation.",
            id="sort order not in the filter",
        ),
        pytest.param(
            "$filter=isRead eq false and receivedDateTime ge 2026-01-01&$orderby=receivedDateTime",
            "InefficientFilter",
            "too complex",
            id="sort order not first in the filter",
        ),
        pytest.param(
            '$search="a"&$filter=isRead', "SearchWithFilter", "'$filter' is not supported with '$search'", id="both"
        ),
        pytest.param(
            '$search="a"&$orderby=subject', "SearchWithOrderBy", "'$orderBy' is not supported", id="search, orderby"
        ),
        pytest.param('$search="a"&$skip=1', "SearchWithSkip", "'$skip' is not supported", id="search, skip"),
        pytest.param('$search=""', "BadRequest", "must not be empty", id="empty search"),
    ],
)
async def test_a_bad_message_query_is_refused_in_exchanges_words(
    graph: httpx.AsyncClient, query: str, code: str, message: str
) -> None:
    status, found, text = error_of(await graph.get(f"/me/messages?{query}"))
    assert (status, found) == (400, code)
    assert message in text


async def test_a_folder_lists_its_own_messages(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    ada = tenant.demo_person
    message = tenant.add_message(ada, "Filed", folder="archive")
    archive = tenant.mailbox(ada).folder("archive").id
    for key in ("Archive", archive):
        response = await graph.get(f"/me/mailFolders/{key}/messages")
        assert subjects(response) == ["Filed"]
        assert response.json()["@odata.context"].endswith(f"/mailFolders('{key}')/messages")
    assert (await graph.get(f"/me/mailFolders/archive/messages/{message.id}")).json()["subject"] == "Filed"
    assert error_of(await graph.get(f"/me/mailFolders/inbox/messages/{message.id}"))[1] == "ErrorItemNotFound"


async def test_counts_are_bare_numbers(graph: httpx.AsyncClient) -> None:
    assert (await graph.get("/me/messages/$count")).text == "25"
    assert (await graph.get("/me/mailFolders/inbox/messages/$count?$filter=isRead eq false")).text == "5"


async def test_attachments_are_listed_and_read_one_by_one(graph: httpx.AsyncClient, rich: Message) -> None:
    page = (await graph.get(f"/me/messages/{rich.id}/attachments")).json()
    plan, logo = page["value"]
    assert plan["@odata.type"] == "#microsoft.graph.fileAttachment"
    assert (plan["name"], plan["contentType"], plan["isInline"]) == ("plan.csv", "text/csv", False)
    assert base64.b64decode(plan["contentBytes"]) == b"a;b"
    assert (logo["contentId"], logo["isInline"]) == ("logo", True)
    one = (await graph.get(f"/me/messages/{rich.id}/attachments/{logo['id']}?$select=name,size")).json()
    assert (one["id"], one["name"], "contentBytes" in one) == (logo["id"], "logo.png", False)
    inline = await graph.get(f"/me/messages/{rich.id}/attachments?$filter=isInline eq true&$select=name")
    assert [item["name"] for item in inline.json()["value"]] == ["logo.png"]
    missing = await graph.get(f"/me/messages/{rich.id}/attachments/{rich.id}")
    assert error_of(missing)[1] == "ErrorItemNotFound"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/me/messages/{id}", id="message"),
        pytest.param("/me/mailFolders/{id}", id="folder"),
        pytest.param("/me/mailFolders/{id}/messages", id="messages of a folder"),
        pytest.param("/me/messages/{id}/attachments", id="attachments"),
    ],
)
async def test_unknown_ids_are_not_found_and_odd_ones_malformed(
    graph: httpx.AsyncClient, tenant: Tenant, path: str
) -> None:
    foreign = tenant.add_message(tenant.person("bo.mcallister@lindenhall.example"), "Elsewhere").id
    gone = (404, "ErrorItemNotFound", "The specified object was not found in the store.")
    assert error_of(await graph.get(path.format(id=foreign))) == gone
    malformed = (400, "ErrorInvalidIdMalformed", "Id is malformed.")
    assert error_of(await graph.get(path.format(id="nowhere"))) == malformed


DENIED = (403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


async def test_a_delegated_token_reads_no_other_mailbox(graph: httpx.AsyncClient) -> None:
    assert error_of(await graph.get("/users/bo.mcallister@lindenhall.example/messages")) == DENIED
    assert subjects(await graph.get("/users/ADA.LIND@lindenhall.example/messages?$top=1")) == ["Report 00"]
    missing = error_of(await graph.get("/users/dee.ruiz@lindenhall.example/messages"))
    assert missing[:2] == (404, "MailboxNotEnabledForRESTAPI")
    assert error_of(await graph.get("/users/nobody@x.example/messages"))[:2] == (404, "ErrorInvalidUser")


async def test_an_app_reads_every_mailbox_but_has_none(tenant: Tenant) -> None:
    tenant.add_message(tenant.person("bo.mcallister@lindenhall.example"), "For Bo")
    async with client_for(tenant, app_only("Mail.Read")) as client:
        assert subjects(await client.get("/users/bo.mcallister@lindenhall.example/messages")) == ["For Bo"]
        assert error_of(await client.get("/me/messages"))[1] == "BadRequest"
    async with client_for(tenant, app_only("User.Read.All")) as client:
        assert error_of(await client.get("/users/bo.mcallister@lindenhall.example/messages")) == DENIED


async def test_the_basic_mail_permission_hides_what_people_wrote(tenant: Tenant, rich: Message) -> None:
    async with client_for(tenant, delegated(tenant.demo_person, "Mail.ReadBasic")) as client:
        body = (await client.get(f"/me/messages/{rich.id}")).json()
        assert not {"body", "bodyPreview", "uniqueBody"} & set(body)
        assert body["subject"] == "Delivery plan"
        assert error_of(await client.get(f"/me/messages/{rich.id}/attachments")) == DENIED
        assert error_of(await client.get('/me/messages?$search="plan"')) == DENIED
        assert error_of(await client.get("/me/messages?$filter=contains(body/content,'a')")) == DENIED


@pytest.mark.parametrize("scope", ["User.Read", "Calendars.Read"])
async def test_without_a_mail_permission_nothing_is_read(tenant: Tenant, scope: str) -> None:
    async with client_for(tenant, delegated(tenant.demo_person, scope)) as client:
        assert error_of(await client.get("/me/messages")) == DENIED


WORDS = st.from_regex(r"[a-z]{4,12}", fullmatch=True)
ANYTHING = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=50).filter(str.strip)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    subject=ANYTHING,
    word=WORDS,
    sender=WORDS,
    sent=st.datetimes(datetime(2025, 1, 1), datetime(2026, 3, 1)),  # noqa: DTZ001 - given its zone below
    is_read=st.booleans(),
)
async def test_a_random_message_is_found_by_every_option(
    tenant: Tenant, *, subject: str, word: str, sender: str, sent: datetime, is_read: bool
) -> None:
    ada = tenant.demo_person
    sent = sent.replace(tzinfo=NOW.tzinfo)
    message = tenant.add_message(
        ada,
        f"{subject} zq{word}",
        f"<p>{word} body</p>",
        sent=sent,
        sender=Address("S", f"{sender}@random.example"),
        is_read=is_read,
        is_draft=False,
    )
    quoted = quote(message.subject.replace("'", "''"), safe="")
    stamp = message.received.strftime("%Y-%m-%dT%H:%M:%SZ")
    later = message.received.isoformat().replace("+", "%2B")
    queries = [
        f"$filter=subject eq '{quoted}'",
        f"$filter=receivedDateTime le {later} and receivedDateTime ge {stamp}",
        f"$filter=contains(subject,'zq{word}') and isRead eq {str(is_read).lower()}",
        f"$filter=startswith(from/emailAddress/address,'{sender}@')",
        f'$search="subject:zq{word}"',
        f'$search="from:{sender} AND body:{word}"',
        f'$search="received:{sent:%Y-%m-%d} {word}"',
        "$orderby=receivedDateTime&$top=1000",
        "$top=1000&$count=true",
    ]
    async with client_for(tenant, delegated(ada)) as client:
        for query in queries:
            response = await client.get(f"/me/messages?{query}")
            assert message.id in ids(response.json()), query
        everything = (await client.get("/me/messages?$orderby=receivedDateTime&$top=1000&$count=true")).json()
        rank = ids(everything).index(message.id)
        alone = await client.get(f"/me/messages?$orderby=receivedDateTime&$skip={rank}&$top=1")
        hit = next(
            item
            for item in (await client.get("/me/messages?$select=subject,isRead&$top=1000")).json()["value"]
            if item["id"] == message.id
        )
    held = len(tenant.mailbox(ada).messages)
    tenant.mailbox(ada).remove(message)
    received = [item["receivedDateTime"] for item in everything["value"]]
    assert received == sorted(received)
    assert everything["@odata.count"] == held
    assert ids(alone.json()) == [message.id]
    assert (hit["subject"], hit["isRead"]) == (message.subject, is_read)
