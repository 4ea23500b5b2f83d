"""GraphClient: what a tool holds to call Graph for one caller. Cheap to make; the pool under it is shared."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from errors import GraphUnavailable, ToolInputError
from graph import wire
from graph.auth import BearerAuth

log = logging.getLogger(__name__)

_PREFER = 'IdType="ImmutableId"'
_WHOSE = re.compile(r"users/[^/]+")  # a mailbox is a person: the log does not say whose


class GraphClient:
    """Graph as one caller sees it; `user` is whose things tools work in, None where nobody was named."""

    def __init__(self, http: httpx.AsyncClient, auth: BearerAuth, *, user: str | None = "me") -> None:
        self._http = http
        self._auth = auth
        self._user = user

    @property
    def user(self) -> str:
        """The path of the person whose things tools work in: `me`, or the one that the app works for."""
        if self._user is None:
            raise ToolInputError("An app has no mailbox of its own. The server needs GRAPH_MAILBOX: whose to work in.")
        return "me" if self._user == "me" else f"users/{wire.path_segment(self._user)}"

    async def get(self, path: str, query: Mapping[str, str | int] | None = None, *, prefer: str = "") -> dict[str, Any]:
        """Read one object or one page. `path` is relative and its segments are encoded already."""
        headers = {
            "Accept": "application/json",
            "Prefer": f"{_PREFER}, {prefer}" if prefer else _PREFER,
            "client-request-id": str(uuid4()),
        }
        response = await self._send(self._http.build_request("GET", path, params=query, headers=headers))
        if not response.is_success:
            raise wire.read_error(response.status_code, response.headers, response.content)
        return wire.read_object(response.content)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        started, status = time.monotonic(), 0
        try:
            response = await self._http.send(request, auth=self._auth, follow_redirects=False)
            status = response.status_code
        except httpx.TimeoutException as error:
            raise GraphUnavailable("Timeout", "Graph took too long to answer. Try again in a moment.") from error
        except httpx.RequestError as error:
            raise GraphUnavailable("Unreachable", _unreachable(error)) from error
        finally:
            log.info(
                "graph call",
                extra={
                    "method": request.method,
                    "path": _WHOSE.sub("users/*", request.url.raw_path.decode().partition("?")[0]),
                    "status": status,
                    "ms": round((time.monotonic() - started) * 1000),
                    "client_request_id": request.headers["client-request-id"],
                },
            )
        return response


def _unreachable(error: httpx.RequestError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "Graph's certificate is not trusted here. Behind a proxy that inspects TLS, name its in SSL_CERT_FILE."
    return "Graph cannot be reached, or its answer is broken. Check the network or the proxy, then try again."
