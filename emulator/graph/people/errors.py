"""What Graph refuses of people."""

from __future__ import annotations

from emulator.faults import MailboxDenied, MethodNotAllowed


class OthersPeopleDenied(MailboxDenied):
    """The people around somebody else take a permission of their own."""


class PeopleAreFound(MethodNotAllowed):
    """People are worked out, nobody makes them."""
