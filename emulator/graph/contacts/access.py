"""Whose contacts a call may see or write."""

from __future__ import annotations

from emulator.faults import MailboxDenied
from emulator.graph.contacts.state import WRITERS, ContactBox, contact_box
from emulator.graph.engine.call import Call
from emulator.graph.engine.permits import has_any
from emulator.graph.mail.state import Grant
from emulator.store import Entity
from emulator.tenant import Person

_WRITE = "Contacts.ReadWrite.Shared"
_READ = ("Contacts.Read.Shared", _WRITE)


def opened(call: Call, owner: Entity, folder: Entity | None = None) -> ContactBox:
    """A person's contacts, if the caller may have them; without a folder any role in one of them will do."""
    assert isinstance(owner, Person)  # noqa: S101 - only people have contacts
    box = contact_box(call.tenant, owner)
    if call.me is None or call.me is owner:
        return box
    writes = call.method != "GET"
    grant = box.mailbox.grants.get(call.me.id)
    if grant is None or not has_any(call, *((_WRITE,) if writes else _READ)) or not _covers(box, grant, folder, writes):
        raise MailboxDenied
    return box


def _covers(box: ContactBox, grant: Grant, folder: Entity | None, writes: bool) -> bool:
    if grant.full_access:
        return True
    roles = {key: role for key, role in grant.folders.items() if box.folders.get(key) is not None}
    if folder is None:
        return bool(roles)
    role = roles.get(folder.id)
    return role in WRITERS if writes else role is not None
