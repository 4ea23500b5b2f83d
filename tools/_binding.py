"""A declared tool as the SDK serves it: flat schemas, hints, and the arguments that the framework itself takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from mcp_types import ToolAnnotations
from pydantic import BaseModel

from graph import deadline
from principal import Access
from tools import _schema
from tools._listing import ARGUMENT
from tools._schema import Schema
from tools._served import DRY_RUN, MAILBOX, ServedTool

if TYPE_CHECKING:
    from tools._toolset import ToolSpec

_DRY_RUN = {"type": "boolean", "description": "Only show what would be sent."}


@dataclass(frozen=True)
class Side:
    """What all tools of one process have in common beside their own arguments."""

    as_application: bool = False
    """There is no person, so that a call has to say in whose mailbox it works."""
    has_mailbox: bool = False
    """Whose it is where a call says nothing is known."""


def bound(spec: ToolSpec, side: Side) -> ServedTool:
    """The tool as it is listed and called."""
    # The SDK would make the output schema twice, and not from what a plan ends in.
    made = spec.served_as.from_function(
        spec.handler, name=spec.name, description=spec.description, annotations=spec.hints, structured_output=False
    )
    tool = cast("ServedTool", made)
    tool.fn = _timed(spec)
    tool.spec, tool.takes_mailbox = spec, side.as_application and spec.in_mailbox
    tool.parameters = _with_side_arguments(_schema.flat_input(tool.parameters), tool, side)
    tool.fn_metadata.output_schema = _output_schema(spec.signature.answer)
    return tool


def hints_for(
    access: Access, *, removes: bool = False, repeatable: bool = False, open_world: bool = False
) -> ToolAnnotations:
    """What a client may know of a tool of this class before it is called.

    What only reads may be repeated anyhow, and what does not say that it may be, may not: so the protocol has it.
    """
    reads = access is Access.READ
    return ToolAnnotations(
        read_only_hint=reads,
        destructive_hint=access is Access.DESTROY or removes,
        idempotent_hint=True if repeatable and not reads else None,
        open_world_hint=access is Access.SEND or open_world,
    )


@cache
def _output_schema(answer: type[BaseModel]) -> Schema | None:
    """What its answers are made of; None where that is open."""
    flat = _schema.flat_output(answer.model_json_schema())
    return flat if flat.get("properties") else None


def _timed(spec: ToolSpec) -> Any:  # noqa: ANN401 - a handler
    """The handler alone: what it needs is resolved before, and that may take a person's time."""

    async def handled(**arguments: object) -> object:
        with deadline.within(spec.seconds):
            return await spec.handler(**arguments)

    return handled


def _with_side_arguments(schema: Schema, tool: ServedTool, side: Side) -> Schema:
    properties, required = dict(schema.get("properties", {})), list(schema.get("required", []))
    clash = {ARGUMENT, MAILBOX, DRY_RUN} & properties.keys()
    if clash and tool.spec.reaches_graph:
        raise ValueError(f"{tool.name} may not have an argument {', '.join(sorted(clash))}: the framework has it.")
    if tool.takes_mailbox:
        usual = "; the server's own if left out" if side.has_mailbox else ""
        properties[MAILBOX] = {"type": "string", "description": f"Whose: user principal name or object id{usual}."}
        required += [] if side.has_mailbox else [MAILBOX]
    if tool.spec.signature.is_plan:
        properties[DRY_RUN] = _DRY_RUN
    return {**schema, "properties": properties, **({"required": required} if required else {})}
