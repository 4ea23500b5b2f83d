"""Who signs tokens for this server, and what of ours they may be made out to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from auth.inbound.jwks import KeySet
from clouds import CLOUDS, GRAPH_ID, Cloud
from settings import Settings

# All clouds but this one share the host that version 1 knows them by.
_OLDER_HOST = "sts.windows.net"
_OLDER_HOSTS = {"china": "sts.chinacloudapi.cn"}
# Graph's, and that of the directory service before it, wherever a token for them was made.
_OF_GRAPH = frozenset(
    {GRAPH_ID, "00000002-0000-0000-c000-000000000000", "https://graph.windows.net", "https://graph.chinacloudapi.cn"}
    | {cloud.graph_url for cloud in CLOUDS.values()}
)


@dataclass(frozen=True)
class Terms:
    """What a token has to say to be for us: the same for every request."""

    cloud: Cloud
    tenants: frozenset[str]
    audiences: frozenset[str]
    clients: frozenset[str]
    takes_older: bool

    @classmethod
    def of(cls, settings: Settings) -> Terms:
        """What the settings say that a token is to say."""
        client_id = settings.entra_client_id
        names = (settings.resource, settings.entra_app_id_uri, client_id, f"api://{client_id}" if client_id else None)
        return cls(
            cloud=settings.cloud,
            tenants=frozenset(settings.tenants),
            audiences=frozenset(name.removesuffix("/") for name in names if name),
            clients=frozenset(settings.http_clients),
            takes_older=settings.http_v1_tokens,
        )

    def issuer(self, version: str, tenant: str) -> str:
        """Who issues tokens of this version; it is compared whole."""
        return issuer_of(self.cloud, tenant) if version == "2.0" else older_issuer_of(self.cloud, tenant)

    def is_ours(self, audience: str) -> bool:
        return audience.removesuffix("/") in self.audiences


def issuer_of(cloud: Cloud, tenant: str) -> str:
    """Who issues a tenant's tokens of version 2, which is also the address of its sign-in service."""
    return f"{cloud.login_url}/{tenant}/v2.0"


def older_issuer_of(cloud: Cloud, tenant: str) -> str:
    """Who issues a tenant's tokens of version 1."""
    return f"https://{_OLDER_HOSTS.get(cloud.name, _OLDER_HOST)}/{tenant}/"


def is_graphs(audience: str) -> bool:
    """Whether a token is for Microsoft Graph, which nobody else can verify."""
    return audience.removesuffix("/") in _OF_GRAPH


def key_sets(
    settings: Settings, http: Callable[[], httpx.AsyncClient], steady: Callable[[], float]
) -> Mapping[str, KeySet]:
    """One set for each tenant that may call: Entra says of some keys that they sign tokens of one tenant alone."""
    addresses = {tenant: f"{settings.cloud.login_url}/{tenant}/discovery/v2.0/keys" for tenant in settings.tenants}
    return {
        tenant: KeySet(issuer_of(settings.cloud, tenant), address, http, steady=steady)
        for tenant, address in addresses.items()
    }
