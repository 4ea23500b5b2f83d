"""Whose mail a call is about, and whether the caller may look."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.faults import DirectoryNotFound, MailboxDenied, UserUnknownToMail
from emulator.graph import permissions
from emulator.graph.call import Answer, Call
from emulator.graph.permissions import Needs
from emulator.graph.workloads import EXCHANGE
from emulator.mailbox import Mailbox
from emulator.odata import Options, Structured
from emulator.tenant import Person


@dataclass(frozen=True)
class Opened:
    """A mailbox the caller may read, and how it wants items shown."""

    owner: Person
    mailbox: Mailbox
    wants_text: bool
    wants_immutable_ids: bool
    is_basic: bool

    @property
    def context(self) -> str:
        """The start of every context URL for this mailbox."""
        return f"users('{self.owner.id}')"

    def shown_id(self, plain: str, immutable: str) -> str:
        """The id the caller asked to see."""
        return immutable if self.wants_immutable_ids else plain


def opened(call: Call, needs: Needs) -> Opened:
    """The mailbox of the call's path, or the refusal Exchange would give."""
    permissions.require(call, needs, EXCHANGE)
    owner = _owner(call)
    return Opened(
        owner,
        call.tenant.mailbox(owner),
        wants_text=call.preferences.get("outlook.body-content-type") == "text",
        wants_immutable_ids=call.preferences.get("idtype") == "immutableid",
        is_basic=not permissions.has(call, permissions.READ_MAIL),
    )


def options_for(call: Call, kind: Structured, *allowed: str, derived: tuple[Structured, ...] = ()) -> Options:
    """The query options an Exchange endpoint takes, refused in Exchange's words."""
    with EXCHANGE.reading_query():
        options = call.options(*allowed)
        options.select_of(kind, *derived)
    return options


def chosen(options: Options, kind: Structured, *derived: Structured, default: tuple[str, ...]) -> tuple[str, ...]:
    """The properties to send: always the id, and in Exchange's own order, whatever the order they were named in."""
    names = options.select_of(kind, *derived)
    if not names:
        return default
    everything = (derived[-1] if derived else kind).properties
    return tuple(name for name in everything if name == "id" or name in names or "*" in names)


def replied(call: Call, body: dict[str, object]) -> Answer:
    """The answer, naming the preferences that shaped it."""
    applied = [name for name in (_body_preference(call), _id_preference(call)) if name]
    return Answer(body, headers={"Preference-Applied": ", ".join(applied)} if applied else {})


def projection(options: Options) -> str:
    """The part of a context URL that names the selected properties."""
    return f"({','.join(options.select)})" if options.select else ""


def _body_preference(call: Call) -> str:
    wanted = call.preferences.get("outlook.body-content-type")
    return f'outlook.body-content-type="{wanted}"' if wanted in {"text", "html"} else ""


def _id_preference(call: Call) -> str:
    return 'IdType="ImmutableId"' if call.preferences.get("idtype") == "immutableid" else ""


def _owner(call: Call) -> Person:
    key = call.parameters.get("user")
    if key is None:
        return permissions.signed_in(call)
    try:
        owner = call.tenant.person(key)
    except DirectoryNotFound:
        raise UserUnknownToMail(key) from None
    if call.caller.user_id is not None and owner is not call.me:
        # A mailbox that is not there is not found for everyone, delegate or not.
        call.tenant.mailbox(owner)
        raise MailboxDenied
    return owner
