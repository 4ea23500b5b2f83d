"""Delta queries: every change since a moment, in pages, by tokens that remember the question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from emulator.faults import MethodNotAllowed, ResyncRequired
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.query import Query, arranged
from emulator.graph.engine.reading import declared, preferences_applied, query_of, view_of
from emulator.graph.engine.rendering import listed, rendered
from emulator.graph.engine.target import Target
from emulator.graph.engine.tokens import is_number, sealed, unsealed
from emulator.graph.engine.view import View
from emulator.graph.engine.workload import Service
from emulator.store import Entity, Items, Joined, Removed, Slice

_TOKENS = ("$skiptoken", "$deltatoken")
_PURPOSE = "delta"
_DAY = 86_400
Gone: TypeAlias = Callable[[View, Removed], dict[str, Any]]
Live: TypeAlias = Callable[[View, Entity, Query], dict[str, Any]]


@dataclass(frozen=True)
class Round:
    """One walk through the changes after `since` up to `until`; `cursor` is how far the pages before this one came."""

    since: int
    until: int
    cursor: int
    query: tuple[tuple[str, str], ...]
    issued: float

    @classmethod
    def begun(cls, call: Call, since: int, query: tuple[tuple[str, str], ...], number: int) -> Round:
        """A round that starts now."""
        return cls(since, number, since, query, call.now.timestamp())


@dataclass(frozen=True)
class DeltaRules:
    """How one service does it: how long links are good, how it words what is gone, and how it names its token."""

    days: int = 7
    page_size: int = 100
    largest_page: int = 1000
    token: str = ""
    resync_code: str = "SyncStateNotFound"
    gone: Gone = lambda _, removed: {"id": removed.entity.id, "@removed": {"reason": removed.reason}}
    live: Live | None = None


def delta(service: Service, call: Call, target: Target, rules: DeltaRules | None = None) -> Answer:
    """Answer a delta query on a stored set."""
    rules = rules or DeltaRules()
    members = target.members
    if not isinstance(members, Items | Slice | Joined):
        raise MethodNotAllowed
    turn = _turn(call, target, rules)
    # The first question was asked once; its options hold for all that follow.
    asked = call if turn.query == call.query else call.at(call.method, call.path, turn.query)
    view = view_of(service, asked, target)
    query = query_of(view, *target.dialect.delta_options, *_TOKENS)
    # For relations told within an item: since when.
    asked.state["since"] = turn.since
    changes = _changes(members, turn)
    page, rest = changes[: _size(call, rules)], changes[_size(call, rules) :]
    told = (change for _, change in page if _wanted(view, change, query))
    body = listed(view, [_written(view, change, query, rules) for change in told])
    cursor = page[-1][0] if page else turn.until
    link = _link(call, target, rules, turn, cursor, is_last=not rest)
    found = body.pop("value")
    return Answer({**body, **link, "value": found}, headers=preferences_applied(asked, target))


def _changes(members: Items | Slice | Joined, turn: Round) -> list[tuple[int, Entity | Removed]]:
    changed, removed = members.since(turn.since)
    every: list[tuple[int, Entity | Removed]] = [(entity.version, entity) for entity in changed]
    if turn.since:
        every += [(gone.number, gone) for gone in removed]
    return sorted((one for one in every if turn.cursor < one[0] <= turn.until), key=lambda one: one[0])


def _turn(call: Call, target: Target, rules: DeltaRules) -> Round:
    text = _token(call, target)
    number = call.tenant.store.changes.number
    start = f"{call.root}/{call.path}"
    if text is None:
        return Round.begun(call, 0, call.query, number)
    if text.lower() == "latest":
        return Round.begun(call, number, _without_tokens(call.query), number)
    found = unsealed(call, _PURPOSE, text)
    if found is None or not _is_round(found) or call.now.timestamp() - found["at"] > rules.days * _DAY:
        raise ResyncRequired(start, code=rules.resync_code)
    query = tuple((str(name), str(value)) for name, value in found["query"])
    if "until" in found:
        return Round(found["since"], found["until"], found["cursor"], query, found["at"])
    return Round.begun(call, found["since"], query, number)


def _is_round(found: Mapping[str, Any]) -> bool:
    """Whether a token holds what a round needs."""
    numbers = ("since", "until", "cursor") if "until" in found else ("since",)
    query = found.get("query")
    is_query = isinstance(query, list) and all(isinstance(pair, list) and len(pair) == len(("name", "value"))
                                               for pair in query)  # fmt: skip
    return is_query and all(is_number(found.get(name)) for name in numbers)


def _token(call: Call, target: Target) -> str | None:
    # What follows from a link is newer than what its path began with.
    given = (call.plain(name) for name in ("$deltatoken", "$skiptoken", "token"))
    return next((text for text in given if text is not None), target.arguments.get("token"))


def _link(call: Call, target: Target, rules: DeltaRules, turn: Round, cursor: int, *, is_last: bool) -> dict[str, str]:
    query = [list(pair) for pair in _without_tokens(turn.query)]
    state: dict[str, Any] = {"query": query, "since": turn.until}
    if not is_last:
        state = {"query": query, "since": turn.since, "until": turn.until, "cursor": cursor}
    token = sealed(call, _PURPOSE, state)
    name = rules.token or ("$deltatoken" if is_last else "$skiptoken")
    return {f"@odata.{'deltaLink' if is_last else 'nextLink'}": f"{call.root}/{call.path}?{name}={token}"}


def _without_tokens(query: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in query if pair[0].lower() not in {"$deltatoken", "$skiptoken", "token"})


def _size(call: Call, rules: DeltaRules) -> int:
    wished = call.page_wish
    return rules.page_size if wished is None else max(1, min(wished, rules.largest_page))


def _wanted(view: View, change: Entity | Removed, query: Query) -> bool:
    """What is gone is always told: nobody can say any more whether the filter let it through."""
    if isinstance(change, Removed) or query.filter is None:
        return True
    return bool(arranged(view, [view.shown(change)], query))


def _written(view: View, change: Entity | Removed, query: Query, rules: DeltaRules) -> dict[str, Any]:
    if isinstance(change, Removed):
        return rules.gone(view, change)
    if rules.live is not None:
        return rules.live(view, change, query)
    return rendered(view, view.shown(change), query, declared(view.target))
