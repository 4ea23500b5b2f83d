"""Which hosts are this machine: the one answer for what we listen on and for what we answer."""

from __future__ import annotations

import ipaddress


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
