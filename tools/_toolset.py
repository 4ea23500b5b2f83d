"""A tool is data beside its handler: name, toolset, scopes, access class, hints. Here are that data and its wrapper."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import ValidationError

from errors import AppError
from principal import Access
from tools import _schema
from tools._render import Answer, rendered

log = logging.getLogger(__name__)

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

    def bind(self) -> Tool:
        """The tool as the SDK serves it: flat schemas, hints, and errors that a model can read."""
        tool = _ServedTool.from_function(
            self.handler, name=self.name, description=_described(self.handler), annotations=self._hints()
        )
        tool.parameters = _schema.flat_input(tool.parameters)
        tool.fn_metadata.output_schema = _schema.flat_output(tool.fn_metadata.output_schema or {})
        return tool

    def _hints(self) -> ToolAnnotations:
        reads = self.access is Access.READ
        return ToolAnnotations(
            read_only_hint=reads,
            destructive_hint=self.access is Access.DESTROY,
            idempotent_hint=reads,
            open_world_hint=self.access is Access.SEND,
        )


class Toolset:
    """A group of tools that is switched on and off together."""

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description
        self.tools: list[ToolSpec] = []

    def read(
        self, *delegated: str, application: Sequence[str] | None = None, needs_token: bool = True
    ) -> Callable[[Handler], Handler]:
        """Declare a tool that changes nothing."""

        def declare(handler: Handler) -> Handler:
            name = f"{self.name}_{handler.__name__}"
            app_only = None if application is None else tuple(application)
            self.tools.append(ToolSpec(name, self.name, Access.READ, handler, delegated, app_only, needs_token))
            return handler

        return declare


class _ServedTool(Tool):
    """The one place where an error of ours becomes an error that the model reads."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> CallToolResult | InputRequiredResult | Answer:
        self._refuse_unknown(arguments)
        self._refuse_other_types(arguments)
        try:
            answer: InputRequiredResult | Answer = await super().run(arguments, context)
        except ToolError as error:
            log.warning("tool failed", extra={"tool": self.name, "cause": _logged(error.__cause__)})
            raise self._readable(error) from error.__cause__
        return rendered(answer) if convert_result and isinstance(answer, Answer) else answer

    def _refuse_unknown(self, arguments: dict[str, Any]) -> None:
        known = self.parameters.get("properties", {})
        if unknown := sorted(set(arguments) - set(known)):
            takes = ", ".join(known) or "no arguments"
            named = ", ".join(name[:40] for name in unknown[:5])
            raise ToolError(f"{self.name} has no argument {named}. It takes: {takes}.")

    def _refuse_other_types(self, arguments: dict[str, Any]) -> None:
        """The schema's types and no others: the SDK would take true for 1. As JSON, so that a date is still a text."""
        given = json.dumps(self.fn_metadata.pre_parse_json(arguments))
        try:
            self.fn_metadata.arg_model.model_validate_json(given, strict=True)
        except ValidationError as error:
            raise ToolError(self._mistaken(error)) from error

    def _readable(self, error: ToolError) -> ToolError:
        cause = error.__cause__
        if isinstance(cause, AppError):
            return ToolError(str(cause))
        if isinstance(cause, ValidationError):  # not of the arguments: those were judged before
            return ToolError("Graph's answer does not have the form that it documents. Ask for something else.")
        return error

    def _mistaken(self, error: ValidationError) -> str:
        problems = "; ".join(f"{_where(problem['loc'])}: {problem['msg']}" for problem in error.errors())
        return f"{self.name} cannot take these arguments. {problems}. Correct them and call again."


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "arguments"


def _logged(cause: BaseException | None) -> str:
    """What the log may know: of an answer that did not fit only where, since the rest is somebody's mail."""
    if isinstance(cause, ValidationError):
        return f"{cause.title}: {', '.join(sorted({_where(problem['loc']) for problem in cause.errors()}))}"
    return repr(cause)


def _described(handler: Handler) -> str:
    return " ".join((handler.__doc__ or "").split())
