"""Sharing: permissions, invitations, links, and what is behind an address that somebody sent."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any

from emulator.graph.drives import grants, owners, state
from emulator.graph.drives.errors import AccessDenied, BadDriveRequest, NoSuchItem
from emulator.graph.drives.service import doing, drives, item, listing, permission, shared_item, transient
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.resolving import entered
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.graph.engine.writing import body_for, shown_entity
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Person

_ROLES = frozenset({"read", "write", "owner"})
_TYPES = frozenset({"view", "edit", "embed"})
_SCOPES = frozenset({"anonymous", "organization", "users"})
_MOST = 500


@item.navigation("permissions")
def permissions(call: Call, entity: Entity) -> list[Entity]:
    """Those of the item, those it has from the folders above, and the owner's."""
    if "guid" not in entity.state:
        return []
    found = []
    for grant, place in grants.granted(entity):
        if grants.is_live(grant, call.stamp):
            found.append(grant if place is entity else _inherited(grant, place))
    return [*found, grants.owner_grant(entity)]


@item.posted("permissions")
def add_permission(call: Call, target: Target) -> Answer:
    """POST of a permission: for an app or a person that the body names."""
    call.state["asked"] = True
    made = create(call, target, body_for(call, target))
    return shown_entity(target.service, call, entered(target, made), 201)


@permission.computed("grantedToIdentities", "grantedToIdentitiesV2")
def link_holders(shown: Shown) -> list[dict[str, Any]] | None:
    """Only a link has them: those who use it."""
    call, found = shown.view.call, shown.entity
    if not found.get("link"):
        return None
    people = [call.tenant.people.get(key) for key in sorted(found.state.get("holders", ()))]
    return [owners.person_identity(one) for one in people if one is not None]


@permission.computed("expirationDateTime")
def expiration(shown: Shown) -> str | None:
    """Until when it counts; what is past that moment is not shown at all."""
    found: str | None = shown.entity.get("expirationDateTime")
    return found


@permission.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """A grant to whom the body names; without one to name, to nobody yet."""
    entity = target.owner
    if entity is None or "guid" not in entity.state:
        raise NoSuchItem
    roles = values.get("roles") or ["read"]
    who = (values.get("grantedToV2") or values.get("grantedTo") or {}).get("user") or {}
    found = _found(call, who.get("id") or who.get("email") or who.get("userPrincipalName"))
    asked = bool(call.state.get("asked"))
    key = {"id": values["id"]} if values.get("id") and not asked else {}
    if found is None and asked:
        raise BadDriveRequest("The permission must name a user or an application that exists.")
    if found is None and grants.grants_of(entity):
        return grants.link_to(entity, "view", "organization", doing(call), key)[0]
    if found is None:
        return grants.grant_outside(entity, f"guest@{call.tenant.domain}", roles[0], doing(call), key)
    return grants.grant_to(entity, found, _given_role(call, entity, roles), doing(call), key)


@permission.hook("update")
def update(call: Call, grant: Entity, values: Values) -> None:
    """Only the roles of what was granted here, and how long it counts."""
    _check_own(grant)
    changes: dict[str, Any] = {}
    if "roles" in values:
        changes["roles"] = [_given_role(call, grant.state["item"], values["roles"])]
    if "expirationDateTime" in values:
        changes["expirationDateTime"] = values["expirationDateTime"]
    grant.update(changes)
    state.changed(grant.state["item"], doing(call))


@permission.hook("delete")
def delete(call: Call, grant: Entity, target: Target) -> None:
    """Take access away again."""
    _check_own(grant)
    entity = grant.state["item"]
    entity.set_of("permissions").discard(grant)
    state.changed(entity, doing(call))


@item.operation("invite")
def invite(call: Call, target: Target) -> Answer:
    """Let people in by name or address; those who have no account here get an invitation."""
    entity = target.thing
    role = _given_role(call, entity, call.json.get("roles") or ["read"])
    found = [_invited(call, entity, one, role) for one in _recipients(call)]
    return listing(call, target, found, "permission")


@permission.operation("grant")
def grant(call: Call, target: Target) -> Answer:
    """Let more people use a sharing link."""
    link = target.thing
    people = [_found(call, _address(one)) for one in _recipients(call)]
    for person in filter(None, people):
        grants.redeem(link, person)
    link.touch()
    return listing(call, target, [link], "permission")


