"""Turns the faults that a control route was asked for into throttling and trouble."""

from __future__ import annotations

from emulator.control.bodies import EntraTrouble, Faults, Throttling
from emulator.control.state import Control
from emulator.entra.weather import Weather
from emulator.tenant import Person


class BadFault(Exception):
    """Trouble that cannot be made; the text says why."""


def stir(control: Control, wanted: Faults) -> None:
    """Set the limits, then add the trouble, in the order given; nothing happens when any of it is wrong."""
    people = [_person(control, each.user) for each in wanted.entra]
    if wanted.throttling is not None:
        _throttle(control, wanted.throttling)
    for trouble in wanted.graph:
        facts = trouble.model_dump(exclude={"kind", "times"})
        control.chaos.strike(trouble.kind, times=trouble.times, **facts)
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
    throttle.latency = wanted.latency


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
