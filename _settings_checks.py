"""What settings have to be together: nothing that contradicts, nothing that lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from _settings_sources import Problem
from clouds import SHARED_TENANTS

if TYPE_CHECKING:
    from settings import Settings

_APP_CREDENTIALS = (
    "ENTRA_CLIENT_SECRET",
    "ENTRA_CLIENT_CERTIFICATE",
    "ENTRA_FEDERATED_TOKEN_FILE",
    "ENTRA_MANAGED_IDENTITY",
)
_REGISTRATION = "docs/app-registration.md says how, step by step"


def credentials(settings: Settings) -> list[str]:
    """The names of the credentials with which an app could prove who it is."""
    return [name for name in _APP_CREDENTIALS if getattr(settings, name.lower())]


def clashes(settings: Settings) -> Iterator[Problem]:
    """Settings that cannot both be meant."""
    if settings.demo_sign_in and not settings.demo:
        yield _problem("DEMO_SIGN_IN", "works in the demo only. Set DEMO=true too, or unset it.", "DEMO")
    yield from _two_credentials(settings)
    yield from _two_places(settings)
    if settings.entra_certificate_passphrase and not settings.entra_client_certificate:
        text = "is of no use without ENTRA_CLIENT_CERTIFICATE. Set that too, or unset it."
        yield _problem("ENTRA_CERTIFICATE_PASSPHRASE", text, "ENTRA_CLIENT_CERTIFICATE")
    if settings.token_cache_key and not _wants_key(settings):
        text = "has no effect without TOKEN_CACHE_ENCRYPTION=key. Set that too, or unset it."
        yield _problem("TOKEN_CACHE_KEY", text, "TOKEN_CACHE_ENCRYPTION")
    if settings.graph_api_version == "beta" and not settings.graph_allow_beta:
        text = "beta is switched off by GRAPH_ALLOW_BETA=false. Set v1.0, or unset one of them."
        yield _problem("GRAPH_API_VERSION", text, "GRAPH_ALLOW_BETA")
    yield from _wanted_and_not(settings)


def _two_credentials(settings: Settings) -> Iterator[Problem]:
    given = credentials(settings)
    if len(given) > 1:
        yield _problem(given[0], f"set together with {' and '.join(given[1:])}. Keep one of them.", *given[1:])
    if settings.graph_access_token and given:
        text = f"set together with {' and '.join(given)}. A supplied token needs none: keep one of them."
        yield _problem("GRAPH_ACCESS_TOKEN", text, *given)


def _two_places(settings: Settings) -> Iterator[Problem]:
    in_authority = settings.authority_tenant
    if in_authority and settings.entra_tenant_id and in_authority != settings.entra_tenant_id:
        yield _problem(
            "ENTRA_TENANT_ID", "differs from the tenant in ENTRA_AUTHORITY. Unset one of them.", "ENTRA_AUTHORITY"
        )
    if settings.entra_authority and settings.authority_host not in settings.cloud.login_hosts:
        yield _problem(
            "ENTRA_CLOUD", "another cloud than that of ENTRA_AUTHORITY. Unset one of them.", "ENTRA_AUTHORITY"
        )


def _wanted_and_not(settings: Settings) -> Iterator[Problem]:
    both = [name for name in settings.tools if name in settings.exclude_tools]
    if both:
        yield _problem("EXCLUDE_TOOLS", f"{', '.join(both)} stands in TOOLS too. Take it out of one of them.", "TOOLS")
    if settings.allowed_scopes is None or settings.auth_mode == "application":
        return  # an app asks for what it was granted, so its ENTRA_SCOPES have no effect
    allowed = {name.lower() for name in settings.allowed_scopes}
    beyond = [scope for scope in settings.entra_scopes or () if scope.rpartition("/")[2].lower() not in allowed]
    if beyond:
        text = f"{', '.join(beyond)} is not among ALLOWED_SCOPES. Add it there, or take it out here."
        yield _problem("ENTRA_SCOPES", text, "ALLOWED_SCOPES")


def gaps(settings: Settings) -> Iterator[Problem]:
    """What signing in needs and was not given."""
    if settings.demo or not settings.entra_enable_auth:
        return
    if _wants_key(settings) and not settings.token_cache_key:
        text = "key needs the key: set TOKEN_CACHE_KEY_FILE (openssl rand -base64 32 makes one), or use os or off."
        yield _problem("TOKEN_CACHE_ENCRYPTION", text, "TOKEN_CACHE_KEY")
    if settings.way == "supplied":
        return
    if not settings.entra_client_id:
        yield _problem(
            "ENTRA_CLIENT_ID",
            f"missing. Register an app in Entra ({_REGISTRATION}) and set its Application (client) ID, "
            "or try --demo, which needs none.",
            "DEMO",
            "ENTRA_ENABLE_AUTH",
            "GRAPH_ACCESS_TOKEN",
        )
    if settings.auth_mode == "application":
        yield from _application_gaps(settings)


def _application_gaps(settings: Settings) -> Iterator[Problem]:
    if settings.tenant in SHARED_TENANTS:
        text = "application mode works in one tenant. Set its Directory (tenant) ID or a verified domain."
        yield _problem("ENTRA_TENANT_ID", text, "ENTRA_AUTHORITY", "ENTRA_AUTH_MODE", *_APP_CREDENTIALS)
    if not credentials(settings):
        text = f"application mode needs one of {', '.join(_APP_CREDENTIALS)}. Set one; a secret can come from a file."
        yield _problem("ENTRA_AUTH_MODE", text, *_APP_CREDENTIALS)


def _wants_key(settings: Settings) -> bool:
    return settings.token_cache_encryption == "key"  # noqa: S105 - no password, a word


def _problem(name: str, text: str, *others: str) -> Problem:
    return Problem(frozenset({name, *others}), f"{name}: {text}")
