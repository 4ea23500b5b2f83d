"""What is counted for whoever runs the server, in Prometheus' form: numbers alone, about nobody in particular.

Labels are words of ours, so that no caller can add series: what is not known is `other`.
"""

from __future__ import annotations

import hmac
import importlib
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

import anyio
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

_Metric = TypeVar("_Metric", "Counter", "Histogram")

OTHER: Final = "other"
_STANDING: Final = "mcp-stream"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
ROUTES: Final = frozenset({"mcp", "mcp-stream", "healthz", "readyz", "metrics", "well-known"})
OUTCOMES: Final = frozenset({"answered", "asked", "declined", "refused", "failed", "crashed", "cancelled"})
ACCESSES: Final = frozenset({"read", "write", "send", "destroy"})

_REASON = re.compile(r"[a-z][a-z -]{0,39}")
_MOST_REASONS = 64
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# The library's own switch: with it, values live in files of this folder, and each scrape adds those of all processes.
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Meter(Protocol):
    """Counts what happens."""

    def request(self, method: str, route: str, status: int, seconds: float, bytes_out: int) -> None:
        """A request over HTTP that was answered."""
        ...

    def refused(self, reason: str) -> None:
        """A request that was turned away, and why."""
        ...

    def tool(  # noqa: PLR0917 - what is known of a call
        self, tool: str, outcome: str, access: str, seconds: float, graph_calls: int, bytes_out: int
    ) -> None:
        """A tool that was called; the calls of Graph that it asked for."""
        ...

    def graph(self, status: int, seconds: float) -> None:
        """A request to Graph; status 0 where no answer came."""
        ...

    def throttled(self) -> None:
        """Graph asked for patience."""
        ...


class NoMeter:
    """Counts nothing."""

    def request(self, method: str, route: str, status: int, seconds: float, bytes_out: int) -> None: ...

    def refused(self, reason: str) -> None: ...

    def tool(  # noqa: PLR0917 - what is known of a call
        self, tool: str, outcome: str, access: str, seconds: float, graph_calls: int, bytes_out: int
    ) -> None: ...

    def graph(self, status: int, seconds: float) -> None: ...

    def throttled(self) -> None: ...


class PrometheusMeter:
    """Counts for Prometheus. `worker` is which of several processes this is, None where there is one.

    A worker that replaces another goes on with its numbers. `tools` are the names that are counted by themselves.
    """

    def __init__(self, version: str, tools: Collection[str] = (), *, worker: int | None = None) -> None:
        client, self._close = _client(worker)
        self._render = client.generate_latest
        self._registry: CollectorRegistry = client.CollectorRegistry()
        self._scraped: CollectorRegistry = self._registry
        if worker is not None:
            self._scraped = client.CollectorRegistry()
            importlib.import_module("prometheus_client.multiprocess").MultiProcessCollector(self._scraped)
        self._tools = frozenset(tools)
        self._reasons: set[str] = set()
        self._build(client, version)

    def _build(self, client: ModuleType, version: str) -> None:
        def counter(name: str, text: str, *labels: str) -> _Labelled[Counter]:
            return _Labelled(client.Counter(f"graphward_{name}", text, labels, registry=self._registry))

        def histogram(name: str, text: str, *labels: str) -> _Labelled[Histogram]:
            made = client.Histogram(f"graphward_{name}", text, labels, registry=self._registry, buckets=_SECONDS)
            return _Labelled(made)

        self._requests = counter("http_requests_total", "Requests over HTTP.", "method", "route", "status")
        self._request_seconds = histogram("http_request_seconds", "From a request's first byte to its answer's last.")
        self._request_bytes = counter("http_bytes_out_total", "Bytes of answers over HTTP.")
        self._refusals = counter("refusals_total", "Requests that were turned away.", "reason")
        self._tool_calls = counter("tool_calls_total", "Calls of tools.", "tool", "outcome", "access")
        self._tool_seconds = histogram("tool_seconds", "How long calls of a tool took.", "tool")
        self._tool_bytes = counter("tool_bytes_out_total", "Bytes of tools' answers.")
        self._tool_graph_calls = counter("tool_graph_calls_total", "Calls of Graph that tools asked for.")
        self._graph_calls = counter("graph_calls_total", "Requests to Microsoft Graph.", "status")
        self._graph_seconds = histogram("graph_seconds", "How long Microsoft Graph took.")
        self._throttled = counter("graph_throttled_total", "Answers of Microsoft Graph that asked for patience.")
        build = client.Gauge(
            "graphward_build_info", "What runs.", ["version"], registry=self._registry, multiprocess_mode="max"
        )
        build.labels(version).set(1)

    def request(self, method: str, route: str, status: int, seconds: float, bytes_out: int) -> None:
        self._requests.of(_one_of(METHODS, method), _one_of(ROUTES, route), _kind_of(status)).inc()
        if route != _STANDING:  # it lasts for as long as somebody listens, which says nothing about us
            self._request_seconds.of().observe(seconds)
        self._request_bytes.of().inc(bytes_out)

    def refused(self, reason: str) -> None:
        self._refusals.of(self._reason(reason)).inc()

    def tool(  # noqa: PLR0917 - what is known of a call
        self, tool: str, outcome: str, access: str, seconds: float, graph_calls: int, bytes_out: int
    ) -> None:
        name = _one_of(self._tools, tool)
        self._tool_calls.of(name, _one_of(OUTCOMES, outcome), _one_of(ACCESSES, access)).inc()
        self._tool_seconds.of(name).observe(seconds)
        self._tool_graph_calls.of().inc(graph_calls)
        self._tool_bytes.of().inc(bytes_out)

    def graph(self, status: int, seconds: float) -> None:
        self._graph_calls.of(_kind_of(status)).inc()
        self._graph_seconds.of().observe(seconds)

    def throttled(self) -> None:
        self._throttled.of().inc()

    def text(self) -> bytes:
        """All numbers, of all workers."""
        rendered: bytes = self._render(self._scraped)
        return rendered

    def close(self) -> None:
        """Let go of the files of this worker; nothing is counted any more."""
        self._close()

    def _reason(self, reason: str) -> str:
        """Reasons stand all over the middleware; there are few, and their number is held down here."""
        if reason not in self._reasons:
            if len(self._reasons) >= _MOST_REASONS or not _REASON.fullmatch(reason):
                return OTHER
            self._reasons.add(reason)
        return reason


