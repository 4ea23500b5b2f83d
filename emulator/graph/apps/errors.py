"""What the directory refuses about applications, in its own words.

UnknownApplication      400 Request_BadRequest
KeyNotFound             400 Request_BadRequest
NameInUse               409 Request_MultipleObjectsWithSameKeyValue
CredentialsNotSettable  400 Request_BadRequest
"""

from __future__ import annotations

from emulator.faults import DirectoryBadRequest, GraphFault


class UnknownApplication(DirectoryBadRequest):
    """A service principal stands for an application that there is."""

    def __init__(self, app_id: str) -> None:
        super().__init__(
            f"The appId '{app_id}' of the service principal does not reference a valid application object."
        )


class KeyNotFound(DirectoryBadRequest):
    """There is no secret or key with this id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"No credentials found to be removed with the key identifier '{key_id}'.")


class CredentialsNotSettable(DirectoryBadRequest):
    """Secrets come from the service."""

    message = "New password credentials must be generated with service actions."


class NameInUse(GraphFault):
    """An application is present once."""

    status = 409
    code = "Request_MultipleObjectsWithSameKeyValue"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The service principal cannot be created, updated, or restored because the service principal name {name} "
            "is already in use."
        )
