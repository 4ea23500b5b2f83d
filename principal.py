"""Who is calling, and what a call may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

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
