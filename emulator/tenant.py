"""The demo tenant's state: people, who manages whom, and their mailboxes. No HTTP here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid5

from emulator import exchange_ids
from emulator.faults import DirectoryNotFound, MailboxMissing
from emulator.graph.mail.filing import Departure, composed, delivered
from emulator.graph.mail.state import Address, Body, Mailbox, Message
from emulator.moments import timestamp
from emulator.schema import schema
from emulator.store import Entity, Store

DEFAULT_TENANT_ID = "7f0c2a58-4c1e-4b8f-9d65-3c2a1b7e9f40"
DIRECTORY_ROOTS = ("users", "groups", "devices", "contacts", "directoryRoles", "applications", "servicePrincipals")


_DETAILS = {
    "business_phones": "businessPhones",
    "given_name": "givenName",
    "job_title": "jobTitle",
    "office_location": "officeLocation",
    "mobile_phone": "mobilePhone",
    "preferred_language": "preferredLanguage",
    "street_address": "streetAddress",
    "postal_code": "postalCode",
    "usage_location": "usageLocation",
    "company_name": "companyName",
    "employee_id": "employeeId",
    "employee_type": "employeeType",
    "user_type": "userType",
    "user_principal_name": "userPrincipalName",
    "account_enabled": "accountEnabled",
    "created": "createdDateTime",
    "hired": "employeeHireDate",
}


class Person(Entity):
    """A user account of the tenant: an entity like any other, and what the rest of the emulator asks of it by name."""

    @property
    def display_name(self) -> str:
        return str(self.values.get("displayName") or "")

    @property
    def user_principal_name(self) -> str:
        return str(self.values["userPrincipalName"])

    @property
    def given_name(self) -> str | None:
        return self._text("givenName")

    @property
    def surname(self) -> str | None:
        return self._text("surname")

    @property
    def mail(self) -> str | None:
        return self._text("mail")

    @property
    def job_title(self) -> str | None:
        return self._text("jobTitle")

    @property
    def department(self) -> str | None:
        return self._text("department")

    @property
    def city(self) -> str | None:
        return self._text("city")

    @property
    def company_name(self) -> str | None:
        return self._text("companyName")

    @property
    def business_phones(self) -> tuple[str, ...]:
        return tuple(self.get("businessPhones"))

    @property
    def preferred_language(self) -> str | None:
        return self._text("preferredLanguage")

    @property
    def user_type(self) -> str:
        return str(self.get("userType", "Member"))

    @property
    def manager_id(self) -> str | None:
        manager = self.links_of("manager").one
        return manager.id if manager else None

    @property
    def account_enabled(self) -> bool:
        return bool(self.get("accountEnabled"))

    @account_enabled.setter
    def account_enabled(self, value: bool) -> None:
        self.update({"accountEnabled": value})

    def _text(self, name: str) -> str | None:
        found = self.get(name)
        return None if found is None else str(found)

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
        self.store = Store()
        # Seals what callers carry back and forth; nothing of it can be worked out from what they see.
        self.secret = secrets.token_bytes(32)
        self.mailboxes: dict[str, Mailbox] = {}
        # What left the tenant by mail.
        self.outbox: list[Departure] = []
        # Asked what becomes of mail to a group: `(group, message, now)`; true when it is done with.
        self.group_mail: list[Callable[[Entity, Message, datetime], bool]] = []
        # Told what became of an account: `disabled`, `enabled`, `password`, `revoked`, `deleted`, `restored`, `erased`,
        # `invited`, `accepted`.
        self.account_listeners: list[Callable[[str, Person], None]] = []
        # What runs beside the entities, by the name of the workload whose it is.
        self.services: dict[str, Any] = {}
        self._demo_person: Person | None = None
        self._addresses: tuple[int, dict[str, Person]] = (-1, {})

    def become(self, other: Tenant) -> None:
        """Hold what another tenant holds, and nothing of one's own; whoever listens to this one goes on listening."""
        listeners = [*other.account_listeners, *self.account_listeners]
        vars(self).clear()
        vars(self).update(vars(other), account_listeners=listeners)

    def tell(self, what: str, person: Person) -> None:
        """Let whoever listens know what became of an account."""
        for listener in self.account_listeners:
            listener(what, person)

    @property
    def people(self) -> dict[str, Person]:
        """The accounts by their ids."""
        return cast("dict[str, Person]", self.store.root("users").entities)

    @property
    def demo_person(self) -> Person:
        """Who is signed in unless someone else is chosen: the first person, until set."""
        return self._demo_person or next(iter(self.people.values()))

    @demo_person.setter
    def demo_person(self, person: Person) -> None:
        self._demo_person = person

    def add_person(self, display_name: str, *, has_mailbox: bool = True, **details: Any) -> Person:  # noqa: ANN401
        """Add an account; what is not given follows from the display name and the tenant's domain.

        Details are named as in Python (`job_title`) or as in Graph (`jobTitle`).
        """
        values = {_DETAILS.get(name, name): _json(value) for name, value in details.items() if name != "manager_id"}
        given_name, _, surname = display_name.partition(" ")
        local_part = ".".join(display_name.lower().split())
        upn = values.setdefault("userPrincipalName", f"{local_part}@{self.domain}")
        values.setdefault("id", str(uuid5(NAMESPACE_URL, f"{self.id}/{upn.lower()}")))
        usual = {
            "displayName": display_name,
            "givenName": given_name,
            "surname": surname or None,
            "mail": upn if has_mailbox else None,
            "accountEnabled": True,
            "userType": "Member",
            "createdDateTime": "2021-03-01T08:00:00Z",
        }
        person = Person(schema().kind("user"), {**usual, **values}, self.store.changes)
        self.store.root("users").add(person)
        if details.get("manager_id"):
            person.links_of("manager").replace(self.people[details["manager_id"]])
        if has_mailbox:
            self.open_mailbox(person)
        return person

    def open_mailbox(self, person: Person) -> Mailbox:
        """Give a person a mailbox."""
        mailbox = Mailbox(exchange_ids.mailbox_guid(self.id, person.id), person)
        self.mailboxes[person.id] = mailbox
        return mailbox

    def person(self, key: str) -> Person:
        """The person with this id or user principal name, in any case."""
        found = self.find_person(key)
        if found is None:
            raise DirectoryNotFound(key)
        return found

    def find_person(self, key: str) -> Person | None:
        """The same, or nobody."""
        wanted = key.lower()
        found = self.people.get(wanted)
        return found or next((one for one in self.people.values() if one.user_principal_name.lower() == wanted), None)

    def by_address(self, address: str) -> Person | None:
        """Whose address this is; nobody's here when it belongs to an outsider."""
        version = self.store.root("users").version
        if self._addresses[0] != version:
            # The first to have an address keeps it.
            people = reversed(tuple(self.people.values()))
            self._addresses = version, {name: one for one in people for name in _person_keys(one)}
        return self._addresses[1].get(address.lower())

    def addressee(self, address: str) -> Entity | None:
        """The person, or the group with mail, that an address is of, in any case."""
        wanted = address.strip().lower()
        groups = (group for group in self.store.root("groups") if group.get("mailEnabled"))
        return self.by_address(wanted) or next((one for one in groups if wanted in _keys(one)), None)

    def manager_of(self, person: Person) -> Person | None:
        """Who a person reports to; nobody for the head of the company."""
        return self.people.get(person.manager_id) if person.manager_id else None

    def direct_reports(self, person: Person) -> list[Person]:
        """Who reports to a person."""
        return [other for other in tuple(self.people.values()) if other.manager_id == person.id]

    def directory_object(self, key: str) -> Entity:
        """The user, group, device, contact or application with this id."""
        for name in DIRECTORY_ROOTS:
            found = self.store.root(name).get(key.lower())
            if found is not None:
                return found
        person = self.find_person(key)
        if person is None:
            raise DirectoryNotFound(key)
        return person

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
        mailbox, written = self.mailbox(owner), {"subject": subject, "body": body, **details}
        return mailbox.add(composed(mailbox, self.domain, folder, sent or datetime.now(UTC), written))

    def deliver(self, sent: Message, sender: Person | None = None, *, folder: str = "inbox") -> list[Message]:
        """Put a copy of a message into the mailbox of each addressee here, and say which copies were made."""
        return delivered(self, sent, sender, folder)

    def move_message(self, owner: Person, message_id: str, folder: str) -> Message:
        """Move a message to another folder; as in Exchange it gets a new id and keeps its immutable one."""
        mailbox = self.mailbox(owner)
        return mailbox.move(mailbox.message(message_id), folder)


def _json(value: Any) -> Any:  # noqa: ANN401 - JSON values
    if isinstance(value, datetime):
        return timestamp(value)
    return list(value) if isinstance(value, tuple) else value


def addresses_of(entity: Entity) -> list[str]:
    """The addresses that mail to somebody may be sent to."""
    aliases = (str(proxy).partition(":")[2] for proxy in entity.get("proxyAddresses"))
    return [text for text in (entity.get("mail"), entity.get("userPrincipalName"), *aliases) if text]


def _keys(entity: Entity) -> set[str]:
    return {address.lower() for address in addresses_of(entity)}


def _person_keys(person: Person) -> set[str]:
    return _keys(person) | {name.lower() for name in (person.id, *person.get("otherMails"))}
