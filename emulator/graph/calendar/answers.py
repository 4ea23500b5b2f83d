"""How those invited answer, and how the organizer hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulator.graph.calendar import post
from emulator.graph.calendar.post import RESPONSE, MeetingMail
from emulator.graph.calendar.series import Occurrence, call_off, exceptions, occurrence_on
from emulator.graph.calendar.state import Agenda, agenda_of, has_calendar, home_of, master_of
from emulator.graph.calendar.times import iso
from emulator.store import Entity
from emulator.tenant import Tenant

ACCEPTED, TENTATIVE, DECLINED = "accepted", "tentativelyAccepted", "declined"
_SHOWN_AS = {ACCEPTED: "busy", TENTATIVE: "tentative", DECLINED: "free"}
_SUBJECTS = {ACCEPTED: "Accepted", TENTATIVE: "Tentative", DECLINED: "Declined"}
# Microsoft's enumeration spells the second one so.
_MESSAGES = {ACCEPTED: "meetingAccepted", TENTATIVE: "meetingTenativelyAccepted", DECLINED: "meetingDeclined"}


@dataclass(frozen=True)
class Answer:
    """What somebody says to an invitation; `proposed` is another time, as Graph writes it."""

    response: str
    comment: str = ""
    is_sent: bool = True
    proposed: Mapping[str, Any] | None = None


def give_answer(tenant: Tenant, copy: Entity, answer: Answer, now: datetime) -> None:
    """Answer an invitation: in the own calendar, and with the organizer if the answer is sent."""
    agenda = home_of(copy)
    post.put_away(tenant, copy)
    if answer.is_sent:
        _tell(tenant, agenda, copy, answer, now)
    if answer.response == DECLINED and not agenda.keeps_declined:
        call_off(copy) if isinstance(copy, Occurrence) else agenda.forget(copy)
        return
    status = {"response": answer.response, "time": iso(now)}
    if not isinstance(copy, Occurrence):
        for exception in exceptions(copy).values():
            exception.values.pop("responseStatus", None)
            exception.values.pop("showAs", None)
    agenda.revise(copy, {"responseStatus": status, "showAs": _SHOWN_AS[answer.response]}, now)


def organizers_event(tenant: Tenant, copy: Entity) -> Entity | None:
    """The organizer's own event behind a copy; nothing if it is gone or lies outside."""
    address = str(copy.get("organizer")["emailAddress"].get("address") or "")
    owner = tenant.addressee(address)
    if owner is None or not has_calendar(tenant, owner):
        return None
    event = agenda_of(tenant, owner).by_uid.get(master_of(copy)["iCalUId"])
    if event is None or not isinstance(copy, Occurrence):
        return event
    return occurrence_on(event, copy.day)


def _tell(tenant: Tenant, agenda: Agenda, copy: Entity, answer: Answer, now: datetime) -> None:
    event = organizers_event(tenant, copy)
    if event is not None:
        _note(tenant, event, agenda, answer, now)
    details: dict[str, Any] = {"responseType": answer.response}
    if answer.proposed:
        details["proposedNewTime"] = answer.proposed
    prefix = "New Time Proposed" if answer.proposed else _SUBJECTS[answer.response]
    subject = f"{prefix}: {copy.get('subject') or ''}"
    to = [copy.get("organizer")]
    mail = MeetingMail(RESPONSE, _MESSAGES[answer.response], copy, agenda, to, subject, answer.comment or " ", details)
    post.post(tenant, mail, now)


def _note(tenant: Tenant, event: Entity, agenda: Agenda, answer: Answer, now: datetime) -> None:
    """Write an answer down beside the name of who gave it."""
    attendees = []
    for one in event.get("attendees"):
        person = tenant.by_address(str(one["emailAddress"].get("address") or ""))
        if person is not agenda.owner:
            attendees.append(one)
            continue
        found = {**one, "status": {"response": answer.response, "time": iso(now)}}
        found.pop("proposedNewTime", None)
        attendees.append({**found, **({"proposedNewTime": answer.proposed} if answer.proposed else {})})
    home_of(event).revise(event, {"attendees": attendees}, now)
