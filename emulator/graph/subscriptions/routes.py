"""What Graph says of subscriptions beyond their type."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import NO_CONTENT, Answer, Call, Reply
from emulator.graph.engine.dialects import PLAIN
from emulator.graph.engine.permits import has_any
from emulator.graph.engine.resolving import entered
from emulator.graph.engine.serving import Graph
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.graph.engine.workload import Page, Workload
from emulator.graph.engine.writing import body_for, shown_entity
from emulator.graph.subscriptions.checking import check_quota, checked, expiration
from emulator.graph.subscriptions.errors import BadSubscription, SubscriptionMissing
from emulator.graph.subscriptions.resources import watched
from emulator.graph.subscriptions.state import notifications_of
from emulator.graph.subscriptions.watch import Watch
from emulator.graph.subscriptions.web import check_address
from emulator.store import Entity, Slice

_UNREADABLE = (
    "Could not process subscription creation payload. Are all property names spelled and camelCased properly? "
    "Also are the Datetime properties in a valid ISO DateTime format?"
)
_DIALECT = replace(
    PLAIN,
    name="subscriptions",
    not_found=lambda _: SubscriptionMissing(),
    bad_body=lambda _: BadSubscription(_UNREADABLE),
    pages_by="skiptoken",
)
subscriptions = Workload("subscriptions", _DIALECT, self_permitting=frozenset({"subscriptions"}))

_ORDER = (
    "id", "resource", "applicationId", "changeType", "clientState", "notificationUrl", "notificationQueryOptions",
    "lifecycleNotificationUrl", "expirationDateTime", "creatorId", "includeResourceData", "latestSupportedTlsVersion",
    "encryptionCertificate", "encryptionCertificateId", "notificationUrlAppId",
)  # fmt: skip
_CONTENT_TYPE = "notificationContentType"

subscription = subscriptions.type("subscription", default=_ORDER, page=Page(100, 1000))


@subscriptions.root("subscriptions")
def own(call: Call) -> Slice:
    """Those that the application made, for the person signed in if there is one."""
    notifications = notifications_of(call.tenant)
    notifications.look_around()
    sees_all = has_any(call, "Subscription.Read.All") and call.method == "GET"
    return Slice(notifications.items, lambda one: sees_all or _is_own(call, one))


@subscription.hook("answer")
def answer(call: Call, target: Target) -> Reply | None:
    """A POST waits for the webhook to show itself, and so does a PATCH that names another one."""
    if call.method == "POST" and target.plan.is_collection:
        return _made(call, target)
    if call.method == "PATCH" and target.entity is not None:
        return _renewed(call, target, target.entity)
    return None


@subscription.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """One that was there before anybody asked: it is everyone's, and listens to nothing."""
    given = {**_completed(call, values), **values}
    return notifications_of(call.tenant).items.add(call.tenant.store.entity(values.kind, given))


@subscription.hook("delete")
def delete(call: Call, entity: Entity, target: Target) -> None:
    """The subscriber wants no more."""
    notifications_of(call.tenant).forget(entity)


@subscription.hook("annotations")
def content_type(shown: Shown) -> dict[str, Any]:
    """What the subscriber named; beta tells it of every subscription, the type of v1.0 does not have it."""
    named = shown.entity.state.get(_CONTENT_TYPE)
    usual = "application/json" if shown.view.call.version == "beta" else None
    return {_CONTENT_TYPE: named or usual} if named or usual else {}


@subscription.operation("reauthorize")
def reauthorize(call: Call, target: Target) -> Answer:
    """The token of this call counts from now on."""
    _confirm(call, target.thing)
    return NO_CONTENT


async def _made(call: Call, target: Target) -> Answer:
    notifications = notifications_of(call.tenant)
    values = body_for(replace(call, body=_known(call)), target)
    wanted = checked(values, call.now)
    found = watched(Graph(target.service), call, str(values["resource"]))
    wanted.check_resource(found)
    check_quota(notifications.watches.values(), found)
    for url in wanted.addresses:
        await notifications.web.shake_hands(url)
    entity = call.tenant.store.entity(values.kind, {**_completed(call, values), **wanted.values})
    entity.state.update(app=call.caller.app_id, user=call.caller.user_id)
    entity.state[_CONTENT_TYPE] = call.json.get(_CONTENT_TYPE)
    notifications.watch(Watch(entity, found, wanted.certificate, call.now))
    reply = shown_entity(target.service, call, entered(target, entity), status=201)
    return replace(reply, headers={**reply.headers, "Location": f"{call.root}/subscriptions('{entity.id}')"})


async def _renewed(call: Call, target: Target, entity: Entity) -> Answer:
    values = body_for(call, target)
    changes: dict[str, Any] = {}
    watch = notifications_of(call.tenant).watches.get(entity.id)
    if values.get("expirationDateTime"):
        limit = watch.limit if watch is not None else None
        changes["expirationDateTime"] = expiration(
            values, call.now, limit, is_rich=bool(entity.get("includeResourceData"))
        )
    if values.get("notificationUrl"):
        changes["notificationUrl"] = check_address("notificationUrl", values["notificationUrl"])
        await notifications_of(call.tenant).web.shake_hands(changes["notificationUrl"])
    entity.update(changes)
    _confirm(call, entity)
    return shown_entity(target.service, call, target)


def _known(call: Call) -> bytes:
    return json.dumps({name: value for name, value in call.json.items() if name != _CONTENT_TYPE}).encode()


def _confirm(call: Call, entity: Entity) -> None:
    watch = notifications_of(call.tenant).watches.get(entity.id)
    if watch is not None:
        watch.authorized = call.now


def _is_own(call: Call, entity: Entity) -> bool:
    made_by = entity.state.get("app")
    return made_by is None or (made_by == call.caller.app_id and entity.state.get("user") == call.caller.user_id)


def _completed(call: Call, values: Values) -> dict[str, Any]:
    """What the service adds to a body."""
    return {
        "applicationId": call.caller.app_id,
        "creatorId": call.caller.user_id or call.caller.app_id,
        "latestSupportedTlsVersion": values.get("latestSupportedTlsVersion") or "v1_2",
    }
