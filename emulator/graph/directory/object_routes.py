"""What Graph says of directory objects of any type: all of them as one set, and their changes."""

from __future__ import annotations

from typing import Any

from emulator.faults import DirectoryBadRequest
from emulator.graph.engine import deltas
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.query import Query
from emulator.graph.engine.rendering import rendered
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import View
from emulator.graph.engine.workload import Workload
from emulator.graph.groups.errors import Unprocessable
from emulator.graph.groups.naming import problems
from emulator.graph.groups.telling import member_changes
from emulator.graph.roles.state import administrative_units
from emulator.store import Entity, Joined
from emulator.tenant import DIRECTORY_ROOTS

directory_objects = Workload("directoryObjects", DIRECTORY)

any_object = directory_objects.type("directoryObject")
_WITH_MEMBERS = frozenset(
    {"microsoft.graph.group", "microsoft.graph.directoryRole", "microsoft.graph.administrativeUnit"}
)
_with_members = member_changes("members")


@directory_objects.root("directoryObjects")
def all_objects(call: Call) -> Joined:
    """Everything that the directory holds."""
    roots = (call.tenant.store.root(name) for name in DIRECTORY_ROOTS)
    return Joined(*roots, administrative_units(call.tenant))


@any_object.collection_operation("validateProperties")
def validate(call: Call, target: Target) -> Answer:
    """Whether a new Microsoft 365 group might have these names."""
    given = arguments(call, target)
    if str(given.get("entityType") or "Group").lower() != "group":
        raise DirectoryBadRequest("Invalid value specified for property 'entityType'.")
    behalf = given.get("onBehalfOfUserId")
    maker = call.tenant.directory_object(str(behalf)) if behalf else call.me
    wrong = problems(call.tenant, given.get("displayName"), given.get("mailNickname"), maker)
    if wrong:
        raise Unprocessable(wrong)
    return NO_CONTENT


@any_object.collection_operation("delta")
def delta(call: Call, target: Target) -> Answer:
    """Changes of objects, those with members together with who came and went."""
    return deltas.delta(target.service, call, target, deltas.DeltaRules(live=_told))


def _told(view: View, entity: Entity, query: Query) -> dict[str, Any]:
    if entity.kind.name in _WITH_MEMBERS:
        return _with_members(view, entity, query)
    return {**rendered(view, view.shown(entity), query, view.target.kind), "id": entity.id}
