"""What is on a person's desk: the files used lately, shared with the person, and much used around."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from emulator.faults import MethodNotAllowed
from emulator.graph.drives import grants, owners, state
from emulator.graph.drives.documents import docx
from emulator.graph.drives.files import Content, kind_in_words, media_type
from emulator.graph.drives.places import root_site
from emulator.graph.drives.service import insights, shared_insight, transient, trend, used_insight, user
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.target import Target
from emulator.moments import timestamp
from emulator.store import Entity

_TREND = timedelta(days=30)
_MOST = 100


@user.navigation("insights")
def of_person(call: Call, person: Entity) -> Entity:
    """What is computed from what people did."""
    found = transient(call, "itemInsights", {"id": person.id})
    found.state["person"] = person
    return found


@insights.posted("used", "shared", "trending")
def refuse(call: Call, target: Target) -> Answer:
    """They are computed."""
    raise MethodNotAllowed


@used_insight.hook("create")
@trend.hook("create")
@shared_insight.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """Something to look at: a file that the person has just made, or that a colleague shares."""
    person: Entity = target.trail[-1].state["person"]
    is_shared = values.kind.name.endswith("sharedInsight")
    people = call.tenant.people.values()
    maker = next((one for one in people if one is not person), person) if is_shared else person
    who = state.Doing(owners.person_identity(maker), call.stamp, maker.id)
    root = state.root_of(
        state.drive_of(call.tenant, root_site(call.tenant) if is_shared and maker is person else maker)
    )
    entity = state.add_file(root, state.free_name(root, "Notes.docx"), Content(docx(["Notes"])), who)
    if is_shared:
        grant = grants.grant_to(entity, person, "read", who)
        return _insight(call, "sharedInsight", entity, **_sharing(entity, grant))
    return _insight(call, values.kind.name.rpartition(".")[2], entity)


@insights.navigation("used")
def used(call: Call, found: Entity) -> list[Entity]:
    """Files that the person opened or changed, the latest first."""
    person: Entity = found.state["person"]
    used_at: list[tuple[str, Entity]] = []
    for entity in _files(call):
        moments = [
            (stamp, what) for what, who, stamp in entity.state["activity"] if who == person.id and what != "delete"
        ]
        if moments:
            used_at.append((max(moments)[0], entity))
    used_at.sort(key=lambda pair: pair[0], reverse=True)
    return [
        _insight(call, "usedInsight", entity, lastUsed=_usage(entity, person, stamp))
        for stamp, entity in used_at[:_MOST]
    ]


@insights.navigation("shared")
def shared(call: Call, found: Entity) -> list[Entity]:
    """Files that others shared with the person."""
    person: Entity = found.state["person"]
    pairs = grants.shared_with(call.tenant, person)
    return [_insight(call, "sharedInsight", entity, **_sharing(entity, grant)) for entity, grant in pairs[:_MOST]]


@insights.navigation("trending")
def trending(call: Call, found: Entity) -> list[Entity]:
    """Files that many have used lately and that the person may see."""
    person: Entity = found.state["person"]
    since = timestamp(call.now - _TREND)
    weights: Counter[str] = Counter()
    files = {entity.id: entity for entity in _files(call) if grants.level_of(person, entity, call.stamp) >= grants.READ}
    for entity in files.values():
        weights[entity.id] = sum(stamp >= since for _, _, stamp in entity.state["activity"])
    return [
        _insight(
            call, "trending", files[key], weight=float(weight), lastModifiedDateTime=files[key]["lastModifiedDateTime"]
        )
        for key, weight in weights.most_common(_MOST)
        if weight
    ]


def _files(call: Call) -> list[Entity]:
    return [entity for of in state.drives_of(call.tenant) for entity in state.items_of(of) if state.is_file(entity)]


def _insight(call: Call, kind: str, entity: Entity, **more: Any) -> Entity:  # noqa: ANN401 - facets
    of, name = state.drive(entity), str(entity["name"])
    is_person = of.state["owner"].kind.name == "microsoft.graph.user"
    picture = {
        "containerDisplayName": of.state["owner"].get("displayName"),
        "containerType": "OneDriveBusiness" if is_person else "Site",
        "containerWebUrl": of["webUrl"],
        "mediaType": media_type(name),
        "previewImageUrl": None,
        "previewText": "",
        "title": name.rpartition(".")[0] or name,
        "type": "Folder" if state.is_folder(entity) else kind_in_words(name),
    }
    reference = {
        "id": f"drives/{of.id}/items/{entity.id}",
        "type": "microsoft.graph.driveItem",
        "webUrl": grants.web_address(entity),
    }
    return transient(
        call, kind, {"id": entity.id, "resourceReference": reference, "resourceVisualization": picture, **more}
    )


def _usage(entity: Entity, person: Entity, stamp: str) -> dict[str, str]:
    edits = [when for what, who, when in entity.state["activity"] if who == person.id and what in {"create", "edit"}]
    return {"lastAccessedDateTime": stamp, "lastModifiedDateTime": max(edits, default=stamp)}


def _sharing(entity: Entity, grant: Entity) -> dict[str, Any]:
    by = grant.state["by"].get("user") or {}
    detail = {
        "sharedBy": {"address": by.get("email"), "displayName": by.get("displayName"), "id": by.get("id")},
        "sharedDateTime": grant.state["stamp"],
        "sharingReference": {
            "id": grant.id,
            "type": "microsoft.graph.permission",
            "webUrl": grants.web_address(entity),
        },
        "sharingSubject": entity["name"],
        "sharingType": "Link" if grant.get("link") else "Direct",
    }
    return {"lastShared": detail, "sharingHistory": [detail]}
