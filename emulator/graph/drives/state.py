"""Drives and what lies in them. A drive keeps its items in one set; a folder knows its children, an item its parent."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from emulator.graph.drives.earlier import moved
from emulator.graph.drives.errors import BadDriveRequest, NameTaken, NoSuchItem, QuotaReached
from emulator.graph.drives.files import Content
from emulator.graph.drives.names import SPECIAL, SPECIAL_SPELLINGS, checked_name
from emulator.graph.drives.owners import PERSONAL_TENANT, drive_values, identity_of
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Tenant

QUOTA = 1024**4
_PERSONAL_QUOTA = 5 * 1024**3
_SPACE = UUID("3f0c53a2-0b5e-4d0e-9d4e-1f7d1c2a8b60")


@dataclass(frozen=True)
class Doing:
    """Who does something to an item, as an identity set, and when."""

    who: Mapping[str, Any]
    stamp: str
    person_id: str | None = None
    app: str = ""


def drive_of(tenant: Tenant, owner: Entity) -> Entity:
    """The drive of a person, group or site; it is provisioned when it is first asked for."""
    tenant.store.root("drives")  # filled when first looked at
    found = owner.state.get("drive")
    if not isinstance(found, Entity):
        found = owner.state["drive"] = new_drive(tenant, owner)
    return found


def new_drive(tenant: Tenant, owner: Entity, key: str | None = None) -> Entity:
    """An empty drive."""
    values = drive_values(tenant, owner)
    drive = tenant.store.entity(schema().kind("drive"), values | ({"id": key} if key else {}))
    drive.state |= {
        "owner": owner,
        "bin": {},
        "uploads": {},
        "monitors": {},
        "followed": {},
        "key": secrets.token_bytes(16),
    }
    drive.state |= {"number": 100, "quota": _PERSONAL_QUOTA if tenant.id == PERSONAL_TENANT else QUOTA}
    tenant.store.root("drives").add(drive)
    root = _new(drive, "root", Doing(identity_of(owner), drive["createdDateTime"]), None)
    root.state |= {"parent": None, "children": {}}
    drive.state["root"] = root
    drive.set_of("items").add(root)
    return drive


def drives_of(tenant: Tenant) -> list[Entity]:
    """Every drive that there is so far."""
    return list(tenant.store.root("drives"))


def drive(item: Entity) -> Entity:
    """The drive that an item lies in."""
    found: Entity = item.state["drive"]
    return found


def owner_of(item: Entity) -> Entity:
    """Whose drive an item lies in."""
    found: Entity = drive(item).state["owner"]
    return found


def root_of(of: Entity) -> Entity:
    """The topmost folder of a drive."""
    found: Entity = of.state["root"]
    return found


def items_of(of: Entity) -> Iterator[Entity]:
    """Everything that lies in a drive, its root included."""
    return iter(of.set_of("items"))


def parent_of(item: Entity) -> Entity | None:
    found: Entity | None = item.state["parent"]
    return found


def is_folder(item: Entity) -> bool:
    return "children" in item.state


def is_file(item: Entity) -> bool:
    return "content" in item.state


def is_bundle(item: Entity) -> bool:
    return "bundled" in item.state


def children_of(folder: Entity) -> list[Entity]:
    """What lies in a folder, by name; what a bundle holds, in the order it came."""
    if is_bundle(folder):
        return list(folder.state["bundled"].values())
    return sorted(folder.state.get("children", {}).values(), key=lambda item: str(item["name"]).lower())


def lineage(item: Entity) -> Iterator[Entity]:
    """The item, the folder it lies in, and so on up to the root."""
    here: Entity | None = item
    while here is not None:
        yield here
        here = parent_of(here)


def descendants(item: Entity) -> Iterator[Entity]:
    """The item and everything below it."""
    yield item
    for child in tuple(item.state.get("children", {}).values()):
        yield from descendants(child)


def content_of(item: Entity) -> Content:
    """The bytes of a file; a folder has none."""
    found = item.state.get("content")
    if not isinstance(found, Content):
        raise BadDriveRequest("You cannot get content for a folder")
    return found


def size_of(item: Entity) -> int:
    """The bytes of a file, or of all files below a folder."""
    if is_bundle(item):
        return sum(size_of(one) for one in children_of(item))
    return sum(one.state["content"].size for one in descendants(item) if is_file(one))


def names_below(item: Entity) -> list[str]:
    """The names on the way from the root to an item."""
    return [str(one["name"]) for one in lineage(item) if parent_of(one) is not None][::-1]


def called(folder: Entity, name: str) -> Entity | None:
    """The child of this name; case does not matter."""
    wanted = name.lower()
    found = (item for item in folder.state.get("children", {}).values() if str(item["name"]).lower() == wanted)
    return next(found, None)


def at_path(base: Entity, path: str) -> Entity | None:
    """What lies at a path below a folder."""
    here: Entity | None = base
    for name in filter(None, path.split("/")):
        here = called(here, name) if here is not None else None
    return here


def folder_at(base: Entity, names: Iterable[str], doing: Doing) -> Entity:
    """The folder at a path, made where it is missing: an upload to a path makes the folders on the way."""
    here = base
    for name in names:
        found = called(here, name)
        here = add_folder(here, name, doing) if found is None else found
        if not is_folder(here):
            raise BadDriveRequest(f"'{name}' is not a folder.")
    return here


def item_in(of: Entity, key: str) -> Entity:
    """An item of a drive by its id, or by the word `root`."""
    found = root_of(of) if key.lower() == "root" else of.set_of("items").get(key)
    if found is None:
        raise NoSuchItem
    return found


def free_name(folder: Entity, name: str) -> str:
    """The name, with a number where it is taken: `Plan 1.docx`."""
    stem, dot, tail = name.rpartition(".")
    stem, tail = (stem, f"{dot}{tail}") if stem else (name, "")
    number, free = 1, name
    while called(folder, free) is not None:
        free = f"{stem} {number}{tail}"
        number += 1
    return free


def add_folder(parent: Entity, name: str, doing: Doing, key: str | None = None) -> Entity:
    """Make a folder."""
    folder = _new(drive(parent), checked_name(name), doing, key)
    folder.state["children"] = {}
    return _settled(folder, parent, doing)


def become_folder(item: Entity) -> None:
    """What was made without saying what it is turns out to hold something."""
    item.state.pop("content", None)
    item.state["children"] = {}


def add_file(parent: Entity, name: str, content: Content, doing: Doing, key: str | None = None) -> Entity:
    """Put a new file into a folder."""
    item = _new(drive(parent), checked_name(name), doing, key)
    item.state |= {"content": content, "history": [], "checkout": None}
    _noted(item, "create", doing)
    return _settled(item, parent, doing)


def add_bundle(of: Entity, name: str, members: Iterable[Entity], doing: Doing, *, is_album: bool) -> Entity:
    """Gather items without moving them."""
    bundle = _new(of, checked_name(name), doing, None)
    bundle.state |= {"parent": root_of(of), "bundled": {item.id: item for item in members}, "album": is_album}
    return of.set_of("items").add(bundle)


def special_folder(of: Entity, name: str, app: str, doing: Doing) -> Entity | None:
    """A folder by what it is for; it is made when it is first asked for. Nothing for a purpose that does not exist."""
    purpose = name.lower()
    if purpose not in SPECIAL:
        return None
    folder = folder_at(root_of(of), [SPECIAL[purpose]], doing)
    if purpose == "approot":
        folder = folder_at(folder, [app], doing)
    folder.state["special"] = SPECIAL_SPELLINGS.get(purpose, purpose)
    return folder


def check_room(of: Entity, size: int) -> None:
    """Refuse what does not fit any more; folders of made-up files need not be counted for a small one."""
    if size > of.state["quota"] or (size and size > of.state["quota"] - used(of)):
        raise QuotaReached


def used(of: Entity) -> int:
    """The bytes of all files in a drive."""
    return size_of(root_of(of))


def write(item: Entity, content: Content, doing: Doing) -> None:
    """A file's next version."""
    item.state["history"].insert(0, _version_of(item))
    item.state["number"] += 1
    item.state["content"] = content
    item.state["tags"][1] += 1
    _noted(item, "edit", doing)
    changed(item, doing)
    _rippled(parent_of(item), doing)


