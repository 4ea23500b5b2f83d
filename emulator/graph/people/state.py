"""Who matters to a person, and how much: read from mail, the organisation and the person's own contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from emulator.graph.contacts.state import contact_box
from emulator.graph.mail.parts import Address
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Person, Tenant

# Writing to somebody says more than being written to; a copy says little.
_WROTE_TO, _COPIED, _HEARD_FROM = 3.0, 1.0, 1.0
_MANAGER, _REPORT, _PEER, _TEAM, _CONTACT, _GROUP = 30.0, 20.0, 10.0, 4.0, 8.0, 5.0
_MACHINES = frozenset({"noreply", "no-reply", "donotreply", "mailer-daemon", "postmaster", "microsoftexchange"})
_ROOMS = frozenset({"room", "equipment", "workspace"})


@dataclass
class Standing:
    """Somebody as seen by one person: by address, with what is known from each source."""

    address: str
    name: str
    score: float = 0.0
    person: Person | None = None
    contact: Entity | None = None
    group: Entity | None = None

    @property
    def key(self) -> tuple[float, str]:
        """The most relevant first, then by name."""
        return -self.score, self.name.casefold()


@dataclass
class Circle:
    """The people around one person."""

    tenant: Tenant
    owner: Person
    standings: dict[str, Standing] = field(default_factory=dict)
    _people: dict[str, Person | None] = field(default_factory=dict)

    def of(self, address: str, name: str) -> Standing:
        """What is known of whoever has this address; aliases are the same person."""
        lowered = address.lower()
        if lowered not in self._people:
            self._people[lowered] = self.tenant.by_address(lowered)
        person = self._people[lowered]
        key = person.id if person else lowered
        if key not in self.standings:
            shown = person.address if person else Address(name or address, address)
            self.standings[key] = Standing(shown.address, shown.name, person=person)
        return self.standings[key]

    def ranked(self) -> list[Standing]:
        """Everybody but the person and who has left, most relevant first."""
        found = (one for one in self.standings.values() if one.person is not self.owner)
        return sorted(
            (one for one in found if one.person is None or one.person.account_enabled), key=lambda one: one.key
        )


def own_circle(tenant: Tenant, owner: Person) -> list[Standing]:
    """Who matters to a person, as only that person may know: from mail and contacts, too."""
    circle = Circle(tenant, owner)
    _from_organisation(circle)
    if owner.id in tenant.mailboxes:
        _from_mail(circle)
        _from_contacts(circle)
    return circle.ranked()


def public_circle(tenant: Tenant, owner: Person) -> list[Standing]:
    """Who matters to a person as far as the organisation shows it to everyone."""
    circle = Circle(tenant, owner)
    _from_organisation(circle)
    return circle.ranked()


def directory(tenant: Tenant, owner: Person, known: Iterable[Standing]) -> list[Standing]:
    """Everyone else of the organisation: who is looked for by name is found without ever having written."""
    seen = {one.person.id for one in known if one.person}
    circle = Circle(tenant, owner)
    for person in tenant.people.values():
        if person.id not in seen:
            circle.of(person.address.address, person.display_name)
    return circle.ranked()


def correspondents(tenant: Tenant, owner: Person, wanted: list[str]) -> Counter[str]:
    """The addresses with which a person exchanged mail about something, and how often."""
    found: Counter[str] = Counter()
    for message in tenant.mailbox(owner).messages.values():
        text = message.subject.casefold()
        if all(word in text for word in wanted) or all(word in message.body.preview.casefold() for word in wanted):
            found.update(address.address.lower() for address in (*message.recipients, *_senders(message.sender)))
    return found


def shown(tenant: Tenant, owner: Person, standing: Standing) -> dict[str, Any]:
    """Graph's `person` of a standing."""
    source = standing.person or standing.contact or standing.group
    values: Mapping[str, Any] = source.values if source is not None else {}
    upn = standing.person.user_principal_name if standing.person else ""
    score = round(standing.score, 3)
    return {
        "id": _id(tenant, owner, standing),
        "displayName": standing.name,
        "givenName": values.get("givenName"),
        "surname": values.get("surname"),
        "birthday": "",
        "personNotes": "",
        "isFavorite": False,
        "jobTitle": values.get("jobTitle"),
        "companyName": values.get("companyName"),
        "yomiCompany": "",
        "department": values.get("department"),
        "officeLocation": values.get("officeLocation"),
        "profession": "",
        "userPrincipalName": upn,
        "imAddress": f"sip:{upn}" if upn else None,
        "scoredEmailAddresses": [
            {"address": standing.address, "relevanceScore": score, "selectionLikelihood": "notSpecified"}
        ],
        "phones": list(_phones(values)),
        "postalAddresses": [],
        "websites": [],
        "personType": _type(standing),
    }


