"""What Graph says of people beyond their type."""

from __future__ import annotations

from typing import Any

from emulator.graph.engine.call import Call
from emulator.graph.engine.dialects import EXCHANGE
from emulator.graph.engine.permits import has_any
from emulator.graph.engine.view import Shown, View
from emulator.graph.engine.workload import Page, Workload
from emulator.graph.people.errors import OthersPeopleDenied, PeopleAreFound
from emulator.graph.people.searching import found
from emulator.graph.people.state import Standing, directory, own_circle, person_entity, public_circle, shown
from emulator.store import Entity
from emulator.tenant import Person

people = Workload("people", EXCHANGE)

_ORDER = (
    "id", "displayName", "givenName", "surname", "birthday", "personNotes", "isFavorite", "jobTitle", "companyName",
    "yomiCompany", "department", "officeLocation", "profession", "userPrincipalName", "imAddress",
    "scoredEmailAddresses", "phones", "postalAddresses", "websites", "personType",
)  # fmt: skip
_MOST_FOUND = 250

person = people.type("person", default=_ORDER, page=Page(10, 1000))
user = people.type("user")


@user.navigation("people")
def people_of(call: Call, owner: Entity) -> list[Entity]:
    """Ranked; of others only what the organisation shows everyone."""
    assert isinstance(owner, Person)  # noqa: S101 - only people have people
    if call.me is not None and owner is not call.me and not has_any(call, "People.Read.All"):
        raise OthersPeopleDenied
    standings = own_circle(call.tenant, owner) if owner is call.me else public_circle(call.tenant, owner)
    call.state["circle"] = owner, standings
    return [_entity(call, owner, one) for one in standings]


@person.hook("search")
def search(view: View, items: list[Shown], text: str) -> list[Shown]:
    """Among the people one knows, then in the whole directory."""
    call = view.call
    owner, known = call.state["circle"]
    matches = found(call.tenant, owner, known + directory(call.tenant, owner, known), text)
    return view.all(_entity(call, owner, one) for one in matches[:_MOST_FOUND])


@person.hook("create")
@person.hook("update")
@person.hook("delete")
def refuse(*_: Any) -> Entity:  # noqa: ANN401 - whatever a write brings
    """People are computed: nobody writes them."""
    raise PeopleAreFound


def _entity(call: Call, owner: Person, standing: Standing) -> Entity:
    return person_entity(call.tenant, shown(call.tenant, owner, standing))
