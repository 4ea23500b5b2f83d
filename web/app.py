"""The Starlette app: MCP, the health checks and the metadata, and in front of them what every request passes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from settings import Settings
from web.health import Readiness, health_routes
from web.metadata import mcp_paths, metadata_routes, public_paths
from web.metrics import Meter, NoMeter
from web.middleware.address_rate import AddressRate
from web.middleware.audit_hook import Audit, AuditHook, unheard
from web.middleware.authentication import Authentication
from web.middleware.body_limit import BodyLimit
from web.middleware.caller_rate import CallerRate
from web.middleware.cors import Cors
from web.middleware.deadlines import Deadlines
from web.middleware.enough_scope import EnoughScope
from web.middleware.host_and_origin import HostAndOrigin, hosts_of, origins_of
from web.middleware.request_log import RequestLog
from web.middleware.security_headers import SecurityHeaders
from web.middleware.sessions import Sessions
from web.middleware.sound_headers import SoundHeaders
from web.middleware.trusted_proxies import TrustedProxies

if TYPE_CHECKING:
    from auth.inbound import Door

# HostAndOrigin has looked at both already, for every path and not for MCP's alone.
_CHECKED_OUTSIDE = TransportSecuritySettings(enable_dns_rebinding_protection=False)

# How long an older client's session may be idle.
_SESSION_SECONDS = 1_800.0


@dataclass(frozen=True)
class Surroundings:
    """What the app works with beside the settings; without a `door` nobody has to show anything."""

    door: Door | None = None
    meter: Meter = field(default_factory=NoMeter)
    readiness: Readiness = field(default_factory=Readiness)
    audit: Audit = unheard
    needs_more: Callable[[str], bool] = lambda _: False
    """Whether the tool of this name would work, but for a token that only lets its holder read."""
    routes: Sequence[BaseRoute] = ()


def build_app(server: MCPServer[Any], settings: Settings, around: Surroundings = Surroundings()) -> Starlette:
    """MCP in both eras of the protocol, and all that belongs to it over HTTP."""
    mcp = server.streamable_http_app(
        streamable_http_path=settings.http_path,
        stateless_http=settings.is_stateless,
        max_request_body_size=settings.http_body_bytes,
        session_idle_timeout=_SESSION_SECONDS,
        transport_security=_CHECKED_OUTSIDE,
    )
    # The same endpoint also below the path of PUBLIC_URL, for proxies that do not cut that off.
    (endpoint,) = (route for route in mcp.routes if isinstance(route, Route) and route.path == settings.http_path)
    endpoints = [Route(path, endpoint.endpoint) for path in mcp_paths(settings)]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with _running(around.door), server.session_manager.run():
            app.state.ready = True
            try:
                yield
            finally:
                app.state.ready = False

    known = metadata_routes(settings, around.door) if around.door else []
    routes = [*endpoints, *health_routes(around.readiness), *known, *around.routes]
    app = Starlette(routes=routes, middleware=middleware_of(settings, around), lifespan=lifespan)
    app.router.redirect_slashes = False  # it would lead to wherever Host says, and lose the token on the way
    return app


def middleware_of(settings: Settings, around: Surroundings) -> list[Middleware]:
    """What a request passes, outermost first."""
    public = public_paths(settings)
    return [
        Middleware(TrustedProxies, networks=settings.trusted_proxies),
        Middleware(RequestLog, meter=around.meter, endpoints=mcp_paths(settings)),
        Middleware(SoundHeaders),
        Middleware(
            HostAndOrigin,
            hosts=hosts_of(settings),
            origins=origins_of(settings),
            loopback=settings.is_local,
        ),
        Middleware(SecurityHeaders, is_https=(settings.public_url or "").startswith("https://")),
        Middleware(Cors, origins=settings.cors_origins),
        Middleware(
            AddressRate,
            rate=settings.http_address_rate,
            failures=settings.http_failure_rate,
            share=settings.workers,
        ),
        Middleware(BodyLimit, most=settings.http_body_bytes),
        Middleware(Deadlines, receive=settings.http_receive_seconds, call=settings.http_call_seconds),
        *(_who_calls(settings, around, around.door, public) if around.door else ()),
        Middleware(AuditHook, audit=around.audit, public=public),
    ]


def _who_calls(settings: Settings, around: Surroundings, door: Door, public: frozenset[str]) -> list[Middleware]:
    """The part of it that is about whoever calls."""
    return [
        Middleware(Authentication, door=door, public=public, audit=around.audit),
        Middleware(
            CallerRate, rate=settings.http_caller_rate, calls=settings.http_caller_calls, share=settings.workers
        ),
        # It may hold a whole body, so only after it is known how many of them its caller has here.
        Middleware(EnoughScope, door=door, needs_more=around.needs_more, audit=around.audit),
        *(
            ()
            if settings.is_stateless
            else (Middleware(Sessions, most=settings.http_caller_sessions, idle=_SESSION_SECONDS),)
        ),
    ]


def _running(door: Door | None) -> AbstractAsyncContextManager[None]:
    return door.running() if door else nullcontext()
