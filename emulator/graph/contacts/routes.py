"""What Graph says of contacts and contact folders beyond their types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emulator.faults import InvalidRequest
from emulator.graph.contacts.access import opened
from emulator.graph.contacts.naming import RANKS
from emulator.graph.contacts.state import ContactBox, immutable_id_of
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.deltas import DeltaRules, delta
from emulator.graph.engine.dialects import EXCHANGE
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown, View
from emulator.graph.engine.workload import Page, Workload
from emulator.store import Entity, Removed, Slice

contacts = Workload("contacts", EXCHANGE)

_ORDER = (
    "id", "createdDateTime", "lastModifiedDateTime", "changeKey", "categories", "parentFolderId", "birthday", "fileAs",
    "displayName", "givenName", "initials", "middleName", "nickName", "surname", "title", "yomiGivenName",
    "yomiSurname", "yomiCompanyName", "generation", "imAddresses", "jobTitle", "companyName", "department",
    "officeLocation", "profession", "businessHomePage", "assistantName", "manager", "homePhones", "mobilePhone",
    "businessPhones", "spouseName", "personalNotes", "children", "emailAddresses", *RANKS, "homeAddress",
    "businessAddress", "otherAddress",
)  # fmt: skip
_FIXED = frozenset({"id", "changeKey", "createdDateTime", "lastModifiedDateTime", "parentFolderId"})
_EXTENSION = "microsoft.outlookServices.openTypeExtension."

contact = contacts.type("contact", default=_ORDER, fixed=_FIXED, page=Page(10, 1000))
folder = contacts.type("contactFolder", default=("id", "parentFolderId", "displayName"), page=Page(10, 1000))
user = contacts.type("user")


@user.navigation("contacts")
def contacts_of(call: Call, owner: Entity) -> Slice:
    """Those of the default folder."""
    box = opened(call, owner)
    opened(call, owner, box.default)
    return box.inside(box.default)


@user.navigation("contactFolders")
def folders_of(call: Call, owner: Entity) -> Slice:
    """Those below the default folder, which is not among them."""
    box = opened(call, owner)
    return box.below(box.default)


@folder.navigation("childFolders")
def child_folders(call: Call, owner: Entity) -> Slice:
    """The folders right below one."""
    return _box(call, owner).below(owner)


@folder.navigation("contacts")
def contacts_in(call: Call, owner: Entity) -> Slice:
    """What lies right in a folder."""
    return _box(call, owner).inside(owner)


@contact.hook("find")
def find_contact(call: Call, target: Target, key: str) -> Entity | None:
    """By plain or immutable id; a path without a folder reaches those of all folders."""
    box = _box_at(call, target)
    found = box.contact(key)
    if found is None or (_is_folder(target.owner) and found["parentFolderId"] != _folder_at(box, target).id):
        return None
    opened(call, _owner(found), box.folders.get(found["parentFolderId"]))
    return found


@folder.hook("find")
def find_folder(call: Call, target: Target, key: str) -> Entity | None:
    """By id or well-known name; a path may name a folder at any depth right away."""
    found = _box_at(call, target).folder(key)
    if found is not None:
        opened(call, _owner(found), found)
    return found


@contact.hook("etag")
def etag(entity: Entity) -> str:
    """The change key, which every write renews."""
    return f'W/"{entity["changeKey"]}"'


@contact.computed("id")
def shown_id(shown: Shown) -> str:
    """The id of the kind that the caller prefers."""
    return immutable_id_of(shown.entity) if shown.view.wants_immutable_ids else shown.entity.id


def _address_at(position: int) -> Callable[[Shown], Any]:
    def address(shown: Shown) -> Any:  # noqa: ANN401 - JSON values
        addresses = shown.entity["emailAddresses"]
        return addresses[position] if position < len(addresses) else None

    return address


for _position, _rank in enumerate(RANKS):
    contact.computed(_rank)(_address_at(_position))


@contact.hook("create")
def create_contact(call: Call, target: Target, values: Values) -> Entity:
    """Into the folder of the path, or the default one."""
    box = _box_at(call, target)
    made = box.add_contact(_given(values), call.stamp, _folder_at(box, target))
    _extend(call, made, values)
    return made


@contact.hook("update")
def update_contact(call: Call, entity: Entity, values: Values) -> None:
    """A PATCH."""
    _extend(call, entity, values)
    _box(call, entity).change(entity, _given(values), call.stamp)


@contact.hook("delete")
def delete_contact(call: Call, entity: Entity, target: Target) -> None:
    """Away: Graph reaches deleted contacts no more."""
    _box_at(call, target).contacts.discard(entity)


@contact.operation("permanentDelete")
def delete_for_good(call: Call, target: Target) -> Answer:
    """The same, without a way back in Outlook."""
    _box_at(call, target).contacts.discard(target.thing)
    return NO_CONTENT


@folder.hook("create")
def create_folder(call: Call, target: Target, values: Values) -> Entity:
    """Below the folder of the path, or the default one."""
    box = _box_at(call, target)
    made = box.add_folder(_name_in(values), _folder_at(box, target))
    _extend(call, made, values)
    return made


@folder.hook("update")
def update_folder(call: Call, entity: Entity, values: Values) -> None:
    """Only the name can be changed."""
    if "displayName" in values:
        _box(call, entity).rename(entity, _name_in(values))
    _extend(call, entity, values)


@folder.hook("delete")
def delete_folder(call: Call, entity: Entity, target: Target) -> None:
    """With everything in it."""
    _box_at(call, target).remove_folder(entity)


@contact.collection_operation("delta")
def contacts_delta(call: Call, target: Target) -> Answer:
    """The changes of one folder."""
    return delta(target.service, call, target, _DELTA)


@folder.collection_operation("delta")
def folders_delta(call: Call, target: Target) -> Answer:
    """The changes of all folders, however deep."""
    box = _box_at(call, target)
    every = Slice(box.folders, lambda one: one is not box.default)
    return delta(target.service, call, replace(target, members=every), _DELTA)


def _gone(view: View, removed: Removed) -> dict[str, Any]:
    """A contact is told to be gone under the id by which it was known."""
    entity = removed.entity
    is_contact = entity.kind.name == "microsoft.graph.contact"
    shown = immutable_id_of(entity) if is_contact and view.wants_immutable_ids else entity.id
    return {"@removed": {"reason": removed.reason}, "id": shown}


_DELTA = DeltaRules(days=90, page_size=100, gone=_gone)


def _owner(entity: Entity) -> Entity:
    assert entity.owner is not None  # noqa: S101 - a mailbox's things have its owner
    return entity.owner


def _box(call: Call, entity: Entity) -> ContactBox:
    """The contacts that a folder or contact is of; whoever holds it was let in."""
    return opened(call, _owner(entity), entity if _is_folder(entity) else None)


def _box_at(call: Call, target: Target) -> ContactBox:
    assert target.home is not None  # noqa: S101 - contacts are somebody's
    return opened(call, target.home)


def _is_folder(entity: Entity | None) -> bool:
    return entity is not None and entity.kind.name == "microsoft.graph.contactFolder"


def _folder_at(box: ContactBox, target: Target) -> Entity:
    """The folder that a path names last before its end, or the default one."""
    return next((entity for entity in (target.owner,) if entity is not None and _is_folder(entity)), box.default)


def _given(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _FIXED}


def _name_in(values: Values) -> str:
    name = values.get("displayName")
    if not name:
        raise InvalidRequest(
            "The property 'displayName' is required when creating the entity.", code="ErrorInvalidRequest"
        )
    return str(name)


def _extend(call: Call, entity: Entity, values: Values) -> None:
    """Keep the extensions and extended properties that a body brings along; one of the same id is replaced."""
    for name, parts in values.nested.items():
        for part in parts:
            named = {"id": f"{_EXTENSION}{part['extensionName']}"} if part.get("extensionName") else {}
            entity.set_of(name).put(call.tenant.store.entity(part.kind, {**part, **named}))
