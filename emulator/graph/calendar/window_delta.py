"""Delta of a calendar view: what came into, changed in or left a stretch of time since the last question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from emulator.faults import MethodNotAllowed, ResyncRequired
from emulator.graph.calendar.earlier import Past
from emulator.graph.calendar.series import instances_of, is_series, occurrences_in
from emulator.graph.calendar.times import Window, iso
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.query import Query
from emulator.graph.engine.reading import declared, preferences_applied, query_of, view_of
from emulator.graph.engine.rendering import rendered
from emulator.graph.engine.target import Target
from emulator.graph.engine.tokens import sealed, unsealed
from emulator.graph.engine.view import View
from emulator.store import Entity, Slice

_PURPOSE = "calendarView/delta"
_PAGE, _LARGEST = 10, 1000
_DAYS = 30
_OPTIONS = ("$select", "$expand", "$skiptoken", "$deltatoken", "$top")
# All that is told of an occurrence that is like the others.
_SLIM = ("@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end")

# What happened: when in the tenant's history, to which id, and the event unless it is gone.
Happened: TypeAlias = "tuple[int, str, Entity | None]"


@dataclass(frozen=True)
class Turn:
    """One walk through the changes of a window, between two moments of the history; `after` is how far it came."""

    window: Window
    since: int
    until: int
    after: tuple[int, str] = (0, "")
    select: str = ""

    @property
    def token(self) -> dict[str, Any]:
        """All of it, for a token."""
        times = {"start": iso(self.window.start), "end": iso(self.window.end)}
        return {**times, "since": self.since, "until": self.until, "after": list(self.after), "select": self.select}


def window_delta(call: Call, target: Target) -> Answer:
    """Answer a delta query on a calendar view."""
    members = target.members
    if not isinstance(members, Slice):
        raise MethodNotAllowed
    with target.dialect.reading_query():
        call.options(*_OPTIONS)  # what cannot be followed is refused, not left out
    turn = _turn(call)
    asked = call.at(call.method, call.path, (("$select", turn.select),) if turn.select else ())
    view = view_of(target.service, asked, target)
    query = query_of(view, *_OPTIONS)
    happened = [one for one in sorted(_happened(members, turn), key=_place) if _place(one) > turn.after]
    size = _size(call)
    page, rest = happened[:size], happened[size:]
    body = {
        "@odata.context": f"{call.root}/$metadata#Collection(event)",
        **_link(call, turn, page[-1] if rest else None),
        "value": [_told(view, query, one) for one in page],
    }
    return Answer(body, headers=preferences_applied(asked, target))


def gone(identifier: str) -> dict[str, Any]:
    """How an event that left is told."""
    return {"@odata.type": "#microsoft.graph.event", "id": identifier, "@removed": {"reason": "deleted"}}


def _turn(call: Call) -> Turn:
    text = call.plain("$deltatoken") or call.plain("$skiptoken")
    number = call.tenant.store.changes.number
    if text is None:
        window = Window.read(call.plain("startDateTime"), call.plain("endDateTime"))
        return Turn(window, 0, number, select=call.plain("$select") or "")
    found = unsealed(call, _PURPOSE, text)
    if found is None or call.now.timestamp() - found["at"] > _DAYS * 86_400:
        raise ResyncRequired(f"{call.root}/{call.path}")
    window = Window(datetime.fromisoformat(found["start"]), datetime.fromisoformat(found["end"]))
    turn = Turn(window, found["since"], found["until"], tuple(found["after"]), found["select"])
    is_new = call.plain("$deltatoken") is not None
    return replace(turn, since=turn.until, until=number, after=(0, "")) if is_new else turn


def _link(call: Call, turn: Turn, last: Happened | None) -> dict[str, str]:
    name, option = ("deltaLink", "$deltatoken") if last is None else ("nextLink", "$skiptoken")
    token = sealed(call, _PURPOSE, (turn if last is None else replace(turn, after=_place(last))).token)
    return {f"@odata.{name}": f"{call.root}/{call.path}?{option}={token}"}


def _happened(members: Slice, turn: Turn) -> Iterator[Happened]:
    for event in members:
        every = _in_series(event, turn) if is_series(event) else _alone(event, turn)
        yield from (one for one in every if one[0] <= turn.until)
    for removed in members.since(turn.since)[1] if turn.since else ():
        yield from _left(removed.entity, turn, removed.number)


def _alone(event: Entity, turn: Turn) -> Iterator[Happened]:
    if event.version <= turn.since:
        return
    if instances_of([event], turn.window):
        yield event.version, event.id, event
    yield from _left(event, turn)


def _in_series(master: Entity, turn: Turn) -> Iterator[Happened]:
    inside = occurrences_in(master, turn.window)
    every: list[tuple[int, Entity]] = [(max(one.version, master.version), one) for one in inside]
    if inside:
        every.append((_master_change(master, turn), master))
    yield from ((version, one.id, one) for version, one in every if version > turn.since)
    yield from _left(master, turn)


def _master_change(master: Entity, turn: Turn) -> int:
    """When a series changed; one that did not is news as well where an occurrence brings it into the window."""
    past = Past(master, turn.since)
    number = past.next_change()
    if master.version > turn.since or not number or master.id in past.ids_in(turn.window):
        return master.version
    return number


def _left(event: Entity, turn: Turn, removed: int = 0) -> Iterator[Happened]:
    """What the window showed of an event as of the last question, and did not as of the end of this turn."""
    past = Past(event, turn.since)
    number = past.next_change(removed) if turn.since else 0
    if not 0 < number <= turn.until:
        return
    # Not what it shows now: what came back between two pages may have left again before the next turn.
    stays = set() if 0 < removed <= turn.until else Past(event, turn.until).ids_in(turn.window)
    yield from ((number, identifier, None) for identifier in past.ids_in(turn.window) - stays)


def _told(view: View, query: Query, one: Happened) -> dict[str, Any]:
    _, identifier, event = one
    if event is None:
        return gone(identifier)
    shown = rendered(view, view.shown(event), query, declared(view.target))
    body = {"@odata.type": "#microsoft.graph.event", **shown}
    return {name: body[name] for name in _SLIM if name in body} if event.get("type") == "occurrence" else body


def _place(one: Happened) -> tuple[int, str]:
    return one[0], one[1]


def _size(call: Call) -> int:
    wished = call.page_wish
    return _PAGE if wished is None else max(1, min(wished, _LARGEST))
