"""Calling Microsoft Graph: addresses, limits, answers, errors. Knows nothing of sign-in or of tools."""

from __future__ import annotations

from graph.auth import BearerAuth, TokenSource
from graph.calls import Call, Caller, Reply, Speaker
from graph.client import GraphClient
from graph.paging import Limits, Pages
from graph.service import GraphService, graph_service

__all__ = [
    "BearerAuth",
    "Call",
    "Caller",
    "GraphClient",
    "GraphService",
    "Limits",
    "Pages",
    "Reply",
    "Speaker",
    "TokenSource",
    "graph_service",
]
