"""Answers: a short text for the model, and the same facts as structured content."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from datetime import UTC, datetime

from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel


class Answer(BaseModel):
    """What a tool returns. The fields are the structured content; `as_text` is what a model reads first."""

    @abstractmethod
    def as_text(self) -> str:
        """The answer in as few words as say it all."""


def rendered(answer: Answer) -> CallToolResult:
    """Both forms of an answer, without what is empty."""
    return CallToolResult(
        content=[TextContent(type="text", text=answer.as_text())],
        structured_content=answer.model_dump(mode="json", exclude_none=True),
    )


def fitting(lines: Iterable[str], limit: int) -> list[str]:
    """As many of the lines, from the first on, as fit into `limit` bytes; never none."""
    kept: list[str] = []
    for line in lines:
        limit -= len(line.encode()) + 1
        if limit < 0 and kept:
            break
        kept.append(line)
    return kept


def minute(graph_time: str | None) -> str | None:
    """Graph's timestamp as `2026-11-20 14:03`, in UTC; none where it is no time, or the year 1 that stands for none."""
    try:
        return datetime.fromisoformat(graph_time or "").astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return None


def size(count: int) -> str:
    """A number of bytes as people write it."""
    return f"{count} B" if count < 1000 else f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"
