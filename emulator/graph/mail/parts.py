"""What messages are made of, for code that writes them, and the same as Graph's JSON."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from emulator.html_text import html_to_text
from emulator.store import Deferred

_PREVIEW_CHARACTERS = 255
_SECONDS = len("2026-01-01T00:00:00")


def moment_of(text: str) -> datetime:
    """A moment that Graph wrote, to the second."""
    return datetime.fromisoformat(text[:_SECONDS]).replace(tzinfo=UTC)


class Body(Deferred):
    """The text of a message, made when first read: a tenant of thousands of messages must open at once."""

    def __init__(self, content: str | Callable[[], str], content_type: str = "html") -> None:
        super().__init__(self._json)
        self._source = content
        self.content_type = content_type

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Body:
        """The body that a caller sent."""
        return cls(str(body.get("content") or ""), str(body.get("contentType") or "text"))

    @cached_property
    def content(self) -> str:
        return self._source if isinstance(self._source, str) else self._source()

    @cached_property
    def text(self) -> str:
        return html_to_text(self.content) if self.content_type == "html" else self.content

    @cached_property
    def preview(self) -> str:
        """The first characters of the text, runs of blanks made one."""
        return re.sub(r"[ \t]+", " ", self.text).strip()[:_PREVIEW_CHARACTERS]

    def _json(self) -> dict[str, str]:
        return {"contentType": self.content_type, "content": self.content}


@dataclass(frozen=True)
class Address:
    """A correspondent: the name shown and the address used."""

    name: str
    address: str

    @classmethod
    def of(cls, recipient: Mapping[str, Any] | None) -> Address | None:
        """The correspondent in Graph's `recipient`; nobody when it names none."""
        found = (recipient or {}).get("emailAddress") or {}
        address = str(found.get("address") or "")
        return cls(str(found.get("name") or address), address) if found else None

    @classmethod
    def all_of(cls, recipients: list[Mapping[str, Any]] | None) -> tuple[Address, ...]:
        """Each of several."""
        return tuple(found for found in map(cls.of, recipients or ()) if found)

    @property
    def recipient(self) -> dict[str, Any]:
        """The same as Graph's JSON."""
        return {"emailAddress": {"name": self.name, "address": self.address}}

    @property
    def key(self) -> str:
        """What two spellings of one address have in common."""
        return self.address.strip().lower()


def words_of(*addresses: Address | None) -> list[str]:
    """What correspondents can be found by: their names and addresses."""
    return [text for address in addresses if address for text in (address.name, address.address)]


@dataclass(frozen=True)
class Attachment:
    """A file that goes onto a message, its bytes made when first read."""

    name: str
    content_type: str
    source: bytes | Callable[[], bytes]
    is_inline: bool = False
    content_id: str | None = None

    @cached_property
    def content(self) -> bytes:
        return self.source if isinstance(self.source, bytes) else self.source()

    @property
    def values(self) -> dict[str, Any]:
        """The file as Graph's JSON."""
        return {
            "name": self.name,
            "contentType": self.content_type,
            "isInline": self.is_inline,
            "contentId": self.content_id,
            "contentLocation": None,
            "contentBytes": Deferred(lambda: base64.b64encode(self.content).decode()),
        }


@dataclass(frozen=True)
class Flag:
    """A follow-up flag; the moments are UTC."""

    status: str = "notFlagged"
    start: datetime | None = None
    due: datetime | None = None
    completed: datetime | None = None

    @classmethod
    def of(cls, flag: Mapping[str, Any]) -> Flag:
        """The flag in Graph's JSON."""
        read = (flag.get(name) for name in ("startDateTime", "dueDateTime", "completedDateTime"))
        moments = [moment_of(found["dateTime"]) if found else None for found in read]
        return cls(str(flag.get("flagStatus") or "notFlagged"), *moments)

    @property
    def values(self) -> dict[str, Any]:
        """The same as Graph's JSON."""
        moments = {"startDateTime": self.start, "dueDateTime": self.due, "completedDateTime": self.completed}
        return {"flagStatus": self.status} | {name: _zoned(moment) for name, moment in moments.items() if moment}


def _zoned(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}
