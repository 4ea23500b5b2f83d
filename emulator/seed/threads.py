"""Conversations: who writes first, what the others answer, and which letter quotes which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from emulator.graph.mail.state import Attachment
from emulator.seed.clients import CLIENT_TOPICS, SUPPLIER_TOPICS
from emulator.seed.files import any_file, png_file
from emulator.seed.office import OFFICE
from emulator.seed.outside import SUPPLIERS, Contact
from emulator.seed.post import PostOffice, Thread
from emulator.seed.slots import Slots
from emulator.seed.topics import PROJECTS, WORK, Topic
from emulator.seed.writing import Letter, Writer
from emulator.tenant import Person

INSIDE = (*WORK, *WORK, *OFFICE)
_LETTERS = (1, 1, 2, 2, 3, 3, 4, 6)
_MINUTES_TO_ANSWER = (9, 25, 47, 130, 260, 1180)
_OPENING_HOUR, _CLOSING_HOUR, _SATURDAY = 7, 18, 5
_TITLES_TRIED = 8
_SHARED = ("project", "project2", "place", "thing")
_GREETINGS = ("Hi {first},", "Hello {first},", "Dear {first},", "{first},", "Good morning {first},")
_CLOSINGS = (
    "Call me if that is too short.",
    "More on {day}.",
    "I am at my desk until four.",
    "Sorry for the late answer.",
    "If in doubt, ask the project office.",
    "Best, and thank you.",
    "I leave the rest to you.",
)


@dataclass
class Correspondence:
    """Writes threads and gives their letters to the post office; no two threads carry the same subject by chance."""

    staff: Sequence[Person]
    rng: Random
    now: datetime
    post: PostOffice
    _titles: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._writers = {person.id: Writer.staff(person) for person in self.staff}
        self._near: dict[str | None, list[Person]] = {}
        for person in self.staff:
            self._near.setdefault(person.department, []).append(person)

    def group(self, *included: Person) -> list[Person]:
        """Who takes part in a thread: the given people first, then colleagues, near ones more often."""
        first = included[0]
        near = self._near.get(first.department, [])
        pool = [*near, *near, *self.staff]
        wanted = len(included) + self.rng.choice((1, 1, 2, 3))
        group = list(included)
        while len(group) < wanted:
            person = self.rng.choice(pool)
            if person not in group:
                group.append(person)
        return group

    def inside(self, group: list[Person], moment: datetime) -> None:
        """A thread between colleagues; who starts it has to do with its topic."""
        present = {person.department for person in group}
        topic = self.rng.choice([topic for topic in INSIDE if present & set(topic.by)])
        starter = self.rng.choice([person for person in group if person.department in topic.by])
        order = [starter, *(person for person in group if person is not starter)]
        self._write(topic, [self._writers[person.id] for person in order], Slots(self.rng), moment)

    def outside(self, contact: Contact, person: Person, moment: datetime) -> None:
        """A thread that a client or a supplier starts."""
        topic = self.rng.choice(SUPPLIER_TOPICS if contact.company in SUPPLIERS else CLIENT_TOPICS)
        fixed = {"project": contact.company} if contact.company in PROJECTS else {}
        writers = [Writer.outside(*contact), self._writers[person.id]]
        self._write(topic, writers, Slots(self.rng, **fixed), moment)

    def answer(self) -> str:
        """One answer out of any thread, as it stands in a draft."""
        topic = self.rng.choice(WORK)
        return Slots(self.rng, first="all").fill(self.rng.choice(topic.answers))

    def _write(self, topic: Topic, writers: list[Writer], slots: Slots, moment: datetime) -> None:
        """A first letter and the answers to it, each quoting the ones before."""
        title = self._title(topic, slots)
        shared = {name: slots[name] for name in _SHARED}
        thread = self.post.thread(moment)
        letter: Letter | None = None
        for number, texts in enumerate(self._texts(topic, shared, dict(slots))):
            if number:
                moment = office_hours(moment + timedelta(minutes=self.rng.choice(_MINUTES_TO_ANSWER)))
            if moment >= self.now:
                return
            letter = self._letter(writers, number, title, texts, moment=moment, answers=letter)
            self._send(letter, thread, topic.files)

    def _title(self, topic: Topic, slots: Slots) -> str:
        title = slots.fill(self.rng.choice(topic.subjects))
        for _ in range(_TITLES_TRIED):
            if title not in self._titles:
                break
            fresh = Slots(self.rng, **{name: slots[name] for name in ("project",) if name in slots})
            title = fresh.fill(self.rng.choice(topic.subjects))
            slots.update(fresh)
        self._titles.add(title)
        return title

    def _texts(self, topic: Topic, shared: dict[str, str], said: dict[str, str]) -> list[tuple[str, ...]]:
        """The paragraphs of each letter of a thread; the first one keeps to what its subject said already."""
        details = self.rng.sample(topic.details, self.rng.randint(1, 2))
        first = (self.rng.choice(topic.openings), *details, self.rng.choice(topic.questions))
        ours = self.rng.sample(topic.answers, len(topic.answers))
        theirs = self.rng.sample(topic.returns, len(topic.returns))
        answers = [text for pair in zip(ours, theirs, strict=False) for text in pair] if theirs else ours
        # No answer is given twice.
        rest = [(text, *self._closing()) for text in answers[: self.rng.choice(_LETTERS) - 1]]
        letters = ((first, said), *((texts, shared | {"first": "{first}"}) for texts in rest))
        return [tuple(Slots(self.rng, **fixed).fill(text) for text in texts) for texts, fixed in letters]

    def _closing(self) -> tuple[str, ...]:
        return (self.rng.choice(_CLOSINGS),) if self.rng.random() < 0.25 else ()

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
        greeting = self.rng.choice((*_GREETINGS, "Hi all,") if cc or to[1:] else _GREETINGS)
        texts = tuple(text.replace("{first}", to[0].first_name) for text in (greeting, *paragraphs))
        subject = f"RE: {title}" if number else title
        addresses = tuple(other.address for other in to), tuple(other.address for other in cc)
        return Letter(writer, *addresses, subject, moment, texts, answers)

    def _send(self, letter: Letter, thread: Thread, files: tuple[str, ...]) -> None:
        attachments: tuple[Attachment, ...] = ()
        if files and letter.answers is None and self.rng.random() < 0.4:
            number = self.rng.randint(100, 999)
            attachments = (any_file(self.rng.choice(files), f"LH-{number}", letter.subject, number),)
        if letter.answers is None and self.rng.random() < 0.06:
            picture = f"plan{self.rng.randint(1000, 9999)}"
            letter = replace(letter, picture=picture)
            attachments = (*attachments, png_file("plan.png", thread.letters, content_id=picture))
        importance = self.rng.choice(("high", "low", *("normal",) * 18))
        self.post.send(letter, thread, attachments, importance=importance)


def office_hours(moment: datetime) -> datetime:
    """The moment itself, or the start of the next working day when people have gone home."""
    if moment.hour >= _CLOSING_HOUR:
        moment = moment.replace(hour=_OPENING_HOUR) + timedelta(days=1)
    if moment.hour < _OPENING_HOUR:
        moment = moment.replace(hour=_OPENING_HOUR)
    return moment + timedelta(days=max(0, 7 - moment.weekday()) if moment.weekday() >= _SATURDAY else 0)
