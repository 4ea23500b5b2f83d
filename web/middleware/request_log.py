"""One record for each request, and an answer where the app has none; nothing in it that is secret."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from anyio import get_cancelled_exc_class
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.middleware._passage import passage_of, refuse
from web.middleware._standing import is_standing

if TYPE_CHECKING:
    from web.metrics import Meter

log = logging.getLogger(__name__)

_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
_ROUTES = {"/healthz": "healthz", "/readyz": "readyz", "/metrics": "metrics"}
_WELL_KNOWN = "/.well-known/"
_OTHER = "other"
_EVENTS = b"text/event-stream"
_PROXY_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

_CLIENT_LEFT = 499
_CRASHED = 500
_STOPPED = 503
_INTERNAL_ERROR = -32603
_CRASH = "The server failed at this request. Its log says more, under the X-Request-ID of this answer."


class RequestLog:
    """Gives each request an id, and writes down and counts how it ended.

    `endpoints` are the paths of the MCP endpoint. Other paths are not written down: they may hold anything.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        meter: Meter,
        endpoints: Collection[str] = ("/mcp",),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.app = app
        self._meter = meter
        self._routes = {**_ROUTES, **dict.fromkeys(endpoints, "mcp")}
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        exchange = _Exchange(scope, self._route(scope["path"]), self._clock())
        try:
            await self._answered(exchange, scope, exchange.receiving(receive), exchange.sending(send))
        except get_cancelled_exc_class():
            exchange.failed = _STOPPED
            raise
        finally:
            self._record(exchange)

    async def _answered(self, exchange: _Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
            exchange.ends_without_answer()
        except Exception as error:
            exchange.failed = _CLIENT_LEFT if exchange.is_departure(error) else _CRASHED
            if exchange.failed == _CRASHED:
                log.exception("request crashed", extra={"request_id": exchange.passage.request_id})
        if exchange.failed == _CRASHED and not exchange.status:
            await refuse(scope, receive, send, _CRASHED, _CRASH, reason="", code=_INTERNAL_ERROR)

    def _record(self, exchange: _Exchange) -> None:
        seconds = self._clock() - exchange.began
        log.info("request", extra={**exchange.fields(), "ms": round(seconds * 1000, 1)})
        route = f"{exchange.route}-stream" if exchange.is_stream else exchange.route
        self._meter.request(exchange.method, route, exchange.outcome, seconds, exchange.bytes_out)
        if exchange.passage.refused:
            self._meter.refused(exchange.passage.refused)

    def _route(self, path: str) -> str:
        known = "well-known" if path.startswith(_WELL_KNOWN) else _OTHER
        return self._routes.get(path, known)


class _Exchange:
    """A request and what has become of it so far."""

    def __init__(self, scope: Scope, route: str, began: float) -> None:
        self.passage = passage_of(scope)
        self.passage.request_id = secrets.token_hex(16)
        self.method = scope["method"] if scope["method"] in _METHODS else _OTHER
        self.route = route
        self.began = began
        self.status = 0
        self.bytes_out = 0
        self.failed = 0
        self.is_complete = False
        self.is_stream = False
        self._has_left = False
        self._scope = scope
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1").strip()
        self._proxy_id = given if _PROXY_ID.fullmatch(given) else ""

    @property
    def outcome(self) -> int:
        """The status of the answer, or what stands for it where the client never had it whole."""
        is_whole = self.is_complete or (self.is_stream and not self.failed)
        if is_whole:
            return self.status
        return _CLIENT_LEFT if self._has_left else self.failed or _CRASHED

    def ends_without_answer(self) -> None:
        """The app has returned: an answer that is not there by now never comes."""
        if not (self.is_complete or self._has_left or self.is_stream):
            self.failed = _CRASHED

    def is_departure(self, error: Exception) -> bool:
        """Whether something failed only because the client went away."""
        return isinstance(error, ClientDisconnect) or (self._has_left and isinstance(error, OSError))

    def fields(self) -> dict[str, object]:
        """What the log has of it. The address is personal data in some places."""
        passage = self.passage
        found: dict[str, object] = {
            "request_id": passage.request_id,
            "method": self.method,
            "route": self.route,
            "status": self.outcome,
            "bytes": self.bytes_out,
            "address": passage.address,
        }
        others = {"who": passage.who, "refused": passage.refused, "proxy_request_id": self._proxy_id}
        return found | {name: value for name, value in others.items() if value}

    def receiving(self, receive: Receive) -> Receive:
        async def received() -> Message:
            message = await receive()
            self._has_left = self._has_left or message["type"] == "http.disconnect"
            return message

        return received

    def sending(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._start(message)
            await send(message)
            if message["type"] == "http.response.body":
                self.bytes_out += len(message.get("body", b""))
                self.is_complete = not message.get("more_body", False)

        return sent

    def _start(self, message: Message) -> None:
        fields = [*message.get("headers", ()), (b"x-request-id", self.passage.request_id.encode())]
        message["headers"] = fields
        self.status = message["status"]
        is_events = any(name.lower() == b"content-type" and value.startswith(_EVENTS) for name, value in fields)
        self.is_stream = is_events and is_standing(self._scope)
        if self.is_stream:
            log.info("event stream", extra=self.fields())
