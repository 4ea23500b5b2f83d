"""One sample replayed: what it needs is seeded, it is sent, the answer compared, the write read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from emulator.faults import GraphFault
from emulator.graph.engine.plan import Plan
from emulator.odata.types import Collection, PropertyType, Structured
from emulator.schema import Operation
from emulator.store import Entity
from emulator.typical import picture
from scripts._fidelity.asking import ADVANCED, answered, filler, query_of
from scripts._fidelity.batches import batch_compared
from scripts._fidelity.binding import Needs, expanded
from scripts._fidelity.bodies import Body, renamed
from scripts._fidelity.callers import reader
from scripts._fidelity.companions import companions
from scripts._fidelity.exchange import Exchange
from scripts._fidelity.inventing import invented, invented_reference
from scripts._fidelity.paging import has_token
from scripts._fidelity.readback import read_back
from scripts._fidelity.rules import Notes
from scripts._fidelity.samples import Sample
from scripts._fidelity.shapes import PLACEHOLDER, Asked, Different, Shapes, json_type
from scripts._fidelity.world import NOW, Emulator, Reply, World

_SEGMENT = "Resource not found for the segment"
_HEADERS = ("location", "preference-applied", "etag", "retry-after")
_TENANT = re.compile(r"@(\w+\.onmicrosoft\.com)", re.IGNORECASE)
_SPECIAL = re.compile(r"(/(?:drive|drives/[^/]+)/special/)(?:\{|%7B)[^/]*", re.IGNORECASE)
_ARGUMENT = re.compile(
    r"(?<=[(,])(?P<name>\w*date\w*)=(?P<quote>'?)(?P<value>[^',()]*)(?P=quote)(?=[,)])", re.IGNORECASE
)
_CONTOSO = re.compile(r"@(contoso(?:\.\w+)+)", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"(?:\{|%7B).*(?:\}|%7D)", re.IGNORECASE)
OK, CREATED, MULTIPLE = 200, 201, 300
_SILENT = frozenset({202, 204})


@dataclass(frozen=True)
class Outcome:
    """How one sample went: `matching`, `differing` or `not covered`, with the reason, and the rules it needed."""

    sample: Sample
    verdict: str
    reason: str = ""
    rules: tuple[str, ...] = ()


class NotCovered(Exception):
    """The emulator says that it has no such path, method or operation."""


async def replayed(emulator: Emulator, sample: Sample) -> Outcome:
    """The outcome of one sample; a crash of the emulator is a difference, too."""
    notes = Notes()
    try:
        await _Replay(emulator.world(organisation(sample), clock(sample)), sample, notes).run()
    except NotCovered as reason:
        return Outcome(sample, "not covered", str(reason))
    except Different as reason:
        return Outcome(sample, "differing", str(reason), tuple(notes.used))
    except Exception as error:  # noqa: BLE001 - whatever it is, one sample must not end the measuring
        return Outcome(sample, "differing", f"crashed: {type(error).__name__}: {error}", tuple(notes.used))
    return Outcome(sample, "matching", "", tuple(notes.used))


class _Replay:
    """One sample on its way."""

    def __init__(self, world: World, sample: Sample, notes: Notes) -> None:
        self._world = world
        self._sample = sample
        self._notes = notes
        self._needs = Needs(world)

    async def run(self) -> None:
        if not self._sample.status or self._sample.path == "/":
            raise NotCovered("The sample has no request or no response.")
        if self._sample.path.lower() == "/$batch":
            await batch_compared(self._world, self._sample, self._needs, self._notes)
            return
        sent = self._prepared(self._plan())
        self._sample = replace(self._sample, path="/" + self._needs.address(self._sample.path.strip("/")))
        exchange = Exchange(self._world, self._sample, self._plan(), sent, self._needs, self._notes)
        reply = await answered(exchange)
        if is_uncovered(reply, self._sample.status):
            raise NotCovered(reply.error or str(reply.status))
        await self._compare(reply, exchange)
        if reply.status < MULTIPLE:
            await read_back(exchange, reply)

    def _plan(self) -> Plan:
        """The path read by the types; a placeholder that stands for a property is given a name."""
        planner = self._world.graph.planner
        path = _SPECIAL.sub(r"\1documents", self._sample.path)
        self._sample = replace(self._sample, path=_ARGUMENT.sub(_filled, path))
        try:
            return planner.plan(self._sample.path.strip("/"))
        except GraphFault as fault:
            named = self._with_property()
            if named is None:
                raise NotCovered(fault.message) from fault
            self._sample = replace(self._sample, path=f"/{named}")
            return planner.plan(named)

    def _with_property(self) -> str | None:
        segments = self._sample.path.strip("/").split("/")
        for index, segment in enumerate(segments[1:], 1):
            if _PLACEHOLDER.fullmatch(segment):
                kind = self._kind_at("/".join(segments[:index]))
                named = ("/".join([*segments[:index], name, *segments[index + 1 :]]) for name in _structures(kind))
                found = next((path for path in named if self._kind_at(path) is not None), None)
                if found is not None:
                    return found
        return None

    def _kind_at(self, path: str) -> Structured | None:
        try:
            return self._world.graph.planner.plan(path).kind
        except GraphFault:
            return None

    def _prepared(self, plan: Plan) -> Any:  # noqa: ANN401 - JSON values
        """The body to send, once everything that the request needs is there."""
        sample, operation = self._sample, _overload(plan)
        self._needs.for_sample(sample, plan)
        if plan.ending == "$value" and sample.method in {"PUT", "PATCH"}:
            return picture()
        if sample.is_body_unknown and sample.method in {"POST", "PATCH", "PUT"}:
            answer = sample.answer if plan.operation is None else None
            sent = (
                invented_reference(plan.kind)
                if plan.ending == "$ref"
                else invented(self._world.graph.service, answer, _body_kind(plan), operation, sample.method)
            )
            return self._bound(sent, plan)
        if isinstance(sample.body, Mapping):
            return self._bound(sample.body, plan)
        return companions(self._world, self._needs, sample, plan, sample.body)

    def _bound(self, given: Mapping[str, Any], plan: Plan) -> Any:  # noqa: ANN401 - JSON values
        """A body without placeholders, once everything that it refers to is there."""
        sample, operation = self._sample, _overload(plan)
        body = Body(_owner(sample.path), self._world.tenant.domain, self._notes)
        sent = body.bound(given, _body_kind(plan)) if operation is None else body.arguments(given, operation.takes)
        others = {key: entity.id for key, entity in self._referred(body) if entity.id.lower() != key.lower()}
        return companions(self._world, self._needs, sample, plan, renamed(sent, others))

    def _referred(self, body: Body) -> Iterator[tuple[str, Entity]]:
        """What a body refers to, by the ids that it has there."""
        for path in body.folders:
            folder = self._needs.seed(path, {"folder": {}})
            if folder is not None:
                yield unquote(path).rpartition("/")[2], folder
        for path in body.needs:
            entity = self._needs.seed_new(path)
            if entity is not None and "@" not in path:
                yield unquote(path).rpartition("/")[2], entity

    async def _compare(self, reply: Reply, exchange: Exchange) -> None:
        sample = self._sample
        self._status(reply)
        for name in _HEADERS:
            if name in sample.answer_headers and name not in reply.headers:
                raise Different(f"response.headers.{name}: expected a value, got missing")
        if not sample.is_readable:
            self._notes.note("unreadable-body")
        elif isinstance(sample.answer, str) and reply.json is None:
            self._notes.note("text-body")
        elif sample.answer is not None:
            await self._bodies(reply, exchange)

    async def _bodies(self, reply: Reply, exchange: Exchange) -> None:
        if reply.json is None:
            raise Different(f"response.body: expected {json_type(self._sample.answer)}, got no JSON")
        request = asked(self._sample, exchange.sent)
        shapes = Shapes(request, self._notes, None if request.selected else self._is_beyond)
        shapes.compare(self._sample.answer, reply.json, answer_kind(exchange.plan), "response.body")
        if shapes.lacking:
            await self._ask_for(frozenset(shapes.lacking), reply, exchange)

    def _is_beyond(self, kind: Structured, name: str) -> bool:
        """Whether a type shows a property only when it is selected."""
        return self._sample.method in {"GET", "POST"} and name not in self._world.graph.service.rules(kind).default

    async def _ask_for(self, names: frozenset[str], reply: Reply, exchange: Exchange) -> None:
        """What an answer lacks is asked for by `$select`, and must then be there."""
        sample, address = self._sample, exchange.address
        if sample.method == "POST":
            # What an action answers with is most often what it was called on.
            is_made = exchange.plan.operation is None
            address = f"{address}/{reply.json.get('id')}" if is_made else address.rpartition("/")[0]
            self._world.sign_in(reader(self._world, exchange.plan))
        kept = tuple(pair for pair in query_of(sample, Notes()) if "token" not in pair[0].lower())
        headers = {name: value for name, value in sample.headers.items() if name == "consistencylevel"}
        headers |= ADVANCED if "lost-header" in self._notes.used else {}
        found = await self._world.ask("GET", address, (*kept, ("$select", ",".join(sorted(names)))), headers)
        if found.status != OK or found.json is None:
            raise Different(f"response.body.{min(names)}: expected a value, got missing")
        again = Shapes(Asked(frozenset(name.lower() for name in names), is_truncated=True), Notes())
        again.compare(sample.answer, found.json, answer_kind(exchange.plan), "response.body")
        self._notes.note("shown-when-selected")

    def _status(self, reply: Reply) -> None:
        sample = self._sample
        pair = (sample.status, reply.status)
        if sample.status == reply.status:
            return
        if pair == (OK, CREATED) and sample.method in {"POST", "PUT"}:
            self._notes.note("created-200")
        elif pair == (CREATED, OK) and sample.method == "GET":
            self._notes.note("read-201")
        elif sample.answer is None and sample.status == OK and reply.status in _SILENT:
            self._notes.note("silent-200")
        else:
            because = f" ({reply.error})" if reply.error else ""
            unmade = f" [not seeded: {self._needs.failures[0]}]" if self._needs.failures else ""
            raise Different(f"response.status: expected {sample.status}, got {reply.status}{because}{unmade}")


def organisation(sample: Sample) -> str:
    """The domain of the sample's organisation: that of Microsoft's invented company, or another one's tenant."""
    text = json.dumps([sample.path, sample.body])
    found = _CONTOSO.search(text) or _TENANT.search(text)
    return found[1].lower() if found else ""


