"""Which permissions open which endpoint. A row names all that suffice; the least privileged comes first."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.faults import DirectoryBadRequest
from emulator.graph.call import Call
from emulator.graph.workloads import Workload
from emulator.tenant import Person

_DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
_USERS = ("User.Read.All", "User.ReadWrite.All", *_DIRECTORY)
_SELF = ("User.Read", "User.ReadWrite")


@dataclass(frozen=True)
class Needs:
    """A row of the table: any one of these will do."""

    delegated: frozenset[str]
    application: frozenset[str]


def _needs(*both: str, delegated: tuple[str, ...] = (), application: tuple[str, ...] = ()) -> Needs:
    return Needs(frozenset({*both, *delegated}), frozenset({*both, *application}))


SEE_USERS = _needs("User.ReadBasic.All", *_USERS)
SEE_SELF = _needs("User.ReadBasic.All", *_USERS, delegated=_SELF)
SEE_WHOLE_USERS = _needs(*_USERS)
SEE_WHOLE_SELF = _needs(*_USERS, delegated=_SELF)
SEE_MANAGER = _needs(*_USERS)
SEE_OWN_REPORTS = _needs(*_USERS, delegated=_SELF)
SEE_REPORTS = _needs(*_USERS)
LIST_MAIL = _needs("Mail.Read", "Mail.ReadWrite", delegated=("Mail.ReadBasic",), application=("Mail.ReadBasic.All",))
READ_MAIL = _needs("Mail.Read", "Mail.ReadWrite")


def has(call: Call, needs: Needs) -> bool:
    """Whether the caller holds one of the permissions."""
    if call.caller.user_id is None:
        return bool(call.caller.roles & needs.application)
    return bool(call.caller.scopes & needs.delegated)


def require(call: Call, needs: Needs, workload: Workload) -> None:
    """Refuse the call as the workload does, unless the caller holds one of the permissions."""
    if not has(call, needs):
        raise workload.denied()


def signed_in(call: Call) -> Person:
    """Who `/me` is; an app on its own is nobody."""
    if call.me is None:
        raise DirectoryBadRequest("/me request is only valid with delegated authentication flow.")
    return call.me
