"""The places of a tenant: rooms with mailboxes of their own, lists of rooms, and shared desks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from emulator.odata.types import Structured
from emulator.schema import schema
from emulator.store import Entity, Items, Slice
from emulator.tenant import Person, Tenant

_LIST = "list"


def places_of(tenant: Tenant) -> Items:
    """All places of a tenant."""
    return tenant.store.root("places")


def add_room_list(tenant: Tenant, name: str, email: str, **details: Any) -> Entity:  # noqa: ANN401 - JSON values
    """A list of rooms, such as those of one building."""
    return _place(tenant, "roomList", name, email, details)


def add_room(
    tenant: Tenant,
    name: str,
    email: str,
    room_list: Entity | None = None,
    **details: Any,  # noqa: ANN401
) -> Entity:
    """A room that can be booked: the mailbox behind it is an account with which nobody signs in."""
    open_resource(tenant, name, email, "room")
    usual = {"bookingType": "standard", "isWheelChairAccessible": False, "tags": []}
    room = _place(tenant, "room", name, email, {**usual, **details})
    room.state[_LIST] = room_list
    return room


def add_workspace(
    tenant: Tenant,
    name: str,
    email: str,
    room_list: Entity | None = None,
    **details: Any,  # noqa: ANN401
) -> Entity:
    """Shared desks, booked like a room."""
    open_resource(tenant, name, email, "equipment")
    workspace = _place(tenant, "workspace", name, email, {"isWheelChairAccessible": False, "tags": [], **details})
    workspace.state[_LIST] = room_list
    return workspace


def add_place(tenant: Tenant, kind: Structured, values: Mapping[str, Any], room_list: Entity | None) -> Entity:
    """A place that an administrator describes; made below a list it is on that list."""
    key = str(values.get("id") or uuid4())
    place = places_of(tenant).add(tenant.store.entity(kind, {"placeId": key, **values, "id": key}))
    place.state[_LIST] = room_list
    return place


def open_resource(tenant: Tenant, name: str, email: str, purpose: str) -> Person:
    """The account and mailbox of a thing that can be booked."""
    known = tenant.by_address(email)
    if known is not None:
        return known
    local_part = email.partition("@")[0]
    details: dict[str, Any] = {"mailNickname": local_part, "accountEnabled": False, "givenName": None, "surname": None}
    person = tenant.add_person(name, user_principal_name=email, **details)
    person.state["purpose"] = purpose
    return person


def find_place(tenant: Tenant, key: str) -> Entity | None:
    """A place by its id or address."""
    wanted = key.lower()
    return next((place for place in places_of(tenant) if wanted in _keys(place)), None)


def members_of(tenant: Tenant, room_list: Entity, kind: str) -> Slice:
    """The rooms, or workspaces, on a list."""
    wanted = schema().kind(kind)
    return Slice(places_of(tenant), lambda place: place.state.get(_LIST) is room_list and place.kind is wanted)


def _place(tenant: Tenant, kind: str, name: str, email: str, details: dict[str, Any]) -> Entity:
    key = str(uuid5(NAMESPACE_URL, f"{tenant.id}/places/{email.lower()}"))
    values = {"id": key, "placeId": key, "displayName": name, "emailAddress": email, **details}
    return places_of(tenant).put(tenant.store.entity(schema().kind(kind), values))


def _keys(place: Entity) -> set[str]:
    found = (place.id, place.get("emailAddress"), place.get("placeId"))
    return {str(key).lower() for key in found if key}
