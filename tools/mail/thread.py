"""mail_read_thread: a conversation as a digest, every message without what it repeats."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, Field

from errors import ToolInputError
from graph import GraphClient, Limits
from graph.wire import literal, path_segment
from tools._outside import Home
from tools._render import Answer, Form
from tools._services import Graph, LocalHere
from tools._times import Clock
from tools._units import count, listed
from tools._untrusted import cleaned, one_line
from tools.mail.bodies import text_of
from tools.mail.messages import GraphMessage, subject_of
from tools.mail.toolset import MESSAGE, WANTS, mail

_FIELDS = "id,internetMessageId,subject,from,receivedDateTime,isDraft,hasAttachments,body"

# The bytes that the lines of a digest may take together, and the text of each in any case.
DIGEST_BYTES = 7200
LEAST_BYTES = 60
MOST_MESSAGES = 60

_MOST_READ = Limits(items=500, size=16 * 1024 * 1024)
_MOST_PEOPLE = 10
_WHO = 28
_SHORT_ID = 12
_MORE = " […+99999]"
_HEADING = re.compile(r"#{1,6} (?=\S)")


class Said(BaseModel):
    """What one message adds to the thread."""

    id: Annotated[str, MESSAGE]
    received: str | None
    sender: str
    text: str
    cut: int | None = None
    files: bool | None = None

    def as_line(self) -> str:
        more = f" […+{self.cut}]" if self.cut else ""
        return f"{self.id} {self.received or 'no date'}{' +' if self.files else ' '}|{self.sender}|{self.text}{more}"


class Thread(Answer):
    """A conversation from its first message to its last."""

    subject: str
    people: list[str]
    messages: list[Said]
    left_out: int | None = None
    incomplete: bool | None = None
    zone: str

    def says(self) -> str:
        earlier = f", {count(self.left_out, 'older one')} left out" if self.left_out else ""
        cut = ". […+n]: n characters more, mail_read_message" if any(each.cut for each in self.messages) else ""
        return f"{count(len(self.messages), 'message')}{earlier}, oldest first, {self.zone}. +files{cut}"

    def quotes(self) -> str:
        head = [f"Subject: {self.subject}", f"People: {listed(self.people, most=_MOST_PEOPLE)}"]
        return "\n".join([*head, *(each.as_line() for each in self.messages)])

    def then(self) -> str:
        return "The thread is longer than could be read: messages are missing here." if self.incomplete else ""

    def fitting(self, form: Form) -> Self:
        """The newest messages that there is room for."""
        fitted = self
        while len(fitted.messages) > 1 and fitted.size_in(form) > form.most:
            drop = max(1, len(fitted.messages) // 8)
            left_out = (fitted.left_out or 0) + drop
            fitted = fitted.model_copy(update={"messages": fitted.messages[drop:], "left_out": left_out})
        return fitted


@dataclass(frozen=True)
class _Found:
    """The messages of a thread that are shown, and what is not."""

    messages: list[GraphMessage]
    left_out: int
    is_all: bool


@mail.read("Mail.Read", application=("Mail.Read",), wants=WANTS)
async def read_thread(
    graph: Graph,
    here: LocalHere,
    id: Annotated[str, MESSAGE, Field(description="any message of it")],  # noqa: A002 - the name that the model sees
) -> Thread:
    """Read a whole conversation as a digest: who said what, without quotes and signatures."""
    first = await graph.get(f"{graph.user}/messages/{path_segment(id)}", {"$select": "conversationId"})
    conversation = first.get("conversationId")
    if not conversation or not isinstance(conversation, str):
        raise ToolInputError("This message belongs to no thread. mail_read_message reads it alone.")
    found, clock, home = await asyncio.gather(_messages(graph, conversation), here.clock(), here.home())
    subject, people = subject_of(found.messages[0], 150), _people(found.messages, home)
    return Thread(
        subject=subject,
        people=people,
        messages=_digest(found.messages, clock, home, len(f"{subject}{listed(people, most=_MOST_PEOPLE)}".encode())),
        left_out=found.left_out or None,
        incomplete=not found.is_all or None,
        zone=clock.zone,
    ).marked(any(each.is_from_outside(home) for each in found.messages))


async def _messages(graph: GraphClient, conversation: str) -> _Found:
    """The newest of them, oldest first, and how many older ones there are. Exchange cannot sort what it filters so."""
    pages = graph.pages(
        f"{graph.user}/messages",
        select=_FIELDS,
        query={"$filter": f"conversationId eq {literal(conversation)}", "$top": 50},
        limits=_MOST_READ,
    )
    every = [GraphMessage.model_validate(item) async for item in pages]
    # Who is among the readers of their own message has it twice.
    single = {each.internet_id or each.id: each for each in every if not each.is_draft}
    sent = sorted(single.values(), key=lambda each: each.received or "")
    if not sent:
        raise ToolInputError("Nothing of this thread is left but drafts. mail_read_message reads each alone.")
    return _Found(sent[-MOST_MESSAGES:], max(0, len(sent) - MOST_MESSAGES), is_all=pages.stopped_by is None)


def _people(messages: list[GraphMessage], home: Home) -> list[str]:
    """Everybody who wrote, in the order in which they first did."""
    return list(dict.fromkeys(each.sender.named(home) for each in messages if each.sender and each.sender.name))


def _digest(messages: list[GraphMessage], clock: Clock, home: Home, taken: int) -> list[Said]:
    texts = [_on_one_line(text_of(each, home).text) for each in messages]
    bare = [_said(each, "", 0, clock) for each in messages]
    around = sum(_SHORT_ID + len(each.as_line().encode()) - len(each.id.encode()) + len(_MORE) for each in bare)
    shares = _shares([len(text.encode()) for text in texts], DIGEST_BYTES - taken - around)
    return [_said(*each, clock) for each in zip(messages, texts, shares, strict=True)]


def _on_one_line(text: str) -> str:
    """A text whose lines cannot pass for other messages of the digest, and without the marks of headings."""
    lines = (_HEADING.sub("", line.strip(), count=1) for line in cleaned(text).splitlines())
    return " / ".join(line for line in lines if line and line != "---")


def _shares(lengths: list[int], room: int) -> list[int]:
    """How much of each text there is room for: short ones are whole, and long ones share alike what is left."""
    left, shares = room, dict[int, int]()
    for done, (number, length) in enumerate(sorted(enumerate(lengths), key=lambda each: each[1])):
        shares[number] = min(length, max(left // (len(lengths) - done), LEAST_BYTES))
        left -= shares[number]
    return [shares[number] for number in range(len(lengths))]


def _said(message: GraphMessage, text: str, share: int, clock: Clock) -> Said:
    kept = text.encode()[:share].decode(errors="ignore")
    return Said(
        id=message.id,
        received=clock.minute(message.received),
        sender=one_line(message.sender.name if message.sender else "", _WHO).replace("|", "/") or "nobody",
        text=kept,
        cut=len(text) - len(kept) or None,
        files=message.has_files or None,
    )
