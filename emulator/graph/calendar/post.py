"""The mail that meetings cause: invitations, updates, cancellations, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulator.graph.calendar.series import Occurrence, occurrence_on, span_of
from emulator.graph.calendar.state import Agenda, agenda_of, has_calendar, master_of
from emulator.graph.calendar.times import shown_time
from emulator.graph.mail.filing import Departure, blank, thread_start
from emulator.graph.mail.message import copy_parts
from emulator.graph.mail.parts import Address, Body
from emulator.graph.mail.post import deliver_meeting_message, is_group, members_of
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Person, Tenant

REQUEST, RESPONSE, CANCELLATION = "eventMessageRequest", "eventMessageResponse", "eventMessage"
_UID, _DAY = "meeting_uid", "meeting_day"


@dataclass(frozen=True)
class MeetingMail:
    """One such mail: its type, what it says, whose it is and whom it goes to (as Graph's recipients)."""

    kind: str
    message_type: str
    event: Entity
    sender: Agenda
    to: Sequence[Mapping[str, Any]]
    subject: str
    comment: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def post(tenant: Tenant, mail: MeetingMail, now: datetime) -> None:
    """Put a mail into the sender's sent items, into the inbox of everyone here, and let the rest leave the tenant."""
    values = _values(tenant, mail, now.astimezone(UTC))
    sender = Address.of({"emailAddress": mail.sender.address})
    assert sender is not None  # noqa: S101 - every agenda has an address
    for address in dict.fromkeys(_address(one) for one in mail.to):
        for person in people_at(tenant, address):
            message = deliver_meeting_message(tenant, person, sender, now=now, kind=mail.kind, **values)
            if message is not None:
                _remember(message, mail)
    _keep_copy(tenant, mail, values, sender, now)


def people_at(tenant: Tenant, address: str) -> list[Person]:
    """Who is reached by an address: a person or room, or the members of a group; only those with a calendar."""
    found = tenant.addressee(address)
    people = members_of(found) if found is not None and is_group(found) else [found]
    return [person for person in people if isinstance(person, Person) and has_calendar(tenant, person)]


def put_away(tenant: Tenant, event: Entity) -> None:
    """Once answered, a request is no longer in the inbox: Exchange moves it to the deleted items."""
    mailbox = tenant.mailboxes.get(event.owner.id) if event.owner is not None else None
    if mailbox is None:
        return
    uid, day = master_of(event)["iCalUId"], event.day if isinstance(event, Occurrence) else None
    for message in mailbox.in_folder(mailbox.folder("inbox").id):
        is_request = message.kind.name.endswith(REQUEST) and message.state.get(_UID) == uid
        if is_request and message.state.get(_DAY) == day:
            mailbox.move(message, "deleteditems")


def event_of(tenant: Tenant, message: Entity) -> Entity | None:
    """The event in the reader's calendar that a meeting mail speaks of; nothing once it is gone."""
    uid, day = message.state.get(_UID), message.state.get(_DAY)
    if uid is None or message.owner is None:
        return message.ones.get("event")
    event = agenda_of(tenant, message.owner).by_uid.get(uid)
    return occurrence_on(event, day) if event is not None and day is not None else event


def _values(tenant: Tenant, mail: MeetingMail, now: datetime) -> dict[str, Any]:
    event, span = mail.event, span_of(mail.event)
    box = next(iter(tenant.mailboxes.values()))
    body = event.get("body") or {}
    is_own = not mail.comment
    return {
        **thread_start(tenant.mailboxes.get(mail.sender.owner.id, box), tenant.domain, now),
        "subject": mail.subject,
        "body": Body(
            str(body.get("content") or "") if is_own else mail.comment,
            str(body.get("contentType") or "html") if is_own else "text",
        ),
        "importance": event.get("importance", "normal"),
        "toRecipients": [{"emailAddress": dict(one["emailAddress"])} for one in mail.to],
        "meetingMessageType": mail.message_type,
        "type": event.get("type"),
        "isOutOfDate": False,
        "isAllDay": span.is_all_day,
        "isDelegated": False,
        "location": event.get("location"),
        "recurrence": event.get("recurrence"),
        "startDateTime": shown_time(span.start, "UTC", all_day=span.is_all_day),
        "endDateTime": shown_time(span.end, "UTC", all_day=span.is_all_day),
        **mail.details,
    }


def _keep_copy(tenant: Tenant, mail: MeetingMail, values: Mapping[str, Any], sender: Address, now: datetime) -> None:
    """A person's sent items hold it; a group has none."""
    owner = mail.sender.owner
    mailbox = tenant.mailboxes.get(owner.id)
    if mailbox is None:
        return
    own = {"from": sender.recipient, "sender": sender.recipient, "isRead": True}
    sent = mailbox.new_message({**blank(now.astimezone(UTC)), **values, **own}, "sentitems", schema().kind(mail.kind))
    _remember(sent, mail)
    mailbox.add(sent)
    outside = tuple(address for address in map(_address, mail.to) if _is_outside(tenant, address))
    if outside:
        tenant.outbox.append(Departure(sent, sender.address, outside, now))


def _remember(message: Entity, mail: MeetingMail) -> None:
    master = master_of(mail.event)
    message.state[_UID] = master["iCalUId"]
    if isinstance(mail.event, Occurrence):
        message.state[_DAY] = mail.event.day
    if mail.kind == REQUEST:
        copy_parts(master, message)


def _address(recipient: Mapping[str, Any]) -> str:
    return str((recipient.get("emailAddress") or {}).get("address") or "")


def _is_outside(tenant: Tenant, address: str) -> bool:
    return tenant.addressee(address) is None