def _from_organisation(circle: Circle) -> None:
    owner, tenant = circle.owner, circle.tenant
    manager = tenant.manager_of(owner)
    for other in tenant.people.values():
        score = _bond(owner, other, manager)
        if score and other is not owner and other.get("userType") != "Guest":
            circle.of(other.address.address, other.display_name).score += score
    for group in tenant.store.root("groups"):
        if group.get("mail") and owner in group.links_of("members"):
            found = circle.standings.setdefault(group.id, Standing(group["mail"], group["displayName"], group=group))
            found.score += _GROUP


def _bond(owner: Person, other: Person, manager: Person | None) -> float:
    if other is manager:
        return _MANAGER
    if other.manager_id == owner.id:
        return _REPORT
    if manager is not None and other.manager_id == manager.id:
        return _PEER
    return _TEAM if owner.department and other.department == owner.department else 0.0


def _from_mail(circle: Circle) -> None:
    own = {circle.owner.address.address.lower()}
    for message in circle.tenant.mailbox(circle.owner).messages.values():
        if message.is_draft:
            continue
        is_own = bool(message.sender) and {one.address.lower() for one in _senders(message.sender)} <= own
        if is_own:
            weighed = [*_weighed(message.to, _WROTE_TO), *_weighed((*message.cc, *message.bcc), _COPIED)]
        else:
            weighed = _weighed(_senders(message.sender), _HEARD_FROM)
        for address, weight in weighed:
            if not _is_machine(address.address, message.inference):
                circle.of(address.address, address.name).score += weight


def _from_contacts(circle: Circle) -> None:
    for contact in contact_box(circle.tenant, circle.owner).contacts:
        for address in contact["emailAddresses"]:
            if address.get("address"):
                found = circle.of(address["address"], contact.get("displayName", address["name"]))
                found.score += _CONTACT
                found.contact = contact
                found.name = found.name if found.person else contact.get("displayName", found.name)


def _is_machine(address: str, inference: str | None) -> bool:
    """Newsletters and robots are nobody's people; nor is who only ever writes what the inbox puts aside."""
    return inference == "other" or address.partition("@")[0].lower() in _MACHINES


def _weighed(addresses: Iterable[Address], weight: float) -> list[tuple[Address, float]]:
    return [(address, weight) for address in addresses]


def _senders(sender: Address | None) -> tuple[Address, ...]:
    return (sender,) if sender else ()


def _id(tenant: Tenant, owner: Person, standing: Standing) -> str:
    known = standing.person or standing.group
    return known.id if known else str(uuid5(NAMESPACE_URL, f"{tenant.id}/{owner.id}/people/{standing.address.lower()}"))


def _type(standing: Standing) -> dict[str, str]:
    if standing.group is not None:
        is_unified = "Unified" in standing.group.get("groupTypes")
        return {"class": "Group", "subclass": "UnifiedGroup" if is_unified else "PublicDistributionList"}
    if standing.person is not None:
        purpose = str(standing.person.state.get("purpose", "")).lower()
        return {"class": "Person", "subclass": "Room" if purpose in _ROOMS else "OrganizationUser"}
    return {"class": "Person", "subclass": "PersonalContact" if standing.contact is not None else "ImplicitContact"}


def _phones(values: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    yield from ({"type": "business", "number": number} for number in values.get("businessPhones") or ())
    if values.get("mobilePhone"):
        yield {"type": "mobile", "number": values["mobilePhone"]}


def person_entity(tenant: Tenant, values: Mapping[str, Any]) -> Entity:
    """A `person` to show; nothing holds it."""
    return tenant.store.entity(schema().kind("person"), values)
