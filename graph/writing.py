"""What the answer to a write means, above all where it may have been done without anybody knowing."""

from __future__ import annotations

from typing import Any

from errors import GraphError, GraphUnavailable, GraphUncertain
from graph import wire
from graph.calls import Call, Reply

_NOT_FOUND, _SERVER_ERROR = 404, 500
# Of the answers from 500 on, these are refusals; whoever gives another one may have begun.
_REFUSALS = frozenset({501, 505, 507, 509})

_LOOK = "so this may have been done or not. Look whether it was before doing it again."


def written(call: Call, reply: Reply) -> dict[str, Any]:
    """What a write came to; GraphUncertain where that cannot be told."""
    if reply.is_success:
        return _object(reply)
    if call.method == "DELETE" and reply.status == _NOT_FOUND and reply.is_after_loss:
        return {}  # by the try whose answer was lost
    error = wire.read_error(reply.status, reply.headers, reply.body)
    if reply.is_after_loss:
        raise _uncertain(error, f"Graph refused the second try after the first one's answer was lost, {_LOOK}")
    is_halfway = reply.status >= _SERVER_ERROR and reply.status not in _REFUSALS
    if is_halfway and (call.method == "POST" or not call.may_repeat):
        raise _uncertain(error, f"Graph failed on the way, {_LOOK}")
    raise error


def outcome_of(call: Call, outcome: Reply | GraphError) -> dict[str, Any] | GraphError:
    """What one call of a batch came to, its error included."""
    if isinstance(outcome, GraphError):
        return outcome
    try:
        return outcome.object() if call.is_read else written(call, outcome)
    except GraphError as error:
        return error


def _object(reply: Reply) -> dict[str, Any]:
    try:
        return reply.object()
    except GraphUnavailable as error:
        unreadable = GraphUncertain(
            "BadAnswer",
            "Graph says that it was done, but its answer cannot be read. Look at the result; do not repeat it.",
        )
        unreadable.is_done = True
        raise unreadable from error


def _uncertain(error: GraphError, message: str) -> GraphUncertain:
    return GraphUncertain(error.code, message, status=error.status, request_id=error.request_id)
