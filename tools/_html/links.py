"""A link as a person can judge it: what it says, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Collection

from tools._untrusted import host_of, shown_link

_HOST_IN_TEXT = re.compile(r"(?:https?://)?((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})(?=[/:?#\s]|$)", re.IGNORECASE)


def link_text(said: str, address: str, home: Collection[str]) -> str:
    """What to write after a link's text; empty where that is the address, or the address is none to be shown."""
    shown = shown_link(address.strip())
    if shown is None or _same(said, shown):
        return ""
    warning = " (leads elsewhere)" if _pretends(said, address, home) else ""
    return f" <{shown}>{warning}"


def _same(said: str, shown: str) -> bool:
    return _bare(said) == _bare(shown)


def _bare(address: str) -> str:
    bare = address.strip().lower().rstrip("/")
    for scheme in ("https://", "http://", "mailto:", "tel:"):
        bare = bare.removeprefix(scheme)
    return bare


def _pretends(said: str, address: str, home: Collection[str]) -> bool:
    """Whether the text names a host of one's own, and the link leads to another one."""
    named = _HOST_IN_TEXT.match(said.strip()[:300])
    if named is None or not _is_home(named[1], home):
        return False
    leads_to = host_of(shown_link(address) or "")
    return leads_to is not None and not _is_home(leads_to, home)


def _is_home(host: str, home: Collection[str]) -> bool:
    host = host.lower()
    return any(host == domain.lower() or host.endswith(f".{domain.lower()}") for domain in home)
