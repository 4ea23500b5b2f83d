"""How a workload says what is special about its types; whatever it does not say is done from the schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from emulator.graph.engine.dialects import PLAIN, Dialect
from emulator.odata.types import Structured
from emulator.schema import schema
from emulator.store import Entity, Related

if TYPE_CHECKING:
    from emulator.graph.engine.call import Call, Reply
    from emulator.graph.engine.target import Target
    from emulator.graph.engine.view import Shown

Computed: TypeAlias = "Callable[[Shown], Any]"
Source: TypeAlias = "Callable[[Call, Entity], Related]"
Operated: TypeAlias = "Callable[[Call, Target], Reply]"
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Page:
    """How many items a page has when the caller does not say, and at most."""

    size: int
    largest: int


@dataclass(eq=False)
class Behaviour:
    """What one workload says of one type. The decorators take functions of the signatures written beside them.

    `default` are the properties sent when none are selected (all, unless given), `hidden` those that a default answer
    leaves out, `fixed` those that a caller cannot set, `keys` the properties that stand for the id in a path. `given`
    are the single things that one contains from the beginning, by navigation, with the values they begin with.
    `own` are properties and operations of a type of another workload for which this one answers.
    """

    name: str
    workload: Workload
    default: tuple[str, ...] | None = None
    hidden: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    page: Page | None = None
    patched: int | None = None
    dialect: Dialect | None = None
    own: tuple[str, ...] = ()
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    computed_by: dict[str, Computed] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    operations: dict[str, Operated] = field(default_factory=dict)
    collection_operations: dict[str, Operated] = field(default_factory=dict)
    posts: dict[str, Operated] = field(default_factory=dict)
    hooks: dict[str, Callable[..., Any]] = field(default_factory=dict)
    changes: dict[str, Callable[..., Callable[[], None]]] = field(default_factory=dict)

    def computed(self, *names: str) -> Callable[[_F], _F]:
        """`(shown) -> value` of a property that is not stored."""
        return self._into(self.computed_by, names)

    def navigation(self, *names: str) -> Callable[[_F], _F]:
        """`(call, owner) -> Items | Links | list | Entity | None`: where a navigation leads."""
        return self._into(self.sources, names)

    def operation(self, *names: str) -> Callable[[_F], _F]:
        """`(call, target) -> Answer` of an action or function bound to one entity; `target.arguments` are its own."""
        return self._into(self.operations, [name.lower() for name in names])

    def collection_operation(self, *names: str) -> Callable[[_F], _F]:
        """The same, bound to a collection of this type: `/groups/validateProperties`."""
        return self._into(self.collection_operations, [name.lower() for name in names])

    def changed(self, *names: str) -> Callable[[_F], _F]:
        """`(call, entity, value) -> function` of a PATCH of a property that is kept elsewhere than in the entity.

        What is wrong with the value is refused at once; the function keeps it, once all of the PATCH was found right.
        """
        return self._into(self.changes, names)

    def posted(self, *navigations: str) -> Callable[[_F], _F]:
        """`(call, target) -> Answer` of a POST to a navigation of this type, instead of the usual creation."""
        return self._into(self.posts, navigations)

    def hook(self, what: str) -> Callable[[_F], _F]:
        """One of the steps that reading and writing take; `HOOKS` lists them with their signatures."""
        if what not in HOOKS:
            raise ValueError(what)
        return self._into(self.hooks, [what])

    @staticmethod
    def _into(table: dict[str, Any], names: Iterable[str]) -> Callable[[_F], _F]:
        def kept(function: _F) -> _F:
            table.update(dict.fromkeys(names, function))
            return function

        return kept


HOOKS: Mapping[str, str] = {
    "create": "(call, target, values) -> Entity: make and hold a new entity; values are checked against the type",
    "update": "(call, entity, values) -> None: apply a PATCH; values are checked against the type",
    "delete": "(call, entity, target) -> None: take an entity away",
    "answer": "(call, target) -> Reply | None: to any call of it or its collection, where it is not the usual one",
    "check": "(call, target) -> None: refuse a call that the permission table alone would let through",
    "find": "(call, target, key) -> Entity | None: by anything that is not an id (a well-known name, a path)",
    "filters": "(view, query) -> Query | None: refuse a combination of query options, or read it differently",
    "search": "(view, items, text) -> list[Shown]: those of the items that $search finds",
    "order": "(entities, target) -> list: the order of a list when the caller does not say",
    "read": "(call, target) -> Answer | None: `$value` of an entity, or None",
    "write": "(call, target) -> Answer: PUT of `$value`",
    "withheld": "(call, target) -> frozenset: properties that an answer to this caller leaves out",
    "annotations": "(shown) -> mapping: what is said beside the properties, names begin with an @",
    "one": "(view, entity) -> Answer: the answer to a GET of it, where it is not the usual one",
    "named": "(name) -> PropertyType | None: what a segment means that is no declared property of an open type",
    "etag": "(entity) -> str | None: its ETag in full, quotes included",
    "link": "(call, target, entity) -> None: refuse a reference to an entity that the owner of a relation would get",
    "unlink": "(call, target, entity) -> None: refuse that the owner of a relation loses a reference",
    "shown": "(call, entity) -> frozenset | None: what this caller sees of it, the rest reads as null; None: all",
}


@dataclass(eq=False)
class Workload:
    """A service of Graph: the types that it speaks for.

    `self_permitting` are the roots whose permissions depend on more than the path: its `check` hooks decide there.
    """

    name: str
    dialect: Dialect = PLAIN
    types: list[Behaviour] = field(default_factory=list)
    roots: dict[str, Callable[[Call], Related]] = field(default_factory=dict)
    open_paths: dict[str, Callable[[Call, str], Reply]] = field(default_factory=dict)
    self_permitting: frozenset[str] = frozenset()

    def type(self, name: str, **facts: Any) -> Behaviour:  # noqa: ANN401 - the fields of Behaviour
        """Say something of a type; several workloads may speak of the same one, `user` above all."""
        behaviour = Behaviour(schema().kind(name).name, self, **facts)
        self.types.append(behaviour)
        return behaviour

    def open_path(self, first: str) -> Callable[[_F], _F]:
        """`(call, rest) -> Answer` of addresses below `/v1.0/{first}/` that need no token: they carry a secret."""

        def kept(function: _F) -> _F:
            self.open_paths[first.lower()] = function
            return function

        return kept

    def root(self, name: str) -> Callable[[_F], _F]:
        """`(call) -> Related`: what stands behind the first segment of a path, if it is not simply a stored set."""

        def kept(function: _F) -> _F:
            self.roots[name.lower()] = function
            return function

        return kept


class Service:
    """All workloads together: the rules for a type, its base types' included."""

    def __init__(self, workloads: Iterable[Workload]) -> None:
        self.workloads = tuple(workloads)
        self._rules: dict[str, Rules] = {}
        self._said: dict[str, list[Behaviour]] = {}
        for workload in self.workloads:
            for behaviour in workload.types:
                said = self._said.setdefault(behaviour.name, [])
                for other in said:
                    _refuse_clash(behaviour, other)
                said.append(behaviour)
        self.open_paths = {name: found for workload in self.workloads for name, found in workload.open_paths.items()}
        self.self_permitting = frozenset(root for workload in self.workloads for root in workload.self_permitting)
        self.roots = {name: root for workload in self.workloads for name, root in workload.roots.items()}

    def rules(self, kind: Structured) -> Rules:
        """What holds for a type."""
        found = self._rules.get(kind.name)
        if found is None:
            said = [behaviour for ancestor in kind.ancestry for behaviour in self._said.get(ancestor.name, ())]
            found = self._rules[kind.name] = Rules(self, kind, said)
        return found


