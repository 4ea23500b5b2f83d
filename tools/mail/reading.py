"""mail_read_message: one message, with its people, its files and its text."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, PrivateAttr

from errors import ToolInputError
from graph import GraphClient
from graph.wire import path_segment
from tools._outside import Home
from tools._render import Answer, Form, Quoted
from tools._services import Graph, LocalHere
from tools._units import listed, size
from tools._untrusted import one_line
from tools.mail.bodies import earlier_messages, part_of, read_text
from tools.mail.messages import GraphMessage, Person, subject_of
from tools.mail.toolset import ATTACHMENT, MESSAGE, WANTS, mail

BODY_CHARACTERS = 8000

_FIELDS = "id,subject,from,toRecipients,ccRecipients,receivedDateTime,hasAttachments,body"
_MOST_NAMED = 12
_SHORTEST_PART = 200
_MOST_FILES = 30
_MOST_KEPT = 40


class Attachment(BaseModel):
    """A file, a link or an Outlook item that came with a message."""

    id: Annotated[str, ATTACHMENT]
    name: str
    type: str | None
    size: int


class Message(Answer):
    """A message as its reader needs it; `text` is a part of the body where that is long."""

    subject: str
    sender: str | None
    to: list[str]
    cc: list[str] | None
    received: str | None
    files: list[Attachment] | None
    more_files: bool | None
    text: Quoted
    earlier: int | None
    next_start: int | None

    _readers: tuple[int, int] = PrivateAttr(default=(0, 0))
    _start: int = PrivateAttr(default=0)
    _whole: bool = PrivateAttr(default=False)
    _is_unsigned: bool = PrivateAttr(default=False)

    def says(self) -> str:
        return f"Received {self.received}." if self.received else "Not received yet."

    def quotes(self) -> str:
        lines = [
            f"Subject: {self.subject}",
            f"From: {self.sender or 'nobody yet'}",
            f"To: {_named(self.to, self._readers[0])}",
        ]
        if self.cc:
            lines.append(f"Cc: {_named(self.cc, self._readers[1])}")
        lines += [f"File: {each.id} {each.name}, {size(each.size)}" for each in self.files or []]
        return "\n".join([*lines, "", self.text or "(no text)"])

    def then(self) -> str:
        whole = ", whole=true" if self._whole else ""
        more = f"The text goes on: start={self.next_start}{whole}." if self.next_start is not None else ""
        files = "There are more files than these." if self.more_files else ""
        unsigned = "A signature or notice was left out: whole=true." if self._is_unsigned else ""
        return " ".join(part for part in (earlier_messages(self.earlier or 0), unsigned, more, files) if part)

    def begun(self, start: int, *, whole: bool, unsigned: bool, to: int, cc: int) -> Self:
        """Say which part of which text it is, and how many readers it has."""
        self._start, self._whole, self._is_unsigned, self._readers = start, whole, unsigned, (to, cc)
        return self

    def fitting(self, form: Form) -> Self:
        """With as much of the text as there is room for; the rest begins where that ends."""
        fitted, most = self, len(self.text)
        while most > _SHORTEST_PART and fitted.size_in(form) > form.most:
            most //= 2
            text = part_of(self.text, 0, most)
            fitted = self.model_copy(update={"text": text, "next_start": self._start + len(text)})
        return fitted


@mail.read("Mail.Read", application=("Mail.Read",), wants=WANTS)
async def read_message(
    graph: Graph,
    here: LocalHere,
    id: Annotated[str, MESSAGE, Field(description="as listed")],  # noqa: A002 - the name that the model sees
    start: Annotated[int, Field(ge=0, description="first character of a long text")] = 0,
    whole: Annotated[bool, Field(description="with quoted history and signature")] = False,
) -> Message:
    """Read one message: people, files, text."""
    path = f"{graph.user}/messages/{path_segment(id)}"
    reply, clock, home = await asyncio.gather(graph.get(path, {"$select": _FIELDS}), here.clock(), here.home())
    found = GraphMessage.model_validate(reply)
    files, more = await _files(graph, path) if found.has_files else ([], False)
    text = await read_text(found, home, whole=whole)
    if start and start >= len(text.text):
        raise ToolInputError(f"start={start} is beyond the text, which has {len(text.text)} characters.")
    part = part_of(text.text, start, BODY_CHARACTERS)
    end = start + len(part)
    message = Message(
        subject=subject_of(found, 250),
        sender=found.sender.named(home) if found.sender else None,
        to=_people(found.to, home),
        cc=_people(found.cc, home) or None,
        received=f"{received} {clock.zone}" if (received := clock.minute(found.received)) else None,
        files=files or None,
        more_files=more or None,
        text=part,
        earlier=text.earlier or None,
        next_start=end if end < len(text.text) else None,
    )
    to, cc = len(found.to or ()), len(found.cc or ())
    message = message.begun(start, whole=whole, unsigned=text.has_signature_cut, to=to, cc=cc)
    return message.marked(found.is_from_outside(home))


async def _files(graph: GraphClient, path: str) -> tuple[list[Attachment], bool]:
    page = await graph.get(f"{path}/attachments", {"$select": "id,name,contentType,size"})
    items = page.get("value", [])
    return [_attachment(item) for item in items[:_MOST_FILES]], "@odata.nextLink" in page or len(items) > _MOST_FILES


def _attachment(item: dict[str, Any]) -> Attachment:
    kind = item.get("@odata.type", "").removeprefix("#microsoft.graph.")
    return Attachment(
        id=item.get("id", ""),
        name=one_line(item.get("name"), 100) or "unnamed",
        type=one_line(item.get("contentType"), 80) or kind or None,
        size=item.get("size") or 0,
    )


def _people(people: list[Person] | None, home: Home) -> list[str]:
    named = [each.named(home) for each in people or [] if each.name]
    return named if len(named) <= _MOST_KEPT else [*named[:_MOST_KEPT], f"and {len(named) - _MOST_KEPT} more"]


def _named(people: list[str], total: int) -> str:
    """The first of the readers, and how many more."""
    shown = people[:_MOST_NAMED]
    more = [f"{total - len(shown)} more"] if len(people) > len(shown) else []
    return listed([*shown, *more], most=_MOST_NAMED + 1) if people else "nobody"
