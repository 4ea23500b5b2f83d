"""What the service for authentication methods refuses, in its own codes."""

from __future__ import annotations

from emulator.faults import InvalidRequest, ResourceDenied, ResourceNotFound


class BadMethod(InvalidRequest):
    """The method cannot be like that."""

    code = "badRequest"


class MethodMissing(ResourceNotFound):
    """The person has no such method."""

    code = "resourceNotFound"
    message = "The requested authentication method was not found."


class MethodDenied(ResourceDenied):
    """The token lacks the permission."""

    code = "accessDenied"
    message = "Request Authorization failed"
