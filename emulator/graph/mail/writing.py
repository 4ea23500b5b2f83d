"""Drafts: what a caller writes becomes a message, and may be changed until it is sent."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Call
from emulator.graph.engine.dialects import EXCHANGE
from emulator.graph.mail.errors import BadHeader, MessageTooLarge
from emulator.graph.mail.filing import blank, thread_start
from emulator.graph.mail.message import Message, attach
from emulator.graph.mail.parts import Address, Attachment, Body
from emulator.graph.mail.state import Mailbox
from emulator.schema import schema
from emulator.store import Entity

INLINE_LIMIT = 3 * 1024 * 1024
_HEAD = '<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>'
_TAIL = "</body></html>"
_WRITTEN = frozenset({
    "bccRecipients", "body", "categories", "ccRecipients", "flag", "from", "importance", "inferenceClassification",
    "internetMessageHeaders", "internetMessageId", "isDeliveryReceiptRequested", "isRead", "isReadReceiptRequested",
    "replyTo", "sender", "subject", "toRecipients", "isDraft",
})  # fmt: skip
_EXTENDED = ("singleValueExtendedProperties", "multiValueExtendedProperties")


def drafted(call: Call, mailbox: Mailbox, values: Mapping[str, Any], folder: str = "drafts") -> Message:
    """A draft of this mailbox with what a caller wrote, not yet held."""
    own = Address(str(mailbox.owner.get("displayName") or ""), _address(mailbox.owner)).recipient
    start = {**blank(call.now, is_draft=True), **thread_start(mailbox, call.tenant.domain, call.now)}
    times = dict.fromkeys(("createdDateTime", "lastModifiedDateTime", "receivedDateTime", "sentDateTime"), call.stamp)
    given = {"from": own, "sender": own, **written(values), "isDraft": True}
    draft = mailbox.new_message({**start, **times, "isRead": True, **given}, folder, _kind(values))
    if isinstance(values, Values):
        bring_along(call, draft, values)
    return draft


def check_names(values: Mapping[str, Any]) -> None:
    """Refuse properties that messages do not have: the type is open, Exchange is not."""
    unknown = [name for name in values if isinstance(values, Values) and name not in values.kind.properties]
    if unknown:
        raise EXCHANGE.bad_body(f"The property '{unknown[0]}' does not exist on type 'microsoft.graph.message'. Make "
                                "sure to only use property names that are defined by the type.")  # fmt: skip


def written(values: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that a caller may set, as they are kept."""
    check_names(values)
    given = {name: value for name, value in values.items() if name in _WRITTEN}
    for name in ("toRecipients", "ccRecipients", "bccRecipients", "replyTo"):
        if name in given:
            given[name] = [address.recipient for address in Address.all_of(given[name])]
    for name in ("from", "sender"):
        if name in given:
            sender = Address.of(given[name])
            given[name] = sender.recipient if sender else None
    if "body" in given:
        given["body"] = body_of(given["body"])
    if "flag" in given:
        given["flag"] = {name: value for name, value in (given["flag"] or {}).items() if value is not None}
        given["flag"].setdefault("flagStatus", "notFlagged")
    _check_headers(given.get("internetMessageHeaders"))
    return given


def _check_headers(headers: Iterable[Mapping[str, Any]] | None) -> None:
    for header in headers or ():
        name = str(header.get("name") or "")
        if not name.lower().startswith("x-"):
            raise BadHeader(name)


def body_of(body: Mapping[str, Any] | Body | None) -> Body:
    """A body as it is kept: HTML is always a whole document."""
    found = body if isinstance(body, Body) else Body.of(body or {})
    if found.content_type != "html" or "<html" in found.content[:500].lower():
        return found
    return Body(whole_html(found.content))


def whole_html(inner: str) -> str:
    """A document around a piece of HTML."""
    return f"{_HEAD}{inner}{_TAIL}"


def bring_along(call: Call, owner: Entity, values: Values) -> None:
    """Hang on an entity what a body brings with it: attachments, extensions, extended properties."""
    for part in values.nested.get("attachments", ()):
        attached(call, owner, part)
    for part in values.nested.get("extensions", ()):
        extended(call, owner, part)
    for name in _EXTENDED:
        for part in values.nested.get(name, ()):
            owner.set_of(name).put(call.tenant.store.entity(part.kind, part))


def attached(call: Call, owner: Entity, values: Values) -> Entity:
    """Hang an attachment on an entity, as a caller sent it."""
    if values.kind.is_abstract:
        raise EXCHANGE.bad_body("The '@odata.type' of the attachment is required: it may be a file, an item or a link.")
    given = {name: value for name, value in values.items() if name not in {"id", "size"}}
    given |= {"lastModifiedDateTime": call.stamp, **_file(values)}
    # A file is as large as its bytes; what has none takes what its words take.
    size = {} if "contentBytes" in given else {"size": len(str(values.nested)) + len(str(given))}
    found = attach(owner, given | size, values.kind)
    for item in values.nested.get("item", ()):
        found.put_one("item", _item(call, item, owner))
    owner.touch()
    return found


def extended(call: Call, owner: Entity, values: Values) -> Entity:
    """Add an open extension; Outlook's ids carry a prefix that callers may leave out."""
    name = str(values.get("extensionName") or values.get("id") or uuid4())
    extension = call.tenant.store.entity(schema().kind("openTypeExtension"), {
        **values, "extensionName": name, "id": f"{EXTENSION_PREFIX}{name}",
    })  # fmt: skip
    owner.set_of("extensions").put(extension)
    return extension


EXTENSION_PREFIX = "Microsoft.OutlookServices.OpenTypeExtension."


def files(message: Message, attachments: list[Attachment]) -> None:
    """Hang files on a message."""
    for attachment in attachments:
        message.attach(attachment)


def _item(call: Call, values: Values, owner: Entity) -> Entity:
    """The item inside an item attachment; it belongs to no mailbox."""
    given = dict(values)
    if "body" in given:
        given["body"] = body_of(given["body"])
    stamps = dict.fromkeys(("createdDateTime", "lastModifiedDateTime"), call.stamp)
    if isinstance(owner, Message) and values.kind.derives_from(schema().kind("message")):
        start = {**blank(call.now), **thread_start(owner.mailbox, call.tenant.domain, call.now)}
        item: Entity = Message(owner.mailbox, {**start, **stamps, **written(values)}, values.kind)
    else:
        item = call.tenant.store.entity(values.kind, {**stamps, **given})
    bring_along(call, item, values)
    return item


def _kind(values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type, or none
    return values.kind if isinstance(values, Values) and values.kind.name != "microsoft.graph.outlookItem" else None


def _file(values: Values) -> dict[str, Any]:
    """The bytes of a file and what they are; nothing of an attachment that has none."""
    if values.kind.name != "microsoft.graph.fileAttachment":
        return {}
    text = str(values.get("contentBytes") or "")
    # Signs that only fill up the last group may be missing.
    whole = text + "=" * (-len(text) % 4)
    try:
        size = len(b64decode(whole, validate=True))
    except (binascii.Error, ValueError):
        raise EXCHANGE.bad_body("Cannot convert the literal to the expected type 'Edm.Binary'.") from None
    if size > INLINE_LIMIT:
        raise MessageTooLarge
    return {"contentBytes": whole, "contentType": values.get("contentType") or "application/octet-stream"}


def _address(owner: Entity) -> str:
    return str(owner.get("mail") or owner.get("userPrincipalName") or "")
