"""Who may do what with an item: its owner, the members of a group, those whom it was shared with, holders of a link."""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from emulator.graph.drives import owners, state
from emulator.graph.drives.owners import GROUP, SITE, USER
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Tenant

NONE, READ, WRITE, OWN = range(4)
LEVELS = {"read": READ, "write": WRITE, "owner": OWN, "sp.full control": OWN}
_LINK_ROLES = {"view": "read", "edit": "write", "embed": "read"}


def grants_of(item: Entity) -> list[Entity]:
    """What was granted for this very item."""
    return list(item.sets["permissions"]) if "permissions" in item.sets else []


def granted(item: Entity) -> Iterator[tuple[Entity, Entity]]:
    """Every grant that counts for an item, with the item or folder it was made for."""
    for place in state.lineage(item):
        for grant in grants_of(place):
            yield grant, place


def level_of(person: Entity, item: Entity, stamp: str) -> int:
    """What a person may do with an item at a moment."""
    found = [_level_by_owner(person, state.owner_of(item))]
    found += [level_by(grant) for grant, _ in granted(item) if _reaches(grant, person) and is_live(grant, stamp)]
    return max(found)


def level_by(grant: Entity) -> int:
    """What a grant or a link lets its holder do."""
    return max((LEVELS.get(role.lower(), NONE) for role in grant["roles"]), default=NONE)


def is_live(grant: Entity, stamp: str) -> bool:
    """Whether a grant still counts at a moment."""
    until = grant.get("expirationDateTime")
    return not until or str(until)[:19] > stamp[:19]


def shared_with(tenant: Tenant, person: Entity) -> list[tuple[Entity, Entity]]:
    """What others shared with a person: the item, and the grant that says so; the newest first."""
    found: list[tuple[Entity, Entity]] = []
    for of in state.drives_of(tenant):
        if of.state["owner"] is not person:
            shared = (item for item in state.items_of(of) if "permissions" in item.sets)
            found += [(item, grant) for item in shared for grant in _for(item, person)]
    return sorted(found, key=lambda pair: str(pair[1].state.get("stamp", "")), reverse=True)


def grant_to(
    item: Entity, who: Entity, role: str, doing: state.Doing, values: Mapping[str, Any] | None = None
) -> Entity:
    """Let a person or a group read or write an item; one who had a grant already keeps it, with the new role."""
    for grant in grants_of(item):
        if who.id in grant.state["holders"] and not grant.get("link"):
            grant.update({"roles": [role], **(values or {})})
            state.changed(item, doing)
            return grant
    name = "group" if who.kind.name == GROUP else "user"
    identity = {
        "displayName": who.get("displayName"),
        "email": who.get("mail") or who.get("userPrincipalName"),
        "id": who.id,
    }
    site_user = {
        "id": _site_number(who.id),
        "displayName": identity["displayName"],
        "loginName": _login(who),
    }
    given = {
        "roles": [role],
        "grantedToV2": {name: identity, "siteUser": site_user},
        "grantedTo": {name: identity},
        **(values or {}),
    }
    kept = _kept(item, given, {who.id}, doing)
    kept.state["groups"] = (who,) if name == "group" else ()
    return kept


def grant_outside(item: Entity, email: str, role: str, doing: state.Doing, values: Mapping[str, Any]) -> Entity:
    """Let somebody in who has no account here, by an address."""
    key = str(uuid5(NAMESPACE_URL, f"mailto:{email.lower()}"))
    identity = {"displayName": email, "email": email, "id": key}
    site_user = {"id": _site_number(key), "displayName": email, "loginName": f"i:0#.f|membership|{email.lower()}"}
    given = {"roles": [role], "grantedToV2": {"user": identity, "siteUser": site_user}, "grantedTo": {"user": identity}}
    return _kept(item, {**given, **values}, set(), doing)


def link_to(
    item: Entity,
    kind: str,
    scope: str,
    doing: state.Doing,
    values: Mapping[str, Any],
    *,
    application: Mapping[str, Any] | None = None,
) -> tuple[Entity, bool]:
    """A sharing link, and whether it is new: the same wish gets the same link."""
    for grant in grants_of(item):
        known = grant.get("link") or {}
        same = known.get("type") == kind and known.get("scope") == scope
        if (
            same
            and grant.get("expirationDateTime") == values.get("expirationDateTime")
            and not values.get("hasPassword")
        ):
            return grant, False
    address = _link_address(item)
    link: dict[str, Any] = {"type": kind, "scope": scope, "webUrl": address, "preventsDownload": False}
    link |= {"application": dict(application)} if application else {}
    if kind == "embed":
        link["webHtml"] = f'<iframe src="{address}" width="98" height="120" frameborder="0" scrolling="no"></iframe>'
    given = {"roles": [_LINK_ROLES[kind]], "link": link, "shareId": share_id(address), "hasPassword": False, **values}
    return _kept(item, given, set(), doing), True


