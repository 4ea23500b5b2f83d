"""What the settings of the HTTP service have to be together: nobody unknown is served, and nothing secret goes bare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from _settings_checks import credentials
from _settings_sources import Problem

if TYPE_CHECKING:
    from settings import Settings

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GUIDE = "docs/http.md says how, step by step"


def problems(settings: Settings) -> Iterator[Problem]:
    """What is wrong with serving like this over HTTP; nothing over stdio, where none of it counts."""
    if settings.transport != "http":
        return
    yield from _unknown_callers(settings)
    if settings.demo:
        return
    yield from _bare(settings)
    if settings.http_auth == "entra":
        yield from _entra(settings)
    if settings.http_auth == "apikey":
        yield from _keys(settings)
    if settings.metrics_port and settings.metrics_port == settings.http_port:
        yield _problem("METRICS_PORT", "is HTTP_PORT as well. Choose another, or set METRICS_TOKEN instead.")


def _unknown_callers(settings: Settings) -> Iterator[Problem]:
    """Nobody is served who has shown nothing, save on this machine and on purpose."""
    if settings.demo:
        if settings.http_auth not in (None, "none"):
            text = "does not go with the demo, where nobody signs in. Unset it, or set up a tenant of your own."
            yield _problem("HTTP_AUTH", text, "DEMO")
        if settings.workers > 1:
            yield _problem("WORKERS", "the demo is one process. Unset it.", "DEMO")
    elif settings.http_auth is None:
        yield _problem(
            "HTTP_AUTH",
            f"missing: over HTTP everybody who calls has to show who they are. Set entra or apikey ({_GUIDE}), or none "
            "together with --insecure-loopback for this machine alone, or try --demo.",
            "DEMO",
        )
    elif settings.http_auth == "none" and not settings.insecure_loopback:
        text = "none lets every program on this machine act as the account. If that is meant, add --insecure-loopback."
        yield _problem("HTTP_AUTH", text, "INSECURE_LOOPBACK")
    if (settings.demo or settings.http_auth == "none") and not settings.is_local:
        text = f"refusing to listen on {settings.http_host} for callers who show nothing. Use 127.0.0.1, or HTTP_AUTH."
        yield _problem("HTTP_HOST", text, "HTTP_AUTH", "DEMO")


def _bare(settings: Settings) -> Iterator[Problem]:
    """Tokens do not travel in the clear."""
    if bool(settings.http_tls_cert) != bool(settings.http_tls_key):
        name, other = ("HTTP_TLS_CERT", "HTTP_TLS_KEY") if settings.http_tls_key else ("HTTP_TLS_KEY", "HTTP_TLS_CERT")
        yield _problem(name, f"missing: {other} is set, and TLS needs both.", other)
    is_safe = settings.is_local or settings.http_tls_cert or settings.trusted_proxies
    if settings.http_auth in ("entra", "apikey") and not is_safe:
        yield _problem(
            "HTTP_HOST",
            f"on {settings.http_host} tokens would arrive in the clear. Set TRUSTED_PROXIES to the network of the "
            "proxy that does TLS, or HTTP_TLS_CERT and HTTP_TLS_KEY, or listen on 127.0.0.1.",
            "TRUSTED_PROXIES",
            "HTTP_TLS_CERT",
        )
    if settings.http_auth in ("entra", "apikey") and not settings.is_local and not settings.public_url:
        text = f"missing: a server that others reach answers to its own name only ({_GUIDE})."
        yield _problem("PUBLIC_URL", text, "HTTP_HOST")


def _entra(settings: Settings) -> Iterator[Problem]:
    """A resource server of one app registration, in tenants that are named."""
    if not settings.entra_enable_auth:
        yield _problem("ENTRA_ENABLE_AUTH", "false does not go with HTTP_AUTH=entra. Unset one of them.", "HTTP_AUTH")
        return
    if not settings.public_url:
        text = f"missing: with HTTP_AUTH=entra it is the name that clients ask for tokens with ({_GUIDE})."
        yield _problem("PUBLIC_URL", text, "HTTP_HOST")
    if not _GUID.fullmatch(settings.tenant):
        text = "HTTP_AUTH=entra needs the tenant's id (a GUID): tokens name their tenant by it, and no other is let in."
        yield _problem("ENTRA_TENANT_ID", text, "ENTRA_AUTHORITY")
    if settings.auth_mode == "application" and settings.tenants != (settings.tenant,):
        text = (
            "does not go with ENTRA_AUTH_MODE=application: whoever administers those tenants could give apps of theirs "
            "a role of the API, and the data of yours with it. Unset it."
        )
        yield _problem("HTTP_TENANTS", text, "ENTRA_AUTH_MODE")
    if settings.graph_access_token:
        text = "does not go with HTTP_AUTH=entra, where each caller brings a token. Unset it."
        yield _problem("GRAPH_ACCESS_TOKEN", text)
    elif settings.auth_mode == "delegated" and not credentials(settings):
        text = "entra needs a credential of the app, to call Graph on behalf of people: ENTRA_CLIENT_SECRET or its kin."
        yield _problem("HTTP_AUTH", text, "ENTRA_CLIENT_SECRET", "ENTRA_CLIENT_ID")


def _keys(settings: Settings) -> Iterator[Problem]:
    """Nobody stands behind a key, so the app works as itself."""
    if settings.entra_enable_auth and settings.auth_mode != "application":
        text = "apikey needs a credential of the app, which works as itself: set ENTRA_CLIENT_SECRET or its kin."
        yield _problem("HTTP_AUTH", text, "ENTRA_AUTH_MODE", "ENTRA_CLIENT_SECRET", "ENTRA_CLIENT_ID")


def _problem(name: str, text: str, *others: str) -> Problem:
    return Problem(frozenset({name, *others}), f"{name}: {text}")
