"""Who is calling, and what a call may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """How far a tool reaches; the order of the members is the order of gravity."""

    READ = "read"
    WRITE = "write"
    SEND = "send"
    DESTROY = "destroy"


@dataclass(frozen=True)
class Principal:
    """The identity that a token is kept for: nothing cached for one is ever used for another."""

    cloud: str
    tenant_id: str
    user_id: str
    client_id: str


@dataclass(frozen=True)
class Identity:
    """What a token says about whom it speaks for. A personal account's says nothing: `permissions` is None then."""

    principal: Principal
    is_person: bool
    name: str
    username: str
    permissions: tuple[str, ...] | None


@dataclass(frozen=True)
class SignedIn:
    """An account that can be worked as without asking its owner; `id` is MSAL's home account id."""

    id: str
    username: str
    tenant_id: str
    is_personal: bool
    is_selected: bool
