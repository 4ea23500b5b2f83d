"""Where drives are found and who may enter them: people, groups, sites, paths, special folders."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from emulator.faults import ResourceNotFound
from emulator.graph.drives import grants, state
from emulator.graph.drives.errors import AccessDenied, BadDriveRequest, NoSuchItem
from emulator.graph.drives.owners import drive_values
from emulator.graph.drives.service import (
    doing,
    drive,
    drives,
    group,
    item,
    permission,
    person,
    thumbnails,
    user,
    version,
)
from emulator.graph.engine.call import Call
from emulator.graph.engine.permits import has_any
from emulator.graph.engine.plan import ToPath
from emulator.graph.engine.target import Target
from emulator.schema import schema
from emulator.store import Entity, Items
from emulator.tenant import Tenant

_BEYOND = (
    "Files.Read.All",
    "Files.ReadWrite.All",
    "Sites.Read.All",
    "Sites.ReadWrite.All",
    "Sites.Manage.All",
    "Sites.FullControl.All",
)
_GROUPS = ("Group.Read.All", "Group.ReadWrite.All")
_READS = frozenset({"follow", "unfollow", "preview", "copy", "validatepermission", "extractsensitivitylabels"})
_MAKES_DRIVES = ("microsoft.graph.user", "microsoft.graph.group", "microsoft.graph.site")


def root_site(tenant: Tenant) -> Entity:
    """The site that every organisation has."""
    sites = tenant.store.root("sites")
    found = next((one for one in sites if one.state.get("is_root")), None)
    return found or _made_root_site(tenant, sites)


@drives.root("drive")
def my_drive(call: Call) -> Entity:
    """`/drive`: the caller's own; an app on its own has that of the root site."""
    return state.drive_of(call.tenant, call.me or root_site(call.tenant))


@user.navigation("drive")
def persons_drive(call: Call, owner: Entity) -> Entity:
    """A guest has none."""
    if owner.get("userType") == "Guest":
        raise ResourceNotFound("User's mysite not found.", code="itemNotFound")
    return state.drive_of(call.tenant, owner)


@group.navigation("drive")
def groups_drive(call: Call, owner: Entity) -> Entity:
    """Only a Microsoft 365 group has one."""
    if "Unified" not in owner.get("groupTypes"):
        raise ResourceNotFound("Resource provisioned for this group was not found.", code="itemNotFound")
    return state.drive_of(call.tenant, owner)


@user.navigation("drives")
def persons_drives(call: Call, owner: Entity) -> list[Entity]:
    return [persons_drive(call, owner)] if owner.get("userType") != "Guest" else []


@group.navigation("drives")
def groups_drives(call: Call, owner: Entity) -> list[Entity]:
    return [groups_drive(call, owner)]


@drive.navigation("root")
def root(_: Call, of: Entity) -> Entity:
    return state.root_of(of)


@drive.navigation("items")
def items(_: Call, of: Entity) -> Items:
    return of.set_of("items")


@drive.navigation("special")
def special(_: Call, of: Entity) -> list[Entity]:
    return [entity for entity in state.items_of(of) if "special" in entity.state]


@drive.navigation("bundles")
def bundles(_: Call, of: Entity) -> list[Entity]:
    return [entity for entity in state.items_of(of) if state.is_bundle(entity)]


@drive.navigation("following")
def following(_: Call, of: Entity) -> list[Entity]:
    return list(of.state["followed"].values())


@drive.hook("find")
def find_drive(call: Call, _: Target, key: str) -> Entity | None:
    """By id; one that nobody has opened yet is provisioned now."""
    found = call.tenant.store.root("drives").get(key)
    if found is not None or not key.startswith("b!"):
        return found
    owners = (one for name in ("users", "groups") for one in call.tenant.store.root(name))
    owner = next((one for one in owners if drive_values(call.tenant, one)["id"] == key), None)
    return None if owner is None else state.drive_of(call.tenant, owner)


@item.hook("find")
def find_item(call: Call, target: Target, key: str) -> Entity | None:
    """By path, by the word `root`, by the purpose of a special folder; from the recycle bin where that is meant."""
    if key.startswith(":"):
        return state.at_path(target.thing, key[1:])
    of = target.owner
    if of is None or target.navigation is None or "bin" not in of.state:
        return None
    if target.navigation.name == "special":
        found = state.special_folder(of, key, call.caller.app_id, doing(call))
        if found is None and of.set_of("items").get(key) is None:
            raise BadDriveRequest("The special folder identifier is not valid")
        return found
    if key.lower() == "root" and target.navigation.name == "items":
        return state.root_of(of)
    name = target.plan.operation.name if target.plan.operation else ""
    return of.state["bin"].get(key) if name in {"restore", "permanentdelete"} else None


