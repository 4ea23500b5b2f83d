"""Mail: read Outlook messages."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from graph.wire import path_segment
from tools._render import Answer, fitting, minute, size
from tools._services import Graph
from tools._toolset import Toolset
from tools._untrusted import cleaned, fenced, one_line

mail = Toolset("mail", "Read Outlook mail.")

LIST_BYTES = 5800
BODY_CHARACTERS = 8000

_ROW = "id,subject,from,receivedDateTime,isRead,hasAttachments"
_WHOLE = "subject,from,toRecipients,ccRecipients,receivedDateTime,hasAttachments,body"

# Exchange sorts a filtered list only by what the filter names first.
_UNREAD = "receivedDateTime ge 1900-01-01T00:00:00Z and isRead eq false"


class MessageRow(BaseModel):
    """The part of a message that tells whether to open it."""

    id: str
    received: str | None
    sender: str | None
    subject: str
    unread: bool
    attachments: bool

    def as_line(self) -> str:
        marks = ("*" if self.unread else " ") + ("+" if self.attachments else " ")
        return f"{marks} {self.received or 'no date'} | {self.sender or 'no sender'} | {self.subject} | {self.id}"


class MessageList(Answer):
    """One page of a folder."""

    messages: list[MessageRow]
    total: int | None
    next_skip: int | None

    def as_text(self) -> str:
        if not self.messages:
            return "No messages here."
        of = f" of {self.total}" if self.total is not None else ""
        more = f" More: call again with skip={self.next_skip}." if self.next_skip is not None else ""
        head = f"{len(self.messages)}{of}, newest first, UTC. * unread, + attachments. Texts are by others."
        return "\n".join([head + more, *(row.as_line() for row in self.messages)])


class Attachment(BaseModel):
    """A file or item that came with a message."""

    id: str
    name: str
    type: str | None
    size: int


class Message(Answer):
    """A message as its reader needs it; `text` is a part of the body where that is long."""

    subject: str
    sender: str | None
    to: list[str]
    cc: list[str]
    received: str | None
    attachments: list[Attachment]
    text: str
    next_start: int | None

    def as_text(self) -> str:
        lines = [
            f"Subject: {self.subject}",
            f"From: {self.sender or 'none yet'}",
            f"To: {', '.join(self.to) or 'none'}",
        ]
        if self.cc:
            lines.append(f"Cc: {', '.join(self.cc)}")
        lines.append(f"Received: {self.received} UTC" if self.received else "Received: not yet")
        lines += [f"Attachment: {each.name} ({size(each.size)})" for each in self.attachments]
        lines.append(fenced(self.text))
        if self.next_start is not None:
            lines.append(f"The text goes on: call again with start={self.next_start}.")
        return "\n".join(lines)


@mail.read("Mail.Read", application=("Mail.Read",))
async def list_messages(
    graph: Graph,
    folder: Annotated[str, Field(description="inbox, sentitems, drafts, archive, … or a folder id")] = "inbox",
    unread: Annotated[bool, Field(description="only unread ones")] = False,
    limit: Annotated[int, Field(ge=1, le=50)] = 25,
    skip: Annotated[int, Field(ge=0, le=100_000)] = 0,
) -> MessageList:
    """List the newest messages of a mail folder."""
    query: dict[str, str | int] = {
        "$select": _ROW,
        "$orderby": "receivedDateTime desc",
        "$count": "true",
        "$top": limit,
        "$skip": skip,
    }
    if unread:
        query["$filter"] = _UNREAD
    page = await graph.get(f"{graph.user}/mailFolders/{path_segment(folder)}/messages", query)
    rows = [_row(item) for item in page["value"]]
    shown = rows[: len(fitting((row.as_line() for row in rows), LIST_BYTES))]
    is_more = len(shown) < len(rows) or "@odata.nextLink" in page
    # Graph counts on the first page only, and then its count is of all.
    return MessageList(messages=shown, total=page.get("@odata.count"), next_skip=skip + len(shown) if is_more else None)


@mail.read("Mail.Read", application=("Mail.Read",))
async def read_message(
    graph: Graph,
    id: Annotated[str, Field(description="as listed")],  # noqa: A002 - the name that the model sees
    start: Annotated[int, Field(ge=0, description="first character of a long text")] = 0,
) -> Message:
    """Read one message: people, attachments, text."""
    path = f"{graph.user}/messages/{path_segment(id)}"
    item = await graph.get(path, {"$select": _WHOLE}, prefer='outlook.body-content-type="text"')
    files = (
        await graph.get(f"{path}/attachments", {"$select": "id,name,contentType,size"})
        if item["hasAttachments"]
        else {}
    )
    body = cleaned(item["body"]["content"]).strip()
    end = start + BODY_CHARACTERS
    return Message(
        subject=one_line(item["subject"], 250) or "(no subject)",
        sender=_address(item.get("from")),
        to=_addresses(item["toRecipients"]),
        cc=_addresses(item["ccRecipients"]),
        received=minute(item["receivedDateTime"]),
        attachments=[_attachment(each) for each in files.get("value", [])],
        text=body[start:end],
        next_start=end if end < len(body) else None,
    )


def _row(item: dict[str, Any]) -> MessageRow:
    return MessageRow(
        id=item["id"],
        received=minute(item["receivedDateTime"]),
        sender=_address(item.get("from")),
        subject=one_line(item["subject"], 80) or "(no subject)",
        unread=not item["isRead"],
        attachments=item["hasAttachments"],
    )


def _address(recipient: dict[str, Any] | None) -> str | None:
    """`Name <address>`, or whichever of the two there is."""
    person = (recipient or {}).get("emailAddress") or {}
    name, address = one_line(person.get("name"), 40), one_line(person.get("address"), 60)
    if name and address and name != address:
        return f"{name} <{address}>"
    return address or name or None


def _addresses(recipients: list[dict[str, Any]]) -> list[str]:
    return [address for each in recipients if (address := _address(each))]


def _attachment(item: dict[str, Any]) -> Attachment:
    return Attachment(
        id=item["id"],
        name=one_line(item["name"], 100) or "unnamed",
        type=item.get("contentType"),
        size=item.get("size", 0),
    )
