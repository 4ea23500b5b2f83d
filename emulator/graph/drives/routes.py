"""The whole workload: importing it makes every module say its piece."""

from __future__ import annotations

from emulator.graph.drives import (
    actions,
    copying,
    facets,
    insight,
    items,
    looking,
    places,
    sharing,
    sites,
    thumbs,
    uploading,
    versions,
)
from emulator.graph.drives.service import drives

__all__ = [
    "actions",
    "copying",
    "drives",
    "facets",
    "insight",
    "items",
    "looking",
    "places",
    "sharing",
    "sites",
    "thumbs",
    "uploading",
    "versions",
]
