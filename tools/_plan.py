"""A write as data: what a person is to know of it, and the exact requests to Graph. The framework carries it out.

A handler that writes reads what it needs and returns a Plan. So a dry run shows just what would be sent, a person
approves just that, and what they approved is compared with what is planned when it is sent.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import unquote

from errors import AppError, GraphUnavailable, PartlyDone
from graph import GraphClient
from graph.wire import path_segment
from tools._policy import Recipient
from tools._render import Outcome
from tools._untrusted import cleaned, is_unseen, one_line

log = logging.getLogger(__name__)

Json = dict[str, Any]
DoneT = TypeVar("DoneT", bound=Outcome)

Method = Literal["POST", "PATCH", "PUT", "DELETE"]

# What one call may reach, and what a list of targets and a text may take of a preview.
MOST_TARGETS = 50
MOST_LISTED = 20
MOST_LINES = 12
_WIDTH = 500

_EARLIER = re.compile(r"\{(\d{1,3})\.(\w{1,40})\}")


@dataclass(frozen=True)
class Step:
    """One request. `{1.id}` in its path stands for a field of the first step's reply."""

    method: Method
    path: str
    body: Json | None = None
    if_match: str = ""

    @property
    def shown(self) -> str:
        """The request as a dry run tells it."""
        match = f"\nIf-Match: {self.if_match}" if self.if_match else ""
        body = "" if self.body is None else "\n" + _escaped(json.dumps(self.body, ensure_ascii=False))
        return f"{self.method} /{self.path}{match}{body}"


@dataclass(frozen=True)
class Preview:
    """What a person is shown before they say yes. The values are anybody's; they are shown as such."""

    title: str
    """What is about to happen, as a question in our own words: `Send a mail?`"""
    facts: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    """What stands on a line is cut where it runs long. Of several, such as recipients, each has a line of its own."""
    text: str = ""
    """The text that goes out, from its beginning."""
    items: tuple[str, ...] = ()
    """The targets of a bulk call."""
    warning: str = ""
    """What will be lost, or who is outside."""

    def rows(self) -> list[tuple[str, str]]:
        """The facts, each on one line; of a long list of targets the first, and how many more."""
        rows = [(label, one_line(each, _WIDTH)) for label, value in self.facts for each in _several(value)]
        rows += [(str(number), one_line(item, _WIDTH)) for number, item in enumerate(self.items[:MOST_LISTED], 1)]
        left = len(self.items) - MOST_LISTED
        return [*rows, ("…", f"and {left} more")] if left > 0 else rows

    def first_lines(self) -> str:
        """The beginning of the text."""
        lines = [_cut(line.strip()) for line in cleaned(self.text).splitlines() if line.strip()]
        left = len(lines) - MOST_LINES
        return "\n".join([*lines[:MOST_LINES], *([f"… and {left} more lines"] if left > 0 else [])])

    def as_text(self) -> str:
        """All of it, where there is no page to show it on. No value can pass for a line of ours."""
        note = [f"Note: {one_line(self.warning, _WIDTH)}"] if self.warning else []
        lines = [one_line(self.title, _WIDTH), *note, *(f"{label}: {value}" for label, value in self.rows())]
        # Some clients show Markdown: no image may load, and tell of it, before the person agrees.
        lines += [f"| {one_line(line, 2 * _WIDTH)}" for line in self.first_lines().splitlines()]
        return "\n".join(lines)


@dataclass(frozen=True)
class Targets:
    """Whom and what a write reaches, for the rules that judge it."""

    recipients: tuple[Recipient, ...] = ()
    mailboxes: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    count: int = 1

    @property
    def size(self) -> int:
        """How many it reaches, of whatever it reaches most of."""
        return max(self.count, len(self.recipients), len(self.mailboxes), len(self.sites))


@dataclass(frozen=True)
class Plan(Generic[DoneT]):
    """A write that is ready to be carried out; `done` makes the answer out of Graph's replies, one for each step."""

    preview: Preview
    steps: tuple[Step, ...]
    done: Callable[[Sequence[Json]], DoneT]
    targets: Targets = Targets()

    def __post_init__(self) -> None:
        """What is listed for the person counts, whatever the handler says of it."""
        for number, step in enumerate(self.steps, 1):
            if any(int(earlier[1]) not in range(1, number) for earlier in _EARLIER.finditer(step.path)):
                raise ValueError(f"Step {number} needs what comes no earlier: {step.path}")
        if len(self.preview.items) > self.targets.count:
            object.__setattr__(self, "targets", replace(self.targets, count=len(self.preview.items)))

    @property
    def digest(self) -> str:
        """Changes with anything that a person was shown, or that is sent."""
        told = [asdict(self.preview), [asdict(step) for step in self.steps], asdict(self.targets)]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    async def carry_out(self, graph: GraphClient) -> DoneT:
        """Send it, step by step. What fails after a first step says what was done already."""
        replies: list[Json] = []
        for step in self.steps:
            try:
                replies.append(await _sent(graph, step, replies))
            except AppError as error:
                if not replies:
                    raise
                raise PartlyDone(_progress(self.steps, len(replies), error)) from error
        try:
            return self.done(replies)
        except Exception as error:  # whatever it is, the call must not look like one to be repeated
            log.exception("what Graph answered to a write could not be read")
            raise PartlyDone(_ALL_DONE) from error


_ALL_DONE = (
    "It was carried out, but what Graph answered to it cannot be read. "
    "Do not repeat the call: look at what is there now."
)


def _escaped(text: str) -> str:
    """JSON whose unseen characters are spelled, so that it shows exactly what is sent."""
    return "".join(json.dumps(each)[1:-1] if is_unseen(each) and each != "\n" else each for each in text)


async def _sent(graph: GraphClient, step: Step, replies: Sequence[Mapping[str, Any]]) -> Json:
    path = _EARLIER.sub(lambda found: _field(replies, int(found[1]), found[2]), step.path)
    if step.method == "DELETE":
        await graph.delete(path, if_match=step.if_match)
        return {}
    if step.method == "PATCH":
        return await graph.patch(path, step.body or {}, if_match=step.if_match)
    if step.method == "PUT":
        return await graph.put(path, step.body or {}, if_match=step.if_match)
    return await graph.post(path, step.body)


def _field(replies: Sequence[Mapping[str, Any]], number: int, name: str) -> str:
    value = replies[number - 1].get(name)
    if not isinstance(value, str) or not value:
        raise GraphUnavailable(
            "noField", f"Graph's answer to request {number} has no {name}, which the next one needs."
        )
    return path_segment(value)


def _several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _cut(line: str) -> str:
    left = len(line) - _WIDTH
    return line if left <= 0 else f"{line[:_WIDTH]}… and {left} more characters on this line"


def _progress(steps: Sequence[Step], done: int, error: AppError) -> str:
    carried_out = "; ".join(unquote(f"{step.method} /{step.path}") for step in steps[:done])
    return f"{error} Done before that, and not undone: {carried_out}. Do not repeat the whole call: look first."
