"""Whose mailbox a call is about, and what the caller may do with it."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.faults import MailboxDenied
from emulator.graph.engine.call import Call
from emulator.graph.engine.permits import has_any
from emulator.graph.mail.state import Folder, FolderMessages, Grant, Mailbox
from emulator.store import Entity

_READ = ("Mail.Read", "Mail.ReadWrite", "Mail.Read.Shared", "Mail.ReadWrite.Shared")
_SHARED = ("Mail.Read.Shared", "Mail.ReadWrite.Shared", "Mail.ReadBasic.Shared")
_SHARED_WRITE = ("Mail.ReadWrite.Shared",)
_WRITERS = frozenset({"author", "editor", "publishingEditor", "owner"})
# What Mail.ReadBasic leaves out.
NOT_BASIC = frozenset({"body", "bodyPreview", "uniqueBody", "internetMessageHeaders"})


@dataclass(frozen=True)
class Opened:
    """A mailbox that the caller may look into; `only` are the folders it may see, all when None."""

    mailbox: Mailbox
    only: frozenset[str] | None = None

    @property
    def messages(self) -> FolderMessages:
        """The messages that the caller may see."""
        return FolderMessages(self.mailbox, only=self.only)

    def shows(self, folder: Folder) -> bool:
        """Whether the caller may see what lies in a folder."""
        return self.only is None or folder.id in self.only


def opened(call: Call, owner: Entity) -> Opened:
    """The mailbox of a person, or the refusal that Exchange would give."""
    mailbox = call.tenant.mailbox(call.tenant.person(owner.id))
    if is_own(call, owner):
        return Opened(mailbox)
    grant = grant_of(call, mailbox)
    if not has_any(call, *(_SHARED if call.method == "GET" else _SHARED_WRITE)):
        raise MailboxDenied
    if grant.full_access:
        return Opened(mailbox)
    writes = call.method != "GET"
    only = frozenset(key for key, role in grant.folders.items() if role in _WRITERS or not writes)
    if not only:
        raise MailboxDenied
    return Opened(mailbox, only)


def own_mailbox(call: Call, owner: Entity) -> Mailbox:
    """The mailbox for what concerns it whole, such as its settings: its owner's and a full delegate's, and an app's."""
    mailbox = call.tenant.mailbox(call.tenant.person(owner.id))
    if not is_own(call, owner) and not grant_of(call, mailbox).full_access:
        raise MailboxDenied
    return mailbox


def is_own(call: Call, owner: Entity) -> bool:
    """Whether the mailbox is the caller's own; an app on its own opens all."""
    return call.caller.user_id is None or owner is call.me


def grant_of(call: Call, mailbox: Mailbox) -> Grant:
    """What the signed-in person was allowed; nothing, unless it was said."""
    return mailbox.grants.get(call.caller.user_id or "", Grant())


def is_basic(call: Call) -> bool:
    """Whether the caller may not see what people wrote."""
    return not has_any(call, *_READ)
