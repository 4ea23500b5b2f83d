"""mail_read_thread: a conversation as a digest, every message without what it repeats."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, Field, PrivateAttr

from errors import ToolInputError
from graph import GraphClient, Limits
from graph.wire import literal, path_segment
from tools._domains import address_key
from tools._outside import Home
from tools._render import Answer, Form, Quoted
from tools._services import Graph, LocalHere
from tools._times import Clock
from tools._units import count, listed
from tools._untrusted import cleaned, one_line
from tools.mail.bodies import Text, read_texts
from tools.mail.messages import GraphMessage, Person, subject_of, without_bars
from tools.mail.toolset import MESSAGE, WANTS, mail

_FIELDS = "id,internetMessageId,subject,from,receivedDateTime,isDraft,hasAttachments,body"

# The bytes that the lines of a digest may take together, and the text of each in any case.
DIGEST_BYTES = 7200
LEAST_BYTES = 60
MOST_MESSAGES = 60

_MOST_READ = Limits(items=500, size=16 * 1024 * 1024)
_MOST_PEOPLE = 10
_WHO = 28
# With the address, of which the end tells most.
_LONGEST_WHO = 100
_SHORT_ID = 12
_MORE = " […+99999]"
_HEADING = re.compile(r"#{1,6} (?=\S)")


class Said(BaseModel):
    """What one message adds to the thread."""

    id: Annotated[str, MESSAGE]
    received: str | None
    sender: str
    text: Quoted
    cut: int | None = None
    files: bool | None = None
    outside: bool | None = None

    def as_line(self) -> str:
        more = f" […+{self.cut}]" if self.cut else ""
        return f"{self.id} {self.received or 'no date'}{self._marks()}|{self.sender}|{self.text}{more}"

    def _marks(self) -> str:
        """A name is what somebody chose: two who write here may have the same."""
        return " " + "+" * bool(self.files) + "!" * bool(self.outside)


class Thread(Answer):
    """A conversation from its first message to its last."""

    subject: str
    people: list[str]
    messages: list[Said]
    left_out: int | None = None
    incomplete: bool | None = None
    zone: str

    _is_shortened: bool = PrivateAttr(default=False)

    def says(self) -> str:
        earlier = f", {count(self.left_out, 'older one')} left out" if self.left_out else ""
        cut = ". […+n]: n characters more, mail_read_message" if any(each.cut for each in self.messages) else ""
        return f"{count(len(self.messages), 'message')}{earlier}, oldest first, {self.zone}. +files !from outside{cut}"

    def quotes(self) -> str:
        head = [f"Subject: {self.subject}", f"People: {listed(self.people, most=_MOST_PEOPLE)}"]
        return "\n".join([*head, *(each.as_line() for each in self.messages)])

    def then(self) -> str:
        missing = "The thread is longer than could be read: messages are missing here." if self.incomplete else ""
        cut = "Quotes or signatures were left out: mail_read_message, whole=true." if self._is_shortened else ""
        return " ".join(part for part in (cut, missing) if part)

    def shortened(self, is_shortened: bool) -> Self:
        """Say whether something was left out of any of its texts."""
        self._is_shortened = is_shortened
        return self

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
    head = f"{subject}{listed(people, most=_MOST_PEOPLE)}"
    messages, is_shortened = await _digest(found.messages, clock, home, len(head.encode()))
    thread = Thread(
        subject=subject,
        people=people,
        messages=messages,
        left_out=found.left_out or None,
        incomplete=not found.is_all or None,
        zone=clock.zone,
    )
    return thread.shortened(is_shortened).marked(any(each.is_from_outside(home) for each in found.messages))


async def _messages(graph: GraphClient, conversation: str) -> _Found:
    """The newest of them, oldest first, and how many older ones there are. Exchange cannot sort what it filters so."""
    pages = graph.pages(
        f"{graph.user}/messages",
        select=_FIELDS,
        query={"$filter": f"conversationId eq {literal(conversation)}", "$top": 50},
        limits=_MOST_READ,
    )
    every = [GraphMessage.model_validate(item) async for item in pages]
    # Who is among the readers of their own message has it twice. A stranger may copy its id, but not pass for them.
    single = {(each.internet_id or each.id, _address_of(each)): each for each in every if not each.is_draft}
    sent = sorted(single.values(), key=lambda each: each.received or "")
    if not sent:
        raise ToolInputError("Nothing of this thread is left but drafts. mail_read_message reads each alone.")
    return _Found(sent[-MOST_MESSAGES:], max(0, len(sent) - MOST_MESSAGES), is_all=pages.stopped_by is None)


def _address_of(message: GraphMessage) -> str:
    return message.sender.address.casefold() if message.sender else ""


def _people(messages: list[GraphMessage], home: Home) -> list[str]:
    """Everybody who wrote, in the order in which they first did."""
    return list(dict.fromkeys(each.sender.named(home) for each in messages if each.sender and each.sender.name))


async def _digest(messages: list[GraphMessage], clock: Clock, home: Home, taken: int) -> tuple[list[Said], bool]:
    """What each says, and whether something was left out of any of them."""
    read = await read_texts(messages, home)
    texts = [_on_one_line(each.text) for each in read]
    bare = [_said(*each, clock, home) for each in zip(messages, _senders(messages, home), strict=True)]
    around = sum(_SHORT_ID + len(each.as_line().encode()) - len(each.id.encode()) + len(_MORE) for each in bare)
    shares = _shares([len(text.encode()) for text in texts], DIGEST_BYTES - taken - around)
    said = [_with_text(*each) for each in zip(bare, texts, shares, read, strict=True)]
    return said, any(each.is_shortened for each in read)


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


def _said(message: GraphMessage, sender: str, clock: Clock, home: Home) -> Said:
    return Said(
        id=message.id,
        received=clock.minute(message.received),
        sender=sender,
        text="",
        files=message.has_files or None,
        outside=message.is_from_outside(home) or None,
    )


def _with_text(said: Said, text: str, share: int, read: Text) -> Said:
    kept = text.encode()[:share].decode(errors="ignore")
    return said.model_copy(update={"text": kept, "cut": len(text) - len(kept) + read.unread or None})


def _senders(messages: list[GraphMessage], home: Home) -> list[str]:
    """Who wrote each: by name, and with the address where another has the same name, or it looks like an address."""
    addresses = dict[str, set[str]]()
    for each in messages:
        if each.sender:
            addresses.setdefault(_key(each.sender.name), set()).add(address_key(each.sender.address))
    shared = {key for key, behind in addresses.items() if len(behind) > 1}
    return [_sender(each.sender, home, shared) if each.sender else "nobody" for each in messages]


def _sender(person: Person, home: Home, shared: Collection[str]) -> str:
    name = one_line(person.name, _WHO)
    is_posing = _key(person.name) in shared or "@" in unicodedata.normalize("NFKC", name)
    if not person.address or not is_posing:
        return without_bars(name) or "nobody"
    who = home.shown(person.address, name)
    return without_bars(who if len(who) <= _LONGEST_WHO else f"{who[:_WHO]}…{who[_WHO - _LONGEST_WHO + 1 :]}")


def _key(name: str) -> str:
    """The same for names that look the same in a row."""
    folded = unicodedata.normalize("NFKC", one_line(name, _WHO)).casefold()
    return "".join(each for each in folded if each.isalnum())
