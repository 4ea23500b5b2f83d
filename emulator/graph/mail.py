"""Mail as Graph's JSON: messages, folders and attachments."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from emulator import exchange_ids
from emulator.graph.mailboxes import Opened, chosen
from emulator.graph.records import Record, timestamp
from emulator.graph.types import FILE_ATTACHMENT, MAIL_FOLDER, MESSAGE
from emulator.html_text import html_to_text
from emulator.mailbox import Address, Attachment, Flag, Folder, Message
from emulator.odata import Options

_ONLY_WHEN_SELECTED = frozenset({"internetMessageHeaders", "uniqueBody"})
# What Mail.ReadBasic leaves out.
_NOT_BASIC = frozenset({"body", "bodyPreview", "uniqueBody", "internetMessageHeaders"})
_QUOTE_STARTS = ('<div id="divRplyFwdMsg"', "<hr")
_ATTACHMENT_OVERHEAD = 155

DEFAULT_MESSAGE = tuple(name for name in MESSAGE.properties if name not in _ONLY_WHEN_SELECTED)


@dataclass(frozen=True)
class Shown:
    """A message on its way to a caller."""

    message: Message
    opened: Opened

    @property
    def id(self) -> str:
        return self.opened.shown_id(self.message.id, self.message.immutable_id)


@dataclass(frozen=True)
class ShownAttachment:
    """An attachment on its way to a caller."""

    attachment: Attachment
    position: int
    of: Shown


@dataclass(frozen=True)
class ShownFolder:
    """A folder on its way to a caller."""

    folder: Folder
    opened: Opened


def message_record(message: Message, opened: Opened) -> Record:
    """A message under Graph's names."""
    return Record(Shown(message, opened), MESSAGE, _MESSAGE)


def folder_record(folder: Folder, opened: Opened) -> Record:
    """A folder under Graph's names, its counts taken now."""
    return Record(ShownFolder(folder, opened), MAIL_FOLDER, _FOLDER)


def attachment_records(message: Message, opened: Opened) -> list[Record]:
    """A message's attachments under Graph's names."""
    shown = Shown(message, opened)
    found = (ShownAttachment(attachment, position, shown) for position, attachment in enumerate(message.attachments))
    return [Record(attachment, FILE_ATTACHMENT, _ATTACHMENT) for attachment in found]


def rendered_message(record: Record, options: Options, *, is_basic: bool) -> dict[str, Any]:
    """The JSON of a message: what was selected, always with its ETag and id."""
    names = chosen(options, MESSAGE, default=DEFAULT_MESSAGE)
    if is_basic:
        names = tuple(name for name in names if name not in _NOT_BASIC)
    return {"@odata.etag": f'W/"{record["changeKey"]}"'} | record.only(names)


def reads_content(names: Iterable[str]) -> bool:
    """Whether any of the properties is closed to Mail.ReadBasic."""
    return not _NOT_BASIC.isdisjoint(names)


def _recipient(address: Address | None) -> dict[str, Any] | None:
    return {"emailAddress": {"name": address.name, "address": address.address}} if address else None


def _recipients(addresses: tuple[Address, ...]) -> list[dict[str, Any] | None]:
    return [_recipient(address) for address in addresses]


def _body(shown: Shown) -> dict[str, str]:
    body = shown.message.body
    if shown.opened.wants_text:
        return {"contentType": "text", "content": body.text}
    return {"contentType": body.content_type, "content": body.content}


def _unique_body(shown: Shown) -> dict[str, str]:
    body = shown.message.body
    content = body.content
    if body.content_type == "html":
        cuts = [at for at in (content.find(start) for start in _QUOTE_STARTS) if at >= 0]
        content = content[: min(cuts)] + "</body></html>" if cuts else content
        if shown.opened.wants_text:
            return {"contentType": "text", "content": html_to_text(content)}
    return {"contentType": body.content_type, "content": content}


