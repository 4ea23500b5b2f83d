"""What OneDrive and SharePoint refuse, in their own words.

DriveFault
    NoSuchItem           404 itemNotFound
    AccessDenied         403 accessDenied
    BadDriveRequest      400 invalidRequest
    NotSupported         400 notSupported
    NameTaken            409 nameAlreadyExists
    UploadNameConflict   409 upload_name_conflict
    ItemModified         412 resourceModified
    TooLarge             413 invalidRequest
    BadRange             416 invalidRange
    ItemLocked           423 resourceLocked
    NoConversion         406 notSupported
    LinkExpired          401 unauthenticated
    QuotaReached         507 quotaLimitReached
"""

from __future__ import annotations

from emulator.faults import GraphFault


class DriveFault(GraphFault):
    """An answer of the file service that is not a success."""


class NoSuchItem(DriveFault):
    """There is nothing under this id or path, or no longer."""

    status = 404
    code = "itemNotFound"
    message = "The resource could not be found."


class AccessDenied(DriveFault):
    """The caller may not see or change the item."""

    status = 403
    code = "accessDenied"
    message = "Access denied"


class BadDriveRequest(DriveFault):
    """The request cannot be read, or asks for what makes no sense."""

    status = 400
    code = "invalidRequest"
    message = "Invalid request"


class NotSupported(DriveFault):
    """The service can do this, but not with this item."""

    status = 400
    code = "notSupported"
    message = "Operation not supported"


class NameTaken(DriveFault):
    """The folder already has an item of that name."""

    status = 409
    code = "nameAlreadyExists"
    message = "An item with the same name already exists under the parent"


class UploadNameConflict(DriveFault):
    """While a file was being sent, another of its name appeared."""

    status = 409
    code = "upload_name_conflict"
    message = "Another file exists with the same name as the uploaded session."


class ItemModified(DriveFault):
    """The item changed since the caller read it."""

    status = 412
    code = "resourceModified"
    message = "ETag does not match current item's value"


class TooLarge(DriveFault):
    """More bytes than one request may carry."""

    status = 413
    code = "invalidRequest"
    message = "The request entity is too large."


class BadRange(DriveFault):
    """These bytes are not the ones to be sent or had next."""

    status = 416
    code = "invalidRange"
    message = "The range is invalid."


class ItemLocked(DriveFault):
    """Somebody else has checked the file out."""

    status = 423
    code = "resourceLocked"
    message = "The resource you are attempting to access is locked"


class NoConversion(DriveFault):
    """A file of this kind cannot be turned into what was asked for."""

    status = 406
    code = "notSupported"
    message = "The requested conversion is not supported for this item."


class LinkExpired(DriveFault):
    """A pre-authenticated address is only good for a while, and only as it was given out."""

    status = 401
    code = "unauthenticated"
    message = "The access token has expired or is not valid."


class QuotaReached(DriveFault):
    """The drive is full."""

    status = 507
    code = "quotaLimitReached"
    message = "Insufficient Space Available"
