"""Cursors: `next_4k7q2m9xtz` stands for where a list goes on, and for the query that it belongs to.

What it stands for is sealed in the store, for its owner alone, so that a link of Graph's
with its own secrets never shows in an answer.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from errors import StorageError, ToolInputError
from storage import StateKeys, Store
from tools._handles import lettered, shelf_of, unwrapped
from tools._kinds import CURSOR
from tools._lately import Lately

MAY_DIFFER = "limit"

_FORM = re.compile(rf"{CURSOR.prefix}_[2-9a-z]{{10}}")
_LETTERS = 10
_CHECKS_PER_FILLING = 40
_LONGEST_VALUE = 40


class Cursors:
    """The cursors of all principals; `who` is text that is each one's own, `clock` the one that the store goes by."""

    def __init__(
        self,
        store: Store,
        keys: StateKeys,
        *,
        seconds: float = 3600.0,
        most: int = 200,
        fresh: float = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """For so many `fresh` seconds after it was sealed, a cursor is given again without a word to the store."""
        self._store = store
        self._keys = keys
        self._ring = keys.ring("cursor")
        self._seconds = seconds
        self._most = most
        self._one_in = max(1, most // _CHECKS_PER_FILLING)
        self._clock = clock
        self._fresh = Lately(fresh, clock)

    async def seal(self, who: str, tool: str, arguments: Mapping[str, Any], place: str) -> str:
        """A cursor for this place; the same place in the same query has the same cursor, and lives on."""
        query = {name: value for name, value in arguments.items() if value is not None}
        said = _canonical({"tool": tool, "arguments": query, "place": place})
        digest = self._keys.digest("cursor", who, said)
        cursor = f"{CURSOR.prefix}_{lettered(digest, _LETTERS)}"
        if self._fresh.has(who, cursor):
            return cursor
        shelf = shelf_of("cursor", who)
        content = _canonical({"until": self._clock() + self._seconds, "said": said}).encode()
        sealed = self._ring.seal(content, _purpose(shelf, cursor))
        await self._store.put(shelf + cursor, sealed, seconds=self._seconds)
        if digest[-1] % self._one_in == 0 and await self._store.count(shelf) > self._most:
            await self._store.trim(shelf, self._most)
        self._fresh.note(who, cursor)
        return cursor

    async def open(self, who: str, tool: str, arguments: Mapping[str, Any], cursor: str) -> tuple[dict[str, Any], str]:
        """The arguments of the query that it continues, and the place; those given beside it must be the same."""
        said = await self._said(who, unwrapped(cursor))
        if said is None:
            self._fresh.forget(who)
            raise ToolInputError(
                f"This cursor is not known here (any more). Call {tool} without cursor to begin the list again."
            )
        if said["tool"] != tool:
            raise ToolInputError(f"This cursor belongs to {said['tool']}. Call that, or {tool} without cursor.")
        given = {name: value for name, value in arguments.items() if value is not None}
        stored: dict[str, Any] = said["arguments"]
        _check_same(given, stored)
        limit = {MAY_DIFFER: given[MAY_DIFFER]} if MAY_DIFFER in given else {}
        return stored | limit, said["place"]

    async def _said(self, who: str, cursor: str) -> dict[str, Any] | None:
        if not _FORM.fullmatch(cursor):
            return None
        shelf = shelf_of("cursor", who)
        sealed = await self._store.get(shelf + cursor)
        if sealed is None:
            return None
        try:
            content = json.loads(self._ring.open(sealed, _purpose(shelf, cursor)))
        except StorageError:
            return None
        said: dict[str, Any] = json.loads(content["said"])
        return said if self._clock() < content["until"] else None


def _check_same(given: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    other = [
        name
        for name, value in given.items()
        if name != MAY_DIFFER and (name not in stored or _canonical(value) != _canonical(stored[name]))
    ]
    if other:
        query = ", ".join(f"{name}={_shown(stored[name])}" if name in stored else f"no {name}" for name in other)
        raise ToolInputError(
            f"This cursor continues another query ({query}). "
            "Leave the other arguments out, or repeat them as they were."
        )


def _shown(value: object) -> str:
    text = "".join(
        letter for letter in (value if isinstance(value, str) else _canonical(value)) if letter.isprintable()
    )
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _purpose(shelf: str, cursor: str) -> str:
    return f"{shelf}{cursor}"


def _canonical(value: object) -> str:
    """The same text for the same content, whatever its order; ASCII, so that any text goes through."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
