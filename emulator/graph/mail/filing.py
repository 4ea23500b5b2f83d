"""Puts messages into mailboxes as they are, without the ways of real post: for seeds and tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from emulator.graph.mail.message import Message, Stored
from emulator.graph.mail.parts import Attachment, Body, Flag
from emulator.graph.mail.state import Mailbox
from emulator.graph.mail.threads import conversation_id, conversation_index
from emulator.moments import timestamp
from emulator.store import Entity

_FIELDS = {name: stored for name, stored in vars(Message).items() if isinstance(stored, Stored)}


@dataclass(frozen=True)
class Departure:
    """A message on its way out of the tenant: who sent it, which outside addresses it goes to, and when."""

    message: Message
    sender: str
    recipients: tuple[str, ...]
    when: datetime


class Directory(Protocol):
    """What finding a mailbox by an address takes; a tenant fits."""

    mailboxes: dict[str, Mailbox]

    def by_address(self, address: str) -> Entity | None: ...


def blank(sent: datetime, *, is_draft: bool = False) -> dict[str, Any]:
    """The properties that every message has, before anybody wrote it."""
    received = timestamp(sent + timedelta(seconds=1))
    return {
        "createdDateTime": received,
        "lastModifiedDateTime": timestamp(sent + timedelta(seconds=2)),
        "categories": [],
        "receivedDateTime": received,
        "sentDateTime": timestamp(sent),
        "subject": "",
        "body": Body(""),
        "importance": "normal",
        "isDeliveryReceiptRequested": None if is_draft else False,
        "isReadReceiptRequested": False,
        "isRead": False,
        "isDraft": is_draft,
        "inferenceClassification": "focused",
        "sender": None,
        "from": None,
        "toRecipients": [],
        "ccRecipients": [],
        "bccRecipients": [],
        "replyTo": [],
        "flag": Flag().values,
        "internetMessageHeaders": [],
    }


def thread_start(mailbox: Mailbox, domain: str, sent: datetime) -> dict[str, Any]:
    """The ids of a message that begins a conversation."""
    topic = uuid4().hex
    return {
        "internetMessageId": f"<{uuid4().hex}@mail.{domain}>",
        "conversationId": conversation_id(mailbox.guid, topic),
        **_field("conversation_index", conversation_index(topic, sent)),
    }


def composed(mailbox: Mailbox, domain: str, folder: str, sent: datetime, details: dict[str, Any]) -> Message:
    """A message, not yet held; details are named as in Python, what is not given is as Exchange would make it."""
    attachments: Iterable[Attachment] = details.pop("attachments", ())
    body = details.pop("body", "")
    body = Body(body) if isinstance(body, str) else body
    is_whole = {"conversation_id", "conversation_index", "internet_message_id"} <= details.keys()
    shared = {} if is_whole else thread_start(mailbox, domain, sent)
    values = blank(sent, is_draft=bool(details.get("is_draft"))) | shared | {"body": body}
    for name, value in details.items():
        values |= _field(name, value)
    values["sender"] = values["from"]
    message = mailbox.new_message(values, folder)
    for attachment in attachments:
        message.attach(attachment)
    return message


def delivered(directory: Directory, sent: Message, sender: Entity | None, folder: str) -> list[Message]:
    """Put a copy of a message into the mailbox of each addressee here, and say which copies were made."""
    found = (directory.by_address(address.address) for address in sent.recipients)
    readers = {person.id: person for person in found if person and person is not sender}
    boxes = (directory.mailboxes.get(key) for key in readers)
    return [box.add(box.copy(sent, folder, **UNREAD)) for box in boxes if box]


UNREAD = {"bccRecipients": [], "isRead": False, "isDraft": False}


def _field(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
    stored = _FIELDS[name]
    return {stored.name: stored.write(value)}
