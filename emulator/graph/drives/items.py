"""Files and folders: made, renamed, moved, deleted, brought back."""

from __future__ import annotations

from typing import Any

from emulator.graph.drives import names, state
from emulator.graph.drives.documents import docx
from emulator.graph.drives.errors import AccessDenied, BadDriveRequest, NameTaken, NoSuchItem
from emulator.graph.drives.files import EMPTY, Content
from emulator.graph.drives.places import parent_and_name, reached, root_site
from emulator.graph.drives.service import check_match, conflict_wish, doing, drive, item, item_answer
from emulator.graph.drives.uploading import finish_from_source
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.plan import ToPath
from emulator.graph.engine.target import Target
from emulator.graph.engine.writing import body_for, made
from emulator.store import Entity

_KEPT = ("description", "fileSystemInfo", "location", "photo", "audio", "video", "malware")


@item.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """A folder or an empty file; with the address of an upload whose name was taken, that file."""
    if isinstance(target.plan.last, ToPath):
        folder, names = parent_and_name(target)
        parent = state.folder_at(folder, names[:-1], doing(call))
        values["name"] = names[-1] if names else values.get("name")
    else:
        parent = _parent(call, target)
    if "@microsoft.graph.sourceUrl" in values.annotations:
        return finish_from_source(call, parent, values)
    if _is_asked(call) and not {"folder", "file", "bundle", "remoteItem"} & set(values):
        raise BadDriveRequest("An item needs a folder or a file facet.")
    found = _made(call, parent, values)
    if target.navigation is not None and target.navigation.name == "following":
        state.follow(found, state.drive(found))
    return found


@drive.hook("update")
def update_drive(_: Call, of: Entity, values: Values) -> None:
    """Only its name and description are anybody's to change."""
    of.update({name: values[name] for name in ("name", "description") if name in values})


@drive.hook("delete")
def delete_drive(_: Call, of: Entity, target: Target) -> None:
    raise AccessDenied


@drive.hook("create")
def create_drive(call: Call, target: Target, values: Values) -> Entity:
    """One more library, under the id given; no permission lets a caller ask for one."""
    owner = target.owner or call.me or root_site(call.tenant)
    return state.new_drive(call.tenant, owner, values.get("id"))


@drive.posted("items", "following", "special")
def refuse_loose(call: Call, target: Target) -> Answer:
    """Items are made in folders."""
    raise BadDriveRequest("Items can only be created in a folder.")


@item.posted("children")
def add_child(call: Call, target: Target) -> Answer:
    """POST to a folder makes something in it, to a bundle adds an item that exists."""
    folder = target.owner
    if folder is None:
        raise NoSuchItem
    if state.is_bundle(folder):
        member = state.item_in(state.drive(folder), str(call.json.get("id")))
        folder.state["bundled"][member.id] = member
        state.changed(folder, doing(call))
        return NO_CONTENT
    values = body_for(call, target)
    call.state["asked"] = True
    return item_answer(call, target, made(target.service, call, target, values), 201)


@drive.posted("bundles")
def add_bundle(call: Call, target: Target) -> Answer:
    """A new bundle or album of items that exist."""
    of = target.owner
    if of is None:
        raise NoSuchItem
    values = body_for(call, target)
    if not isinstance(values.get("bundle"), dict):
        raise BadDriveRequest("A bundle needs a bundle facet.")
    listed = call.json.get("children")
    wanted = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    members = [state.item_in(of, str(part.get("id"))) for part in wanted]
    is_album = values["bundle"].get("album") is not None
    name = names.checked_name(values.get("name"))
    found = state.add_bundle(of, name, members, doing(call), is_album=is_album)
    return item_answer(call, target, found, 201)


@item.hook("update")
def update(call: Call, entity: Entity, values: Values) -> None:
    """Another name, another place, or other details."""
    check_match(call, entity)
    who = doing(call)
    folder = _wanted_folder(call, entity, values)
    name = values.get("name") or entity["name"]
    if state.parent_of(entity) is None and (name != entity["name"] or folder is not None):
        raise BadDriveRequest("The root of a drive can be neither renamed nor moved.")
    details = {name: values[name] for name in _KEPT if name in values}
    if "fileSystemInfo" in details:
        details["fileSystemInfo"] = {**(entity.get("fileSystemInfo") or {}), **(details["fileSystemInfo"] or {})}
    entity.values.update(details)
    parent = folder or state.parent_of(entity)
    if parent is not None and (name != entity["name"] or folder is not None) and not state.is_bundle(entity):
        name = _settled_name(call, parent, entity, name, values.annotations)
        state.move(entity, parent, name, who)
    elif values:
        state.changed(entity, who, {"name": name})


@item.hook("delete")
def delete(call: Call, entity: Entity, target: Target) -> None:
    """Into the recycle bin; what is taken out of a bundle stays where it lies."""
    owner = target.owner
    if owner is not None and "guid" in owner.state and state.is_bundle(owner):
        owner.state["bundled"].pop(entity.id, None)
        state.changed(owner, doing(call))
        return
    check_match(call, entity)
    state.recycle(entity, doing(call))


