"""Where tokens are kept between two calls: in memory, or in a file that many processes may share.

The file is MSAL's own JSON, so other programs on MSAL can read it. No lock is needed to read;
to change it, a process takes the lock, reads what is there now, and replaces the file once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, NoReturn, Protocol

from auth.cache._file import FileTokenCache
from auth.cache._objects import Records, Turn, cache_of, put, state_of
from auth.cache._state import State, laid_over, usable, without_account, without_expired

if TYPE_CHECKING:
    from msal import SerializableTokenCache

__all__ = ["FileTokenCache", "MemoryTokenCache", "Records", "TokenCache", "forget", "merge"]


class TokenCache(Protocol):
    """Where tokens are kept between two calls. Every method blocks: call it from a worker thread."""

    def opened(self) -> AbstractContextManager[SerializableTokenCache]:
        """The cache, ours alone until the block ends; what changed is kept, also when the block raises."""
        ...

    def read(self) -> SerializableTokenCache:
        """A private copy as things are now. Waits for nobody; what is changed in it goes nowhere."""
        ...

    def records(self) -> Records:
        """The same without MSAL, which is slow to load: enough to see who is signed in."""
        ...

    @property
    def is_unsaved(self) -> bool:
        """Whether what was changed last could not be written, and later starts will not find it."""
        ...

    def still_keeps(self, home_account_id: str) -> bool:
        """Whether later starts would still find tokens of this account."""
        ...

    def selected(self) -> str | None:
        """The home_account_id that was chosen as the default of this client id, if any."""
        ...

    def select(self, home_account_id: str | None) -> None:
        """Choose the default account, or none."""
        ...


class MemoryTokenCache:
    """Tokens for as long as this process lives."""

    def __init__(self, *, lock_seconds: float = 30.0) -> None:
        self._turn = Turn(lock_seconds)
        self._state: State = {}
        self._selected: str | None = None

    @contextmanager
    def opened(self) -> Iterator[SerializableTokenCache]:
        with self._turn.taken():
            cache = cache_of(self._state)
            try:
                yield cache
            finally:
                self._state = without_expired(usable(state_of(cache)), time.time())

    def read(self) -> SerializableTokenCache:
        return cache_of(self._state)

    def records(self) -> Records:
        return Records(self._state)

    @property
    def is_unsaved(self) -> bool:
        return False

    def still_keeps(self, home_account_id: str) -> bool:
        return False

    def selected(self) -> str | None:
        return self._selected

    def select(self, home_account_id: str | None) -> None:
        self._selected = home_account_id

    def __repr__(self) -> str:
        return "<MemoryTokenCache>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A token cache holds secrets and cannot be pickled or copied.")


def merge(into: SerializableTokenCache, scratch: SerializableTokenCache) -> None:
    """Copy all that a sign-in has put into its own scratch cache."""
    if newer := state_of(scratch):
        put(into, laid_over(state_of(into), newer))


def forget(cache: SerializableTokenCache, home_account_id: str) -> None:
    """Remove everything of one account: its tokens, for whichever client id and tenant, and its name."""
    state = state_of(cache)
    rest = without_account(state, home_account_id)
    if rest != state:
        put(cache, rest)
