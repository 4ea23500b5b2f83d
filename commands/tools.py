"""tools: which tools the settings choose, what each costs a model and needs of Graph, and why others are left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mcp.server.mcpserver.tools import Tool

from commands._output import Output, as_json, table
from settings import Freedom, Settings
from tools import ToolSpec, listed_bytes

_LEVELS: dict[Freedom, str] = {
    "read": "They only read.",
    "ask": "A person is asked before anything is sent or destroyed.",
    "full": "Nobody is asked before anything is sent or destroyed (ACCESS=full).",
}
_DISCOVERY = "DISCOVERY is on: clients list a few tools that find, describe and call these, and not these themselves."


class Chosen(Protocol):
    """The catalogue as the settings choose from it; `tools.Selection` fits."""

    @property
    def tools(self) -> Mapping[str, ToolSpec]:
        """What is offered, by name."""
        ...

    def left_out(self) -> Mapping[str, str]:
        """What is not, each with the reason."""
        ...


@dataclass(frozen=True)
class _Entry:
    """A tool as it is reported."""

    toolset: str
    name: str
    access: str
    size: int
    scopes: tuple[str, ...]
    wants: tuple[str, ...]
    """Permissions that it can do without."""


def tools(
    settings: Settings,
    selection: Chosen,
    output: Output,
    *,
    bind: Callable[[ToolSpec], Tool] = ToolSpec.bind,
    json_wanted: bool = False,
    everything: bool = False,
) -> int:
    """The exit status, which is 0. `bind` makes a tool as it is served; `everything` names what is left out too."""
    as_application = settings.auth_mode == "application"
    entries = [_entry(tool, listed_bytes(bind(tool)), as_application) for tool in selection.tools.values()]
    without = selection.left_out()
    if json_wanted:
        output.show(as_json(_facts(settings, entries, without if everything else None)))
        return 0
    output.show("\n".join([*_report(settings, entries), *_told_of(without, everything=everything)]))
    return 0


def _entry(tool: ToolSpec, size: int, as_application: bool) -> _Entry:
    scopes = tool.application or () if as_application else tool.delegated
    wants = () if as_application else tool.wants
    return _Entry(tool.toolset, tool.name, str(tool.access), size, tuple(scopes), tuple(wants))


def _facts(settings: Settings, entries: Sequence[_Entry], without: Mapping[str, str] | None) -> dict[str, object]:
    needed = _scopes(entries)
    facts: dict[str, object] = {
        "auth_mode": settings.auth_mode,
        "access": settings.level,
        "discovery": settings.discovery,
        "tools": [
            {
                "toolset": entry.toolset,
                "name": entry.name,
                "access": entry.access,
                "bytes": entry.size,
                "scopes": list(entry.scopes),
                "wants": list(entry.wants),
            }
            for entry in entries
        ],
        "toolsets": [
            {"toolset": name, "tools": count, "bytes": size} for name, count, size in _sums(entries) if name != "all"
        ],
        "total": {
            "tools": len(entries),
            "bytes": sum(entry.size for entry in entries),
            "scopes": needed,
            "wants": _wants(entries, needed),
        },
    }
    if without is not None:
        facts["left_out"] = [{"name": name, "reason": _line(reason)} for name, reason in without.items()]
    return facts


def _report(settings: Settings, entries: Sequence[_Entry]) -> list[str]:
    if not entries:
        return ["No tool is left. Look at TOOLSETS, TOOLS, EXCLUDE_TOOLS, ACCESS and ALLOWED_SCOPES."]
    of_whom = "an app by itself" if settings.auth_mode == "application" else "a signed-in person"
    lines = [
        table(
            ("toolset", "tool", "class", " bytes", f"permissions of {of_whom}"),
            [
                (entry.toolset, entry.name, entry.access, f"{entry.size:>6}", _told(entry.scopes, entry.wants))
                for entry in entries
            ],
        ),
        "",
        table(
            ("toolset", "tools", "  bytes"),
            [(name, f"{count:>5}", f"{size:>7}") for name, count, size in _sums(entries)],
        ),
        "",
        f"All together they need: {_sum_of(entries)}. {_LEVELS[settings.level]}",
    ]
    return [*lines, _DISCOVERY] if settings.discovery else lines


def _told_of(without: Mapping[str, str], *, everything: bool) -> list[str]:
    if not without:
        return ["Nothing is left out."]
    if not everything:
        return [f"Left out: {len(without)}. --all says which, and why."]
    return ["", table(("left out", "because"), [(name, _line(reason)) for name, reason in without.items()])]


def _sums(entries: Iterable[_Entry]) -> list[tuple[str, int, int]]:
    """Number and bytes of the tools of each toolset, and of all."""
    counts, sizes = Counter[str](), Counter[str]()
    for entry in entries:
        counts[entry.toolset] += 1
        sizes[entry.toolset] += entry.size
    return [*((name, counts[name], sizes[name]) for name in counts), ("all", counts.total(), sizes.total())]


def _scopes(entries: Iterable[_Entry]) -> list[str]:
    return sorted({scope for entry in entries for scope in entry.scopes})


def _wants(entries: Iterable[_Entry], needed: Collection[str]) -> list[str]:
    return sorted({scope for entry in entries for scope in entry.wants} - set(needed))


def _sum_of(entries: Sequence[_Entry]) -> str:
    needed = _scopes(entries)
    return _told(needed, _wants(entries, needed))


def _told(needed: Sequence[str], wants: Sequence[str]) -> str:
    least = ", ".join(needed) or "none"
    return f"{least}; better with {', '.join(wants)}" if wants else least


def _line(text: str) -> str:
    return " ".join(text.split())