def clock(sample: Sample) -> datetime:
    """The time at which a sample is sent: before something that it wants to begin or expire in its own time."""
    told = sample.answer if sample.is_body_unknown else sample.body
    for name, value in told.items() if isinstance(told, Mapping) else ():
        if name.lower() in {"expirationdatetime", "startdatetime"} and isinstance(value, str):
            try:
                return datetime.fromisoformat(value[:19]).replace(tzinfo=UTC) - timedelta(hours=1)
            except ValueError:
                continue
    return NOW


def is_uncovered(reply: Reply, expected: int) -> bool:
    """Whether the emulator says that it does not have this."""
    if reply.status == expected:
        return False
    return reply.status in {405, 501} or _SEGMENT in reply.error


def asked(sample: Sample, sent: Any) -> Asked:  # noqa: ANN401 - JSON values
    """What a request asks for by its options and body."""
    select = sample.option("select") or ""
    names = (_first_name(part) for part in select.split(","))
    return Asked(
        frozenset(name.lower() for name in names if name) - {"*"},
        expanded(sample),
        frozenset(str(name).lower() for name in sent) if isinstance(sent, Mapping) else frozenset(),
        sample.is_truncated,
        (sample.option("count") or "").lower() == "true",
        has_token(sample) and any("delta" in name.lower() for name, _ in sample.query),
    )


