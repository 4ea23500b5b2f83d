"""Ids of calendars, events and single occurrences, as Exchange makes them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import UTC, date, datetime
from uuid import UUID

from emulator import exchange_ids

# A master's id: four bytes of head and the mailbox's GUID in text, then a byte that says what follows, its length in
# two bytes, and the entry itself.
_HEAD, _ENTRY, _MASTER_BYTES = 40, 43, 113
_RECURRENCE = b"\x01\x51\x00\x08"
_ENTRY_LENGTH = b"\x46"
_END = b"\x10"
_PLAIN = b"\x00\x46\x00"
# Behind any other id of a series: the day follows.
_NAMED_MARK = b"\x08"
_TICKS_PER_DAY = 864_000_000_000
_FIRST_NUMBER = 0x500000
_GLOBAL_OBJECT = "040000008200E00074C5B7101A82E00800000000"
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class Numbers:
    """The ids of one mailbox's calendar, in the order they are given out."""

    def __init__(self, tenant_id: str, owner_id: str) -> None:
        self.mailbox: UUID = exchange_ids.mailbox_guid(tenant_id, owner_id)
        self._last = _FIRST_NUMBER

    def next(self) -> int:
        self._last += 1
        return self._last

    def event(self, number: int) -> str:
        return exchange_ids.entry_id(self.mailbox, number)

    def immutable(self, number: int) -> str:
        return exchange_ids.immutable_id(self.mailbox, number)

    def folder(self) -> str:
        return exchange_ids.folder_id(self.mailbox, self.next())

    def change_key(self) -> str:
        return exchange_ids.change_key(self.mailbox, self.next())

    def uid(self, number: int, created: datetime) -> str:
        """The iCalUId that all copies of a meeting share."""
        filetime = int((created - _FILETIME_EPOCH).total_seconds()) * 10_000_000
        own = hashlib.sha256(self.mailbox.bytes + number.to_bytes(4, "big")).hexdigest()[:32].upper()
        return f"{_GLOBAL_OBJECT}{filetime.to_bytes(8, 'little').hex().upper()}000000000000000010000000{own}"


def occurrence_id(master_id: str, day: date) -> str:
    """The id of the occurrence that a series has on a day, wherever it may have been moved since."""
    ticks = ((day.toordinal() - 1) * _TICKS_PER_DAY).to_bytes(8, "big")
    raw = _raw(master_id)
    if raw is None or len(raw) != _MASTER_BYTES:
        return base64.urlsafe_b64encode(master_id.encode() + _NAMED_MARK + ticks).decode()
    return base64.urlsafe_b64encode(raw[:_HEAD] + _RECURRENCE + ticks + _ENTRY_LENGTH + raw[_ENTRY:] + _END).decode()


def read_occurrence_id(identifier: str) -> tuple[str, date] | None:
    """The series and the day that the id of an occurrence names; nothing for any other id."""
    raw = _raw(identifier) or b""
    start = _HEAD + len(_RECURRENCE)
    if raw[_HEAD:start] == _RECURRENCE and raw.endswith(_END):
        master = base64.urlsafe_b64encode(raw[:_HEAD] + _PLAIN + raw[start + 9 : -1]).decode()
        return _named(master, raw[start : start + 8])
    if raw[-9:-8] == _NAMED_MARK:
        return _named(raw[:-9].decode("utf-8", "replace"), raw[-8:])
    return None


def _raw(identifier: str) -> bytes | None:
    try:
        return base64.b64decode(identifier.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _named(master: str, ticks: bytes) -> tuple[str, date] | None:
    days = int.from_bytes(ticks, "big") // _TICKS_PER_DAY + 1
    return (master, date.fromordinal(days)) if days <= date.max.toordinal() else None
