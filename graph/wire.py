"""Graph on the wire, without I/O: addresses, paging and error bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from errors import (
    GraphBadRequest,
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphThrottled,
    GraphUnauthorized,
    GraphUnavailable,
    ToolInputError,
)

_BY_STATUS: dict[int, type[GraphError]] = {
    400: GraphBadRequest,
    401: GraphUnauthorized,
    403: GraphForbidden,
    404: GraphNotFound,
    409: GraphConflict,
    410: GraphNotFound,
    412: GraphConflict,
    429: GraphThrottled,
}

_MAX_SEGMENT = 1024


def path_segment(text: str) -> str:
    """Encode an id or name so that it stays one segment of a path, whatever is in it."""
    if not text.strip() or text in {".", ".."}:
        raise ToolInputError(f"{text!r} is not an id. Pass one as it was listed.")
    if len(text) > _MAX_SEGMENT:
        raise ToolInputError(f"An id has at most {_MAX_SEGMENT} characters, this one has {len(text)}.")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise ToolInputError("The id holds characters that are not valid Unicode.") from error


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a successful answer; anything else means that no usable answer came."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise GraphUnavailable("BadAnswer", "Graph sent something that is not JSON. Try again.") from error
    if not isinstance(value, dict):
        raise GraphUnavailable("BadAnswer", "Graph sent JSON that is not an object. Try again.")
    return value


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> GraphError:
    """Turn a Graph error reply into the exception that names it."""
    error = _error_object(body)
    code, message = str(error.get("code") or status), str(error.get("message") or "Graph gave no reason.")
    kind = _BY_STATUS.get(status, GraphUnavailable if status >= 500 or status < 400 else GraphError)
    hint = _REMEDY_FOR_CODE.get(code) or _REMEDIES.get(kind, "")
    if wait := headers.get("retry-after", ""):
        hint = f"{hint} Graph asks to wait {wait} seconds." if wait.isdecimal() else hint
    return kind(code, _one_line(f"{message} {hint}"), status=status, request_id=headers.get("request-id", ""))


_REMEDIES: dict[type[GraphError], str] = {
    GraphUnauthorized: "The sign-in is no longer accepted: the person has to start the server again and sign in.",
    GraphForbidden: "The signed-in account, or the app, lacks a permission, a licence or a role for this.",
    GraphThrottled: "Wait a little, then try again with fewer requests.",
    GraphUnavailable: "Try again in a moment.",
}

_AS_LISTED = (
    "Use a well-known folder name such as inbox, drafts, sentitems or archive, or an id exactly as it was listed."
)
_REMEDY_FOR_CODE = {"ErrorInvalidIdMalformed": _AS_LISTED, "ErrorItemNotFound": _AS_LISTED}


def _error_object(body: bytes) -> dict[str, Any]:
    try:
        error = json.loads(body)["error"]
    except (ValueError, TypeError, LookupError):
        return {}
    return error if isinstance(error, dict) else {}


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]
