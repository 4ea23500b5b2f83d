"""Objects that hold a secret neither show it nor let it be copied out."""

from __future__ import annotations

from typing import NoReturn


class Guarded:
    """Prints as its kind alone, and refuses to be pickled or copied."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"A {type(self).__name__} holds a secret and cannot be pickled or copied. Make another one.")
