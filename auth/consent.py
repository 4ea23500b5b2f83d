"""The link with which an administrator agrees to permissions for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from clouds import SHARED_TENANTS
from settings import Settings

# An administrator has a tenant of their own: Entra finds it out where the address does not name it.
_ANY_ORGANISATION = "organizations"


def consent_url(
    login_url: str, tenant: str, client_id: str, *, scopes: Iterable[str] = (), redirect_uri: str = ""
) -> str:
    """The page for these delegated permissions; without any, for all that the registration lists, the app's own too."""
    base = f"{login_url}/{_ANY_ORGANISATION if tenant in SHARED_TENANTS else tenant}"
    named = " ".join(sorted(set(scopes)))
    query = {"client_id": client_id, "scope": named, "redirect_uri": redirect_uri}
    given = urlencode({name: text for name, text in query.items() if text}, quote_via=quote)
    return f"{base}/v2.0/adminconsent?{given}" if named else f"{base}/adminconsent?{given}"


def admin_consent_url(settings: Settings, scopes: Iterable[str] = (), *, tenant: str = "") -> str:
    """The link for this server's app, in the tenant of the settings unless another one is named.

    An app's own permissions are those that it was registered with, whatever `scopes`.
    """
    tenant = tenant or settings.tenant
    login_url = settings.authority_url.removesuffix(f"/{settings.tenant}")
    client_id = settings.entra_client_id or ""
    redirect_uri = settings.entra_redirect_uri
    if settings.way == "on-behalf-of":  # an API has no redirect URI, which the page for single permissions wants
        return consent_url(login_url, tenant, client_id)
    if settings.auth_mode == "application":
        return consent_url(login_url, tenant, client_id, redirect_uri=redirect_uri)
    full = [scope if "://" in scope else f"{settings.cloud.graph_url}/{scope}" for scope in scopes]
    return consent_url(login_url, tenant, client_id, scopes=full, redirect_uri=redirect_uri if full else "")
