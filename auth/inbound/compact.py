"""A token as it arrives, taken apart: its header judged, its claims read, and not a byte of it believed yet.

Whatever is unusual is refused before a key is looked for: the service that signs our tokens writes them one way only.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from errors import NotAdmitted

MAX_TOKEN = 16 * 1024
ALGORITHM = "RS256"

_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TYPES = ("JWT", "at+jwt")
_LONGEST_KID = 256
_DEEPEST = 8
# Each would have us take a key from the token, skip what was signed, or unpack it first.
_NEVER = ("jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc")


@dataclass(frozen=True, repr=False)
class Unproven:
    """What a token says of itself, before anybody has looked at its signature."""

    kid: str
    claims: Mapping[str, Any] = field(default_factory=dict)


def check_size(token: str) -> None:
    """Raise NotAdmitted for what is too long to be worth a look."""
    if len(token) > MAX_TOKEN:
        raise NotAdmitted("The token is longer than any that Entra makes.")


def taken_apart(token: str) -> Unproven:
    """The header's key id and the claims; raises NotAdmitted unless both are as Entra writes them."""
    if not _SHAPE.fullmatch(token):
        raise NotAdmitted("The token is no signed JWT: three parts of base64url with dots between.")
    header, claims, signature = token.split(".")
    kid = _judged(_object(header))
    _decoded(signature)
    return Unproven(kid, _object(claims))


def _judged(header: Mapping[str, Any]) -> str:
    """The key id of a header that has nothing else to say."""
    if header.get("alg") != ALGORITHM:
        raise NotAdmitted(f"The token is not signed with {ALGORITHM}.")
    if any(name in header for name in _NEVER):
        raise NotAdmitted("The token's header has parameters that are never taken.")
    if "typ" in header and header["typ"] not in _TYPES:
        raise NotAdmitted("The token's header says that it is no access token.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= _LONGEST_KID:
        raise NotAdmitted("The token's header names no key.")
    return kid


def _object(segment: str) -> dict[str, Any]:
    """The JSON object in one part of a token, without what parsers disagree on."""
    try:
        text = _decoded(segment).decode()
        found = json.loads(text, object_pairs_hook=_once_each, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise NotAdmitted("A part of the token is not JSON as it has to be.") from None
    if not isinstance(found, dict) or _is_deeper(found, _DEEPEST):
        raise NotAdmitted("A part of the token is no JSON object, or one too deep.")
    return found


def _decoded(segment: str) -> bytes:
    """The bytes of one part, which has no second spelling."""
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error:
        raw = b""
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != segment.encode():
        raise NotAdmitted("A part of the token is not base64url as it has to be.")
    return raw


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("no JSON number")


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    within = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in within)
