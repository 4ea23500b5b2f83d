"""Arguments with which each tool can be called on the seeded demo tenant, by its name.

Where arguments depend on what is there, they are a function that asks other tools for it. What changes something is
called as a dry run: it reads all that it needs, and sends nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Arguments = dict[str, Any]
# Calls a tool with such arguments, and returns the facts of its answer.
Ask = Callable[..., Awaitable[dict[str, Any]]]
Example = Arguments | Callable[[Ask], Awaitable[Arguments]]


async def a_message_with_files(ask: Ask) -> Arguments:
    page = await ask("mail_list_messages", limit=50)
    return {"id": next(row["id"] for row in page["messages"] if "+" in row.get("marks", ""))}


async def an_answer(ask: Ask) -> Arguments:
    page = await ask("mail_list_messages", limit=50)
    return {"id": next(row["id"] for row in page["messages"] if row["subject"].startswith("RE:"))}


async def the_next_page(ask: Ask) -> Arguments:
    page = await ask("mail_list_messages", limit=5)
    return {"cursor": page["next"]}


_MAIL = {"to": ["yusuf.demirkan@lindenhall.example"], "subject": "Hall 2", "text": "It is done.", "dry_run": True}

EXAMPLES: dict[str, tuple[Example, ...]] = {
    "account_whoami": ({},),
    "mail_list_messages": (
        {},
        {"folder": "sentitems", "unread": True, "limit": 5},
        {"folder": "Sent Items"},
        the_next_page,
    ),
    "mail_read_message": (a_message_with_files,),
    "mail_read_thread": (an_answer,),
    "mail_send_message": (_MAIL,),
}
