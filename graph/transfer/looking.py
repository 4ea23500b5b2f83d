"""By the service's own clock: whether something came to be since an upload began."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_ROUNDING = timedelta(seconds=2)  # both the header and Graph's own times are cut to seconds


class Began:
    """A moment of ours, to be found again in the times that a service gives."""

    def __init__(self) -> None:
        self._at = asyncio.get_running_loop().time()

    def is_before(self, moment: object, headers: Mapping[str, str]) -> bool | None:
        """Whether this was before a `moment` in an answer with these headers; None where nobody can tell."""
        now, then = _date(headers.get("date")), _moment(moment)
        if now is None or then is None:
            return None
        passed = timedelta(seconds=asyncio.get_running_loop().time() - self._at)
        return then >= now - passed - _ROUNDING


def _date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
