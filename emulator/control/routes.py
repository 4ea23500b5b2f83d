"""The control routes: JSON in, JSON out, below `/_emulator`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.clock import ClockRange, check_moment
from emulator.control.bodies import BadRequest, Faults, Mail, Seed, Seeds, Time, checked
from emulator.control.guard import why_not
from emulator.control.mail import BadMail
from emulator.control.shown import calls, clock, faults, made, outbox, overview
from emulator.control.state import Control, NothingToResetTo
from emulator.control.trouble import BadFault, stir
from emulator.faults import GraphFault
from emulator.graph.engine.bodies import BadBody
from emulator.seeding import CannotSeed

PREFIX = "/_emulator"

Json: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[Control, Any], Json]
_NO_RESET = "This tenant was handed to the emulator as it is, so there is nothing to reset it to."


def controlled(control: Control) -> ASGIApp:
    """The control's emulator with the control routes in front of it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and f"{scope['path']}/".startswith(f"{PREFIX}/"):
            response = await _respond(control, Request(scope, receive))
            await response(scope, receive, send)
        else:
            await control.app(scope, receive, send)

    return app


async def _respond(control: Control, request: Request) -> Response:
    reason = why_not(request)
    if reason:
        return _refused(403, "NotAllowed", reason)
    methods = _ROUTES.get(request.url.path.removeprefix(PREFIX).strip("/"))
    if methods is None:
        return _refused(404, "NoSuchRoute", f"The control routes are {', '.join(_places())}.")
    handler = methods.get(request.method)
    if handler is None:
        return _refused(405, "MethodNotAllowed", f"This route takes {', '.join(methods)}.")
    return await _handled(handler, control, request)


async def _handled(handler: Handler, control: Control, request: Request) -> Response:
    try:
        body = await _body(request) if request.method == "POST" else None
        return JSONResponse(handler(control, body), 201 if handler in _MAKERS else 200)
    except (BadRequest, BadFault, BadMail, BadBody, CannotSeed, ClockRange) as error:
        return _refused(400, "BadRequest", str(error))
    except GraphFault as fault:
        return _refused(400, fault.code, fault.message)
    except NothingToResetTo:
        return _refused(409, "NothingToResetTo", _NO_RESET)


async def _body(request: Request) -> Any:  # noqa: ANN401 - JSON values
    raw = await request.body()
    if not raw:
        return {}
    if "json" not in request.headers.get("content-type", ""):
        raise BadRequest("The body has to be JSON, with the Content-Type application/json.")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no JSON: {error}") from error


def _refused(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def _places() -> list[str]:
    return [f"{method} {PREFIX}/{name}".rstrip("/") for name, methods in _ROUTES.items() for method in methods]


def _overview(control: Control, _: Any) -> Json:  # noqa: ANN401 - every handler's signature
    return {**overview(control), "routes": _places()}


def _seed(control: Control, body: Any) -> Json:  # noqa: ANN401 - JSON values
    is_many = isinstance(body, dict) and "items" in body
    wanted = checked(Seeds, body).items if is_many else [checked(Seed, body)]
    found = [made(control.seed(each.path, each.values, kind=each.type, fill=each.fill)) for each in wanted]
    return {"items": found} if is_many else found[0]


def _receive(control: Control, body: Any) -> Json:  # noqa: ANN401 - JSON values
    wanted = checked(Mail, body)
    return {"messages": [made(each) for each in control.receive(**dict(wanted))]}


def _reset(control: Control, _: Any) -> Json:  # noqa: ANN401 - every handler's signature
    control.reset()
    return overview(control)


def _clock(control: Control, _: Any) -> Json:  # noqa: ANN401 - every handler's signature
    return clock(control.clock)


def _set_clock(control: Control, body: Any) -> Json:  # noqa: ANN401 - JSON values
    wanted = checked(Time, body)
    goal = wanted.now.timestamp() if wanted.now is not None else control.clock() + (wanted.advance or 0)
    check_moment(goal)
    if wanted.running is False:
        control.clock.stop()
    if wanted.now is not None:
        control.clock.set(wanted.now)
    if wanted.advance is not None:
        control.clock.advance(wanted.advance)
    if wanted.running:
        control.clock.go_on()
    return clock(control.clock)


def _faults(control: Control, _: Any) -> Json:  # noqa: ANN401 - every handler's signature
    return faults(control)


def _add_faults(control: Control, body: Any) -> Json:  # noqa: ANN401 - JSON values
    stir(control, checked(Faults, body))
    return faults(control)


def _clear_faults(control: Control, _: Any) -> Json:  # noqa: ANN401 - every handler's signature
    control.calm()
    return faults(control)


def _calls(control: Control, _: Any) -> Json:  # noqa: ANN401 - every handler's signature
    return {"calls": calls(control)}


def _clear_calls(control: Control, _: Any) -> Json:  # noqa: ANN401 - every handler's signature
    control.calls.clear()
    return {"calls": []}


def _outbox(control: Control, _: Any) -> Json:  # noqa: ANN401 - every handler's signature
    return {"messages": outbox(control)}


def _clear_outbox(control: Control, _: Any) -> Json:  # noqa: ANN401 - every handler's signature
    control.outbox.clear()
    return {"messages": []}


_MAKERS = frozenset({_seed, _receive})
_ROUTES: dict[str, dict[str, Handler]] = {
    "": {"GET": _overview},
    "seed": {"POST": _seed},
    "mail": {"POST": _receive},
    "reset": {"POST": _reset},
    "clock": {"GET": _clock, "POST": _set_clock},
    "faults": {"GET": _faults, "POST": _add_faults, "DELETE": _clear_faults},
    "calls": {"GET": _calls, "DELETE": _clear_calls},
    "outbox": {"GET": _outbox, "DELETE": _clear_outbox},
}
