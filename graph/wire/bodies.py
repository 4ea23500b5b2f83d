"""JSON that came from outside."""

from __future__ import annotations

import json
from typing import Any

from errors import GraphUnavailable


def parsed(body: bytes) -> Any:  # noqa: ANN401 - JSON values
    """What a body says; a ValueError where that is nothing, nesting without end included."""
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("It is nested too deeply.") from error


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a successful answer; anything else means that no usable answer came."""
    try:
        value = parsed(body)
    except ValueError as error:
        raise GraphUnavailable("BadAnswer", "Graph sent something that is not JSON. Try again.") from error
    if not isinstance(value, dict):
        raise GraphUnavailable("BadAnswer", "Graph sent JSON that is not an object. Try again.")
    return value
