"""Tools of every class on a small tenant, and what of their calls reaches it: for the tests of approval."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any

import httpx
from mcp import Client
from mcp_types import CallToolResult
from pydantic import Field

from _server_demo import DemoTenant
from _server_services import Rules
from _server_wiring import speaker_for
from emulator import Tenant
from graph import GraphClient, GraphService
from principal import Level, Rights
from server import GraphwardServer
from tests.support import demo_settings, small_tenant, text_of
from tests.tools.clients import AGREES, PAGES, Person, at
from tests.tools.recording import Exchange, Recorder
from tests.tools.serving import server_with
from tools import ApprovalPages, Services, Toolset
from tools._plan import Plan, Preview, Step, Targets
from tools._render import Answer, Outcome
from tools._services import Graph
from tools.mail import mail

JONAS = "jonas.brandt@lindenhall.example"
EVE = "eve@elsewhere.example"
MAIL: dict[str, Any] = {"to": [JONAS], "subject": "Minutes", "text": "Here they are."}

_SCOPES = ["User.Read", "Mail.Send", "Mail.ReadWrite", "MailboxSettings.Read", "People.Read"]

risky = Toolset("risky", "One tool of each class.")


class Noted(Answer):
    """What a look came to."""

    name: str

    def says(self) -> str:
        return self.name


def _note(subject: str) -> Step:
    return Step("POST", "me/messages", {"subject": subject})


async def _planned(graph: GraphClient, subject: str) -> Plan[Outcome]:
    whose = await graph.get("me", {"$select": "displayName"})
    facts = (("Whose", whose["displayName"]), ("Subject", subject))
    return Plan(Preview("Do this?", facts), (_note(subject),), lambda _: Outcome(what=f"Done: {subject}"))


@risky.read("User.Read")
async def look(graph: Graph, outside: bool = False) -> Noted:
    """Look."""
    whose = await graph.get("me", {"$select": "displayName"})
    return Noted(name=whose["displayName"]).marked(outside)


@risky.write("Mail.ReadWrite")
async def file(graph: Graph, subject: str = "filed") -> Plan[Outcome]:
    """File a draft."""
    return await _planned(graph, subject)


@risky.destroy("Mail.ReadWrite")
async def wipe(graph: Graph, subject: str = "wiped") -> Plan[Outcome]:
    """Wipe something; here it leaves a draft."""
    return await _planned(graph, subject)


@risky.destroy("Mail.ReadWrite")
async def wipe_many(graph: Graph, names: Annotated[list[str], Field(max_length=200)]) -> Plan[Outcome]:
    """Wipe many things."""
    preview = Preview("Wipe these?", items=tuple(names), warning="They are gone for good.")
    return Plan(preview, (_note("many"),), lambda _: Outcome(what="Done."), Targets())


@dataclass
class Scene:
    """A server, and what it sends."""

    server: GraphwardServer
    recorder: Recorder
    tenant: Tenant
    rights: Rights
    before: int = 0
    services: Services | None = None

    @property
    def writes(self) -> list[Exchange]:
        return [
            each
            for each in self.recorder.exchanges
            if each.method != "GET" and not each.path.endswith("/$batch")  # those carry reads here
        ]

    @property
    def sent(self) -> int:
        """How many mails the tenant has as sent since the scene began."""
        return sent_in(self.tenant) - self.before

    @asynccontextmanager
    async def client(
        self, way: str = "modern stream", person: Person | None = None, elicitation: dict[str, Any] | None = PAGES
    ) -> AsyncIterator[Client]:
        async with at(self.server, way, person or Person(form=AGREES), elicitation) as client:
            yield client


def sent_in(tenant: Tenant) -> int:
    """How many mails the tenant has as sent by the person of the demo."""
    mailbox = tenant.mailbox(tenant.demo_person)
    return len(list(mailbox.in_folder(mailbox.folder("sentitems").id)))


@cache
def _shared() -> tuple[Tenant, DemoTenant]:
    """A tenant that many scenes can be played in: to make its keys takes longer than most of them."""
    tenant = small_tenant()
    return tenant, DemoTenant(tenant)


def _sending() -> Toolset:
    """The mail toolset with its send tool alone: to bind all of them takes longer than to call one."""
    only = Toolset("mail", mail.description, in_mailbox=True)
    only.tools = [each for each in mail.tools if each.name == "mail_send_message"]
    return only


@asynccontextmanager
async def scene(
    level: Level = Level.ASK,
    *,
    rules: Rules | None = None,
    pages: ApprovalPages | None = None,
    adjusted: Callable[[Services], Services] = lambda made: made,
    tenant: Tenant | None = None,
) -> AsyncIterator[Scene]:
    """All tools are offered, whatever the level: what is refused, is so at the call."""
    tenant, cloud = (tenant, DemoTenant(tenant)) if tenant else _shared()
    rules, settings = rules or Rules(level), demo_settings()
    scopes = [f"https://graph.microsoft.com/{scope}" for scope in _SCOPES]
    people = cloud.accounts(scopes, sign_in=False, tell=lambda _: None)
    recorder = Recorder(httpx.ASGITransport(app=cloud))

    def client(service: GraphService, account: str | None, _: str) -> GraphClient:
        return GraphClient(service, speaker_for(settings, people, scopes, account))

    def adjust(made: Services) -> Services:
        made = adjusted(replace(made, rights=lambda: found.rights))
        found.services = made
        return made

    server = server_with(
        recorder, people, client, catalogue=(_sending(), risky), rules=rules, pages=pages, adjusted=adjust
    )
    found = Scene(server, recorder, tenant, Rights(level=rules.level), sent_in(tenant))
    async with people.running():
        yield found


async def said(client: Client, tool: str = "mail_send_message", /, **arguments: Any) -> str:
    """What a tool answers to a person's model."""
    return text_of(await client.call_tool(tool, arguments or (MAIL if tool == "mail_send_message" else {})))


def is_done(result: CallToolResult) -> bool:
    return not result.is_error and (result.structured_content or {}).get("done") is True
