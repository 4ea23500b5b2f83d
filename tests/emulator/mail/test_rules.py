"""Message rules, focused inbox and automatic replies: what happens to mail as it comes in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.graph.mail.message import Message
from emulator.graph.mail.parts import Address, Attachment, Body
from emulator.graph.mail.post import deliver_meeting_message, receive_from_outside
from emulator.tenant import Person
from tests.emulator.mail.conftest import ClientOf
from tests.emulator.mail.scene import ADA, BO, CY, OLGA, OUTSIDE, inside, letter, send, to
from tests.emulator.support import NOW, error_of

RULES = "/me/mailFolders/inbox/messageRules"


async def rule(client: httpx.AsyncClient, actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    response = await client.post(RULES, json={"displayName": "Rule", "actions": actions, **more})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


def arrive(tenant: Tenant, ada: Person, subject: str = "Lamps", **details: Any) -> Message:
    usual = {"sender": OLGA, "body": "<p>Some words</p>"}
    (copy,) = receive_from_outside(tenant, [ada.address], NOW, subject=subject, **usual | details)
    return copy


async def test_a_rule_is_made_changed_listed_and_taken_away(graph: httpx.AsyncClient) -> None:
    made = await rule(graph, {"markAsRead": True}, conditions={"subjectContains": ["lamp"]})
    assert (made["sequence"], made["isEnabled"], made["hasError"], made["isReadOnly"]) == (1, True, False, False)
    assert (await rule(graph, {"delete": True}, sequence=7))["sequence"] == 7
    path = f"{RULES}/{made['id'].replace('/', '%2F')}"
    changed = (await graph.patch(path, json={"displayName": "New", "actions": {"markImportance": "high"}})).json()
    assert (changed["displayName"], changed["actions"]["markImportance"], changed["actions"]["markAsRead"]) == (
        "New",
        "high",
        True,
    )
    assert [one["sequence"] for one in (await graph.get(RULES)).json()["value"]] == [1, 7]
    assert (await graph.delete(path)).status_code == 204
    assert (await graph.get(path)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"displayName": "x"}, {"actions": {"delete": True}}, {"displayName": "x", "actions": {"f": 1}}],
    ids=repr,
)
async def test_a_rule_that_says_nothing_is_refused(graph: httpx.AsyncClient, body: dict[str, object]) -> None:
    assert error_of(await graph.post(RULES, json=body))[0] == 400


@pytest.mark.parametrize(
    ("conditions", "applies"),
    [
        pytest.param({"subjectContains": ["LAMP", "x"]}, True, id="subject"),
        pytest.param({"subjectContains": ["desk"]}, False, id="other subject"),
        pytest.param({"bodyContains": ["some words"]}, True, id="body"),
        pytest.param({"bodyOrSubjectContains": ["lamps"]}, True, id="body or subject"),
        pytest.param({"senderContains": ["elsewhere"]}, True, id="sender contains"),
        pytest.param({"fromAddresses": to(OUTSIDE.upper())}, True, id="from"),
        pytest.param({"fromAddresses": to(BO)}, False, id="from another"),
        pytest.param({"recipientContains": ["ada.lind"]}, True, id="recipient"),
        pytest.param({"sentToAddresses": to(ADA)}, True, id="sent to"),
        pytest.param({"sentToMe": True}, True, id="to me"),
        pytest.param({"sentCcMe": True}, False, id="in copy"),
        pytest.param({"sentToOrCcMe": True}, True, id="either"),
        pytest.param({"sentOnlyToMe": True}, False, id="not only to me"),
        pytest.param({"notSentToMe": True}, False, id="not to me"),
        pytest.param({"hasAttachments": True}, True, id="files"),
        pytest.param({"importance": "normal"}, True, id="importance"),
        pytest.param({"headerContains": ["x-made-by: test"]}, True, id="header"),
        pytest.param({"isAutomaticReply": True}, False, id="automatic reply"),
        pytest.param({"isAutomaticForward": True}, False, id="automatic forward"),
        pytest.param({"isMeetingRequest": True}, False, id="meeting"),
        pytest.param({"isMeetingResponse": True}, False, id="response"),
        pytest.param({"isNonDeliveryReport": False}, True, id="no report"),
        pytest.param({"isReadReceipt": False}, True, id="no receipt"),
        pytest.param({"messageActionFlag": "any"}, True, id="any flag"),
        pytest.param({"sensitivity": "normal"}, True, id="sensitivity"),
        pytest.param({"categories": ["Red category"]}, False, id="category"),
        pytest.param({"withinSizeRange": {"minimumSize": 0, "maximumSize": 5}}, True, id="size"),
        pytest.param({"withinSizeRange": {"minimumSize": 50}}, False, id="too small"),
        pytest.param({"isSigned": True}, False, id="nothing is signed"),
        pytest.param({"subjectContains": ["lamp"], "bodyContains": ["nothing"]}, False, id="both must hold"),
    ],
)
async def test_a_rule_holds_for_what_it_describes(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, conditions: dict[str, object], *, applies: bool
) -> None:
    await rule(graph, {"markAsRead": True}, conditions=conditions)
    file = Attachment("a", "text/plain", b"a")
    message = arrive(tenant, ada, to=(ada.address, OLGA), headers=(("X-Made-By", "test"),), attachments=(file,))
    assert message.is_read is applies


async def test_exceptions_switched_off_rules_and_order_count(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person
) -> None:
    await rule(graph, {"markImportance": "low"}, sequence=3, exceptions={"subjectContains": ["lamp"]})
    await rule(graph, {"delete": True}, sequence=2, isEnabled=False)
    await rule(graph, {"assignCategories": ["A"], "stopProcessingRules": True}, sequence=4)
    await rule(graph, {"markAsRead": True}, sequence=5)
    message = arrive(tenant, ada)
    assert (message.importance, message.categories, message.is_read, message.folder_id) == (
        "normal", ("A",), False, tenant.mailbox(ada).folder("inbox").id,
    )  # fmt: skip


async def test_mail_is_filed_copied_and_thrown_away(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    folder = tenant.mailbox(ada).add_folder("Lamps")
    made = await rule(graph, {"moveToFolder": folder.id, "copyToFolder": tenant.mailbox(ada).folder("archive").id})
    arrive(tenant, ada)
    assert [len(inside(tenant, ada, key)) for key in ("inbox", folder.id, "archive")] == [0, 1, 1]
    await graph.patch(
        f"{RULES}/{made['id'].replace('/', '%2F')}", json={"actions": {"moveToFolder": "nowhere", "copyToFolder": None}}
    )
    await rule(graph, {"permanentDelete": True}, conditions={"subjectContains": ["spam"]})
    arrive(tenant, ada, "spam")
    arrive(tenant, ada, "more")
    assert [message.subject for message in inside(tenant, ada, "inbox")] == ["more"]


async def test_mail_is_passed_on(graph: httpx.AsyncClient, tenant: Tenant, ada: Person, bo: Person, cy: Person) -> None:
    await rule(graph, {"forwardTo": to(BO, "away@x.example"), "redirectTo": to(CY), "forwardAsAttachmentTo": to(BO)})
    arrive(tenant, ada)
    plain, attached = inside(tenant, bo, "inbox")
    assert (plain.subject, plain.sender) == ("FW: Lamps", ada.address)
    assert plain.header("X-MS-Exchange-Inbox-Rules-Loop") == ADA
    assert [one.kind.name for one in attached.attachments] == ["microsoft.graph.itemAttachment"]
    (redirected,) = inside(tenant, cy, "inbox")
    assert (redirected.subject, redirected.sender) == ("Lamps", OLGA)
    assert [left.recipients for left in tenant.outbox] == [("away@x.example",)]


async def test_two_rules_that_pass_mail_to_one_another_come_to_an_end(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, bo: Person, client_of: ClientOf
) -> None:
    await rule(graph, {"forwardTo": to(BO)})
    await rule(client_of(bo), {"forwardTo": to(ADA)})
    arrive(tenant, ada)
    assert len(inside(tenant, bo, "inbox")) == 1
    assert len(inside(tenant, ada, "inbox")) <= 2


async def test_focused_inbox_learns_from_its_owner(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    news = Address("News", "news@list.example")
    assert arrive(tenant, ada, sender=news).inference == "other"
    assert arrive(tenant, ada).inference == "focused"
    sender = {"name": "News", "address": "NEWS@list.example"}
    path = "/me/inferenceClassification/overrides"
    made = await graph.post(path, json={"classifyAs": "focused", "senderEmailAddress": sender})
    assert (made.status_code, made.json()["classifyAs"]) == (201, "focused")
    assert arrive(tenant, ada, sender=news).inference == "focused"
    key = made.json()["id"]
    assert (await graph.patch(f"{path}/{key}", json={"classifyAs": "other"})).json()["classifyAs"] == "other"
    assert arrive(tenant, ada, sender=news).inference == "other"
    again = await graph.post(path, json={"classifyAs": "focused", "senderEmailAddress": sender})
    assert again.json()["id"] == key
    assert (await graph.delete(f"{path}/{key}")).status_code == 204
    assert (await graph.get(path)).json()["value"] == []
    assert error_of(await graph.post(path, json={"classifyAs": "focused"}))[0] == 400


async def away(client: httpx.AsyncClient, **setting: object) -> None:
    usual = {"status": "alwaysEnabled", "internalReplyMessage": "<p>In</p>", "externalReplyMessage": "<p>Out</p>"}
    response = await client.patch("/me/mailboxSettings", json={"automaticRepliesSetting": {**usual, **setting}})
    assert response.status_code == 200, response.text


async def test_whoever_is_away_answers_each_sender_once(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, bo: Person, client_of: ClientOf
) -> None:
    await away(graph)
    theirs = client_of(bo)
    for _ in range(2):
        await send(theirs, letter(ADA))
    (reply,) = inside(tenant, bo, "inbox")
    assert (reply.subject, reply.body.text, reply.header("auto-submitted")) == (
        "Automatic reply: Plan",
        "In",
        "auto-replied",
    )
    assert reply.conversation_id == inside(tenant, bo, "sentitems")[0].conversation_id
    arrive(tenant, ada)
    arrive(tenant, ada)
    (left,) = tenant.outbox
    assert (left.recipients, left.message.body.text) == ((OUTSIDE,), "Out")
    await away(graph)
    await send(theirs, letter(ADA))
    assert len(inside(tenant, bo, "inbox")) == 2


@pytest.mark.parametrize(
    ("setting", "answers"),
    [
        pytest.param({"status": "disabled"}, 0, id="switched off"),
        pytest.param({"externalAudience": "none"}, 0, id="nobody outside"),
        pytest.param({"externalAudience": "contactsOnly"}, 0, id="only contacts"),
        pytest.param({"externalReplyMessage": ""}, 0, id="nothing to say"),
        pytest.param({"status": "scheduled"}, 0, id="some other time"),
    ],
)
async def test_not_everybody_is_answered(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, setting: dict[str, object], answers: int
) -> None:
    await away(graph, **setting)
    arrive(tenant, ada)
    assert len(tenant.outbox) == answers


@pytest.mark.parametrize(("start", "count"), [(-1, 1), (1, 0), (-9, 0)], ids=["now", "later", "over"])
async def test_a_planned_absence_is_answered_in_its_time(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, start: int, count: int
) -> None:
    begin, end = NOW + timedelta(days=start), NOW + timedelta(days=start + 2)
    zoned = [{"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"} for moment in (begin, end)]
    await away(graph, status="scheduled", scheduledStartDateTime=zoned[0], scheduledEndDateTime=zoned[1])
    arrive(tenant, ada)
    assert len(tenant.outbox) == count


async def test_machines_and_lists_get_no_automatic_reply(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, bo: Person, client_of: ClientOf
) -> None:
    await away(graph)
    await away(client_of(bo))
    arrive(tenant, ada, sender=Address("Robot", "no-reply@x.example"))
    arrive(tenant, ada, headers=(("List-Unsubscribe", "<x>"),))
    assert tenant.outbox == []
    await send(graph, letter(BO))
    assert [len(inside(tenant, ada, "inbox")), len(inside(tenant, bo, "inbox"))] == [3, 1]


async def test_a_meeting_message_comes_in_like_mail(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    await rule(graph, {"markAsRead": True}, conditions={"isMeetingRequest": True})
    message = deliver_meeting_message(
        tenant, ada, OLGA, now=NOW, subject="Round", meetingMessageType="meetingRequest", body=Body("<p>Come</p>")
    )
    assert message is not None
    found = (await graph.get(f"/me/messages/{message.id}")).json()
    assert (found["@odata.type"], found["meetingMessageType"], found["isRead"]) == (
        "#microsoft.graph.eventMessageRequest",
        "meetingRequest",
        True,
    )
    dee = tenant.person("dee.ruiz@lindenhall.example")
    assert deliver_meeting_message(tenant, dee, OLGA, now=NOW) is None


async def test_marks_and_the_bin_are_actions_too(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    await rule(graph, {"markImportance": "high", "delete": True})
    message = arrive(tenant, ada)
    assert (message.importance, inside(tenant, ada, "deleteditems")) == ("high", [message])


async def test_mail_without_a_sender_is_taken_as_it_is(tenant: Tenant, ada: Person) -> None:
    message = arrive(tenant, ada, sender=None)
    assert (message.inference, message.sender) == ("focused", None)


async def test_an_absence_without_dates_answers_nobody(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    await away(graph, status="scheduled", scheduledStartDateTime={"dateTime": "soon", "timeZone": "UTC"})
    arrive(tenant, ada)
    assert tenant.outbox == []
