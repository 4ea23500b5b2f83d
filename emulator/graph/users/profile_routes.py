"""What belongs to a person alone: settings, insights, activities, the presence others see."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from emulator.faults import GraphFault, InvalidRequest
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.dialects import PLAIN
from emulator.graph.engine.query import Query
from emulator.graph.engine.rendering import rendered
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown, View
from emulator.graph.engine.workload import Workload
from emulator.graph.engine.writing import generic
from emulator.odata import Options
from emulator.schema import schema
from emulator.store import Entity, Items

profile = Workload("profile", PLAIN)
user = profile.type("user")
settings = profile.type(
    "userSettings",
    given={
        "itemInsights": {"isEnabled": True},
        "shiftPreferences": {"availability": []},
        "storage": {},
        "workHoursAndLocations": {},
        "exchange": {},
    },
)
profile.type("userInsightsSettings")
shift_preferences = profile.type("shiftPreferences", patched=204)
open_extension = profile.type("openTypeExtension")
extension = profile.type("extension")
profile.type("userStorage", given={"quota": {"deleted": 0, "remaining": 1 << 40, "state": "normal", "total": 1 << 40,
                                             "used": 0}})  # fmt: skip
activity = profile.type("userActivity", keys=("appActivityId",))
presence = profile.type("presence")

_OUTLOOK_PREFIX = "microsoft.outlookServices.openTypeExtension."
_OFFLINE = "Offline"
_DURATION = re.compile(r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?")
_PRESENCES = {
    "available": "Available", "busy": "Busy", "away": "Away", "donotdisturb": "DoNotDisturb",
    "berightback": "BeRightBack", "offline": _OFFLINE,
}  # fmt: skip
_NOT_FOUND = "A value for 'availability' that is known is required."


class ExtensionExists(GraphFault):
    """One thing has one extension of a name."""

    status = 409
    code = "NameAlreadyExists"
    message = "An extension already exists with given id."


@activity.collection_operation("recent")
def recent(call: Call, target: Target) -> Answer:
    """What was done last comes first, with its history."""
    view = View(target.service, call, target)
    found = sorted(target.entities, key=lambda one: one.version, reverse=True)
    kind = schema().kind("activityHistoryItem")
    value = [
        {
            **rendered(view, view.shown(one), Query(Options()), one.kind),
            "historyItems": [rendered(view, view.shown(item), Query(Options()), kind) for item in history(one)],
        }
        for one in found
    ]
    return Answer({"@odata.context": f"{call.root}/$metadata#Collection(userActivity)", "value": value})


def history(one: Entity) -> Items:
    """When an activity was engaged in."""
    return one.set_of("historyItems")


@shift_preferences.hook("etag")
def etag(entity: Entity) -> str:
    """Another one after each change."""
    return f'"{uuid5(NAMESPACE_URL, f"{entity.id}/{entity.version}")}"'


@extension.hook("find")
def find_extension(_: Call, target: Target, key: str) -> Entity | None:
    """By the name that the caller gave it, with or without the prefix of Outlook's ids."""
    wanted = key.lower().removeprefix(_OUTLOOK_PREFIX.lower())
    named = (one for one in target.entities if str(one.get("extensionName")).lower() == wanted)
    return next(named, None)


@open_extension.hook("create")
def extend(call: Call, target: Target, values: Values) -> Entity:
    """Data of the caller's own on whatever it hangs on."""
    name = values.get("extensionName")
    if not name or not isinstance(target.members, Items):
        raise InvalidRequest("An extension needs a value for 'extensionName'.")
    if any(one.get("extensionName") == name for one in target.members):
        raise ExtensionExists
    is_outlook = target.owner is not None and not target.owner.kind.derives_from(schema().kind("directoryObject"))
    one = generic(target.service, call, values)
    one.values["id"] = f"{_OUTLOOK_PREFIX}{name}" if is_outlook else name
    return target.members.add(one)


@user.navigation("presence")
def presence_of(call: Call, owner: Entity) -> Entity:
    """How a person is at the moment."""
    if "presence" not in owner.ones:
        one = owner.ones["presence"] = call.tenant.store.entity(schema().kind("presence"), {"id": owner.id})
        one.owner = owner
    return owner.ones["presence"]


@presence.computed("availability")
def availability(shown: Shown) -> str:
    """The preferred one while it lasts, else the busiest of the sessions."""
    return _current(shown)[0]


@presence.computed("activity")
def doing(shown: Shown) -> str:
    """What goes with it."""
    return _current(shown)[1]


@presence.operation("setPresence")
def set_presence(call: Call, target: Target) -> Answer:
    """The state of one session of an application."""
    session = str(call.json.get("sessionId") or "")
    if not session:
        raise InvalidRequest("A 'sessionId' is required.")
    target.thing.state.setdefault("sessions", {})[session] = _wished(call, timedelta(minutes=5))
    target.thing.touch()
    return Answer(status=200)


@presence.operation("clearPresence")
def clear_presence(call: Call, target: Target) -> Answer:
    """The session is over."""
    target.thing.state.setdefault("sessions", {}).pop(str(call.json.get("sessionId")), None)
    target.thing.touch()
    return Answer(status=200)


@presence.operation("setUserPreferredPresence")
def set_preferred(call: Call, target: Target) -> Answer:
    """What the person wants to be shown, whatever the sessions say."""
    target.thing.state["preferred"] = _wished(call, timedelta(days=1))
    target.thing.touch()
    return Answer(status=200)


@presence.operation("clearUserPreferredPresence")
def clear_preferred(_: Call, target: Target) -> Answer:
    """The sessions count again."""
    target.thing.state.pop("preferred", None)
    target.thing.touch()
    return Answer(status=200)


@presence.operation("setStatusMessage")
def set_status_message(call: Call, target: Target) -> Answer:
    """The note beside the state."""
    message = call.json.get("statusMessage")
    if not isinstance(message, dict):
        raise InvalidRequest("A 'statusMessage' is required.")
    target.thing.update({"statusMessage": {**message, "publishedDateTime": call.stamp}})
    return Answer(status=200)


def _current(shown: Shown) -> tuple[str, str]:
    now, state = shown.view.call.now, shown.entity.state
    sessions = [session for session in state.get("sessions", {}).values() if session[2] > now]
    preferred = state.get("preferred")
    if preferred and preferred[2] > now:
        return preferred[0], preferred[1]
    if not sessions:
        return _OFFLINE, _OFFLINE
    order = list(_PRESENCES.values())
    chosen = max(sessions, key=lambda session: -1 if session[0] == _OFFLINE else order.index(session[0]) % 3)
    return chosen[0], chosen[1]


def _wished(call: Call, usual: timedelta) -> tuple[str, str, datetime]:
    wanted = _PRESENCES.get(str(call.json.get("availability")).lower())
    if wanted is None:
        raise InvalidRequest(_NOT_FOUND)
    return wanted, str(call.json.get("activity") or wanted), call.now + _duration(call.json, usual)


def _duration(body: dict[str, Any], usual: timedelta) -> timedelta:
    text = body.get("expirationDuration")
    if text is None:
        return usual
    found = _DURATION.fullmatch(str(text))
    if found is None or str(text) in {"P", "PT"}:
        raise InvalidRequest("The 'expirationDuration' is not a duration.")
    return timedelta(**{name: int(value) for name, value in found.groupdict(default="0").items()})
