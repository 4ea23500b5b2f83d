"""Error bodies of Graph, in the forms that its services write, as exceptions that say what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from errors import GraphError, GraphThrottled, GraphUnavailable
from graph.wire.bodies import parsed
from graph.wire.remedies import KIND_OF_CODE, KIND_OF_STATUS, remedy
from graph.wire.waiting import retry_after

_LONGEST_MESSAGE = 500
_LONGEST_NAME = 100
_MOST_DETAILS = 3
_MOST_NESTED = 8

_NO_REASON = "Graph gave no reason."
_NOT_GRAPHS = "The answer is not in Graph's form: it may come from a proxy or a gateway in front of it."


def read_error(status: int, headers: Mapping[str, str], body: bytes, *, now: datetime | None = None) -> GraphError:
    """Turn a Graph error reply into the exception that names it. `now` is what a date to wait for is counted from."""
    error, is_graphs = _error_object(body)
    kind = KIND_OF_STATUS.get(status, GraphUnavailable if status >= 500 or status < 400 else GraphError)
    wait = retry_after(headers, now or datetime.now(UTC)) or 0.0
    request_id = _line(headers.get("request-id", ""), _LONGEST_NAME) or _request_id(error)
    reason = _NO_REASON if is_graphs else _NOT_GRAPHS
    return _made(error, kind, status, reason, wait=wait, request_id=request_id)


def read_failure(error: Mapping[str, Any], word: str) -> GraphError:
    """The exception for an error inside a successful answer; one that has no code is called by the `word`."""
    codes = [code.lower() for code in _codes(error)]
    kind = next((KIND_OF_CODE[code] for code in codes if code in KIND_OF_CODE), GraphError)
    return _made({**error, "code": _shown_code(error, _name(word))}, kind, 0, _NO_REASON, request_id=_request_id(error))


def _made(
    error: Mapping[str, Any], kind: type[GraphError], status: int, reason: str, *, wait: float = 0, request_id: str
) -> GraphError:
    codes = list(_codes(error))
    message = _line(_message(error) or reason, _LONGEST_MESSAGE)
    hint = remedy(codes, kind, status, message)
    patience = f"Graph asks to wait {math.ceil(wait)} seconds." if wait else ""
    code, text = _shown_code(error, str(status)), " ".join(part for part in (message, hint, patience) if part)
    if kind is GraphThrottled:
        return GraphThrottled(code, text, status=status, request_id=request_id, retry_after=wait)
    return kind(code, text, status=status, request_id=request_id)


def _error_object(body: bytes) -> tuple[dict[str, Any], bool]:
    """The error of a body, empty where there is none, and whether the body is JSON or nothing, as Graph's are."""
    if not body:
        return {}, True
    try:
        value = parsed(body)
    except ValueError:
        return {}, False
    error = value.get("error") if isinstance(value, dict) else None
    return (error if isinstance(error, dict) else {}), True


def _nested(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The error and those inside it, the outermost first. Services spell the inner one in two ways."""
    found: object = error
    for _ in range(_MOST_NESTED):
        if not isinstance(found, Mapping):
            return
        yield found
        found = found.get("innerError", found.get("innererror"))


def _codes(error: Mapping[str, Any]) -> Iterator[str]:
    """All codes, the most specific first."""
    outermost, *inner = _nested(error)
    for each in (*reversed(inner), *_details(error), outermost):
        if code := _name(each.get("code")):
            yield code


def _details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = error.get("details")
    return [each for each in details if isinstance(each, Mapping)] if isinstance(details, list) else []


def _shown_code(error: Mapping[str, Any], otherwise: str) -> str:
    """The outermost name; a number says no more than the status, and Planner leaves it empty inside a batch."""
    names = [_name(each.get("code")) for each in _nested(error)]
    return next((name for name in names if name and not name.isdecimal()), next(filter(None, names), otherwise))


def _message(error: Mapping[str, Any]) -> str:
    messages = (_text(each.get("message")) for each in _nested(error))
    said = [next((message for message in messages if message), "")]
    for each in _details(error)[:_MOST_DETAILS]:
        target, text = _name(each.get("target")), _text(each.get("message"))
        said.append(f"{target}: {text}" if target and text else text)
    return " ".join(dict.fromkeys(part for part in said if part))


def _text(value: object) -> str:
    """A message is a string; older parts of SharePoint put it into an object, Intune puts JSON into it."""
    if isinstance(value, Mapping):
        value = value.get("value")
    if not isinstance(value, str):
        return ""
    if value.lstrip().startswith("{"):
        try:
            inner = parsed(value.encode("utf-8", "replace"))
        except ValueError:
            return value
        return next((text for name in ("Message", "message") if isinstance(text := inner.get(name), str)), value)
    return value


def _name(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return _line(str(value), _LONGEST_NAME)


def _request_id(error: Mapping[str, Any]) -> str:
    found = (_name(each.get(name)) for each in _nested(error) for name in ("request-id", "requestId"))
    return next(filter(None, found), "")


def _line(text: str, longest: int) -> str:
    """One line without anything that a terminal or a reader could take for more than text."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(printable.split())[:longest]
