"""Bytes on their way in: small files at once, large ones in ranges."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from emulator.graph.drives import names, state
from emulator.graph.drives.downloads import download_url
from emulator.graph.drives.errors import (
    BadDriveRequest,
    BadRange,
    ItemModified,
    NameTaken,
    NoConversion,
    NoSuchItem,
    TooLarge,
    UploadNameConflict,
)
from emulator.graph.drives.files import Content, becomes_pdf
from emulator.graph.drives.places import parent_and_name, reached
from emulator.graph.drives.service import check_match, conflict_wish, doing, drives, etag, item, item_answer
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.mishaps import mishap_of
from emulator.graph.engine.plan import ToPath
from emulator.graph.engine.query import Query
from emulator.graph.engine.rendering import rendered
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import View
from emulator.moments import timestamp
from emulator.store import Entity

_AT_ONCE = 250 * 1024 * 1024
_STEP = 320 * 1024
_LARGEST_RANGE = 60 * 1024 * 1024
_LIFE = timedelta(days=1)
_PLACE = "driveUploads"
_CONTENT_RANGE = re.compile(r"bytes\s+(\d+)-(\d+)/(\d+)")


@dataclass
class Session:
    """One file on its way in: what came so far, and what becomes of it."""

    secret: str
    folder: Entity
    name: str
    wish: str
    doing: state.Doing
    call: Call
    target: Target
    expires: datetime
    replaces: Entity | None = None
    deferred: bool = False
    details: dict[str, Any] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    received: int = 0
    total: int | None = None

    @property
    def is_whole(self) -> bool:
        return self.total is not None and self.received == self.total

    def keep(self, size: int) -> None:
        """Have only the beginning of what came in."""
        if size < self.received:
            self.chunks, self.received = [b"".join(self.chunks)[:size]], size


@item.hook("read")
def read_content(call: Call, target: Target) -> Answer:
    """`/content`: where the bytes can be had, in another format if that was asked for."""
    entity = target.entity
    if entity is None:
        raise NoSuchItem
    content = state.content_of(entity)
    wanted = call.plain("format")
    if wanted is not None and (wanted.lower() != "pdf" or not becomes_pdf(entity["name"])):
        raise NoConversion
    state.note(entity, "access", doing(call))
    part = "pdf" if wanted else ""
    tags = call.headers.get("if-none-match")
    if tags and tags.strip() in {etag(entity), content.hashes["quickXorHash"]}:
        return Answer(None, 304)
    return Answer(None, 302, {"Location": download_url(call, entity, part)})


@item.hook("write")
def write_content(call: Call, target: Target) -> Answer:
    """PUT of `/content`: a new file, or a file's next version."""
    if call.method != "PUT":
        raise BadDriveRequest("The content of a file cannot be deleted without the file.")
    if len(call.body) > _AT_ONCE:
        raise TooLarge
    entity = target.entity
    if entity is not None:
        return _over(call, target, entity)
    base, path = parent_and_name(target)
    if not path:
        raise BadDriveRequest("A file needs a name.")
    names.checked_name(path[-1])
    state.check_room(state.drive(base), len(call.body))
    folder = state.folder_at(reached(call, base), path[:-1], doing(call))
    found = state.add_file(folder, path[-1], Content(call.body), doing(call))
    return item_answer(call, target, found, 201)


