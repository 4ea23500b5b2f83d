"""What state is kept in: keys with values that expire, changed all at once or not at all, whatever lies below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

Clock = Callable[[], float]


class Store(Protocol):
    """Keys are text like "handle/<digest>/msg_4k7q2m"; what has expired counts as absent everywhere.

    `seconds` is how long an entry lives; without it, for good. A put or swap sets it anew. Where the clock is set
    back, an entry lives at most its `seconds` from then on. Trouble with the disk or the server is a StorageError.
    """

    async def get(self, key: str) -> bytes | None:
        """The value, or None where there is none."""
        ...

    async def put(self, key: str, value: bytes, *, seconds: float | None = None) -> None:
        """Keep this value in place of any other."""
        ...

    async def delete(self, key: str) -> bool:
        """Forget it; whether it was there."""
        ...

    async def swap(
        self, key: str, expected: bytes | None, value: bytes | None, *, seconds: float | None = None
    ) -> bool:
        """Put the value if what is there equals `expected` (None: nothing is there); None as value deletes.

        False: it was something else, and nothing has changed. What must happen once (an approval, say) is kept
        until it is spent, and spent by swapping it for None: a store that is full may drop an entry, and a missing
        one is then refused. A mark "spent", put where nothing is, could be dropped and the deed repeated.
        """
        ...

    async def claim(self, items: Mapping[str, bytes], *, seconds: float | None = None) -> dict[str, bytes]:
        """All at once: put what is absent, renew what is there with an equal value, return what is there with another.

        What is returned stays as it was.
        """
        ...

    async def count(self, prefix: str) -> int:
        """How many keys begin so; it looks at each of them."""
        ...

    async def trim(self, prefix: str, keep: int) -> int:
        """Leave at most `keep` of the keys that begin so, those that expire last; how many went."""
        ...

    def lock(self, name: str, *, patience: float = 30.0, seconds: float = 60.0) -> AbstractAsyncContextManager[None]:
        """Alone with this name, among tasks and processes; LockTimeout after `patience` seconds of waiting.

        A holder that died is forgotten after `seconds`; so is one whose block runs longer, which is then not alone.
        """
        ...
