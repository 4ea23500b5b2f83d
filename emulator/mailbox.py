"""One person's mail: folders and messages as light records; `emulator.graph.mail` makes Graph's JSON of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from emulator import exchange_ids
from emulator.faults import ItemNotFound, MalformedId
from emulator.html_text import html_to_text

_PREVIEW_CHARACTERS = 255

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


class Body:
    """The text of a message, made when first read: a tenant of thousands of messages must open at once."""

    def __init__(self, content: str | Callable[[], str], content_type: str = "html") -> None:
        self._source = content
        self.content_type = content_type

    @cached_property
    def content(self) -> str:
        return self._source if isinstance(self._source, str) else self._source()

    @cached_property
    def text(self) -> str:
        return html_to_text(self.content) if self.content_type == "html" else self.content

    @cached_property
    def preview(self) -> str:
        """The first characters of the text, runs of blanks made one."""
        return re.sub(r"[ \t]+", " ", self.text).strip()[:_PREVIEW_CHARACTERS]


@dataclass(frozen=True)
class Address:
    """A correspondent: the name shown and the address used."""

    name: str
    address: str


@dataclass(frozen=True)
class Attachment:
    """A file on a message, its bytes made when first read."""

    name: str
    content_type: str
    source: bytes | Callable[[], bytes]
    is_inline: bool = False
    content_id: str | None = None

    @cached_property
    def content(self) -> bytes:
        return self.source if isinstance(self.source, bytes) else self.source()


@dataclass(frozen=True)
class Flag:
    """A follow-up flag; the moments are UTC."""

    status: str = "notFlagged"
    start: datetime | None = None
    due: datetime | None = None
    completed: datetime | None = None


@dataclass
class Message:
    """One copy of a message, in one folder of one mailbox."""

    id: str
    immutable_id: str
    folder_id: str
    subject: str
    body: Body
    received: datetime
    sent: datetime
    created: datetime
    modified: datetime
    change_key: str
    internet_message_id: str
    conversation_id: str
    conversation_index: bytes
    sender: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    is_read: bool = False
    is_draft: bool = False
    importance: str = "normal"
    inference: str = "focused"
    flag: Flag = Flag()
    categories: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def size(self) -> int:
        """What the message takes in the mailbox, in bytes."""
        return len(self.body.content.encode()) + sum(len(attachment.content) for attachment in self.attachments)


@dataclass
class Folder:
    """A mail folder; its counts are computed, never stored."""

    id: str
    display_name: str
    parent_id: str
    well_known: str | None = None
    is_hidden: bool = False


@dataclass
class Mailbox:
    """The folders and messages of one person."""

    guid: UUID
    owner_id: str
    folders: dict[str, Folder] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    _immutable: dict[str, Message] = field(default_factory=dict)
    _numbers: int = 0x100
    _well_known: dict[str, Folder] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._well_known["msgfolderroot"] = self.root = self._new_folder("Top of Information Store", "")
        self.root.parent_id = self.root.id
        for name, display_name in WELL_KNOWN_FOLDERS.items():
            self._well_known[name] = self.add_folder(display_name)
            self._well_known[name].well_known = name

    def add_folder(self, display_name: str, parent: str = "msgfolderroot", *, is_hidden: bool = False) -> Folder:
        """Make a folder below another one, named by id or well-known name."""
        folder = self._new_folder(display_name, self.folder(parent).id)
        folder.is_hidden = is_hidden
        self.folders[folder.id] = folder
        return folder

    def folder(self, key: str) -> Folder:
        """The folder with this id or well-known name."""
        if key.lower() in self._well_known:
            return self._well_known[key.lower()]
        if key == self.root.id:
            return self.root
        if key in self.folders:
            return self.folders[key]
        raise _missing(key)

    def children(self, folder_id: str) -> list[Folder]:
        """The folders right below one."""
        return [folder for folder in tuple(self.folders.values()) if folder.parent_id == folder_id]

    def message(self, message_id: str) -> Message:
        """The message with this id, plain or immutable; ids are case-sensitive."""
        found = self.messages.get(message_id) or self._immutable.get(message_id)
        if found is None:
            raise _missing(message_id)
        return found

    def attachment(self, message: Message, key: str) -> Attachment:
        """The attachment of a message with this id."""
        for position, attachment in enumerate(message.attachments):
            owners = (message.id, message.immutable_id)
            if key in {exchange_ids.attachment_id(owner, position) for owner in owners}:
                return attachment
        raise _missing(key)

    def in_folder(self, folder_id: str) -> Iterator[Message]:
        """The messages that lie right in a folder, as they are now: others may arrive during the reading."""
        return (message for message in tuple(self.messages.values()) if message.folder_id == folder_id)

    def add(self, message: Message) -> Message:
        """Keep a message that was made with this mailbox's own ids."""
        self.messages[message.id] = message
        self._immutable[message.immutable_id] = message
        return message

    def remove(self, message: Message) -> None:
        """Forget a message."""
        del self.messages[message.id], self._immutable[message.immutable_id]

    def next_number(self) -> int:
        """A number no other folder, message or change of this mailbox has."""
        self._numbers += 7
        return self._numbers

    def _new_folder(self, display_name: str, parent_id: str) -> Folder:
        return Folder(exchange_ids.folder_id(self.guid, self.next_number()), display_name, parent_id)


def _missing(key: str) -> ItemNotFound | MalformedId:
    return ItemNotFound() if exchange_ids.is_well_formed(key) else MalformedId()
