"""The data that comes along in a rich notification: what the subscriber would get if it asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.faults import GraphFault
from emulator.graph.engine.call import answered
from emulator.graph.engine.serving import Graph
from emulator.graph.subscriptions.sealing import sealed_for
from emulator.graph.subscriptions.watch import Parcel

_RELATIONS = ("members", "owners")


async def completed(parcel: Parcel) -> Mapping[str, Any]:
    """A notification with who came and went, and with the sealed data if its subscriber wants them."""
    watch = parcel.watch
    content = {**parcel.content, **_relations(parcel)}
    if not parcel.seals or watch.certificate is None:
        return content
    data = await _content(parcel)
    if data is None:
        # Gone already: there is nothing to read any more.
        return content
    certificate_id = str(watch.subscription.get("encryptionCertificateId") or "")
    return {**content, "encryptedContent": sealed_for(watch.certificate, certificate_id, data)}


def _relations(parcel: Parcel) -> dict[str, Any]:
    """Whom a group gained and lost since the change that is told."""
    if parcel.entity is None or parcel.entity.kind.name != "microsoft.graph.group":
        return {}
    found: dict[str, Any] = {}
    for name in _RELATIONS:
        links = parcel.entity.links_of(name)
        came = (other.id for other in links if links.made[other.id] >= parcel.number)
        left = (key for key, gone in links.dropped.items() if gone.number >= parcel.number)
        told = [{"id": key} for key in came] + [{"id": key, "@removed": "deleted"} for key in left]
        found |= {f"{name}@delta": told} if told else {}
    return {"resourceData": {**parcel.content["resourceData"], **found}}


async def _content(parcel: Parcel) -> dict[str, Any] | None:
    watched = parcel.watch.watched
    query = tuple(pair for pair in watched.call.query if pair[0].lower() in {"$select", "$expand"})
    path = str(parcel.content["resource"]).lstrip("/")
    call = watched.call.at("GET", path, query)
    try:
        answer = await answered(Graph(watched.target.service).answer(call))
    except GraphFault:
        return None
    return dict(answer.body) if isinstance(answer.body, Mapping) else None
