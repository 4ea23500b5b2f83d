"""Discovery: a few tools that find, describe and call all the others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

from mcp.server.mcpserver import Context, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import BaseModel, Field

from errors import AppError, ToolInputError
from principal import SignedIn
from tools._listing import description_of, with_argument
from tools._records import recorded
from tools._render import Answer, compact
from tools._served import ServedTool
from tools._services import Services, accounts_of, services_of
from tools._toolset import Toolset, ToolSpec

discovery = Toolset("tool", "Find, describe and call any tool.")

_MOST_ARGUMENTS = 8
_HOW = 'tool_call takes a name and an object: {"name": "mail_list_messages", "arguments": {}}.'
_NOT_FOR_THIS_CALLER = "this account's permissions, or what this caller may do, are not enough"


# Async, though nothing is awaited: what is not, the SDK sends to a worker thread and back.
async def _services(ctx: Context[Services]) -> Services:
    return services_of(ctx)


AllServices = Annotated[Services, Resolve(_services)]


class Found(BaseModel):
    """A tool that may do what is wanted."""

    name: str
    what: str
    access: str
    takes: list[str]
    not_offered: str | None = None

    def as_line(self) -> str:
        why = f" (not offered: {self.not_offered})" if self.not_offered else ""
        return f"{self.name}({', '.join(self.takes)}) [{self.access}]: {self.what}{why}"


class ToolList(Answer):
    """The tools that fit, the best first."""

    tools: list[Found]

    def says(self) -> str:
        if not self.tools:
            return "Nothing fits. Say in other words what is to be done, such as: send a mail."
        lines = [tool.as_line() for tool in self.tools]
        return "\n".join([*lines, "tool_describe shows all arguments, tool_call calls it."])


class Description(Answer):
    """All that a model has to know of a tool before it calls it."""

    name: str
    what: str
    access: str
    arguments: str
    not_offered: str | None = None

    def says(self) -> str:
        why = f"\nNot offered here: {self.not_offered}." if self.not_offered else ""
        return f"{self.name} [{self.access}]: {self.what}{why}\nArguments, as JSON schema: {self.arguments}"


class Forwarding(ServedTool):
    """A call that is another tool's: that one judges, asks, carries out and answers it."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> CallToolResult | InputRequiredResult | Answer:
        services = services_of(context)
        try:
            tool, given = _meant(arguments, services)
        except ToolError:
            with recorded(self.name, services.audit) as record:
                record.outcome = "failed"
            raise
        answer: CallToolResult | InputRequiredResult | Answer
        answer = await services.catalogue.bound(tool).run(given, context, convert_result)
        return answer


@discovery.read(needs_token=False)
async def find(
    services: AllServices,
    query: Annotated[str, Field(description="what is to be done, in a few words", max_length=2000)],
    limit: Annotated[int, Field(ge=1, le=20)] = 6,
) -> ToolList:
    """Find the tools for a job. All of Microsoft 365 that is offered here can be found, by whatever words."""
    accounts = await _listed(services)
    return ToolList(tools=[_found(tool, services, accounts) for tool in services.catalogue.found(query, limit)])


@discovery.read(needs_token=False)
async def describe(services: AllServices, name: str) -> Description:
    """Show what a tool does and takes."""
    tool = services.catalogue.named(name)
    if tool is None:
        raise ToolInputError(_unknown(name, services))
    accounts = await _listed(services)
    schema, which = services.catalogue.bound(tool).parameters, description_of(accounts)
    return Description(
        name=name,
        what=tool.description,
        access=tool.access,
        arguments=compact(with_argument(schema, which) if which and tool.as_account else schema),
        not_offered=_reason_against(tool, services, accounts) or None,
    )


@discovery.destroy(needs_token=False, forwards=True, served_as=Forwarding)
async def call(name: str, arguments: dict[str, Any] | None = None) -> Answer:
    """Call a tool that tool_find has found."""
    raise ToolInputError(f"{name} is called by whoever serves this, with {len(arguments or {})} arguments.")


def _meant(arguments: dict[str, Any], services: Services) -> tuple[ToolSpec, dict[str, Any]]:
    """Which tool is to be called, and with what."""
    name, given = arguments.get("name"), _object(arguments.get("arguments"))
    if not isinstance(name, str) or given is None or arguments.keys() - {"name", "arguments"}:
        raise ToolError(_HOW)
    tool = services.catalogue.named(name)
    if tool is None or tool.name not in services.catalogue.selection.tools:
        raise ToolError(_unknown(name, services))
    return tool, given


def _object(given: object) -> dict[str, Any] | None:
    """The arguments; None where they are none. Some models write an object without a schema as a text."""
    if isinstance(given, str):
        with suppress(ValueError, RecursionError):
            given = json.loads(given)
    if given is None:
        return {}
    return given if isinstance(given, dict) else None


def _unknown(name: str, services: Services) -> str:
    if any(tool.name == name for tool in discovery.tools):
        return f"{name} is called by itself, and finds, describes or calls other tools than those that do so."
    absent = services.catalogue.selection.why_absent(name)
    return absent if services.catalogue.named(name) else f"{absent} tool_find finds what there is."


async def _listed(services: Services) -> Sequence[SignedIn]:
    with suppress(AppError):  # the call that needs the accounts will say so
        return await accounts_of(services)
    return ()


def _reason_against(tool: ToolSpec, services: Services, accounts: Sequence[SignedIn]) -> str:
    """Why a call would be refused as things are now; an empty text where it would not."""
    if reason := services.catalogue.selection.reason_against(tool):
        return reason
    return _NOT_FOR_THIS_CALLER if services.seen.hidden([tool], accounts, services.rights()) else ""


def _found(tool: ToolSpec, services: Services, accounts: Sequence[SignedIn]) -> Found:
    schema = services.catalogue.bound(tool).parameters
    required = schema.get("required", [])
    names = [name if name in required else f"{name}?" for name in schema.get("properties", {})]
    return Found(
        name=tool.name,
        what=tool.description,
        access=tool.access,
        takes=names[:_MOST_ARGUMENTS],
        not_offered=_reason_against(tool, services, accounts) or None,
    )
