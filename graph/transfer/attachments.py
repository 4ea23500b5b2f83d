"""Attachments on their way to a draft: small ones inside a request, large ones in a session."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from errors import AppError, GraphTooLarge, GraphUncertain, ToolInputError
from graph.calls import Call, Reply, Speaker
from graph.sending import Sender
from graph.service import GraphService
from graph.transfer.looking import Began
from graph.transfer.meter import Meter, Progress
from graph.transfer.sessions import STEP, send_in_session, uncertain
from graph.transfer.sources import Source
from graph.writing import written

SMALL = 3 * 1024 * 1024
LARGEST = 150 * 1024 * 1024
FRAGMENT = 12 * STEP  # the largest below 4 MB

_JSON = (
    ("Accept", "application/json"),
    ("Content-Type", "application/json"),
    ("Prefer", 'IdType="ImmutableId"'),
)
_PLACE = re.compile(r"attachments(?:\('([^']+)'\)|/([^/?#]+))/?(?:[?#].*)?\Z", re.IGNORECASE)


async def upload_attachment(
    service: GraphService,
    speaker: Speaker,
    message: str,
    source: Source,
    *,
    name: str,
    content_type: str = "application/octet-stream",
    is_inline: bool = False,
    content_id: str = "",
    version: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Attach a file to a draft or an event, whose path is given; the attachment's id."""
    if source.size > LARGEST:
        raise GraphTooLarge(
            "TooLarge",
            f"The file has {source.size:,} bytes, and mail takes {LARGEST:,} at most. "
            "Put it into OneDrive and send a link to it.",
        )
    facts: dict[str, Any] = {"name": name, "contentType": content_type, "isInline": is_inline}
    if content_id:
        facts["contentId"] = content_id
    meter = Meter(progress, source.size)
    place = f"{message}/attachments"
    goal = _Attachment(service.sender, speaker, place, source, facts, service.version(version))
    if source.size >= SMALL:
        return await send_in_session(service, source, goal, meter)
    found = await goal.at_once()
    await meter.at(source.size)
    return found


@dataclass
class _Attachment:
    """A file that is to hang on a draft: a goal of upload sessions."""

    sender: Sender
    speaker: Speaker
    place: str
    source: Source
    facts: dict[str, Any]
    version: str
    fragment: int = FRAGMENT
    is_safe_twice: bool = False
    """Mail takes the same file as often as it is sent."""
    began: Began = field(default_factory=Began)

    async def at_once(self) -> str:
        """Inside one request, which is not sent again."""
        data = await self.source.read(0, self.source.size)
        if len(data) != self.source.size:
            raise ToolInputError("The file has become shorter while it was read. Send it again when it is at rest.")
        content = base64.b64encode(data).decode()
        call = self._post("", {"@odata.type": "#microsoft.graph.fileAttachment", **self.facts, "contentBytes": content})
        try:
            made = written(call, await self.sender.send(call, self.speaker))
            return _id_of(made)
        except GraphUncertain as lost:
            return await self._found_after(lost)

    async def open(self) -> dict[str, Any]:
        """A session for a file of this name and size."""
        item = {"attachmentType": "file", "size": self.source.size, **self.facts}
        call = self._post("/createUploadSession", {"AttachmentItem": item}, repeatable=True)
        return (await self.sender.send(call, self.speaker)).object()

    def made(self, reply: Reply) -> str | None:
        """The id, which stands in the Location of the answer to the last range."""
        found = _PLACE.search(reply.headers.get("location", ""))
        return unquote(found[1] or found[2]) if found else None

    async def look(self) -> str | None:
        """The one attachment of this name that is there since we began.

        Outlook gives no hashes, and its sizes count what it adds.
        """
        select = "$select=id,name,size,lastModifiedDateTime"
        call = Call("GET", self.place, select, self.version, _JSON)
        reply = await self.sender.send(call, self.speaker)
        page = reply.object()
        if "@odata.nextLink" in page:
            raise uncertain()
        listed = page.get("value")
        fresh = [each for each in listed if self._may_be_ours(each, reply)] if isinstance(listed, list) else []
        if not fresh:
            return None
        if len(fresh) > 1 or self.began.is_before(fresh[0].get("lastModifiedDateTime"), reply.headers) is None:
            raise uncertain()
        return _id_of(fresh[0])

    def _may_be_ours(self, found: object, reply: Reply) -> bool:
        if not isinstance(found, dict) or not isinstance(size := found.get("size"), int):
            return False
        is_large_enough = size >= self.source.size
        is_older = self.began.is_before(found.get("lastModifiedDateTime"), reply.headers) is False
        return found.get("name") == self.facts["name"] and is_large_enough and not is_older

    async def _found_after(self, lost: GraphUncertain) -> str:
        try:
            found = await self.look()
        except AppError:
            found = None
        if found is None:
            raise lost
        return found

    def _post(self, action: str, body: dict[str, Any], *, repeatable: bool = False) -> Call:
        content = json.dumps(body).encode()
        return Call("POST", f"{self.place}{action}", "", self.version, _JSON, content, repeatable)


def _id_of(found: dict[str, Any]) -> str:
    if not isinstance(key := found.get("id"), str):
        raise uncertain()
    return key
