"""What a request needs to be there before it can be sent: seeded, so that its ids and filters find something."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from emulator.companions import nature
from emulator.faults import GraphFault
from emulator.graph.engine.bodies import BadBody
from emulator.graph.engine.plan import Plan, ToKey, ToNavigation, ToRoot
from emulator.odata.types import Collection, Structured
from emulator.schema import schema
from emulator.seeding import CannotSeed, seed_along
from emulator.store import Entity
from emulator.typical import typical
from scripts._fidelity.files import (
    CREATED,
    ITEM,
    all_facets,
    facets_of,
    new_file_folder,
    searched_place,
    words_searched,
)
from scripts._fidelity.samples import Sample
from scripts._fidelity.world import World

MEMBERS = 2
_WITH_PAGES = 4
_LITERAL = r"(?P<value>'(?:[^']|'')*'|true|false|[\w.:+-]+)"
_EQUAL = re.compile(rf"(?P<path>[A-Za-z][\w./]*)\s+eq\s+{_LITERAL}", re.IGNORECASE)
_CALLED = re.compile(
    rf"(?P<how>startswith|contains|endswith)\(\s*(?P<path>[A-Za-z][\w./]*)\s*,\s*{_LITERAL}\s*\)", re.IGNORECASE
)
_INSIDE = r"(?:[^()']|'(?:[^']|'')*'|\((?:[^()']|'(?:[^']|'')*')*\))*"
_ANY = re.compile(rf"(?P<list>[A-Za-z][\w/]*)/any\(\s*(?:(?P<item>\w+)\s*:(?P<inside>{_INSIDE}))?\)", re.IGNORECASE)
_NOT = re.compile(rf"\bnot\s*(?:\({_INSIDE}\)|\w+\({_INSIDE}\))", re.IGNORECASE)
_CLAUSE = re.compile(r"(?:(?P<name>\w+):)?(?P<word>[^\":()]+)")
_NESTED = r"(?:\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\))?"
_EXPANDED = re.compile(rf"(?:^|,)\s*(?:[\w.]+\.\w+/)?(\w+){_NESTED}(?:/\$?\w+)?")
_UNIQUE = frozenset({"userPrincipalName", "mailNickname", "appId", "uniqueName"})
_NAMES = ("displayName", "subject", "name")
_COUNTED = re.compile(r"(\w+)/\$count\s+(?:gt|ge\s+[1-9]|eq\s+[1-9]|ne\s+0)")
_IDS = re.compile(r"(?<![\w/])id\s+eq\s+'(?P<id>[^']+)'")
_LEVELS = 3
_SOON = timedelta(minutes=30)
_ABSENT = frozenset({404, 410})
# The days that a calendar view shows where the sample does not say.
WINDOW = ("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z")


class Needs:
    """What was seeded for one sample, and what could not be."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.made: list[Entity] = []
        self.failures: list[str] = []
        self._moved: dict[str, str] = {}

    def address(self, path: str) -> str:
        """A path with the ids that the services gave to what was seeded on it."""
        known = sorted((old for old in self._moved if f"{path}/".startswith(f"{old}/")), key=len)
        return self._moved[known[-1]] + path[len(known[-1]) :] if known else path

    def seed(
        self, path: str, values: Mapping[str, Any] | None = None, kind: str | None = None, *, fill: bool = False
    ) -> Entity | None:
        """Make something; what the tenant will not make is remembered, for it may be the reason of a difference."""
        try:
            place = self.address(path)
            found = seed_along(
                self._world.graph, self._world.tenant, place, values, kind=kind, fill=fill, now=self._world.now
            )
        except (GraphFault, CannotSeed, BadBody) as error:
            self.failures.append(f"{path}: {error}")
            return self.seed(path, None, kind, fill=fill) if values else None
        self._moved[path] = found.path
        self.made.append(found.entity)
        return found.entity

    def moved(self, path: str, entity: Entity) -> None:
        """Another thing stands for the one that a path names."""
        place = f"{self.address(path.rpartition('/')[0])}/{quote(entity.id, safe='')}"
        below = [old for old in self._moved if old.startswith(f"{path}/")]
        self._moved |= {path: place, **{old: place + old[len(path) :] for old in below}}

    def seed_new(self, path: str) -> Entity | None:
        """The same for a directory object, unless one of another kind has its id already."""
        key = path.rpartition("/")[2]
        if "{" in key:
            # The same placeholder stands for many things.
            return self.seed(path)
        try:
            return self._world.tenant.directory_object(key)
        except GraphFault:
            return self.seed(path)

    def for_sample(self, sample: Sample, plan: Plan) -> None:
        """Everything that the path, the filter and the answer of a sample speak of."""
        path = sample.path.strip("/")
        above = path.rpartition("/")[0]
        self._principal(sample, above)
        if not self._special(sample, plan, above):
            self._usual(sample, plan, path, above)

    def _special(self, sample: Sample, plan: Plan, above: str) -> bool:
        """What a path does not tell: where a new file will lie, what a search finds, which objects are asked for."""
        folder, searched = new_file_folder(sample, plan), searched_place(above, plan)
        if folder is not None:
            self.seed(folder, {"folder": {}})
        elif searched is not None:
            self._members(sample, searched, schema().kind(ITEM))
        elif plan.operation is not None and plan.operation.name == "getbyids":
            self._asked_for(sample)
        else:
            return False
        return True

    def _usual(self, sample: Sample, plan: Plan, path: str, above: str) -> None:
        if plan.ending == "$ref" and sample.method != "GET":
            self._reference(sample, plan, above)
        elif plan.is_collection and sample.method == "GET":
            self._members(sample, _without_ending(path), plan.kind)
        elif plan.is_collection and plan.operation is None:
            self._above(above, plan)
        elif plan.is_collection:
            self._members(sample, above, plan.kind)
        elif plan.operation is not None and _start(plan) and "events" in plan.kind.navigations:
            reminder = {"isReminderOn": True, "reminderMinutesBeforeStart": 15}
            self.seed(f"{above}/events", within(_start(plan)) | reminder, fill=True)
        elif not _is_creation(sample, plan) and sample.status not in _ABSENT:
            values = facets_of(sample.answer, plan.kind)
            named = _named(sample.answer) or _guessed(sample.answer, plan.kind)
            self.seed(_without_ending(path), values, named, fill=_is_no_owner(plan))
            self._related(sample, _without_ending(path), plan.kind)
        else:
            self._above(above, plan)

    def _asked_for(self, sample: Sample) -> None:
        """The directory objects that a sample was answered with, each of its own type."""
        items = sample.answer.get("value") if isinstance(sample.answer, Mapping) else None
        for item in items if isinstance(items, list) else ():
            if isinstance(item, Mapping) and item.get("id") and _named(item):
                self.seed(f"directoryObjects/{item['id']}", None, _named(item), fill=True)

    def _principal(self, sample: Sample, owner: str) -> None:
        """Whoever gets a role is in the body; the path says the same again, or has a placeholder there."""
        root, _, key = owner.rpartition("/")
        whose = sample.body.get("principalId") if isinstance(sample.body, Mapping) else None
        if "{" in key and isinstance(whose, str) and sample.path.lower().endswith("/approleassignments"):
            entity = self.seed(f"{root}/{whose}")
            if entity is not None:
                self.moved(owner, entity)

    def _above(self, path: str, plan: Plan) -> None:
        """Where something is to be made, fit for that."""
        if not path:
            return
        last = plan.last
        onward = last.navigation.name if isinstance(last, ToNavigation) else ""
        kinds = [step.navigation.target for step in plan.steps if isinstance(step, ToNavigation)]
        first = plan.steps[0]
        owner = kinds[-2] if len(kinds) > 1 else first.root.kind if isinstance(first, ToRoot) else plan.kind
        self.seed(path, nature(owner.name.rpartition(".")[2], onward))

    def _reference(self, sample: Sample, plan: Plan, above: str) -> None:
        """The owner of a reference; the reference itself where it is to be taken away."""
        if sample.method != "DELETE":
            self._above(above.rpartition("/")[0], plan)
            return
        named = sample.option("id")
        key = unquote(named).rstrip("/").rpartition("/")[2] if named else ""
        if not plan.is_collection and isinstance(plan.last, ToKey):
            # One more, for the last owner of a thing cannot be taken away.
            self.seed(above.rpartition("/")[0])
        self.seed(f"{above}/{key}" if key and plan.is_collection else above)

    def _members(self, sample: Sample, path: str, kind: Structured) -> None:
        if path.lower().endswith("/instances") and kind.name == "microsoft.graph.event":
            start = next((value for name, value in sample.query if name.lower() == "startdatetime"), "")
            self.seed(path.rpartition("/")[0], within(start) | {"recurrence": _daily(start)}, fill=True)
            return
        kinds = _kinds(sample.answer, kind)
        wanted = MEMBERS + _skipped(sample) if not _has_token(sample) else _WITH_PAGES
        for named in _IDS.finditer(sample.option("filter") or ""):
            self.seed(f"{path}/{named['id']}", None, kinds[0], fill=True)
        facets = all_facets(sample.answer, kind)
        for number in range(max(wanted, len(kinds), len(facets))):
            values = wished(sample.option("filter") or "", kind, number)
            values |= searched(sample.option("search") or "", kind)
            values |= {"name": f"{words_searched(sample)} {number}"} if "/search(" in sample.path else {}
            values |= _in_window(sample, kind) | (facets[number % len(facets)] if facets else {})
            member = self.seed(path, values, kinds[number % len(kinds)], fill=True)
            if member is not None:
                self._related(sample, f"{path}/{member.id}", kind)

    def _related(self, sample: Sample, path: str, kind: Structured) -> None:
        """Something at the end of each relation that is expanded, or whose changes a delta shows."""
        items = sample.answer.get("value") if isinstance(sample.answer, Mapping) else None
        listed = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
        marks = {key for item in listed for key in item if key.endswith("@delta")}
        counted = {found[1].lower() for found in _COUNTED.finditer(sample.option("filter") or "")}
        wanted = {mark.partition("@")[0].lower() for mark in marks} | expanded(sample) | counted
        for navigation in kind.navigations.values():
            if navigation.name.lower() in wanted:
                other = self.seed(f"{path}/{navigation.name}")
                for _ in range(_LEVELS if "$levels" in (sample.option("expand") or "") else 0):
                    other = self.seed(f"users/{other.id}/{navigation.name}") if other is not None else None


