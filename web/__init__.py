"""The transports: the HTTP service, and stdio."""

from __future__ import annotations

from starlette.routing import Route

from web.app import Surroundings, build_app
from web.approvals import ApprovalDesk
from web.connections import Limits, protocol_class
from web.drain import Drain
from web.health import Check, Part, Readiness
from web.listen import Listening, bound_socket, bound_sockets, serve, serving
from web.local_pages import LocalPages
from web.metrics import Meter, NoMeter, PrometheusMeter, metrics_app, metrics_route, shared_numbers
from web.middleware.host_and_origin import HostAndOrigin
from web.pages.approval import Question
from web.stdio import serve_stdio
from web.step_up import StepUp
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
    "run_workers",
    "serve",
    "serve_stdio",
    "server_context",
    "serving",
    "shared_numbers",
    "workers_on",
]
