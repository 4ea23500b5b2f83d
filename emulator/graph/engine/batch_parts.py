"""A batch read: its parts, and the order that they want. Whatever is wrong with one part refuses them all."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from emulator.faults import InvalidRequest

_MOST = 20
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_WRITING = frozenset({"POST", "PATCH", "PUT"})


@dataclass(frozen=True)
class Part:
    """One request of a batch; header names are in lower case, the URL is what comes after the version."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    depends_on: str = ""

    @property
    def path(self) -> str:
        return self.url.partition("?")[0].strip("/")

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        return tuple(parse_qsl(self.url.partition("?")[2].partition("#")[0], keep_blank_values=True))


def read_parts(body: Mapping[str, Any]) -> list[Part]:
    """The parts of a batch, as they were sent."""
    requests = body.get("requests")
    if not isinstance(requests, list) or not requests:
        raise InvalidRequest("Invalid batch payload format.")
    if len(requests) > _MOST:
        raise InvalidRequest(f"Number of batch request steps exceeds the maximum value of {_MOST}.",
                             code="MaximumValueExceeded")  # fmt: skip
    parts = [_part(request) for request in requests]
    if len({part.id.lower() for part in parts}) < len(parts):
        raise InvalidRequest("Request Id has to be unique in a batch.")
    _check_order(parts)
    return parts


def is_sequential(parts: Sequence[Part]) -> bool:
    """Whether the parts run one after the other: they do as soon as one depends on another."""
    return any(part.depends_on for part in parts)


def _check_order(parts: Sequence[Part]) -> None:
    """Refuse what Graph cannot follow: each part waits for the one before, or all that wait do so for the same one."""
    earlier: set[str] = set()
    for part in parts:
        if part.depends_on and part.depends_on not in earlier:
            raise InvalidRequest(f"Invalid dependency for request Id {part.id}.")
        earlier.add(part.id)
    wanted = [part.depends_on for part in parts]
    is_chain = wanted == ["", *(part.id for part in parts[:-1])]
    if not is_chain and len({*wanted} - {""}) > 1:
        raise _no_order()


def _part(request: Any) -> Part:  # noqa: ANN401 - JSON values
    if not isinstance(request, dict):
        raise InvalidRequest("Invalid batch payload format.")
    identity = _identity(request.get("id"))
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise InvalidRequest(f"Invalid method in the request with Id {identity}.")
    if not isinstance(url, str) or not url.strip("/ "):
        raise InvalidRequest(f"The request with Id {identity} has no URL.")
    headers = {} if request.get("headers") is None else request["headers"]
    if not isinstance(headers, dict):
        raise InvalidRequest("Invalid batch payload format.")
    lowered = {str(name).lower(): str(value) for name, value in headers.items()}
    body = _body(method.upper(), request.get("body"), lowered, identity)
    return Part(identity, method.upper(), url, lowered, body, _dependency(request.get("dependsOn")))


def _identity(found: Any) -> str:  # noqa: ANN401 - JSON values
    if not isinstance(found, str | int) or isinstance(found, bool) or not str(found):
        raise InvalidRequest("Request Id cannot be null or empty.")
    return str(found)


def _dependency(found: Any) -> str:  # noqa: ANN401 - JSON values
    names = list(dict.fromkeys(found)) if _is_names(found) else []
    if found and not names:
        raise InvalidRequest("Invalid batch payload format.")
    if len(names) > 1:
        raise _no_order()
    return names[0] if names else ""


def _is_names(found: Any) -> bool:  # noqa: ANN401 - JSON values
    return isinstance(found, list) and all(isinstance(name, str) and name for name in found)


def _no_order() -> InvalidRequest:
    return InvalidRequest("Batch should be either fully sequential or fully parallel.")


def _body(method: str, body: Any, headers: Mapping[str, str], identity: str) -> bytes:  # noqa: ANN401 - JSON values
    kind = headers.get("content-type", "").lower()
    if method in _WRITING and (body is None or not kind):
        raise InvalidRequest(f"Write request id : {identity} does not contain Content-Type header or body.")
    if body is None:
        return b""
    if not isinstance(body, str) or "json" in kind:
        return json.dumps(body).encode()
    # Half of a surrogate pair, which JSON can hold and UTF-8 cannot, becomes a question mark.
    return body.encode(errors="replace") if kind.startswith("text/") else _unpacked(body, identity)


def _unpacked(body: str, identity: str) -> bytes:
    """What is neither JSON nor text comes as base64, in either of its alphabets, padded or not."""
    plain = body.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(f"The body of the request with Id {identity} is not base64 URL-encoded.") from error
