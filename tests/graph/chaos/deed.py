"""What is asked of a client, with what comes of it if all goes well, and how often the tenant says that it was done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.graph.mail.message import Message
from errors import AppError
from graph import wire
from tests.graph.chaos.stage import Stage

SEVERAL = 6
SELECT = {"$select": "id,subject"}


@dataclass
class Part:
    """One thing that is asked.

    `is_right` judges its answer, `done` counts its effects in the tenant, of which `asked` are wanted.
    """

    is_right: Callable[[Any], bool]
    done: Callable[[], int] = lambda: 0
    asked: int = 0


@dataclass
class Deed:
    """What a cell does. The outcomes of `do` are answers or errors, one for each part."""

    do: Callable[[], Coroutine[Any, Any, list[Any]]]
    parts: Sequence[Part]


Prepared = Callable[[Stage, Path], Deed]


async def outcome(work: Awaitable[Any]) -> Any:
    """What it brings, or the error that ends it, if that is one of ours."""
    try:
        return await work
    except AppError as error:
        return error


def alone(work: Callable[[], Awaitable[Any]], part: Part) -> Deed:
    """A deed of one part."""

    async def do() -> list[Any]:
        return [await outcome(work())]

    return Deed(do, [part])


async def together(works: Iterable[Awaitable[Any]]) -> list[Any]:
    """The outcomes of what is done at once."""
    return await asyncio.gather(*map(outcome, works))


def a_message(stage: Stage, subject: str = "Plan") -> Message:
    """One in the inbox."""
    return stage.tenant.add_message(stage.me, subject)


def path_of(message: Message) -> str:
    return f"me/messages/{wire.path_segment(message.immutable_id)}"


def is_message(message: Message) -> Callable[[Any], bool]:
    return lambda found: (found["id"], found["subject"]) == (message.immutable_id, message["subject"])
