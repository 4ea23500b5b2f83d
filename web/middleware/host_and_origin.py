"""Only what was addressed to this service is answered, and no page of a site that nobody named (DNS rebinding)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from settings import Settings, is_loopback
from web._hosts import host_in, origin_in
from web.middleware._passage import refuse

_MISDIRECTED = "This server does not answer to that name. Use the address that it was set up with (PUBLIC_URL)."
_MISDIRECTED_HERE = "This server answers only as localhost. Use http://127.0.0.1."
_CROSS_SITE = "This server takes no requests from pages of that site. Its operator can allow it (CORS_ORIGINS)."


class HostAndOrigin:
    """Refuses a Host that is not one of our names, and an Origin that is not one of the pages that may call.

    A browser that was tricked into resolving a foreign name to our address still sends that name. With `loopback`,
    this machine's names are ours too; and its pages may call where we have no other name, as behind a proxy.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str] = (), origins: Iterable[str] = (), loopback: bool = False
    ) -> None:
        self.app = app
        self._hosts = frozenset(host_in(host) for host in hosts) - {None}
        self._origins = frozenset(origin_in(origin) for origin in origins) - {None}
        self._loopback = loopback
        self._takes_local_pages = loopback and all(_is_local(found) for found in self._hosts if found)
        self._misdirected = _MISDIRECTED if self._hosts else _MISDIRECTED_HERE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return await refuse(scope, receive, send, 421, self._misdirected, reason="host")
        if len(origins) > 1 or not all(self._may_call(origin) for origin in origins):
            return await refuse(scope, receive, send, 403, _CROSS_SITE, reason="origin")
        await self.app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        found = host_in(host)
        if found is None:
            return False
        return found in self._hosts or (self._loopback and _is_local(found))

    def _may_call(self, origin: str) -> bool:
        found = origin_in(origin)
        if found is None:
            return False
        return found in self._origins or (self._takes_local_pages and is_loopback(urlsplit(found).hostname or ""))


def _is_local(host: tuple[str, int | None]) -> bool:
    return is_loopback(host[0].strip("[]"))


def hosts_of(settings: Settings) -> frozenset[str]:
    """The names that the service answers to, beside loopback's where it listens there."""
    public = urlsplit(settings.public_url or "")
    names = {public.netloc, _bracketed(public.hostname or ""), *settings.http_allowed_hosts}
    if _is_everywhere(settings.http_host):
        # What a health check within a container says; no page of another site can.
        names |= {f"{name}:{settings.http_port}" for name in ("localhost", "127.0.0.1", "[::1]")}
    return frozenset(names - {""})


def origins_of(settings: Settings) -> frozenset[str]:
    """The origins of pages that may call: our own, and the ones that are listed."""
    public = urlsplit(settings.public_url or "")
    own = {f"{public.scheme}://{public.netloc}"} if public.netloc else set[str]()
    return frozenset(own | set(settings.cors_origins))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False
