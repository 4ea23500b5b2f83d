"""What is read, in every way that a client has for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from emulator.graph.engine.workload import Service
from emulator.graph.metadata import document
from graph import Call, Limits
from graph.calls import Reply
from tests.graph.chaos.deed import SELECT, SEVERAL, Deed, Part, a_message, alone, is_message, path_of, together
from tests.graph.chaos.stage import Stage

_MANY = 25
_LONG = 7200.0


def get(stage: Stage, folder: Path) -> Deed:
    message = a_message(stage)
    return alone(lambda: stage.graph.get(path_of(message), SELECT, alone=True), Part(is_message(message)))


def get_kept(stage: Stage, folder: Path) -> Deed:
    message = a_message(stage)
    return alone(lambda: stage.graph.get(path_of(message), SELECT, keep=_LONG), Part(is_message(message)))


def gets(stage: Stage, folder: Path) -> Deed:
    """Several at once, which share a batch."""
    return _gets(stage, alone=False)


def gets_apart(stage: Stage, folder: Path) -> Deed:
    """Several at once, which share connections."""
    return _gets(stage, alone=True)


def _gets(stage: Stage, *, alone: bool) -> Deed:
    messages = [a_message(stage, f"Plan {number}") for number in range(SEVERAL)]
    reads = (stage.graph.get(path_of(each), SELECT, alone=alone) for each in messages)
    return Deed(lambda: together(reads), [Part(is_message(each)) for each in messages])


def pages(stage: Stage, folder: Path) -> Deed:
    messages = [a_message(stage, f"Plan {number:02}") for number in range(_MANY)]

    async def read() -> Any:
        found = stage.graph.pages(
            "me/messages", select="id,subject", query={"$top": 10, "$orderby": "subject"}, limits=Limits(pages=9)
        )
        items = [item async for item in found]
        assert found.stopped_by is None
        return items

    return alone(read, Part(lambda items: [each["id"] for each in items] == [each.immutable_id for each in messages]))


def metadata(stage: Stage, folder: Path) -> Deed:
    async def fetch(call: Call) -> Reply:
        return await stage.service.sender.send(call, stage.speaker)

    async def read() -> Reply:
        return (await stage.service.kept.metadata("v1.0", fetch)).checked()

    return alone(read, Part(lambda reply: reply.body.decode() == _description(stage.app.state.graph.service)))


@cache
def _description(service: Service) -> str:
    return document(service)