def expanded(sample: Sample) -> frozenset[str]:
    """The relations that a request expands, in lower case."""
    return frozenset(found[1].lower() for found in _EXPANDED.finditer(sample.option("expand") or ""))


def wished(condition: str, kind: Structured, number: int = 0) -> dict[str, Any]:
    """Values that a simple `eq`, `startswith` or `any` finds; only the first member gets what must be unique."""
    values: dict[str, Any] = {}
    positive = _NOT.sub("", condition)
    for found in _ANY.finditer(positive):
        _put(values, found["list"], [_any_item(found, kind)])
    _put_conditions(values, _ANY.sub("", positive), number)
    values.pop("id", None)
    return {name: value for name, value in values.items() if not number or name not in _UNIQUE or "@" not in str(value)}


def searched(text: str, kind: Structured) -> dict[str, Any]:
    """Values that a `$search` finds: each word stands in the property it names, or in the thing's name."""
    values: dict[str, Any] = {}
    usual = next((name for name in _NAMES if name in kind.properties), "displayName")
    for clause in re.findall(r'"([^"]*)"', text) or ([text] if text else []):
        found = _CLAUSE.fullmatch(clause.strip())
        if found is not None:
            name = kind.find(found["name"] or usual) or usual
            values.setdefault(name, f"{found['word'].strip()} found")
    return values


