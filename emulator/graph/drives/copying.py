"""Copies: made in the background, watched through a monitor that needs no token."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from emulator.faults import GraphFault
from emulator.graph.drives import names, state
from emulator.graph.drives.errors import NameTaken, NoSuchItem
from emulator.graph.drives.items import referred_folder
from emulator.graph.drives.places import reached
from emulator.graph.drives.service import conflict_wish, doing, drives, item
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.mishaps import mishap_of
from emulator.graph.engine.target import Target
from emulator.store import Entity

_PLACE = "driveMonitors"


@dataclass
class Monitor:
    """A copy under way: whoever looks so often is told that it is not done yet."""

    source: Entity
    folder: Entity
    name: str
    wish: str
    doing: state.Doing
    polls: int = 1
    looks: int = 0
    made: Entity | None = None
    fault: GraphFault | None = None


@item.operation("copy")
def copy(call: Call, target: Target) -> Answer:
    """Begin to copy a file or a folder with all that is in it."""
    source = target.thing
    folder = state.parent_of(source)
    if "parentReference" in call.json:
        folder = referred_folder(call, source, call.json["parentReference"])
    elif folder is not None:
        reached(call, folder)
    if folder is None:
        raise NoSuchItem
    name = names.checked_name(call.json.get("name") or source["name"])
    secret = secrets.token_urlsafe(24)
    mishap = mishap_of(call)
    wish = conflict_wish(call, call.json, "fail")
    monitor = Monitor(source, folder, name, wish, doing(call), polls=mishap.polls, fault=mishap.fails)
    if monitor.fault is None:
        _perform(monitor)
    state.drive(folder).state["monitors"][secret] = monitor
    return Answer(None, 202, {"Location": f"{call.root}/{_PLACE}/{call.tenant.id}/{secret}"})


@drives.open_path(_PLACE)
def watch(call: Call, rest: str) -> Answer:
    """How far it is."""
    secret = rest.partition("/")[2]
    found = (of.state["monitors"].get(secret) for of in state.drives_of(call.tenant))
    monitor = next((one for one in found if isinstance(one, Monitor)), None)
    if monitor is None:
        raise NoSuchItem
    monitor.looks += 1
    head = {"@odata.context": f"{call.root}/$metadata#oneDrive.longRunningOperationStatus/$entity"}
    if monitor.looks <= monitor.polls:
        percent = round(100 * monitor.looks / (monitor.polls + 1), 1)
        return Answer({**head, "operation": "itemCopy", "percentageComplete": percent, "status": "inProgress"}, 202)
    if monitor.made is None:
        fault = monitor.fault or NameTaken()
        error = {"code": fault.code, "message": fault.message}
        return Answer({**head, "operation": "itemCopy", "percentageComplete": 0.0, "status": "failed", "error": error})
    of = state.drive(monitor.made)
    return Answer(
        {
            **head,
            "operation": "itemCopy",
            "percentageComplete": 100.0,
            "resourceId": monitor.made.id,
            "resourceLocation": f"{call.root}/drives/{of.id}/items/{monitor.made.id}",
            "status": "completed",
        }
    )


def _perform(monitor: Monitor) -> None:
    try:
        state.check_room(state.drive(monitor.folder), state.size_of(monitor.source))
        monitor.made = _copied(_Tree.of(monitor.source), monitor.folder, _name(monitor), monitor.doing)
    except GraphFault as fault:
        monitor.fault = fault


def _name(monitor: Monitor) -> str:
    other = state.called(monitor.folder, monitor.name)
    if other is None:
        return monitor.name
    if monitor.wish == "rename":
        return state.free_name(monitor.folder, monitor.name)
    if monitor.wish == "replace" and state.is_file(other) and other is not monitor.source:
        state.recycle(other, monitor.doing)
        return monitor.name
    raise NameTaken


@dataclass(frozen=True)
class _Tree:
    """An item and what is in it, as it was when the copy began: a copy into itself would have no end."""

    item: Entity
    parts: tuple[_Tree, ...]

    @classmethod
    def of(cls, item: Entity) -> _Tree:
        return cls(item, tuple(cls.of(child) for child in state.children_of(item)))


def _copied(tree: _Tree, folder: Entity, name: str, who: state.Doing) -> Entity:
    if state.is_file(tree.item):
        made = state.add_file(folder, name, state.content_of(tree.item), who)
    else:
        made = state.add_folder(folder, name, who)
        for part in tree.parts:
            _copied(part, made, part.item["name"], who)
    made.values["description"] = tree.item.get("description")
    return made
