"""What the control routes say: the state of the emulator as JSON, without secrets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic.alias_generators import to_camel

from emulator.clock import Clock
from emulator.control.state import Control
from emulator.entra.weather import Front
from emulator.moments import timestamp
from emulator.store import Entity
from emulator.throttling import CONCURRENCY, RULES, Fault

_SECRET = ("password", "secret", "privatekey")


def overview(control: Control) -> dict[str, Any]:
    """Which tenant it is, who is in it, and what time it has."""
    tenant = control.tenant
    people = [
        {"id": person.id, "userPrincipalName": person.user_principal_name, "displayName": person.display_name}
        for person in tuple(tenant.people.values())
    ]
    about = {"id": tenant.id, "domain": tenant.domain, "displayName": tenant.display_name}
    return {"tenant": about, "people": people, "clock": clock(control.clock)}


def made(entity: Entity) -> dict[str, Any]:
    """A thing that was seeded: its id, its type and what it was made with."""
    values = {name: entity.get(name) for name in entity.values if not _is_secret(name)}
    return {"id": entity.id, "type": entity.kind.name, "values": values}


def clock(found: Clock) -> dict[str, Any]:
    """What time it is here, and whether it runs."""
    return {"now": timestamp(found.now), "running": not found.is_stopped}


def faults(control: Control) -> dict[str, Any]:
    """The limits and the trouble there are."""
    throttle, tenant = control.throttle, control.tenant
    limits = {rule.name: {"amount": throttle.limit(rule, tenant), "seconds": rule.seconds} for rule in RULES}
    throttling = {
        "on": throttle.is_on,
        "factor": throttle.factor,
        "factors": throttle.factors,
        "latency": throttle.latency,
        "roundTrip": throttle.round_trip,
        "limits": {CONCURRENCY: {"amount": throttle.slots}, **limits},
    }
    graph = [_fault(fault) for fault in control.chaos.faults]
    return {
        "throttling": throttling,
        "graph": graph,
        "entra": [_front(front) for front in control.entra.weather.fronts],
    }


def calls(control: Control) -> list[dict[str, Any]]:
    """The newest calls of Graph, oldest first."""
    return [
        {
            "at": timestamp(datetime.fromtimestamp(call.at, UTC)),
            "method": call.method,
            "path": call.path,
            "query": call.query,
            "status": call.status,
            "app": call.app_id,
            "user": call.user_id,
            "isPart": call.is_part,
        }
        for call in control.calls.calls
    ]


def outbox(control: Control) -> list[dict[str, Any]]:
    """The mail that left the tenant, oldest first."""
    return [
        {
            "at": timestamp(departure.when),
            "sender": departure.sender,
            "recipients": list(departure.recipients),
            "subject": departure.message.subject,
            "body": departure.message.get("body"),
            "internetMessageId": departure.message.get("internetMessageId"),
            "attachments": [str(each.get("name") or "") for each in departure.message.set_of("attachments")],
        }
        for departure in control.outbox
    ]


def _fault(fault: Fault) -> dict[str, Any]:
    found = {"kind": fault.kind, "times": fault.left, "method": fault.method, "path": fault.path}
    struck = {**found, "service": fault.service, "spares": fault.spares}
    facts = {name: getattr(fault, name) for name in fault.facts}
    if "retry_after" in facts:
        facts["retry_after"] = _waiting(fault.retry_after)
    return {**struck, **{to_camel(name): value for name, value in facts.items()}}


def _front(front: Front) -> dict[str, Any]:
    kind = "tear" if front.is_tear else "throttle" if front.status == 429 else "outage"
    found = {"kind": kind, "times": front.left, "endpoint": front.endpoint, "user": front.user_id}
    return {**found, "clientId": front.client_id, "status": front.status, "retryAfter": _waiting(front.retry_after)}


def _waiting(retry_after: int | datetime | None) -> int | str | None:
    return timestamp(retry_after) if isinstance(retry_after, datetime) else retry_after


def _is_secret(name: str) -> bool:
    return any(part in name.lower() for part in _SECRET)
