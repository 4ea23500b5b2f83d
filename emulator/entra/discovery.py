"""Discovery: the OpenID configuration, the key set, and which hosts belong to this cloud."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from emulator.clouds import Cloud
from emulator.entra.accounts import CONSUMERS, PERSONAL_TENANT
from emulator.entra.borders import asked_elsewhere
from emulator.entra.errors import EntraError
from emulator.entra.realm import SHARED_TENANTS, Realm
from emulator.entra.replies import need, read_query

_CLAIMS = (
    "sub iss cloud_instance_name cloud_instance_host_name cloud_graph_host_name msgraph_host aud exp iat auth_time "
    "acr nonce preferred_username name tid ver at_hash c_hash email"
)


async def openid_configuration(realm: Realm, request: Request) -> dict[str, Any]:
    """GET /{tenant}/v2.0/.well-known/openid-configuration: addresses under `login_url`, whatever host was asked.

    Another cloud's sign-in service answers under its own address, and tells of a tenant which cloud it is in.
    """
    authority = realm.authority(request.path_params["tenant"])
    cloud, elsewhere = _cloud_of(realm, request, authority), asked_elsewhere(realm, request)
    # MSAL insists on https here: over plain HTTP, whoever talks to the emulator rewrites the host afterwards.
    base = f"{elsewhere.login_url if elsewhere else realm.login_url}/{authority}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": cloud.issuer(_named_in_issuer(authority)),
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{cloud.graph_url}/oidc/userinfo",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "claims_supported": _CLAIMS.split(),
        "kerberos_endpoint": f"{base}/kerberos",
        **({"tenant_region_scope": None} if authority in SHARED_TENANTS else cloud.regions),
        "cloud_instance_name": cloud.instance_name,
        "cloud_graph_host_name": cloud.older_graph_host,
        "msgraph_host": cloud.graph_host,
        "rbac_url": f"https://{cloud.roles_host}",
    }


async def older_configuration(realm: Realm, request: Request) -> dict[str, Any]:
    """GET /{tenant}/.well-known/openid-configuration: for those who verify tokens of version 1.0."""
    document = await openid_configuration(realm, request)
    authority = realm.authority(request.path_params["tenant"])
    issuer = _cloud_of(realm, request, authority).older_issuer(_named_in_issuer(authority))
    return document | {"issuer": issuer, "jwks_uri": document["jwks_uri"].replace("/v2.0/", "/")}


async def key_set(realm: Realm, request: Request) -> dict[str, Any]:
    """GET /{tenant}/discovery/v2.0/keys, and the same without the version."""
    authority = realm.authority(request.path_params["tenant"])
    cloud = _cloud_of(realm, request, authority)
    return {"keys": realm.keys.published(cloud.issuer(_named_in_issuer(authority)), cloud.instance_name)}


async def instance(realm: Realm, request: Request) -> dict[str, Any]:
    """GET /common/discovery/instance: whether an authority's host is one of this cloud, and its aliases."""
    host, path = _address(need(read_query(request), "authorization_endpoint"))
    aliases = list(realm.cloud.login_hosts)
    if host not in (*aliases, urlsplit(realm.login_url).netloc):
        raise EntraError(50049, host=host)
    tenant = path.strip("/").partition("/")[0]
    return {
        "tenant_discovery_endpoint": f"{realm.login_url}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": aliases[0], "preferred_cache": realm.cloud.cache_host, "aliases": aliases}],
    }


def _address(url: str) -> tuple[str, str]:
    """Host and path of an https address; an empty host for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as an unfinished IPv6 address
        return "", ""
    return (parts.netloc.lower() if parts.scheme == "https" else ""), parts.path


def _cloud_of(realm: Realm, request: Request, authority: str) -> Cloud:
    """The cloud that a document is about: a tenant's own, and of a shared authority the one that was asked."""
    is_shared = authority in (*SHARED_TENANTS, CONSUMERS)
    return (asked_elsewhere(realm, request) if is_shared else None) or realm.cloud


def _named_in_issuer(authority: str) -> str:
    """What stands for the tenant in an issuer; the shared ones have a template, to be filled from a token's tid."""
    tenant = PERSONAL_TENANT if authority == CONSUMERS else authority
    return "{tenantid}" if authority in SHARED_TENANTS else tenant
