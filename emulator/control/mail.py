"""Mail that whoever tests lets come in from outside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from email.utils import parseaddr

from emulator.graph.mail.message import Message
from emulator.graph.mail.parts import Address, Body
from emulator.graph.mail.post import is_address, is_group, receive_from_outside
from emulator.tenant import Tenant


class BadMail(Exception):
    """Mail that cannot come in; the text says why."""


def received(
    tenant: Tenant, now: datetime, sender: str, to: Iterable[str], *, subject: str, body: Body
) -> list[Message]:
    """Deliver mail to people and groups here, and say which copies came into inboxes.

    An address may have a name: `Olga Strand <olga@elsewhere.example>`.
    """
    author, readers = _read(sender), tuple(_reader(tenant, each) for each in to)
    return receive_from_outside(tenant, readers, now, sender=author, subject=subject, body=body)


def _read(text: str) -> Address:
    name, address = parseaddr(text)
    if not is_address(address):
        raise BadMail(f"'{text}' is no mail address.")
    return Address(name or address, address)


def _reader(tenant: Tenant, text: str) -> Address:
    written = _read(text)
    found = tenant.addressee(written.address)
    if found is None or not (is_group(found) or found.id in tenant.mailboxes):
        raise BadMail(f"Nobody here gets mail at '{written.address}'.")
    return Address(str(found.get("displayName") or written.name), written.address)
