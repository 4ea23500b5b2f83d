"""What Graph refuses of directory roles and administrative units, beside what it refuses of every directory object."""

from __future__ import annotations

from emulator.faults import DirectoryBadRequest, UnsupportedQuery


class RolesDoNotPage(UnsupportedQuery):
    """Directory roles come all at once."""

    message = "Unsupported Query."


class LastAdministrator(DirectoryBadRequest):
    """Somebody must be able to administer the organization."""

    message = "Removing the last global administrator of the organization is not allowed."
