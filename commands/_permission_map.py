"""What the tools need of Graph, and what Microsoft says about each of these permissions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from principal import Access
from tools import TOOLSETS, ToolSpec

_FACTS = Path(__file__).with_name("_permission_facts.json")


@dataclass(frozen=True)
class Need:
    """What the tools of one toolset and access class need: of a signed-in person, and of an app by itself."""

    toolset: str
    access: Access
    delegated: tuple[str, ...]
    application: tuple[str, ...]
    tools: tuple[str, ...]
    has_app_form: bool
    """Whether any of these tools works without a person."""
    wants: tuple[str, ...] = ()
    """What a person is asked for beside, though the tools work without it."""


def needs(tools: Iterable[ToolSpec] | None = None) -> list[Need]:
    """The least permissions of these tools, or of all there are, by toolset and by how far its tools reach."""
    groups: dict[tuple[str, Access], list[ToolSpec]] = {}
    every = (tool for toolset in TOOLSETS for tool in toolset.tools)
    for tool in every if tools is None else tools:
        groups.setdefault((tool.toolset, tool.access), []).append(tool)
    return [_need(toolset, access, tools) for (toolset, access), tools in groups.items()]


def _need(toolset: str, access: Access, tools: Sequence[ToolSpec]) -> Need:
    return Need(
        toolset,
        access,
        delegated=_union(tool.delegated for tool in tools),
        application=_union(tool.application or () for tool in tools),
        tools=tuple(tool.name for tool in tools),
        has_app_form=any(tool.application is not None for tool in tools),
        wants=_union(tool.wants for tool in tools),
    )


def all_delegated(found: Iterable[Need]) -> tuple[str, ...]:
    """What a person is asked to grant for all of it."""
    return _union((*need.delegated, *need.wants) for need in found)


def all_application(found: Iterable[Need]) -> tuple[str, ...]:
    """What an app has to be granted for all of it."""
    return _union(need.application for need in found)


def permissions_named() -> tuple[str, ...]:
    """Every permission that any tool names."""
    found = needs()
    return _union([all_delegated(found), all_application(found)])


def is_for_administrators(permission: str) -> bool:
    """Whether a person may not agree to this delegated permission; an unknown one is taken for such."""
    return bool(_fact(permission, "delegated").get("admin_consent", True))


def is_for_personal_accounts(permission: str) -> bool:
    """Whether a personal Microsoft account can have it at all."""
    return bool(_fact(permission, "delegated").get("personal", False))


def identifier(permission: str, kind: str) -> str | None:
    """What an app's manifest calls it; `kind` is delegated or application."""
    found: str | None = _fact(permission, kind).get("id")
    return found


def covers(granted: str, needed: str) -> bool:
    """Whether what was granted includes what is needed, by Microsoft's naming; never a write through a read."""
    if granted.lower() == needed.lower():
        return True
    (have, reach), (want, wanted) = _parts(granted), _parts(needed)
    levels = ("readbasic", "read", "readwrite")
    if have[0] != want[0] or reach not in levels or wanted not in levels:
        return False
    is_wide_enough = have[1:] == want[1:] or (have[1:] == ("all",) and not want[1:])
    return is_wide_enough and levels.index(reach) >= levels.index(wanted)


def _parts(permission: str) -> tuple[tuple[str, ...], str]:
    """`Mail.Read.Shared` as what it is about and whose ("mail", "shared"), and how far it reaches ("read")."""
    family, *rest = permission.lower().split(".")
    return (family, *rest[1:]), rest[0] if rest else ""


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({name for group in groups for name in group}))


def _fact(permission: str, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = _facts().get(permission, {}).get(kind, {})
    return found


@cache
def _facts() -> dict[str, dict[str, dict[str, Any]]]:
    facts: dict[str, dict[str, dict[str, Any]]] = json.loads(_FACTS.read_text("utf-8"))
    return facts
