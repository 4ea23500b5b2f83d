"""Places as Graph serves them: `/places/microsoft.graph.room`, by id or address, and what a list of rooms holds."""

from __future__ import annotations

from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Call
from emulator.graph.engine.dialects import EXCHANGE
from emulator.graph.engine.target import Target
from emulator.graph.engine.workload import Page, Workload
from emulator.graph.places.errors import PlaceTypeMissing
from emulator.graph.places.state import add_place, find_place, members_of, places_of
from emulator.store import Entity, Items, Slice

_PLACE = ("id", "displayName", "address", "geoCoordinates", "phone", "emailAddress", "label", "tags",
          "isWheelChairAccessible", "placeId", "parentId")  # fmt: skip
_FIXED = frozenset({"id", "placeId", "emailAddress", "displayName", "bookingType"})

places = Workload("places", EXCHANGE)
place = places.type("place", page=Page(100, 1000), fixed=_FIXED)
room = places.type(
    "room",
    default=(
        *_PLACE, "nickname", "building", "floorNumber", "floorLabel", "capacity", "bookingType", "audioDeviceName",
        "videoDeviceName", "displayDeviceName", "teamsEnabledState",
    ),
)  # fmt: skip
room_list = places.type("roomList", default=_PLACE)
workspace = places.type("workspace", default=(*_PLACE, "nickname", "capacity", "mode", "displayDeviceName"))


@places.root("places")
def all_places(call: Call) -> Items:
    """Every place of the tenant."""
    return places_of(call.tenant)


@place.hook("find")
def find(call: Call, target: Target, key: str) -> Entity | None:
    """By id or address."""
    found = find_place(call.tenant, key)
    return found if isinstance(target.members, Items) or found in target.entities else None


@place.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """A new place, on the list below which it is made."""
    return add_place(call.tenant, values.kind, values, target.owner)


@place.hook("update")
def update(call: Call, entity: Entity, values: Values) -> None:
    """What an administrator says of a place; its name and address are the mailbox's."""
    if "@odata.type" not in call.json:
        raise PlaceTypeMissing
    entity.update({name: value for name, value in values.items() if name not in _FIXED})


@room_list.navigation("rooms")
def rooms(call: Call, owner: Entity) -> Slice:
    """The rooms on a list."""
    return members_of(call.tenant, owner, "room")


@room_list.navigation("workspaces")
def workspaces(call: Call, owner: Entity) -> Slice:
    """The desks on a list."""
    return members_of(call.tenant, owner, "workspace")
