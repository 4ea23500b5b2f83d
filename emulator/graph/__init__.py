"""Graph's endpoints, one module per workload; a new workload adds its endpoints to this list."""

from __future__ import annotations

from emulator.graph import attachments, folders, messages, users
from emulator.graph.router import Router

__all__ = ["graph_router"]


def graph_router() -> Router:
    """All endpoints of the demo tenant's Graph."""
    return Router([*users.ENDPOINTS, *folders.ENDPOINTS, *messages.ENDPOINTS, *attachments.ENDPOINTS])