def owner_grant(item: Entity) -> Entity:
    """What the owner of the drive holds without any grant."""
    identity = owners.owner_identity(state.drive(item))
    key = base64.urlsafe_b64encode(f"owner/{state.drive(item).id}".encode()).decode()[:40]
    root = state.root_of(state.drive(item))
    origin = {} if item is root else {"inheritedFrom": {"driveId": state.drive(item).id, "id": root.id}}
    values = {"id": key, "roles": ["owner"], "grantedToV2": identity, "grantedTo": identity, **origin}
    return Entity(schema().kind("permission"), values, item.changes)


def redeem(link: Entity, person: Entity) -> None:
    """Whoever has opened a link keeps the access that it gives."""
    link.state["holders"].add(person.id)


def share_id(address: str) -> str:
    """A sharing address as `/shares/` takes it."""
    return "u!" + base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")


def address_of(key: str) -> str | None:
    """The sharing address behind such a key; nothing when it is none."""
    if not key.startswith("u!"):
        return None
    text = key[2:]
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return None


def item_behind(tenant: Tenant, key: str) -> tuple[Entity, Entity | None] | None:
    """The item that a share id or encoded address leads to, and the link if it is one."""
    address = (address_of(key) or "").partition("?")[0]
    items = [item for of in state.drives_of(tenant) for item in state.items_of(of)]
    links = ((item, grant) for item in items for grant in grants_of(item))
    found = next((pair for pair in links if _is_link(pair[1], key, address)), None)
    if found is not None or not address:
        return found
    plain = next((item for item in items if web_address(item).lower() == address.lower()), None)
    return None if plain is None else (plain, None)


def _is_link(grant: Entity, key: str, address: str) -> bool:
    link = grant.get("link") or {}
    return grant.get("shareId") == key or (bool(address) and link.get("webUrl") == address)


def web_address(item: Entity) -> str:
    """Where the item would be in a browser."""
    base = str(state.drive(item)["webUrl"])
    return "/".join([base, *(quote(name) for name in state.names_below(item))])


def _level_by_owner(person: Entity, owner: Entity) -> int:
    if owner is person:
        return OWN
    if owner.kind.name == USER:
        return NONE
    is_guest = person.get("userType") == "Guest"
    if owner.kind.name == SITE:
        return NONE if is_guest else WRITE
    if person in owner.links_of("owners"):
        return OWN
    if person in owner.links_of("members"):
        return WRITE
    return WRITE if owner.get("visibility") == "Public" and not is_guest else NONE


def _reaches(grant: Entity, person: Entity) -> bool:
    holders = grant.state["holders"]
    if person.id in holders:
        return True
    groups = grant.state.get("groups", ())
    return any(person in group.links_of(name) for group in groups for name in ("members", "owners"))


def _for(item: Entity, person: Entity) -> list[Entity]:
    return [grant for grant in grants_of(item) if _reaches(grant, person)][:1]


def _kept(item: Entity, values: Mapping[str, Any], holders: set[str], doing: state.Doing) -> Entity:
    key = values.get("id") or base64.urlsafe_b64encode(secrets.token_bytes(18)).decode()
    grant = Entity(schema().kind("permission"), {**values, "id": key}, item.changes)
    grant.state |= {"holders": holders, "stamp": doing.stamp, "by": dict(doing.who), "item": item}
    item.set_of("permissions").add(grant)
    state.note(item, "share", doing)
    item.touch()
    return grant


def _site_number(key: str) -> str:
    """The number of a person in the list that each site keeps of those who came."""
    return str(zlib.crc32(key.encode()) % 9000 + 10)


def _login(who: Entity) -> str:
    """The name by which SharePoint's claims know a person or group."""
    if who.kind.name == GROUP:
        return f"c:0o.c|federateddirectoryclaimprovider|{who.id}"
    return f"i:0#.f|membership|{str(who.get('userPrincipalName')).lower()}"


def _link_address(item: Entity) -> str:
    sign = ":f:" if state.is_folder(item) else {"docx": ":w:", "xlsx": ":x:", "pdf": ":b:", "png": ":i:"}.get(
        str(item["name"]).rpartition(".")[2].lower(), ":u:"
    )  # fmt: skip
    base = str(state.drive(item)["webUrl"])
    host, _, rest = base.removeprefix("https://").partition("/")
    return f"https://{host}/{sign}/g/{rest.rpartition('/')[0]}/E{secrets.token_urlsafe(28)}"
