"""Messages and what hangs on them, as entities that Python code can read and write by plain names."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from emulator import exchange_ids
from emulator.graph.mail.parts import Address, Attachment, Body, Flag, moment_of
from emulator.moments import timestamp
from emulator.odata.types import Structured
from emulator.schema import schema
from emulator.store import Deferred, Entity

if TYPE_CHECKING:
    from emulator.graph.mail.state import Mailbox

_T = TypeVar("_T")
_ATTACHMENT_OVERHEAD = 155


def _same(value: Any) -> Any:  # noqa: ANN401 - JSON values
    return value


def _recipients(addresses: tuple[Address, ...]) -> list[dict[str, Any]]:
    return [address.recipient for address in addresses]


class Stored(Generic[_T]):
    """A property of an entity under a Python name; setting it is a change like any other."""

    def __init__(
        self, name: str, read: Callable[[Any], Any] | None = None, write: Callable[[Any], Any] | None = None
    ) -> None:
        self.name = name
        self.read = read or _same
        self.write = write or _same

    @overload
    def __get__(self, owner: None, kind: type) -> Stored[_T]: ...
    @overload
    def __get__(self, owner: Entity, kind: type) -> _T: ...
    def __get__(self, owner: Entity | None, kind: type) -> Stored[_T] | _T:
        if owner is None:
            return self
        found: _T = self.read(owner.get(self.name))
        return found

    def __set__(self, owner: Entity, value: _T) -> None:
        owner.update({self.name: self.write(value)})


class Message(Entity):
    """One copy of a message, in one folder of one mailbox."""

    subject = Stored[str]("subject", lambda text: text or "")
    is_read = Stored[bool]("isRead", bool)
    is_draft = Stored[bool]("isDraft", bool)
    importance = Stored[str]("importance")
    inference = Stored[str]("inferenceClassification")
    change_key = Stored[str]("changeKey")
    folder_id = Stored[str]("parentFolderId")
    internet_message_id = Stored[str]("internetMessageId")
    conversation_id = Stored[str]("conversationId")
    conversation_index = Stored[bytes](
        "conversationIndex", base64.b64decode, lambda index: base64.b64encode(index).decode()
    )
    sender = Stored[Address | None]("from", Address.of, lambda address: address.recipient if address else None)
    to = Stored[tuple[Address, ...]]("toRecipients", Address.all_of, _recipients)
    cc = Stored[tuple[Address, ...]]("ccRecipients", Address.all_of, _recipients)
    bcc = Stored[tuple[Address, ...]]("bccRecipients", Address.all_of, _recipients)
    reply_to = Stored[tuple[Address, ...]]("replyTo", Address.all_of, _recipients)
    categories = Stored[tuple[str, ...]]("categories", tuple, list)
    flag = Stored[Flag]("flag", lambda flag: Flag.of(flag or {}), lambda flag: flag.values)
    received = Stored[datetime]("receivedDateTime", moment_of, timestamp)
    sent = Stored[datetime]("sentDateTime", moment_of, timestamp)
    created = Stored[datetime]("createdDateTime", moment_of, timestamp)
    modified = Stored[datetime]("lastModifiedDateTime", moment_of, timestamp)
    headers = Stored[tuple[tuple[str, str], ...]](
        "internetMessageHeaders",
        lambda found: tuple((header["name"], header["value"]) for header in found or ()),
        lambda pairs: Deferred(lambda: [{"name": name, "value": value} for name, value in pairs]),
    )

    def __init__(self, mailbox: Mailbox, values: Mapping[str, Any], kind: Structured | None = None) -> None:
        super().__init__(kind or schema().kind("message"), values, mailbox.changes)
        self.mailbox = mailbox
        self.immutable_id = ""

    @property
    def body(self) -> Body:
        """The text, in whatever form it was kept."""
        return body_in(self)

    @property
    def attachments(self) -> tuple[Attached, ...]:
        """What hangs on it, in the order it came."""
        found = self.sets.get("attachments") or ()
        return tuple(one for one in found if isinstance(one, Attached))

    @property
    def has_files(self) -> bool:
        """Whether anything hangs on it that is no picture in the text."""
        return has_files(self)

    @property
    def size(self) -> int:
        """What the message takes in the mailbox, in bytes."""
        return len(self.body.content.encode()) + sum(len(attachment.content) for attachment in self.attachments)

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Everyone it is addressed to."""
        return (*self.to, *self.cc, *self.bcc)

    def header(self, name: str) -> str | None:
        """The value of an internet header, its name in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def headers_only(self, headers: tuple[tuple[str, str], ...]) -> None:
        """Give a message that is not held yet its headers: no change that anybody could see."""
        self.values["internetMessageHeaders"] = [{"name": name, "value": value} for name, value in headers]

    def attach(self, attachment: Attachment | Mapping[str, Any], kind: Structured | None = None) -> Attached:
        """Hang a file, an item or a link on it."""
        return attach(self, attachment.values if isinstance(attachment, Attachment) else attachment, kind)

    def touch(self) -> None:
        """Every write gives the message another change key, and may change what its folder counts."""
        self.values["changeKey"] = self.mailbox.new_change_key()
        super().touch()
        if self.items is not None:
            self.mailbox.recount(self.folder_id)


class Attached(Entity):
    """Something that hangs on a message, an event or a post."""

    name = Stored[str]("name", lambda text: text or "")
    content_type = Stored[str]("contentType")
    is_inline = Stored[bool]("isInline", bool)
    content_id = Stored[str | None]("contentId")

    @property
    def content(self) -> bytes:
        """The bytes of a file; nothing for an item or a link."""
        return base64.b64decode(self.get("contentBytes") or "")

    def id_below(self, owner_id: str) -> str:
        """Its id where the owner is shown under this one."""
        return exchange_ids.attachment_id(owner_id, self.state["number"])


def body_in(entity: Entity) -> Body:
    """The text of a message, of one inside an attachment too."""
    found = entity.values.get("body")
    if not isinstance(found, Body):
        found = entity.values["body"] = Body.of(found.value if isinstance(found, Deferred) else found or {})
    return found


def has_files(entity: Entity) -> bool:
    """Whether anything hangs on a message that is no picture in its text."""
    return any(not attached.get("isInline") for attached in entity.sets.get("attachments") or ())


def attach(owner: Entity, values: Mapping[str, Any], kind: Structured | None = None) -> Attached:
    """Hang something on an entity."""
    number = owner.state["attached"] = owner.state.get("attached", -1) + 1
    own = {
        "isInline": False,
        "lastModifiedDateTime": owner.values.get("lastModifiedDateTime"),
        **values,
        "id": exchange_ids.attachment_id(owner.id, number),
    }
    attached = Attached(kind or schema().kind("fileAttachment"), own, owner.changes)
    attached.state["number"] = number
    if "size" not in values:
        attached.values["size"] = Deferred(lambda: len(attached.content) + _ATTACHMENT_OVERHEAD)
    owner.set_of("attachments").add(attached)
    return attached


def copy_parts(source: Entity, target: Entity, takes: Callable[[Entity], bool] | None = None) -> None:
    """Give an entity what another one contains: attachments, extensions, extended properties; or some attachments."""
    for part in source.sets.get("attachments") or ():
        if takes is None or takes(part):
            attach(target, _own(part), part.kind).ones.update(part.ones)
    for name in source.sets.keys() - {"attachments"} if takes is None else ():
        for part in source.sets[name]:
            target.set_of(name).add(Entity(part.kind, part.values, target.changes))


def _own(part: Entity) -> dict[str, Any]:
    computed = isinstance(part.values.get("size"), Deferred)
    return {name: value for name, value in part.values.items() if name != "id" and not (computed and name == "size")}
