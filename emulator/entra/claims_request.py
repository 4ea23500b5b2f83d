"""The claims parameter: what a client says it can do, and what an API wants its token to have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.entra.errors import EntraError

CHALLENGES = "cp1"


@dataclass(frozen=True)
class ClaimsRequest:
    """A claims parameter, understood. `capabilities` are the client's, such as cp1 for claims challenges.

    `contexts` are the authentication contexts that the token must name in its acrs claim.
    """

    capabilities: tuple[str, ...] = ()
    contexts: frozenset[str] = frozenset()


def read_claims(text: str) -> ClaimsRequest:
    """Understand a claims parameter; requests for other claims than these ask nothing of a token that is new."""
    if not text:
        return ClaimsRequest()
    try:
        asked = json.loads(text)
        wanted = asked.get("access_token") or {}
        return ClaimsRequest(_values(wanted.get("xms_cc")), frozenset(_values(wanted.get("acrs"))))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise EntraError(9002313) from error


def _values(member: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a member asks for, as one value or several; a bare null asks for whatever there is."""
    if member is None:
        return ()
    values = member.get("values", [])
    if not isinstance(values, list):
        raise TypeError
    one = [member["value"]] if "value" in member else []
    return tuple(str(value) for value in (*values, *one))
