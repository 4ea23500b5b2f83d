"""Fills a tenant: staff, folders, four months of mail. Deterministic for a seed and a `now`."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from emulator.graph.mail.state import Body
from emulator.seed import outside
from emulator.seed.calendar import furnish_calendars
from emulator.seed.contacts import furnish_contacts
from emulator.seed.directory import furnish_directory
from emulator.seed.drives import furnish_drives
from emulator.seed.files import any_file
from emulator.seed.hostile import send_attacks
from emulator.seed.outside import Bulletin
from emulator.seed.people import hire_staff
from emulator.seed.post import PostOffice
from emulator.seed.shared import open_shared_mailboxes
from emulator.seed.slots import Slots
from emulator.seed.threads import Correspondence
from emulator.seed.topics import PROJECTS
from emulator.seed.writing import Writer, notice
from emulator.tenant import Person, Tenant

DEFAULT_SEED = 20
_DAYS_BACK = 120
_DEMO_THREADS, _OTHER_THREADS = 95, 75
_TECHNICAL = ("Engineering", "Projects")
_FRESH_MINUTES = (4, 11, 26, 52)


def demo_tenant(now: datetime | None = None, seed: int = DEFAULT_SEED) -> Tenant:
    """The company of the demo, with everyone's mail up to `now`."""
    now = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    with _no_collector():
        return _filled(now, seed)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Make many things that all stay, without the garbage collector looking through them again and again meanwhile."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _filled(now: datetime, seed: int) -> Tenant:
    tenant = Tenant(display_name="Lindenhall Exhibition Lighting")
    rng = Random(seed)  # noqa: S311 - a demo has to be repeatable, not unpredictable
    hire_staff(tenant, rng, now)
    builder = _Builder(tenant, rng, now, PostOffice(tenant, rng, now))
    builder.make_folders()
    builder.write_threads()
    builder.send_bulletins()
    builder.write_drafts()
    builder.file_away()
    _furnish(tenant, seed, now)
    send_attacks(builder.post, tenant.demo_person, now)
    return tenant


def _furnish(tenant: Tenant, seed: int, now: datetime) -> None:
    """Everything but mail. Each part has dice of its own, so that a change in one leaves the others as they were."""
    dice = (Random(seed + number) for number in itertools.count(1))  # noqa: S311 - repeatable
    furnish_directory(tenant, next(dice))
    open_shared_mailboxes(tenant, next(dice), now)
    furnish_contacts(tenant, next(dice))
    furnish_calendars(tenant, next(dice), now)
    tenant.store.fill_later("drives", partial(furnish_drives, tenant, next(dice), now))


