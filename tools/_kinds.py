"""What an id is of: said beside the field or argument that holds it, as in `Annotated[str, MESSAGE]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

_PLAIN = (str, int, float, bool, type(None), Ellipsis)


@dataclass(frozen=True)
class Kind:
    """The things of one sort. Their long ids are shown as short handles, `msg_4k7q2m`, and taken as such again."""

    prefix: str
    noun: str
    listed_by: str
    """The tool that lists them, for whoever has a handle that is not known any more."""

    def __hash__(self) -> int:
        return hash(self.prefix)  # each id of an answer is looked up by it, several times


CURSOR = Kind("next", "place in a list", "")
"""The place where a list goes on: sealed on its way out, opened on its way in."""


def holds_models(hint: Any) -> bool:  # noqa: ANN401 - any annotation
    """Whether a value of it may be a part with fields of its own; what cannot be told may be."""
    return any(map(holds_models, get_args(hint))) if get_args(hint) else hint not in _PLAIN
