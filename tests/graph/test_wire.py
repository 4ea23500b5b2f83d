"""graph/wire.py: addresses that cannot be bent, and errors that are named."""

from __future__ import annotations

import json
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import errors
from graph import wire


@given(st.text(min_size=1, max_size=80))
def test_an_id_stays_one_segment_whatever_is_in_it(text: str) -> None:
    try:
        segment = wire.path_segment(text)
    except errors.ToolInputError:
        assert not text.strip() or text in {".", ".."} or any(0xD800 <= ord(each) <= 0xDFFF for each in text)
        return
    url = httpx.URL("https://graph.microsoft.com/v1.0/").join(f"me/messages/{segment}/attachments")
    path = url.raw_path.decode()
    assert path.count("/") == 5
    assert path.startswith("/v1.0/me/messages/")
    assert "?" not in path
    assert unquote(path.split("/")[4]) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("  ", id="blank"),
        pytest.param(".", id="this folder"),
        pytest.param("..", id="folder above"),
        pytest.param("x" * 1025, id="too long"),
        pytest.param("\ud800", id="broken Unicode"),
    ],
)
def test_what_is_no_id_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(errors.ToolInputError):
        wire.path_segment(text)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(400, errors.GraphBadRequest, id="400"),
        pytest.param(401, errors.GraphUnauthorized, id="401"),
        pytest.param(403, errors.GraphForbidden, id="403"),
        pytest.param(404, errors.GraphNotFound, id="404"),
        pytest.param(410, errors.GraphNotFound, id="410"),
        pytest.param(409, errors.GraphConflict, id="409"),
        pytest.param(412, errors.GraphConflict, id="412"),
        pytest.param(418, errors.GraphError, id="unforeseen 4xx"),
        pytest.param(429, errors.GraphThrottled, id="429"),
        pytest.param(500, errors.GraphUnavailable, id="500"),
        pytest.param(504, errors.GraphUnavailable, id="504"),
        pytest.param(302, errors.GraphUnavailable, id="a redirect is no answer"),
    ],
)
def test_each_status_has_its_exception(status: int, kind: type[errors.GraphError]) -> None:
    body = json.dumps({"error": {"code": "SomeCode", "message": "Something\r\n happened."}}).encode()
    error = wire.read_error(status, {"request-id": "r-1"}, body)
    assert type(error) is kind
    assert (error.code, error.status, error.request_id) == ("SomeCode", status, "r-1")
    assert str(error).startswith("SomeCode: Something happened.")
    assert str(error).endswith("[request-id r-1]")


@pytest.mark.parametrize(
    ("wait", "says"),
    [
        pytest.param("315", "asks to wait 315 seconds", id="seconds"),
        pytest.param("Fri, 20 Nov 2026 12:00:00 GMT", "Wait a little", id="a date"),
    ],
)
def test_a_throttled_call_says_how_long_to_wait(wait: str, says: str) -> None:
    error = wire.read_error(429, {"retry-after": wait}, b'{"error": {"code": "TooManyRequests", "message": "Later."}}')
    assert says in str(error)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>Bad gateway</html>", id="a page"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"error": "down"}', id="an error without parts"),
        pytest.param(b"\xff\xfe", id="no text"),
    ],
)
def test_an_error_without_a_readable_body_is_still_named(body: bytes) -> None:
    error = wire.read_error(502, {}, body)
    assert isinstance(error, errors.GraphUnavailable)
    assert str(error) == "502: Graph gave no reason. Try again in a moment."


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"value": [', id="cut off"),
        pytest.param(b"[1]", id="no object"),
        pytest.param(b"\xff", id="no text"),
    ],
)
def test_a_success_without_an_object_is_an_error(body: bytes) -> None:
    with pytest.raises(errors.GraphUnavailable, match="Try again"):
        wire.read_object(body)
