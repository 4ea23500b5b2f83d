"""A mailbox: its folders and messages, what lies where, and who but its owner may look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from emulator import exchange_ids
from emulator.faults import ItemNotFound, MalformedId
from emulator.graph.mail.message import Attached, Message, Stored, copy_parts
from emulator.graph.mail.parts import Address, Attachment, Body, Flag
from emulator.odata.types import Structured
from emulator.schema import schema
from emulator.store import Entity, Items, Slice

__all__ = ["Address", "Attached", "Attachment", "Body", "Flag", "Folder", "FolderMessages", "Grant", "Mailbox",
           "Message", "missing_item"]  # fmt: skip

WELL_KNOWN_FOLDERS = {
    "archive": "Archive",
    "conversationhistory": "Conversation History",
    "deleteditems": "Deleted Items",
    "drafts": "Drafts",
    "inbox": "Inbox",
    "junkemail": "Junk Email",
    "outbox": "Outbox",
    "sentitems": "Sent Items",
}
# Made when first asked for, outside the tree that people see.
_DUMPSTER = {
    "recoverableitemsdeletions": "Deletions",
    "recoverableitemspurges": "Purges",
    "recoverableitemsversions": "Versions",
}
_LATER = {"searchfolders": "Search Folders", "clutter": "Clutter", "scheduled": "Scheduled"}


class Folder(Entity):
    """A mail folder; its counts are computed, never stored."""

    display_name = Stored[str]("displayName")
    parent_id = Stored[str]("parentFolderId")
    is_hidden = Stored[bool]("isHidden", bool)

    def __init__(self, mailbox: Mailbox, values: Mapping[str, Any], kind: Structured | None = None) -> None:
        super().__init__(kind or schema().kind("mailFolder"), values, mailbox.changes)
        self.mailbox = mailbox
        self.well_known: str | None = None


@dataclass
class Grant:
    """What a mailbox's owner, or an administrator, lets another person do with it.

    `folders` are roles by folder id: `reviewer` reads, `author` and `editor` write too.
    """

    full_access: bool = False
    send_as: bool = False
    send_on_behalf: bool = False
    folders: dict[str, str] = field(default_factory=dict)


class Mailbox:
    """The folders and messages of one person."""

    def __init__(self, guid: UUID, owner: Entity) -> None:
        self.guid = guid
        self.owner = owner
        self.changes = owner.changes
        self.items = owner.sets["messages"] = Items(owner.changes, owner, "messages")
        self.folder_items = owner.sets["mailFolders"] = Items(owner.changes, owner, "mailFolders")
        self.grants: dict[str, Grant] = {}
        self.settings: dict[str, Any] = {}
        # Who was told already that the owner is away.
        self.replied: set[str] = set()
        self._immutable: dict[str, Message] = {}
        self._contents: dict[str, dict[Message, None]] = {}
        self._newest: tuple[int, list[Entity]] = (-1, [])
        self._numbers = 0x100
        self._well_known: dict[str, Folder] = {}
        self._dumpster: set[str] = set()
        self.root = self._well_known["msgfolderroot"] = self._new_folder("Top of Information Store", "")
        self.root.values["parentFolderId"] = self.root.id
        self.root.well_known = "msgfolderroot"
        for name, display_name in WELL_KNOWN_FOLDERS.items():
            self._keep(name, self.add_folder(display_name))

    @property
    def owner_id(self) -> str:
        return self.owner.id

    @property
    def folders(self) -> dict[str, Folder]:
        """All folders below the root by their ids."""
        return {key: folder for key, folder in self.folder_items.entities.items() if isinstance(folder, Folder)}

    @property
    def messages(self) -> dict[str, Message]:
        """The messages that have not been deleted for good, by their ids."""
        found = ((key, one) for key, one in tuple(self.items.entities.items()) if isinstance(one, Message))
        return {key: message for key, message in found if message.values["parentFolderId"] not in self._dumpster}

    def add_folder(
        self,
        display_name: str,
        parent: str = "msgfolderroot",
        *,
        is_hidden: bool = False,
        **details: Any,  # noqa: ANN401
    ) -> Folder:
        """Make a folder below another one, named by id or well-known name."""
        folder = self._new_folder(display_name, self.folder(parent).id, is_hidden=is_hidden, **details)
        self.folder_items.add(folder)
        return folder

    def folder(self, key: str) -> Folder:
        """The folder with this id or well-known name."""
        found = self.find_folder(key)
        if found is None:
            raise missing_item(key)
        return found

    def find_folder(self, key: str) -> Folder | None:
        """The same, or none."""
        name = key.lower()
        if name in self._well_known:
            return self._well_known[name]
        if name in _DUMPSTER or name in _LATER:
            return self._made_late(name)
        found = self.folder_items.get(key)
        if found is None and key == self.root.id:
            return self.root
        return found if isinstance(found, Folder) else None

    def children(self, folder_id: str) -> list[Folder]:
        """The folders right below one."""
        return [folder for folder in self.folders.values() if folder.values["parentFolderId"] == folder_id]

    @property
    def newest(self) -> list[Entity]:
        """The same messages, the newest first, sorted once for as long as nothing changes in the tenant."""
        number, found = self._newest
        if number != self.changes.number:
            found = newest_first(one for one in self.items if one.values["parentFolderId"] not in self._dumpster)
            self._newest = self.changes.number, found
        return found

    def is_dumpster(self, folder_id: str) -> bool:
        """Whether what lies there is deleted and only kept for recovery."""
        return folder_id in self._dumpster

    def remove_folder(self, folder: Folder) -> None:
        """Take a folder away with all that is in it."""
        for child in self.children(folder.id):
            self.remove_folder(child)
        for message in tuple(self.in_folder(folder.id)):
            self.remove(message)
        self.folder_items.discard(folder)

    def message(self, message_id: str) -> Message:
        """The message with this id, plain or immutable; ids are case-sensitive."""
        found = self.find_message(message_id)
        if found is None:
            raise missing_item(message_id)
        return found

    def find_message(self, message_id: str) -> Message | None:
        """The same, or none."""
        found = self.items.get(message_id)
        return found if isinstance(found, Message) else self._immutable.get(message_id)

    def attachment(self, message: Message, key: str) -> Attached:
        """The attachment of a message with this id, below either id of the message."""
        for attached in message.attachments:
            if key in {attached.id, attached.id_below(message.immutable_id)}:
                return attached
        raise missing_item(key)

    def in_folder(self, folder_id: str) -> Iterator[Message]:
        """The messages that lie right in a folder, as they are now: others may arrive during the reading."""
        return iter(tuple(self._contents.get(folder_id, ())))

    def new_message(self, values: Mapping[str, Any], folder: str, kind: Structured | None = None) -> Message:
        """A message with ids of this mailbox, not yet held."""
        number = self.next_number()
        own = {
            "id": exchange_ids.entry_id(self.guid, number),
            "parentFolderId": self.folder(folder).id,
            "changeKey": self.new_change_key(),
        }
        message = Message(self, {**values, **own}, kind)
        message.immutable_id = exchange_ids.immutable_id(self.guid, number)
        return message

    def add(self, message: Message) -> Message:
        """Hold a message that was made here."""
        self._immutable[message.immutable_id] = message
        self._contents.setdefault(message.values["parentFolderId"], {})[message] = None
        self.items.add(message)
        self.recount(message.values["parentFolderId"])
        return message

    def copy(self, message: Message, folder: str, **changes: Any) -> Message:  # noqa: ANN401 - JSON values
        """A copy of any message with ids of this mailbox, not yet held."""
        copy = self.new_message({**message.values, **changes}, folder, message.kind)
        copy_parts(message, copy)
        copy.links.update(message.links)
        return copy

    def move(self, message: Message, folder: str) -> Message:
        """Move a message to another folder; as in Exchange it gets a new id and keeps its immutable one."""
        moved = self.copy(message, folder)
        self.remove(message)
        moved.immutable_id = message.immutable_id
        moved.state.update({name: value for name, value in message.state.items() if name != "attached"})
        return self.add(moved)

    def remove(self, message: Message) -> None:
        """Forget a message."""
        self._immutable.pop(message.immutable_id, None)
        self._contents.get(message.values["parentFolderId"], {}).pop(message, None)
        self.items.discard(message)
        self.recount(message.values["parentFolderId"])

    def recount(self, folder_id: str) -> None:
        """Note that what a folder counts may have changed."""
        folder = self.folder_items.get(folder_id)
        if folder is not None:
            folder.touch()

    def grant(self, person: Entity, **rights: Any) -> Grant:  # noqa: ANN401 - the fields of Grant
        """Let a person do more with this mailbox; `folder` and `role` give a role in one folder."""
        found = self.grants.setdefault(person.id, Grant())
        folder, role = rights.pop("folder", None), rights.pop("role", "reviewer")
        if folder is not None:
            found.folders[self.folder(folder).id] = role
        for name, value in rights.items():
            setattr(found, name, value)
        return found

    def next_number(self) -> int:
        """A number no other folder, message or change of this mailbox has."""
        self._numbers += 7
        return self._numbers

    def new_change_key(self) -> str:
        """What the next write leaves in its ETag."""
        return exchange_ids.change_key(self.guid, self.next_number())

    def _new_folder(
        self,
        display_name: str,
        parent_id: str,
        *,
        is_hidden: bool = False,
        kind: Structured | None = None,
        **details: Any,  # noqa: ANN401 - JSON values
    ) -> Folder:
        own = {"id": exchange_ids.folder_id(self.guid, self.next_number()), "displayName": display_name}
        return Folder(self, {**own, "parentFolderId": parent_id, "isHidden": is_hidden, **details}, kind)

    def _keep(self, name: str, folder: Folder) -> Folder:
        folder.well_known = name
        self._well_known[name] = folder
        return folder

    def _made_late(self, name: str) -> Folder:
        if name in _LATER:
            return self._keep(name, self.add_folder(_LATER[name], is_hidden=True))
        folder = self._new_folder(_DUMPSTER[name], exchange_ids.folder_id(self.guid, 1), is_hidden=True)
        self._dumpster.add(folder.id)
        self.folder_items.add(folder)
        return self._keep(name, folder)


class FolderMessages(Slice):
    """The messages of one folder; of a mailbox when no folder is given."""

    def __init__(self, mailbox: Mailbox, folder_id: str | None = None, only: frozenset[str] | None = None) -> None:
        self._mailbox = mailbox
        self._folder_id = folder_id
        self._only = only
        super().__init__(mailbox.items, self._holds)

    def __iter__(self) -> Iterator[Entity]:
        if self._folder_id is not None:
            return self._mailbox.in_folder(self._folder_id)
        return iter(self._mailbox.newest) if self.is_in_order else super().__iter__()

    @property
    def is_in_order(self) -> bool:
        """Whether they come the newest first already."""
        return self._folder_id is None and self._only is None

    def find(self, key: str) -> Entity | None:
        """The message with this id, plain or immutable."""
        found = self._mailbox.find_message(key)
        return found if found is not None and self._holds(found) else None

    def _holds(self, entity: Entity) -> bool:
        folder_id = entity.values["parentFolderId"]
        if self._folder_id is not None:
            return bool(folder_id == self._folder_id)
        return not self._mailbox.is_dumpster(folder_id) and (self._only is None or folder_id in self._only)


def newest_first(messages: Iterable[Entity]) -> list[Entity]:
    """As mail programs show them."""
    return sorted(messages, key=lambda one: one.values.get("receivedDateTime") or "", reverse=True)


def missing_item(key: str) -> ItemNotFound | MalformedId:
    """What Exchange says of an id that it does not hold."""
    return ItemNotFound() if exchange_ids.is_well_formed(key) else MalformedId()
