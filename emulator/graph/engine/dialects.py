"""What differs between the services behind Graph: how each words the same mistake, and what it adds to an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from emulator.exchange_ids import is_well_formed
from emulator.faults import (
    BadQuery,
    DirectoryBadRequest,
    DirectoryDenied,
    DirectoryNotFound,
    GraphFault,
    InvalidRequest,
    ItemNotFound,
    MailboxDenied,
    MalformedId,
    ResourceDenied,
    ResourceNotFound,
    UriParseFailed,
    UserUnknownToMail,
)
from emulator.odata import ODataError, UnknownProperty


@dataclass(frozen=True, eq=False)
class Dialect:
    """A service behind Graph.

    `pages_by` is the option its next links carry, `patched` the status of a successful PATCH. `names_id` says that the
    id is sent even when it was not selected, `has_etags` that items carry `@odata.etag`, `shows_null` that properties
    without a value are sent as null, `takes_bare` that options are read without their dollar sign, too.
    """

    name: str
    denied: Callable[[], GraphFault]
    not_found: Callable[[str], GraphFault]
    unknown_property: Callable[[str], GraphFault]
    bad_query: Callable[[str], GraphFault]
    bad_body: Callable[[str], GraphFault]
    unknown_user: Callable[[str], GraphFault] | None = None
    pages_by: str = "skip"
    delta_options: tuple[str, ...] = ("$select", "$filter", "$orderby", "$top", "$expand", "$count")
    patched: int = 200
    names_id: bool = True
    has_etags: bool = False
    page_size: int = 100
    largest_page: int = 999
    refuses_large_pages: bool = False
    lends_names: bool = False
    opens_names: bool = True
    shows_null: bool = True
    takes_bare: bool = False

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


def _malformed_or_missing(key: str) -> GraphFault:
    """Exchange tells an id that cannot be one from an id of nothing."""
    return ItemNotFound() if is_well_formed(key) else MalformedId()


DIRECTORY = Dialect(
    "directory",
    DirectoryDenied,
    DirectoryNotFound,
    DirectoryBadRequest,
    DirectoryBadRequest,
    DirectoryBadRequest,
    pages_by="skiptoken",
    delta_options=("$select", "$filter"),
    patched=204,
    names_id=False,
    refuses_large_pages=True,
    lends_names=True,
)
EXCHANGE = Dialect(
    "exchange",
    MailboxDenied,
    _malformed_or_missing,
    UriParseFailed,
    BadQuery,
    lambda text: InvalidRequest(text, code="RequestBodyRead"),
    unknown_user=UserUnknownToMail,
    has_etags=True,
    opens_names=False,
    page_size=10,
    largest_page=1000,
)
SHAREPOINT = Dialect(
    "sharepoint",
    lambda: ResourceDenied("Access denied", code="accessDenied"),
    lambda _: ResourceNotFound("The resource could not be found.", code="itemNotFound"),
    lambda text: InvalidRequest(text, code="invalidRequest"),
    lambda text: InvalidRequest(text, code="invalidRequest"),
    lambda text: InvalidRequest(text, code="invalidRequest"),
    pages_by="skiptoken",
    page_size=200,
    shows_null=False,
    takes_bare=True,
)
PLAIN = Dialect(
    "plain",
    lambda: ResourceDenied("Access is denied to the requested resource."),
    lambda key: ResourceNotFound(f"Resource '{key}' could not be found."),
    BadQuery,
    BadQuery,
    InvalidRequest,
)
