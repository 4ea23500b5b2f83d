"""Microsoft's national clouds: the hosts of each, and what its sign-in service says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cloud:
    """One cloud. `login_hosts` are all names of its sign-in service; the first one is what it calls itself.

    `regions` is what discovery tells of where a tenant is kept, `device_page` where people type a device code.
    """

    name: str
    login_hosts: tuple[str, ...]
    cache_host: str
    graph_host: str
    instance_name: str
    issuer_host: str = "sts.windows.net"
    older_graph_host: str = "graph.windows.net"
    roles_host: str = "pas.windows.net"
    regions: Mapping[str, str] = field(default_factory=dict)
    device_page: str = "devicelogin"

    @property
    def login_url(self) -> str:
        return f"https://{self.login_hosts[0]}"

    @property
    def graph_url(self) -> str:
        """Where Graph is: also what stands before its permissions, and the audience of its tokens."""
        return f"https://{self.graph_host}"

    def issuer(self, tenant: str) -> str:
        """Who issues tokens of version 2; the same wherever the sign-in service is reached."""
        return f"{self.login_url}/{tenant}/v2.0"

    def older_issuer(self, tenant: str) -> str:
        """Who issues tokens of version 1."""
        return f"https://{self.issuer_host}/{tenant}/"


PUBLIC = Cloud(
    name="public",
    login_hosts=("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
    cache_host="login.windows.net",
    graph_host="graph.microsoft.com",
    instance_name="microsoftonline.com",
    regions={"tenant_region_scope": "EU"},
)
US_GOV = Cloud(
    name="usgov",
    login_hosts=("login.microsoftonline.us", "login.usgovcloudapi.net"),
    cache_host="login.microsoftonline.us",
    graph_host="graph.microsoft.us",
    instance_name="microsoftonline.us",
    roles_host="pasff.usgovcloudapi.net",
    regions={"tenant_region_scope": "USGov", "tenant_region_sub_scope": "DODCON"},
    device_page="deviceloginus",
)
US_DEFENSE = Cloud(
    name="usgov-dod",
    login_hosts=US_GOV.login_hosts,
    cache_host=US_GOV.cache_host,
    graph_host="dod-graph.microsoft.us",
    instance_name=US_GOV.instance_name,
    roles_host=US_GOV.roles_host,
    regions={"tenant_region_scope": "USGov", "tenant_region_sub_scope": "DOD"},
    device_page=US_GOV.device_page,
)
CHINA = Cloud(
    name="china",
    login_hosts=("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"),
    cache_host="login.partner.microsoftonline.cn",
    graph_host="microsoftgraph.chinacloudapi.cn",
    instance_name="partner.microsoftonline.cn",
    issuer_host="sts.chinacloudapi.cn",
    older_graph_host="graph.chinacloudapi.cn",
    roles_host="pas.chinacloudapi.cn",
    regions={"tenant_region_scope": "AS"},
    device_page="deviceloginchina",
)
CLOUDS = {cloud.name: cloud for cloud in (PUBLIC, US_GOV, US_DEFENSE, CHINA)}


def other_sign_in(host: str, home: Cloud) -> Cloud | None:
    """The other cloud whose sign-in service a host is; nothing for a host of this one, or of none."""
    if host in home.login_hosts:
        return None
    return next((cloud for cloud in CLOUDS.values() if host in cloud.login_hosts), None)


def is_other_graph(host: str, home: Cloud) -> bool:
    """Whether a host is the Graph of another cloud."""
    return host != home.graph_host and any(host == cloud.graph_host for cloud in CLOUDS.values())
