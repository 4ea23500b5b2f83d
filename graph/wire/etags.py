"""Entity tags: what a thing was when it was read, and how a request says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from errors import ToolInputError

# In quotes, weak or strong; OneDrive for personal accounts leaves the quotes out.
_TAG = re.compile(r'(?:W/)?"[!#-~ ]{1,1024}"|[A-Za-z0-9+/=._~!*:,{}-]{1,1024}')
_IN_BODIES = ("@odata.etag", "eTag")


def etag_of(headers: Mapping[str, str], body: Mapping[str, Any]) -> str | None:
    """The tag of what came: the header's, else the body's; None where neither has one that can be sent back."""
    for found in (headers.get("etag"), *(body.get(name) for name in _IN_BODIES)):
        if isinstance(found, str) and _TAG.fullmatch(found) and found != "*":
            return found
    return None


def matches(etag: str) -> dict[str, str]:
    """The header with which a write is done only if the thing is still what it was."""
    return {"If-Match": _checked(etag)}


def differs(etag: str) -> dict[str, str]:
    """The header with which a read is answered only if the thing is no longer what it was."""
    return {"If-None-Match": _checked(etag)}


def _checked(etag: str) -> str:
    if not _TAG.fullmatch(etag):
        raise ToolInputError("This is no ETag. Pass the one that came when the thing was read.")
    return etag
