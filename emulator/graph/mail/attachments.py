"""What hangs on messages, events and posts: files, other items, links."""

from __future__ import annotations

from typing import Any

from emulator.faults import MailboxDenied
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.graph.mail.access import is_basic
from emulator.graph.mail.message import Attached, Message
from emulator.graph.mail.messages import message
from emulator.graph.mail.mime import written_mime
from emulator.graph.mail.workload import EVERYTHING, mail
from emulator.graph.mail.writing import attached
from emulator.store import Entity, Items

_BASE = ("id", "lastModifiedDateTime", "name", "contentType", "size", "isInline")
_FILE = "microsoft.graph.fileAttachment"

attachment = mail.type("attachment", default=_BASE, page=EVERYTHING)
file_attachment = mail.type("fileAttachment", default=(*_BASE, "contentId", "contentLocation", "contentBytes"))


@message.navigation("attachments")
def of_message(call: Call, owner: Entity) -> Items:
    """Closed to the basic permission, in an `$expand` too."""
    if is_basic(call):
        raise MailboxDenied
    return owner.set_of("attachments")


@attachment.hook("find")
def find(_: Call, target: Target, key: str) -> Entity | None:
    """By its id below either id of the message."""
    found = (one for one in target.entities if isinstance(one, Attached))
    return next((one for one in found if key in _other_ids(one, target.owner)), None)


@attachment.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """Hang it on what the path names."""
    assert target.owner is not None  # noqa: S101 - attachments hang on something
    return attached(call, target.owner, values)


@attachment.hook("delete")
def delete(_: Call, entity: Entity, __: Target) -> None:
    """Take it off; the message changes with it."""
    owner = entity.owner
    if entity.items is not None:
        entity.items.discard(entity)
    if owner is not None:
        owner.touch()


@attachment.hook("read")
def read(_: Call, target: Target) -> Answer:
    """`$value`: the bytes of a file, the MIME of a message."""
    thing = target.thing
    item = thing.ones.get("item")
    if isinstance(item, Message):
        return Answer(written_mime(item), headers={"Content-Type": "text/plain"})
    content = thing.content if isinstance(thing, Attached) else b""
    return Answer(content, headers={"Content-Type": str(thing.get("contentType") or "application/octet-stream")})


@attachment.hook("annotations")
def media_type(shown: Shown) -> dict[str, Any]:
    """A file says what its bytes are."""
    return {"@odata.mediaContentType": shown.entity.get("contentType")} if shown.kind.name == _FILE else {}


@attachment.computed("id")
def shown_id(shown: Shown) -> str:
    """The id below the id that the message is shown with."""
    entity, owner = shown.entity, shown.entity.owner
    if shown.view.wants_immutable_ids and isinstance(owner, Message) and isinstance(entity, Attached):
        return entity.id_below(owner.immutable_id)
    return entity.id


def _other_ids(one: Attached, owner: Entity | None) -> set[str]:
    return {one.id_below(owner.immutable_id), one.id_below(owner.id)} if isinstance(owner, Message) else set()