def _flag(flag: Flag) -> dict[str, Any]:
    moments = {"startDateTime": flag.start, "dueDateTime": flag.due, "completedDateTime": flag.completed}
    return {"flagStatus": flag.status} | {name: _zoned(moment) for name, moment in moments.items() if moment}


def _zoned(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}


def _web_link(shown: Shown) -> str:
    item = quote(shown.message.id, safe="")
    return f"https://outlook.office365.com/owa/?ItemID={item}&exvsurl=1&viewmodel=ReadMessageItem"


_MESSAGE = {
    "id": lambda shown: shown.id,
    "createdDateTime": lambda shown: timestamp(shown.message.created),
    "lastModifiedDateTime": lambda shown: timestamp(shown.message.modified),
    "changeKey": lambda shown: shown.message.change_key,
    "categories": lambda shown: list(shown.message.categories),
    "receivedDateTime": lambda shown: timestamp(shown.message.received),
    "sentDateTime": lambda shown: timestamp(shown.message.sent),
    "hasAttachments": lambda shown: any(not attachment.is_inline for attachment in shown.message.attachments),
    "internetMessageId": lambda shown: shown.message.internet_message_id,
    "subject": lambda shown: shown.message.subject,
    "bodyPreview": lambda shown: shown.message.body.preview,
    "importance": lambda shown: shown.message.importance,
    "parentFolderId": lambda shown: shown.message.folder_id,
    "conversationId": lambda shown: shown.message.conversation_id,
    "conversationIndex": lambda shown: base64.b64encode(shown.message.conversation_index).decode(),
    "isDeliveryReceiptRequested": lambda shown: None if shown.message.is_draft else False,
    "isReadReceiptRequested": lambda _: False,
    "isRead": lambda shown: shown.message.is_read,
    "isDraft": lambda shown: shown.message.is_draft,
    "webLink": _web_link,
    "inferenceClassification": lambda shown: shown.message.inference,
    "body": _body,
    "sender": lambda shown: _recipient(shown.message.sender),
    "from": lambda shown: _recipient(shown.message.sender),
    "toRecipients": lambda shown: _recipients(shown.message.to),
    "ccRecipients": lambda shown: _recipients(shown.message.cc),
    "bccRecipients": lambda shown: _recipients(shown.message.bcc),
    "replyTo": lambda shown: _recipients(shown.message.reply_to),
    "flag": lambda shown: _flag(shown.message.flag),
    "uniqueBody": _unique_body,
    "internetMessageHeaders": lambda shown: [{"name": name, "value": value} for name, value in shown.message.headers],
}

_FOLDER = {
    "id": lambda shown: shown.folder.id,
    "displayName": lambda shown: shown.folder.display_name,
    "parentFolderId": lambda shown: shown.folder.parent_id,
    "childFolderCount": lambda shown: len(shown.opened.mailbox.children(shown.folder.id)),
    "unreadItemCount": lambda shown: sum(
        not message.is_read for message in shown.opened.mailbox.in_folder(shown.folder.id)
    ),
    "totalItemCount": lambda shown: sum(1 for _ in shown.opened.mailbox.in_folder(shown.folder.id)),
    "isHidden": lambda shown: shown.folder.is_hidden,
}

_ATTACHMENT = {
    "id": lambda shown: exchange_ids.attachment_id(shown.of.id, shown.position),
    "lastModifiedDateTime": lambda shown: timestamp(shown.of.message.modified),
    "name": lambda shown: shown.attachment.name,
    "contentType": lambda shown: shown.attachment.content_type,
    "size": lambda shown: len(shown.attachment.content) + _ATTACHMENT_OVERHEAD,
    "isInline": lambda shown: shown.attachment.is_inline,
    "contentId": lambda shown: shown.attachment.content_id,
    "contentLocation": lambda _: None,
    "contentBytes": lambda shown: base64.b64encode(shown.attachment.content).decode(),
}