@item.operation("createUploadSession")
def create_session(call: Call, target: Target) -> Answer:
    """An address to send a large file to, range by range."""
    wish = call.json.get("item") or {}
    if not isinstance(wish, dict):
        raise BadDriveRequest("The item must be an object.")
    folder, name, replaces = _destination(target, wish)
    behaviour = conflict_wish(call, wish, "fail" if _by_path(target) else "replace")
    reached(call, folder)
    existing = replaces or state.called(folder, name)
    if existing is not None:
        if call.headers.get("if-match"):
            check_match(call, existing)
        if behaviour == "fail" or not state.is_file(existing):
            raise NameTaken
    elif call.headers.get("if-match", "*") != "*":
        raise ItemModified
    size = wish.get("fileSize")
    if isinstance(size, int):
        state.check_room(state.drive(folder), size)
    session = Session(
        secrets.token_urlsafe(24), folder, name, behaviour, doing(call), call, target, call.now + _LIFE,
        replaces=existing if behaviour == "replace" else None,
        deferred=call.json.get("deferCommit") is True,
        details={key: wish[key] for key in ("description", "fileSystemInfo") if key in wish},
    )  # fmt: skip
    of = state.drive(folder)
    of.state["uploads"][session.secret] = session
    address = f"{call.root}/{_PLACE}/{call.tenant.id}/{session.secret}"
    head = {"@odata.context": f"{call.root}/$metadata#microsoft.graph.uploadSession"}
    return Answer({**head, **_status(session), "uploadUrl": address})


@drives.open_path(_PLACE)
def upload(call: Call, rest: str) -> Answer:
    """One range, the state of things, the end, or the commit."""
    session = _session(call, rest.partition("/")[2])
    if call.method == "PUT":
        return _range(call, session)
    if call.method == "GET":
        return Answer(_status(session))
    if call.method == "POST" and session.deferred and session.is_whole:
        return _finished(session)
    if call.method != "DELETE":
        raise BadDriveRequest("The upload session cannot be completed by this request.")
    _closed(session)
    return NO_CONTENT


def finish_from_source(call: Call, folder: Entity, values: Values) -> Entity:
    """The file of an upload that ended in a conflict of names, under the name that the caller now gives."""
    address = str(values.annotations["@microsoft.graph.sourceUrl"])
    session = _session(call, address.rpartition("/")[2])
    if not session.is_whole:
        raise BadDriveRequest("The upload session is not complete.")
    wish = conflict_wish(call, values.annotations, "fail")
    session.folder, session.name, session.wish = folder, names.checked_name(values.get("name")), wish
    return _file_of(session)


def _over(call: Call, target: Target, entity: Entity) -> Answer:
    check_match(call, entity)
    if call.headers.get("if-none-match", "").strip() == "*":
        raise ItemModified
    wish = conflict_wish(call, {}, "replace")
    state.content_of(entity)
    if wish == "fail":
        raise NameTaken
    state.check_room(state.drive(entity), len(call.body))
    folder = state.parent_of(entity)
    if wish == "rename" and folder is not None:
        name = state.free_name(folder, entity["name"])
        return item_answer(call, target, state.add_file(folder, name, Content(call.body), doing(call)), 201)
    state.write(entity, Content(call.body), doing(call))
    return item_answer(call, target, entity)


def _by_path(target: Target) -> bool:
    return any(isinstance(step, ToPath) for step in target.plan.steps)


def _destination(target: Target, wish: dict[str, Any]) -> tuple[Entity, str, Entity | None]:
    """Where the file goes and what it is called; for a file that exists, that file."""
    entity = target.entity
    if entity is None:
        base, path = parent_and_name(target)
        if not path:
            raise BadDriveRequest("A file needs a name.")
        folder = state.folder_at(base, path[:-1], state.Doing(base["createdBy"], base["createdDateTime"]))
        return folder, names.checked_name(path[-1]), None
    folder_of = state.parent_of(entity)
    if state.is_folder(entity):
        return entity, names.checked_name(wish.get("name")), None
    if folder_of is None:
        raise NoSuchItem
    return folder_of, entity["name"], entity


def _session(call: Call, secret: str) -> Session:
    found = (of.state["uploads"].get(secret) for of in state.drives_of(call.tenant))
    session = next((one for one in found if isinstance(one, Session)), None)
    if session is None or call.now > session.expires:
        raise NoSuchItem("The upload session was not found")
    return session


