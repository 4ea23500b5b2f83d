"""Where things of a type have their own place, whatever else refers to them."""

from __future__ import annotations

from functools import cache

from emulator.odata.types import Navigation, Structured
from emulator.schema import schema

_ANY_OBJECT = "microsoft.graph.directoryObject"
# Not an entity set, but every file lies in a drive.
_FILES = "/drives/{}/items/{}"


@cache
def place_of(kind: Structured) -> str | None:
    """The template of one thing of the type: `/users/{}`; nothing for what always lies in something else."""
    if kind.name == "microsoft.graph.driveItem":
        return _FILES
    roots = (root for root in schema().roots.values() if root.is_collection)
    return next((f"/{root.name}/{{}}" for root in roots if root.kind is kind), None)


def is_elsewhere(navigation: Navigation) -> bool:
    """Whether what a relation leads to has its place elsewhere; what stands for any user or group always has."""
    return not navigation.contains or is_any_object(navigation.target)


def is_any_object(kind: Structured) -> bool:
    """Whether the type stands for any user, group or device."""
    return kind.name == _ANY_OBJECT
