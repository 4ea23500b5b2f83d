"""What the demo tenant refuses, in Graph's own words: each fault carries its HTTP status, code and message.

GraphFault
    DirectoryNotFound       404 Request_ResourceNotFound
    DirectoryBadRequest     400 Request_BadRequest
    UnsupportedQuery        400 Request_UnsupportedQuery
    DirectoryDenied         403 Authorization_RequestDenied
    BadQuery                400 BadRequest
    UnknownSegment          400 BadRequest
    MethodNotAllowed        405 Request_BadRequest
    NotInMainStore          501 NotImplemented
    NotSignedIn             401 InvalidAuthenticationToken
    ItemNotFound            404 ErrorItemNotFound
    MalformedId             400 ErrorInvalidIdMalformed
    MailboxDenied           403 ErrorAccessDenied
    MailboxMissing          404 MailboxNotEnabledForRESTAPI
    UserUnknownToMail       404 ErrorInvalidUser
    InefficientFilter       400 InefficientFilter
    UriParseFailed          400 RequestBroker--ParseUri
    InvalidUrlQuery         400 ErrorInvalidUrlQuery
    InvalidRequest          400 BadRequest, or as the service says
    ResourceDenied          403 Forbidden, or as the service says
    ResourceNotFound        404 ResourceNotFound, or as the service says
    IdTaken                 409 NameAlreadyExists
    NotServed               501 NotImplemented
    StaleETag               412 ErrorIrresolvableConflict or another, as the service says
    ExpiredPage             400 Directory_ExpiredPageToken
    ResyncRequired          410 SyncStateNotFound or another, as the service says
"""

from __future__ import annotations


class GraphFault(Exception):
    """An answer that is not a success; a subclass fixes status, code and the usual message."""

    status = 500
    code = "InternalServerError"
    message = "The server could not complete the request."

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        self.message = message or self.message
        self.code = code or self.code
        self.headers: dict[str, str] = {}
        self.details: list[dict[str, str]] = []
        self.inner: dict[str, object] = {}
        super().__init__(self.message)


class DirectoryNotFound(GraphFault):
    """The directory holds no such object."""

    status = 404
    code = "Request_ResourceNotFound"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
        )


class DirectoryBadRequest(GraphFault):
    """The directory could not read the request."""

    status = 400
    code = "Request_BadRequest"


class UnsupportedQuery(GraphFault):
    """The directory reads the query but answers it only with advanced parameters, or never."""

    status = 400
    code = "Request_UnsupportedQuery"


class DirectoryDenied(GraphFault):
    """The token lacks the directory permission."""

    status = 403
    code = "Authorization_RequestDenied"
    message = "Insufficient privileges to complete the operation."


class BadQuery(GraphFault):
    """Graph's front door could not read a query option."""

    status = 400
    code = "BadRequest"


class UnknownSegment(GraphFault):
    """The path names something that Graph, or this tenant, does not have."""

    status = 400
    code = "BadRequest"

    def __init__(self, segment: str) -> None:
        super().__init__(f"Resource not found for the segment '{segment}'.")


class MethodNotAllowed(GraphFault):
    """The path exists, but not for this HTTP method."""

    status = 405
    code = "Request_BadRequest"
    message = "Specified HTTP method is not allowed for the request target."


class NotInMainStore(GraphFault):
    """A list cannot show what another service keeps; one person at a time can."""

    status = 501
    code = "NotImplemented"
    message = "This operation target is not yet supported."


class NotSignedIn(GraphFault):
    """No access token, or one that Graph does not accept; `claims` is what another one must have, as JSON."""

    status = 401
    code = "InvalidAuthenticationToken"
    message = "Access token is empty."

    def __init__(self, message: str | None = None, claims: str = "") -> None:
        super().__init__(message)
        self.claims = claims


class ItemNotFound(GraphFault):
    """The mailbox holds no item with this well-formed id."""

    status = 404
    code = "ErrorItemNotFound"
    message = "The specified object was not found in the store."


class MalformedId(GraphFault):
    """The id is no Exchange id at all, and no well-known folder name either."""

    status = 400
    code = "ErrorInvalidIdMalformed"
    message = "Id is malformed."


class MailboxDenied(GraphFault):
    """The token lacks the mail permission, or the mailbox is someone else's."""

    status = 403
    code = "ErrorAccessDenied"
    message = "Access is denied. Check credentials and try again."


class MailboxMissing(GraphFault):
    """The person exists, but has no mailbox."""

    status = 404
    code = "MailboxNotEnabledForRESTAPI"
    message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."


class UserUnknownToMail(GraphFault):
    """A mail path names nobody in the tenant."""

    status = 404
    code = "ErrorInvalidUser"

    def __init__(self, key: str) -> None:
        super().__init__(f"The requested user '{key}' is invalid.")


class InefficientFilter(GraphFault):
    """Exchange refuses a sort order that the filter does not lead with."""

    status = 400
    code = "InefficientFilter"
    message = "The restriction or sort order is too complex for this operation."


class UriParseFailed(GraphFault):
    """Exchange's request broker could not bind a name in the query to the type."""

    status = 400
    code = "RequestBroker--ParseUri"


class SearchConflict(GraphFault):
    """Exchange does not search and do this at once."""

    status = 400

    def __init__(self, option: str) -> None:
        self.code = f"SearchWith{option}"
        name = f"${option[0].lower()}{option[1:]}"
        super().__init__(f"The query parameter '{name}' is not supported with '$search'.")


class UnknownVersion(GraphFault):
    """The path starts with no version of Graph."""

    status = 400
    code = "BadRequest"

    def __init__(self, version: str) -> None:
        super().__init__(f"Invalid version: {version}")


class InvalidRequest(GraphFault):
    """The request cannot be read; most services have a code of their own for it."""

    status = 400
    code = "BadRequest"


class ResourceDenied(GraphFault):
    """The token lacks the permission; most services have a code of their own for it."""

    status = 403
    code = "Forbidden"
    message = "Access is denied to the requested resource."


class ResourceNotFound(GraphFault):
    """There is no such thing; most services have a code of their own for it."""

    status = 404
    code = "ResourceNotFound"
    message = "Resource could not be discovered."


class IdTaken(GraphFault):
    """A new thing would have the id of another one."""

    status = 409
    code = "NameAlreadyExists"

    def __init__(self, key: str) -> None:
        super().__init__(f"An object with the id '{key}' already exists.")


class NotServed(GraphFault):
    """Graph has this operation, this tenant does not."""

    status = 501
    code = "NotImplemented"

    def __init__(self, name: str) -> None:
        super().__init__(f"The demo tenant does not serve '{name}'.")


class StaleETag(GraphFault):
    """The item changed since the caller read it."""

    status = 412
    code = "ErrorIrresolvableConflict"
    message = (
        "The send or update operation could not be performed because the change key passed in the request does not "
        "match the current change key for the item."
    )


class ExpiredPage(GraphFault):
    """A page link is only good for a while."""

    status = 400
    code = "Directory_ExpiredPageToken"
    message = "The specified page token value has expired and can no longer be included in your request."


class ResyncRequired(GraphFault):
    """A delta link is only good for a while; `start` is where to begin again."""

    status = 410
    code = "SyncStateNotFound"
    message = "The sync state generation is not found; the sync must start over."

    def __init__(self, start: str, *, code: str | None = None) -> None:
        super().__init__(code=code)
        self.headers = {"Location": start}
