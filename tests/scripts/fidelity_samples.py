"""Samples made by hand, and an emulator whose answers are twisted on their way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from scripts._fidelity.command import measured
from scripts._fidelity.replay import Outcome
from scripts._fidelity.world import Emulator

Twist = Callable[[Request, Any], Any]
CONTACT = {"displayName": "Kim Holt", "jobTitle": "Baker"}


def sample(method: str, path: str, status: int, answer: Any = None, body: Any = None, **more: Any) -> dict[str, Any]:
    """One documented exchange."""
    request = {"method": method, "path": path, "headers": more.pop("headers", {}), "body": body}
    response = {"status": status, "headers": more.pop("answers", {}), "body": answer}
    return {"docs_page": "a-page", "api": "v1.0", "request": request, "response": response, **more}


def folder_of(place: Path, **files: list[dict[str, Any]]) -> Path:
    for name, records in files.items():
        (place / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return place


class Twisted:
    """An emulator whose JSON answers are twisted on their way: faults that the measuring must find."""

    def __init__(self, app: ASGIApp, twist: Twist) -> None:
        self._app = app
        self._twist = twist

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app)) as client:
            found = await client.request(request.method, str(request.url), headers=request.headers, content=body)
        is_json = bool(found.content) and "json" in found.headers["content-type"]
        twisted = self._twist(request, found.json() if is_json else None)
        answer = twisted if isinstance(twisted, Response) else self._again(found, twisted)
        await answer(scope, receive, send)

    @staticmethod
    def _again(found: httpx.Response, body: Any) -> Response:
        if body is None:
            return Response(found.content, found.status_code)
        return JSONResponse(body, found.status_code)


async def outcome_of(place: Path, record: dict[str, Any], twist: Twist | None = None) -> Outcome:
    emulator = Emulator((lambda app: Twisted(app, twist)) if twist else (lambda app: app))
    (workload,) = await measured(folder_of(place, sheet=[record]), emulator=emulator)
    return workload.outcomes[0]


def without(name: str, method: str = "GET") -> Twist:
    def twist(request: Request, body: Any) -> Any:
        if request.method == method and isinstance(body, dict):
            body.pop(name, None)
        return body

    return twist


def told(body: Any) -> Twist:
    return lambda _request, _body: body
