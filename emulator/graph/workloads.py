"""What differs between the services behind Graph: how each words the same mistake, and what it adds to an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from emulator.faults import (
    BadQuery,
    DirectoryBadRequest,
    DirectoryDenied,
    GraphFault,
    MailboxDenied,
    UriParseFailed,
)
from emulator.odata import ODataError, UnknownProperty


@dataclass(frozen=True)
class Workload:
    """A service: its refusals for a missing permission, an unknown property and an unreadable filter."""

    name: str
    denied: Callable[[], GraphFault]
    unknown_property: Callable[[str], GraphFault]
    bad_query: Callable[[str], GraphFault]

    @contextmanager
    def reading_query(self) -> Iterator[None]:
        """Turn what is wrong with the query options into this service's 400."""
        try:
            yield
        except UnknownProperty as error:
            raise self.unknown_property(str(error)) from error
        except ODataError as error:
            raise self.bad_query(str(error)) from error

    @contextmanager
    def reading_filter(self) -> Iterator[None]:
        """The same for `$filter`, where every service says the same thing."""
        try:
            yield
        except ODataError as error:
            raise BadQuery(f"Invalid filter clause: {error}") from error


DIRECTORY = Workload("directory", DirectoryDenied, DirectoryBadRequest, DirectoryBadRequest)
EXCHANGE = Workload("exchange", MailboxDenied, UriParseFailed, BadQuery)
