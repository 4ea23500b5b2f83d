"""Who is calling, and what a call may do."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

_LONGEST_NAME = 256

# The tenant that all personal accounts are in.
_CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"


class Access(StrEnum):
    """How far a tool reaches; the order of the members is the order of gravity."""

    READ = "read"
    WRITE = "write"
    SEND = "send"
    DESTROY = "destroy"


class Level(StrEnum):
    """How far whoever runs the server lets calls go; the order of the members is the order of freedom."""

    READ = "read"
    ASK = "ask"
    FULL = "full"


@dataclass(frozen=True)
class Principal:
    """The identity that a token is kept for: nothing cached for one is ever used for another."""

    cloud: str
    tenant_id: str
    user_id: str
    client_id: str

    @property
    def is_personal(self) -> bool:
        """Whether it is a personal account, which no organisation has."""
        return self.tenant_id == _CONSUMERS

    @cached_property
    def digest(self) -> str:
        """What stands for it in the store and in records. Its ids cannot be guessed, so no key is needed, and what was
        kept for it outlives a change of keys."""
        parts = (self.cloud, self.tenant_id, self.user_id, self.client_id)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Identity:
    """What a token says about whom it speaks for. A personal account's says nothing: `permissions` is None then."""

    principal: Principal
    is_person: bool
    name: str
    username: str
    permissions: tuple[str, ...] | None


@dataclass(frozen=True)
class Rights:
    """What a caller may do here, beside what Microsoft 365 lets them. None stands for no limit."""

    level: Level = Level.ASK
    is_daemon: bool = False
    """No person is behind the calls, so that nobody can be asked."""
    tools: frozenset[str] | None = None
    mailboxes: frozenset[str] | None = None
    sites: frozenset[str] | None = None

    def allows(self, access: Access) -> bool:
        """Whether calls of this class may happen at all."""
        return access is Access.READ or self.level is not Level.READ


@dataclass(eq=False)
class Sender:
    """Who sent a request over HTTP, as was verified. It lives as long as the request, and nobody keeps it."""

    principal: Principal
    """Of a person, of an app, or of a key; `user_id` of the latter is `key:` and its id."""
    rights: Rights = field(default_factory=Rights)
    name: str = ""
    username: str = ""
    is_person: bool = True
    token: str = field(default="", repr=False)
    """What they showed, to be traded for Graph's tokens; empty where it is no token of Entra."""
    expires_at: float = math.inf
    """Until when it is good, by the wall clock."""
    calls_at_once: int = 0
    """How many calls they may have under way; 0 stands for the usual number."""
    rate: str = ""
    """How many requests they may send, as in 600/minute; empty stands for the usual number."""
    step_up: str = field(default="", repr=False)
    """The challenge that this call met and that only a new sign-in answers: parameters of WWW-Authenticate."""

    @property
    def who(self) -> str:
        """A digest that stands for them."""
        return self.principal.digest


_sender: ContextVar[Sender | None] = ContextVar("sender", default=None)


def current_sender() -> Sender | None:
    """Who sent the request that is being answered; None over stdio, and where nobody has to show anything."""
    return _sender.get()


@contextmanager
def sent_by(sender: Sender) -> Iterator[None]:
    """What happens within, also in tasks that are started there, answers a request of theirs."""
    token = _sender.set(sender)
    try:
        yield
    finally:
        _sender.reset(token)


@dataclass(frozen=True)
class SignedIn:
    """An account that can be worked as without asking its owner; `id` is MSAL's home account id."""

    id: str
    username: str
    tenant_id: str
    is_personal: bool
    is_selected: bool

    @property
    def shown(self) -> str:
        """The username as it may stand in a sentence: nothing invisible, nothing endless."""
        return "".join(letter for letter in self.username if letter.isprintable())[:_LONGEST_NAME]


def names_of(accounts: Sequence[SignedIn]) -> dict[str, SignedIn]:
    """What each account is called: its username, or its id where that is missing or shared by two."""
    usernames = [each.shown.lower() for each in accounts]
    return {
        each.shown if username and usernames.count(username) == 1 else each.id: each
        for username, each in zip(usernames, accounts, strict=True)
    }


def called(account: str, accounts: Sequence[SignedIn]) -> SignedIn | None:
    """The one that has this name or id, in any case; None where nobody has it, or more than one."""
    wanted = account.strip().lower()
    found = [each for name, each in names_of(accounts).items() if wanted in (name.lower(), each.id.lower())]
    return found[0] if len(found) == 1 else None
