"""Finding things: search, what changed, what was used lately, what others shared, what one follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.graph.drives import grants, owners, state
from emulator.graph.drives.earlier import left_at
from emulator.graph.drives.facets import remote
from emulator.graph.drives.places import acting_drive
from emulator.graph.drives.service import doing, drive, item, item_answer, listing, person
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.deltas import DeltaRules, delta
from emulator.graph.engine.query import Query
from emulator.graph.engine.rendering import rendered
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import View
from emulator.schema import schema
from emulator.store import Entity, Removed, Slice

_RECENT = ("create", "edit", "access")


@drive.operation("search")
@item.operation("search")
def search(call: Call, target: Target) -> Answer:
    """Everything below a folder whose name or text has all the words."""
    entity = target.thing
    base = state.root_of(entity) if "root" in entity.state else entity
    words = target.arguments.get("q", "").lower().replace('"', " ").split()
    found = [one for one in state.descendants(base) if one is not base and _has(one, words)]
    found.sort(key=lambda one: _in_name(one, words), reverse=True)
    return listing(call, target, found)


@item.operation("delta")
def changes(call: Call, target: Target) -> Answer:
    """What changed in a folder and below it."""
    base = target.thing
    token = target.arguments.get("token")
    if token is not None:
        # From here on the token is a parameter, so that the links that follow are all of one form.
        path = call.path.rpartition("/")[0] + "/delta"
        call = call.at(call.method, path, (*call.query, ("token", token)))
    members = Slice(
        state.drive(base).set_of("items"),
        lambda one: not state.is_bundle(one) and any(up is base for up in state.lineage(one)),
        lambda one, number: 0 if state.is_bundle(one) else left_at(one, base, number),
    )
    navigation = schema().kind("drive").navigations["items"]
    place = replace(
        target, members=members, entity=None, navigation=navigation, context="Collection(driveItem)", key=""
    )
    return delta(target.service, call, place, _RULES)


@drive.operation("recent")
def recent(call: Call, target: Target) -> Answer:
    """What the person made, changed or opened lately, wherever it lies."""
    me = person(call, target) or target.thing.state["owner"]
    used: list[tuple[str, Entity]] = []
    for of in state.drives_of(call.tenant):
        for entity in state.items_of(of):
            moments = [stamp for what, who, stamp in entity.state["activity"] if who == me.id and what in _RECENT]
            if moments and state.is_file(entity):
                used.append((max(moments), entity))
    used.sort(key=lambda pair: pair[0], reverse=True)
    own = me.state.get("drive")
    return listing(call, target, [one if state.drive(one) is own else remote(call, one) for _, one in used])


@drive.operation("sharedWithMe")
def shared_with_me(call: Call, target: Target) -> Answer:
    """What others let the person see."""
    me = person(call, target) or target.thing.state["owner"]
    found = [
        (entity, grant) for entity, grant in grants.shared_with(call.tenant, me) if grants.is_live(grant, call.stamp)
    ]
    return listing(call, target, [remote(call, entity, shared=_shared(entity, grant)) for entity, grant in found])


@item.operation("follow")
def follow(call: Call, target: Target) -> Answer:
    """Keep an item in one's list of those to follow."""
    state.follow(target.thing, acting_drive(call, target))
    state.note(target.thing, "follow", doing(call))
    return item_answer(call, target, target.thing)


@item.operation("unfollow")
def unfollow(call: Call, target: Target) -> Answer:
    acting_drive(call, target).state["followed"].pop(target.thing.id, None)
    return NO_CONTENT


def _has(entity: Entity, words: list[str]) -> bool:
    name = str(entity["name"]).lower()
    if all(word in name for word in words):
        return True
    text = f"{name}\n{entity.get('description') or ''}\n"
    if state.is_file(entity):
        text += state.content_of(entity).text(name)
    lowered = text.lower()
    return all(word in lowered for word in words)


def _in_name(entity: Entity, words: list[str]) -> int:
    name = str(entity["name"]).lower()
    return sum(word in name for word in words)


def _shared(entity: Entity, grant: Entity) -> dict[str, Any]:
    return {
        "scope": "users",
        "owner": owners.owner_identity(state.drive(entity)),
        "sharedBy": grant.state["by"],
        "sharedDateTime": grant.state["stamp"],
    }


def _gone(_: View, removed: Removed) -> dict[str, Any]:
    entity = removed.entity
    of, parent = state.drive(entity), state.parent_of(entity)
    place = {"driveId": of.id, "driveType": of["driveType"], **({"id": parent.id} if parent else {})}
    kind = "folder" if state.is_folder(entity) else "file"
    return {"id": entity.id, "parentReference": place, kind: {}, "deleted": {"state": "deleted"}}


def _live(view: View, entity: Entity, query: Query) -> dict[str, Any]:
    """As elsewhere, but for the path: folders may have been renamed since."""
    body = rendered(view, view.shown(entity), query, entity.kind)
    if "parentReference" in body:
        body["parentReference"] = {name: value for name, value in body["parentReference"].items() if name != "path"}
    return body


_RULES = DeltaRules(
    days=90,
    page_size=200,
    token="token",  # noqa: S106 - the name of a parameter
    resync_code="resyncChangesApplyDifferences",
    gone=_gone,
    live=_live,
)
