"""What the doctor asks beside Microsoft: a name's addresses, whose an untrusted certificate is, who is here already."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.from_thread
import anyio.lowlevel
import httpx

from settings import Settings

_HTTPS = 443
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # to listen on all, and to be found  # noqa: S104  # nosec B104
_NEARBY_SECONDS = 2.0


class _Seen(Exception):
    """The certificate is known; nothing more is sent over this connection."""


async def resolved(
    host: str, lookup: Callable[..., Sequence[tuple[Any, Any, Any, Any, Any]]] = socket.getaddrinfo
) -> list[str]:
    """The addresses of a host, from a thread that does not keep the process alive: a resolver may take minutes."""
    done, outcome = anyio.Event(), list[Sequence[tuple[Any, ...]] | Exception]()
    token = anyio.lowlevel.current_token()

    def look_up() -> None:
        try:
            outcome.append(lookup(host, _HTTPS, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            outcome.append(error)
        with contextlib.suppress(RuntimeError):  # nobody waits any more
            anyio.from_thread.run_sync(done.set, token=token)

    threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    await done.wait()
    (found,) = outcome
    if isinstance(found, Exception):
        raise found if isinstance(found, OSError) else OSError(f"{host} is no name")
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def issuer_of(url: str) -> str:
    """Who issued the certificate that this host shows, through the proxy if there is one. No request is sent."""
    seen: list[bytes] = []

    async def watch(event: str, details: dict[str, Any]) -> None:
        if not event.endswith("start_tls.complete"):
            return
        stream = details["return_value"]
        seen.append(stream.get_extra_info("ssl_object").getpeercert(binary_form=True))
        await stream.aclose()  # whoever is ended here does not close it
        raise _Seen

    async with httpx.AsyncClient(verify=_handshake_only()) as http:
        with contextlib.suppress(_Seen):
            await http.get(url, extensions={"trace": watch})
    if not seen:
        raise OSError(f"{url} shows no certificate")
    from cryptography import x509  # noqa: PLC0415 - loaded by those alone who meet such a certificate

    certificate = x509.load_der_x509_certificate(seen[-1])
    return certificate.issuer.rfc4514_string() or "an issuer without a name"


async def is_running(settings: Settings) -> bool:
    """Whether a server answers where this one would listen as this one does to a health check."""
    host = settings.http_host.strip("[]")
    host = _HERE.get(host, host)
    scheme = "https" if settings.http_tls_cert else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.http_port}/healthz"
    # It answers to its own name, and the certificate is for that one. Nothing secret is sent.
    called = urlsplit(settings.public_url or "").netloc or "localhost"
    try:
        async with httpx.AsyncClient(verify=_handshake_only(), trust_env=False, timeout=_NEARBY_SECONDS) as http:
            answer = await http.get(url, headers={"Host": called})
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return answer.status_code == httpx.codes.OK and answer.text.strip() == "ok"


def _handshake_only() -> ssl.SSLContext:
    """Trusts anybody, so that the certificate can be read: nothing may ever be sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
