"""Turns the faults that a control route was asked for into throttling and trouble."""

from __future__ import annotations

from emulator.control.bodies import EntraTrouble, Faults, GraphTrouble, Throttling
from emulator.control.state import Control
from emulator.entra.weather import Weather
from emulator.tenant import Person
from emulator.throttling import Fault


class BadFault(Exception):
    """Trouble that cannot be made; the text says why."""


def stir(control: Control, wanted: Faults) -> None:
    """Set the limits, then add the trouble, in the order given; nothing happens when any of it is wrong."""
    people = [_person(control, each.user) for each in wanted.entra]
    faults = [_fault(control, each) for each in wanted.graph]
    if wanted.throttling is not None:
        _throttle(control, wanted.throttling)
    for fault in faults:
        control.chaos.add(fault)
    for each, person in zip(wanted.entra, people, strict=True):
        _weather(control.entra.weather, each, person)


def _throttle(control: Control, wanted: Throttling) -> None:
    throttle = control.throttle
    if wanted.on:
        try:
            throttle.turn_on(wanted.factor, wanted.factors)
        except ValueError as error:
            raise BadFault(str(error)) from error
    else:
        throttle.turn_off()
    throttle.latency, throttle.round_trip = wanted.latency, wanted.round_trip


def _fault(control: Control, wanted: GraphTrouble) -> Fault:
    facts = wanted.model_dump(exclude={"kind", "times", "user"}, exclude_none=True)
    person = _person(control, wanted.user)
    try:
        return Fault(wanted.kind, left=wanted.times, user=person.id if person else "", **facts)
    except ValueError as error:
        raise BadFault(str(error)) from error


def _weather(weather: Weather, wanted: EntraTrouble, person: Person | None) -> None:
    times, endpoint, client_id = wanted.times, wanted.endpoint, wanted.client_id
    if wanted.kind == "throttle":
        weather.throttle(wanted.retry_after, times=times, endpoint=endpoint, person=person, client_id=client_id)
    elif wanted.kind == "outage":
        weather.outage(
            wanted.status,
            wanted.body,
            times=times,
            endpoint=endpoint,
            person=person,
            client_id=client_id,
            retry_after=wanted.retry_after,
        )
    else:
        weather.tear(times=times, endpoint=endpoint, person=person, client_id=client_id)


def _person(control: Control, name: str) -> Person | None:
    if not name:
        return None
    person = control.tenant.find_person(name)
    if person is None:
        raise BadFault(f"There is nobody called '{name}' in the tenant.")
    return person
