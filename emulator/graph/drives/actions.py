"""What else can be done with a file: check it out, look at it, label it, and see what was done with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from emulator.graph.drives import state
from emulator.graph.drives.downloads import download_url
from emulator.graph.drives.errors import BadDriveRequest, ItemLocked
from emulator.graph.drives.service import analytics, check_match, doing, item, label, listing, transient
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.target import Target
from emulator.moments import timestamp
from emulator.schema import schema
from emulator.store import Entity

_KINDS = {"access": "access", "create": "create", "edit": "edit", "move": "move", "delete": "delete"}
_STEPS = {"day": 1, "week": 7}
_LONGEST = 90
_LISTENS = timedelta(hours=1)
_WEEK = 7


@item.operation("checkout")
def checkout(call: Call, target: Target) -> Answer:
    """Keep others from changing the file."""
    entity = _file(target)
    check_match(call, entity)
    entity.state["checkout"] = _caller(call)
    state.changed(entity, doing(call))
    return NO_CONTENT


@item.operation("checkin")
def checkin(call: Call, target: Target) -> Answer:
    """Let others see, and change, the file again."""
    entity = _held(call, target)
    if not isinstance(call.json.get("comment", ""), str):
        raise BadDriveRequest("The comment must be a text.")
    entity.state["checkout"] = None
    state.changed(entity, doing(call))
    return NO_CONTENT


@item.operation("discardCheckout")
def discard_checkout(call: Call, target: Target) -> Answer:
    """Give the file free as it was when it was checked out."""
    entity = _held(call, target)
    entity.state["checkout"] = None
    state.changed(entity, doing(call))
    return NO_CONTENT


@item.operation("preview")
def preview(call: Call, target: Target) -> Answer:
    """Addresses that show the file in a frame."""
    entity = _file(target)
    form = "pdf" if state.content_of(entity).text(entity["name"]) else ""
    kind = f"{call.root}/$metadata#microsoft.graph.itemPreviewInfo"
    return Answer(
        {"@odata.context": kind, "getUrl": download_url(call, entity, form), "postParameters": None, "postUrl": None}
    )


@item.operation("extractSensitivityLabels")
def labels(call: Call, target: Target) -> Answer:
    """The file's sensitivity label, if it was given one."""
    given = _file(target).state.get("sensitivity")
    head = {"@odata.context": f"{call.root}/$metadata#microsoft.graph.extractSensitivityLabelsResult"}
    return Answer({**head, "labels": [given] if given else []})


@item.operation("assignSensitivityLabel")
def assign_label(call: Call, target: Target) -> Answer:
    """Give the file a sensitivity label."""
    entity, wished = _file(target), call.json.get("sensitivityLabelId")
    if not isinstance(wished, str):
        raise BadDriveRequest("A sensitivityLabelId is required.")
    method = call.json.get("assignmentMethod") or "standard"
    entity.state["sensitivity"] = {"sensitivityLabelId": wished, "assignmentMethod": method, "tenantId": call.tenant.id}
    state.changed(entity, doing(call))
    return Answer(None, 202)


@item.navigation("retentionLabel")
def retention_label(call: Call, entity: Entity) -> Entity:
    """The label that says how long to keep the item; an empty one where it has none."""
    if "retentionLabel" not in entity.ones:
        entity.ones["retentionLabel"] = transient(call, "itemRetentionLabel", {})
        entity.ones["retentionLabel"].owner = entity
    return entity.ones["retentionLabel"]


@label.hook("update")
def set_label(call: Call, found: Entity, values: Values) -> None:
    """Label the item, or loosen and tighten the lock of a record label."""
    settings = {
        "behaviorDuringRetentionPeriod": "retain",
        "isContentUpdateAllowed": True,
        "isDeleteAllowed": False,
        "isLabelUpdateAllowed": True,
        "isMetadataUpdateAllowed": True,
        "isRecordLocked": False,
    }
    given = {**settings, **(found.get("retentionSettings") or {}), **(values.get("retentionSettings") or {})}
    changes: dict[str, Any] = {"retentionSettings": given}
    if values.get("name"):
        changes |= {"name": values["name"], "labelAppliedDateTime": call.stamp, "isLabelAppliedExplicitly": True}
        changes |= {"labelAppliedBy": dict(doing(call).who)}
    found.update(changes)


