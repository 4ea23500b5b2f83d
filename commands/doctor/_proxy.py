"""Which proxy a host is reached through, by the rules that our HTTP client follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_EXCEPTIONS = ("no_proxy", "NO_PROXY")


@dataclass(frozen=True)
class Route:
    """How a host is reached: through the proxy at `address`, or straight where that is empty. Never with a password."""

    address: str
    text: str


def route_to(host: str, environ: Mapping[str, str], system: Mapping[str, str]) -> Route:
    """The route; variables win over the system's own settings, as a whole."""
    name = next((name for name in _VARIABLES if environ.get(name)), "")
    address = environ[name] if name else system.get("https") or system.get("all") or ""
    if not address:
        return Route("", "no proxy")
    exceptions = next((environ[each] for each in _EXCEPTIONS if environ.get(each)), system.get("no", ""))
    if _is_excepted(host, exceptions):
        return Route("", f"no proxy, by {_EXCEPTIONS[1]}")
    return Route(address, f"proxy {_shown(address)} (from {name or 'the system settings'})")


def _is_excepted(host: str, exceptions: str) -> bool:
    names = [name.strip().lower() for name in exceptions.split(",") if name.strip()]
    return "*" in names or any(_matches(host.lower(), name) for name in names)


def _matches(host: str, name: str) -> bool:
    """`example.com` stands for itself and what is below it, `.example.com` only for what is below it."""
    if "://" in name:
        name = urlsplit(name).hostname or ""
    return host == name or host.endswith(name if name.startswith(".") else f".{name}")


def _shown(address: str) -> str:
    """Scheme, host and port; whoever reads a report need not read the password."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(an address that cannot be read)"
    return f"{parts.scheme}://{parts.hostname or '?'}{port}"
