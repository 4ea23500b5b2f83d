"""What is written: made, changed, set, taken away, alone and in batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.graph.mail.message import Message
from emulator.store import Change
from errors import AppError
from tests.graph.chaos.deed import (
    SELECT,
    SEVERAL,
    Deed,
    Part,
    a_message,
    alone,
    is_message,
    outcome,
    path_of,
    together,
)
from tests.graph.chaos.stage import Stage

_BLUE = {"categories": ["Blue"]}


def post(stage: Stage, folder: Path) -> Deed:
    return alone(lambda: stage.graph.post("me/messages", {"subject": "Draft"}), _drafted(stage))


def posts(stage: Stage, folder: Path) -> Deed:
    """Several at once, of which trouble meets some."""
    subjects = [f"Draft {number}" for number in range(SEVERAL)]
    writes = (stage.graph.post("me/messages", {"subject": each}) for each in subjects)
    return Deed(lambda: together(writes), [_drafted(stage, each) for each in subjects])


def post_with_proof(stage: Stage, folder: Path) -> Deed:
    async def proof() -> Any:
        page = await stage.graph.get("me/mailFolders/drafts/messages", {**SELECT, "$filter": "subject eq 'Draft'"})
        return next(iter(page["value"]), None)

    return alone(lambda: stage.graph.post("me/messages", {"subject": "Draft"}, proof=proof), _drafted(stage))


def patch(stage: Stage, folder: Path) -> Deed:
    message = a_message(stage)
    part = Part(_is_blue, _changes(stage, message), 1)
    return alone(lambda: stage.graph.patch(path_of(message), _BLUE), part)


def patch_if_same(stage: Stage, folder: Path) -> Deed:
    message = a_message(stage)
    etag = f'W/"{message["changeKey"]}"'
    part = Part(_is_blue, _changes(stage, message), 1)
    return alone(lambda: stage.graph.patch(path_of(message), _BLUE, if_match=etag), part)


def put(stage: Stage, folder: Path) -> Deed:
    someone = list(stage.tenant.people.values())[2]
    place = f"users/{someone.id}/manager/$ref"
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{stage.me.id}"}
    someone.links_of("manager").drop(stage.me)
    return alone(lambda: stage.graph.put(place, body), Part(_nothing, lambda: someone.manager_id == stage.me.id, 1))


def delete(stage: Stage, folder: Path) -> Deed:
    message = a_message(stage)
    part = Part(lambda found: found is None, lambda: 1 - _received(stage), 1)
    return alone(lambda: stage.graph.delete(path_of(message)), part)


def batch(stage: Stage, folder: Path) -> Deed:
    return _batch(stage, in_order=False)


def batch_in_order(stage: Stage, folder: Path) -> Deed:
    return _batch(stage, in_order=True)


def _batch(stage: Stage, *, in_order: bool) -> Deed:
    """Reads and writes, mixed."""
    read, changed, gone = (a_message(stage, f"Plan {number}") for number in range(3))
    call = stage.graph.call
    calls = [
        call("GET", path_of(read), SELECT),
        call("POST", "me/messages", body={"subject": "Draft"}),
        call("PATCH", path_of(changed), body=_BLUE),
        call("DELETE", path_of(gone), repeatable=True),
        call("GET", "me", {"$select": "id"}),
    ]
    parts = [
        Part(is_message(read)),
        _drafted(stage),
        Part(_is_blue, _changes(stage, changed), 1),
        Part(_nothing, lambda: 3 - _received(stage), 1),
        Part(lambda found: found["id"] == stage.me.id),
    ]

    async def do() -> list[Any]:
        found = await outcome(stage.graph.batch(calls, in_order=in_order))
        return [found] * len(calls) if isinstance(found, AppError) else list(found)

    return Deed(do, parts)


def _received(stage: Stage) -> int:
    """How many messages are in the inbox."""
    box = stage.tenant.mailbox(stage.me)
    inbox = box.folder("inbox").id
    return sum(1 for each in box.messages.values() if each["parentFolderId"] == inbox)


def _is_blue(found: Any) -> bool:
    return bool(found["categories"] == ["Blue"])


def _nothing(found: Any) -> bool:
    return found in ({}, None)


def _drafted(stage: Stage, subject: str = "Draft") -> Part:
    """A draft was made."""
    box = stage.tenant.mailbox(stage.me)

    def drafts() -> list[Message]:
        return [each for each in box.messages.values() if each["subject"] == subject]

    return Part(lambda found: found["id"] == drafts()[0].immutable_id, lambda: len(drafts()), 1)


def _changes(stage: Stage, message: Message) -> Callable[[], int]:
    """How often something was changed from now on."""
    heard = list[Change]()
    stage.tenant.store.changes.listeners.append(
        lambda change: heard.append(change) if change.entity is message else None
    )
    return lambda: len(heard)
