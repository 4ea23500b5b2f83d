"""One subscription at work: who made it, what it listens to, and what its notifications say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography import x509

from emulator.graph.engine.reading import view_of
from emulator.graph.subscriptions.limits import Limit
from emulator.graph.subscriptions.resources import Watched
from emulator.store import Change, Entity

# How long a token is good for; what it gave must be confirmed by another one.
TOKEN_LIFE = timedelta(minutes=75)
_LAST_REMINDERS = timedelta(minutes=15)
_RECYCLED = "deletedDateTime"


@dataclass(eq=False)
class Watch:
    """A subscription and the resource that it watches."""

    subscription: Entity
    watched: Watched
    certificate: x509.Certificate | None
    authorized: datetime
    reminded: datetime | None = None
    # What was made in this very moment: that it is written at once is no change that anybody missed.
    fresh: set[str] = field(default_factory=set)

    @property
    def limit(self) -> Limit:
        return self.watched.limit

    @property
    def expires(self) -> datetime:
        return moment(self.subscription["expirationDateTime"])

    @property
    def wanted(self) -> frozenset[str]:
        """The changes that the subscriber wants to hear of."""
        return frozenset(self.subscription["changeType"].split(","))

    def news(self, change: Change) -> str | None:
        """What a change is called here; nothing when it is none of ours."""
        if not self.watched.concerns(change):
            return None
        what = self._called(change)
        if what == "created":
            self.fresh.add(change.entity.id)
        elif what == "updated" and change.entity.id in self.fresh:
            return None
        return what if what in self.wanted else None

    def next_reminder(self) -> datetime:
        """When the subscriber is asked to confirm the next time."""
        if self.reminded is not None and self.reminded > self.authorized:
            return self.reminded + _LAST_REMINDERS
        return self.authorized + TOKEN_LIFE / 4

    @property
    def due(self) -> datetime:
        """When something will happen to it by itself."""
        return min(self.expires, self.next_reminder())

    def base(self) -> dict[str, Any]:
        """What every notification of this subscription says."""
        shown = self.subscription
        state = {"clientState": shown["clientState"]} if shown.get("clientState") is not None else {}
        return {
            "subscriptionId": shown.id,
            "subscriptionExpirationDateTime": shown["expirationDateTime"],
            **state,
            "tenantId": self.watched.call.tenant.id,
        }

    def notification(self, what: str, entity: Entity) -> dict[str, Any]:
        """The notification of one change."""
        place = self.place_of(entity)
        head = {"id": str(uuid4()), "changeType": what, "resource": place or self.subscription["resource"]}
        return {**self.base(), **head, "resourceData": self._data(entity, place)}

    def lifecycle(self, event: str) -> dict[str, Any]:
        """The notification of something that happens to the subscription itself."""
        resource = {} if event == "missed" else {"resource": self.subscription["resource"]}
        return {**self.base(), **resource, "lifecycleEvent": event}

    def place_of(self, entity: Entity) -> str:
        """The address of a changed thing, as notifications write it; files are named by their drive alone."""
        if self.limit.called == "DriveItems":
            return ""
        if self.watched.is_directory:
            return f"{entity.kind.name.rpartition('.')[2].capitalize()}s/{entity.id}"
        home = self.watched.home
        owner = f"Users/{home.id}/" if home is not None and self.watched.is_mailbox else ""
        return f"{owner}{self.limit.called}/{self._id(entity)}"

    def _called(self, change: Change) -> str:
        if self.limit.called == "DriveItems":
            return "updated"
        if self.watched.is_directory:
            is_gone = change.what == "deleted" and bool(change.entity.values.get(_RECYCLED))
            return "deleted" if is_gone else "updated"
        return change.what

    def _data(self, entity: Entity, place: str) -> dict[str, Any]:
        short = entity.kind.name.rpartition(".")[2]
        kind = f"#Microsoft.Graph.{short[0].upper()}{short[1:]}"
        if not place:
            return {"@odata.type": kind}
        data: dict[str, Any] = {"@odata.type": kind, "@odata.id": place}
        etag = self.watched.target.service.rules(entity.kind).hooks.get("etag")
        if etag is not None:
            data["@odata.etag"] = etag(entity)
        data["id"] = self._id(entity)
        if self.watched.is_directory:
            data["organizationId"] = self.watched.call.tenant.id
            data["sequenceNumber"] = entity.version
        return data

    def _id(self, entity: Entity) -> str:
        """The id of the kind that the subscriber preferred when it subscribed."""
        watched = self.watched
        return str(view_of(watched.target.service, watched.call, watched.target).shown(entity)["id"])


def moment(text: str) -> datetime:
    """A moment of JSON; one that names no zone is UTC."""
    found = datetime.fromisoformat(_six_digits(text))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _six_digits(text: str) -> str:
    """Graph writes seven digits of a second, Python 3.11 reads six."""
    head, dot, tail = text.partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}{dot}{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}" if dot else text


@dataclass(frozen=True)
class Parcel:
    """One notification on its way; `entity` is what it is about, `number` the first change of it, `seals` whether the
    data comes along.
    """

    watch: Watch
    url: str
    content: Mapping[str, Any]
    entity: Entity | None = None
    number: int = 0
    seals: bool = False
