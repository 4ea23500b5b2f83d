"""One record of each call, for the log now, and for the audit log and the metrics that will take it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

import anyio
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.shared.exceptions import MCPError
from opentelemetry.trace import get_current_span

from graph import counting
from principal import Access

log = logging.getLogger(__name__)

Outcome = Literal["answered", "asked", "declined", "refused", "failed", "crashed", "cancelled"]


@dataclass
class CallRecord:
    """What a call was and what came of it. No argument and nothing of the answer is in it.

    Where a client repeats its call with what a person said, each round is a call: the first was `asked`. A dry run is
    `answered`. What a client gave up is `cancelled`, and `crashed` is only what we did not mean to happen.
    """

    tool: str
    """The one that did it, also where it was called through another."""
    who: str = ""
    """A digest of the principal; empty where nobody had to be known."""
    access: Access | None = None
    decision: str = ""
    """What was decided on a write: free, yes, dry run."""
    graph_calls: int = 0
    """As many as were asked for, however few requests they became and however often each was sent."""
    bytes_out: int = 0
    """Of both forms of the answer; none where it is an error or a question."""
    ms: int = 0
    """From the first moment to the last, with the time that a person took who was asked within."""
    outcome: Outcome = "crashed"


class Audit(Protocol):
    """Takes each record as the call ends."""

    def __call__(self, record: CallRecord, /) -> None: ...


def logged(record: CallRecord) -> None:
    """The audit of a server that has none: a line in the log."""
    if log.isEnabledFor(logging.INFO):
        log.info("tool call", extra=_facts(record))


@contextmanager
def recorded(tool: str, audit: Audit) -> Iterator[CallRecord]:
    """The record of what happens within; handed on at its end, also as attributes of the SDK's span."""
    record, began = CallRecord(tool), time.monotonic()
    with counting.calls() as count:
        try:
            yield record
        except BaseException as error:
            record.outcome = _ended_by(error, record.outcome)
            raise
        finally:
            record.ms, record.graph_calls = round((time.monotonic() - began) * 1000), count.calls
            _hand_on(record, audit)


def _ended_by(error: BaseException, so_far: Outcome) -> Outcome:
    """What a call came to that ended with an error; one that was meant is told apart by whoever raised it."""
    if isinstance(error, anyio.get_cancelled_exc_class()):
        return "cancelled"
    if isinstance(error, MCPError):  # of the protocol: such as a question that the client cannot be asked
        return "failed"
    is_meant = isinstance(error, ToolError) and not isinstance(error, UnexpectedToolError)
    return so_far if is_meant else "crashed"


def _hand_on(record: CallRecord, audit: Audit) -> None:
    """The call is over by now, and what it did is done: no trouble here may take its answer away."""
    span = get_current_span()
    if span.is_recording():
        span.set_attributes({f"graphward.{name}": value for name, value in _facts(record).items()})
    try:
        audit(record)
    except Exception:
        log.exception("the record of a call was lost", extra={"tool": record.tool})


def _facts(record: CallRecord) -> dict[str, str | int]:
    return {name: value for name, value in vars(record).items() if value not in ("", None)}
