"""Answer only what was addressed to this machine, and no page of another site (DNS rebinding)."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from web._hosts import names_loopback


class LoopbackOnly:
    """Refuses a Host that is not a loopback name, and an Origin that is not a page of this machine.

    A browser that was tricked into resolving a foreign name to 127.0.0.1 still sends that name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        refusal = _refused(headers.getlist("host"), headers.getlist("origin"))
        await (refusal or self.app)(scope, receive, send)


def _refused(hosts: list[str], origins: list[str]) -> PlainTextResponse | None:
    if len(hosts) != 1 or not names_loopback("//" + hosts[0]):
        return PlainTextResponse("This server answers only as localhost. Use http://127.0.0.1.\n", status_code=421)
    if len(origins) > 1 or any(not _is_page_of_this_machine(origin) for origin in origins):
        return PlainTextResponse("This server takes no requests from pages of other sites.\n", status_code=403)
    return None


def _is_page_of_this_machine(origin: str) -> bool:
    return origin.startswith(("http://", "https://")) and names_loopback(origin)
