"""Which hosts are this machine: the one answer for what we listen on and for what we answer."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host name or a bare address means this machine and no other."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # ::ffff:127.0.0.1 counts by its IPv4 part; Python versions differ on whether they look at that themselves.
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def names_loopback(url: str) -> bool:
    """Whether an address that is no more than an origin leads to this machine."""
    try:
        parts = urlsplit(url)
        bare = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
        return bare and is_loopback(parts.hostname or "") and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False
