"""Address books: the demo person's is well kept, everyone else knows a few of the people outside."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from emulator.graph.contacts.state import contact_box
from emulator.moments import timestamp
from emulator.seed.outside import CONTACTS, SUPPLIERS, Contact
from emulator.tenant import Person, Tenant


class Trade(NamedTuple):
    """What somebody at another firm does, and where the firm is."""

    job_title: str
    street: str
    city: str
    postal_code: str
    country: str
    dial: str


_TRADES = {
    "Harbour Museum": Trade("Head of Exhibitions", "Kade 3", "Vlissingen", "4381 BA", "Netherlands", "+31 118 555"),
    "Sankt Ansgar Library": Trade("Librarian", "Domsheide 9", "Bremen", "28195", "Germany", "+49 421 555"),
    "Miradouro Gallery": Trade("Curator", "Rua da Graça 41", "Lisbon", "1170-168", "Portugal", "+351 21 555"),
    "Northgate Archive": Trade("Archivist", "2 Northgate", "York", "YO30 7DF", "United Kingdom", "+44 1904 555"),
    "Fjordglass Lenses": Trade("Sales Engineer", "Strandveien 12", "Bergen", "5006", "Norway", "+47 555 01"),
    "Stalprofil Rails": Trade("Key Account", "Hutnicza 18", "Gdynia", "81-061", "Poland", "+48 58 555"),
    "Kelham Mill Trust": Trade("Secretary", "Mill Lane 1", "Sheffield", "S3 8RY", "United Kingdom", "+44 114 555"),
    "Brix Electro": Trade("Technical Director", "Havnegade 7", "Aarhus", "8000", "Denmark", "+45 555 01"),
    "Lorch Architects": Trade("Architect", "Wallgasse 22", "Bremen", "28203", "Germany", "+49 421 555"),
    "Clearview Surveys": Trade("Surveyor", "11 Canal Wharf", "Leeds", "LS11 5PS", "United Kingdom", "+44 113 555"),
}
_PRIVATE = (
    {
        "givenName": "Jorinde",
        "surname": "Falkner",
        "nickName": "Jo",
        "birthday": "1996-05-17",
        "personalNotes": "Sister",
    },
    {"givenName": "Wim", "surname": "Oosterbroek", "jobTitle": "Dentist", "companyName": "Practice at the Wall"},
    {"displayName": "Climbing hall, desk", "companyName": "Kletterwerk"},
)
_SUPPLIERS, _FRIENDS = "Suppliers", "Private"
_OTHERS_KNOW = 3


def furnish_contacts(tenant: Tenant, rng: Random) -> None:
    """Fill everyone's address book."""
    demo = tenant.demo_person
    box = contact_box(tenant, demo)
    folders = {name: box.add_folder(name) for name in (_SUPPLIERS, _FRIENDS)}
    for contact in CONTACTS:
        folder = folders[_SUPPLIERS] if contact.company in SUPPLIERS else None
        box.add_contact(_card(contact, rng), _some_day(demo, rng), folder)
    for values in _PRIVATE:
        box.add_contact(values, _some_day(demo, rng), folders[_FRIENDS])
    for person in tenant.people.values():
        if person is not demo and person.id in tenant.mailboxes:
            for contact in rng.sample(CONTACTS, rng.randint(0, _OTHERS_KNOW)):
                contact_box(tenant, person).add_contact(_card(contact, rng), _some_day(person, rng))


def _card(contact: Contact, rng: Random) -> dict[str, Any]:
    trade = _TRADES[contact.company]
    title, given, surname = _names(contact.name)
    return {
        "title": title,
        "givenName": given,
        "surname": surname,
        "companyName": contact.company,
        "jobTitle": trade.job_title,
        "emailAddresses": [{"name": contact.name, "address": contact.address}],
        "businessPhones": [f"{trade.dial} {rng.randint(10, 99)} {rng.randint(10, 99)}"],
        "businessAddress": {
            "street": trade.street,
            "city": trade.city,
            "postalCode": trade.postal_code,
            "countryOrRegion": trade.country,
        },
        "categories": ["Supplier" if contact.company in SUPPLIERS else "Client"],
    }


def _names(name: str) -> tuple[str | None, str, str]:
    """Title, given names and surname."""
    title = "Father" if name.startswith("Father ") else None
    *given, surname = name.removeprefix("Father ").split(" ")
    return title, " ".join(given), surname


def _some_day(owner: Person, rng: Random) -> str:
    """A moment in the owner's first weeks at the firm."""
    start = datetime.fromisoformat(str(owner["createdDateTime"]))
    day = start + timedelta(days=rng.randint(14, 80), hours=rng.randint(8, 16), minutes=rng.randint(0, 59))
    return timestamp(day)
