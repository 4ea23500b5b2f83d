"""What can be subscribed to: for how long, to which changes, and how many times."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.odata.types import Structured

CHANGES = ("created", "updated", "deleted")
_HOUR, _DAY = 60, 1440
_ANY = frozenset(CHANGES)
_SETTLED = frozenset({"updated", "deleted"})


@dataclass(frozen=True)
class Limit:
    """The rules of one kind of resource; minutes are the longest lifetime, `rich` with the data of the resource.

    `called` is how notifications name the collection, `per_mailbox` says that a mailbox has room for so many, `per_app`
    an application in one tenant. `tells_missed` says that its service sends `missed` and `subscriptionRemoved`.
    """

    minutes: int
    called: str
    rich: int = 0
    changes: frozenset[str] = _ANY
    per_mailbox: int = 0
    per_app: int = 0
    tells_missed: bool = False


def _outlook(called: str) -> Limit:
    return Limit(7 * _DAY, called, rich=_DAY, per_mailbox=1000, tells_missed=True)


def _directory(called: str) -> Limit:
    return Limit(29 * _DAY, called, changes=_SETTLED, per_app=100)


def _teams(called: str) -> Limit:
    return Limit(3 * _DAY, called, rich=3 * _DAY)


_LIMITS = {
    "message": _outlook("Messages"),
    "event": _outlook("Events"),
    "contact": _outlook("Contacts"),
    "user": _directory("Users"),
    "group": _directory("Groups"),
    "directoryObject": _directory("Groups"),
    "driveItem": Limit(42_300, "DriveItems", changes=frozenset({"updated"})),
    "list": Limit(42_300, "Lists", changes=frozenset({"updated"})),
    "conversation": Limit(4230, "Conversations"),
    "todoTask": Limit(4230, "Tasks"),
    "presence": Limit(_HOUR, "Presences", changes=frozenset({"updated"})),
    "chat": _teams("Chats"),
    "chatMessage": _teams("Messages"),
    "channel": _teams("Channels"),
    "team": _teams("Teams"),
    "conversationMember": _teams("Members"),
    "printer": Limit(4230, "Printers"),
    "printJob": Limit(4230, "Jobs"),
    "printTask": Limit(4230, "Tasks"),
    "alert": Limit(30 * _DAY, "Alerts"),
}


def limit_of(kind: Structured) -> Limit | None:
    """The rules for a type, a derived one's base counting; nothing where nobody can listen."""
    found = (_LIMITS.get(ancestor.name.removeprefix("microsoft.graph.")) for ancestor in kind.ancestry)
    return next((limit for limit in found if limit is not None), None)
