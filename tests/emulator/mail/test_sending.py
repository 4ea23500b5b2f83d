"""A message that is sent is seen at every end: Sent Items, inboxes, the outbox, the conversation, the changes."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from emulator import Tenant
from emulator.graph.mail.state import Attachment, Message
from emulator.schema import schema
from emulator.store import Change, Entity
from emulator.tenant import Person
from tests.emulator.mail.conftest import ClientOf
from tests.emulator.mail.scene import ADA, BO, CY, OUTSIDE, draft, inside, letter, send, to
from tests.emulator.support import app_only, client_for, delegated, error_of, subjects

HEADER_CODE = "InvalidInternetMessageHeader"
HEADER = [{"name": "To", "value": "x"}]


async def test_mail_that_is_sent_reaches_everybody(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, bo: Person, cy: Person
) -> None:
    message = letter(BO, OUTSIDE, ccRecipients=to(CY), bccRecipients=to(ADA), importance="high")
    response = await send(graph, message)
    assert (response.status_code, response.content) == (202, b"")
    (sent,) = inside(tenant, ada, "sentitems")
    assert (sent.is_draft, sent.is_read, len(sent.bcc)) == (False, True, 1)
    for reader in (bo, cy, ada):
        (copy,) = inside(tenant, reader, "inbox")
        assert (copy.subject, copy.importance, copy.is_read, copy.bcc) == ("Plan", "high", False, ())
        assert copy.conversation_id == sent.conversation_id
        assert copy.internet_message_id == sent.internet_message_id
        assert copy.header("received")
        assert copy.sender == ada.address
    (left,) = tenant.outbox
    assert (left.recipients, left.sender, left.message.subject) == ((OUTSIDE,), ADA, "Plan")


@pytest.mark.parametrize(("kept", "count"), [(True, 1), ("true", 1), (None, 1), (False, 0), ("false", 0)], ids=repr)
async def test_a_sent_message_is_kept_unless_told_otherwise(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, kept: object, count: int
) -> None:
    assert (await send(graph, letter(BO), saveToSentItems=kept)).status_code == 202
    assert len(inside(tenant, ada, "sentitems")) == count


async def test_names_of_arguments_are_read_in_any_case(graph: httpx.AsyncClient, tenant: Tenant, bo: Person) -> None:
    response = await graph.post(
        "/me/microsoft.graph.sendMail", json={"Message": letter(BO), "SaveToSentItems": "false"}
    )
    assert response.status_code == 202
    assert len(inside(tenant, bo, "inbox")) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"message": letter()}, "ErrorInvalidRecipients", id="nobody"),
        pytest.param({"message": letter("nobody")}, "ErrorInvalidRecipients", id="no address"),
        pytest.param({"message": letter("a b@c.example")}, "ErrorInvalidRecipients", id="blank in the address"),
        pytest.param({}, "RequestBodyRead", id="no message"),
        pytest.param({"message": letter(BO), "now": True}, "RequestBodyRead", id="unknown argument"),
        pytest.param({"message": {"subjekt": "x"}}, "RequestBodyRead", id="unknown property"),
        pytest.param({"message": {"subject": 1}}, "RequestBodyRead", id="wrong type"),
        pytest.param({"message": letter(BO, internetMessageHeaders=HEADER)}, HEADER_CODE, id="header"),
    ],
)  # fmt: skip
async def test_a_message_that_cannot_be_sent_is_refused(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, body: dict[str, object], code: str
) -> None:
    assert error_of(await graph.post("/me/sendMail", json=body))[:2] == (400, code)
    assert inside(tenant, ada, "sentitems") == []


async def test_an_unknown_name_in_the_own_domain_bounces(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    await send(graph, letter("nobody@lindenhall.example"))
    (report,) = inside(tenant, ada, "inbox")
    assert report.subject == "Undeliverable: Plan"
    assert report.sender is not None
    assert report.sender.name == "Microsoft Outlook"
    assert "nobody@lindenhall.example" in report.body.text
    listed = (
        await graph.get(f"/me/messages/{report.id}/attachments?$expand=microsoft.graph.itemAttachment/item")
    ).json()
    assert listed["value"][0]["@odata.type"] == "#microsoft.graph.itemAttachment"
    assert listed["value"][0]["item"]["subject"] == "Plan"
    mime = await graph.get(f"/me/messages/{report.id}/attachments/{listed['value'][0]['id']}/$value")
    assert "Subject: Plan" in mime.text


async def test_a_draft_is_sent_under_another_id(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, bo: Person
) -> None:
    made = await draft(graph, letter(BO))
    assert (made["isDraft"], made["parentFolderId"]) == (True, tenant.mailbox(ada).folder("drafts").id)
    response = await graph.post(f"/me/messages/{made['id']}/send")
    assert (response.status_code, response.headers.get("content-length", "0")) == (202, "0")
    assert (await graph.get(f"/me/messages/{made['id']}")).status_code == 404
    assert [message.subject for message in inside(tenant, bo, "inbox")] == ["Plan"]
    (sent,) = inside(tenant, ada, "sentitems")
    assert error_of(await graph.post(f"/me/messages/{sent.id}/send"))[:2] == (400, "ErrorInvalidOperation")


async def test_attachments_and_own_headers_travel_with_the_message(
    graph: httpx.AsyncClient, tenant: Tenant, bo: Person
) -> None:
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGk="}
    headers = [{"name": "x-ticket", "value": "4711"}]
    await send(graph, letter(BO, attachments=[file], internetMessageHeaders=headers))
    (copy,) = inside(tenant, bo, "inbox")
    assert [(one.name, one.content) for one in copy.attachments] == [("a.txt", b"hi")]
    assert copy.header("X-Ticket") == "4711"


async def test_every_step_is_a_change_that_others_can_hear_of(
    graph: httpx.AsyncClient, tenant: Tenant, bo: Person
) -> None:
    heard: list[Change] = []
    tenant.store.changes.listeners.append(heard.append)
    await send(graph, letter(BO))
    created = [
        change for change in heard if change.what == "created" and change.items and change.items.name == "messages"
    ]
    assert [change.items.owner for change in created if change.items] == [bo, tenant.demo_person]


async def test_a_group_address_reaches_its_members_once(
    graph: httpx.AsyncClient, tenant: Tenant, bo: Person, cy: Person
) -> None:
    root = tenant.store.root("groups")
    outer, inner = (
        root.add(
            tenant.store.entity(
                schema().kind("group"), {"displayName": name, "mail": f"{name}@lindenhall.example", "mailEnabled": True}
            )
        )
        for name in ("all", "some")
    )
    outer.links_of("members").add(inner)
    outer.links_of("members").add(bo)
    inner.links_of("members").add(cy)
    inner.links_of("members").add(outer)
    await send(graph, letter("all@lindenhall.example", BO))
    assert len(inside(tenant, bo, "inbox")) == len(inside(tenant, cy, "inbox")) == 1


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        pytest.param("all@lindenhall.example", 1, id="its address"),
        pytest.param("Everybody@Lindenhall.example", 1, id="an alias"),
        pytest.param("nobody@lindenhall.example", 0, id="no address of it"),
    ],
)
async def test_a_group_gets_mail_at_every_address_it_has(
    graph: httpx.AsyncClient, tenant: Tenant, bo: Person, address: str, reached: int
) -> None:
    proxies = ["SMTP:all@lindenhall.example", "smtp:everybody@lindenhall.example"]
    values = {"displayName": "All", "mail": "all@lindenhall.example", "mailEnabled": True, "proxyAddresses": proxies}
    group = tenant.store.root("groups").add(tenant.store.entity(schema().kind("group"), values))
    group.links_of("members").add(bo)
    await send(graph, letter(address))
    reports = inside(tenant, tenant.demo_person, "inbox")
    assert (len(inside(tenant, bo, "inbox")), len(reports)) == (reached, 1 - reached)


async def test_an_app_sends_as_the_mailbox_it_names_and_as_no_other(tenant: Tenant, bo: Person, cy: Person) -> None:
    async with client_for(tenant, app_only("Mail.Send")) as client:
        sent = await client.post(f"/users/{BO}/sendMail", json={"message": letter(CY)})
        assert sent.status_code == 202
        other = await client.post(f"/users/{BO}/sendMail", json={"message": letter(CY) | {"from": to(ADA)[0]}})
        assert error_of(other)[:2] == (403, "ErrorSendAsDenied")
    (copy,) = inside(tenant, cy, "inbox")
    assert copy.sender == bo.address


async def test_without_the_permission_nothing_is_sent(tenant: Tenant, ada: Person) -> None:
    async with client_for(tenant, delegated(ada, "Mail.ReadWrite")) as client:
        assert error_of(await send(client, letter(BO)))[:2] == (403, "ErrorAccessDenied")
        made = await draft(client, letter(BO))
        assert error_of(await client.post(f"/me/messages/{made['id']}/send"))[0] == 403


async def test_a_conversation_is_one_filter_away(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, client_of: ClientOf, bo: Person
) -> None:
    await send(graph, letter(BO, subject="Lamps"))
    theirs = client_of(bo)
    key = inside(tenant, bo, "inbox")[0].id
    await theirs.post(f"/me/messages/{key}/reply", json={"comment": "Yes"})
    conversation = inside(tenant, ada, "inbox")[0].conversation_id
    found = await graph.get("/me/messages", params={"$filter": f"conversationId eq '{conversation}'"})
    assert sorted(subjects(found)) == ["Lamps", "RE: Lamps"]


def test_messages_put_there_by_a_seed_are_not_posted(tenant: Tenant, ada: Person) -> None:
    tenant.add_message(ada, "Old", attachments=(Attachment("a", "text/plain", b""),), to=(ada.address,))
    assert tenant.outbox == []
    assert len(tenant.mailbox(ada).messages) == 1


async def test_whoever_is_named_twice_gets_one_copy(graph: httpx.AsyncClient, tenant: Tenant, bo: Person) -> None:
    await send(graph, letter(BO, BO.upper(), OUTSIDE, bccRecipients=to(BO, OUTSIDE.upper())))
    assert len(inside(tenant, bo, "inbox")) == 1
    assert [left.recipients for left in tenant.outbox] == [(OUTSIDE,)]


async def test_a_group_may_keep_its_mail_and_outside_members_get_theirs(
    graph: httpx.AsyncClient, tenant: Tenant, bo: Person
) -> None:
    values = {"displayName": "All", "mail": "all@lindenhall.example", "mailEnabled": True}
    group = tenant.store.root("groups").add(tenant.store.entity(schema().kind("group"), values))
    contact = tenant.store.root("contacts").add(tenant.store.entity(schema().kind("orgContact"), {"mail": OUTSIDE}))
    for member in (bo, contact):
        group.links_of("members").add(member)
    await send(graph, letter("ALL@lindenhall.example"))
    assert [left.recipients for left in tenant.outbox] == [(OUTSIDE,)]
    assert len(inside(tenant, bo, "inbox")) == 1
    kept: list[str] = []

    def keeps(_: Entity, message: Message, __: datetime) -> bool:
        kept.append(message.subject)
        return True

    tenant.group_mail.append(keeps)
    await send(graph, letter("all@lindenhall.example", subject="For the group"))
    assert (kept, len(inside(tenant, bo, "inbox"))) == (["For the group"], 1)
