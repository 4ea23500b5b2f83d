"""`$batch`: many requests in one body, and the many answers in the body that comes back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from errors import GraphUnavailable
from graph.wire.bodies import parsed, read_object

MOST_PARTS = 20

_WRITES_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
# The batch has its own, and a part is not to be sent in another name.
_NOT_IN_PARTS = frozenset({"authorization", "host", "content-length", "transfer-encoding", "accept-encoding"})


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch; `target` is its path and query below the version, as they stand in an address."""

    id: str
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    depends_on: str = ""


@dataclass(frozen=True, slots=True)
class PartReply:
    """The answer to one part. The names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def batch_body(parts: Sequence[Part]) -> bytes:
    """The body of a batch of these parts."""
    if not 1 <= len(parts) <= MOST_PARTS:
        raise ValueError(f"A batch has 1 to {MOST_PARTS} parts, this one has {len(parts)}.")
    if not all(part.id for part in parts) or len({part.id.lower() for part in parts}) < len(parts):
        raise ValueError("Each part of a batch needs an id of its own, whatever the case of its letters.")
    _check_order(parts)
    return json.dumps({"requests": [_request(part) for part in parts]}, separators=(",", ":")).encode()


def read_batch(body: bytes, ids: Collection[str]) -> dict[str, PartReply]:
    """The answers to the parts of these ids that can be used; what is missing was perhaps done all the same.

    Of two answers to one part that differ, one is wrong, and nothing says which: the part counts as unanswered.
    """
    responses = read_object(body).get("responses")
    if not isinstance(responses, list):
        raise GraphUnavailable("BadAnswer", "Graph's answer to a batch is not one. Try again.")
    replies: dict[str, PartReply] = {}
    contradictory = set()
    for identity, reply in _replies(responses):
        if identity in ids and replies.setdefault(identity, reply) != reply:
            contradictory.add(identity)
    return {identity: reply for identity, reply in replies.items() if identity not in contradictory}


def _check_order(parts: Sequence[Part]) -> None:
    """Graph knows three orders: none, one after the other, and all that wait do so for the same one."""
    wanted = [part.depends_on for part in parts]
    is_chain = wanted == ["", *(part.id for part in parts[:-1])]
    if is_chain or not any(wanted):
        return
    named = {*wanted} - {""}
    parent = next((part for part in parts if part.id in named), None)
    if len(named) > 1 or parent is None or parent.depends_on or parts.index(parent) > _first_that_waits(wanted):
        raise ValueError(
            "Parts of a batch wait for nothing, each for the one before it, or all for the same earlier one."
        )


def _first_that_waits(wanted: Sequence[str]) -> int:
    return next(place for place, name in enumerate(wanted) if name)


def _request(part: Part) -> dict[str, Any]:
    headers = {name: value for name, value in part.headers.items() if name.lower() not in _NOT_IN_PARTS}
    request: dict[str, Any] = {"id": part.id, "method": part.method, "url": f"/{part.target.lstrip('/')}"}
    if part.body:
        request["body"] = _packed(part.body, _content_type(headers))
    elif part.method in _WRITES_WITH_BODY:
        # Alone they may come without a body; in a batch Graph refuses them all when one does.
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
        headers["Content-Type"], request["body"] = "application/json", {}
    if headers:
        request["headers"] = headers
    if part.depends_on:
        request["dependsOn"] = [part.depends_on]
    return request


def _packed(body: bytes, kind: str) -> Any:  # noqa: ANN401 - JSON values
    if not kind:
        raise ValueError("A part with a body needs its Content-Type.")
    if _is_json(kind):
        return parsed(body)
    return body.decode() if kind.startswith("text/") else base64.urlsafe_b64encode(body).decode()


def _replies(responses: Sequence[object]) -> Iterator[tuple[str, PartReply]]:
    for response in responses:
        if not isinstance(response, Mapping):
            continue
        status, identity = _status(response.get("status")), response.get("id")
        if status and isinstance(identity, str | int):
            given = response.get("headers")
            headers = {str(n).lower(): str(v) for n, v in given.items()} if isinstance(given, Mapping) else {}
            yield str(identity), PartReply(status, headers, _unpacked(response.get("body"), _content_type(headers)))


def _status(value: object) -> int:
    """The status, 0 if it is none."""
    if isinstance(value, str) and len(value) == 3 and value.isdecimal():
        value = int(value)
    return value if isinstance(value, int) and 100 <= value <= 599 else 0


def _unpacked(body: object, kind: str) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body).encode()
    if _is_json(kind):
        # Some services pack JSON as if it were a file.
        inner = _from_base64(body)
        return inner if inner is not None and inner.lstrip()[:1] in {b"{", b"["} else json.dumps(body).encode()
    inner = None if not kind or kind.startswith("text/") or _is_xml(kind) else _from_base64(body)
    return body.encode("utf-8", "replace") if inner is None else inner


def _from_base64(text: str) -> bytes | None:
    """The bytes of base64, in either of its alphabets, padded or not; None if it is something else."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _content_type(headers: Mapping[str, str]) -> str:
    found = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    return found.partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _is_xml(kind: str) -> bool:
    return kind == "application/xml" or kind.endswith("+xml")
