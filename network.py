"""How connections are made, for Graph and for sign-in alike: time limits, proxy, trusted certificates."""

from __future__ import annotations

import os
import ssl

import httpx
import truststore

from errors import StartError

TIMEOUT = httpx.Timeout(30.0, connect=10.0)

# Over HTTP/2 a few connections carry every caller; over HTTP/1.1 a pool this small would be the bottleneck.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=60.0)


def trusted_certificates() -> ssl.SSLContext:
    """What the operating system trusts, and the file that SSL_CERT_FILE names."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if extra := os.environ.get("SSL_CERT_FILE"):
        try:
            context.load_verify_locations(cafile=extra)
        except OSError as error:  # ssl.SSLError is one, too
            raise StartError(f"SSL_CERT_FILE: {extra} is not a readable file of PEM certificates.") from error
    return context


def async_client(base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The shared client for Graph. A given transport replaces the network, proxy included."""
    if transport is not None:
        return httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT, transport=transport, trust_env=False)
    return httpx.AsyncClient(
        base_url=base_url, timeout=TIMEOUT, limits=LIMITS, http2=True, verify=trusted_certificates()
    )


def sync_client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """The client that sign-in uses, from worker threads."""
    if transport is not None:
        return httpx.Client(timeout=TIMEOUT, transport=transport, trust_env=False)
    return httpx.Client(timeout=TIMEOUT, verify=trusted_certificates())