def _status(session: Session) -> dict[str, Any]:
    # Both ends once the first range has told the length: Microsoft's Python client needs the second.
    end = "" if session.total is None else session.total - 1
    ranges = [] if session.is_whole else [f"{session.received}-{end}"]
    return {"expirationDateTime": timestamp(session.expires), "nextExpectedRanges": ranges}


def _range(call: Call, session: Session) -> Answer:
    """Take one range; the last one makes the file."""
    first, last, total = _read_range(call)
    if len(call.body) != last - first + 1:
        raise BadDriveRequest("Declared fragment length does not match the provided number of bytes.")
    if len(call.body) > _LARGEST_RANGE:
        raise TooLarge("The fragment is larger than 60 MiB.")
    if session.total is not None and total != session.total:
        raise BadDriveRequest("The total length of the file is not what the earlier fragments said.")
    if first != session.received or session.is_whole:
        raise BadRange(
            "The fragment overlaps with one received before."
            if first < session.received
            else "The fragment is out of order."
        )
    if last + 1 < total and len(call.body) % _STEP:
        raise BadDriveRequest(
            "The fragment length must be a multiple of 320 KiB (327,680 bytes) unless it is the last one."
        )
    if session.total is None:
        state.check_room(state.drive(session.folder), total)
    session.chunks.append(call.body)
    session.received, session.total = last + 1, total
    session.keep(mishap_of(call).kept(session.received, len(call.body)))
    if session.is_whole and not session.deferred:
        return _finished(session)
    session.expires = call.now + _LIFE
    return Answer(_status(session), 202)


def _read_range(call: Call) -> tuple[int, int, int]:
    text = call.headers.get("content-range", "")
    found = _CONTENT_RANGE.fullmatch(text.strip())
    if found is None:
        if not text and call.body:
            return 0, len(call.body) - 1, len(call.body)
        raise BadDriveRequest("Invalid Content-Range header value")
    first, last, total = (int(number) for number in found.groups())
    if not first <= last < total:
        raise BadDriveRequest("Invalid Content-Range header value")
    return first, last, total


def _finished(session: Session) -> Answer:
    is_new = session.replaces is None
    found = _file_of(session)
    return Answer(_shown(session, found), 201 if is_new else 200, {"ETag": etag(found)})


def _file_of(session: Session) -> Entity:
    """The file that the ranges make."""
    content = Content(b"".join(session.chunks))
    other = state.called(session.folder, session.name)
    if session.folder.id not in state.drive(session.folder).set_of("items").entities:
        raise NoSuchItem
    if session.replaces is not None and other is session.replaces:
        state.write(other, content, session.doing)
        _closed(session)
        return _detailed(other, session)
    if other is not None and session.wish == "rename":
        session.name = state.free_name(session.folder, session.name)
    elif other is not None and session.wish == "replace" and state.is_file(other):
        state.write(other, content, session.doing)
        _closed(session)
        return _detailed(other, session)
    elif other is not None:
        # What was sent is kept: the caller may still give it another name.
        raise UploadNameConflict
    found = state.add_file(session.folder, session.name, content, session.doing)
    _closed(session)
    return _detailed(found, session)


def _detailed(found: Entity, session: Session) -> Entity:
    if isinstance(session.details.get("fileSystemInfo"), dict):
        found.values["fileSystemInfo"] = {**(found.get("fileSystemInfo") or {}), **session.details["fileSystemInfo"]}
    if isinstance(session.details.get("description"), str):
        found.values["description"] = session.details["description"]
    return found


def _closed(session: Session) -> None:
    state.drive(session.folder).state["uploads"].pop(session.secret, None)


def _shown(session: Session, found: Entity) -> dict[str, Any]:
    """The item as whoever began the session sees it."""
    call = session.call.at("GET", session.call.path, ())
    view = View(session.target.service, call, session.target)
    return rendered(view, view.shown(found), Query(), found.kind)