@item.navigation("children")
def children(call: Call, folder: Entity) -> list[Entity]:
    """What lies in it."""
    return state.children_of(folder) if "guid" in folder.state else []


@item.navigation("createdByUser", "lastModifiedByUser")
def _author(call: Call, entity: Entity) -> Entity | None:
    user_id = ((entity.get("createdBy") or {}).get("user") or {}).get("id")
    return call.tenant.people.get(user_id) if user_id else None


@drive.hook("check")
@item.hook("check")
@permission.hook("check")
@version.hook("check")
@thumbnails.hook("check")
def check(call: Call, target: Target) -> None:
    """Refuse what the permission table alone would let through: somebody else's files."""
    me = call.me
    place = next((entity for entity in reversed(target.trail) if "guid" in entity.state or "bin" in entity.state), None)
    if me is None or place is None:
        return
    of = place if "bin" in place.state else state.drive(place)
    link = next((entity.state.get("link") for entity in target.trail if "link" in entity.state), None)
    needed = _needed(call, target)
    if link is not None and grants.level_by(link) >= needed:
        return
    if not _scopes_reach(call, of):
        raise AccessDenied
    if place is of:
        _check_drive(call, of, me)
    elif grants.level_of(me, place, call.stamp) < needed:
        raise AccessDenied


def _check_drive(call: Call, of: Entity, me: Entity) -> None:
    """A drive as such is seen by those who may see anything in it."""
    if grants.level_of(me, state.root_of(of), call.stamp) < (grants.READ if call.method == "GET" else grants.WRITE):
        shared = any(state.drive(entity) is of for entity, _ in grants.shared_with(call.tenant, me))
        if not shared or call.method != "GET":
            raise AccessDenied


def _scopes_reach(call: Call, of: Entity) -> bool:
    """`Files.Read` and `Files.ReadWrite` are for one's own drive."""
    owner = of.state["owner"]
    if owner is call.me or owner.kind.name not in _MAKES_DRIVES:
        return True
    is_groups = owner.kind.name == "microsoft.graph.group"
    return has_any(call, *_BEYOND, *(_GROUPS if is_groups else ()))


def _needed(call: Call, target: Target) -> int:
    name = target.plan.operation.name if target.plan.operation else ""
    return grants.READ if call.method == "GET" or name in _READS else grants.WRITE


def parent_and_name(target: Target) -> tuple[Entity, list[str]]:
    """The folder that a path starts from, and the names on it, for a file that is not there yet."""
    paths = [step.path for step in target.plan.steps if isinstance(step, ToPath)]
    if target.owner is None or not paths or "guid" not in target.owner.state:
        raise NoSuchItem
    return target.owner, [name for name in paths[-1].split("/") if name]


def reached(call: Call, folder: Entity) -> Entity:
    """A folder that the caller wants to put something into; refused when it may not."""
    me = call.me
    if me is not None and (
        not _scopes_reach(call, state.drive(folder)) or grants.level_of(me, folder, call.stamp) < grants.WRITE
    ):
        raise AccessDenied
    return folder


def acting_drive(call: Call, target: Target) -> Entity:
    """The drive of whoever acts: where followed items are kept, and what was used lately."""
    who = person(call, target)
    if who is not None:
        return state.drive_of(call.tenant, who)
    return next(state.drive(entity) for entity in target.trail if "guid" in entity.state)


def _made_root_site(tenant: Tenant, sites: Items) -> Entity:
    label = tenant.domain.partition(".")[0]
    host = f"{label}.sharepoint.example"
    ids = [str(uuid5(NAMESPACE_URL, f"{tenant.id}/site/{name}")) for name in ("collection", "web")]
    stamp = "2021-03-01T08:00:00Z"
    values = {
        "id": ",".join([host, *ids]),
        "name": "",
        "displayName": tenant.display_name,
        "webUrl": f"https://{host}",
        "createdDateTime": stamp,
        "lastModifiedDateTime": stamp,
        "root": {},
        "siteCollection": {"hostname": host, "root": {}},
        "isPersonalSite": False,
    }
    made = tenant.store.entity(schema().kind("site"), values)
    made.state["is_root"] = True
    return sites.add(made)
