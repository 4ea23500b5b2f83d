"""mail_list_messages: the newest messages of a folder, a line each."""

from __future__ import annotations

import asyncio
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, Field, PrivateAttr

from tools._kinds import CURSOR
from tools._outside import Home
from tools._paging import part_of
from tools._render import Rows
from tools._services import Graph, LocalHere
from tools._times import Clock
from tools._untrusted import cut
from tools.mail.folders import OWN, folder_path, well_known
from tools.mail.messages import GraphMessage, Person, subject_of, without_bars
from tools.mail.toolset import MESSAGE, WANTS, mail

_FIELDS = "id,subject,receivedDateTime,isRead,hasAttachments"
_SUBJECT, _WHO = 64, 28

# Exchange sorts a filtered list only by what the filter names first.
_UNREAD = "receivedDateTime ge 1900-01-01T00:00:00Z and isRead eq false"


class MessageRow(BaseModel):
    """The part of a message that tells whether to open it."""

    id: Annotated[str, MESSAGE]
    received: str | None
    sender: str | None = None
    to: str | None = None
    subject: str
    marks: str | None = Field(None, description="* unread, + files, ! outside")

    def as_line(self) -> str:
        who = without_bars(f"to {self.to}" if self.to else self.sender or "nobody")
        return f"{self.id} {self.received or 'no date'} {self.marks or ''}|{who}|{self.subject}"


class MessageList(Rows):
    """A part of a folder."""

    rows_in: ClassVar[str] = "messages"

    messages: list[MessageRow]
    zone: str

    _is_own: bool = PrivateAttr(default=False)

    def lines(self) -> list[str]:
        return [row.as_line() for row in self.messages]

    def says(self) -> str:
        outside = "!to somebody outside" if self._is_own else "!from outside"
        return f"{self.showing()}. Newest first, {self.zone}. *unread +files {outside}"

    def of_own(self, is_own: bool) -> Self:
        """Say whether these are the owner's own messages, which are told apart by their readers."""
        self._is_own = is_own
        return self


@mail.read("Mail.Read", application=("Mail.Read",), wants=WANTS)
async def list_messages(
    graph: Graph,
    here: LocalHere,
    folder: Annotated[str, Field(description="inbox, sentitems, drafts, archive, … or a folder's name")] = "inbox",
    unread: Annotated[bool, Field(description="only unread ones")] = False,
    limit: Annotated[int, Field(ge=1, le=50)] = 25,
    cursor: Annotated[str | None, CURSOR, Field(description="from an earlier answer")] = None,
) -> MessageList:
    """List the newest messages of a mail folder."""
    is_own = well_known(folder) in OWN
    path = f"{await folder_path(graph, folder)}/messages"
    query = {"$orderby": "receivedDateTime desc", "$count": "true", **({"$filter": _UNREAD} if unread else {})}
    select = f"{_FIELDS},from,toRecipients" if is_own else f"{_FIELDS},from"
    clock, home, part = await asyncio.gather(
        here.clock(), here.home(), part_of(graph, path, select=select, query=query, limit=limit, cursor=cursor)
    )
    found = [GraphMessage.model_validate(item) for item in part.items]
    answer = MessageList(
        messages=[_row(each, clock, home, is_own=is_own) for each in found], total=part.total, zone=clock.zone
    )
    is_from_outside = any(each.is_from_outside(home) for each in found)
    return answer.of_own(is_own).placed(part.first, part.places, part.after).marked(is_from_outside)


def _row(found: GraphMessage, clock: Clock, home: Home, *, is_own: bool) -> MessageRow:
    return MessageRow(
        id=found.id,
        received=clock.minute(found.received),
        sender=_who([found.sender] if found.sender else []) if not is_own else None,
        to=_who(found.readers) if is_own else None,
        subject=subject_of(found, _SUBJECT),
        marks=_marks(found, is_outside=found.is_to_outside(home) if is_own else found.is_from_outside(home)) or None,
    )


def _marks(found: GraphMessage, *, is_outside: bool) -> str:
    """A sign each, where words would be half of a row."""
    return "*" * (found.is_read is False) + "+" * bool(found.has_files) + "!" * is_outside


def _who(people: list[Person]) -> str | None:
    """The first by name, and how many more."""
    if not people:
        return None
    more = f" +{len(people) - 1}" if len(people) > 1 else ""
    return f"{cut(people[0].name, _WHO)}{more}" or None