@item.operation("createLink")
def create_link(call: Call, target: Target) -> Answer:
    """A sharing link: 201 for a new one, 200 for the one that was there."""
    entity = target.thing
    kind, scope = call.json.get("type", "view"), call.json.get("scope", "organization")
    if kind not in _TYPES:
        raise BadDriveRequest("The sharing link type provided is not valid.")
    if scope not in _SCOPES:
        raise BadDriveRequest("The sharing link scope provided is not valid.")
    values: dict[str, Any] = {}
    if call.json.get("expirationDateTime"):
        values["expirationDateTime"] = call.json["expirationDateTime"]
    if call.json.get("password"):
        values["hasPassword"] = True
    application = {"id": call.caller.app_id, "displayName": doing(call).app}
    link, is_new = grants.link_to(entity, kind, scope, doing(call), values, application=application)
    place = permission_place(target, entity)
    return shown_entity(target.service, call, entered(place, link), 201 if is_new else 200)


@item.operation("validatePermission")
def validate(call: Call, target: Target) -> Answer:
    """Who may not hold the link is told so by the check before; who comes here may."""
    return Answer(status=204)


@drives.root("shares")
def shares(call: Call) -> Any:  # noqa: ANN401 - a set
    """Shared items are looked up by what leads to them."""
    return call.tenant.store.root("shares")


@shared_item.hook("find")
def find_share(call: Call, _: Target, key: str) -> Entity | None:
    """By a share id, or by an address that was encoded as one."""
    found = grants.item_behind(call.tenant, key)
    if found is None:
        return None
    entity, link = found
    if link is not None and not grants.is_live(link, call.stamp):
        raise AccessDenied("The sharing link no longer exists, or you do not have permission to access it.")
    values = {"id": key, "name": entity["name"], "owner": owners.owner_identity(state.drive(entity))}
    share = transient(call, "sharedDriveItem", {**values, "webUrl": grants.web_address(entity)})
    share.state |= {"shared": entity, "link": _usable(call, entity, link)}
    return share


@shared_item.hook("create")
def create_share(call: Call, target: Target, values: Values) -> Entity:
    """Something to look at behind a share id: a file of the caller's with a link of that id."""
    owner = call.me or next(iter(call.tenant.people.values()))
    who = state.Doing(owners.person_identity(owner), call.stamp, owner.id)
    of = state.drive_of(call.tenant, owner)
    entity = state.add_folder(state.root_of(of), state.free_name(state.root_of(of), "Shared"), who)
    link, _ = grants.link_to(entity, "edit", "organization", who, {})
    link.values["shareId"] = values.get("id") or link["shareId"]
    found = find_share(call, target, str(link["shareId"]))
    if found is None:
        raise NoSuchItem
    return found


@shared_item.navigation("driveItem", "root")
def shared_root(call: Call, share: Entity) -> Entity:
    """The item itself. Who says so in a preference keeps the access that the link gives."""
    link, me = share.state["link"], call.me
    wishes = call.preferences
    if (
        link is not None
        and me is not None
        and ("redeemsharinglink" in wishes or "redeemsharinglinkifnecessary" in wishes)
    ):
        grants.redeem(link, me)
    found: Entity = share.state["shared"]
    return found


@shared_item.navigation("items")
def shared_items(_: Call, share: Entity) -> list[Entity]:
    return list(state.descendants(share.state["shared"]))


@shared_item.navigation("permission")
def shared_permission(_: Call, share: Entity) -> Entity | None:
    found: Entity | None = share.state["link"]
    return found


@shared_item.navigation("site")
def shared_site(call: Call, share: Entity) -> Entity | None:
    owner = state.owner_of(share.state["shared"])
    return owner if owner.kind.name == "microsoft.graph.site" else None


@shared_item.hook("check")
def check_share(call: Call, target: Target) -> None:
    """An address without a link in it opens only what the caller may see anyway."""
    share = next((one for one in target.trail if "shared" in one.state), None)
    if share is None or share.state["link"] is not None or call.me is None:
        return
    if grants.level_of(call.me, share.state["shared"], call.stamp) < grants.READ:
        raise AccessDenied


def permission_place(target: Target, entity: Entity) -> Target:
    """The place where a permission of an item would be read."""
    kind = schema().kind("permission")
    navigation = schema().kind("driveItem").navigations["permissions"]
    return replace(
        target, kind=kind, rules=target.service.rules(kind), navigation=navigation, owner=entity, casts=(), key=""
    )


