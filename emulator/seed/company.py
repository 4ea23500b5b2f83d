"""Fills a tenant: staff, folders, four months of mail. Deterministic for a seed and a `now`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from emulator.mailbox import Attachment, Body
from emulator.seed import outside
from emulator.seed.files import any_file, png_file
from emulator.seed.outside import Bulletin, Contact
from emulator.seed.people import hire_staff
from emulator.seed.post import PostOffice, Thread
from emulator.seed.slots import Slots
from emulator.seed.topics import FOLLOW_UPS, GREETINGS, INSIDE, PROJECTS, REPLIES, Topic
from emulator.seed.writing import Letter, Writer, notice
from emulator.tenant import Person, Tenant

DEFAULT_SEED = 20
_DAYS_BACK = 120
_DEMO_THREADS, _OTHER_THREADS = 95, 75
_LETTERS = (1, 1, 2, 2, 3, 3, 4, 6)
_OPENING_HOUR, _CLOSING_HOUR, _SATURDAY = 7, 18, 5
_FRESH_MINUTES = (4, 11, 26, 52)


def demo_tenant(now: datetime | None = None, seed: int = DEFAULT_SEED) -> Tenant:
    """The company of the demo, with everyone's mail up to `now`."""
    now = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    tenant = Tenant(display_name="Lindenhall Exhibition Lighting")
    rng = Random(seed)  # noqa: S311 - a demo has to be repeatable, not unpredictable
    hire_staff(tenant, rng, now)
    builder = _Builder(tenant, rng, now, PostOffice(tenant, rng, now))
    builder.make_folders()
    builder.write_threads()
    builder.send_bulletins()
    builder.write_drafts()
    builder.file_away()
    return tenant


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
        self.writers = {person.id: Writer.staff(person) for person in self.staff}
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
            self._inside_thread(self._group(self.demo), self._moment())
        for _ in range(_OTHER_THREADS):
            self._inside_thread(self._group(self.rng.choice(self.staff)), self._moment())
        for _ in range(30):
            self._client_thread(self.rng.choice(outside.CONTACTS), self.demo, self._moment())
        for _ in range(15):
            self._client_thread(self.rng.choice(outside.CONTACTS), self.rng.choice(self.staff), self._moment())
        # Whatever the hour, something has just come in.
        self._client_thread(outside.CONTACTS[0], self.demo, self.now - timedelta(minutes=_FRESH_MINUTES[1]))
        self._inside_thread(self._group(self.staff[9], self.demo), self.now - timedelta(minutes=_FRESH_MINUTES[2]))

    def send_bulletins(self) -> None:
        """What machines, lists and the house send."""
        plan: tuple[tuple[tuple[Bulletin, ...], int, Callable[[], list[Person]], str], ...] = (
            (outside.NEWSLETTERS, 34, lambda: [self.demo], "inbox"),
            (outside.ALERTS, 45, lambda: [self.demo, *self.rng.sample(self.staff, 1)], "inbox"),
            (outside.INVOICES, 22, lambda: [self.demo, self.staff[20]], "inbox"),
            (outside.MEETINGS, 26, lambda: [self.demo, *self.rng.sample(self.staff, 2)], "inbox"),
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
            text = f"<p>{slots.fill(self.rng.choice(REPLIES[1:]).replace('{first}', 'all'))}</p>"
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

    def _group(self, *included: Person) -> list[Person]:
        """Who takes part in a thread: the given people first, then colleagues, near ones more often."""
        first = included[0]
        near = [person for person in self.staff if person.department == first.department]
        pool = [*near, *near, *self.staff]
        wanted = len(included) + self.rng.choice((1, 1, 2, 3))
        group = list(included)
        while len(group) < wanted:
            person = self.rng.choice(pool)
            if person not in group:
                group.append(person)
        if len(included) == 1:
            self.rng.shuffle(group)
        return group

    def _inside_thread(self, group: list[Person], moment: datetime) -> None:
        topic = self.rng.choice(INSIDE)
        slots = Slots(self.rng)
        writers = [self.writers[person.id] for person in group]
        self._write(
            topic.subject, self._first_paragraphs(topic, slots), writers, slots=slots, moment=moment, files=topic.files
        )

    def _client_thread(self, contact: Contact, person: Person, moment: datetime) -> None:
        slots = Slots(self.rng)
        writers = [Writer.outside(*contact), self.writers[person.id]]
        asks = self.rng.sample(outside.OUTSIDE_ASKS, 2)
        paragraphs = (*(slots.fill(text) for text in asks), "Kind regards")
        project = contact.company if contact.company in PROJECTS else slots["project"]
        self._write(
            f"{project}: {slots['place']}", paragraphs, writers, slots=slots, moment=moment, files=("pdf", "png")
        )

    def _first_paragraphs(self, topic: Topic, slots: Slots) -> tuple[str, ...]:
        details = self.rng.sample(topic.details, self.rng.randint(1, 2))
        texts = (self.rng.choice(topic.openings), *details, self.rng.choice(topic.questions))
        shared = {name: slots[name] for name in ("project", "place", "thing")}
        return tuple(Slots(self.rng, **shared).fill(text) for text in texts)

    def _write(
        self,
        subject: str,
        paragraphs: tuple[str, ...],
        writers: list[Writer],
        *,
        slots: Slots,
        moment: datetime,
        files: tuple[str, ...],
    ) -> None:
        """A first letter and the answers to it, each quoting the ones before."""
        title = slots.fill(subject)
        thread = self.post.thread(moment)
        letter: Letter | None = None
        for number in range(self.rng.choice(_LETTERS)):
            if number:
                moment = _office_hours(moment + timedelta(minutes=self.rng.choice((9, 25, 47, 130, 260, 1180))))
                paragraphs = self._answer(slots["project"])
            if moment >= self.now:
                return
            letter = self._letter(writers, number, title, paragraphs, moment=moment, answers=letter)
            self._send(letter, thread, files)

    def _letter(
        self,
        writers: list[Writer],
        number: int,
        title: str,
        paragraphs: tuple[str, ...],
        *,
        moment: datetime,
        answers: Letter | None,
    ) -> Letter:
        writer = writers[number % len(writers)]
        others = [other for other in writers if other is not writer]
        to = [other for other in others if answers is None or other is answers.writer] or others
        cc = [other for other in others if other not in to]
        if answers is None and len(to) > 2:
            to, cc = to[:1], to[1:]
        greeting = self.rng.choice(GREETINGS).format(first=to[0].first_name)
        texts = tuple(text.replace("{first}", to[0].first_name) for text in paragraphs)
        subject = f"RE: {title}" if number else title
        addresses = tuple(other.address for other in to), tuple(other.address for other in cc)
        return Letter(writer, *addresses, subject, moment, (greeting, *texts), answers)

    def _answer(self, project: str) -> tuple[str, ...]:
        slots = Slots(self.rng, project=project, first="{first}")
        texts = (slots.fill(self.rng.choice(REPLIES)), slots.fill(self.rng.choice(FOLLOW_UPS)))
        return tuple(text for text in texts if text)

    def _send(self, letter: Letter, thread: Thread, files: tuple[str, ...]) -> None:
        attachments: tuple[Attachment, ...] = ()
        if files and letter.answers is None and self.rng.random() < 0.4:
            number = self.rng.randint(100, 999)
            attachments = (any_file(self.rng.choice(files), f"LH-{number}", letter.subject, number),)
        if letter.answers is None and self.rng.random() < 0.06:
            picture = f"plan{self.rng.randint(1000, 9999)}"
            letter = Letter(**{**vars(letter), "picture": picture})
            attachments = (*attachments, png_file("plan.png", thread.letters, content_id=picture))
        importance = self.rng.choice(("high", "low", *("normal",) * 18))
        self.post.send(letter, thread, attachments, importance=importance)

    def _bulletin(self, bulletin: Bulletin, readers: list[Person], moment: datetime, folder: str) -> None:
        slots = Slots(self.rng)
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


def _office_hours(moment: datetime) -> datetime:
    """The moment itself, or the start of the next working day when people have gone home."""
    if moment.hour >= _CLOSING_HOUR:
        moment = moment.replace(hour=_OPENING_HOUR) + timedelta(days=1)
    if moment.hour < _OPENING_HOUR:
        moment = moment.replace(hour=_OPENING_HOUR)
    return moment + timedelta(days=max(0, 7 - moment.weekday()) if moment.weekday() >= _SATURDAY else 0)
