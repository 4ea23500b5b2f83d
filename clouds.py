"""The hosts of each Microsoft cloud: where people sign in, and where their data is."""

from __future__ import annotations

from dataclasses import dataclass

GRAPH_ID = "00000003-0000-0000-c000-000000000000"
"""Graph's application id, the same in every cloud."""

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all personal Microsoft accounts."""

SHARED_TENANTS = ("common", "organizations", "consumers")
"""What may stand in the place of a tenant where any will do."""


@dataclass(frozen=True)
class Cloud:
    """One national cloud; tokens of one are worth nothing in another."""

    name: str
    login_hosts: tuple[str, ...]
    graph_host: str

    @property
    def login_url(self) -> str:
        return f"https://{self.login_hosts[0]}"

    @property
    def graph_url(self) -> str:
        return f"https://{self.graph_host}"


PUBLIC = Cloud(
    "public", ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com"), "graph.microsoft.com"
)
US_GOV_L4 = Cloud("usgov", ("login.microsoftonline.us",), "graph.microsoft.us")
US_GOV_L5 = Cloud("usgov-dod", ("login.microsoftonline.us",), "dod-graph.microsoft.us")
CHINA = Cloud(
    "china", ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"), "microsoftgraph.chinacloudapi.cn"
)

CLOUDS = {cloud.name: cloud for cloud in (PUBLIC, US_GOV_L4, US_GOV_L5, CHINA)}


def cloud_of_login_host(host: str) -> Cloud | None:
    """The cloud whose sign-in pages live on this host; L4 before L5, which share one."""
    return next((cloud for cloud in CLOUDS.values() if host.lower() in cloud.login_hosts), None)
