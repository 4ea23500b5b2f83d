"""What the directory refuses about accounts, in its own words."""

from __future__ import annotations

from emulator.faults import DirectoryBadRequest, DirectoryDenied


class UnverifiedDomain(DirectoryBadRequest):
    """A sign-in name must end with a domain of the organisation."""

    message = (
        "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain "
        "names in your organization."
    )


class InvalidPrincipalName(DirectoryBadRequest):
    """A sign-in name looks like an address."""

    message = "Property userPrincipalName is invalid."


class PasswordMissing(DirectoryBadRequest):
    """A new account needs a password."""

    message = "A password must be specified to create a new user."


class WeakPassword(DirectoryBadRequest):
    """Too short, too long, or too few kinds of characters."""

    message = (
        "The specified password does not comply with password complexity requirements. Please provide a different "
        "password."
    )


class WrongPassword(DirectoryBadRequest):
    """The current password is another one."""

    message = "The specified password does not match the current password."


class OwnPasswordOnly(DirectoryDenied):
    """A person changes the own password; others' are reset by administrators."""


class LicenseRefused(DirectoryBadRequest):
    """A licence cannot be given, or taken away."""


class NotInvitable(DirectoryBadRequest):
    """The address cannot be invited."""
