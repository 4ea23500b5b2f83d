"""`GET /v1.0/$metadata` and `GET /v1.0/`: no token is needed for either."""

from __future__ import annotations

import gzip
from functools import lru_cache

from emulator.faults import MethodNotAllowed
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.workload import Service
from emulator.graph.metadata.csdl import document
from emulator.schema import schema

_PATHS = frozenset({"", "$metadata"})


def is_description(path: str) -> bool:
    """Whether the service itself is asked for."""
    return path.strip("/").lower() in _PATHS


def described(service: Service, call: Call) -> Answer:
    """The types, or the list of what paths may begin with."""
    if call.method != "GET":
        raise MethodNotAllowed
    return _types(service, call) if call.path.strip("/") else _roots(call)


def _types(service: Service, call: Call) -> Answer:
    headers = {"Content-Type": "application/xml", "Vary": "Accept-Encoding"}
    if _takes_gzip(call.headers.get("accept-encoding", "")):
        return Answer(_packed(service), headers={**headers, "Content-Encoding": "gzip"})
    return Answer(_plain(service), headers=headers)


def _roots(call: Call) -> Answer:
    found = schema().roots.values()
    sets = [
        {"name": root.name, "kind": "EntitySet" if root.is_collection else "Singleton", "url": root.name}
        for root in sorted(found, key=lambda root: not root.is_collection)
    ]
    return Answer({"@odata.context": f"{call.root}/$metadata", "value": sets})


@lru_cache(maxsize=4)
def _plain(service: Service) -> bytes:
    return document(service).encode()


@lru_cache(maxsize=4)
def _packed(service: Service) -> bytes:
    return gzip.compress(_plain(service), mtime=0)


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
