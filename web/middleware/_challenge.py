"""How a request is turned away for what it shows: OAuth's error and what to ask for instead (RFC 6750, RFC 9728)."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from web.middleware._passage import refuse


@dataclass(frozen=True)
class _Refusal:
    """One way of being turned away; the text is all that the client reads, the reason is for log and metrics."""

    status: int
    reason: str
    text: str


# Nothing of the request is in any text, and nothing of why: that would help whoever tries tokens.
_INVALID = _Refusal(401, "bad token", "The token is not accepted. Get a new one.")
_REFUSALS = {
    "": _Refusal(401, "no token", "Sign in: send a token in the Authorization header."),
    "invalid_request": _Refusal(400, "unclear token", "Send one token, in one Authorization header, and nowhere else."),
    "invalid_token": _INVALID,
    "insufficient_scope": _Refusal(403, "scope", "The token lacks a permission. Get one with the scope asked for."),
    "insufficient_claims": _Refusal(401, "claims", "The organization asks more of this sign-in. Sign in again."),
}


async def turn_away(
    scope: Scope, receive: Receive, send: Send, challenge: str, *, error: str, claims: str = ""
) -> None:
    """Refuse with the challenge of the door; `error` is OAuth's word, empty where nothing was shown at all."""
    refusal = _REFUSALS.get(error, _INVALID)
    said = challenged(challenge, error, refusal.text, claims)
    headers = {"WWW-Authenticate": said}
    await refuse(scope, receive, send, refusal.status, refusal.text, reason=refusal.reason, headers=headers)


def challenged(challenge: str, error: str, description: str = "", claims: str = "") -> str:
    """The value of WWW-Authenticate. Claims travel as Microsoft's libraries read them, which is also safe to quote."""
    parts = [challenge]
    if error:
        parts.append(f'error="{error if error in _REFUSALS else "invalid_token"}"')
        parts.append(f'error_description="{description}"')
    if error == "insufficient_claims" and claims:
        parts.append(f'claims="{base64.b64encode(claims.encode()).decode()}"')
    return f"Bearer {', '.join(parts)}"
