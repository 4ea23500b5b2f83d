"""Moments: as tokens state them, and as an operator reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_THE_YEAR_5000 = 95_617_584_000


def moment_in(claims: Mapping[str, Any], name: str) -> float | None:
    """A time among the claims of a token, if it is there and is one."""
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) and 0 <= value < _THE_YEAR_5000 else None


def told(moment: float) -> str:
    """A moment to the minute, in UTC."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
