"""Reading requests and wrapping answers the way Entra does, refusals included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.entra import pages
from emulator.entra.errors import EntraError, Trace, body_of
from emulator.entra.intake import take_in
from emulator.entra.realm import Realm
from emulator.entra.weather import torn

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
JsonHandler: TypeAlias = Callable[[Realm, Request], Awaitable[dict[str, Any]]]
Answer: TypeAlias = Callable[[Request, Trace], Awaitable[tuple[Response, int]]]
PageHandler: TypeAlias = Callable[[Realm, Request], Awaitable[Response]]

CACHED = {"Cache-Control": "max-age=86400, private", "Access-Control-Allow-Origin": "*"}
NOT_STORED = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
_MOST_FIELDS = 100


def json_endpoint(realm: Realm, handler: JsonHandler, headers: Mapping[str, str] = NOT_STORED) -> Endpoint:
    """An endpoint for programs: a JSON body, or the JSON form of an AADSTS error."""

    async def answer(request: Request, trace: Trace) -> tuple[Response, int]:
        try:
            return JSONResponse(await handler(realm, request), headers=dict(headers)), 0
        except EntraError as error:
            return JSONResponse(body_of(error, trace), error.status, headers=NOT_STORED), error.code

    return _endpoint(realm, answer)


def page_endpoint(realm: Realm, handler: PageHandler) -> Endpoint:
    """An endpoint for people: a page or a redirect, or the page form of an AADSTS error."""

    async def answer(request: Request, trace: Trace) -> tuple[Response, int]:
        try:
            return await handler(realm, request), 0
        except EntraError as error:
            return pages.refusal(error, trace), error.code

    return _endpoint(realm, answer)


def _endpoint(realm: Realm, answer: Answer) -> Endpoint:
    """An endpoint that trouble can strike, and that notes what came in."""

    async def answer_in_all_weathers(request: Request) -> Response:
        trace = _begin_trace(realm, request)
        intake = take_in(realm, request, await _fields_of(request))
        front = realm.weather.meets(intake.path, intake.user_id, intake.client_id)
        if front is not None and not front.is_tear:
            response, code = front.answer(trace), front.code or front.status
        else:
            response, code = await answer(request, trace)
        intake.note(realm, code)
        return _stamped(torn(response) if front is not None and front.is_tear else response, trace)

    return answer_in_all_weathers


async def _fields_of(request: Request) -> dict[str, str]:
    try:
        return await read_form(request) if request.method == "POST" else read_query(request)
    except EntraError:  # told by the endpoint itself, if it looks
        return {}


def trace_of(request: Request) -> Trace:
    """The trace of the request that is being answered."""
    trace: Trace = request.state.trace
    return trace


def _begin_trace(realm: Realm, request: Request) -> Trace:
    request.state.trace = Trace.of(request.headers.get("client-request-id"), realm.clock(), realm.cloud.login_url)
    return trace_of(request)


def _stamped(response: Response, trace: Trace) -> Response:
    response.headers["x-ms-request-id"] = trace.trace_id
    response.headers["client-request-id"] = trace.correlation_id
    response.headers["x-ms-ests-server"] = "2.1.19500.4 - DEMO ProdSlices"
    response.headers["P3P"] = 'CP="DSP CUR OTPi IND OTRi ONL FIN"'
    return response


def read_query(request: Request) -> dict[str, str]:
    """The query parameters, each at most once."""
    return _fields(request.url.query)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form; a body of any other type has none."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        return _fields((await request.body()).decode())
    except UnicodeDecodeError as error:
        raise EntraError(9002313) from error


def need(fields: Mapping[str, str], name: str) -> str:
    """A parameter that the request cannot do without."""
    value = fields.get(name, "")
    if not value:
        raise EntraError(900144, field=name)
    return value


def check_verb(request: Request) -> None:
    """Refuse anything but POST in Entra's words, which a router's 405 would lack."""
    if request.method != "POST":
        raise EntraError(900561, method=request.method)


def _fields(encoded: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:  # too many fields, or no UTF-8
        raise EntraError(9002313) from error
    # Two values for one name would let two readers see two different requests.
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise EntraError(9000411, field=name)
        fields[name] = value
    return fields
