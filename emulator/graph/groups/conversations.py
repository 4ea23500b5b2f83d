"""What is written to a Microsoft 365 group: conversations of threads of posts, and how they reach the members' mail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from emulator import exchange_ids
from emulator.graph.groups.state import contact_by_address, is_unified
from emulator.graph.mail.message import Message, copy_parts
from emulator.graph.mail.state import Address, Body
from emulator.html_text import html_to_text
from emulator.moments import timestamp
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Person, Tenant

SUBSCRIBED = "subscribed"
_PREVIEW_CHARACTERS = 255
_NUMBER = "items"
_GUID = "mailbox"


def mailbox_of(tenant: Tenant, group: Entity) -> UUID:
    """The mailbox behind a group; its ids are made of it."""
    guid: UUID = group.state.setdefault(_GUID, exchange_ids.mailbox_guid(tenant.id, group.id))
    return guid


def address_of(tenant: Tenant, group: Entity) -> Address:
    """The group as a correspondent."""
    usual = f"{group.get('mailNickname') or group.id}@{tenant.domain}"
    return Address(str(group.get("displayName") or ""), str(group.get("mail") or usual))


def threads_of(group: Entity) -> list[Entity]:
    """All threads of a group, the one that was written to last first."""
    found = [thread for conversation in group.set_of("conversations") for thread in conversation.set_of("threads")]
    return sorted(found, key=lambda thread: str(thread.get("lastDeliveredDateTime") or ""), reverse=True)


def start_conversation(tenant: Tenant, group: Entity, topic: str, stamp: str) -> Entity:
    """A conversation that nobody has written to yet."""
    mark = _mark()
    head = b"\x00\x04\x24\x00" + str(mailbox_of(tenant, group)).encode()
    values = {"id": exchange_ids.encoded(head + b"\x00\x10\x00" + mark), **_silent(topic, stamp)}
    conversation = tenant.store.entity(schema().kind("conversation"), values)
    conversation.state[_GUID] = head
    return group.set_of("conversations").add(conversation)


def start_thread(tenant: Tenant, conversation: Entity, topic: str, stamp: str) -> Entity:
    """A thread in a conversation."""
    group = _group_of(conversation)
    mark = _mark()
    head: bytes = conversation.state.get(_GUID) or b"\x00\x04\x24\x00" + str(mailbox_of(tenant, group)).encode()
    values = {
        "id": exchange_ids.encoded(head + b"\x03\x24\x00\x10\x00" + mark + b"\x10\x00" + mark),
        **_silent(topic, stamp),
        "isLocked": False,
        "toRecipients": [address_of(tenant, group).recipient],
        "ccRecipients": [],
    }
    return conversation.set_of("threads").add(tenant.store.entity(schema().kind("conversationThread"), values))


def write_post(
    tenant: Tenant,
    thread: Entity,
    author: Address,
    body: Mapping[str, Any],
    stamp: str,
    *,
    new_participants: Iterable[Mapping[str, Any]] = (),
) -> Entity:
    """Add a post to a thread; it is not told to anybody yet."""
    conversation = _owner(thread)
    group = _group_of(conversation)
    guid = mailbox_of(tenant, group)
    number = group.state[_NUMBER] = group.state.get(_NUMBER, 0) + 1
    newcomers = [dict(one) for one in new_participants]
    values = {
        "id": exchange_ids.entry_id(guid, number),
        "changeKey": exchange_ids.change_key(guid, number),
        "createdDateTime": stamp,
        "lastModifiedDateTime": stamp,
        "receivedDateTime": stamp,
        "categories": [],
        "hasAttachments": False,
        "body": {"contentType": body.get("contentType") or "html", "content": body.get("content") or ""},
        "from": author.recipient,
        "sender": author.recipient,
        "newParticipants": newcomers,
        "conversationId": conversation.id,
        "conversationThreadId": thread.id,
    }
    post = thread.set_of("posts").add(tenant.store.entity(schema().kind("post"), values))
    _deliver(thread, post, author, newcomers)
    _deliver(conversation, post, author)
    return post


def _deliver(place: Entity, post: Entity, author: Address, newcomers: Iterable[Mapping[str, Any]] = ()) -> None:
    """What a new post changes about its thread and its conversation."""
    senders = dict.fromkeys([*place.get("uniqueSenders"), author.name])
    values: dict[str, Any] = {
        "lastDeliveredDateTime": post["receivedDateTime"],
        "uniqueSenders": list(senders),
        "preview": preview(post["body"]),
    }
    if "ccRecipients" in place.values:
        values["ccRecipients"] = [*place["ccRecipients"], *newcomers]
    place.update(values)


def preview(body: Mapping[str, Any]) -> str:
    """The beginning of a text, without markup."""
    content = str(body.get("content") or "")
    text = html_to_text(content) if str(body.get("contentType")).lower() == "html" else content
    return text.strip()[:_PREVIEW_CHARACTERS]


def tell_members(tenant: Tenant, post: Entity, author: Person | None) -> None:
    """Put a post into the inboxes of those who follow the group, and of those who were added to the thread."""
    thread = _owner(post)
    group = _group_of(_owner(thread))
    mailbox = address_of(tenant, group)
    addresses = [str(one["emailAddress"].get("address")) for one in thread["ccRecipients"]]
    added = (tenant.by_address(address) for address in addresses)
    followers = [person for person in group.links_of("members") if follows(group, person)]
    for reader in {one.id: one for one in (*followers, *added) if isinstance(one, Person)}.values():
        if reader is not author and reader.id in tenant.mailboxes:
            sender = post["from"]["emailAddress"]
            tenant.add_message(
                reader,
                str(thread.get("topic") or ""),
                Body(str(post["body"]["content"]), str(post["body"]["contentType"])),
                sent=datetime.fromisoformat(post["receivedDateTime"]),
                sender=Address(str(sender["name"]), str(sender["address"])),
                to=(mailbox,),
            )


def follows(group: Entity, person: Entity) -> bool:
    """Whether posts come to a member's inbox."""
    return person.id in group.state.get(SUBSCRIBED, ())


