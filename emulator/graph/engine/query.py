"""The query options of a call, held against the type that is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from emulator.faults import UnsupportedQuery
from emulator.graph.engine.bodies import is_extension, is_of_directory
from emulator.graph.engine.call import Call
from emulator.graph.engine.dialects import DIRECTORY, Dialect
from emulator.graph.engine.view import Shown, View
from emulator.odata import (
    Enum,
    Expansion,
    Names,
    Options,
    Order,
    Selection,
    Structured,
    compiled,
    ordered,
    parsed_filter,
    read_orderby,
)
from emulator.odata.nodes import Node
from emulator.schema import schema

_USUALLY_EXPANDED = 20
_MOST_EXPANDED = {"registeredDevices": 100}


@dataclass(frozen=True)
class Query:
    """What a caller wants of some things: which, in what order, what of each, and along which relations."""

    options: Options = field(default_factory=Options)
    filter: Node | None = None
    orders: tuple[Order, ...] = ()
    branches: tuple[Branch, ...] = ()

    @property
    def selection(self) -> Selection:
        return self.options.selection

    @cached_property
    def columns(self) -> dict[Structured, tuple[str, ...]]:
        """Which properties were found to be meant, by type: a page asks the same of each of its items."""
        return {}


@dataclass(frozen=True)
class Branch:
    """A relation to follow from each item, and what is wanted of the things of the type `kind` behind it."""

    expansion: Expansion
    kind: Structured
    query: Query

    @property
    def deeper(self) -> Branch | None:
        """The same relation, followed on from what it led to."""
        levels = self.expansion.levels
        if levels == "max":
            return self
        return replace(self, expansion=self.expansion.with_levels(levels - 1)) if levels > 1 else None


def read_query(call: Call, dialect: Dialect, kind: Structured, *allowed: str) -> Query:
    """The options of a call; what is wrong with them is refused in the words of the service."""
    if not call.query:
        return Query()
    names = names_for(dialect)
    with dialect.reading_query():
        options = call.options(*allowed, bare=dialect.takes_bare).held_against(kind, names)
    return held(options, dialect, kind)


def held(options: Options, dialect: Dialect, kind: Structured) -> Query:
    """Options whose filter and order are read too; those inside an `$expand` come here as well."""
    names = names_for(dialect)
    with dialect.reading_filter():
        node = parsed_filter(options.filter, kind, names) if options.filter else None
    with dialect.reading_query():
        orders = read_orderby(options.orderby, kind, names) if options.orderby else ()
    is_bounded = dialect is DIRECTORY and is_of_directory(kind)
    expansions = map(_bounded, options.expand) if is_bounded else options.expand
    return Query(options, node, orders, tuple(_branch(expansion, dialect) for expansion in expansions))


def _bounded(expansion: Expansion) -> Expansion:
    """The directory follows a relation once, the line of managers apart, and shows the first of what it leads to."""
    name, options = expansion.navigation.name, expansion.options
    if options.expand or (expansion.levels != 1 and name != "manager"):
        raise UnsupportedQuery(f"The $expand of '{name}' cannot be nested: the directory expands one level.")
    if not expansion.navigation.is_collection:
        return expansion
    most = _MOST_EXPANDED.get(name, _USUALLY_EXPANDED)
    top = most if options.top is None else min(options.top, most)
    return replace(expansion, options=replace(options, top=top))


def _branch(expansion: Expansion, dialect: Dialect) -> Branch:
    kind = expansion.cast or expansion.navigation.target
    return Branch(expansion, kind, held(expansion.options, dialect, kind))


@cache
def names_for(dialect: Dialect) -> Names:
    """What names may mean beyond the type; the directory knows the properties of every kind of its objects."""
    if not dialect.lends_names:
        return Names(type_named, open_names=dialect.opens_names)
    return Names(type_named, open_names=dialect.opens_names, marked=is_extension, derived=heirs_of)


def type_named(name: str) -> Structured | Enum | None:
    """A type of the schema by its full name."""
    return schema().find_kind(name) or schema().find_enum(name)


def arranged(view: View, items: Iterable[Shown], query: Query) -> list[Shown]:
    """The items that pass `$filter`, sorted as `$orderby` says."""
    passed = list(items)
    if query.filter is not None:
        keep = compiled(query.filter, view.related, types=type_named, now=view.call.now)
        passed = [item for item in passed if keep(item)]
    return ordered(passed, query.orders, view.related, types=type_named) if query.orders else passed


def heirs_of(kind: Structured) -> tuple[Structured, ...]:
    """The types that derive from one."""
    return _heirs(kind.name)


@cache
def _heirs(name: str) -> tuple[Structured, ...]:
    kind = schema().kind(name)
    found = (schema().kind(other) for other in schema().names)
    return tuple(heir for heir in found if heir is not kind and heir.derives_from(kind))
