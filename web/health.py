"""Is the process alive, and can it take work? Neither answer says anything else."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def healthz(request: Request) -> PlainTextResponse:
    """The process runs."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def readyz(request: Request) -> PlainTextResponse:
    """The services are open: the lifespan has started and has not ended."""
    ready = getattr(request.app.state, "ready", False)
    return PlainTextResponse(
        "ready\n" if ready else "not ready\n", status_code=200 if ready else 503, headers={"Cache-Control": "no-store"}
    )


routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
