"""Writes read back: what was sent must be there, what was deleted must be gone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emulator.odata.types import Structured
from scripts._fidelity.callers import reader
from scripts._fidelity.exchange import Exchange
from scripts._fidelity.rules import Notes
from scripts._fidelity.shapes import Different, json_type
from scripts._fidelity.world import Reply

PRESENT = object()
_SECRET = re.compile(r"password|secret|clientstate|^key$|contentbytes|passphrase", re.IGNORECASE)
# What the path says already, or the service counts.
_PLACES = frozenset({"id", "parentFolderId", "changeKey"})
_TAGS = re.compile(r"<[^>]+>")
_NOT_SERVED = frozenset({400, 403, 405, 501})
_GONE = frozenset({204, 404, 410})
_OK = 200
_MOMENT = len("2026-01-01T00:00:00")


async def read_back(exchange: Exchange, reply: Reply) -> None:
    """Look at what a successful write has done; a thing that cannot be read is let pass."""
    plan, method = exchange.plan, exchange.sample.method
    exchange.world.sign_in(reader(exchange.world, plan))
    if plan.ending == "$ref" and method in {"POST", "PUT"}:
        await _referred(exchange)
    elif plan.ending or plan.operation is not None:
        return
    elif method == "DELETE":
        await _gone(exchange)
    elif method in {"POST", "PATCH", "PUT"} and isinstance(exchange.sent, Mapping):
        await _written(exchange, reply)


async def _gone(exchange: Exchange) -> None:
    after = await exchange.world.ask("GET", exchange.address)
    if after.status in _NOT_SERVED:
        exchange.notes.note("not-read-back")
    elif after.status not in _GONE:
        raise Different(f"read back: expected 404, got {after.status}")


async def _referred(exchange: Exchange) -> None:
    sent = exchange.sent if isinstance(exchange.sent, Mapping) else {}
    wanted = str(sent.get("@odata.id", "")).rstrip("/").rpartition("/")[2].lower()
    found = await exchange.world.ask("GET", exchange.address)
    if found.status != _OK or not isinstance(found.json, dict):
        exchange.notes.note("not-read-back")
        return
    links = found.json.get("value", [found.json]) if exchange.plan.is_collection else [found.json]
    if wanted and not any(wanted in str(link.get("@odata.id", "")).lower() for link in links):
        raise Different("read back: expected the reference, got none")


async def _written(exchange: Exchange, reply: Reply) -> None:
    place = _place(exchange, reply)
    if place is None:
        return
    zones = (
        value["timeZone"] for value in exchange.sent.values() if isinstance(value, Mapping) and "timeZone" in value
    )
    zone = next(zones, None)
    prefer = {"prefer": f'outlook.timezone="{zone}"'} if zone else {}
    found = await exchange.world.ask("GET", place, headers=prefer)
    if found.status in _NOT_SERVED or not isinstance(found.json, dict):
        exchange.notes.note("not-read-back")
        return
    if found.status != _OK:
        raise Different(f"read back: expected 200, got {found.status}")
    for name, value in _expected(exchange).items():
        shown = found if name in found.json else await exchange.world.ask("GET", place, (("$select", name),), prefer)
        if shown.status != _OK or not isinstance(shown.json, dict):
            exchange.notes.note("not-read-back")
        else:
            same(value, shown.json.get(name), f"read back {name}", exchange.notes)


def _place(exchange: Exchange, reply: Reply) -> str | None:
    """Where the thing is that was written; nowhere where a POST made none."""
    if exchange.sample.method != "POST":
        return exchange.address
    made = reply.json.get("id") if isinstance(reply.json, dict) else None
    return f"{exchange.address}/{made}" if exchange.plan.is_collection and isinstance(made, str) else None


def _expected(exchange: Exchange) -> dict[str, Any]:
    """What was sent and is the caller's to set; where the body was made up, only that it is there."""
    plan = exchange.plan
    kind = plan.type if isinstance(plan.type, Structured) else plan.kind
    fixed = exchange.world.graph.service.rules(kind).fixed | _PLACES
    named = {own: value for name, value in exchange.sent.items() if (own := kind.find(name)) is not None}
    if not fixed.isdisjoint(named):
        exchange.notes.note("read-only")
    wanted = {name: value for name, value in named.items() if name not in fixed and value not in (None, [], {}, "")}
    if not exchange.sample.is_body_unknown:
        return wanted
    exchange.notes.note("invented-body")
    return dict.fromkeys(wanted, PRESENT)


def same(sent: Any, shown: Any, where: str, notes: Notes) -> None:  # noqa: ANN401 - JSON values
    """Hold a value that was sent against the one that is shown, which may be in the service's own spelling."""
    if sent in (None, [], {}, ""):
        return
    if shown is None:
        _lost(sent, where, notes)
    elif isinstance(sent, Mapping) and isinstance(shown, Mapping):
        for name in (name for name in sent if "@" not in name):
            same(sent[name], shown.get(name, shown.get(name[:1].lower() + name[1:])), f"{where}.{name}", notes)
    elif isinstance(sent, list) and isinstance(shown, list):
        if len(shown) < len(sent):
            raise Different(f"{where}: expected {len(sent)} items, got {len(shown)}")
    elif sent is not PRESENT and sent != shown:
        _respelled(str(sent), str(shown), where, notes)


def _respelled(sent: str, shown: str, where: str, notes: Notes) -> None:
    if not _alike(sent, shown):
        raise Different(f"{where}: expected {sent[:40]!r}, got {shown[:40]!r}")
    notes.note("normalised")


def _lost(sent: Any, where: str, notes: Notes) -> None:  # noqa: ANN401 - JSON values
    if not _SECRET.search(where):
        raise Different(f"{where}: expected {'a value' if sent is PRESENT else json_type(sent)}, got null")
    notes.note("secret")


def _alike(sent: str, shown: str) -> bool:
    left, right = (" ".join(_TAGS.sub(" ", text).split()).casefold() for text in (sent, shown))
    # A page that Exchange made of a text has a head of its own.
    return left == right or ("<" in shown and left in right) or _is_moment_of(sent, shown)


def _is_moment_of(sent: str, shown: str) -> bool:
    """Whether two texts are the same day, and the same time where one was sent."""
    moment = _moment(sent)
    return moment != "" and _moment(shown)[: len(moment)] == moment


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text[:_MOMENT]).isoformat()[: len(text)]
    except ValueError:
        return ""
