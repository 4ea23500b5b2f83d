"""What came in: token requests and calls of Graph, with who they were for and no secrets. The newest are kept."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from emulator.tenant import Person

_MOST = 2000


@dataclass(frozen=True)
class TokenRequest:
    """One request of the token endpoint; `error` is the AADSTS number of its refusal, or 0."""

    at: float
    grant: str
    client_id: str
    user_id: str
    scope: str
    has_claims: bool
    error: int


@dataclass(frozen=True)
class GraphCall:
    """One call of Graph, by which application and, unless it spoke for itself, which person."""

    at: float
    app_id: str
    user_id: str | None
    refused: bool


@dataclass
class Journal:
    """The newest token requests and Graph calls, oldest first."""

    _tokens: deque[TokenRequest] = field(default_factory=lambda: deque(maxlen=_MOST))
    _calls: deque[GraphCall] = field(default_factory=lambda: deque(maxlen=_MOST))

    @property
    def token_requests(self) -> tuple[TokenRequest, ...]:
        return tuple(self._tokens)

    @property
    def graph_calls(self) -> tuple[GraphCall, ...]:
        return tuple(self._calls)

    def count(self, grant: str = "", *, client_id: str = "", person: Person | None = None) -> int:
        """How many token requests there were, of one grant, application or person where these are given."""
        return sum(
            request.grant.endswith(grant)
            and (not client_id or request.client_id == client_id)
            and (person is None or request.user_id == person.id)
            for request in self._tokens
        )

    def add(self, entry: TokenRequest | GraphCall) -> None:
        """Note something that came in."""
        if isinstance(entry, TokenRequest):
            self._tokens.append(entry)
        else:
            self._calls.append(entry)

    def clear(self) -> None:
        """Forget all that came in so far."""
        self._tokens.clear()
        self._calls.clear()
