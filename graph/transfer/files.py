"""Files on their way to a drive: small ones at once, large ones in a session."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from errors import AppError, GraphUnavailable, GraphUncertain, ToolInputError
from graph import deadline
from graph.calls import Call, Reply, Speaker
from graph.sending import Sender
from graph.service import GraphService
from graph.transfer.hashes import Rolling
from graph.transfer.looking import Began
from graph.transfer.meter import Meter, Progress
from graph.transfer.sessions import STEP, send_in_session, uncertain
from graph.transfer.sources import Source
from graph.transfer.trying import Patience
from graph.wire import matches, path_segment, read_object
from graph.writing import written

log = logging.getLogger(__name__)

Conflict = Literal["fail", "replace", "rename"]

# What every cloud took in one request at any time, and what is no loss to send again or to hold in memory. Microsoft
# advises sessions above 10 MiB and takes 250 MB at once.
SMALL = 4 * 1024 * 1024
FRAGMENT = 32 * STEP  # 10 MiB

_JSON = (("Accept", "application/json"), ("Content-Type", "application/json"))
_NOT_FOUND, _CREATED = 404, 201
_HASH = "quickXorHash"  # the one that every kind of drive has
# SharePoint writes properties of the library into these, so that they are never what was sent.
_REWRITTEN = re.compile(
    r".*\.(?:aspx|do[ct][mx]?|html?|mht(?:ml)?|one|p(?:ot|ps|pt)[mx]?|vsd[mx]|xls[bmx]?|xlt[mx]?)",
    re.IGNORECASE | re.DOTALL,
)
_NEVER_REWRITES = frozenset({"personal", "business"})


async def upload_file(
    service: GraphService,
    speaker: Speaker,
    path: str,
    source: Source,
    *,
    name: str,
    conflict: Conflict = "fail",
    if_match: str = "",
    content_type: str = "application/octet-stream",
    version: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Store a file, and return its driveItem.

    `path` is the file's own address: `me/drive/root:/Reports/a.pdf:`, or `me/drive/items/{id}` for one that exists.
    """
    meter = Meter(progress, source.size)
    condition = tuple(matches(if_match).items()) if if_match else ()
    file = DriveFile(service.sender, speaker, path, source, name, conflict, condition, service.version(version))
    if source.size <= SMALL:
        item = await file.at_once(content_type)
        await meter.at(source.size)
    else:
        item = await send_in_session(service, source, file, meter, file.hash)
    await file.check(item)
    return item


