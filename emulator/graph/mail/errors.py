"""What Exchange refuses in mail, in its own words."""

from __future__ import annotations

from emulator.faults import GraphFault

_RECIPIENT = "At least one recipient isn't valid."
_UNRESOLVED = "All recipients must be resolved before a message can be submitted."


class InvalidRecipients(GraphFault):
    """A message that nobody can get."""

    status = 400
    code = "ErrorInvalidRecipients"

    def __init__(self, address: str | None = None) -> None:
        who = f", Recipient '{address}' isn't resolved. {_UNRESOLVED}" if address is not None else ""
        super().__init__(f"{_RECIPIENT}{who}")


class SendAsDenied(GraphFault):
    """The message says that somebody else sent it, who has not allowed that."""

    status = 403
    code = "ErrorSendAsDenied"
    message = (
        "The user account which was used to submit this request does not have the right to send mail on behalf of the "
        "specified sending account., Cannot submit message."
    )


class SentMessageFixed(GraphFault):
    """What was sent stays as it was written."""

    status = 400
    code = "ErrorInvalidPropertyUpdateSentMessage"
    message = "Update operation is invalid for property of a sent message."


class NotADraft(GraphFault):
    """Only a draft can be sent, or written on."""

    status = 400
    code = "ErrorInvalidOperation"
    message = "The operation is only valid for a draft message."


class EmptyId(GraphFault):
    """A place was to be named, and was not."""

    status = 400
    code = "ErrorInvalidIdEmpty"
    message = "Id must be non-empty."


class InvalidArgument(GraphFault):
    """Arguments that do not go together."""

    status = 400
    code = "ErrorInvalidParameter"


class FolderExists(GraphFault):
    """Two folders of one name cannot lie side by side."""

    status = 409
    code = "ErrorFolderExists"

    def __init__(self, name: str) -> None:
        super().__init__(f"A folder with the specified name already exists., Could not create folder '{name}'.")


class DistinguishedFolder(GraphFault):
    """The folders that every mailbox has stay where they are."""

    status = 403
    code = "ErrorDeleteDistinguishedFolder"
    message = "Distinguished folders cannot be deleted."


class MovedDistinguishedFolder(GraphFault):
    """The folders that every mailbox has stay where they are."""

    status = 403
    code = "ErrorMoveDistinguishedFolder"
    message = "Distinguished folders cannot be moved."


class CannotDelete(GraphFault):
    """What is only kept for recovery cannot be deleted again."""

    status = 403
    code = "ErrorCannotDeleteObject"
    message = "Object cannot be deleted."


class MessageTooLarge(GraphFault):
    """More than one request may carry."""

    status = 413
    code = "ErrorMessageSizeExceeded"
    message = "The message exceeds the maximum supported size."


class AttachmentTooSmall(GraphFault):
    """Upload sessions are for what does not fit into one request."""

    status = 400
    code = "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"
    message = "Attachment size must be greater than the minimum size."


class AttachmentTooLarge(GraphFault):
    """More than a mailbox takes."""

    status = 400
    code = "ErrorAttachmentSizeLimitExceeded"
    message = "The size of the attachment exceeds the maximum allowed."


class UploadGone(GraphFault):
    """The session is over, or never was."""

    status = 404
    code = "ErrorItemNotFound"
    message = "The specified upload session was not found."


class WrongRange(GraphFault):
    """The bytes are not those that come next."""

    status = 416
    code = "ErrorInvalidRange"
    message = "The uploaded fragment does not start where the last one ended."


class CategoryExists(GraphFault):
    """Two categories of one name."""

    status = 409
    code = "CategoryNameDuplicate"
    message = "Another category with the same name already exists."


class UnknownZone(GraphFault):
    """A time zone that Exchange does not know."""

    status = 400
    code = "TimeZoneNotSupportedException"


class BadHeader(GraphFault):
    """Callers set only headers of their own."""

    status = 400
    code = "InvalidInternetMessageHeader"

    def __init__(self, name: str) -> None:
        super().__init__(f"The internet message header name '{name}' should start with 'x-' or 'X-'.")


class BadMime(GraphFault):
    """A message in MIME that is not base64."""

    status = 400
    code = "ErrorMimeContentInvalidBase64String"
    message = "Invalid base64 string for MIME content."


class UnreadableMime(BadMime):
    """A message in MIME that nobody could read."""

    code = "ErrorMimeContentInvalid"
    message = "The MIME content is invalid."


class NoDeltaHere(GraphFault):
    """Changes are followed folder by folder."""

    status = 400
    code = "BadRequest"
    message = "Change tracking is not supported against 'microsoft.graph.message'."
