"""What the tests of mail share: permissions, addresses and short ways to write."""

from __future__ import annotations

from typing import Any

import httpx

from emulator import Tenant
from emulator.graph.mail.message import Message
from emulator.graph.mail.parts import Address
from emulator.tenant import Person

SCOPES = (
    "Mail.Read", "Mail.ReadWrite", "Mail.Send", "Mail.ReadWrite.Shared", "Mail.Send.Shared",
    "MailboxSettings.ReadWrite", "User.Read",
)  # fmt: skip
ADA, BO, CY = "ada.lind@lindenhall.example", "bo.mcallister@lindenhall.example", "cy.falk@lindenhall.example"
OUTSIDE = "olga@elsewhere.example"
OLGA = Address("Olga Strand", OUTSIDE)


def to(*addresses: str) -> list[dict[str, Any]]:
    """Recipients as a body has them."""
    return [{"emailAddress": {"address": address}} for address in addresses]


def letter(*recipients: str, subject: str = "Plan", content: str = "<p>Hello</p>", **more: Any) -> dict[str, Any]:
    """A message as a body has it."""
    return {
        "subject": subject,
        "body": {"contentType": "html", "content": content},
        "toRecipients": to(*recipients),
        **more,
    }


def inside(tenant: Tenant, person: Person, folder: str) -> list[Message]:
    """The messages of a folder."""
    mailbox = tenant.mailbox(person)
    return list(mailbox.in_folder(mailbox.folder(folder).id))


async def send(client: httpx.AsyncClient, message: dict[str, Any], **more: Any) -> httpx.Response:
    """Send a message at once."""
    return await client.post("/me/sendMail", json={"message": message, **more})


async def draft(client: httpx.AsyncClient, message: dict[str, Any]) -> dict[str, Any]:
    """Make a draft."""
    response = await client.post("/me/messages", json=message)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found
