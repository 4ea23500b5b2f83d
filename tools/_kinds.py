"""What an id is of: said beside the field or argument that holds it, as in `Annotated[str, MESSAGE]`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """The things of one sort. Their long ids are shown as short handles, `msg_4k7q2m`, and taken as such again."""

    prefix: str
    noun: str
    listed_by: str
    """The tool that lists them, for whoever has a handle that is not known any more."""


CURSOR = Kind("next", "place in a list", "")
"""The place where a list goes on: sealed on its way out, opened on its way in."""
