"""graph/wire/bodies.py: JSON that can be anything."""

from __future__ import annotations

import pytest

from errors import GraphUnavailable
from graph import wire


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"value": [', id="cut off"),
        pytest.param(b"[1]", id="no object"),
        pytest.param(b"null", id="null"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"[" * 200_000, id="nested without end"),
        pytest.param(b'{"a":' * 200_000, id="objects nested without end"),
        pytest.param(b"<html></html>", id="a page"),
        pytest.param(b'{"n": ' + b"1" * 10_000 + b"}", id="a number without end"),
    ],
)
def test_a_success_without_an_object_is_an_error(body: bytes) -> None:
    with pytest.raises(GraphUnavailable, match="Try again") as caught:
        wire.read_object(body)
    assert caught.value.code == "BadAnswer"


def test_an_object_is_read() -> None:
    assert wire.read_object(b'\xef\xbb\xbf{"id": "1", "n": {}}') == {"id": "1", "n": {}}
