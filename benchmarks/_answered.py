"""The answers that benchmarks/answers.py compares: ours, and what Graph answers to the one call behind them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from mcp import Client
from mcp_types import CallToolResult, TextContent

import auth
from benchmarks._sides import OneToken
from emulator import build_emulator, demo_tenant
from server import build_server
from settings import read_settings

GRAPH = "https://graph.microsoft.com/v1.0"
NEWEST = "/me/messages?$top=25"
LIST_FIELDS = "id,subject,from,receivedDateTime,isRead,hasAttachments"
READ_FIELDS = "id,conversationId,subject,from,toRecipients,ccRecipients,receivedDateTime,hasAttachments,body"
LIST = "25 newest"
SCOPES = ("Mail.Read", "MailboxSettings.Read", "User.Read")


@dataclass(frozen=True)
class Compared:
    """An answer of ours, and what stands for the same in Graph."""

    what: str
    text: str
    structured: str
    default: str
    careful: str

    @property
    def forms(self) -> dict[str, str]:
        return {"text": self.text, "structured": self.structured, "both": self.text + self.structured}

    @property
    def measured(self) -> list[str]:
        """Everything whose tokens are wanted: our forms, and then the two of Graph's."""
        return [*self.forms.values(), self.default, self.careful]

    def ratio(self, form: str) -> float:
        """How many times longer than this form Graph's default answer is."""
        return size_of(self.default) / size_of(self.forms[form])


class Mailbox:
    """The demo person's, by our tools and by Graph itself."""

    def __init__(self, client: Client, graph: httpx.AsyncClient) -> None:
        self._client = client
        self._graph = graph

    async def compared(self) -> list[Compared]:
        """The list, a mail of usual length, the longest of the 25, and the longest conversation."""
        page = await self._rows(NEWEST)
        by_length = sorted(page, key=lambda message: len(message["body"]["content"]))
        return [
            await self._both(LIST, NEWEST, LIST_FIELDS, "mail_list_messages", limit=25),
            await self._message("usual mail", by_length[len(by_length) // 2]["id"]),
            await self._message("longest mail", by_length[-1]["id"]),
            await self._thread(),
        ]

    async def _message(self, what: str, message: str) -> Compared:
        return await self._both(what, f"/me/messages/{message}", READ_FIELDS, "mail_read_message", id=message)

    async def _thread(self) -> Compared:
        every = await self._rows("/me/messages?$top=1000&$select=id,conversationId,isDraft")
        members: dict[str, list[str]] = {}
        for message in every:
            if not message["isDraft"]:
                members.setdefault(message["conversationId"], []).append(message["id"])
        conversation, messages = max(members.items(), key=lambda item: len(item[1]))
        path = f"/me/messages?$filter=conversationId eq '{conversation}'&$top=50"
        return await self._both(f"thread of {len(messages)}", path, READ_FIELDS, "mail_read_thread", id=messages[0])

    async def _both(self, what: str, path: str, fields: str, tool: str, **arguments: str | int) -> Compared:
        result = await self._client.call_tool(tool, arguments)
        structured = json.dumps(result.structured_content, ensure_ascii=False, separators=(",", ":"))
        narrowed = f"{path}{'&' if '?' in path else '?'}$select={fields}"
        return Compared(what, _text(result), structured, await self._raw(path), await self._raw(narrowed))

    async def _raw(self, path: str) -> str:
        """As it was sent: compact, as Graph's is."""
        return (await self._graph.get(f"{GRAPH}{path}")).raise_for_status().text

    async def _rows(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self._graph.get(f"{GRAPH}{path}")).raise_for_status().json()["value"]
        return rows


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """Both ways to it, on a demo tenant of its own."""
    tenant = demo_tenant()
    app = build_emulator(tenant)
    token = app.state.entra.access_token(tenant.demo_person, scopes=SCOPES)
    account = auth.Account(OneToken(token), [], cloud="public", is_person=True)
    transport = httpx.ASGITransport(app=app)
    # Ids of the kind that our tools take; they are as long as the others.
    headers = {"Authorization": f"Bearer {token}", "Prefer": 'IdType="ImmutableId"'}
    async with (
        Client(build_server(read_settings({"DEMO": "true"}), account, transport=transport)) as client,
        httpx.AsyncClient(transport=transport, headers=headers) as graph,
    ):
        yield Mailbox(client, graph)


async def measured() -> list[Compared]:
    """All that is compared."""
    async with mailbox() as both_ways:
        return await both_ways.compared()


def table(unit: str, compared: Sequence[Compared], sizes: Sequence[int]) -> str:
    """A line for each answer; `sizes` are of its forms, of Graph's default and of the careful one."""
    graph = " ".join(f"| {name:>8} {'text':>6} {'struct':>6} {'both':>6}" for name in ("default", "careful"))
    lines = [f"{unit:14} {'text':>7} {'struct':>7} {'both':>7} {graph}"]
    for number, each in enumerate(compared):
        *ours, default, careful = sizes[5 * number : 5 * number + 5]
        told_of = " ".join(f"{size:>7}" for size in ours)
        lines.append(f"{each.what:14} {told_of} | {_ratios(default, ours)} | {_ratios(careful, ours)}")
    return "\n".join(lines)


def _ratios(theirs: int, ours: Sequence[int]) -> str:
    return f"{theirs:>8} {' '.join(f'{theirs / size:>6.1f}' for size in ours)}"


def _text(result: CallToolResult) -> str:
    texts = [each.text for each in result.content if isinstance(each, TextContent)]
    if result.is_error:
        raise SystemExit(f"a tool failed: {texts}")
    return "\n".join(texts)


def size_of(text: str) -> int:
    return len(text.encode())