def receive(tenant: Tenant, group: Entity, author: Address, written: Mapping[str, Any], stamp: str) -> Entity:
    """Mail to the group's address, `subject` and `body`, becomes a post of the thread with that topic."""
    topic = str(written.get("subject") or "")
    wanted = _bare(topic)
    thread = next((one for one in threads_of(group) if _bare(str(one.get("topic"))) == wanted), None)
    if thread is None or thread.get("isLocked"):
        thread = start_thread(tenant, start_conversation(tenant, group, topic, stamp), topic, stamp)
    post = write_post(tenant, thread, author, written.get("body") or {}, stamp)
    tell_members(tenant, post, tenant.by_address(author.address))
    return post


class GroupMail:
    """Takes what is sent to the addresses of a tenant's Microsoft 365 groups; other groups' mail goes to members."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def __call__(self, group: Entity, message: Message, now: datetime) -> bool:
        """Make a post of a message, unless its sender may not write to the group."""
        if not is_unified(group):
            return False
        author = message.sender
        if author is None or not may_write(self.tenant, group, author):
            return True
        body = {"contentType": message.body.content_type, "content": message.body.content}
        post = receive(self.tenant, group, author, {"subject": message.subject, "body": body}, timestamp(now))
        copy_parts(message, post)
        mark_attachments(post)
        return True


def open_group_mail(tenant: Tenant) -> None:
    """Let mail to groups become conversations from now on; once is enough."""
    if not any(isinstance(listener, GroupMail) for listener in tenant.group_mail):
        tenant.group_mail.append(GroupMail(tenant))


def may_write(tenant: Tenant, group: Entity, author: Address) -> bool:
    """Whether the group's lists of senders let somebody in; strangers need leave of their own."""
    known = tenant.by_address(author.address) or contact_by_address(tenant, author.address)
    accepted, rejected = group.links_of("acceptedSenders"), group.links_of("rejectedSenders")
    if known in rejected or (len(accepted) and known not in accepted):
        return False
    return known is not None or bool(group.get("allowExternalSenders"))


def mark_attachments(post: Entity) -> None:
    """A post with files says so, and so do its thread and its conversation."""
    if len(post.set_of("attachments")):
        thread = _owner(post)
        for one in (post, thread, _owner(thread)):
            one.update({"hasAttachments": True})


def takes_mail(group: Entity) -> bool:
    """Whether the group keeps conversations."""
    return is_unified(group) or bool(group.sets.get("conversations"))


def forget_thread(thread: Entity) -> None:
    """Delete a thread, and its conversation with the last one."""
    conversation = _owner(thread)
    conversation.set_of("threads").discard(thread)
    if not len(conversation.set_of("threads")) and conversation.items is not None:
        conversation.items.discard(conversation)


def _silent(topic: str, stamp: str) -> dict[str, Any]:
    return {
        "topic": topic,
        "hasAttachments": False,
        "lastDeliveredDateTime": stamp,
        "uniqueSenders": [],
        "preview": "",
    }


def _owner(entity: Entity) -> Entity:
    assert entity.owner is not None  # noqa: S101 - threads and posts live in something
    return entity.owner


def _group_of(conversation: Entity) -> Entity:
    return _owner(conversation)


def _bare(topic: str) -> str:
    text = topic.strip().lower()
    while text.startswith(("re:", "fw:", "fwd:")):
        text = text.partition(":")[2].strip()
    return text


def _mark() -> bytes:
    return hashlib.sha256(uuid4().bytes).digest()[:16]
