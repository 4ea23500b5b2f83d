"""Who was shown what outsiders wrote, and to whom something was sent before: what asking a person depends on.

Text by an outsider may carry orders to the model. So for a while after it was read, what goes to
somebody new outside needs a person's yes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection

from storage import Store
from tools._domains import address_key
from tools._lately import Lately

Digest = Callable[..., bytes]

_PURPOSE = "known recipients"
_KNOWN_SECONDS = 180 * 24 * 3600.0
_MARK_SECONDS = 32 * 24 * 3600.0  # longer than handles live: a store that is full drops first what expires first
_MOST_KNOWN = 5_000
_READ = "content from outside the tenant was read"


class Taint:
    """What is remembered of each principal; `who` is an opaque text that stands for one.

    Addresses are kept only as digests under a key: whoever gets hold of the store learns none.
    """

    def __init__(
        self,
        store: Store,
        seconds: float = 1800.0,
        *,
        digest: Digest,
        fresh: float = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """For so many `fresh` seconds a mark is not noted again, and counts so much longer instead."""
        self._store = store
        self._fresh = Lately(fresh, clock)
        self._seconds = seconds + fresh
        self._digest = digest
        self._clock = clock

    async def mark(self, who: str, source: str) -> None:
        """This principal was now shown what an outsider wrote, by the tool that `source` names."""
        if self._fresh.has(who, source):
            return
        value = json.dumps({"at": self._clock(), "source": source}).encode()
        await self._store.put(f"taint/{who}", value, seconds=_MARK_SECONDS)
        self._fresh.note(who, source)

    async def reason(self, who: str) -> str:
        """Why what this principal sends needs a second look; "" where nothing by outsiders was read of late."""
        stored = await self._store.get(f"taint/{who}")
        if stored is None:
            return ""
        try:
            entry = json.loads(stored)
            at, source = float(entry["at"]), str(entry["source"])
        except (ValueError, TypeError, KeyError):
            return _READ  # something was noted; what, cannot be read any more
        ago = self._clock() - at
        if ago < 0:
            await self.mark(who, source)  # the clock was set back: the time counts from now, not from the future
        return f"{_READ} {_shown(ago)} ({source})" if ago < self._seconds else ""

    async def knows(self, who: str, addresses: Collection[str]) -> set[str]:
        """Which of these addresses were written to before through us."""
        return {each for each in addresses if (key := self._key(who, each)) and await self._store.get(key) is not None}

    async def learn(self, who: str, addresses: Collection[str]) -> None:
        """Something was now sent to these addresses. Each is known for 180 days from the last time."""
        keys = filter(None, (self._key(who, each) for each in addresses))
        if items := dict.fromkeys(keys, b"1"):
            await self._store.claim(items, seconds=_KNOWN_SECONDS)
            await self._store.trim(f"known/{who}/", _MOST_KNOWN)

    def _key(self, who: str, address: str) -> str:
        """Where an address stands in the store; "" for what is no address, which nobody ever gets to know."""
        known = address_key(address)
        return f"known/{who}/{self._digest(_PURPOSE, who, known).hex()}" if known else ""


def _shown(seconds: float) -> str:
    minutes = int(max(0.0, seconds) // 60)
    if minutes == 0:
        return "just now"
    return f"{minutes} minute{'s' * (minutes > 1)} ago"
