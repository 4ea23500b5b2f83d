"""What comes in place of Graph's answer, in the words of whoever would say it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

from emulator.entra.weather import gateway_page, waiting
from emulator.faults import GraphFault
from emulator.graph.engine.call import Answer
from emulator.throttling.refusals import ActivityLimitReached, TooManyRequests

Body: TypeAlias = Literal["json", "html", "none"]

_WORDS: Mapping[int, tuple[str, str]] = {
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


def error_answer(status: int, body: Body, retry_after: int | datetime | None, fault: GraphFault) -> Answer:
    """A gateway's page or nothing at all; where Graph itself would speak, the fault is raised."""
    headers = {"Retry-After": waiting(retry_after)} if retry_after is not None else {}
    if body == "html":
        return Answer(gateway_page(status), status, {"Content-Type": "text/html; charset=utf-8", **headers})
    if body == "none":
        return Answer(None, status, headers)
    fault.headers |= headers
    raise fault


def error_fault(status: int, code: str, message: str, service: str) -> GraphFault:
    """The fault for a status: as the service words it, unless another code was asked for."""
    if status == 429 and not code:
        return ActivityLimitReached() if service == "sharepoint" else TooManyRequests()
    usual_code, usual_message = _WORDS.get(status, ("UnknownError", "An error occurred."))
    return Disturbed(status, code or usual_code, message or usual_message)
