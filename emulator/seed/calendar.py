"""Fills the calendars when somebody first looks at one. Deterministic for a seed and a `now`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from emulator.graph.calendar.meetings import hold_copy
from emulator.graph.calendar.rooms import is_room
from emulator.graph.calendar.series import cancelled, occurrence_on, span_of
from emulator.graph.calendar.state import Agenda, agenda_of, fill_later, has_calendar
from emulator.graph.calendar.times import Span, iso
from emulator.graph.calendar.writing import created, place
from emulator.graph.mail.parts import Address
from emulator.graph.places.state import add_room, add_room_list, add_workspace
from emulator.recurrence import occurrence_dates
from emulator.seed.meetings import AWAY, BREMEN, DESKS, FAIR, OFFICES, PRIVATE, ROOMS, SERIES, SINGLE, ZONES, Series
from emulator.seed.outside import CONTACTS
from emulator.seed.people import OFFICES as ADDRESSES
from emulator.seed.slots import Slots
from emulator.store import Entity
from emulator.tenant import Person, Tenant

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ANSWERS = ("accepted",) * 15 + ("tentativelyAccepted",) * 2 + ("notResponded",) * 2 + ("declined",)
_SHOWN_AS = {"accepted": "busy", "tentativelyAccepted": "tentative", "notResponded": "tentative", "declined": "free"}
_NEVER = "0001-01-01T00:00:00Z"
_SERIES_WEEKS_AGO = 26
_DEMO_MEETINGS, _OTHER_MEETINGS = 26, 40
_DAYS_BACK, _DAYS_AHEAD = 24, 32
_CATEGORIES = ("Blue category", "Green category", "Orange category")


def furnish_calendars(tenant: Tenant, rng: Random, now: datetime) -> None:
    """Rooms now; meetings when the first calendar is opened, for everybody's hang together."""
    _furnish_rooms(tenant)
    planner = _Planner(tenant, Random(rng.getrandbits(64)), now)  # noqa: S311 - repeatable, not unpredictable
    for person in tenant.people.values():
        fill_later(person, planner.fill)


def _furnish_rooms(tenant: Tenant) -> None:
    lists = {}
    for office, (name, login) in OFFICES.items():
        lists[office] = add_room_list(tenant, name, f"{login}@{tenant.domain}", address=_address(office))
    for room in ROOMS:
        video = f"Wall screen {room.name}" if room.has_video else None
        add_room(
            tenant, room.name, f"{room.login}@{tenant.domain}", lists[room.office], capacity=room.capacity,
            floorNumber=room.floor, floorLabel=str(room.floor), building=ADDRESSES[room.office].city,
            nickname=room.name, address=_address(room.office), videoDeviceName=video, displayDeviceName=video,
            audioDeviceName="Ceiling microphone" if room.has_video else None, isWheelChairAccessible=room.floor < 3,
            phone=ADDRESSES[room.office].phone,
        )  # fmt: skip
    for office, name, login, capacity in DESKS:
        add_workspace(
            tenant, name, f"{login}@{tenant.domain}", lists[office], capacity=capacity, address=_address(office)
        )


def _address(office: str) -> dict[str, str]:
    found = ADDRESSES[office]
    return {
        "street": found.street,
        "city": found.city,
        "state": found.state,
        "countryOrRegion": found.country,
        "postalCode": found.postal_code,
    }


