"""What clients may know before they sign in: where to get a token for this server, and for what (RFC 9728)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth.inbound.metadata import WELL_KNOWN
from settings import Settings

if TYPE_CHECKING:
    from auth.inbound import Door

# Clients look for an authorization server of ours too; there is none, which a 401 would not say.
_NOT_HERE = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
_HEALTH = ("/healthz", "/readyz")


def mcp_paths(settings: Settings) -> tuple[str, ...]:
    """Where the MCP endpoint answers: also below the path of PUBLIC_URL, which not every proxy takes off."""
    mounted = urlsplit(settings.public_url or "").path
    return tuple(dict.fromkeys((settings.http_path, f"{mounted}{settings.http_path}")))


def public_paths(settings: Settings) -> frozenset[str]:
    """The exact paths that anybody may ask; never the endpoint, whatever it is called."""
    endpoints = mcp_paths(settings)
    metrics = ("/metrics",) if settings.metrics_token else ()  # it has a token of its own
    documents = [f"{known}{path}" for known in (WELL_KNOWN, *_NOT_HERE) for path in ("", *endpoints)]
    return frozenset((*_HEALTH, *metrics, *documents)) - frozenset(endpoints)


def metadata_routes(settings: Settings, door: Door) -> list[Route]:
    """The document at every place where clients look for it, the same bytes at each; nothing else is well-known."""
    nothing = Route("/.well-known/{rest:path}", _not_here)
    if door.metadata is None:
        return [nothing]
    document = json.dumps(door.metadata, separators=(",", ":")).encode()

    async def metadata(request: Request) -> Response:
        """No page of another origin needs it: the list of those that may call is the same for all paths."""
        return Response(document, media_type="application/json", headers={"Cache-Control": "public, max-age=300"})

    return [*(Route(f"{WELL_KNOWN}{path}", metadata) for path in ("", *mcp_paths(settings))), nothing]


async def _not_here(request: Request) -> Response:
    return Response(b'{"error":"not_found"}', 404, media_type="application/json", headers={"Cache-Control": "no-store"})
