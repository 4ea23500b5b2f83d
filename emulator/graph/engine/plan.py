"""A path read by the types alone: which steps it takes and where it ends, before anything is looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypeAlias
from urllib.parse import unquote

from emulator.faults import UnknownSegment
from emulator.graph.engine.dialects import PLAIN, Dialect
from emulator.graph.engine.places import is_any_object, is_elsewhere, place_of
from emulator.graph.engine.workload import Service
from emulator.odata.types import Navigation, PropertyType, Structured
from emulator.schema import Operation, Root, schema

_CALLED = re.compile(r"(?P<name>[\w.$]+)\((?P<inside>.*)\)", re.DOTALL)
# A doubled quote ends one quoted part and begins the next, so that there is one way to read a text.
_ARGUMENT = re.compile(r"\s*(?P<name>@?\w+)\s*=(?P<value>(?:'[^']*'|[^,'])*+)(?:,|$)")
_QUOTED = re.compile(r"(?:[\w.]+)?'(?P<text>(?:[^']|'')*)'")
_PATHS = 4096
_MOST_SEGMENTS = 40


@dataclass(frozen=True)
class ToRoot:
    """The first segment."""

    root: Root


@dataclass(frozen=True)
class ToKey:
    """One member of a collection: by id, or by the properties named."""

    text: str
    named: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ToNavigation:
    """Along a relation."""

    navigation: Navigation


@dataclass(frozen=True)
class ToProperty:
    """Into a property."""

    name: str


@dataclass(frozen=True)
class ToCast:
    """Only what is of this type."""

    kind: Structured


@dataclass(frozen=True)
class ToPath:
    """A file or folder by where it lies: `root:/Reports/May.docx:`."""

    path: str


@dataclass(frozen=True)
class ToOperation:
    """An action or function, with the arguments that stand in the path."""

    name: str
    overloads: tuple[Operation, ...]
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)


Step: TypeAlias = ToRoot | ToKey | ToNavigation | ToProperty | ToCast | ToPath | ToOperation


@dataclass(frozen=True)
class Passed:
    """A thing that another one only refers to, and that a path goes on behind or writes to.

    `at` is how many steps lead to it, `head` their template from the thing passed before, `rest` the template of what
    follows until the next one; `kind` is the type that the path says it has.
    """

    at: int
    kind: Structured
    is_collection: bool
    head: str
    rest: str

    @property
    def place(self) -> str:
        """Where such things have their own place."""
        place = place_of(self.kind) or ""
        return place.removesuffix("/{}") if self.is_collection else place


@dataclass(frozen=True)
class Plan:
    """A path: its steps, what stands at its end, and its template as the permission table names it.

    `ending` is `$count`, `$value`, `$ref` or nothing; `kind` is the structured type at the end, or of the thing whose
    property or operation is meant; `type` the type of the property. `is_referred` says that the things at the end have
    their own place elsewhere.
    """

    service: Service
    steps: tuple[Step, ...]
    template: str
    kind: Structured
    is_collection: bool
    ending: str = ""
    type: PropertyType | None = None
    raw: tuple[str, ...] = ()
    passed: tuple[Passed, ...] = ()
    is_referred: bool = False

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def operation(self) -> ToOperation | None:
        """The operation that the path ends with."""
        return self.last if isinstance(self.last, ToOperation) else None

    def beyond(self, method: str) -> tuple[Passed, ...]:
        """What the path goes on behind; to read what is only referred to is no more than to follow the relation."""
        return tuple(passed for passed in self.passed if passed.rest or method != "GET")

    @cached_property
    def dialect(self) -> Dialect:
        """Who answers for the path: the service of the nearest type on it which a workload speaks for."""
        rules = self.service.rules
        voices = rules(self.kind).voices
        named = (step.name.lower() for step in self.steps if isinstance(step, ToProperty | ToOperation))
        voice = next((voices[name] for name in named if name in voices), None)
        found = (rules(kind).dialect for kind in (self.kind, *_kinds(self.steps)))
        return voice or next((dialect for dialect in found if dialect is not None), PLAIN)


def _kinds(steps: tuple[Step, ...]) -> Iterator[Structured]:
    """The types that a path passes, the nearest to its end first."""
    for step in reversed(steps):
        if isinstance(step, ToNavigation):
            yield step.navigation.target
        elif isinstance(step, ToRoot):
            yield step.root.kind


class Planner:
    """Reads paths for one service; the same path is read once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.plan = lru_cache(_PATHS)(self._plan)

    def _plan(self, path: str) -> Plan:
        segments = _segments(path)
        if not segments:
            raise UnknownSegment("")
        return _Walk(self._service).along(segments)


