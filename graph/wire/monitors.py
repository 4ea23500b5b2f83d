"""Work that Graph does in the background: what its monitors, operations and jobs say about how far it is."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from errors import GraphError
from graph.wire.bodies import read_object
from graph.wire.errors import read_error, read_failure

State = Literal["running", "succeeded", "failed"]

_SEE_OTHER = 303
_NOT_A_LETTER = re.compile(r"[^a-z]")
_ENDS: dict[str, State] = {
    **dict.fromkeys(("succeeded", "success", "successful", "completed", "complete", "done", "finished"), "succeeded"),
    # Part of it is there; what is not, the value says.
    **dict.fromkeys(("partiallysucceeded", "partiallycompleted", "completedwitherrors"), "succeeded"),
    **dict.fromkeys(("failed", "failure", "error", "invalid", "submissionfailed", "deletefailed"), "failed"),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "skipped", "timedout", "expired", "rejected"), "failed"),
}
_PERCENTS = ("percentageComplete", "percentComplete", "percentProgress", "progress")
_IDS = ("resourceId", "targetResourceId")
_LINKS = ("resourceLocation", "targetResourceLocation")


@dataclass(frozen=True, slots=True)
class Monitor:
    """How far work has come. `value` is all that was said; `resource_link` is not checked yet."""

    state: State
    percent: float | None = None
    resource_id: str = ""
    resource_link: str = ""
    error: GraphError | None = None
    value: Mapping[str, Any] = field(default_factory=dict)


def read_monitor(status: int, headers: Mapping[str, str], body: bytes) -> Monitor:
    """What one look at a monitor says. An answer that is an error says nothing about the work, and is raised."""
    if status == _SEE_OTHER and (link := headers.get("location", "")):  # the work is done, and its result is there
        return Monitor("succeeded", resource_link=link)
    if status >= 300:
        raise read_error(status, headers, body)
    value = _value(status, body)
    word = value.get("status")
    if not isinstance(word, str):
        # No monitor any more: the thing itself, or nothing, which is how some services say that it is done.
        return Monitor("running" if status == 202 else "succeeded", value=value, resource_id=_first(value, ("id",)))
    state = _ENDS.get(_NOT_A_LETTER.sub("", word.lower()), "running")
    return Monitor(
        state,
        percent=_percent(value),
        resource_id=_first(value, _IDS),
        resource_link=_first(value, _LINKS),
        error=_error(value, word) if state == "failed" else None,
        value=value,
    )


def _value(status: int, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        return read_object(body)
    except GraphError:
        if status == 202:
            return {}
        raise


def _percent(value: Mapping[str, Any]) -> float | None:
    for name in _PERCENTS:
        found = value.get(name)
        # The comparison leaves out what is not a number.
        if isinstance(found, int | float) and not isinstance(found, bool) and found >= -math.inf:
            return float(min(100, max(0, found)))
    return None


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((found for name in names if isinstance(found := value.get(name), str)), "")


def _error(value: Mapping[str, Any], word: str) -> GraphError:
    """Why it failed: services tell it in an error, in a result, or in a sentence."""
    for name in ("error", "resultInfo"):
        if isinstance(found := value.get(name), Mapping):
            return read_failure(found, word)
    detail = next(
        (value[name] for name in ("statusDetail", "statusDescription") if isinstance(value.get(name), str)), ""
    )
    return read_failure({"message": detail or "Graph could not finish the work, and did not say why."}, word)
