"""Trouble on request: throttling, outages and torn answers, for so many requests or until it clears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal, TypeAlias

from starlette.responses import HTMLResponse, JSONResponse, Response

from emulator.entra.errors import EntraError, Trace, body_of
from emulator.tenant import Person

Endpoint: TypeAlias = Literal["", "token", "devicecode", "authorize", "discovery", "keys"]

# What discovery is made of; the keys can be in trouble alone.
_DISCOVERY = ("openid-configuration", "keys", "instance")
_PAGE = "<html><head><title>{reason}</title></head><body><h1>{status} {reason}</h1></body></html>"
_REASONS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


@dataclass
class Front:
    """One kind of trouble: where it strikes, whom, and how often still; `left` None means until cleared."""

    endpoint: Endpoint
    left: int | None
    user_id: str
    client_id: str
    is_tear: bool = False
    retry_after: int | datetime | None = None
    code: int = 0
    status: int = 503

    def covers(self, endpoint: str, user_id: str, client_id: str) -> bool:
        """Whether a request meets this trouble."""
        return (
            self.left != 0
            and self.endpoint in ("", endpoint, "discovery" if endpoint in _DISCOVERY else "")
            and self.user_id in ("", user_id)
            and self.client_id.lower() in ("", client_id.lower())
        )

    def answer(self, trace: Trace) -> Response:
        """What comes instead of the answer."""
        headers = {"Retry-After": waiting(self.retry_after)} if self.retry_after is not None else {}
        if self.code:
            error = EntraError(self.code)
            return JSONResponse(body_of(error, trace), self.status, headers)
        return HTMLResponse(gateway_page(self.status), self.status, headers)


class Weather:
    """The trouble that there is now; none until some is asked for. Where several meet, the oldest strikes."""

    def __init__(self) -> None:
        self._fronts: list[Front] = []

    def throttle(
        self,
        retry_after: int | datetime | None = 30,
        *,
        times: int | None = None,
        endpoint: Endpoint = "token",
        person: Person | None = None,
        client_id: str = "",
        code: Literal[90055, 50196] = 90055,
    ) -> None:
        """Answer 429: the tenant is throttled (90055), or the client is caught in a loop (50196)."""
        user_id = person.id if person else ""
        front = Front(endpoint, times, user_id, client_id, retry_after=retry_after, code=code, status=429)
        self._fronts.append(front)

    def outage(
        self,
        status: Literal[500, 502, 503, 504] = 503,
        body: Literal["html", "json"] = "html",
        *,
        times: int | None = None,
        endpoint: Endpoint = "",
        person: Person | None = None,
        client_id: str = "",
        retry_after: int | datetime | None = None,
    ) -> None:
        """Answer 5xx: a gateway's page, or Entra's own JSON (90033)."""
        user_id, code = person.id if person else "", 90033 if body == "json" else 0
        front = Front(endpoint, times, user_id, client_id, retry_after=retry_after, code=code, status=status)
        self._fronts.append(front)

    def tear(
        self,
        *,
        times: int | None = None,
        endpoint: Endpoint = "token",
        person: Person | None = None,
        client_id: str = "",
    ) -> None:
        """Break good answers off halfway: what was asked has happened, but nobody can read the answer."""
        self._fronts.append(Front(endpoint, times, person.id if person else "", client_id, is_tear=True))

    def clear(self) -> None:
        """End all trouble."""
        self._fronts.clear()

    @property
    def fronts(self) -> tuple[Front, ...]:
        """What is still to come, the oldest first."""
        return tuple(self._fronts)

    @property
    def is_fine(self) -> bool:
        return not self._fronts

    def meets(self, path: str, user_id: str, client_id: str) -> Front | None:
        """The trouble that a request meets, which counts as one time of it."""
        endpoint = _endpoint(path)
        front = next((each for each in self._fronts if each.covers(endpoint, user_id, client_id)), None)
        if front is not None and front.left is not None:
            front.left -= 1
        self._fronts = [each for each in self._fronts if each.left != 0]
        return front


def torn(response: Response) -> Response:
    """The same answer, broken off in the middle of its body."""
    whole = bytes(response.body)
    headers = dict(_kept(response.headers))
    return Response(whole[: len(whole) // 2], response.status_code, headers)


def _kept(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in headers.items() if name.lower() != "content-length")


def gateway_page(status: int) -> str:
    """What a gateway says that knows of no service behind it."""
    return _PAGE.format(status=status, reason=_REASONS.get(status, "Error"))


def waiting(retry_after: int | datetime) -> str:
    """A Retry-After header: seconds, or a date."""
    if isinstance(retry_after, datetime):
        return format_datetime(retry_after.astimezone(UTC), usegmt=True)
    return str(retry_after)


def _endpoint(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