class _Labelled(Generic[_Metric]):
    """A metric by its labels, looked up in one step: the library's own way costs several times as much."""

    def __init__(self, metric: _Metric) -> None:
        self._metric: _Metric = metric
        self._children: dict[tuple[str, ...], _Metric] = {}

    def of(self, *labels: str) -> _Metric:
        found = self._children.get(labels)
        if found is None:
            found = self._children[labels] = self._metric.labels(*labels) if labels else self._metric
        return found


@contextmanager
def shared_numbers() -> Iterator[None]:
    """In the parent of several workers, before they start: a folder of ours in which their numbers meet."""
    with tempfile.TemporaryDirectory(prefix="graphward-metrics-") as folder:  # its mode is 0700
        before = os.environ.get(_FOLDER)
        os.environ[_FOLDER] = folder
        try:
            yield
        finally:
            os.environ.pop(_FOLDER) if before is None else os.environ.update({_FOLDER: before})


def metrics_route(meter: PrometheusMeter, token: str) -> Route:
    """GET /metrics for whoever has the token."""
    expected = token.encode()

    async def metrics(request: Request) -> Response:
        shown = _shown(request.headers)
        if not shown or not hmac.compare_digest(shown, expected):
            headers = {"WWW-Authenticate": 'Bearer realm="metrics"', "Cache-Control": "no-store"}
            return PlainTextResponse("Send METRICS_TOKEN as a bearer token.\n", 401, headers)
        return await _numbers(meter)

    return Route("/metrics", metrics, methods=["GET"])


def metrics_app(meter: PrometheusMeter) -> Starlette:
    """/metrics alone, for a port of its own; whoever reaches that may read it."""

    async def metrics(request: Request) -> Response:
        return await _numbers(meter)

    return Starlette(routes=[Route("/metrics", metrics, methods=["GET"])])


async def _numbers(meter: PrometheusMeter) -> Response:
    # Reading the other workers' files takes its time, in which calls go on.
    text = await anyio.to_thread.run_sync(meter.text)
    content_type = importlib.import_module("prometheus_client").CONTENT_TYPE_PLAIN_0_0_4
    return Response(text, media_type=content_type, headers={"Cache-Control": "no-store"})


def _shown(headers: Headers) -> bytes:
    """The bearer token of a request; nothing where there is none, or more than one."""
    found = headers.getlist("authorization")
    scheme, _, token = found[0].partition(" ") if len(found) == 1 else ("", "", "")
    return token.encode("latin-1") if scheme.lower() == "bearer" else b""  # the bytes, as they were sent


def _one_of(known: Collection[str], word: str) -> str:
    return word if word in known else OTHER


def _kind_of(status: int) -> str:
    """The class of a status, as in 4xx; none where there was no answer."""
    return f"{status // 100}xx" if 100 <= status <= 599 else "none"


def _client(worker: int | None) -> tuple[ModuleType, Callable[[], None]]:
    """The library, loaded by those alone who count; it decides as it is loaded where the values live."""
    values = importlib.import_module("prometheus_client.values")
    # A worker's files are named by its number and not by its process: a successor goes on with them, so that nothing
    # piles up, and no number ever falls.
    kind = values.MutexValue if worker is None else values.MultiProcessValue(lambda: worker)
    values.ValueClass = kind  # type: ignore[attr-defined]
    client = importlib.import_module("prometheus_client")
    client.disable_created_metrics()
    return client, getattr(kind, "close_all_files", lambda: None)
