"""What is wrong with a query option; the workload that was asked turns it into its own 400."""

from __future__ import annotations


class ODataError(Exception):
    """A query option that cannot be read; the text is for the caller."""


class UnknownProperty(ODataError):
    """A name that the queried type does not have."""

    def __init__(self, name: str, type_name: str) -> None:
        super().__init__(f"Could not find a property named '{name}' on type '{type_name}'.")