def _usable(call: Call, entity: Entity, link: Entity | None) -> Entity | None:
    """A link for certain people is nothing to others."""
    if link is None:
        return None
    is_for_some = (link.get("link") or {}).get("scope") == "users"
    if (
        is_for_some
        and call.me is not None
        and call.me.id not in link.state["holders"]
        and grants.level_of(call.me, entity, call.stamp) == grants.NONE
    ):
        raise AccessDenied
    return link


def _inherited(grant_: Entity, place: Entity) -> Entity:
    of = state.drive(place)
    path = "/".join([f"/drives/{of.id}/root:", *state.names_below(place)])
    origin = {"driveId": of.id, "id": place.id, "path": path}
    copy = Entity(grant_.kind, {**grant_.values, "inheritedFrom": origin}, grant_.changes)
    copy.state |= {**grant_.state, "inherited": True}
    return copy


def _check_own(grant_: Entity) -> None:
    if grant_.state.get("inherited") or "item" not in grant_.state:
        raise BadDriveRequest("A permission that is inherited, or the owner's, cannot be changed on this item.")


def _checked_role(roles: Any) -> str:  # noqa: ANN401 - a JSON value
    given = roles if isinstance(roles, list) else [roles]
    if not given or any(not isinstance(role, str) or role.lower() not in _ROLES for role in given):
        raise BadDriveRequest("The roles must be 'read', 'write' or 'owner'.")
    return next(role for role in ("owner", "write", "read") if role in {one.lower() for one in given})


def _given_role(call: Call, entity: Entity, roles: Any) -> str:  # noqa: ANN401 - a JSON value
    """A role for somebody else, which must not be more than what the caller may do."""
    role = _checked_role(roles)
    if call.me is not None and grants.level_of(call.me, entity, call.stamp) < grants.LEVELS[role]:
        raise AccessDenied
    return role


def _recipients(call: Call) -> list[dict[str, Any]]:
    found = call.json.get("recipients")
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise BadDriveRequest("The recipients must be a list with at least one member.")
    if len(found) > _MOST:
        raise BadDriveRequest("Too many recipients.")
    return found


def _address(recipient: dict[str, Any]) -> str:
    found = recipient.get("objectId") or recipient.get("email") or recipient.get("alias")
    if not isinstance(found, str):
        raise BadDriveRequest("A recipient needs an email, alias or objectId.")
    return found


def _invited(call: Call, entity: Entity, recipient: dict[str, Any], role: str) -> Entity:
    address = _address(recipient)
    extra: dict[str, Any] = {}
    if call.json.get("expirationDateTime"):
        extra["expirationDateTime"] = call.json["expirationDateTime"]
    if call.json.get("password"):
        extra["hasPassword"] = True
    found = _found(call, address)
    if found is None and "@" not in address:
        raise BadDriveRequest("One or more recipients could not be resolved.")
    email = address if found is None else found.get("mail") or found.get("userPrincipalName")
    extra["invitation"] = {"email": email, "signInRequired": call.json.get("requireSignIn", True) is True}
    if call.json.get("sendInvitation") is True and isinstance(found, Person):
        _tell(call, entity, found)
    if found is None:
        return grants.grant_outside(entity, address, role, doing(call), extra)
    return grants.grant_to(entity, found, role, doing(call), extra)


def _tell(call: Call, entity: Entity, reader: Person) -> None:
    """A mail to somebody who may read an item from now on."""
    me = call.me
    if me is None or reader.id not in call.tenant.mailboxes:
        return
    name, address = html.escape(str(entity["name"])), html.escape(grants.web_address(entity))
    note = html.escape(str(call.json.get("message") or ""))
    text = f'<html><body><p>{note}</p><p><a href="{address}">{name}</a></p></body></html>'
    subject = f'{me.display_name} shared "{entity["name"]}" with you'
    call.tenant.add_message(reader, subject, text, sent=call.now, sender=me.address, to=(reader.address,))


def _found(call: Call, address: object) -> Entity | None:
    """The person or group of an address, alias or id."""
    if not isinstance(address, str):
        return None
    tenant = call.tenant
    named = tenant.addressee(address) or tenant.addressee(f"{address}@{tenant.domain}")
    return named or tenant.store.root("groups").get(address.lower())
