"""Pre-authenticated addresses: whoever has one may read what it was made for, until it expires."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import sys
from urllib.parse import quote, unquote

from emulator.graph.drives import state
from emulator.graph.drives.documents import pdf, png
from emulator.graph.drives.errors import BadRange, LinkExpired, NoSuchItem
from emulator.graph.drives.files import media_type
from emulator.graph.drives.service import ctag, drives
from emulator.graph.engine.call import Answer, Call
from emulator.store import Entity
from emulator.tenant import Tenant

_SECONDS = 3600
_PLACE = "driveDownloads"
_DIGITS = 18
_RANGE = re.compile(r"bytes=(?P<first>[0-9]*)-(?P<last>[0-9]*)")
_PICTURE = re.compile(r"picture:(?P<width>\d+)x(?P<height>\d+)")


def download_url(call: Call, item: Entity, part: str = "") -> str:
    """An address for the bytes of a file; `part` is another form of them: `version:1.0`, `pdf`, `picture:96x96`."""
    of = state.drive(item)
    until = str(int(call.now.timestamp()) + _SECONDS)
    place = f"{call.root}/{_PLACE}/{call.tenant.id}/{quote(of.id)}/{quote(item.id)}"
    also = f"&part={quote(part)}" if part else ""
    return f"{place}?tempauth={until}.{_seal(of, item.id, part, until)}{also}"


@drives.open_path(_PLACE)
def download(call: Call, rest: str) -> Answer:
    """The bytes behind such an address."""
    item = _item(call.tenant, rest)
    part = call.plain("part") or ""
    until, _, seal = (call.plain("tempauth") or "").partition(".")
    is_ours = hmac.compare_digest(seal.encode(), _seal(state.drive(item), item.id, part, until).encode())
    if not is_ours or call.now.timestamp() > int(until):
        raise LinkExpired
    data, kind = form_of(item, part)
    return served(call, data, kind, str(item["name"]), ctag(item) if not part else f'"{part}"')


def form_of(item: Entity, part: str) -> tuple[bytes, str]:
    """The bytes of a form of a file, and their type."""
    content = state.content_of(item)
    name = str(item["name"])
    if part.startswith("version:"):
        wanted = part.partition(":")[2]
        found = next((one for one in state.versions_of(item) if one["id"] == wanted), None)
        if found is None:
            raise NoSuchItem
        return found["content"].data, media_type(name)
    if part == "pdf":
        return pdf([name, "", *content.text(name).splitlines()]), "application/pdf"
    picture = _PICTURE.fullmatch(part)
    if picture:
        return png(int(picture["width"]), int(picture["height"]), int(content.hashes["sha1Hash"][:4], 16)), "image/png"
    return content.data, media_type(name)


def served(call: Call, data: bytes, kind: str, name: str, tag: str) -> Answer:
    """Bytes, or the range of them that was asked for."""
    headers = {
        "Content-Type": kind,
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
    }
    asked = _RANGE.fullmatch(call.headers.get("range", "").strip().lower())
    unchanged = call.headers.get("if-range", tag) == tag
    if asked is None or not (asked["first"] or asked["last"]) or not unchanged:
        return Answer(data, 200, headers)
    first, last = _bounds(asked["first"], asked["last"], len(data))
    if first > last or first >= len(data):
        fault = BadRange()
        fault.headers = {"Content-Range": f"bytes */{len(data)}"}
        raise fault
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Answer(data[first : last + 1], 206, headers)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - _number(last)), size - 1 if _number(last) else -1
    return _number(first), min(_number(last), size - 1) if last else size - 1


def _number(digits: str) -> int:
    """However many digits there are: Python reads no more than some thousands."""
    return min(int(digits[:_DIGITS]), sys.maxsize) if len(digits) <= _DIGITS else sys.maxsize


def _item(tenant: Tenant, rest: str) -> Entity:
    parts = [unquote(part) for part in rest.split("/")]
    of = tenant.store.root("drives").get(parts[1]) if len(parts) == 3 else None
    item = of.set_of("items").get(parts[2]) if of is not None else None
    if item is None:
        raise NoSuchItem
    return item


def _seal(of: Entity, item_id: str, part: str, until: str) -> str:
    raw = hmac.digest(of.state["key"], f"{item_id}\n{part}\n{until}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(raw[:24]).decode()
