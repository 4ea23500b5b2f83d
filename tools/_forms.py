"""Tools that have several forms, such as moving a message and deleting it for good: what each of them may do."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from principal import Access

_GRAVITY = list(Access)


def graver(*classes: Access) -> Access:
    """The gravest of these."""
    return max(classes, key=_GRAVITY.index)


@dataclass(frozen=True)
class Forms:
    """The classes of a tool whose `argument` decides what it does, by that argument's values."""

    argument: str
    classes: Mapping[Any, Access]
    usual: Any = None
    """What the argument is where a call leaves it out: read off the handler, so that the two cannot differ."""

    def of(self, arguments: Mapping[str, Any]) -> Access:
        """What a call with these arguments does; the gravest where the argument says nothing that is known."""
        said = arguments.get(self.argument, self.usual)
        return self.classes.get(said, self.gravest) if isinstance(said, Hashable) else self.gravest

    def fitted(self, handler: Callable[..., Any]) -> Self:
        """The forms of this handler; raises ValueError where it has no such argument."""
        parameter = inspect.signature(handler).parameters.get(self.argument)
        if parameter is None:
            raise ValueError(f"{handler.__name__} has no argument {self.argument} that its forms could depend on.")
        usual = None if parameter.default is inspect.Parameter.empty else parameter.default
        return replace(self, usual=usual)

    @property
    def gravest(self) -> Access:
        return graver(*self.classes.values())

    @property
    def lightest(self) -> Access:
        return min(self.classes.values(), key=_GRAVITY.index)
