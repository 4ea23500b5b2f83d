"""Between plain states and MSAL's cache objects; and whose turn it is among the threads of this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from auth.cache._state import State
from storage import LockTimeout

if TYPE_CHECKING:
    from msal import SerializableTokenCache


class Records:
    """What a cache holds, to be searched as MSAL's own cache is."""

    def __init__(self, state: State) -> None:
        self._state = state

    def search(self, credential_type: str, *, query: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """The records of a kind, such as Account or RefreshToken, that have these values."""
        found: Iterable[dict[str, Any]] = self._state.get(credential_type, {}).values()
        return (each for each in found if all(each.get(name) == value for name, value in (query or {}).items()))

    def __repr__(self) -> str:
        return "<Records>"


def cache_of(state: State) -> SerializableTokenCache:
    """A cache object with a copy of this state."""
    from auth.cache._msal_object import guarded  # noqa: PLC0415 - MSAL is slow to import, and only needed for a token

    return guarded(state)


def state_of(cache: SerializableTokenCache) -> State:
    """A copy of what a cache object holds; whether it counts as changed stays as it is."""
    has_changed = cache.has_state_changed
    state: State = json.loads(cache.serialize())
    cache.has_state_changed = has_changed
    return state


def put(cache: SerializableTokenCache, state: State) -> None:
    """Give a cache object another state, as a change."""
    cache.deserialize(json.dumps(state))
    cache.has_state_changed = True


class Turn:
    """One thread at a time. Does not nest: two copies of one cache would overwrite each other."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._holder: int | None = None

    def is_mine(self) -> bool:
        return self._holder == threading.get_ident()

    @contextmanager
    def taken(self) -> Iterator[None]:
        if self.is_mine():
            raise RuntimeError("The token cache is open in this thread already: use the one that the outer block has.")
        if not self._lock.acquire(timeout=self._seconds):
            raise LockTimeout("Another sign-in is still under way. Try again in a moment.")
        self._holder = threading.get_ident()
        try:
            yield
        finally:
            self._holder = None
            self._lock.release()