def changed(item: Entity, doing: Doing, values: Mapping[str, Any] | None = None) -> None:
    """Something about an item is different from now on."""
    item.state["tags"][0] += 1
    item.update({"lastModifiedDateTime": doing.stamp, "lastModifiedBy": dict(doing.who), **(values or {})})


def move(item: Entity, folder: Entity, name: str, doing: Doing) -> None:
    """Give an item another name, another folder, or both."""
    if item in lineage(folder):
        raise BadDriveRequest("An item cannot be moved into itself or into a folder below it.")
    other = called(folder, checked_name(name))
    if other is not None and other is not item:
        raise NameTaken
    old = parent_of(item)
    if old is not None and old is not folder:
        old.state["children"].pop(item.id, None)
        folder.state["children"][item.id] = item
        item.state["parent"] = folder
        _noted(item, "move", doing)
        _rippled(old, doing)
        _rippled(folder, doing)
    changed(item, doing, {"name": name})
    if old is not folder:
        moved(item, old)


def recycle(item: Entity, doing: Doing) -> None:
    """Take an item and what is below it out of the drive, to be had back from the recycle bin."""
    of, parent = drive(item), parent_of(item)
    if is_bundle(item):
        of.set_of("items").discard(item)
        return
    if parent is None:
        raise BadDriveRequest("The root of a drive cannot be deleted.")
    parent.state["children"].pop(item.id, None)
    _noted(item, "delete", doing)
    buried = list(descendants(item))
    for one in reversed(buried):
        of.set_of("items").discard(one)
        of.state["followed"].pop(one.id, None)
    moved(item, parent)
    of.state["bin"][item.id] = item
    _rippled(parent, doing)


