"""What the directory refuses about groups, in its own words.

DirectoryBadRequest         400 Request_BadRequest
    ReferencesExist
    TooManyReferences
    LastOwner
    KeptByExchange
    MailEnabledUnsupported
    ValueTaken              with the property in `details`
    Conflict
BadMembershipRule           400 DynamicGroupQueryParseError
Unprocessable               422 Request_UnprocessableEntity, with a list of `details`
"""

from __future__ import annotations

from emulator.faults import DirectoryBadRequest, GraphFault

MOST_REFERENCES = 20


class ReferencesExist(DirectoryBadRequest):
    """Somebody is a member, or an owner, already."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"One or more added object references already exist for the following modified properties: '{name}'."
        )


class TooManyReferences(DirectoryBadRequest):
    """One request makes only so many references."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The number of references in '{name}@odata.bind' exceeds the limit of {MOST_REFERENCES}.")


class LastOwner(DirectoryBadRequest):
    """A group that had an owner keeps one."""

    message = "The group must have at least one owner, hence this owner cannot be removed."


class KeptByExchange(DirectoryBadRequest):
    """Distribution lists and mail-enabled security groups are administered in Exchange."""

    message = "Cannot Update a mail-enabled security groups and or distribution list."


class MailEnabledUnsupported(DirectoryBadRequest):
    """Of the groups with mail, the directory makes Microsoft 365 groups only."""

    message = (
        "The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement "
        "property is unset and the security-enablement property is set."
    )


class ValueTaken(DirectoryBadRequest):
    """Another object has this value, and it must be unique."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Another object with the same value for property {name} already exists.")
        self.details = [{"code": "ObjectConflict", "message": self.message, "target": name}]


class Conflict(DirectoryBadRequest):
    """There is such a thing already, and there can be only one."""

    message = "A conflicting object with one or more of the specified property values is present in the directory."


class BadMembershipRule(GraphFault):
    """A membership rule that cannot be read."""

    status = 400
    code = "DynamicGroupQueryParseError"


class Unprocessable(GraphFault):
    """Names that a new group could not have; each reason is a detail."""

    status = 422
    code = "Request_UnprocessableEntity"
    message = "The values provided contain one or more validation errors."

    def __init__(self, details: list[dict[str, str]]) -> None:
        super().__init__()
        self.details = details
