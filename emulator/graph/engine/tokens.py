"""Page and delta tokens: opaque, bound to the tenant, the caller and what they were made for, good for a while."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from emulator.faults import DirectoryBadRequest, ExpiredPage
from emulator.graph.engine.call import Call

_SEAL_BYTES = 18
_PAGE_SECONDS = 3600
_PAGE = "p"
# What the directory's own tokens begin with.
_HEAD = "RFNwdAIAAQAA"


def sealed(call: Call, purpose: str, content: dict[str, Any]) -> str:
    """A token that only this tenant reads, and only for the same caller, path and purpose."""
    raw = json.dumps({**content, "at": int(call.now.timestamp())}, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(call, purpose, raw) + raw).decode().rstrip("=")


def unsealed(call: Call, purpose: str, token: str) -> dict[str, Any] | None:
    """What a token holds; nothing when it is not one of ours for this."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    seal, content = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(call, purpose, content)):
        return None
    found = json.loads(content)
    return found if isinstance(found, dict) and is_number(found.get("at")) else None


def is_number(value: object) -> bool:
    """Whether a part of a token counts something."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def page_token(call: Call, offset: int) -> str:
    """The token of the page that starts at an offset of this very list."""
    return _HEAD + sealed(call, _page_purpose(call), {_PAGE: offset})


def page_start(call: Call, token: str | None) -> int:
    """Where the page begins that a token stands for; a token of another list, or of another tenant, is refused."""
    if token is None:
        return 0
    found = unsealed(call, _page_purpose(call), token.removeprefix(_HEAD))
    if found is None or not is_number(found.get(_PAGE)):
        raise DirectoryBadRequest("The specified page token value is not valid.")
    if call.now.timestamp() - found["at"] > _PAGE_SECONDS:
        raise ExpiredPage
    return int(found[_PAGE])


def _page_purpose(call: Call) -> str:
    options = sorted((name.lower(), value) for name, value in call.query if not name.lower().endswith("skiptoken"))
    return repr(options)


def _seal(call: Call, purpose: str, raw: bytes) -> bytes:
    who = call.caller.user_id or call.caller.app_id
    message = f"{who}\n{call.path.strip('/').lower()}\n{purpose}\n".encode(errors="replace") + raw
    return hmac.digest(call.tenant.secret, message, hashlib.sha256)[:_SEAL_BYTES]
