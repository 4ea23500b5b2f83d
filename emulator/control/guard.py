"""Control is for programs on this computer: not for other machines, and not for pages in a browser."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from emulator.graph.subscriptions.web import MARK

# What httpx and Starlette name a client that is in the same process.
_IN_PROCESS = frozenset({"testclient"})
# Only browsers say which site a request comes from; Node's fetch sends Sec-Fetch-Mode, too.
_OF_A_PAGE = ("origin", "referer", "sec-fetch-site")


def why_not(request: Request) -> str:
    """The reason to turn a caller away, or nothing."""
    if not _is_near(request.client.host if request.client else ""):
        return "Control is for callers on this computer only."
    if not _is_own_name(request.headers.get("host", "")):
        return "Control has to be addressed as localhost, or by a loopback address."
    if any(name in request.headers for name in _OF_A_PAGE):
        return "Control is not for pages in a browser."
    if MARK in request.headers or "validationToken" in request.query_params:
        return "Control is not for webhooks."
    return ""


def _is_near(host: str) -> bool:
    if not host or host in _IN_PROCESS:
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _is_own_name(host: str) -> bool:
    """A page of another site can have its name lead here, but not be called localhost."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or (name != "" and name not in _IN_PROCESS and _is_near(name))
