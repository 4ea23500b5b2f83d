"""A file on its way here: what came of it so far, and whether what comes next belongs to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httpx

from errors import GraphConflict, GraphTooLarge, GraphUnavailable
from graph.transfer.hashes import best_hash
from graph.transfer.meter import Meter
from graph.transfer.ranges import content_length, content_range
from graph.transfer.targets import Target

_NO_CONTENT, _PART = 204, 206
_MOST_RESTARTS = 1
_FILE_NAME = re.compile(r"""filename\*=UTF-8''(?P<encoded>[^;\s]+)|filename="(?P<quoted>[^"]*)\"""", re.IGNORECASE)


class Arrival:
    """The bytes of one file, in their order, however many answers bring them."""

    def __init__(self, target: Target, most: int, item: Mapping[str, Any], meter: Meter) -> None:
        size = item.get("size")
        self._target = target
        self._most = most
        self._item = item
        self._meter = meter
        self._hash = best_hash(item)
        self._restarts = 0
        self._end: int | None = None
        self._is_part = self._is_over = False
        self._furthest = 0
        self.received = 0
        self.total: int | None = None
        self.etag = self.content_type = ""
        self.name = str(item.get("name") or "")
        if isinstance(size, int):
            self._meter.total = size
            self.check_size(size)

    @property
    def is_whole(self) -> bool:
        return self._is_over

    @property
    def is_news(self) -> bool:
        """Whether what came last had not come before."""
        return self.received > self._furthest

    def asked(self) -> list[tuple[str, str]]:
        """The headers that ask for what is missing."""
        if not self.received:
            return []
        # If-Range takes no weak tags, and none without quotes, as OneDrive has them for personal accounts.
        condition = [("If-Range", self.etag)] if self.etag.startswith('"') else []
        return [("Range", f"bytes={self.received}-"), *condition]

    async def begin(self) -> None:
        """From the first byte."""
        self.received, self.total, self.etag = 0, None, ""
        self._is_over = False
        if self._hash is not None:
            self._hash.restart()
        await self._target.begin()

    async def go_on(self) -> None:
        """Before more is asked for: without a tag or a hash nobody could tell whether it is of the same file."""
        if self.received and not self.etag and self._hash is None:
            await self.begin()

    async def opened(self, response: httpx.Response) -> bool:
        """Be ready for the bytes of an answer; False where they are of no use, and the next ones are the first."""
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise _unusable("packs the file, which was not asked for")
        if response.status_code == _PART:
            return await self._continued(response)
        length = content_length(response.headers.get("content-length"))
        if self.received:  # the whole in place of the rest: nobody has parts of it, or it is another one
            await self._restart(is_other=self._differs(response, length))
        self.total, self.etag = None, ""
        self._note(response, 0 if response.status_code == _NO_CONTENT else length)
        self._end, self._is_part = self.total, False
        return True

    async def add(self, data: bytes) -> None:
        """The next bytes."""
        start, self.received = self.received, self.received + len(data)
        self.check_size(self.received)
        if self._end is not None and self.received > self._end:
            raise _unusable("sends more of the file than it says")
        if self._hash is not None:
            self._hash.feed(start, data)
        await self._target.write(data)
        await self._meter.at(self.received)

    def closed(self) -> bool:
        """The answer is over; whether it brought all that it promised."""
        self._furthest = max(self._furthest, self.received)
        # Without a length what ends by itself is whole; a part of it is not.
        self._is_over = self.received == self.total or (self.total is None and not self._is_part)
        return self._end in (None, self.received)

    def broken(self) -> None:
        """The connection failed, before an answer or in the middle of it."""
        self._furthest = max(self._furthest, self.received)
        self._is_over = self.received == self.total

    async def past_the_end(self, text: str | None) -> bool:
        """No bytes are left, says the service; whether that is so. If not, the next ones are the first."""
        found = content_range(text)
        if found is not None and found.total == self.received and self.total in (None, found.total):
            self.total, self._is_over = found.total, True
            return True
        await self._restart(is_other=found is not None)
        return False

    def check_size(self, size: int) -> None:
        """Whether so many bytes are wanted."""
        if size > self._most:
            raise GraphTooLarge(
                "TooLarge",
                f"The file has {size:,} bytes or more, and {self._most:,} are the limit here. Open it in the browser.",
            )

    async def finish(self) -> str | None:
        """All came: compare it with what Graph says of it, and put it in its place; the hash that was compared."""
        agrees = self._hash.agrees(self._item) if self._hash is not None else None
        if agrees is False:
            raise GraphConflict(
                "HashMismatch",
                "What came is not the file that was listed: it was changed meanwhile, or damaged on the way. "
                "Nothing was kept. Read the file's entry again, then download it.",
            )
        await self._target.finish()
        return self._hash.kind if self._hash is not None else None

    async def _continued(self, response: httpx.Response) -> bool:
        found = content_range(response.headers.get("content-range"))
        if found is None or found.end is None or found.first != self.received:
            raise _unusable("sends another part of the file than was asked for")
        if self._differs(response, found.total):
            await self._restart(is_other=True)
            return False
        self._note(response, found.total)
        self._end, self._is_part = found.end, True
        return True

    def _differs(self, response: httpx.Response, total: int | None) -> bool:
        """Whether an answer is of another file than what came so far."""
        etag = response.headers.get("etag", "")
        is_other = bool(etag and self.etag and etag != self.etag)
        return is_other or (total is not None and self.total is not None and total != self.total)

    def _note(self, response: httpx.Response, total: int | None) -> None:
        if total is not None:
            self.check_size(total)
            self._meter.total = self.total = total
        self.etag = response.headers.get("etag", "") or self.etag
        self.content_type = response.headers.get("content-type", "") or self.content_type
        self.name = self.name or _name_in(response.headers.get("content-disposition", ""))

    async def _restart(self, *, is_other: bool) -> None:
        self._restarts += is_other
        if self._restarts > _MOST_RESTARTS:
            raise GraphConflict(
                "ChangedMeanwhile", "The file keeps changing while it is being read. Try again when it is at rest."
            )
        await self.begin()


def _name_in(disposition: str) -> str:
    found = _FILE_NAME.search(disposition)
    if found is None:
        return ""
    return unquote(found["encoded"], errors="replace") if found["encoded"] else found["quoted"]


def _unusable(what: str) -> GraphUnavailable:
    return GraphUnavailable(
        "BadAnswer", f"Whoever answers {what}. Try again; if it happens again, look for a proxy that changes answers."
    )
