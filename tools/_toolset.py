"""A tool is data beside its handler: name, toolset, scopes, access class, hints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations

from graph import deadline
from principal import Access
from tools import _schema
from tools._render import Answer
from tools._served import ServedTool

Handler = Callable[..., Awaitable[Answer]]


@dataclass(frozen=True)
class ToolSpec:
    """Everything that is known of a tool before it runs."""

    name: str
    toolset: str
    access: Access
    handler: Handler
    delegated: tuple[str, ...]
    """The least permissions when a person is signed in."""
    application: tuple[str, ...] | None
    """The least permissions of an app without a person; None where there is no such form."""
    needs_token: bool
    removes: bool = False
    """It takes something away that only a person can bring back."""
    repeatable: bool = False
    """Done twice with the same arguments, it has done no more than once."""
    open_world: bool = False
    """It deals with somebody outside the tenant."""
    beta: bool = False
    """It needs Graph's beta version."""
    seconds: float = deadline.CALL_SECONDS
    """How long it may take, without the time in which a person is asked."""

    @property
    def as_account(self) -> bool:
        """Whether it works as one of the signed-in accounts, so that a call may say as which."""
        return bool(self.delegated)

    @property
    def is_about_sign_in(self) -> bool:
        """Whether it deals with who is signed in, and with nothing in Graph."""
        return self.needs_token and not self.delegated and self.application is None

    def bind(self) -> Tool:
        """The tool as the SDK serves it: flat schemas, hints, and errors that a model can read."""
        tool = ServedTool.from_function(
            self.handler, name=self.name, description=_described(self.handler), annotations=self._hints()
        ).model_copy(update={"as_account": self.as_account, "fn": self._timed})
        tool.parameters = _schema.flat_input(tool.parameters)
        tool.fn_metadata.output_schema = _schema.flat_output(tool.fn_metadata.output_schema or {})
        return tool

    async def _timed(self, **arguments: object) -> Answer:
        """The handler alone: what it needs is resolved before, and that may take a person's time."""
        with deadline.within(self.seconds):
            return await self.handler(**arguments)

    def _hints(self) -> ToolAnnotations:
        reads = self.access is Access.READ
        return ToolAnnotations(
            read_only_hint=reads,
            destructive_hint=self.access is Access.DESTROY or self.removes,
            idempotent_hint=reads or self.repeatable,
            open_world_hint=self.access is Access.SEND or self.open_world,
        )


class Toolset:
    """A group of tools that is switched on and off together."""

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description
        self.tools: list[ToolSpec] = []

    def read(
        self,
        *delegated: str,
        application: Sequence[str] | None = None,
        needs_token: bool = True,
        beta: bool = False,
        seconds: float = deadline.CALL_SECONDS,
    ) -> Callable[[Handler], Handler]:
        """Declare a tool that changes nothing."""
        return partial(self._declare, Access.READ, delegated, application, seconds, needs_token=needs_token, beta=beta)

    def write(
        self,
        *delegated: str,
        application: Sequence[str] | None = None,
        removes: bool = False,
        repeatable: bool = False,
        open_world: bool = False,
        beta: bool = False,
        seconds: float = deadline.CALL_SECONDS,
    ) -> Callable[[Handler], Handler]:
        """Declare a tool that changes something of the person's own."""
        return partial(
            self._declare,
            Access.WRITE,
            delegated,
            application,
            seconds,
            beta=beta,
            removes=removes,
            repeatable=repeatable,
            open_world=open_world,
        )

    def _declare(
        self,
        access: Access,
        delegated: tuple[str, ...],
        application: Sequence[str] | None,
        seconds: float,
        handler: Handler,
        *,
        needs_token: bool = True,
        **hints: bool,
    ) -> Handler:
        name = f"{self.name}_{handler.__name__.rstrip('_')}"
        app_only = None if application is None else tuple(application)
        self.tools.append(
            ToolSpec(name, self.name, access, handler, delegated, app_only, needs_token, seconds=seconds, **hints)
        )
        return handler


def _described(handler: Handler) -> str:
    return " ".join((handler.__doc__ or "").split())