def unearth(item: Entity, folder: Entity, name: str, doing: Doing) -> None:
    """Bring an item back from the recycle bin, with everything below it."""
    if called(folder, checked_name(name)) is not None:
        raise NameTaken
    of = drive(item)
    of.state["bin"].pop(item.id, None)
    item.state["parent"] = folder
    folder.state["children"][item.id] = item
    for one in descendants(item):
        of.set_of("items").add(one)
    changed(item, doing, {"name": name})
    moved(item, None)
    _rippled(folder, doing)


def purge(item: Entity, doing: Doing) -> None:
    """Delete for good, from the drive or from its recycle bin."""
    if item.id not in drive(item).state["bin"]:
        recycle(item, doing)
    drive(item).state["bin"].pop(item.id, None)


def follow(item: Entity, of: Entity) -> None:
    """Keep an item among those that the owner of a drive follows."""
    of.state["followed"][item.id] = item


def note(item: Entity, what: str, doing: Doing) -> None:
    """Remember that somebody did something with an item: opened it, shared it."""
    _noted(item, what, doing)


def _version_of(item: Entity) -> dict[str, Any]:
    return {
        "id": f"{item.state['number']}.0",
        "lastModifiedDateTime": item["lastModifiedDateTime"],
        "lastModifiedBy": item["lastModifiedBy"],
        "content": item.state["content"],
    }


def versions_of(item: Entity) -> list[dict[str, Any]]:
    """The versions of a file, newest first; the first is the file as it is."""
    content_of(item)
    return [_version_of(item), *item.state["history"]]


def _new(of: Entity, name: str, doing: Doing, key: str | None) -> Entity:
    of.state["number"] += 1
    guid = str(uuid5(_SPACE, f"{of.id}/{of.state['number']}")).upper()
    values = {
        "id": key or _item_id(of, guid),
        "name": name,
        "createdDateTime": doing.stamp,
        "lastModifiedDateTime": doing.stamp,
        "createdBy": dict(doing.who),
        "lastModifiedBy": dict(doing.who),
        "fileSystemInfo": {"createdDateTime": doing.stamp, "lastModifiedDateTime": doing.stamp},
    }
    item = Entity(schema().kind("driveItem"), values, of.changes)
    item.state |= {"drive": of, "guid": guid, "tags": [1, 1], "number": 1, "activity": []}
    return item


def _settled(item: Entity, parent: Entity, doing: Doing) -> Entity:
    if not is_folder(parent):
        raise BadDriveRequest("Items can only be put into folders.")
    if called(parent, item["name"]) is not None:
        raise NameTaken
    item.state["parent"] = parent
    # First the folder, so that a delta query tells of it before it tells of what is in it.
    _rippled(parent, doing)
    parent.state["children"][item.id] = item
    drive(item).set_of("items").add(item)
    moved(item, None)
    return item


def _rippled(folder: Entity | None, doing: Doing) -> None:
    """A folder's content tag and date change with what lies in it."""
    if folder is not None:
        folder.state["tags"][1] += 1
        changed(folder, doing)


def _noted(item: Entity, what: str, doing: Doing) -> None:
    item.state["activity"].append((what, doing.person_id, doing.stamp))


def _item_id(of: Entity, guid: str) -> str:
    if of.get("driveType") == "personal":
        return f"{of.id.upper()}!{of.state['number']}"
    head = hashlib.sha256(of.id.encode()).digest()[:4]
    return "01" + base64.b32encode(head + UUID(guid).bytes).decode().rstrip("=")