@item.operation("restore")
def restore(call: Call, target: Target) -> Answer:
    """Back from the recycle bin, to where it was or to another folder."""
    entity = target.thing
    of = state.drive(entity)
    wish = call.json.get("parentReference")
    folder = state.parent_of(entity)
    if isinstance(wish, dict) and wish.get("id"):
        folder = reached(call, state.item_in(of, str(wish["id"])))
    if folder is None or (folder is not state.root_of(of) and folder.id not in of.set_of("items").entities):
        folder = state.root_of(of)
    name = call.json.get("name") or entity["name"]
    if entity.id in of.state["bin"]:
        state.unearth(entity, folder, name, doing(call))
    elif state.parent_of(entity) is not None:
        state.move(entity, folder, names.checked_name(name), doing(call))
    return item_answer(call, target, entity)


@item.operation("permanentDelete")
def permanent_delete(call: Call, target: Target) -> Answer:
    """Past the recycle bin, for good."""
    check_match(call, target.thing)
    state.purge(target.thing, doing(call))
    return NO_CONTENT


def referred_folder(call: Call, entity: Entity, wish: Any) -> Entity:  # noqa: ANN401 - a JSON value
    """The folder that a `parentReference` names, by id or by path, in this drive or in another."""
    if not isinstance(wish, dict) or not (wish.get("id") or wish.get("path") or wish.get("driveId")):
        raise BadDriveRequest("The parentReference must name a folder by its id or path.")
    of = state.drive(entity)
    if wish.get("driveId"):
        drives = call.tenant.store.root("drives")
        found = drives.get(str(wish["driveId"])) or drives.get(str(wish["driveId"]).lower())
        if found is None:
            raise NoSuchItem
        of = found
    if wish.get("id"):
        folder: Entity | None = state.item_in(of, str(wish["id"]))
    else:
        folder = state.at_path(state.root_of(of), str(wish.get("path") or "").partition("root:")[2])
    if folder is None:
        raise NoSuchItem
    return reached(call, folder)


def _wanted_folder(call: Call, entity: Entity, values: Values) -> Entity | None:
    wish = {name: value for name, value in (values.get("parentReference") or {}).items() if value is not None}
    if not {"id", "path"} & set(wish):
        return None
    folder = referred_folder(call, entity, wish)
    if state.drive(folder) is not state.drive(entity):
        raise BadDriveRequest("Items cannot be moved between drives by this request.")
    return folder


def _settled_name(call: Call, parent: Entity, entity: Entity, name: str, annotations: dict[str, Any]) -> str:
    other = state.called(parent, names.checked_name(name))
    if other is None or other is entity:
        return name
    wish = conflict_wish(call, annotations, "fail")
    if wish == "rename":
        return state.free_name(parent, name)
    if wish == "replace" and state.is_file(other):
        state.recycle(other, doing(call))
        return name
    raise NameTaken


def _made(call: Call, parent: Entity, values: Values) -> Entity:
    """A new item; one that is made without a request, to have something to look at, need not say what it is."""
    who = doing(call)
    asked = _is_asked(call)
    key = None if asked else values.get("id")
    name = str(values.get("name") or ("" if asked else f"{key or 'Item'}.docx"))
    wish = conflict_wish(call, values.annotations, "fail" if asked else "rename")
    other = state.called(parent, names.checked_name(name))
    if other is not None and wish == "rename":
        name = state.free_name(parent, name)
    elif other is not None and wish == "replace" and state.is_folder(other) and values.get("folder") is not None:
        return other
    elif other is not None:
        raise NameTaken
    if values.get("bundle") is not None:
        return state.add_bundle(state.drive(parent), name, (), who, is_album=False)
    if values.get("folder") is not None:
        return _detailed(state.add_folder(parent, name, who, key), values)
    content = EMPTY if asked else Content(docx([name]))
    return _detailed(state.add_file(parent, name, content, who, key), values)


def _detailed(entity: Entity, values: Values) -> Entity:
    entity.values.update({name: values[name] for name in _KEPT if name in values and name != "fileSystemInfo"})
    if isinstance(values.get("fileSystemInfo"), dict):
        entity.values["fileSystemInfo"] |= values["fileSystemInfo"]
    return entity


def _parent(call: Call, target: Target) -> Entity:
    owner = target.owner
    if owner is None:
        raise NoSuchItem
    if "root" in owner.state:
        return state.root_of(owner)
    if not state.is_folder(owner):
        if _is_asked(call):
            raise BadDriveRequest("Items can only be put into folders.")
        state.become_folder(owner)
    return owner


def _is_asked(call: Call) -> bool:
    """Whether a caller wants it, or it is made to have something to look at."""
    return bool(call.state.get("asked")) or call.method == "PUT"
