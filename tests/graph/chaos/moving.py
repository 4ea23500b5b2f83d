"""Files on their way: downloads, uploads, attachments, and a copy that takes Graph a while."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

from emulator.graph.drives import state as drives
from emulator.graph.drives.files import Content
from emulator.store import Entity
from graph import wire
from graph.transfer import BufferTarget, BytesSource, FileSource, FileTarget
from tests.graph.chaos.deed import Deed, Part, a_message, alone, path_of
from tests.graph.chaos.stage import Stage
from tests.graph.transfer.support import noise

_CREATED = "2026-01-05T08:00:00Z"
SMALL_FILE = noise(200_000, seed=2)
LARGE_FILE = noise(4 * 1024 * 1024 + 1, seed=3)


def download(stage: Stage, folder: Path) -> Deed:
    item = _file(stage, SMALL_FILE)
    hashes = {"quickXorHash": drives.content_of(item).hashes["quickXorHash"]}
    facts = {"size": len(SMALL_FILE), "file": {"hashes": hashes}}
    place = folder / "file.bin"

    async def read() -> Any:
        target = FileTarget(place)
        return await stage.graph.download(_content(item), target, most=1_000_000, item=facts)

    return alone(read, Part(lambda found: found.size == len(SMALL_FILE) and place.read_bytes() == SMALL_FILE))


def download_attachment(stage: Stage, folder: Path) -> Deed:
    """Mail gives its files at once, and says nothing of their hashes."""
    message = a_message(stage)
    attached = message.attach({"name": "a.bin", "contentBytes": _base64(SMALL_FILE), "contentType": "image/png"})
    path = f"{path_of(message)}/attachments/{wire.path_segment(attached.id)}/$value"

    async def read() -> Any:
        target = BufferTarget(1_000_000)
        await stage.graph.download(path, target, most=1_000_000)
        return target.data

    return alone(read, Part(lambda data: data == SMALL_FILE))


def upload(stage: Stage, folder: Path) -> Deed:
    return _upload(stage, folder, SMALL_FILE)


def upload_in_session(stage: Stage, folder: Path) -> Deed:
    return _upload(stage, folder, LARGE_FILE)


def _upload(stage: Stage, folder: Path, data: bytes) -> Deed:
    source = folder / "source.bin"
    source.write_bytes(data)
    root = drives.root_of(drives.drive_of(stage.tenant, stage.me))

    async def send() -> Any:
        async with FileSource(source) as file:
            try:
                return await stage.graph.upload("me/drive/root:/new.bin:", file, name="new.bin")
            finally:
                await asyncio.to_thread(source.unlink)

    def stored() -> int:
        found = [each for each in drives.children_of(root) if each["name"].startswith("new")]
        assert all(drives.content_of(each).data == data for each in found), "half a file is in the drive"
        return len(found)

    return alone(send, Part(lambda item: (item["name"], item["size"]) == ("new.bin", len(data)), stored, 1))


def attach(stage: Stage, folder: Path) -> Deed:
    return _attach(stage, SMALL_FILE)


def attach_in_session(stage: Stage, folder: Path) -> Deed:
    return _attach(stage, LARGE_FILE)


def _attach(stage: Stage, data: bytes) -> Deed:
    message = stage.tenant.add_message(stage.me, "Draft with a file", folder="drafts", is_draft=True)

    def attached() -> int:
        assert all(each.content == data for each in message.attachments), "half a file hangs on the draft"
        return len(message.attachments)

    def is_it(found: Any) -> bool:
        mine = message.attachments[0]
        return found in {mine.id, mine.id_below(message.immutable_id)}

    return alone(
        lambda: stage.graph.attach(path_of(message), BytesSource(data), name="new.bin"), Part(is_it, attached, 1)
    )


def copy(stage: Stage, folder: Path) -> Deed:
    """What takes Graph a while."""
    item = _file(stage, SMALL_FILE)
    root = drives.root_of(drives.drive_of(stage.tenant, stage.me))
    call = stage.graph.call("POST", f"me/drive/items/{item.id}/copy", body={"name": "copy.bin"})

    def copies() -> list[Entity]:
        return [each for each in drives.children_of(root) if each["name"].startswith("copy")]

    return alone(
        lambda: stage.graph.run(call),
        Part(lambda found: copies()[0].id in (found.get("resourceId"), found.get("id")), lambda: len(copies()), 1),
    )


def _content(item: Entity) -> str:
    return f"me/drive/items/{wire.path_segment(item.id)}/content"


def _file(stage: Stage, data: bytes) -> Entity:
    root = drives.root_of(drives.drive_of(stage.tenant, stage.me))
    return drives.add_file(root, "file.bin", Content(data), drives.Doing({}, _CREATED, stage.me.id))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
