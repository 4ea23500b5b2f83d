"""The cache object that MSAL works on. Imports MSAL, which is slow: only when a token is wanted."""

from __future__ import annotations

import json
from typing import Any

import msal

from auth.cache._state import State


class GuardedTokenCache(msal.SerializableTokenCache):  # type: ignore[misc]  # MSAL has no types
    """MSAL's own, except that a refresh that failed never costs the refresh token.

    Entra answers invalid_grant also where only a policy for one resource wants more proof; the same
    refresh token still works for all others. `auth.cache.forget` is the way to remove one.
    """

    def remove_rt(self, rt_item: dict[str, Any]) -> None:
        """Keep it."""

    def __repr__(self) -> str:
        return "<GuardedTokenCache>"


def guarded(state: State) -> GuardedTokenCache:
    """A cache with a copy of this state."""
    cache = GuardedTokenCache()
    cache.deserialize(json.dumps(state))
    return cache