class Sockets:
    """The one endpoint at which a client may listen for changes of a drive."""

    def __init__(self, call: Call, of: Entity) -> None:
        address = f"{call.host}/socket.io/?drive={of.id}&room={of.state['key'].hex()}"
        until = timestamp(call.now + _LISTENS)
        values = {"id": str(uuid5(NAMESPACE_URL, address)), "notificationUrl": address, "expirationDateTime": until}
        self._one = transient(call, "subscription", values)

    def __iter__(self) -> Iterator[Entity]:
        return iter(())

    def get(self, key: str) -> Entity | None:
        """It is asked for by the kind of its protocol."""
        return self._one if key.lower() == "socketio" else None


@item.navigation("subscriptions")
def sockets(call: Call, entity: Entity) -> Sockets | None:
    """Change notifications by webhook are asked for at `/subscriptions`; here is only where to listen."""
    # An item of somebody else's drive is listed without being there.
    return Sockets(call, state.drive(entity)) if "drive" in entity.state else None


@item.operation("getActivitiesByInterval")
def activities(call: Call, target: Target) -> Answer:
    """What was done with the item, counted by day, week or month."""
    entity, given = target.thing, target.arguments
    end = _day(given.get("enddatetime"), call.now.date())
    start = _day(given.get("startdatetime"), end - timedelta(days=_WEEK))
    interval = (given.get("interval") or "day").lower()
    if interval not in {*_STEPS, "month"}:
        raise BadDriveRequest("The interval must be 'day', 'week' or 'month'.")
    if not timedelta() <= end - start <= timedelta(days=_LONGEST):
        raise BadDriveRequest("The time range must not be longer than 90 days, and end after it starts.")
    found = []
    while start <= end:
        until = _next(start, interval)
        found.append(_stat(call, entity, start, until))
        start = until
    return listing(call, target, found, "itemActivityStat")


@item.navigation("analytics")
def item_analytics(call: Call, entity: Entity) -> Entity:
    """What was done with the item, in sum."""
    found = transient(call, "itemAnalytics", {"id": entity.id})
    found.state["of"] = entity
    return found


@analytics.navigation("allTime")
def all_time(call: Call, found: Entity) -> Entity:
    entity: Entity = found.state["of"]
    return _stat(call, entity, _moment(entity["createdDateTime"]).date(), call.now.date() + timedelta(days=1))


@analytics.navigation("lastSevenDays")
def last_seven_days(call: Call, found: Entity) -> Entity:
    return _stat(call, found.state["of"], call.now.date() - timedelta(days=_WEEK), call.now.date() + timedelta(days=1))


@analytics.navigation("itemActivityStats")
def stats(call: Call, found: Entity) -> list[Entity]:
    """Day by day, the last week."""
    days = [call.now.date() - timedelta(days=back) for back in range(_WEEK, -1, -1)]
    return [_stat(call, found.state["of"], day, day + timedelta(days=1)) for day in days]


def _file(target: Target) -> Entity:
    state.content_of(target.thing)
    return target.thing


def _held(call: Call, target: Target) -> Entity:
    """The file, if it is the caller who has it checked out."""
    entity = _file(target)
    if entity.state["checkout"] is None:
        raise BadDriveRequest("The file is not checked out.")
    if entity.state["checkout"] != _caller(call):
        raise ItemLocked
    return entity


def _caller(call: Call) -> str:
    return call.me.id if call.me else call.caller.app_id


def _stat(call: Call, entity: Entity, start: date, end: date) -> Entity:
    deeds = [(what, who) for one in state.descendants(entity) for what, who, stamp in one.state["activity"]
             if start <= _moment(stamp).date() < end]  # fmt: skip
    counts, actors = Counter(what for what, _ in deeds), set(deeds)
    values: dict[str, Any] = {
        "startDateTime": f"{start}T00:00:00Z",
        "endDateTime": f"{end}T00:00:00Z",
        "isTrending": False,
    }
    for name, what in _KINDS.items():
        many = sum(deed == what for deed, _ in actors)
        values[name] = {"actionCount": counts[what], "actorCount": many}
    values["incompleteData"] = {"wasThrottled": False, "resultsPending": False, "notSupported": False}
    return Entity(schema().kind("itemActivityStat"), {"id": f"{start}", **values}, call.tenant.store.changes)


def _next(start: date, interval: str) -> date:
    if interval == "month":
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=_STEPS[interval])


def _day(text: str | None, usual: date) -> date:
    if not text:
        return usual
    try:
        year, month, day = (int(part) for part in text[:10].rstrip("T").split("T")[0].split("-"))
        return date(year, month, day)
    except ValueError as error:
        raise BadDriveRequest(f"'{text}' is not a date.") from error


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(str(stamp)[:19]).replace(tzinfo=UTC)
