"""Page tokens: opaque to the caller, bound to the tenant and to the options they were made for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from emulator.faults import DirectoryBadRequest
from emulator.graph.call import Call

_MARK = b"DSpt\x02\x00"
_OFFSET_BYTES = 4
_SEAL_BYTES = 18


def page_token(call: Call, offset: int) -> str:
    """The token of the page that starts at an offset of this very list."""
    start = offset.to_bytes(_OFFSET_BYTES, "big")
    return base64.urlsafe_b64encode(_MARK + start + _seal(call, start)).decode()


def page_start(call: Call, token: str | None) -> int:
    """Where the page begins that a token stands for; a token of another list, or of another tenant, is refused."""
    if token is None:
        return 0
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise DirectoryBadRequest("The specified page token value is not valid.") from None
    start = raw[len(_MARK) : len(_MARK) + _OFFSET_BYTES]
    if not hmac.compare_digest(raw, _MARK + start + _seal(call, start)):
        raise DirectoryBadRequest("The specified page token value is not valid.")
    return int.from_bytes(start, "big")


def _seal(call: Call, start: bytes) -> bytes:
    options = sorted((name.lower(), value) for name, value in call.query if not name.lower().endswith("skiptoken"))
    message = start + repr((call.path.strip("/").lower(), options)).encode()
    return hmac.digest(call.tenant.id.encode(), message, hashlib.sha256)[:_SEAL_BYTES]
