"""What a handler takes and gives, as far as the framework deals with it: ids, cursors, plans."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, get_args, get_origin

from mcp.server.mcpserver import Context, Resolve
from pydantic.fields import FieldInfo

from tools._kinds import CURSOR, Kind
from tools._plan import Plan


@dataclass(frozen=True)
class Signature:
    """A handler's parameters and what it returns, with every annotation evaluated."""

    hints: Mapping[str, Any]
    shape: inspect.Signature

    @classmethod
    def of(cls, handler: Callable[..., Any]) -> Signature:
        return cls(typing.get_type_hints(handler, include_extras=True), inspect.signature(handler, eval_str=True))

    @property
    def is_plan(self) -> bool:
        """Whether the handler plans what is to be done, and leaves the doing to the framework."""
        return get_origin(self.hints["return"]) is Plan

    @property
    def answer(self) -> Any:  # noqa: ANN401 - a class
        """The class of the answer that comes in the end."""
        returned = self.hints["return"]
        return get_args(returned)[0] if self.is_plan else returned

    @cached_property
    def arguments(self) -> dict[str, str]:
        """What a model may give it, and what is said of each; a schema, which says the same, takes longer to make."""
        given = {name: hint for name, hint in self.hints.items() if name != "return"}
        return {name: _said_of(hint) for name, hint in given.items() if not _is_resolved(hint)}

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The arguments that are ids, or lists of ids, of a kind."""
        found = {name: kind_in(hint) for name, hint in self.hints.items() if name != "return"}
        return {name: kind for name, kind in found.items() if kind is not None and kind is not CURSOR}

    @cached_property
    def cursor(self) -> str | None:
        """The argument that goes on with an earlier list."""
        return next((name for name, hint in self.hints.items() if name != "return" and kind_in(hint) is CURSOR), None)


def kind_in(hint: Any) -> Kind | None:  # noqa: ANN401 - any annotation
    """The kind that an annotation speaks of, itself or for the items of a list."""
    if get_origin(hint) is Annotated:
        inner, *metadata = get_args(hint)
        return next((each for each in metadata if isinstance(each, Kind)), None) or kind_in(inner)
    return next((kind for each in get_args(hint) if (kind := kind_in(each)) is not None), None)


def _is_resolved(hint: Any) -> bool:  # noqa: ANN401 - any annotation
    """Whether the SDK fills it in, so that no model ever sees it."""
    is_context = inspect.isclass(hint) and issubclass(hint, Context)
    return is_context or any(isinstance(each, Resolve) for each in _metadata(hint))


def _said_of(hint: Any) -> str:  # noqa: ANN401
    said = (each.description for each in _metadata(hint) if isinstance(each, FieldInfo))
    return next(filter(None, said), "")


def _metadata(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()
