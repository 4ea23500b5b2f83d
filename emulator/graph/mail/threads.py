"""Conversations: the ids that hold a thread together."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from uuid import UUID

_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def conversation_id(mailbox: UUID, topic: str) -> str:
    """The id of a thread that starts in this mailbox; copies of its messages elsewhere keep it."""
    head = b"\x00\x04\x24\x00" + str(mailbox).encode() + b"\x00\x10\x00"
    return base64.urlsafe_b64encode(head + hashlib.sha256(topic.encode()).digest()[:16]).decode()


def conversation_index(topic: str, started: datetime, replies: int = 0) -> bytes:
    """Outlook's thread position: a 22-byte header, then five bytes for each reply on the way."""
    ticks = int((started - _FILETIME_EPOCH).total_seconds()) * 10_000_000
    index = b"\x01" + ticks.to_bytes(8, "big")[1:6] + hashlib.sha256(topic.encode()).digest()[:16]
    for step in range(replies):
        index = answered_index(index, step)
    return index


def answered_index(index: bytes, step: int) -> bytes:
    """The position of an answer to the message at this one."""
    return index + bytes((0x80, 0, step & 0xFF, step * 37 & 0xFF, step & 0xFF))
