"""All subscriptions of one tenant: hears its changes and brings the news of them to webhooks, in the background."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from emulator.entra.keys import SigningKeys
from emulator.graph.subscriptions.content import completed
from emulator.graph.subscriptions.sealing import validation_token
from emulator.graph.subscriptions.watch import Parcel, Watch
from emulator.graph.subscriptions.web import Web
from emulator.moments import timestamp
from emulator.store import Change, Entity, Items
from emulator.tenant import Tenant

_NAME = "subscriptions"
_FIRST_WAIT, _LONGEST_WAIT = 10.0, 1800.0
_GIVES_UP_AFTER = 4 * 3600.0
_MOST_IN_ONE = 100
_LONGEST_NAP = 3600.0


class Notifications:
    """Nothing runs, and no change costs anything, while there are no subscriptions.

    `clock` and `sleep` are the emulator's time: between two tries to deliver nobody really waits in a test.
    """

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.web = Web()
        self.clock: Callable[[], float] = time.time
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self.watches: dict[str, Watch] = {}
        self._keys: SigningKeys | None = None
        self._waiting: list[Parcel] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._worker: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def items(self) -> Items:
        """The subscriptions as Graph shows them."""
        return self.tenant.store.root(_NAME)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    @property
    def keys(self) -> SigningKeys:
        """What vouches for notifications with data."""
        if self._keys is None:
            self._keys = SigningKeys(self.clock())
        return self._keys

    @keys.setter
    def keys(self, keys: SigningKeys) -> None:
        self._keys = keys

    def watch(self, watch: Watch) -> None:
        """Hear of the changes for one more subscription."""
        if not self.watches:
            self.tenant.store.changes.listeners.append(self._hear)
        self.watches[watch.subscription.id] = watch
        self.items.add(watch.subscription)
        self._set_timer()

    def forget(self, subscription: Entity, *, because: str | None = None) -> None:
        """Stop a subscription; the subscriber is told when it was not its own wish."""
        watch = self.watches.pop(subscription.id, None)
        self.items.discard(subscription)
        if watch is None:
            return
        if not self.watches:
            self.tenant.store.changes.listeners.remove(self._hear)
        self._waiting = [parcel for parcel in self._waiting if parcel.watch is not watch]
        if because is not None and watch.limit.tells_missed:
            self._tell(watch, because)

    def look_around(self) -> None:
        """See what time has done: subscriptions that ended, and those whose consent must be confirmed."""
        now = self.now
        for watch in tuple(self.watches.values()):
            if watch.expires <= now:
                self.forget(watch.subscription, because="subscriptionRemoved")
            elif watch.next_reminder() <= now:
                watch.reminded = now
                self._tell(watch, "reauthorizationRequired")
        for subscription in self.items:
            if subscription.id not in self.watches and subscription.get("expirationDateTime", "9") <= timestamp(now):
                self.items.discard(subscription)
        self._set_timer()

    def _set_timer(self) -> None:
        """Look around again when the next thing is due, if a loop is there to say so."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = _loop()
        if loop is not None and self.watches:
            seconds = (min(watch.due for watch in self.watches.values()) - self.now).total_seconds()
            self._timer = loop.call_later(min(max(seconds, 0), _LONGEST_NAP), self.look_around)

    async def settle(self) -> None:
        """Wait until everything known so far is delivered or given up."""
        self.look_around()
        self._wake()
        while self._waiting or self._running():
            await asyncio.wait(self._running())

    def _running(self) -> list[asyncio.Task[None]]:
        worker = [self._worker] if self._worker is not None and not self._worker.done() else []
        return [*worker, *self._tasks]

    def _hear(self, change: Change) -> None:
        if change.items is self.items:
            return
        if change.what == "deleted":
            self._let_go(change.entity)
        for watch in tuple(self.watches.values()):
            what = watch.news(change)
            if what is not None and watch.expires > self.now and not self._is_known(watch, what, change.entity):
                url = watch.subscription["notificationUrl"]
                content = watch.notification(what, change.entity)
                seals = watch.certificate is not None and what != "deleted"
                self._waiting.append(Parcel(watch, url, content, change.entity, change.number, seals))
        self._wake()

    def _let_go(self, entity: Entity) -> None:
        """Who leaves listens no more, and nobody listens to a mailbox that is gone."""
        for watch in tuple(self.watches.values()):
            if watch.watched.home is entity or watch.watched.call.caller.user_id == entity.id:
                self.forget(watch.subscription, because="subscriptionRemoved")

    def _is_known(self, watch: Watch, what: str, entity: Entity) -> bool:
        """Several writes of one moment are one piece of news."""
        return what == "updated" and any(
            parcel.watch is watch and parcel.entity is entity and parcel.content.get("changeType") == what
            for parcel in self._waiting
        )

    def _tell(self, watch: Watch, event: str) -> None:
        url = watch.subscription.get("lifecycleNotificationUrl")
        if url:
            self._waiting.append(Parcel(watch, url, watch.lifecycle(event)))
            self._wake()

    def _wake(self) -> None:
        """Have the waiting news delivered; without a running loop they wait for the next call."""
        loop = _loop()
        if loop is None:
            return
        is_busy = self._worker is not None and not self._worker.done() and self._worker.get_loop() is loop
        has_work = self._waiting or any(watch.fresh for watch in self.watches.values())
        if has_work and not is_busy:
            self._worker = loop.create_task(self._send_all())

    async def _send_all(self) -> None:
        # Whoever is changing things right now comes to an end first.
        await asyncio.sleep(0)
        parcels, self._waiting = self._waiting, []
        for watch in self.watches.values():
            watch.fresh.clear()
        for url in dict.fromkeys(parcel.url for parcel in parcels):
            own = [parcel for parcel in parcels if parcel.url == url]
            for start in range(0, len(own), _MOST_IN_ONE):
                task = asyncio.create_task(self._deliver(url, own[start : start + _MOST_IN_ONE]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _deliver(self, url: str, parcels: list[Parcel]) -> None:
        body = await self._envelope(parcels)
        waited, wait = 0.0, _FIRST_WAIT
        while not await self.web.post(url, body):
            if waited >= _GIVES_UP_AFTER:
                self._give_up(parcels)
                return
            await self.sleep(wait)
            waited, wait = waited + wait, min(wait * 2, _LONGEST_WAIT)

    async def _envelope(self, parcels: list[Parcel]) -> dict[str, Any]:
        """What is posted: the notifications, and for those with data a token for each application."""
        value = [await completed(parcel) for parcel in parcels]
        apps = dict.fromkeys(parcel.watch.watched.call.caller.app_id for parcel in parcels if parcel.seals)
        tokens = [validation_token(self.keys, app, self.tenant.id, int(self.clock())) for app in apps]
        return {"value": value, **({"validationTokens": tokens} if tokens else {})}

    def _give_up(self, parcels: Iterable[Parcel]) -> None:
        """Tell the subscribers that they missed something; news of the subscription itself are lost."""
        for watch in dict.fromkeys(parcel.watch for parcel in parcels if parcel.entity is not None):
            if watch.limit.tells_missed and watch.subscription.id in self.watches:
                self._tell(watch, "missed")


def _loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def notifications_of(tenant: Tenant) -> Notifications:
    """The subscriptions of a tenant and their delivery."""
    if _NAME not in tenant.services:
        tenant.services[_NAME] = Notifications(tenant)
    found: Notifications = tenant.services[_NAME]
    return found
