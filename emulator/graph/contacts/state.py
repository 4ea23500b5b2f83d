"""The contacts of one mailbox, in folders, with the ids that Exchange gives."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from emulator import exchange_ids
from emulator.graph.contacts.errors import FolderExists, FolderStays
from emulator.graph.contacts.naming import derived, tidied
from emulator.graph.mail.state import Grant
from emulator.schema import schema
from emulator.store import Entity, Items, Slice
from emulator.tenant import Person, Tenant

DEFAULT_FOLDER = "contacts"
WRITERS = frozenset({"author", "editor", "owner"})
# Mail counts its folders and messages from below; nothing may have a number twice.
_FIRST_NUMBER = 0x2000_0000
_BOX = "contacts"
_IMMUTABLE = "immutableId"
_EMPTY: Mapping[str, Any] = {"homeAddress": {}, "businessAddress": {}, "otherAddress": {}}


class ContactBox:
    """Everything about contacts that one mailbox holds."""

    def __init__(self, tenant: Tenant, owner: Person) -> None:
        self._store = tenant.store
        self._guid = exchange_ids.mailbox_guid(tenant.id, owner.id)
        self._numbers = count(_FIRST_NUMBER, 7)
        self._by_immutable_id: dict[str, Entity] = {}
        self.mailbox = tenant.mailbox(owner)
        self.contacts: Items = owner.set_of("contacts")
        self.folders: Items = owner.set_of("contactFolders")
        self.default = self._folder("Contacts", self.mailbox.folder("msgfolderroot").id)

    def folder(self, key: str) -> Entity | None:
        """The folder with this id, or the default one by its well-known name."""
        return self.default if key.lower() == DEFAULT_FOLDER else self.folders.get(key)

    def below(self, folder: Entity) -> Slice:
        """The folders right below one."""
        return Slice(self.folders, lambda other: bool(other["parentFolderId"] == folder.id))

    def inside(self, folder: Entity) -> Slice:
        """The contacts that lie right in a folder."""
        return Slice(self.contacts, lambda contact: bool(contact["parentFolderId"] == folder.id))

    def contact(self, key: str) -> Entity | None:
        """The contact with this id, plain or immutable."""
        found = self.contacts.get(key) or self._by_immutable_id.get(key)
        return found if found is not None and found in self.contacts else None

    def share(self, person: Person, role: str = "reviewer", folder: Entity | None = None) -> None:
        """Let somebody else look into a folder; an `author`, `editor` or `owner` writes there, too."""
        grant = self.mailbox.grants.setdefault(person.id, Grant())
        grant.folders[(folder or self.default).id] = role

    def add_folder(self, name: str, parent: Entity | None = None) -> Entity:
        """A new folder; Exchange has no two of one name side by side."""
        parent_id = (parent or self.default).id
        self._check_name(name, parent_id)
        return self._folder(name, parent_id)

    def rename(self, folder: Entity, name: str) -> None:
        """Call a folder something else."""
        if folder is self.default:
            raise FolderStays
        if name.lower() != folder["displayName"].lower():
            self._check_name(name, folder["parentFolderId"])
        folder.update({"displayName": name})

    def remove_folder(self, folder: Entity) -> None:
        """Delete a folder with all that lies in it; Outlook keeps its own."""
        if folder is self.default:
            raise FolderStays
        for child in self.below(folder):
            self.remove_folder(child)
        for contact in self.inside(folder):
            self.contacts.discard(contact)
        self.folders.discard(folder)

    def add_contact(self, values: Mapping[str, Any], stamp: str, folder: Entity | None = None) -> Entity:
        """A new contact, completed as Outlook does."""
        number = next(self._numbers)
        own = {
            "id": exchange_ids.entry_id(self._guid, number),
            "createdDateTime": stamp,
            "lastModifiedDateTime": stamp,
            "changeKey": self._change_key(),
            "parentFolderId": (folder or self.default).id,
        }
        tidy = tidied(values, {})
        given = {**_EMPTY, **tidy, **derived(tidy, {}, tidy), **own}
        entity = self._store.entity(schema().kind("contact"), given)
        entity.state[_IMMUTABLE] = exchange_ids.immutable_id(self._guid, number)
        self._by_immutable_id[entity.state[_IMMUTABLE]] = entity
        return self.contacts.add(entity)

    def change(self, contact: Entity, values: Mapping[str, Any], stamp: str) -> None:
        """Change some properties; a name that Outlook made itself follows the names it was made of."""
        before = dict(contact.values)
        after = {**before, **tidied(values, before)}
        renewed = {"lastModifiedDateTime": stamp, "changeKey": self._change_key()}
        contact.update({**after, **derived(after, before, values), **renewed})

    def _folder(self, name: str, parent_id: str) -> Entity:
        values = {
            "id": exchange_ids.folder_id(self._guid, next(self._numbers)),
            "parentFolderId": parent_id,
            "displayName": name,
        }
        return self.folders.put(self._store.entity(schema().kind("contactFolder"), values))

    def _check_name(self, name: str, parent_id: str) -> None:
        wanted = name.lower()
        for other in self.folders:
            if other["parentFolderId"] == parent_id and other["displayName"].lower() == wanted:
                raise FolderExists

    def _change_key(self) -> str:
        return exchange_ids.change_key(self._guid, next(self._numbers))


def contact_box(tenant: Tenant, owner: Person) -> ContactBox:
    """A person's contacts; who has no mailbox has none."""
    mailbox = tenant.mailbox(owner)
    box: ContactBox | None = owner.state.get(_BOX)
    if box is None or box.mailbox is not mailbox:
        box = owner.state[_BOX] = ContactBox(tenant, owner)
    return box


def immutable_id_of(contact: Entity) -> str:
    """The id that stays with a contact whatever becomes of it."""
    return str(contact.state.get(_IMMUTABLE, contact.id))
