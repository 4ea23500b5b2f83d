"""The transports: the HTTP service, which is loaded by those who serve it, and stdio."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from web.approvals import ApprovalDesk
from web.listen import Listening, bound_socket, bound_sockets, reason_of, serve, serving
from web.local_pages import LocalPages
from web.middleware.host_and_origin import HostAndOrigin
from web.pages.approval import Question
from web.stdio import serve_stdio
from web.step_up import StepUp

if TYPE_CHECKING:
    from starlette.routing import Route

    from web.app import Surroundings, build_app
    from web.connections import Limits, protocol_class
    from web.drain import Drain
    from web.health import Check, Part, Readiness
    from web.metrics import Meter, NoMeter, PrometheusMeter, metrics_app, metrics_route, shared_numbers
    from web.tls import server_context
    from web.workers import Worker, check_workers, run_workers, workers_on

__all__ = [
    "ApprovalDesk",
    "Check",
    "Drain",
    "HostAndOrigin",
    "Limits",
    "Listening",
    "LocalPages",
    "Meter",
    "NoMeter",
    "Part",
    "PrometheusMeter",
    "Question",
    "Readiness",
    "Route",
    "StepUp",
    "Surroundings",
    "Worker",
    "bound_socket",
    "bound_sockets",
    "build_app",
    "check_workers",
    "metrics_app",
    "metrics_route",
    "protocol_class",
    "reason_of",
    "run_workers",
    "serve",
    "serve_stdio",
    "server_context",
    "serving",
    "shared_numbers",
    "workers_on",
]

# What a server over stdio starts without.
_LATER = {
    "starlette.routing": ("Route",),
    "web.app": ("Surroundings", "build_app"),
    "web.connections": ("Limits", "protocol_class"),
    "web.drain": ("Drain",),
    "web.health": ("Check", "Part", "Readiness"),
    "web.metrics": ("Meter", "NoMeter", "PrometheusMeter", "metrics_app", "metrics_route", "shared_numbers"),
    "web.tls": ("server_context",),
    "web.workers": ("Worker", "check_workers", "run_workers", "workers_on"),
}


def __getattr__(name: str) -> object:
    for module, names in _LATER.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'web' has no attribute {name!r}")
