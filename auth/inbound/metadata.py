"""What clients are told about signing in: the document of RFC 9728, and the challenge that leads to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from auth.inbound.issuers import issuer_of
from auth.inbound.rights import ACCESS
from settings import Settings

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def scope_of(settings: Settings) -> str:
    """The scope that clients ask for, with its API before it: Entra takes a bare name for one of Graph's."""
    return f"{settings.entra_app_id_uri or settings.resource}/{ACCESS}"


def metadata_of(settings: Settings) -> Mapping[str, Any]:
    """The protected resource's metadata. Shared authorities are never named: their issuer is nobody's."""
    return {
        "resource": settings.resource,
        "authorization_servers": [issuer_of(settings.cloud, tenant) for tenant in settings.tenants],
        "scopes_supported": [scope_of(settings)],
        "bearer_methods_supported": ["header"],
        "resource_name": "Graphward",
    }


def document_address(settings: Settings) -> str:
    """Where clients find the metadata: at the root of the host, whatever the path of the resource."""
    parts = urlsplit(settings.resource)
    return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}"


def challenge_of(settings: Settings) -> str:
    """What WWW-Authenticate says after `Bearer `."""
    return f'resource_metadata="{_quoted(document_address(settings))}", scope="{_quoted(scope_of(settings))}"'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
