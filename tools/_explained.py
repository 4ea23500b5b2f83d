"""Errors as a model reads them: what happened, why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import Context

from errors import AppError, GraphError, GraphForbidden, GraphNotFound, SignInError, StorageError
from tools._services import identity_of
from tools._units import listed

if TYPE_CHECKING:
    from tools._toolset import ToolSpec

# Exchange calls an id malformed that it has not made, and so one that was made up.
_NO_SUCH_ID = frozenset({"errorinvalididmalformed"})
_LONGEST = 80


async def for_the_model(error: AppError, tool: ToolSpec, context: Context[Any, Any]) -> str:
    """The error's own text, and what only the framework knows of it."""
    if isinstance(error, GraphForbidden):
        return f"{error} {await _permission(tool, context)}".rstrip()
    if isinstance(error, GraphNotFound) or (isinstance(error, GraphError) and error.code.lower() in _NO_SUCH_ID):
        return f"{error} {_where_listed(tool)}".rstrip()
    return str(error)


def for_the_log(error: AppError) -> str:
    """What kind of error it was and how to find it at Microsoft. Its text is for the model: it may name people, or
    have a link in it that is for one person alone."""
    if isinstance(error, GraphError):
        return " ".join([type(error).__name__, error.code, *([error.request_id] if error.request_id else [])])
    if isinstance(error, SignInError) and error.code:
        return f"{type(error).__name__} AADSTS{error.code}"
    return repr(error) if isinstance(error, StorageError) else type(error).__name__


def close_to(name: str, known: Iterable[str]) -> str:
    """What may have been meant by a name that is not there."""
    by_lower = {each.casefold(): each for each in known}
    near = [by_lower[each] for each in get_close_matches(name[:_LONGEST].casefold(), by_lower, n=3, cutoff=0.5)]
    return f" Did you mean {' or '.join(near)}?" if near else ""


def lacking(tool: ToolSpec, scopes: list[str], link: str) -> str:
    """Which permissions a tool lacks, and who can give them."""
    agree = f" Whoever may agree to it does so here: {link}" if link else ""
    return f"{tool.name}, of the toolset {tool.toolset}, needs {listed(scopes)}, which was not granted.{agree}"


async def _permission(tool: ToolSpec, context: Context[Any, Any]) -> str:
    """What Graph's refusal can mean: a call that lacks a permission for all we know never gets as far as Graph."""
    identity = await identity_of(context)
    needed = tool.scopes(as_application=not identity.is_person) if identity else ()
    if identity is None or not needed:
        return ""
    if identity.permissions is None:
        return f"{tool.name} needs {listed(needed)}; where that was granted, the account lacks a role or a licence."
    return f"What {tool.name} needs was granted ({listed(needed)}), so a role, a licence or a share is lacking."


def _where_listed(tool: ToolSpec) -> str:
    kinds = {kind.listed_by: kind.noun for kind in tool.signature.kinds.values() if kind.listed_by != tool.name}
    return " ".join(f"{lister} lists each {noun} that is there now." for lister, noun in kinds.items())
