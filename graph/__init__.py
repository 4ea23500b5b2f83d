"""Calling Microsoft Graph: addresses, answers, errors. Knows nothing of sign-in or of tools."""

from __future__ import annotations

from graph.auth import BearerAuth, TokenSource
from graph.client import GraphClient

__all__ = ["BearerAuth", "GraphClient", "TokenSource"]