def answer_kind(plan: Plan) -> PropertyType | None:
    """The type of what an answer holds."""
    if plan.ending:
        return None
    operation = plan.operation
    if operation is None:
        return plan.type if plan.type is not None else plan.kind
    if operation.name == "delta":
        return plan.kind
    gives = (overload.gives for overload in operation.overloads)
    return next((kind for kind in gives if kind is not None), None)


def _overload(plan: Plan) -> Operation | None:
    return plan.operation.overloads[0] if plan.operation is not None and plan.operation.overloads else None


def _body_kind(plan: Plan) -> Structured | None:
    kind = plan.type if plan.type is not None else plan.kind
    item = kind.item if isinstance(kind, Collection) else kind
    return item if isinstance(item, Structured) else None


def _structures(kind: Structured | None) -> list[str]:
    """The structured properties of a type, one of which a placeholder may stand for."""
    return [] if kind is None else [name for name, of in kind.properties.items() if isinstance(of, Structured)]


def _filled(argument: re.Match[str]) -> str:
    """A date in the path, where the sample has a placeholder for it."""
    name, value = argument["name"], argument["value"]
    return f"{name}='{filler(name)}'" if PLACEHOLDER.fullmatch(value) else argument[0]


def _owner(path: str) -> str:
    """Whose mailbox or drive a path is in."""
    first, _, rest = path.strip("/").partition("/")
    return first if first.lower() in {"me", "drive"} else f"{first}/{rest.partition('/')[0]}"


def _first_name(part: str) -> str:
    return next((name.strip() for name in part.strip().split("/") if "." not in name), "")