@dataclass
class _Builder:
    """One filling of one tenant."""

    tenant: Tenant
    rng: Random
    now: datetime
    post: PostOffice

    def __post_init__(self) -> None:
        self.staff = list(self.tenant.people.values())
        self.demo = self.tenant.demo_person
        self.technical = [person for person in self.staff if person.department in _TECHNICAL]
        self.letters = Correspondence(self.staff, self.rng, self.now, self.post)
        self.projects: dict[str, str] = {}

    def make_folders(self) -> None:
        """Everyone has an archive of some kind; the demo person keeps one folder per project."""
        for person in self.staff:
            self.tenant.mailbox(person).add_folder("Later", "inbox")
        mailbox = self.tenant.mailbox(self.demo)
        projects = mailbox.add_folder("Projects", "inbox")
        self.projects = {name: mailbox.add_folder(name, projects.id).id for name in PROJECTS[:5]}
        self.closed = mailbox.add_folder("Closed 2025", self.projects[PROJECTS[0]]).id
        self.invoices = mailbox.add_folder("Invoices").id
        self.newsletters = mailbox.add_folder("Newsletters").id
        mailbox.add_folder("Sync Issues", is_hidden=True)

    def write_threads(self) -> None:
        """Conversations inside the company and with clients; the demo person is in most of them."""
        for _ in range(_DEMO_THREADS):
            self.letters.inside(self.letters.group(self.demo), self._moment())
        for _ in range(_OTHER_THREADS):
            self.letters.inside(self.letters.group(self.rng.choice(self.staff)), self._moment())
        for _ in range(30):
            self.letters.outside(self.rng.choice(outside.CONTACTS), self.demo, self._moment())
        for _ in range(15):
            self.letters.outside(self.rng.choice(outside.CONTACTS), self.rng.choice(self.staff), self._moment())
        # Whatever the hour, something has just come in.
        self.letters.outside(outside.CONTACTS[0], self.demo, self.now - timedelta(minutes=_FRESH_MINUTES[1]))
        self.letters.inside(
            self.letters.group(self.staff[9], self.demo), self.now - timedelta(minutes=_FRESH_MINUTES[2])
        )

    def send_bulletins(self) -> None:
        """What machines, lists and the house send."""
        plan: tuple[tuple[tuple[Bulletin, ...], int, Callable[[], list[Person]], str], ...] = (
            (outside.NEWSLETTERS, 34, lambda: [self.demo], "inbox"),
            (outside.ALERTS, 45, lambda: [self.demo, self.rng.choice(self.technical)], "inbox"),
            (outside.INVOICES, 22, lambda: [self.demo, self.staff[20]], "inbox"),
            (outside.MEETINGS, 26, lambda: [self.demo, *self.rng.sample(self.technical, 2)], "inbox"),
            (outside.NOTICES, 12, lambda: self.staff, "inbox"),
            (outside.JUNK, 6, lambda: [self.demo], "junkemail"),
        )
        for bulletins, count, readers, folder in plan:
            for _ in range(count):
                self._bulletin(self.rng.choice(bulletins), readers(), self._moment(), folder)
        for minutes in (_FRESH_MINUTES[0], _FRESH_MINUTES[3]):
            moment = self.now - timedelta(minutes=minutes)
            self._bulletin(self.rng.choice(outside.ALERTS), [self.demo], moment, "inbox")

    def write_drafts(self) -> None:
        """Letters begun and not sent."""
        for hours in (3, 30, 75):
            slots = Slots(self.rng)
            moment = self.now - timedelta(hours=hours)
            text = f"<p>{self.letters.answer()}</p>"
            self.tenant.add_message(
                self.demo,
                slots.fill("{project}: open points"),
                Body(f"<html><body>{text}</body></html>"),
                folder="drafts",
                sent=moment,
                sender=self.demo.address,
                to=(self.rng.choice(self.staff).address,),
                is_draft=True,
                is_read=True,
                received=moment,
                **self.post.thread_ids(self.post.thread(moment), self.demo),
            )

    def file_away(self) -> None:
        """The demo person tidies up: projects, invoices and newsletters into folders, some mail thrown away."""
        mailbox = self.tenant.mailbox(self.demo)
        for message in list(mailbox.in_folder(mailbox.folder("inbox").id)):
            target = self._place(message.subject, (self.now - message.sent).days)
            if target:
                self.tenant.move_message(self.demo, message.id, target)

    def _numbers(self, moment: datetime) -> dict[str, str]:
        """What counts up with time: tickets, builds and invoices by the hour, issues by the week."""
        age = self.now - moment
        return {"serial": str(18_500 - int(age.total_seconds() // 3600)), "issue": str(412 - age.days // 7)}

    def _place(self, subject: str, age: int) -> str | None:
        if age < 14 or self.rng.random() < 0.35:
            return None
        if subject.startswith(("Luminaire", "Forum")):
            return self.rng.choice((self.newsletters, self.newsletters, "deleteditems"))
        if subject.startswith(("Invoice", "Fjordglass")):
            return self.invoices
        for name, folder in self.projects.items():
            if name in subject:
                return self.closed if name == PROJECTS[0] and age > 60 else folder
        return self.rng.choice((None, None, "archive", "deleteditems"))

    def _moment(self) -> datetime:
        """A working hour of the last months, more likely a recent one."""
        age = int(_DAYS_BACK * self.rng.random() ** 1.4)
        day = self.now - timedelta(days=age)
        day -= timedelta(days=max(0, day.weekday() - 4))
        moment = day.replace(
            hour=self.rng.randint(7, 16), minute=self.rng.randint(0, 59), second=self.rng.randint(0, 59)
        )
        while moment > self.now - timedelta(hours=1):
            moment -= timedelta(days=3 if moment.weekday() == 0 else 1)
        return moment

    def _bulletin(self, bulletin: Bulletin, readers: list[Person], moment: datetime, folder: str) -> None:
        slots = Slots(self.rng, **self._numbers(moment))
        subject, title = slots.fill(bulletin.subject), slots.fill(bulletin.title)
        texts = tuple(slots.fill(text) for text in bulletin.texts)
        rows = tuple((left, right.format_map(slots)) for left, right in bulletin.rows)
        footer = slots.fill(bulletin.footer)
        number = self.rng.randint(100, 999)
        self.post.post(
            Writer.outside(*bulletin.sender, "").address,
            tuple(dict.fromkeys(person.address for person in readers)),
            subject=subject,
            body=Body(lambda: notice(title, texts, rows, footer)),
            sent=moment,
            thread=self.post.thread(moment),
            attachments=tuple(any_file(kind, title.replace(" ", "-"), title, number) for kind in bulletin.files),
            folder=folder,
            inference="other",
        )