@dataclass
class DriveFile:
    """A file that is to be in a drive: a goal of upload sessions."""

    sender: Sender
    speaker: Speaker
    path: str
    source: Source
    name: str
    conflict: Conflict
    condition: tuple[tuple[str, str], ...]
    version: str
    fragment: int = FRAGMENT
    is_new: bool = False
    began: Began = field(default_factory=Began)
    hash: Rolling = field(default_factory=lambda: Rolling(_HASH))

    @property
    def is_safe_twice(self) -> bool:
        """Whether a second try meets the first one, and makes no second file."""
        return self.conflict != "rename"

    async def at_once(self, content_type: str) -> dict[str, Any]:
        """In one request. After a lost answer it is looked for, before it is sent again where that can do no harm."""
        data = await self.source.read(0, self.source.size)
        if len(data) != self.source.size:
            raise ToolInputError("The file has become shorter while it was read. Send it again when it is at rest.")
        self.hash.feed(0, data)
        headers = (_JSON[0], ("Content-Type", content_type), *self.condition)
        query = f"@microsoft.graph.conflictBehavior={self.conflict}"
        repeatable = self.conflict == "replace"
        call = Call("PUT", f"{self.path}/content", query, self.version, headers, data, repeatable)
        patience, lost = Patience(deadline.end()), None
        while True:
            try:
                return await self._put(call)
            except AppError as error:
                lost = error if lost is None and isinstance(error, GraphUncertain) else lost
                if lost is None:
                    raise
            if made := await self._found_after(lost):
                return made
            await patience.wait(lost)

    async def _put(self, call: Call) -> dict[str, Any]:
        reply = await self.sender.send(call, self.speaker)
        self.is_new = reply.status == _CREATED
        return written(call, reply)

    async def open(self) -> dict[str, Any]:
        """A session. Nothing is told of the size: some drives were seen to refuse that, and the first range has it."""
        item = {"@microsoft.graph.conflictBehavior": self.conflict, "name": self.name}
        body = json.dumps({"item": item}).encode()
        headers = (*_JSON, *self.condition)
        call = Call("POST", f"{self.path}/createUploadSession", "", self.version, headers, body, repeatable=True)
        return (await self.sender.send(call, self.speaker)).object()

    def made(self, reply: Reply) -> dict[str, Any] | None:
        """The driveItem, which the answer to the last range has."""
        try:
            item = read_object(reply.body)
        except GraphUnavailable:
            return None
        self.is_new = reply.status == _CREATED
        return item if "id" in item else None

    async def look(self) -> dict[str, Any] | None:
        """The file that is at this place, if that is what was sent."""
        call = Call("GET", self.path.removesuffix(":"), version=self.version, headers=_JSON[:1])
        reply = await self.sender.send(call, self.speaker)
        if reply.status == _NOT_FOUND:
            return None
        item = reply.object()
        if not self._is_ours(item, reply):
            raise uncertain()
        return item

    async def check(self, item: Mapping[str, Any]) -> None:
        """Whether Graph has what was sent. A new file that is damaged is taken away again."""
        if self._is_same(item) is not False:
            return
        outcome = "The file that was there before is in its version history."
        if self.is_new:
            outcome = "It was taken away again." if await self._removed(item) else "Delete it."
        raise GraphUnavailable("HashMismatch", f"What arrived is not what was sent. {outcome} Then send it once more.")

    async def _found_after(self, lost: GraphUncertain) -> dict[str, Any] | None:
        """The file if it got there, None where sending it again makes no second one; else the loss stands."""
        try:
            made = await self.look()
        except AppError:
            raise lost from None
        if made is None and not self.is_safe_twice:
            raise lost
        return made

    def _is_ours(self, item: Mapping[str, Any], reply: Reply) -> bool:
        is_same = self._is_same(item)
        if is_same is False or (is_same and self.conflict != "rename"):
            return bool(is_same)
        when = "createdDateTime" if self.conflict == "rename" else "lastModifiedDateTime"
        return self.began.is_before(item.get(when), reply.headers) is True

    def _is_same(self, item: Mapping[str, Any]) -> bool | None:
        """Whether an item has the bytes of the source; None where that cannot be said."""
        agrees = self.hash.agrees(item)
        if agrees is None and item.get("size", self.source.size) != self.source.size:
            agrees = False
        return None if agrees is False and _is_rewritten(item) else agrees

    async def _removed(self, item: Mapping[str, Any]) -> bool:
        try:
            drive, key = path_segment(str(_parent(item).get("driveId", ""))), path_segment(str(item.get("id", "")))
            condition = tuple(matches(str(item["eTag"])).items()) if item.get("eTag") else ()
            place = f"drives/{drive}/items/{key}"
            call = Call("DELETE", place, version=self.version, headers=condition, repeatable=True)
            return (await self.sender.send(call, self.speaker)).is_success
        except AppError as error:
            log.warning("a damaged upload could not be removed", extra={"cause": type(error).__name__})
            return False


def _is_rewritten(item: Mapping[str, Any]) -> bool:
    is_kind = _REWRITTEN.fullmatch(str(item.get("name", ""))) is not None
    return is_kind and _parent(item).get("driveType") not in _NEVER_REWRITES


def _parent(item: Mapping[str, Any]) -> Mapping[str, Any]:
    parent = item.get("parentReference")
    return parent if isinstance(parent, Mapping) else {}
