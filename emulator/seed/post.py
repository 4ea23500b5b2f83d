"""The seed's post office: gives letters their ids, files the sender's copy and delivers the others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from emulator.graph.mail.state import Address, Attachment, Body, Flag, Message
from emulator.graph.mail.threads import conversation_id, conversation_index
from emulator.seed.writing import Letter
from emulator.tenant import Person, Tenant

_SETTLED_DAYS = 6
_CATEGORIES = ("Blue category", "Green category", "Orange category", "Red category")


@dataclass
class Thread:
    """A conversation: everyone's copies carry the same ids."""

    topic: str
    started: datetime
    id: str = ""
    letters: int = 0


@dataclass
class PostOffice:
    """Files mail deterministically: same tenant, seed and now, same ids."""

    tenant: Tenant
    rng: Random
    now: datetime
    _count: int = 0

    def thread(self, started: datetime) -> Thread:
        """Open a conversation."""
        self._count += 1
        return Thread(f"{self.tenant.id}/{self._count}", started)

    def send(
        self, letter: Letter, thread: Thread, attachments: tuple[Attachment, ...] = (), *, importance: str = "normal"
    ) -> None:
        """Send a letter of a thread: from a colleague it also lies in their Sent Items."""
        self.post(
            letter.writer.address,
            letter.to,
            subject=letter.subject,
            body=Body(lambda: letter.html),
            sent=letter.sent,
            thread=thread,
            cc=letter.cc,
            attachments=attachments,
            importance=importance,
        )

    def post(
        self,
        sender: Address,
        to: tuple[Address, ...],
        *,
        subject: str,
        body: Body,
        sent: datetime,
        thread: Thread,
        cc: tuple[Address, ...] = (),
        attachments: tuple[Attachment, ...] = (),
        folder: str = "inbox",
        inference: str = "focused",
        importance: str = "normal",
    ) -> list[Message]:
        """File the copies of one message, marked the way people leave their mail."""
        author = self._staff(sender)
        holder = author or self._staff((to + cc)[0])
        if holder is None:
            raise ValueError(f"{subject!r} reaches nobody in the tenant")
        original = self.tenant.add_message(
            holder,
            subject,
            body,
            folder="sentitems" if author else folder,
            sent=sent,
            sender=sender,
            to=to,
            cc=cc,
            attachments=attachments,
            inference=inference,
            importance=importance,
            is_read=author is not None,
            headers=_headers(sender, subject, sent),
            received=sent + timedelta(seconds=1 + thread.letters % 4),
            **self.thread_ids(thread, holder),
        )
        copies = self.tenant.deliver(original, holder, folder=folder)
        received = copies if author else [original, *copies]
        for copy in received:
            self._mark(copy)
        return received

    def thread_ids(self, thread: Thread, holder: Person) -> dict[str, Any]:
        """What the next message of a thread carries in every mailbox."""
        thread.id = thread.id or conversation_id(self.tenant.mailbox(holder).guid, thread.topic)
        index = conversation_index(thread.topic, thread.started, thread.letters)
        thread.letters += 1
        unique = hashlib.sha256(f"{thread.topic}/{thread.letters}".encode()).hexdigest()[:32].upper()
        return {
            "internet_message_id": f"<{unique}@mail.{self.tenant.domain}>",
            "conversation_id": thread.id,
            "conversation_index": index,
        }

    def _staff(self, address: Address) -> Person | None:
        return self.tenant.by_address(address.address)

    def _mark(self, message: Message) -> None:
        age = (self.now - message.sent).days
        settled = 0.98 if message.inference == "focused" else 0.88
        # Nobody has seen it otherwise yet, so this is no change that anybody would have to be told of.
        message.values["isRead"] = self.rng.random() < (settled if age > _SETTLED_DAYS else 0.45)
        if self.rng.random() < (0.05 if age > _SETTLED_DAYS else 0.15):
            message.flag = self._flag(message.sent, age)
        if self.rng.random() < 0.07:
            message.categories = (self.rng.choice(_CATEGORIES),)

    def _flag(self, sent: datetime, age: int) -> Flag:
        if age > _SETTLED_DAYS:
            return Flag("complete", completed=sent + timedelta(days=2))
        return Flag("flagged", start=sent, due=sent + timedelta(days=3))


def _headers(sender: Address, subject: str, sent: datetime) -> tuple[tuple[str, str], ...]:
    return (
        ("From", f"{sender.name} <{sender.address}>"),
        ("Subject", subject),
        ("Date", sent.strftime("%a, %d %b %Y %H:%M:%S +0000")),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'text/html; charset="utf-8"'),
    )
