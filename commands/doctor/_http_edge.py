"""Checks of where HTTP is served: ports, names, TLS, proxies in front, workers. None of them needs the network."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio.to_thread

from commands.doctor._verdict import Seen, Surroundings, Verdict, all_of, fail, ok, skipped, warn, without_http
from errors import StartError
from settings import Settings
from web import bound_socket, check_workers, server_context
from web.middleware.host_and_origin import hosts_of

if TYPE_CHECKING:
    from cryptography import x509

_SOON = timedelta(days=14)
_RENEW = "Renew it in the place of this one: a running server notices."


async def http_port(about: Surroundings, _: Seen) -> Verdict:
    """Whether the ports are free that HTTP would listen on, and who reaches them."""
    settings = about.settings
    if settings.transport != "http":
        return skipped("clients reach the server over stdio")
    trouble = _taken(settings.http_host, settings.http_port)
    if trouble and await about.is_running(settings):
        return ok(f"a server answers on {settings.http_host} port {settings.http_port} already, as this one would")
    found = [fail("HTTP cannot listen where it shall", trouble) if trouble else ok(_free(settings, settings.http_port))]
    if settings.metrics_port is not None:
        found.append(_metrics(settings, settings.metrics_port))
    return all_of(*found)


def _metrics(settings: Settings, port: int) -> Verdict:
    if trouble := _taken(settings.http_host, port):
        trouble = trouble.replace("HTTP_PORT", "METRICS_PORT")
        return fail("/metrics cannot listen where it shall", trouble)
    if settings.is_local:
        return ok(f"/metrics: {_free(settings, port)}")
    remedy = f"Keep port {port} from the public, or set METRICS_TOKEN_FILE instead of METRICS_PORT."
    return warn(f"/metrics is open to whoever reaches port {port} of {settings.http_host}", remedy)


def _free(settings: Settings, port: int) -> str:
    reach = "" if settings.is_local else ", and other machines can reach it"
    return f"{settings.http_host} port {port or '(any)'} is free{reach}"


def _taken(host: str, port: int) -> str:
    try:
        bound_socket(host, port).close()
    except StartError as error:
        return str(error)
    return ""


async def http_edge(about: Surroundings, _: Seen) -> Verdict:
    """Whether the server's names, its TLS or the proxies in front, and the workers fit together."""
    if nothing := without_http(about):
        return nothing
    settings = about.settings
    check_workers(settings.workers)  # a StartError says it all
    found = [ok(f"answers to {_names(settings)}, in {settings.workers} {_plural('process', settings.workers)}")]
    if settings.http_tls_cert and settings.http_tls_key:
        files = settings.http_tls_cert, settings.http_tls_key
        found += await anyio.to_thread.run_sync(_tls, settings, *files, about.clock(), abandon_on_cancel=True)
    if settings.callers in ("entra", "apikey"):
        found += _proxies(settings)
    return all_of(*found)


def _names(settings: Settings) -> str:
    names = sorted(hosts_of(settings))
    return ", ".join([*names, *(["loopback names"] if settings.is_local else [])])


def _tls(settings: Settings, cert: Path, key: Path, clock: float) -> list[Verdict]:
    from cryptography import x509  # noqa: PLC0415 - loaded by those alone who have a certificate

    server_context(cert, key)  # a StartError says it all
    own = x509.load_pem_x509_certificates(cert.read_bytes())[0]
    parts, found = urlsplit(settings.public_url or ""), [_validity(own, datetime.fromtimestamp(clock, UTC))]
    if parts.hostname and not _is_for(own, parts.hostname):
        remedy = "Have one made for that name (subject alternative name), or correct PUBLIC_URL."
        found.append(fail(f"it does not name {parts.hostname}, the host of PUBLIC_URL", remedy))
    if parts.scheme == "http":
        remedy = f"Set PUBLIC_URL=https://{parts.netloc}{parts.path}."
        found.append(fail("PUBLIC_URL says http, and the server speaks TLS", remedy))
    return found


def _validity(own: x509.Certificate, now: datetime) -> Verdict:
    since, until = own.not_valid_before_utc, own.not_valid_after_utc
    if now >= until:
        return fail(f"the certificate expired on {until:%F}", _RENEW)
    if now < since:
        return fail(f"the certificate is valid from {since:%F} only", "Set this computer's clock, or wait.")
    # Some are made for days and renewed by programs: these are late only at the end of their time.
    if until - now < min(_SOON, (until - since) / 4):
        return warn(f"the certificate expires on {until:%F}", _RENEW)
    return ok(f"the certificate is valid until {until:%F}")


def _is_for(own: x509.Certificate, host: str) -> bool:
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    try:
        return ipaddress.ip_address(host) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        above = f"*.{host.partition('.')[2]}"
        return any(name.lower() in (host, above) for name in names.get_values_for_type(x509.DNSName))


def _proxies(settings: Settings) -> Iterator[Verdict]:
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        remedy = "Name the network of the proxy and no more, as in 10.0.3.0/24."
        yield warn("TRUSTED_PROXIES trusts everybody, so anybody can pass for any address", remedy)
    elif settings.trusted_proxies:
        yield ok(f"{', '.join(map(str, settings.trusted_proxies))} may say for whom they ask")
    elif not settings.http_tls_cert and (settings.public_url or "").startswith("https:"):
        remedy = (
            "Set TRUSTED_PROXIES to the address of the proxy that does TLS, such as 127.0.0.1: until then all callers "
            "share the limits of one address. Without a proxy, set HTTP_TLS_CERT and HTTP_TLS_KEY."
        )
        yield warn("PUBLIC_URL is https, but there is neither TLS here nor a proxy that is trusted", remedy)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}es"
