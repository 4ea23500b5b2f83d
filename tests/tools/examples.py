"""Arguments with which each tool can be called on the seeded demo tenant, by its name.

Where arguments depend on what is there, they are a function that asks other tools for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Arguments = dict[str, Any]
# Calls a tool with such arguments, and returns the facts of its answer.
Ask = Callable[..., Awaitable[dict[str, Any]]]
Example = Arguments | Callable[[Ask], Awaitable[Arguments]]


async def a_message_with_attachments(ask: Ask) -> Arguments:
    page = await ask("mail_list_messages", limit=50)
    return {"id": next(row["id"] for row in page["messages"] if row["attachments"])}


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "account_whoami": ({},),
    "mail_list_messages": ({}, {"folder": "sentitems", "unread": True, "limit": 5, "skip": 1}),
    "mail_read_message": (a_message_with_attachments,),
}
