"""Large attachments, sent in ranges to an address that needs no token."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote

from emulator.faults import MethodNotAllowed
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.mishaps import mishap_of
from emulator.graph.engine.target import Target
from emulator.graph.mail.attachments import attachment
from emulator.graph.mail.errors import AttachmentTooLarge, AttachmentTooSmall, InvalidArgument, UploadGone, WrongRange
from emulator.graph.mail.message import attach
from emulator.graph.mail.workload import mail
from emulator.graph.mail.writing import INLINE_LIMIT
from emulator.moments import timestamp
from emulator.store import Entity

_LARGEST = 150 * 1024 * 1024
_LIFE = timedelta(days=1)
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_PATH = "attachmentSessions"


@dataclass
class Upload:
    """A file on its way to an item."""

    owner: Entity
    path: str
    values: dict[str, Any]
    size: int
    expires: datetime
    received: bytearray = field(default_factory=bytearray)

    def state(self) -> dict[str, Any]:
        """What a caller is told after each range."""
        return {"expirationDateTime": timestamp(self.expires), "nextExpectedRanges": [f"{len(self.received)}-"]}


@attachment.collection_operation("createUploadSession")
def create_session(call: Call, target: Target) -> Answer:
    """Open an address for a file that is too large for one request."""
    given = arguments(call, target)
    item = given.get("AttachmentItem") or given.get("attachmentItem") or {}
    size = item.get("size")
    if not item.get("name") or size is None:
        raise InvalidArgument("The 'AttachmentItem' must have a name and a size.", code="ErrorInvalidArgument")
    if size < INLINE_LIMIT:
        raise AttachmentTooSmall
    if size > _LARGEST:
        raise AttachmentTooLarge
    owner, home = target.owner, target.home
    assert owner is not None and home is not None  # noqa: S101, PT018 - attachments hang on an item of a mailbox
    values = {name: item[name] for name in ("name", "contentId", "isInline") if item.get(name) is not None}
    values["contentType"] = item.get("contentType") or "application/octet-stream"
    place = call.path.rpartition("/")[0]
    upload = Upload(owner, f"{call.root}/{place}", values, size, call.now + _LIFE)
    secret = token_urlsafe(32)
    uploads_of(home)[secret] = upload
    address = f"{call.root}/{_PATH}/{call.tenant.id}/{home.id}/{secret}"
    context = f"{call.root}/$metadata#microsoft.graph.uploadSession"
    return Answer({"@odata.context": context, "uploadUrl": address, **upload.state()}, 201)


@mail.open_path(_PATH)
def at_address(call: Call, rest: str) -> Answer:
    """PUT of a range, GET of how far it came, DELETE of the whole."""
    _, _, place = rest.strip("/").partition("/")
    home_id, _, secret = place.partition("/")
    home = call.tenant.people.get(home_id) or call.tenant.store.root("groups").get(home_id)
    upload = uploads_of(home).get(secret) if home else None
    if home is None or upload is None or upload.expires <= call.now:
        raise UploadGone
    if call.method == "DELETE":
        del uploads_of(home)[secret]
        return NO_CONTENT
    if call.method == "GET":
        return Answer(_told(call, upload))
    if call.method != "PUT":
        raise MethodNotAllowed
    _take(call, upload)
    if len(upload.received) < upload.size:
        return Answer(_told(call, upload))
    del uploads_of(home)[secret]
    return _finished(call, upload)


def uploads_of(home: Entity) -> dict[str, Upload]:
    """The open sessions of a person or group by their secrets."""
    found: dict[str, Upload] = home.state.setdefault("attachment uploads", {})
    return found


def _take(call: Call, upload: Upload) -> None:
    found = _RANGE.fullmatch(call.headers.get("content-range", "").strip())
    if found is None:
        raise InvalidArgument("The Content-Range header is missing or malformed.", code="ErrorInvalidArgument")
    first, last, total = map(int, found.groups())
    if total != upload.size or first != len(upload.received) or last - first + 1 != len(call.body) or last >= total:
        raise WrongRange
    upload.received += call.body
    del upload.received[mishap_of(call).kept(len(upload.received), len(call.body)) :]


def _finished(call: Call, upload: Upload) -> Answer:
    content = base64.b64encode(bytes(upload.received)).decode()
    values = {**upload.values, "contentBytes": content, "contentLocation": None, "lastModifiedDateTime": call.stamp}
    found = attach(upload.owner, values)
    upload.owner.touch()
    place = f"{upload.path}('{quote(found.id, safe='')}')"
    return Answer(None, 201, {"Location": place})


def _told(call: Call, upload: Upload) -> dict[str, Any]:
    return {"@odata.context": f"{call.root}/$metadata#microsoft.graph.uploadSession", **upload.state()}
