"""Paths to handlers. Literal segments match in any case, and `users('x')` means `users/x`, as in Graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from emulator.faults import MethodNotAllowed, UnknownSegment
from emulator.graph.call import Answer, Call

_KEYED = re.compile(r"(?P<name>\w+)\('(?P<key>.*)'\)")

Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Endpoint:
    """A path template and what answers it: `users/{user}/manager`."""

    template: str
    handler: Handler
    method: str = "GET"

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.template.split("/"))


def owned(template: str, handler: Handler) -> tuple[Endpoint, Endpoint]:
    """What hangs below a person is reached through `me` and through `users/{user}`."""
    return Endpoint(f"me/{template}".rstrip("/"), handler), Endpoint(f"users/{{user}}/{template}".rstrip("/"), handler)


class Router:
    """The endpoints of all workloads."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._endpoints = tuple(endpoints)

    def answer(self, call: Call) -> Answer:
        """Hand the call to its endpoint, or say which part of the path nobody knows."""
        segments = _segments(call.path) or ("",)
        found = [endpoint for endpoint in self._endpoints if _agreement(endpoint, segments) == len(segments)]
        found = [endpoint for endpoint in found if len(endpoint.segments) == len(segments)]
        if not found:
            raise UnknownSegment(self._stranger(segments))
        for endpoint in found:
            if endpoint.method == call.method:
                return endpoint.handler(call.with_parameters(_parameters(endpoint, segments)))
        raise MethodNotAllowed

    def _stranger(self, segments: tuple[str, ...]) -> str:
        known = max(_agreement(endpoint, segments) for endpoint in self._endpoints)
        return segments[min(known, len(segments) - 1)]


def _segments(path: str) -> tuple[str, ...]:
    # OData skips empty segments: `//users/` is `users`.
    raw = [unquote(segment) for segment in path.split("/") if segment]
    return tuple(part for segment in raw for part in _split_key(segment))


def _split_key(segment: str) -> tuple[str, ...]:
    keyed = _KEYED.fullmatch(segment)
    return (keyed["name"], keyed["key"].replace("''", "'")) if keyed else (segment,)


def _agreement(endpoint: Endpoint, segments: tuple[str, ...]) -> int:
    """How many segments from the start fit the template."""
    agreed = 0
    for wanted, given in zip(endpoint.segments, segments, strict=False):
        if not _fits(wanted, given):
            break
        agreed += 1
    return agreed


def _fits(wanted: str, given: str) -> bool:
    if wanted.startswith("{"):
        return bool(given) and not given.startswith("$")
    return wanted.lower() == given.lower()


def _parameters(endpoint: Endpoint, segments: tuple[str, ...]) -> dict[str, str]:
    pairs = zip(endpoint.segments, segments, strict=True)
    return {wanted.strip("{}"): given for wanted, given in pairs if wanted.startswith("{")}