def _refuse_clash(one: Behaviour, other: Behaviour) -> None:
    """Two workloads may speak of one type, but not say different things: which would count?"""
    for table in ("hooks", "operations", "collection_operations", "sources", "computed_by", "posts"):
        twice = getattr(one, table).keys() & getattr(other, table).keys()
        if twice:
            raise ValueError(f"{one.workload.name} and {other.workload.name} both say {sorted(twice)} of {one.name}.")


class Rules:
    """Everything that was said of a type and of those it derives from; what is nearer to the type counts."""

    def __init__(self, service: Service, kind: Structured, said: list[Behaviour]) -> None:
        self.service = service
        self.kind = kind
        self._said = said

    @cached_property
    def computed(self) -> dict[str, Computed]:
        return self._merged("computed_by")

    @cached_property
    def sources(self) -> dict[str, Source]:
        return self._merged("sources")

    @cached_property
    def operations(self) -> dict[str, Operated]:
        return self._merged("operations")

    @cached_property
    def collection_operations(self) -> dict[str, Operated]:
        return self._merged("collection_operations")

    @cached_property
    def posts(self) -> dict[str, Operated]:
        return self._merged("posts")

    @cached_property
    def changes(self) -> dict[str, Callable[..., Callable[[], None]]]:
        return self._merged("changes")

    @cached_property
    def voices(self) -> dict[str, Dialect]:
        """Who answers for single properties and operations, where that is not who answers for the type."""
        said = reversed(self._said)
        return {name.lower(): behaviour.workload.dialect for behaviour in said for name in behaviour.own}

    @cached_property
    def hooks(self) -> dict[str, Callable[..., Any]]:
        return self._merged("hooks")

    @cached_property
    def given(self) -> dict[str, Mapping[str, Any]]:
        return self._merged("given")

    @cached_property
    def default(self) -> tuple[str, ...]:
        """The properties of an answer when none were selected."""
        chosen = next((behaviour.default for behaviour in self._said if behaviour.default is not None), None)
        if chosen is not None:
            return chosen
        hidden = self.hidden
        names = (name for name, kind in self.kind.properties.items() if name not in hidden and kind != "Edm.Stream")
        return tuple(sorted(names, key=lambda name: name != "id"))

    @cached_property
    def hidden(self) -> frozenset[str]:
        return frozenset(name for behaviour in self._said for name in behaviour.hidden)

    @cached_property
    def fixed(self) -> frozenset[str]:
        return frozenset(name for behaviour in self._said for name in behaviour.fixed)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return tuple(name for behaviour in self._said for name in behaviour.keys)

    @cached_property
    def required(self) -> tuple[str, ...]:
        return tuple(name for behaviour in self._said for name in behaviour.required)

    @cached_property
    def page(self) -> Page | None:
        return next((behaviour.page for behaviour in self._said if behaviour.page), None)

    @cached_property
    def patched(self) -> int | None:
        """The status of a successful PATCH; None lets the place decide."""
        said = next((behaviour.patched for behaviour in self._said if behaviour.patched is not None), None)
        return said or (self.dialect.patched if self.dialect else None)

    @cached_property
    def dialect(self) -> Dialect | None:
        """The voice of the workload that knows the type best; None lets the place decide."""
        return next((behaviour.dialect or behaviour.workload.dialect for behaviour in self._said), None)

    def _merged(self, attribute: str) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for behaviour in reversed(self._said):
            merged.update(getattr(behaviour, attribute))
        return merged
