"""The rows of the matrix: every kind of trouble that the emulator and its proxy can make, in the forms that differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from emulator.fault_proxy import Strike, Trouble
from emulator.throttling import Fault
from emulator.throttling.faults import Kind
from tests.graph.chaos.deeds import DEEDS
from tests.graph.chaos.stage import Stage

End = Literal["right", "reads", "any"]

_ALL = frozenset(DEEDS)
_NO_BODY = frozenset({"put", "delete"})
_BATCHES = frozenset({"several gets", "batch", "batch in order"})
_SESSIONS = frozenset({"upload in session", "attach in session"})
_COPIES = frozenset({"run"})
_LINKS = frozenset({"pages", "download", "run"}) | _SESSIONS
# Nothing tells these from the file: mail gives no hashes.
_UNSEEN = frozenset({"download attachment"})


@dataclass(frozen=True)
class Row:
    """One form of trouble, which `strike` brings upon the next request, for those deeds that it can do anything to.

    What it `ends` in: "right" answers for all, for "reads" and what is as safe to repeat, or for nobody in particular.
    """

    id: str
    kind: str
    strike: Callable[[Stage], Fault | Strike]
    ends: End = "any"
    deeds: frozenset[str] = _ALL


def _graph(
    kind: Kind,
    name: str = "",
    *,
    ends: End = "any",
    only: frozenset[str] = _ALL,
    spares: frozenset[str] = frozenset(),
    **facts: Any,
) -> Row:
    return Row(name or kind, kind, lambda stage: stage.chaos.strike(kind, **facts), ends, only - spares)


def _wire(kind: Trouble, name: str = "", *, ends: End = "reads", **facts: Any) -> Row:
    live = kind != "refuse"  # which has no past
    return Row(name or kind, kind, lambda stage: stage.proxy.strike(kind, live=live, **facts), ends)


OF_GRAPH: list[Row] = [
    _graph("error", "429 with a wait", status=429, retry_after=2, ends="right"),
    _graph("error", "429 without a wait", status=429, ends="right"),
    _graph("error", "429 for two days", status=429, retry_after=172_800),
    _graph("error", "503 with a wait", status=503, retry_after=2, ends="reads"),
    _graph("error", "503 of a gateway", status=503, body="html", ends="reads"),
    _graph("error", "503 for good", status=503, times=None),
    _graph("error", "502 without a body", status=502, body="none", ends="reads"),
    _graph("error", "504", status=504, ends="reads"),
    _graph("error", "500", status=500),
    _graph("error", "401", status=401, ends="right"),
    _graph("error", "404", status=404),
    _graph("error", "409", status=409),
    _graph("error", "507", status=507),
    _graph("redirect", status=302, target="another-host"),
    _graph("redirect", "redirect to itself", status=307, target="loop", times=None),
    _graph("reset", ends="reads"),
    _graph("lost", ends="reads"),
    _graph("torn", spares=_UNSEEN),
    _graph("truncated", spares=_NO_BODY | {"download", "download attachment", "metadata"}),
    _graph("gzip", spares=_NO_BODY),
    _graph("gzip-bomb"),
    _graph("type", spares=_UNSEEN),
    _graph("not-json", spares=_UNSEEN),
    _graph("endless"),
    _graph("duplicated", only=_BATCHES, ends="reads"),
    _graph("shuffled", only=_BATCHES, ends="right"),
    _graph("missing", only=_BATCHES, ends="reads"),
    _graph("foreign-id", only=_BATCHES, ends="right"),
    _graph("torn-part", only=_BATCHES, ends="reads"),
    _graph("link", target="another-host", only=_LINKS),
    _graph("link", "links to nowhere", target="no-address", only=_LINKS),
    _graph("link", "links to the same", target="loop", only=_LINKS),
    _graph("expired", only=_SESSIONS, ends="right"),
    _graph("rewound", only=_SESSIONS, ends="right"),
    _graph("slow", only=_COPIES, ends="right"),
    _graph("failed", only=_COPIES),
]
OF_THE_WIRE: list[Row] = [
    _wire("refuse"),
    _wire("reset-before"),
    _wire("reset-after"),
    _wire("cut", "cut at once"),
    _wire("cut", "cut in the head", after=100),
    _wire("cut", "cut in the body", after=900),
    _wire("rst-mid-body", after=900),
    _wire("drip", pause=5.0, ends="any"),
    _wire("delay", pause=20.0, ends="right"),
    _wire("black-hole"),
    _wire("black-hole", "black hole for good", times=None, ends="any"),
    _wire("half-open"),
]
ROWS = OF_GRAPH + OF_THE_WIRE
# One of each kind, and what means something else to a later request than to the first.
DISTINCT = [
    *{row.kind: row for row in reversed(ROWS)}.values(),
    *(row for row in ROWS if row.id in {"404", "500", "401"}),
]
