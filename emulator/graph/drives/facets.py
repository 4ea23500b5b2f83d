"""What an item shows of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from emulator.graph.drives import grants, owners, state
from emulator.graph.drives.documents import size_of_png
from emulator.graph.drives.downloads import download_url
from emulator.graph.drives.files import ending, is_image, media_type
from emulator.graph.drives.service import DOWNLOAD_URL, ctag, drive, etag, item
from emulator.graph.engine.call import Call
from emulator.graph.engine.view import Shown
from emulator.store import Entity

Facet: TypeAlias = Callable[[Entity, Call], Any]


def parent_reference(entity: Entity) -> dict[str, Any]:
    """Where an item lies."""
    of = state.drive(entity)
    head = {"driveType": of["driveType"], "driveId": of.id}
    parent = state.parent_of(entity)
    if parent is None:
        return head
    path = "/".join([f"/drives/{of.id}/root:", *state.names_below(parent)])
    return {**head, "id": parent.id, "name": parent["name"], "path": path}


def file_facet(entity: Entity) -> dict[str, Any] | None:
    """What kind of file it is, and its hashes; a drive of one's own tells of more of them than one at work."""
    if not state.is_file(entity):
        return None
    hashes = state.content_of(entity).hashes
    return {"hashes": hashes, "mimeType": media_type(entity["name"])}


def folder_facet(entity: Entity) -> dict[str, Any] | None:
    return {"childCount": len(entity.state["children"])} if state.is_folder(entity) else None


def shared_facet(entity: Entity) -> dict[str, Any] | None:
    """With how many an item is shared, if it is."""
    found = grants.grants_of(entity)
    if not found:
        return None
    scopes = {(grant.get("link") or {}).get("scope", "users") for grant in found}
    return {
        "scope": next(scope for scope in ("anonymous", "organization", "users") if scope in scopes or scope == "users")
    }


def image_facet(entity: Entity) -> dict[str, Any] | None:
    if not state.is_file(entity) or not is_image(entity["name"]):
        return None
    size = size_of_png(state.content_of(entity).data)
    return {"width": size[0], "height": size[1]} if size else {}


def _file_system(entity: Entity) -> dict[str, Any]:
    stored = entity.values.get("fileSystemInfo") or {}
    return {
        "createdDateTime": entity["createdDateTime"],
        "lastModifiedDateTime": entity["lastModifiedDateTime"],
        **stored,
    }


def _bundle(entity: Entity) -> dict[str, Any] | None:
    if not state.is_bundle(entity):
        return None
    return {"childCount": len(entity.state["bundled"]), **({"album": {}} if entity.state["album"] else {})}


def _publication(entity: Entity) -> dict[str, Any] | None:
    if not state.is_file(entity):
        return None
    holder = entity.state["checkout"]
    return {"level": "checkout" if holder else "published", "versionId": f"{entity.state['number']}.0"}


def _ids(entity: Entity) -> dict[str, Any]:
    of = state.drive(entity)
    return {
        "listItemUniqueId": entity.state["guid"].lower(),
        "listId": str(uuid5(NAMESPACE_URL, f"lists/{of.id}")),
        "siteUrl": of["webUrl"].rpartition("/")[0],
    }


FACETS: dict[str, Facet] = {
    DOWNLOAD_URL: lambda entity, call: download_url(call, entity) if state.is_file(entity) else None,
    "eTag": lambda entity, _: etag(entity),
    "cTag": lambda entity, _: ctag(entity),
    "size": lambda entity, _: state.size_of(entity),
    "webUrl": lambda entity, _: grants.web_address(entity),
    "webDavUrl": lambda entity, _: grants.web_address(entity),
    "parentReference": lambda entity, _: parent_reference(entity),
    "file": lambda entity, _: file_facet(entity),
    "folder": lambda entity, _: folder_facet(entity),
    "root": lambda entity, _: {} if entity is state.root_of(state.drive(entity)) else None,
    "shared": lambda entity, _: shared_facet(entity),
    "image": lambda entity, _: image_facet(entity),
    "photo": lambda entity, _: {} if ending(entity["name"]) in {"jpg", "jpeg"} and state.is_file(entity) else None,
    "specialFolder": lambda entity, _: {"name": entity.state["special"]} if "special" in entity.state else None,
    "fileSystemInfo": lambda entity, _: _file_system(entity),
    "bundle": lambda entity, _: _bundle(entity),
    "publication": lambda entity, _: _publication(entity),
    "sharepointIds": lambda entity, _: _ids(entity),
    "remoteItem": lambda *_: None,
    "deleted": lambda entity, _: {"state": "deleted"} if entity.id in state.drive(entity).state["bin"] else None,
}


def _of_items(name: str, facet: Facet) -> Callable[[Shown], Any]:
    """Items that are only made for an answer, as those in others' drives are, bring their facets along."""

    def shown_facet(shown: Shown) -> Any:  # noqa: ANN401 - JSON values
        entity = shown.entity
        return facet(entity, shown.view.call) if "guid" in entity.state else entity.get(name)

    return shown_facet


for _name, _facet in FACETS.items():
    item.computed(_name)(_of_items(_name, _facet))


def remote(call: Call, entity: Entity, **more: Any) -> Entity:  # noqa: ANN401 - facets
    """An item of somebody else's drive, as one's own lists show it."""
    names = ("webUrl", "parentReference", "file", "folder", "fileSystemInfo", "image")
    facets = {name: FACETS[name](entity, call) for name in names}
    stored = {
        name: entity[name]
        for name in ("id", "name", "createdBy", "createdDateTime", "lastModifiedBy", "lastModifiedDateTime")
    }
    inner = {**stored, "size": state.size_of(entity), **facets}
    outer = {
        name: stored[name]
        for name in ("id", "name", "createdBy", "createdDateTime", "lastModifiedBy", "lastModifiedDateTime")
    }
    body = {name: value for name, value in {**inner, **more}.items() if value is not None}
    values = {**outer, "size": inner["size"], "webUrl": inner["webUrl"], "remoteItem": body}
    values |= {name: facets[name] for name in ("file", "folder") if facets[name] is not None}
    return Entity(entity.kind, values, entity.changes)


@drive.computed("owner")
def owner(shown: Shown) -> Any:  # noqa: ANN401 - an identity set
    """Whose drive it is."""
    return owners.owner_identity(shown.entity)


@drive.computed("quota")
def quota(shown: Shown) -> dict[str, Any]:
    """How full it is; the recycle bin counts."""
    of = shown.entity
    total, used = of.state["quota"], state.used(of)
    deleted = sum(state.size_of(gone) for gone in of.state["bin"].values())
    left = max(0, total - used - deleted)
    return {"deleted": deleted, "remaining": left, "state": _state(left, total), "total": total, "used": used}


@drive.computed("lastModifiedDateTime")
def last_modified(shown: Shown) -> Any:  # noqa: ANN401 - a moment
    """When anything in it last changed."""
    return state.root_of(shown.entity)["lastModifiedDateTime"]


@drive.computed("createdBy", "lastModifiedBy")
def made_by(shown: Shown) -> Any:  # noqa: ANN401 - an identity set
    return {"user": {"displayName": "System Account"}}


def _state(left: int, total: int) -> str:
    if left == 0:
        return "exceeded"
    return "critical" if left < total // 100 else "nearing" if left < total // 10 else "normal"
