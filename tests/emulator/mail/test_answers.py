"""Replies and forwards: whom they go to, what they say, and that they stay in the conversation."""

from __future__ import annotations

import base64

import httpx
import pytest

from emulator import Tenant
from emulator.graph.mail.message import Message
from emulator.graph.mail.parts import Address, Attachment, Body
from emulator.tenant import Person
from tests.emulator.mail.scene import BO, CY, OLGA, OUTSIDE, inside, to
from tests.emulator.support import NOW, error_of


@pytest.fixture
def received(tenant: Tenant, ada: Person, bo: Person, cy: Person) -> Message:
    """A letter from outside to Ada and Bo, Cy in copy, with a file and a picture in the text."""
    return tenant.add_message(
        ada,
        "Lamps",
        Body("<html><body><p>Old words</p></body></html>"),
        sender=OLGA,
        to=(ada.address, bo.address),
        cc=(cy.address,),
        sent=NOW,
        attachments=(
            Attachment("a.txt", "text/plain", b"a"),
            Attachment("p.png", "image/png", b"p", is_inline=True, content_id="p"),
        ),
    )


TWO_TEXTS = {"comment": "a", "message": {"body": {"content": "b"}}}
TWO_LISTS = {"toRecipients": to(BO), "message": {"toRecipients": to(CY)}}


def addresses(message: dict[str, list[dict[str, dict[str, str]]]], name: str = "toRecipients") -> list[str]:
    return [one["emailAddress"]["address"] for one in message[name]]


@pytest.mark.parametrize(
    ("action", "subject", "addressed", "files"),
    [
        pytest.param("createReply", "RE: Lamps", ([OUTSIDE], []), ["p.png"], id="reply"),
        pytest.param("createReplyAll", "RE: Lamps", ([OUTSIDE, BO], [CY]), ["p.png"], id="reply to all"),
        pytest.param("createForward", "FW: Lamps", ([], []), ["a.txt", "p.png"], id="forward"),
    ],
)
async def test_a_draft_that_answers_quotes_the_original(
    graph: httpx.AsyncClient,
    received: Message,
    *,
    action: str,
    subject: str,
    addressed: tuple[list[str], list[str]],
    files: list[str],
) -> None:
    response = await graph.post(f"/me/messages/{received.id}/{action}", json={"comment": "New <words>"})
    made = response.json()
    assert response.status_code == 201
    assert (made["subject"], made["isDraft"], made["conversationId"]) == (subject, True, received.conversation_id)
    assert (addresses(made), addresses(made, "ccRecipients")) == addressed
    assert made["bodyPreview"].startswith("New <words>")
    assert "Old words" in made["body"]["content"]
    assert 'id="divRplyFwdMsg"' in made["body"]["content"]
    assert base64.b64decode(made["conversationIndex"]).startswith(received.conversation_index)
    assert len(base64.b64decode(made["conversationIndex"])) == len(received.conversation_index) + 5
    listed = (await graph.get(f"/me/messages/{made['id']}/attachments?$select=name")).json()["value"]
    assert sorted(one["name"] for one in listed) == files
    unique = (await graph.get(f"/me/messages/{made['id']}?$select=uniqueBody")).json()["uniqueBody"]["content"]
    assert "Old words" not in unique


async def test_a_reply_is_sent_at_once(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, received: Message
) -> None:
    body = {"message": {"toRecipients": to(BO, OUTSIDE), "importance": "high"}, "comment": "Yes"}
    response = await graph.post(f"/me/messages/{received.id}/reply", json=body)
    assert (response.status_code, response.content) == (202, b"")
    (sent,) = inside(tenant, ada, "sentitems")
    assert (sent.subject, sent.importance, [one.address for one in sent.to]) == ("RE: Lamps", "high", [BO, OUTSIDE])
    assert [left.recipients for left in tenant.outbox] == [(OUTSIDE,)]


async def test_a_reply_goes_where_the_sender_wants_it(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    message = tenant.add_message(
        ada,
        "RE: Again",
        Body("plain", "text"),
        sender=OLGA,
        reply_to=(Address("Desk", "desk@x.example"),),
        cc=(ada.address,),
    )
    made = (await graph.post(f"/me/messages/{message.id}/createReply")).json()
    assert (made["subject"], addresses(made)) == ("RE: Again", ["desk@x.example"])
    assert made["body"]["contentType"] == "text"
    assert "plain" in made["body"]["content"]


async def test_a_forward_goes_to_whom_it_names(
    graph: httpx.AsyncClient, tenant: Tenant, bo: Person, received: Message
) -> None:
    response = await graph.post(f"/me/messages/{received.id}/forward", json={"Comment": "See", "ToRecipients": to(BO)})
    assert response.status_code == 202
    (copy,) = inside(tenant, bo, "inbox")
    assert (copy.subject, [one.name for one in copy.attachments]) == ("FW: Lamps", ["a.txt", "p.png"])


async def test_everyone_else_gets_a_reply_to_all(graph: httpx.AsyncClient, tenant: Tenant, received: Message) -> None:
    assert (await graph.post(f"/me/messages/{received.id}/replyAll", json={"comment": "To all"})).status_code == 202
    ada, bo, cy = list(tenant.people.values())[:3]
    assert [len(inside(tenant, person, "inbox")) for person in (bo, cy)] == [1, 1]
    assert inside(tenant, ada, "inbox") == [received]


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        pytest.param("reply", TWO_TEXTS, "ErrorInvalidParameter", id="two texts"),
        pytest.param("forward", TWO_LISTS, "ErrorInvalidParameter", id="recipients twice"),
        pytest.param("forward", {"comment": "a"}, "ErrorInvalidRecipients", id="nobody"),
        pytest.param("reply", {"comment": 1}, "RequestBodyRead", id="comment is no text"),
    ],
)  # fmt: skip
async def test_answers_that_contradict_themselves_are_refused(
    graph: httpx.AsyncClient, received: Message, action: str, body: dict[str, object], code: str
) -> None:
    assert error_of(await graph.post(f"/me/messages/{received.id}/{action}", json=body))[:2] == (400, code)


async def test_a_body_of_its_own_replaces_the_quotation(graph: httpx.AsyncClient, received: Message) -> None:
    made = (
        await graph.post(
            f"/me/messages/{received.id}/createReply",
            json={"message": {"body": {"contentType": "html", "content": "Mine"}}},
        )
    ).json()
    assert "Old words" not in made["body"]["content"]


async def test_a_draft_has_no_function_by_get(graph: httpx.AsyncClient, received: Message) -> None:
    assert error_of(await graph.get(f"/me/messages/{received.id}/reply"))[0] in {403, 405}


async def test_an_answer_in_mime_stays_in_the_conversation(graph: httpx.AsyncClient, received: Message) -> None:
    mime = base64.b64encode(b"To: bo.mcallister@lindenhall.example\nSubject: Mine\n\nText")
    headers = {"Content-Type": "text/plain"}
    response = await graph.post(f"/me/messages/{received.id}/createReply", content=mime, headers=headers)
    made = response.json()
    assert (response.status_code, made["subject"], made["conversationId"]) == (201, "Mine", received.conversation_id)