def _any_item(found: re.Match[str], kind: Structured) -> Any:  # noqa: ANN401 - JSON values
    """A member of a list that the condition inside `any` finds."""
    if not found["inside"]:
        listed = kind.properties.get(kind.find(found["list"]) or "")
        return typical(listed.item, found["list"]) if isinstance(listed, Collection) else {}
    inside = re.sub(rf"\b{found['item']}/", "", found["inside"])
    values: dict[str, Any] = {}
    _put_conditions(values, re.sub(rf"\b{found['item']}\b(?=\s*(?:eq|,))", "item_itself", inside), 0)
    return values.get("item_itself", values)


def _put_conditions(values: dict[str, Any], text: str, number: int) -> None:
    for found in _EQUAL.finditer(text):
        _put(values, found["path"], _literal(found["value"]))
    for found in _CALLED.finditer(text):
        literal = str(_literal(found["value"]))
        ends = found["how"].lower() == "endswith"
        _put(values, found["path"], f"found{number}{literal}" if ends else f"{literal} found{number}")


def _in_window(sample: Sample, kind: Structured) -> dict[str, Any]:
    """An event lies within the days that a calendar view shows."""
    start = next((value for name, value in sample.query if name.lower() == "startdatetime"), "")
    if "start" not in kind.properties or (not start and "calendarview" not in sample.path.lower()):
        return {}
    return within(start)


