"""Trouble on request at Graph: errors, torn answers and lost connections, for so many calls or until it clears."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from emulator.entra.weather import gateway_page, waiting
from emulator.faults import GraphFault
from emulator.graph.engine.call import Answer
from emulator.throttling.refusals import TooManyRequests

Kind: TypeAlias = Literal["error", "torn", "reset", "lost"]
Body: TypeAlias = Literal["json", "html", "none"]

_WORDS = {
    400: ("BadRequest", "The request is malformed or incorrect."),
    409: ("Conflict", "The request could not be completed because of a conflict."),
    423: ("locked", "The resource is locked."),
    500: ("InternalServerError", "An internal server error occurred."),
    502: ("BadGateway", "The gateway got no valid answer."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable. Please try again later."),
    504: ("GatewayTimeout", "The gateway did not receive a response in time."),
    507: ("insufficientStorage", "The quota of the storage has been reached."),
    509: ("bandwidthLimitExceeded", "The application has been throttled for exceeding the maximum bandwidth cap."),
}


class Disturbed(GraphFault):
    """The error that somebody asked for."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, code=code)
        self.status = status


@dataclass
class Fault:
    """One kind of trouble: which calls it strikes, and how many still; `left` None means until cleared.

    "error" answers instead of Graph; "reset" ends the connection, and nothing is done. "torn" does what was asked and
    sends half of the answer, "lost" does it and sends nothing.
    """

    kind: Kind = "error"
    method: str = ""
    path: str = ""
    left: int | None = 1
    status: int = 503
    body: Body = "json"
    retry_after: int | datetime | None = None
    code: str = ""
    message: str = ""

    @property
    def is_instead(self) -> bool:
        """Whether it comes before Graph has done anything."""
        return self.kind in ("error", "reset")

    def covers(self, method: str, path: str) -> bool:
        """Whether a call meets this trouble."""
        below = f"{self.path.strip('/')}/".lower()
        return (
            self.left != 0
            and self.method.upper() in ("", method.upper())
            and (below == "/" or f"{path.strip('/')}/".lower().startswith(below))
        )

    def answer(self) -> Answer:
        """What comes instead of the answer, or the fault that does."""
        headers = {"Retry-After": waiting(self.retry_after)} if self.retry_after is not None else {}
        if self.body == "html":
            page = gateway_page(self.status)
            return Answer(page, self.status, {"Content-Type": "text/html; charset=utf-8", **headers})
        if self.body == "none":
            return Answer(None, self.status, headers)
        fault = self._fault()
        fault.headers |= headers
        raise fault

    def _fault(self) -> GraphFault:
        if self.status == 429 and not self.code:
            return TooManyRequests()
        code, message = _WORDS.get(self.status, ("UnknownError", "An error occurred."))
        return Disturbed(self.status, self.code or code, self.message or message)


class Chaos:
    """The trouble that there is now; none until some is asked for. Where several meet, the oldest strikes."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is still to come, the oldest first."""
        return tuple(self._faults)

    @property
    def is_fine(self) -> bool:
        return not self._faults

    def strike(self, kind: Kind = "error", *, times: int | None = 1, **facts: Any) -> Fault:  # noqa: ANN401 - of Fault
        """Have the next calls of a `method` below a `path` meet trouble; `times` None is until it is cleared."""
        fault = Fault(kind, left=times, **facts)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """End all trouble."""
        self._faults.clear()

    def meets(self, method: str, path: str, *, in_batch: bool = False) -> Fault | None:
        """The trouble that a call meets, which counts as one time; a part of a batch has no connection to lose."""
        found = (each for each in self._faults if each.covers(method, path))
        fault = next((each for each in found if each.kind == "error" or not in_batch), None)
        if fault is not None and fault.left is not None:
            fault.left -= 1
        self._faults = [each for each in self._faults if each.left != 0]
        return fault
