"""Which hosts Microsoft keeps files, mail and reports on, cloud by cloud."""

from __future__ import annotations

import re

# A name of at least two labels whose last one is letters: no address in numbers, however it is written, is one.
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z-]{0,61}[a-z]")

# Each name stands for itself and for all below it. Not here, though Microsoft's: live.com as a whole, and names below
# which anybody gets a machine or a site (cloudapp.azure.com, azurewebsites.net, all of chinacloudapi.cn and azure.cn).
_PUBLIC = (
    "sharepoint.com",
    "svc.ms",  # thumbnails and converted files
    "onedrive.com",
    "onedrive.live.com",
    "1drv.com",  # files of personal accounts, as the next three
    "livefilestore.com",
    "storage.live.com",
    "microsoftpersonalcontent.com",
    "office.com",  # attachments of mail, usage reports
    "office365.com",  # attachments of mail, what eDiscovery exports
    "office.net",
    "microsoft.com",  # Teams, Universal Print, Intune
    "blob.core.windows.net",  # exports of Intune and of audits: anybody gets a name here too, but only for storage
)
_US = (
    "office365.us",  # attachments of mail
    "microsoft.us",
    "svc.ms",
    "blob.core.usgovcloudapi.net",
)
_SUFFIXES = {
    "graph.microsoft.com": _PUBLIC,
    "graph.microsoft.us": ("sharepoint.us", *_US),
    # The second is the Pentagon's own name for its sites.
    "dod-graph.microsoft.us": ("sharepoint-mil.us", "dps.mil", *_US),
    "microsoftgraph.chinacloudapi.cn": (
        "sharepoint.cn",
        "outlook.cn",
        "blob.core.chinacloudapi.cn",
    ),
}


def is_microsofts(host: str, graph_host: str) -> bool:
    """Whether a host, in lower case, is Graph's own or one where its cloud keeps things."""
    if host == graph_host:
        return True
    suffixes = _SUFFIXES.get(graph_host, ())
    return bool(_NAME.fullmatch(host)) and any(host == each or host.endswith(f".{each}") for each in suffixes)
