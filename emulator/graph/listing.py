"""What every list endpoint does after its own rules: filter, sort, cut a page, render."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from emulator.graph.call import Call
from emulator.graph.records import Record
from emulator.graph.workloads import Workload
from emulator.odata import Options, Structured, bound, check_filter, matches, ordered, parse_filter, read_orderby
from emulator.odata.nodes import Node

_NONE: Mapping[str, str] = MappingProxyType({})

Render = Callable[[Record], Mapping[str, Any]]


def parsed_filter(options: Options, kind: Structured, workload: Workload) -> Node | None:
    """The filter's tree, held against the type."""
    if options.filter is None:
        return None
    with workload.reading_filter():
        node = parse_filter(options.filter)
        check_filter(node, kind)
        return bound(node, kind, {})


def arranged(items: Iterable[Record], node: Node | None, options: Options, kind: Structured) -> list[Record]:
    """The items that pass the filter, in the order asked for."""
    passed = [item for item in items if node is None or matches(node, item)]
    return ordered(passed, read_orderby(options.orderby, kind)) if options.orderby else passed


def listed(
    call: Call, context: str, items: list[Mapping[str, Any]], tips: Mapping[str, str] = _NONE, **annotations: object
) -> dict[str, Any]:
    """The body of a list; annotations are OData's (`count`, `nextLink`), those that are None stay out."""
    body: dict[str, Any] = {"@odata.context": f"{call.root}/$metadata#{context}", **tips}
    body |= {f"@odata.{name}": value for name, value in annotations.items() if value is not None}
    return body | {"value": items}


def skipped_page(
    call: Call,
    context: str,
    items: list[Record],
    options: Options,
    *,
    size: int,
    largest: int,
    render: Render,
    tips: Mapping[str, str] = _NONE,
) -> dict[str, Any]:
    """One page of a service that pages by `$skip`; only the first page is counted."""
    start = options.skip or 0
    wanted = min(size if options.top is None else options.top, largest)
    end = start + wanted
    return listed(
        call,
        context,
        [render(item) for item in items[start:end]],
        tips,
        count=len(items) if options.count and not start else None,
        nextLink=call.link(skip=str(end)) if wanted and end < len(items) else None,
    )
