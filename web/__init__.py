"""The transports: the HTTP service, and stdio."""

from __future__ import annotations

from web.app import build_app
from web.approvals import ApprovalDesk
from web.listen import bound_socket, loopback_address, serve, serving
from web.local_pages import LocalPages
from web.middleware.loopback import LoopbackOnly
from web.pages.approval import Question
from web.stdio import serve_stdio

__all__ = [
    "ApprovalDesk",
    "LocalPages",
    "LoopbackOnly",
    "Question",
    "bound_socket",
    "build_app",
    "loopback_address",
    "serve",
    "serve_stdio",
    "serving",
]
