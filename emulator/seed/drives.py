"""What people at Lindenhall keep in their drives, in those of their groups, and whom they let read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from emulator.graph.drives import documents, grants, owners, state
from emulator.graph.drives.files import Content
from emulator.graph.drives.places import root_site
from emulator.moments import timestamp
from emulator.seed.topics import PROJECTS
from emulator.store import Entity
from emulator.tenant import Tenant

_DAYS_BACK = 110
_ITEMS = (
    "Track spot 12W",
    "Linear wash 900",
    "Driver DALI-2",
    "Lens 15 deg",
    "Mounting kit",
    "Emergency module",
    "Dimmer 4-channel",
)
_ROOMS = ("East wing", "Hall 2", "Stairwell", "Upper gallery", "Foyer", "Depot", "Room 3.14")
_REMARKS = (
    "The glare at the entrance is gone since the lenses were changed.",
    "Cables above the ceiling are longer than drawn; please order 40 metres more.",
    "The conservator asks for 50 lux at most on paper and textiles.",
    "Two fittings flicker below five percent. Firmware is to blame, not the driver.",
    "The client has signed off on the colour temperature of 3000 K.",
    "Access through the delivery yard only, between seven and nine.",
    "Emergency lighting is tested with the fire brigade before the opening.",
    "Please use the new price list; the old one ended in the spring.",
    "The scaffold is taken down a week earlier than planned.",
)
_FOR_PROJECTS = (
    "Schedule.xlsx", "Luminaire list.xlsx", "Minutes kick-off.docx", "Site report.docx", "Lighting concept.pdf",
    "Plan ground floor.png", "Offer.pdf", "Deliveries.csv", "Open points.txt",
)  # fmt: skip
_FOR_DEPARTMENTS = {
    "Executive": ("Strategy paper.docx", "Board minutes.pdf", "Key figures.xlsx"),
    "Finance": ("Cash flow.xlsx", "Invoices paid.csv", "Budget notes.docx", "Audit letter.pdf"),
    "Projects": ("Crew plan.xlsx", "Travel costs.csv", "Lessons learned.docx", "Floor sketch.png"),
    "Engineering": ("Test protocol.xlsx", "Firmware notes.txt", "Driver measurements.csv", "Housing drawing.png"),
    "People": ("Onboarding checklist.docx", "Holiday plan.xlsx", "House rules.pdf"),
    "Sales": ("Pipeline.xlsx", "Pitch notes.docx", "Fair leads.csv", "Booth picture.png"),
}
_FOR_GROUPS = (
    "Team handbook.docx",
    "Contacts.csv",
    "Quarter review.xlsx",
    "Templates/Letter.docx",
    "Templates/Offer.docx",
)
_FOR_ALL = (
    "Company handbook.pdf",
    "Price list.xlsx",
    "Holidays.csv",
    "Logo/Logo light.png",
    "Logo/Logo dark.png",
    "Safety on site.docx",
)
_FOR_DEMO = (
    "Notes/To do.txt",
    "Notes/Ideas for the fair.docx",
    "Expenses.xlsx",
    "Pictures/Harbour dusk.png",
    "Pictures/Foyer test.png",
)


@dataclass
class _Clerk:
    """Files things away, the oldest first."""

    tenant: Tenant
    rng: Random
    now: datetime

    def moments(self, count: int) -> list[datetime]:
        """So many moments of the last months in order, the last ones rather recent."""
        ages = sorted((self.rng.random() ** 1.8 * _DAYS_BACK for _ in range(count)), reverse=True)
        return [self.now - timedelta(days=age, minutes=7) for age in ages]

    def fill(self, drive: Entity, paths: list[str], authors: Sequence[Entity]) -> list[Entity]:
        """Files at paths of a drive, each made by one of the authors; some were changed since."""
        found = []
        for path, moment in zip(paths, self.moments(len(paths)), strict=True):
            *folders, name = path.split("/")
            author = self.rng.choice(authors)
            doing = self.doing(author, moment)
            folder = state.folder_at(state.root_of(drive), folders, doing)
            found.append(state.add_file(folder, name, _content(name, path, self.rng.randrange(10_000)), doing))
        for item in self.rng.sample(found, len(found) // 4):
            editor = self.rng.choice(authors)
            state.write(
                item, _content(item["name"], item.id, self.rng.randrange(10_000)), self.doing(editor, self._later(item))
            )
        return found

    def share(self, item: Entity, reader: Entity, role: str) -> None:
        """Let a colleague in; the owner does so some time after the last change."""
        owner = state.owner_of(item)
        if reader is not owner:
            moment = self._later(item)
            grants.grant_to(item, reader, role, self.doing(owner, moment))
            state.note(item, "access", self.doing(reader, moment))

    def doing(self, who: Entity, moment: datetime) -> state.Doing:
        return state.Doing(owners.person_identity(who), timestamp(moment), who.id)

    def _later(self, item: Entity) -> datetime:
        since = datetime.fromisoformat(item["lastModifiedDateTime"])
        return since + (self.now - since) * self.rng.random()


def furnish_drives(tenant: Tenant, rng: Random, now: datetime) -> None:
    """Drives for everybody, for groups that exist and for the root site, and what is shared between people."""
    clerk = _Clerk(tenant, rng, now)
    staff = [person for person in tenant.people.values() if person.user_type == "Member"]
    demo = tenant.demo_person
    colleagues = [person for person in staff if person is not demo]
    for person in colleagues:
        files = clerk.fill(state.drive_of(tenant, person), _personal(person, rng), [person])
        for item in rng.sample(files, len(files) // 3):
            clerk.share(item, rng.choice([*staff, demo]), rng.choice(("read", "write")))
    own = clerk.fill(state.drive_of(tenant, demo), _projects(PROJECTS[:3]) + list(_FOR_DEMO), [demo])
    for item in rng.sample(own, 5):
        clerk.share(item, rng.choice(colleagues), rng.choice(("read", "write")))
    for other, item in zip(colleagues, (_any_file(tenant, one) for one in colleagues[:6]), strict=False):
        clerk.share(item, demo, "write" if other.department == demo.department else "read")
    link_maker = clerk.doing(demo, now - timedelta(days=2))
    grants.link_to(own[0], "view", "organization", link_maker, {})
    clerk.fill(state.drive_of(tenant, root_site(tenant)), list(_FOR_ALL), staff[:5])
    for group in tenant.store.root("groups"):
        if "Unified" in group.get("groupTypes"):
            members = [one for one in group.links_of("members") if one in staff] or staff[:1]
            clerk.fill(state.drive_of(tenant, group), list(_FOR_GROUPS), members)


def _personal(person: Entity, rng: Random) -> list[str]:
    names = _FOR_DEPARTMENTS.get(str(person.get("department")), ("Notes.txt",))
    return [*names, f"{rng.choice(PROJECTS)}/{rng.choice(_FOR_PROJECTS)}"]


def _projects(projects: tuple[str, ...]) -> list[str]:
    return [f"Projects/{project}/{name}" for project in projects for name in _FOR_PROJECTS[:6]]


def _any_file(tenant: Tenant, owner: Entity) -> Entity:
    return next(item for item in state.items_of(state.drive_of(tenant, owner)) if state.is_file(item))


def _content(name: str, path: str, number: int) -> Content:
    stem, _, ending = name.rpartition(".")
    title = " ".join([*path.split("/")[-2:-1], stem])
    return Content(partial(_MAKERS[ending], title, number))


def _rows(number: int) -> list[list[str | float]]:
    rng = Random(number)  # noqa: S311 - made-up figures
    head: list[str | float] = ["Room", "Item", "Quantity", "Unit price EUR"]
    rooms = rng.sample(_ROOMS, 4)
    rows: list[list[str | float]] = [
        [room, item, rng.randint(2, 60), rng.randint(900, 24000) / 100]
        for room in rooms
        for item in rng.sample(_ITEMS, 3)
    ]
    return [head, *rows]


def _lines(title: str, number: int) -> list[str]:
    rng = Random(number)  # noqa: S311 - made-up remarks
    return [
        title,
        f"Reference {number}",
        "",
        *rng.sample(_REMARKS, 4),
        "",
        "Draft, not released." if number % 3 else "Released.",
    ]


_MAKERS: dict[str, Callable[[str, int], bytes]] = {
    "docx": lambda title, number: documents.docx(_lines(title, number)),
    "pdf": lambda title, number: documents.pdf(_lines(title, number)),
    "txt": lambda title, number: "\r\n".join(_lines(title, number)).encode(),
    "xlsx": lambda _, number: documents.xlsx(_rows(number)),
    "csv": lambda _, number: documents.csv(_rows(number)),
    "png": lambda _, number: documents.png(320, 200 + number % 80, number),
}
