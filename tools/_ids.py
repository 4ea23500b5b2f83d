"""Ids on their way out and in: long ones become handles, places in a list become cursors, and both come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from tools._cursors import Cursors
from tools._handles import Handles
from tools._kinds import CURSOR, Kind, holds_models
from tools._render import Answer, Form, Rows
from tools._signature import Signature, kind_in

_Swap = Callable[[Kind, str], str]


@dataclass(frozen=True)
class Query:
    """Who asks what: a cursor goes on with nothing else."""

    who: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Ids:
    """The handles and cursors of this server."""

    handles: Handles
    cursors: Cursors

    async def short(self, answer: Answer, query: Query, form: Form) -> Answer:
        """The answer as a model gets it: short ids, as many rows as fit, and the place where it goes on."""
        wanted = set[tuple[Kind, str]]()
        _find_ids(answer, wanted)
        minted = await self.handles.mint(query.who, wanted) if wanted else {}
        _swap_in(answer, lambda kind, text: minted[kind, text])  # it was made for this call, and nobody else has it
        fitted = answer.fitting(form)
        if not isinstance(fitted, Rows) or not fitted.next:
            return fitted
        cursor = await self.cursors.seal(query.who, query.tool, query.arguments, fitted.next)
        return fitted.going_on(cursor)

    async def continued(self, query: Query, signature: Signature) -> tuple[dict[str, Any], str]:
        """The arguments that are meant, and the place in the list; an empty one where it begins."""
        arguments = dict(query.arguments)
        name = signature.cursor or ""
        cursor = arguments.get(name)
        if cursor is not None and not isinstance(cursor, str):
            return arguments, ""  # it stays among them, and is refused with the other types
        arguments.pop(name, None)
        if not cursor:
            return arguments, ""
        return await self.cursors.open(query.who, query.tool, arguments, cursor)

    async def full(self, who: str, arguments: Mapping[str, Any], signature: Signature) -> dict[str, Any]:
        """The arguments with the ids that the handles among them stand for."""
        meant = dict(arguments)
        for name in signature.kinds.keys() & meant.keys():
            kind, given = signature.kinds[name], meant[name]
            if isinstance(given, str):
                meant[name] = await self.handles.resolve(who, kind, given)
            elif isinstance(given, list):
                meant[name] = [await self.handles.resolve(who, kind, each) for each in given]
        return meant


def _swap_in(model: BaseModel, swap: _Swap) -> None:
    """Have every id in it become what `swap` makes of it."""
    for name, kind in _kinds(type(model)).items():
        value = model.__dict__[name]
        if value is not None:
            model.__dict__[name] = _swapped(value, kind, swap)


def _find_ids(model: BaseModel, found: set[tuple[Kind, str]]) -> None:
    """Note every id in it."""
    for name, kind in _kinds(type(model)).items():
        value = getattr(model, name)
        if isinstance(value, str):
            if kind is not None and value:
                found.add((kind, value))
        elif value is not None:
            _find_more(value, kind, found)


def _find_more(value: Any, kind: Kind | None, found: set[tuple[Kind, str]]) -> None:  # noqa: ANN401 - any field
    if isinstance(value, BaseModel):
        _find_ids(value, found)
    elif isinstance(value, list | tuple):
        for each in value:
            _find_more(each, kind, found)
    elif isinstance(value, str) and kind is not None and value:
        found.add((kind, value))


@cache
def _kinds(model: type[BaseModel]) -> dict[str, Kind | None]:
    """The fields of a class in which ids may be, and what those that are ids are of."""
    found = {}
    for name, field in model.model_fields.items():
        kind = next((each for each in field.metadata if isinstance(each, Kind)), None) or kind_in(field.annotation)
        if kind is not CURSOR and (kind is not None or holds_models(field.annotation)):
            found[name] = kind
    return found


def _swapped(value: Any, kind: Kind | None, swap: _Swap) -> Any:  # noqa: ANN401 - a field of any answer
    if isinstance(value, str):
        return value if kind is None or not value else swap(kind, value)
    if isinstance(value, list | tuple):
        return type(value)(_swapped(each, kind, swap) for each in value)
    if isinstance(value, BaseModel):
        _swap_in(value, swap)
    return value
