"""A network without names and without TLS: whatever https host a client asks for, it gets one port of this machine."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

import httpcore
import httpx

import _network_http2


def transport_to(port: int, *, http2: bool = False, limits: httpx.Limits | None = None) -> httpx.AsyncHTTPTransport:
    """A transport of httpx's own, over real connections to this port."""
    _network_http2.install()
    limits = limits or httpx.Limits(max_connections=100, max_keepalive_connections=20)
    transport = httpx.AsyncHTTPTransport(verify=_unused_tls(), http1=not http2, http2=http2, limits=limits)
    transport._pool._network_backend = _Here(port)
    return transport


class _Here(httpcore.AnyIOBackend):
    """Leads every connection to one port of this machine, and leaves out TLS."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _Untouched(await super().connect_tcp("127.0.0.1", self._port))


class _Untouched(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's name
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's name
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return None if info == "ssl_object" else self._stream.get_extra_info(info)


@cache
def _unused_tls() -> ssl.SSLContext:
    """One for all, since a transport makes a costly one if it is given none."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
