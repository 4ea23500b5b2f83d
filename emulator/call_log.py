"""Which calls of Graph came in and what became of them, without secrets; the newest are kept."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

_MOST = 2000


@dataclass(frozen=True)
class LoggedCall:
    """One call: alone, as a batch, or as a part of one. `status` is 0 where the connection was lost instead."""

    at: float
    method: str
    path: str
    query: str
    status: int
    app_id: str = ""
    user_id: str | None = None
    is_part: bool = False


@dataclass
class CallLog:
    """The newest calls, oldest first."""

    _calls: deque[LoggedCall] = field(default_factory=lambda: deque(maxlen=_MOST))

    @property
    def calls(self) -> tuple[LoggedCall, ...]:
        return tuple(self._calls)

    def add(self, call: LoggedCall) -> None:
        """Note a call that was answered."""
        self._calls.append(call)

    def clear(self) -> None:
        """Forget all that came in so far."""
        self._calls.clear()