def within(start: str) -> dict[str, Any]:
    """The times of a meeting soon after the moment at which a view begins."""
    try:
        moment = datetime.fromisoformat(start[:19] + start[19:].lstrip(".0")).replace(microsecond=0)
    except ValueError:
        moment = datetime.fromisoformat(WINDOW[0])
    begin = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC) + _SOON
    return {name: _clock(at) for name, at in (("start", begin), ("end", begin + _SOON))}


def _daily(start: str) -> dict[str, Any]:
    """Three days in a row."""
    day = str(within(start)["start"]["dateTime"])[:10]
    ends = {"type": "numbered", "startDate": day, "numberOfOccurrences": 3, "recurrenceTimeZone": "UTC"}
    return {"pattern": {"type": "daily", "interval": 1}, "range": ends}


def _clock(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}


def _put(values: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401 - JSON values
    *above, name = [part for part in path.split("/") if "." not in part] or [path]
    place = values
    for part in above:
        place = place.setdefault(part, {})
    if isinstance(place, dict):
        place[name] = value


def _literal(text: str) -> Any:  # noqa: ANN401 - JSON values
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    known = {"true": True, "false": False, "null": None}
    if text.lower() in known:
        return known[text.lower()]
    return int(text) if text.lstrip("-").isdigit() else text


def _skipped(sample: Sample) -> int:
    text = sample.option("skip") or ""
    return int(text) if text.isdigit() else 0


def _is_creation(sample: Sample, plan: Plan) -> bool:
    """A PUT or PATCH that the sample answers with 201 makes what it names."""
    return sample.method in {"PUT", "PATCH"} and sample.status == CREATED and isinstance(plan.last, ToKey)


def _start(plan: Plan) -> str:
    """When the view begins that a function is asked for."""
    arguments = plan.operation.arguments if plan.operation is not None else {}
    return next((value for name, value in arguments.items() if name.lower() == "startdatetime"), "")


def _is_no_owner(plan: Plan) -> bool:
    """An action's own person or group is left as it is; fillers there might say what is not so."""
    if plan.operation is None:
        return True
    return sum(isinstance(step, ToNavigation | ToRoot) for step in plan.steps) > 1


def _has_token(sample: Sample) -> bool:
    return any("token" in name.lower() for name, _ in sample.query)


def _without_ending(path: str) -> str:
    for ending in ("/$count", "/$value", "/$ref"):
        path = path.removesuffix(ending)
    return path


def _named(answer: Any) -> str | None:  # noqa: ANN401 - JSON values
    found = answer.get("@odata.type") if isinstance(answer, Mapping) else None
    return found.removeprefix("#") if isinstance(found, str) else None


def _kinds(answer: Any, declared: Structured) -> list[str | None]:  # noqa: ANN401 - JSON values
    """The types of the members that a sample shows; of directory objects, which ones have such properties."""
    items = answer.get("value") if isinstance(answer, Mapping) else None
    found: Sequence[Any] = items if isinstance(items, list) else []
    return list(dict.fromkeys(_named(item) or _guessed(item, declared) for item in found)) or [None]


def _guessed(item: Any, declared: Structured) -> str | None:  # noqa: ANN401 - JSON values
    if declared.name != "microsoft.graph.directoryObject" or not isinstance(item, Mapping):
        return None
    fitting = [sum(schema().kind(name).find(key) is not None for key in item) for name in _DIRECTORY]
    return _DIRECTORY[fitting.index(max(fitting))] if max(fitting) > 1 else None


_DIRECTORY = ("user", "group", "device", "servicePrincipal", "application", "orgContact", "directoryRole")
