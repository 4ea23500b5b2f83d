"""The demo tenant's state: people, who manages whom, and their mailboxes. No HTTP here."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from emulator import exchange_ids
from emulator.faults import DirectoryNotFound, MailboxMissing
from emulator.mailbox import Address, Body, Mailbox, Message

DEFAULT_TENANT_ID = "7f0c2a58-4c1e-4b8f-9d65-3c2a1b7e9f40"
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass
class Person:
    """A user account of the tenant."""

    id: str
    display_name: str
    user_principal_name: str
    given_name: str | None = None
    surname: str | None = None
    mail: str | None = None
    job_title: str | None = None
    department: str | None = None
    office_location: str | None = None
    business_phones: tuple[str, ...] = ()
    mobile_phone: str | None = None
    preferred_language: str | None = None
    street_address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    usage_location: str | None = None
    company_name: str | None = None
    employee_id: str | None = None
    employee_type: str | None = None
    user_type: str = "Member"
    created: datetime = datetime(2021, 3, 1, 8, 0, tzinfo=UTC)
    hired: datetime | None = None
    manager_id: str | None = None
    account_enabled: bool = True

    @property
    def address(self) -> Address:
        """The person as a correspondent in mail."""
        return Address(self.display_name, self.mail or self.user_principal_name)


class Tenant:
    """A small organisation; starts empty, filled by `add_person`, `add_message` and `deliver`."""

    def __init__(
        self,
        id: str = DEFAULT_TENANT_ID,  # noqa: A002 - the name tenant.id is part of the interface
        domain: str = "lindenhall.example",
        display_name: str = "Lindenhall",
    ) -> None:
        self.id = id
        self.domain = domain
        self.display_name = display_name
        self.people: dict[str, Person] = {}
        self.mailboxes: dict[str, Mailbox] = {}
        self._demo_person: Person | None = None
        self._by_name: dict[str, Person] = {}

    @property
    def demo_person(self) -> Person:
        """Who is signed in unless someone else is chosen: the first person, until set."""
        return self._demo_person or next(iter(self.people.values()))

    @demo_person.setter
    def demo_person(self, person: Person) -> None:
        self._demo_person = person

    def add_person(self, display_name: str, *, has_mailbox: bool = True, **details: Any) -> Person:  # noqa: ANN401
        """Add an account; what is not given follows from the display name and the tenant's domain."""
        given_name, _, surname = display_name.partition(" ")
        local_part = ".".join(display_name.lower().split())
        upn = details.setdefault("user_principal_name", f"{local_part}@{self.domain}")
        details.setdefault("id", str(uuid5(NAMESPACE_URL, f"{self.id}/{upn.lower()}")))
        details.setdefault("given_name", given_name)
        details.setdefault("surname", surname or None)
        details.setdefault("mail", upn if has_mailbox else None)
        person = Person(display_name=display_name, **details)
        self.people[person.id] = person
        self._by_name |= {name.lower(): person for name in (person.id, upn, person.mail) if name}
        if has_mailbox:
            guid = exchange_ids.mailbox_guid(self.id, person.id)
            self.mailboxes[person.id] = Mailbox(guid, person.id)
        return person

    def person(self, key: str) -> Person:
        """The person with this id or user principal name, in any case."""
        found = self._by_name.get(key.lower())
        if found is None or found.id not in self.people:
            raise DirectoryNotFound(key)
        return found

    def by_address(self, address: str) -> Person | None:
        """Whose address this is; nobody's here when it belongs to an outsider."""
        return self._by_name.get(address.lower())

    def manager_of(self, person: Person) -> Person | None:
        """Who a person reports to; nobody for the head of the company."""
        return self.people.get(person.manager_id) if person.manager_id else None

    def direct_reports(self, person: Person) -> list[Person]:
        """Who reports to a person."""
        return [other for other in self.people.values() if other.manager_id == person.id]

    def mailbox(self, person: Person) -> Mailbox:
        """A person's mailbox; not every account has one."""
        if person.id not in self.mailboxes:
            raise MailboxMissing
        return self.mailboxes[person.id]

    def add_message(
        self,
        owner: Person,
        subject: str = "",
        body: Body | str = "",
        *,
        folder: str = "inbox",
        sent: datetime | None = None,
        **details: Any,  # noqa: ANN401 - the remaining fields of Message, by name
    ) -> Message:
        """Put one message into one folder; what is not given is made up the way Exchange would."""
        mailbox = self.mailbox(owner)
        sent = sent or datetime.now(UTC)
        own = _identity(mailbox, folder)
        topic = uuid4().hex
        shared: dict[str, Any] = {
            "received": sent + timedelta(seconds=1),
            "created": sent + timedelta(seconds=1),
            "modified": sent + timedelta(seconds=2),
            "internet_message_id": f"<{uuid4().hex}@mail.{self.domain}>",
            "conversation_id": conversation_id(mailbox, topic),
            "conversation_index": conversation_index(topic, sent),
        }
        content = Body(body) if isinstance(body, str) else body
        return mailbox.add(Message(subject=subject, body=content, sent=sent, **own, **(shared | details)))

    def deliver(self, sent: Message, sender: Person | None = None, *, folder: str = "inbox") -> list[Message]:
        """Put a copy of a message into the mailbox of each addressee here, and say which copies were made."""
        found = (self.by_address(address.address) for address in (*sent.to, *sent.cc, *sent.bcc))
        readers = {person.id: person for person in found if person and person is not sender}
        return [self._copy(sent, reader, folder) for reader in readers.values() if reader.id in self.mailboxes]

    def _copy(self, message: Message, owner: Person, folder: str) -> Message:
        mailbox = self.mailbox(owner)
        return mailbox.add(replace(message, **_identity(mailbox, folder), bcc=(), is_read=False, is_draft=False))

    def move_message(self, owner: Person, message_id: str, folder: str) -> Message:
        """Move a message to another folder; as in Exchange it gets a new id and keeps its immutable one."""
        mailbox = self.mailbox(owner)
        message = mailbox.message(message_id)
        own = _identity(mailbox, folder) | {"immutable_id": message.immutable_id}
        mailbox.remove(message)
        return mailbox.add(replace(message, **own))


def conversation_id(mailbox: Mailbox, topic: str) -> str:
    """The id of a thread that starts in this mailbox; copies of its messages elsewhere keep it."""
    head = b"\x00\x04\x24\x00" + str(mailbox.guid).encode() + b"\x00\x10\x00"
    return base64.urlsafe_b64encode(head + hashlib.sha256(topic.encode()).digest()[:16]).decode()


def conversation_index(topic: str, started: datetime, replies: int = 0) -> bytes:
    """Outlook's thread position: a 22-byte header, then five bytes for each reply on the way."""
    ticks = int((started - _FILETIME_EPOCH).total_seconds()) * 10_000_000
    header = b"\x01" + ticks.to_bytes(8, "big")[1:6] + hashlib.sha256(topic.encode()).digest()[:16]
    return header + b"".join(bytes((0x80, 0, step & 0xFF, step * 37 & 0xFF, step)) for step in range(replies))


def _identity(mailbox: Mailbox, folder: str) -> dict[str, Any]:
    number = mailbox.next_number()
    return {
        "id": exchange_ids.entry_id(mailbox.guid, number),
        "immutable_id": exchange_ids.immutable_id(mailbox.guid, number),
        "folder_id": mailbox.folder(folder).id,
        "change_key": exchange_ids.change_key(mailbox.guid, mailbox.next_number()),
    }
