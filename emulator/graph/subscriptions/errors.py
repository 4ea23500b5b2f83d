"""What subscriptions refuse.

GraphFault
    BadSubscription         400 InvalidRequest
    EndpointRefused         400 ValidationError
    TooLong                 400 ExtensionError
    SourceRefused           what the service of the resource said, as ExtensionError
    SubscriptionMissing     404 ResourceNotFound
"""

from __future__ import annotations

from http import HTTPStatus

from emulator.faults import GraphFault


class BadSubscription(GraphFault):
    """The body asks for something that no subscription can be."""

    status = 400
    code = "InvalidRequest"


class EndpointRefused(GraphFault):
    """The webhook did not answer the handshake as it must."""

    status = 400
    code = "ValidationError"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Subscription validation request {reason}")


class TooLong(GraphFault):
    """Nobody may listen for so long without renewing."""

    status = 400
    code = "ExtensionError"

    def __init__(self, minutes: int) -> None:
        super().__init__(f"Subscription expiration can only be {minutes} minutes in the future.")


class SourceRefused(GraphFault):
    """The service behind the resource does not let the caller listen."""

    code = "ExtensionError"

    def __init__(self, status: int, reason: str, operation: str = "Create") -> None:
        self.status = status
        phrase = HTTPStatus(status).phrase.replace(" ", "")
        super().__init__(f"Operation: {operation}; Exception: [Status Code: {phrase}; Reason: {reason}]")


class SubscriptionMissing(GraphFault):
    """There is no such subscription, or it is another application's."""

    status = 404
    code = "ResourceNotFound"
    message = "The object was not found."
