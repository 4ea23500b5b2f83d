"""How connections are made, for Graph and for sign-in alike: time limits, proxy, trusted certificates."""

from __future__ import annotations

import importlib
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import httpx
import truststore

from errors import StartError

# Over HTTP/2 one stream reads for all, and its time limit would end them all: silence is judged by graph/connections.py
# and by the deadline of each call.
TIMEOUT = httpx.Timeout(45.0, connect=10.0, read=None)
# A transfer has its connection to itself; this is for one that went silent.
TRANSFER_TIMEOUT = httpx.Timeout(45.0, connect=10.0)
NEIGHBOUR_TIMEOUT = httpx.Timeout(10.0, connect=2.0)
SIGN_IN_TIMEOUT = httpx.Timeout(10.0, connect=5.0)

# Read besides the system's store. There is no switch that leaves certificates unchecked.
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")

# Over HTTP/2 one connection carries every caller; the rest are for a proxy that only speaks HTTP/1.1, and all of them
# are kept, so that none has to be opened again with every burst. Idle ones go before a firewall forgets them.
LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=60.0)
# Files go one to a connection, apart from the rest.
TRANSFER_LIMITS = httpx.Limits(max_connections=16, max_keepalive_connections=4, keepalive_expiry=15.0)


def trusted_certificates() -> ssl.SSLContext:
    """What the operating system trusts, and the files that SSL_CERT_FILE and REQUESTS_CA_BUNDLE name."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # not every system's Python says so by itself
    for variable in CA_VARIABLES:
        if extra := os.environ.get(variable):
            _load(context, variable, Path(extra))
    return context


def _load(context: ssl.SSLContext, variable: str, extra: Path) -> None:
    if variable == "SSL_CERT_FILE":
        _trust_what_the_variable_hides(context)
    try:
        is_folder = extra.is_dir() and variable != "SSL_CERT_FILE"
        context.load_verify_locations(**({"capath": str(extra)} if is_folder else {"cafile": str(extra)}))
    except OSError as error:  # ssl.SSLError is one, too
        raise StartError(f"{variable}: {extra} is not a readable file of PEM certificates.") from error


def _trust_what_the_variable_hides(context: ssl.SSLContext) -> None:
    """OpenSSL reads SSL_CERT_FILE instead of the system's certificates; a proxy's own is wanted beside them."""
    paths = ssl.get_default_verify_paths()
    file, folder = Path(paths.openssl_cafile), Path(paths.openssl_capath)
    if file.is_file() or folder.is_dir():
        context.load_verify_locations(file if file.is_file() else None, folder if folder.is_dir() else None)


def async_client(
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    trusted: ssl.SSLContext | None = None,
    for_transfers: bool = False,
) -> httpx.AsyncClient:
    """A client for Graph. A given transport replaces the network, proxy included.

    Whoever opens several gives what is `trusted` to each. One `for_transfers` speaks HTTP/1.1, so that a long one has
    a connection to itself.
    """
    timeout = TRANSFER_TIMEOUT if for_transfers else TIMEOUT
    if transport is not None:
        return httpx.AsyncClient(timeout=timeout, transport=transport, trust_env=False)
    limits = TRANSFER_LIMITS if for_transfers else LIMITS
    trusted = trusted or trusted_certificates()
    mend_http2()
    with _proxy_trouble():
        return httpx.AsyncClient(timeout=timeout, limits=limits, http2=not for_transfers, verify=trusted)


def mend_http2() -> None:
    """Have connections over HTTP/2 on which no answer waits behind another; see `_network_http2.py`."""
    importlib.import_module("_network_http2").install()  # loaded when somebody speaks to Graph, and not at the start


def sync_client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """The client that sign-in uses, from worker threads."""
    if transport is not None:
        return httpx.Client(timeout=SIGN_IN_TIMEOUT, transport=transport, trust_env=False)
    trusted = trusted_certificates()
    with _proxy_trouble():
        return httpx.Client(timeout=SIGN_IN_TIMEOUT, verify=trusted)


def direct_client() -> httpx.Client:
    """A client for this machine's own neighbourhood, such as Azure's identity endpoints, which no proxy is asked for.

    What does not connect at once there is not there.
    """
    return httpx.Client(timeout=NEIGHBOUR_TIMEOUT, trust_env=False)


@contextmanager
def _proxy_trouble() -> Iterator[None]:
    try:
        yield
    except (ImportError, ValueError) as error:  # SOCKS, or what is no proxy's address
        raise StartError(
            "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY: this proxy cannot be used. Give it as http://HOST:PORT."
        ) from error


class OnDemand:
    """One sign-in client: opened by the first sign-in, closed with the server."""

    def __init__(self, opened: Callable[[], httpx.Client] = sync_client) -> None:
        self._opened = opened
        self._opening = threading.Lock()
        self._client: httpx.Client | None = None

    def __call__(self) -> httpx.Client:
        with self._opening:
            self._client = self._client or self._opened()
        return self._client

    def __enter__(self) -> OnDemand:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
