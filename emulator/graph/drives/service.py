"""The workload and its types; the modules beside this one say what each can do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.graph.drives import owners, state
from emulator.graph.drives.errors import ItemLocked, ItemModified
from emulator.graph.engine import reading, writing
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.dialects import SHAREPOINT
from emulator.graph.engine.resolving import entered
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import View
from emulator.graph.engine.workload import Page, Workload
from emulator.schema import schema
from emulator.store import Entity

drives = Workload("drives", SHAREPOINT)

DOWNLOAD_URL = "@microsoft.graph.downloadUrl"
_FIRST = (
    DOWNLOAD_URL, "createdDateTime", "description", "eTag", "id", "lastModifiedDateTime", "name", "webUrl", "cTag",
    "size", "createdBy", "lastModifiedBy", "parentReference",
)  # fmt: skip
_ON_REQUEST = frozenset({"content", "sharepointIds", "webDavUrl", "publication", *_FIRST})
_FACETS = tuple(name for name in schema().kind("driveItem").properties if name not in _ON_REQUEST)

drive = drives.type("drive", hidden=frozenset({"sharePointIds"}), fixed=frozenset({"quota", "owner", "driveType"}))
item = drives.type("driveItem", default=(*_FIRST, *_FACETS), page=Page(200, 999))
permission = drives.type("permission", fixed=frozenset({"link", "inheritedFrom", "shareId", "hasPassword"}))
version = drives.type("driveItemVersion")
thumbnails = drives.type("thumbnailSet")
shared_item = drives.type("sharedDriveItem")
site = drives.type("site", hidden=frozenset({"sharepointIds", "error"}), page=Page(200, 999))
label = drives.type("itemRetentionLabel")
analytics = drives.type("itemAnalytics")
drives.type("itemActivityStat")
insights = drives.type("itemInsights")
used_insight = drives.type("usedInsight")
shared_insight = drives.type("sharedInsight")
trend = drives.type("trending")
user = drives.type("user")
group = drives.type("group")


def doing(call: Call) -> state.Doing:
    """Who calls, and when, for what is kept of it."""
    me = call.me
    known = (one for one in call.tenant.store.root("servicePrincipals") if one.get("appId") == call.caller.app_id)
    app = next((str(one.get("displayName")) for one in known), call.caller.app_id)
    if me is not None:
        return state.Doing(owners.person_identity(me), call.stamp, me.id, app)
    return state.Doing({"application": {"id": call.caller.app_id, "displayName": app}}, call.stamp, None, app)


def person(call: Call, target: Target) -> Entity | None:
    """On whose behalf: the signed-in person, or for an app the person whose path it is."""
    if call.me is not None:
        return call.me
    home = target.home
    return home if home is not None and home.kind.name == "microsoft.graph.user" else None


def etag(entity: Entity) -> str:
    """The tag that changes with everything."""
    return f'"{{{entity.state["guid"]}}},{entity.state["tags"][0]}"'


def ctag(entity: Entity) -> str:
    """The tag that changes with the content."""
    return f'"c:{{{entity.state["guid"]}}},{entity.state["tags"][1]}"'


def matches(tags: str, entity: Entity) -> bool:
    """Whether a header of a condition names the item as it is."""
    known = {_bare(etag(entity)), _bare(ctag(entity))}
    return tags.strip() == "*" or any(_bare(tag) in known for tag in _listed(tags))


def check_match(call: Call, entity: Entity) -> None:
    """Refuse a change that was made for an earlier state of the item, or that somebody else has reserved."""
    wanted = call.headers.get("if-match")
    if wanted and not matches(wanted, entity):
        raise ItemModified
    holder = entity.state.get("checkout")
    if holder is not None and holder != (call.me.id if call.me else call.caller.app_id):
        raise ItemLocked


def conflict_wish(call: Call, annotations: dict[str, Any], usual: str) -> str:
    """What the caller wants where the name is taken: `fail`, `replace` or `rename`."""
    names = ("@microsoft.graph.conflictbehavior", "@name.conflictbehavior")
    given = {name.lower(): value for name, value in annotations.items()}
    wished = next((given[name] for name in names if name in given), None)
    wished = wished or next((call.plain(name) for name in names if call.plain(name)), None)
    return wished.lower() if isinstance(wished, str) and wished.lower() in {"fail", "replace", "rename"} else usual


def item_answer(call: Call, target: Target, found: Entity, status: int = 200) -> Answer:
    """An answer with one item."""
    kind = schema().kind("driveItem")
    navigation = schema().kind("drive").navigations["items"]
    place = replace(target, kind=kind, rules=target.service.rules(kind), navigation=navigation, casts=())
    answer = writing.shown_entity(target.service, call, entered(place, found), status)
    where = {"Location": f"{call.root}/drives/{found.state['drive'].id}/items/{found.id}"} if status == 201 else {}
    return Answer(answer.body, answer.status, {**answer.headers, **where, "ETag": etag(found)})


def listing(call: Call, target: Target, found: list[Entity], kind: str = "driveItem") -> Answer:
    """A page of things that were gathered for this call."""
    holder, name = _HOLDERS[kind]
    place = replace(
        target,
        kind=schema().kind(kind),
        rules=target.service.rules(schema().kind(kind)),
        navigation=schema().kind(holder).navigations[name],
        members=found,
        entity=None,
        casts=(),
        context=f"Collection({kind})",
        key="",
    )
    return reading.page(reading.view_of(target.service, call, place))


def transient(view_or_call: Call, kind: str, values: dict[str, Any]) -> Entity:
    """Something that is only made for an answer."""
    return view_or_call.tenant.store.entity(schema().kind(kind), values)


@item.hook("one")
def one(view: View, found: Entity) -> Answer:
    """An item with its tag, or the news that nothing is new."""
    if "guid" not in found.state:
        return Answer(reading.body_of(view, found))
    tags = view.call.headers.get("if-none-match")
    if tags and matches(tags, found):
        return Answer(None, 304, {"ETag": etag(found)})
    return Answer(reading.body_of(view, found), headers={"ETag": etag(found)})


_HOLDERS = {
    "driveItem": ("drive", "items"),
    "permission": ("driveItem", "permissions"),
    "itemActivityStat": ("itemAnalytics", "itemActivityStats"),
    "site": ("site", "sites"),
}


def _bare(tag: str) -> str:
    return tag.strip().removeprefix("W/").strip('"')


def _listed(tags: str) -> list[str]:
    """The tags of a header; the comma in each is part of it."""
    parts = tags.split('",')
    return [part if part.endswith('"') else f'{part}"' for part in parts] if len(parts) > 1 else [tags]