class _Walk:
    """One walk along one path."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._steps: list[Step] = []
        self._template: list[str] = []
        self._kind: Structured | None = None
        self._many = False
        self._type: PropertyType | None = None
        self._ending = ""
        self._is_over = False
        # Whether the last thing on the way is one that another only refers to; and those that were passed.
        self._is_referred = False
        self._passed: list[tuple[int, int, Structured, bool]] = []

    def along(self, segments: list[str | ToPath]) -> Plan:
        for number, segment in enumerate(segments):
            if self._is_over or number >= _MOST_SEGMENTS:
                raise UnknownSegment(_text(segment))
            self._step(segment)
        if self._kind is None:
            raise UnknownSegment(_text(segments[0]))
        raw = tuple(_text(segment) for segment in segments)
        template = _joined(self._template)
        steps = tuple(self._steps)
        if self._is_referred and self._ending not in {"$count", "$ref"}:
            self._pass()
        passed = tuple(self._legs())
        is_referred = self._is_referred or is_any_object(self._kind)
        return Plan(
            self._service, steps, template, self._kind, self._many, self._ending, self._type, raw, passed, is_referred
        )

    def _pass(self) -> None:
        """Go on behind a thing that another only refers to."""
        if self._kind is not None and place_of(self._kind) is not None:
            end = len(self._template) - bool(self._ending)
            self._passed.append((len(self._steps), end, self._kind, self._many))

    def _legs(self) -> Iterator[Passed]:
        ends = [0, *(end for _, end, _, _ in self._passed), len(self._template)]
        for number, (at, end, kind, many) in enumerate(self._passed):
            head, rest = self._template[ends[number] : end], self._template[end : ends[number + 2]]
            yield Passed(at, kind, many, _joined(head), _joined(rest))

    def _step(self, segment: str | ToPath) -> None:
        if isinstance(segment, ToPath):
            self._along_path(segment)
            return
        if segment.lower() in {"$count", "$value", "$ref"}:
            self._end(segment.lower())
            return
        name, inside = _called(segment)
        if self._kind is None:
            self._root(name, inside, segment)
        elif self._type is not None:
            self._inner(segment)
        elif self._many:
            self._member(name, inside, segment)
        else:
            self._part(name, inside, segment)

    def _along_path(self, step: ToPath) -> None:
        """To a file or folder: the permission table knows it as any other item of the drive."""
        if self._kind is None or self._many:
            raise UnknownSegment(step.path)
        last = self._template.pop()
        self._add(step, "{}" if last == "{}" else "items/{}")

    def _root(self, name: str, inside: str | None, segment: str) -> None:
        root = schema().roots.get(name.lower())
        if root is None:
            raise UnknownSegment(segment)
        self._kind, self._many = root.kind, root.is_collection
        self._add(ToRoot(root), root.name)
        if inside is not None:
            self._key(inside, segment)

    def _member(self, name: str, inside: str | None, segment: str) -> None:
        """What may follow a collection: a type, an operation, or the key of a member."""
        if self._cast(name) or self._operated(name, inside, of_collection=True):
            return
        self._many = False
        self._add(ToKey(segment), "{}")

    def _part(self, name: str, inside: str | None, segment: str) -> None:
        """What may follow one thing: a relation, a property, a type or an operation."""
        kind = self._kind
        assert kind is not None  # noqa: S101 - only called on a walk that has begun
        navigation = kind.find_navigation(name)
        if navigation is not None:
            self._add(ToNavigation(navigation), navigation.name)
            self._kind, self._many = navigation.target, navigation.is_collection
            if inside is not None:
                self._key(inside, segment)
            return
        if self._cast(name) or self._operated(name, inside, of_collection=False):
            return
        found = kind.find(name)
        named = self._service.rules(kind).hooks.get("named") if found is None else None
        type_ = named(name) if named else kind.properties.get(found or "")
        if type_ is None or inside is not None:
            raise UnknownSegment(segment)
        self._add(ToProperty(found or name), found or name)
        self._type = type_

    def _inner(self, segment: str) -> None:
        """A property of a property; or the next one of an array of them, which Graph does not have."""
        found = self._type.find(segment) if isinstance(self._type, Structured) else None
        if found is None or not isinstance(self._type, Structured):
            raise UnknownSegment(segment)
        self._add(ToProperty(found), found)
        self._type = self._type.properties[found]

    def _key(self, inside: str, segment: str) -> None:
        if not self._many:
            raise UnknownSegment(segment)
        named = tuple(_arguments(inside).items())
        quoted = _QUOTED.fullmatch(inside.strip())
        if named:
            self._add(ToKey("", named), self._template.pop() + "({})")
        else:
            self._add(ToKey(_unquoted(quoted.group(0)) if quoted else inside), "{}")
        self._many = False

    def _cast(self, name: str) -> bool:
        # The metadata gives the namespace a short name, too.
        full = f"microsoft.{name}" if name.lower().startswith("graph.") else name
        kind = schema().find_kind(full) if "." in name else None
        if kind is None or self._kind is None:
            return False
        if not (kind.derives_from(self._kind) or self._kind.derives_from(kind)):
            return False
        self._add(ToCast(kind), kind.name.replace("microsoft.graph.", "graph.", 1))
        self._kind = kind
        return True

    def _operated(self, name: str, inside: str | None, *, of_collection: bool) -> bool:
        kind = self._kind
        if kind is None:
            return False
        short = name.rpartition(".")[2].lower() if name.lower().startswith("microsoft.graph.") else name.lower()
        rules = self._service.rules(kind)
        own = rules.collection_operations if of_collection else rules.operations
        overloads = schema().operations(kind, of_collection=of_collection).get(short, ())
        if not overloads and short not in own:
            return False
        spelled = overloads[0].name if overloads else name
        is_function = bool(overloads) and not overloads[0].is_action
        self._add(ToOperation(short, overloads, _arguments(inside or "")), f"{spelled}()" if is_function else spelled)
        self._is_over = True
        return True

    def _end(self, ending: str) -> None:
        fits = {"$count": self._many, "$value": not self._many, "$ref": True}
        if self._kind is None or not fits[ending]:
            raise UnknownSegment(ending)
        self._template.append(ending)
        self._ending = ending
        self._is_over = True

    def _add(self, step: Step, template: str) -> None:
        if self._is_referred and not isinstance(step, ToKey | ToCast):
            self._pass()
            self._is_referred = False
        if isinstance(step, ToNavigation):
            self._is_referred = is_elsewhere(step.navigation)
        elif isinstance(step, ToRoot):
            self._is_referred = is_any_object(step.root.kind)
        self._steps.append(step)
        self._template.append(template)


def _segments(path: str) -> list[str | ToPath]:
    """The decoded segments; what stands between colons is one segment of its own."""
    # OData skips empty segments: `//users/` is `users`.
    raw = [part for segment in path.split("/") if segment for part in _by_colon(unquote(segment))]
    found: list[str | ToPath] = []
    waiting = iter(raw)
    for segment in waiting:
        if not segment.endswith(":") or len(segment) == 1:
            found.append(segment)
            continue
        found.append(segment[:-1])
        inside: list[str] = []
        for part in waiting:
            inside.append(part.removesuffix(":"))
            if part.endswith(":"):
                break
        found.append(ToPath("/".join(inside)))
    return found


def _by_colon(segment: str) -> list[str]:
    """Some clients encode the whole of `root:/a/b.txt:` as one segment."""
    head, colon, rest = segment.partition(":/")
    return [f"{head}:", *rest.split("/")] if colon and "(" not in head else [segment]


def _joined(template: list[str]) -> str:
    return "".join(f"/{part}" for part in template)


def _text(segment: str | ToPath) -> str:
    return segment if isinstance(segment, str) else segment.path


def _called(segment: str) -> tuple[str, str | None]:
    """`name(inside)` taken apart; nothing is inside where there are no parentheses."""
    found = _CALLED.fullmatch(segment)
    return (found["name"], found["inside"]) if found else (segment, None)


def _arguments(inside: str) -> dict[str, str]:
    """`a='x',b=2` as a table; text that is not of this form has no arguments."""
    found: dict[str, str] = {}
    position = 0
    while position < len(inside):
        part = _ARGUMENT.match(inside, position)
        if part is None:
            return {}
        found[part["name"]] = _unquoted(part["value"].strip())
        position = part.end()
    return found


def _unquoted(text: str) -> str:
    """A literal's text: `'it''s'` is `it's`, and an enum's member stands behind its type."""
    quoted = _QUOTED.fullmatch(text)
    return quoted["text"].replace("''", "'") if quoted else text