@dataclass
class _Planner:
    """Writes all calendars of one tenant, once."""

    tenant: Tenant
    rng: Random
    now: datetime
    is_done: bool = False
    staff: list[Person] = field(default_factory=list)

    def fill(self, _: Agenda) -> None:
        if self.is_done:
            return
        self.is_done = True
        everyone = (one for one in self.tenant.people.values() if has_calendar(self.tenant, one))
        self.staff = [person for person in everyone if person.department and not is_room(person)]
        # The demo person likes to see what was turned down.
        agenda_of(self.tenant, self.tenant.demo_person).keeps_declined = True
        for series in SERIES:
            self._series(series)
        for _number in range(_DEMO_MEETINGS):
            self._single(self.tenant.demo_person)
        for _number in range(_OTHER_MEETINGS):
            self._single(self.rng.choice(self.staff))
        self._turned_down()
        self._invitations()
        self._days()

    @property
    def monday(self) -> datetime:
        return (self.now - timedelta(days=self.now.weekday())).replace(hour=0, minute=0, second=0, tzinfo=None)

    def _series(self, series: Series) -> None:
        organizer = self._person(series.organizer)
        first = self.monday - timedelta(weeks=_SERIES_WEEKS_AGO) + timedelta(days=min(series.days, default=0))
        hour, _, minute = series.hour.partition(":")
        start = first.replace(hour=int(hour), minute=int(minute))
        pattern = series.pattern or {
            "type": "weekly",
            "interval": series.interval,
            "daysOfWeek": [_WEEKDAYS[day] for day in series.days],
            "firstDayOfWeek": "monday",
        }
        recurrence = {"pattern": pattern, "range": {"type": "noEnd", "startDate": start.date().isoformat()}}
        given = self._given(series.subject, series.text, start, series.minutes, _zone(organizer))
        given |= {"recurrence": recurrence, "isOnlineMeeting": series.is_online}
        event = self._event(organizer, given, start, self._guests(series, organizer), room=series.room)
        self._vary(event, series)
        self._copies(event, organizer)

    def _vary(self, event: Entity, series: Series) -> None:
        """Some weeks are off, in some it is later."""
        for week in series.skips:
            for day in self._days_in(event, week):
                cancelled(event).add(day)
        for week in series.moves:
            for day in self._days_in(event, week)[-1:]:
                one = occurrence_on(event, day)
                if one is not None:
                    span = span_of(one)
                    later = timedelta(hours=1)
                    one.state["span"] = Span(span.start + later, span.end + later)
                    one.values["subject"] = f"{event['subject']} (later today)"
                    one.except_from_series()

    def _days_in(self, event: Entity, week: int) -> list[Any]:
        monday = (self.monday + timedelta(weeks=week)).date()
        return list(occurrence_dates(event["recurrence"], monday, monday + timedelta(days=6)))

    def _single(self, organizer: Person) -> None:
        rng = self.rng
        slots = Slots(rng)
        subject, text, minutes = rng.choice(SINGLE)
        start = self._moment()
        office = organizer.get("officeLocation", "BRE")[:3]
        rooms = [room.login for room in ROOMS if room.office == office]
        is_online = rng.random() < 0.5
        guests = rng.sample([person for person in self.staff if person is not organizer], rng.randint(1, 4))
        invited = [_invited(person.address) for person in guests]
        if rng.random() < 0.3:
            contact = rng.choice(CONTACTS)
            invited.append(_invited(Address(contact.name, contact.address)))
        given = self._given(slots.fill(subject), slots.fill(text), start, minutes, _zone(organizer))
        given["isOnlineMeeting"] = is_online
        given["categories"] = [rng.choice(_CATEGORIES)] if rng.random() < 0.2 else []
        event = self._event(organizer, given, start, invited, room="" if is_online else rng.choice(rooms))
        self._copies(event, organizer)

    def _turned_down(self) -> None:
        """One meeting that the demo person will not come to."""
        organizer, demo = self._person("chiara.bellandi"), self.tenant.demo_person
        start = self._moment(ahead=True)
        given = self._given("Photos for the website", "Bring a clean shirt.", start, 60, _zone(organizer))
        event = self._event(organizer, given, start, [_invited(demo.address)], room="")
        event.values["attendees"] = [{**event["attendees"][0], "status": self._status("declined")}]
        self._copies(event, organizer)

    def _invitations(self) -> None:
        """Outsiders invite the demo person, who has not answered all of them."""
        agenda = agenda_of(self.tenant, self.tenant.demo_person)
        for contact in CONTACTS[:3]:
            slots = Slots(self.rng, project=contact.company)
            subject, text, minutes = self.rng.choice(SINGLE)
            start = self._moment(ahead=True)
            given = self._given(slots.fill(subject), slots.fill(text), start, minutes, BREMEN)
            given["attendees"] = [_invited(self.tenant.demo_person.address)]
            event = created(agenda, given, agenda.default, self.now - timedelta(days=2), quietly=True)
            answer = self.rng.choice(("notResponded", "tentativelyAccepted", "accepted"))
            event.values |= {
                "organizer": {"emailAddress": {"name": contact.name, "address": contact.address}},
                "isOrganizer": False,
                "responseStatus": self._status(answer),
                "showAs": _SHOWN_AS[answer],
            }

    def _days(self) -> None:
        """Whole days: leave, a fair, days at home; and what is nobody else's business."""
        for person in self.rng.sample(self.staff, 9):
            first = self._moment(ahead=True).replace(hour=0, minute=0)
            self._alone(person, self.rng.choice(AWAY), first, days=self.rng.randint(1, 5), showAs="oof")
        for person in [self.tenant.demo_person, *self.rng.sample(self.staff, 6)]:
            start = self._moment()
            subject = self.rng.choice(PRIVATE)
            self._alone(person, subject, start.replace(hour=17), sensitivity="private", showAs="oof")
        fair = (self.monday + timedelta(weeks=3, days=1)).replace(hour=0, minute=0)
        for person in [self.tenant.demo_person, *(one for one in self.staff if one.department == "Sales")]:
            self._alone(person, FAIR, fair, days=3, showAs="oof", location=place("Hall 4, stand C21"))
        start_date = self.monday.date().isoformat()
        pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["friday"]}
        for person in self.rng.sample(self.staff, 5):
            recurrence = {"pattern": pattern, "range": {"type": "numbered", "startDate": start_date,
                                                        "numberOfOccurrences": 12}}  # fmt: skip
            self._alone(
                person, "At home", self.monday + timedelta(days=4), days=1, showAs="workingElsewhere",
                recurrence=recurrence, isReminderOn=False,
            )  # fmt: skip

    def _alone(self, person: Person, subject: str, start: datetime, *, days: int = 0, **details: Any) -> None:  # noqa: ANN401
        minutes = days * 1440 or 60
        given = {**self._given(subject, "", start, minutes, _zone(person)), "isAllDay": bool(days), **details}
        agenda = agenda_of(self.tenant, person)
        created(agenda, given, agenda.default, self.now - timedelta(days=12), quietly=True)

    def _event(
        self,
        organizer: Person,
        given: Mapping[str, Any],
        start: datetime,
        invited: list[dict[str, Any]],
        *,
        room: str,
    ) -> Entity:
        given = {**given, "attendees": invited}
        person = self.tenant.by_address(f"{room}@{self.tenant.domain}") if room else None
        if person is not None:
            given["location"] = place(person.display_name, person.mail)
            given["attendees"] = [*invited, {**_invited(person.address), "type": "resource"}]
        agenda = agenda_of(self.tenant, organizer)
        made = min(start.replace(tzinfo=self.now.tzinfo), self.now) - timedelta(days=3)
        event = created(agenda, given, agenda.default, made, quietly=True)
        event.values["attendees"] = [self._answered(one) for one in event["attendees"]]
        return event

    @staticmethod
    def _given(subject: str, text: str, start: datetime, minutes: int, zone: str) -> dict[str, Any]:
        end = start + timedelta(minutes=minutes)
        return {
            "subject": subject,
            "body": {"contentType": "html", "content": f"<p>{text}</p>" if text else ""},
            "start": {"dateTime": start.isoformat(), "timeZone": zone},
            "end": {"dateTime": end.isoformat(), "timeZone": zone},
        }

    def _answered(self, one: Mapping[str, Any]) -> dict[str, Any]:
        answer = "accepted" if one["type"] == "resource" else self.rng.choice(_ANSWERS)
        shown = "none" if answer == "notResponded" else answer
        return {**one, "status": self._status(shown)}

    def _status(self, answer: str) -> dict[str, str]:
        is_given = answer not in {"none", "notResponded"}
        return {"response": answer, "time": iso(self.now - timedelta(days=2)) if is_given else _NEVER}

    def _copies(self, event: Entity, organizer: Person) -> None:
        for one in event["attendees"]:
            person = self.tenant.by_address(str(one["emailAddress"]["address"]))
            if person is None or person is organizer or not has_calendar(self.tenant, person):
                continue
            agenda = agenda_of(self.tenant, person)
            answer = one["status"]["response"]
            answer = "notResponded" if answer == "none" else answer
            if answer == "declined" and not agenda.keeps_declined:
                continue
            own: dict[str, Any] = {"responseStatus": self._status(answer), "showAs": _SHOWN_AS[answer]}
            if is_room(person):
                own |= {"subject": organizer.display_name, "body": {"contentType": "html", "content": ""}}
            hold_copy(agenda, event, self.now - timedelta(days=2), quietly=True, **own)

    def _guests(self, series: Series, organizer: Person) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name in series.who:
            if "@" in name:
                contact = next(one for one in CONTACTS if one.address == name)
                found[name] = _invited(Address(contact.name, contact.address))
            people = [one for one in self.staff if one.department == name]
            if not people and "@" not in name:
                people = [self._person(name)]
            found |= {person.id: _invited(person.address) for person in people}
        found.pop(organizer.id, None)
        return list(found.values())

    def _person(self, login: str) -> Person:
        return self.tenant.person(f"{login}@{self.tenant.domain}")

    def _moment(self, *, ahead: bool = False) -> datetime:
        """A working hour around now, by the clock of an office."""
        day = self.monday + timedelta(days=self.rng.randint(7 if ahead else -_DAYS_BACK, _DAYS_AHEAD))
        day -= timedelta(days=max(0, day.weekday() - 4))
        return day.replace(hour=self.rng.randint(9, 16), minute=self.rng.choice((0, 30)))


def _zone(person: Person) -> str:
    return ZONES.get(str(person.get("officeLocation") or "")[:3], BREMEN)


def _invited(address: Address) -> dict[str, Any]:
    return {"type": "required", **address.recipient}
