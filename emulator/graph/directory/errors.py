"""What the directory refuses about its objects, in its own words."""

from __future__ import annotations

from emulator.faults import DirectoryBadRequest, GraphFault


class InvalidValue(DirectoryBadRequest):
    """A value that the property does not take."""

    def __init__(self, name: str, resource: str) -> None:
        super().__init__(f"Invalid value specified for property '{name}' of resource '{resource}'.")


class ValueRequired(DirectoryBadRequest):
    """A property that a new object must have."""

    def __init__(self, name: str, resource: str) -> None:
        super().__init__(f"A value is required for property '{name}' of resource '{resource}'.")


class ReadOnly(DirectoryBadRequest):
    """A property that only the directory itself sets."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Property '{name}' is read-only and cannot be set.")


class AlreadyExists(DirectoryBadRequest):
    """Another object has the value that must be unique."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Another object with the same value for property {name} already exists.")


class TooManyIds(DirectoryBadRequest):
    """More ids than one call takes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"The number of values in the request exceeds the maximum of {most}.")


class PermissionMissing(GraphFault):
    """The property needs a permission of its own, whatever else the caller holds."""

    status = 403
    code = "Authentication_MSGraphPermissionMissing"

    def __init__(self, *names: str) -> None:
        super().__init__(f"Calling principal does not have required MSGraph permissions {','.join(names)}")


class UnknownAppRole(DirectoryBadRequest):
    """The application does not define the role."""

    message = "Permission being assigned was not found on application"


class AssignmentExists(DirectoryBadRequest):
    """The permission was given before."""

    message = "Permission entry already exists."
