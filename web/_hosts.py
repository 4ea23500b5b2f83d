"""Names of hosts and origins, each in one spelling; and which of them are this machine."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from settings import is_loopback

_AUTHORITY = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9][a-z0-9._-]{0,252})(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(rf"(https?)://({_AUTHORITY.pattern})")
_USUAL_PORT = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535


def names_loopback(url: str) -> bool:
    """Whether an address that is no more than an origin leads to this machine."""
    try:
        parts = urlsplit(url)
        bare = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
        return bare and is_loopback(parts.hostname or "") and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False


def host_in(text: str) -> tuple[str, int | None] | None:
    """Name and port of a Host header, in one spelling; None where it is not one.

    A dot at the end changes nothing about the name, and the usual ports nothing about where it leads.
    """
    split = _split(text)
    if split is None:
        return None
    name, port = split
    return name.removesuffix("."), None if port in _USUAL_PORT.values() else port


def origin_in(text: str) -> str | None:
    """A web origin as browsers write it; None where it is not one, such as `null`."""
    match = _ORIGIN.fullmatch(text.lower()) if text.isascii() else None
    split = _split(match[2]) if match else None
    if match is None or split is None:
        return None
    name, port = split
    return f"{match[1]}://{name}" + ("" if port in {None, _USUAL_PORT[match[1]]} else f":{port}")


def _split(text: str) -> tuple[str, int | None] | None:
    # Of what is not ASCII, some turns into ASCII in lower case.
    match = _AUTHORITY.fullmatch(text.lower()) if text.isascii() else None
    if match is None or not 1 <= int(match[2] or 1) <= _HIGHEST_PORT:
        return None
    name = _spelt(match[1])
    return None if name is None else (name, int(match[2]) if match[2] else None)


def _spelt(name: str) -> str | None:
    if not name.startswith("["):
        return name
    try:
        return f"[{ipaddress.IPv6Address(name[1:-1])}]"
    except ValueError:
        return None
