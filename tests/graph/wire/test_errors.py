"""graph/wire/errors.py and remedies.py: errors that are named, and say what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import errors
from graph import wire

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["code", "message", "innerError", "innererror", "details", "target", "request-id", "value"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


def body_of(**error: Any) -> bytes:
    return json.dumps({"error": error}).encode()


def told(status: int, **error: Any) -> errors.GraphError:
    return wire.read_error(status, {}, body_of(**error))


# The kind.


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(400, errors.GraphBadRequest, id="400"),
        pytest.param(401, errors.GraphUnauthorized, id="401"),
        pytest.param(402, errors.GraphForbidden, id="402"),
        pytest.param(403, errors.GraphForbidden, id="403"),
        pytest.param(404, errors.GraphNotFound, id="404"),
        pytest.param(405, errors.GraphBadRequest, id="405"),
        pytest.param(408, errors.GraphUnavailable, id="408"),
        pytest.param(409, errors.GraphConflict, id="409"),
        pytest.param(410, errors.GraphNotFound, id="410"),
        pytest.param(412, errors.GraphConflict, id="412"),
        pytest.param(413, errors.GraphTooLarge, id="413"),
        pytest.param(416, errors.GraphBadRequest, id="416"),
        pytest.param(418, errors.GraphError, id="unforeseen 4xx"),
        pytest.param(422, errors.GraphBadRequest, id="422"),
        pytest.param(423, errors.GraphConflict, id="423"),
        pytest.param(424, errors.GraphConflict, id="424"),
        pytest.param(429, errors.GraphThrottled, id="429"),
        pytest.param(500, errors.GraphUnavailable, id="500"),
        pytest.param(501, errors.GraphBadRequest, id="501"),
        pytest.param(504, errors.GraphUnavailable, id="504"),
        pytest.param(507, errors.GraphTooLarge, id="507"),
        pytest.param(509, errors.GraphThrottled, id="509"),
        pytest.param(302, errors.GraphUnavailable, id="a redirect is no answer"),
    ],
)
def test_each_status_has_its_exception(status: int, kind: type[errors.GraphError]) -> None:
    body = body_of(code="SomeCode", message="Something\r\n happened.")
    error = wire.read_error(status, {"request-id": "r-1"}, body)
    assert type(error) is kind
    assert (error.code, error.status, error.request_id) == ("SomeCode", status, "r-1")
    assert str(error).startswith("SomeCode: Something happened.")
    assert str(error).endswith("[request-id r-1]")


# The code, where errors stand inside errors.


@pytest.mark.parametrize(
    "inner", [pytest.param("innerError", id="one way"), pytest.param("innererror", id="the other way")]
)
def test_the_most_specific_code_that_is_known_says_what_to_do(inner: str) -> None:
    error = told(
        409, code="conflict", message="No.", **{inner: {"code": "nameAlreadyExists", inner: {"code": "neverHeardOf"}}}
    )
    assert error.code == "conflict"
    assert error.message == (
        "No. Something of this name is there already: choose another name, or say what becomes of the other one."
    )


def test_of_two_codes_that_are_known_the_inner_one_says_what_to_do() -> None:
    inner = {"code": "accessDenied", "innerError": {"code": "quotaLimitReached"}}
    assert "storage is full" in told(400, code="itemNotFound", innererror=inner).message


def test_errors_inside_errors_are_followed_only_so_far() -> None:
    error: dict[str, Any] = {"code": "nameAlreadyExists"}
    for _ in range(50):
        error = {"code": "outer", "innerError": error}
    assert told(400, **error).message.startswith("Graph gave no reason.")


def test_an_error_in_the_details_says_what_to_do() -> None:
    error = told(400, code="badRequest", message="No.", details=[5, {"code": "quotaLimitReached"}])
    assert "storage is full" in error.message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(
            {"code": "TooManyRequests", "innerError": {"code": "429"}}, "TooManyRequests", id="a number inside"
        ),
        pytest.param({"code": "", "innerError": {"code": "Inner"}}, "Inner", id="nothing outside"),
        pytest.param({"innererror": {"innererror": {"code": "Deep"}}}, "Deep", id="nothing but deep inside"),
        pytest.param({"code": "403", "innerError": {"code": "Named"}}, "Named", id="a number outside"),
        pytest.param({"code": 403, "innerError": {"code": 5}}, "403", id="numbers only"),
        pytest.param({"code": ["a"]}, "400", id="no code at all"),
        pytest.param({"code": True}, "400", id="a truth for a code"),
        pytest.param(
            {"code": "-1, Microsoft.X", "message": {"lang": "en", "value": "x"}}, "-1, Microsoft.X", id="SharePoint"
        ),
        pytest.param({"code": "a\x1b[2J\u202eb"}, "a [2J b", id="what a terminal would take for a command"),
    ],
)
def test_the_outermost_name_is_shown(error: dict[str, Any], code: str) -> None:
    assert told(400, **error).code == code


@pytest.mark.parametrize(
    ("error", "says"),
    [
        pytest.param(
            {"message": {"lang": "en-US", "value": "The list is gone."}}, "The list is gone.", id="in an object"
        ),
        pytest.param({"message": '{"_version": 3, "Message": "No device."}'}, "No device.", id="in JSON"),
        pytest.param({"message": '{"other": 1}'}, '{"other": 1}', id="in JSON without one"),
        pytest.param({"message": "{0} is wrong"}, "{0} is wrong", id="in what only begins like JSON"),
        pytest.param({"message": "", "innerError": {"message": "Inside."}}, "Inside.", id="inside only"),
        pytest.param({"message": 5}, "Graph gave no reason.", id="a number"),
        pytest.param(
            {"message": "No.", "details": [{"target": "mailNickname", "message": "Taken."}, {"message": "Odd."}]},
            "No. mailNickname: Taken. Odd.",
            id="with details",
        ),
        pytest.param({"message": "No.", "details": [{"message": "No."}, "x"]}, "No.", id="the same again in a detail"),
        pytest.param({"message": "a\u202eb\u200bc\x00d"}, "a b c d", id="with invisible characters"),
        pytest.param({"message": "x" * 9000}, "x" * 500, id="too long"),
    ],
)
def test_the_reason_is_told_in_one_line(error: dict[str, Any], says: str) -> None:
    assert told(418, code="c", **error).message == says


def test_a_long_reason_does_not_hide_what_to_do() -> None:
    assert told(412, code="c", message="x " * 900).message.endswith("make the change to what it is now.")


# What to do.


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        pytest.param(
            403, "Authorization_RequestDenied", "lacks the permission or the role", id="a directory permission"
        ),
        pytest.param(403, "accessDenied", "lacks the permission or the role", id="a drive's permission"),
        pytest.param(403, "ErrorAccessDenied", "its owner or an administrator can share it", id="another's mailbox"),
        pytest.param(403, "Forbidden", "lacks a permission, a licence or a role", id="some permission"),
        pytest.param(404, "MailboxNotEnabledForRESTAPI", "no mailbox in Exchange Online", id="no mailbox"),
        pytest.param(404, "ErrorItemNotFound", "exactly as it was listed", id="no such message"),
        pytest.param(
            400,
            "ErrorInvalidIdMalformed",
            "Pass an id or handle exactly as it was listed; folders also go by name.",
            id="no id of a message",
        ),
        pytest.param(404, "Request_ResourceNotFound", "list again", id="no such object"),
        pytest.param(404, "itemNotFound", "list again", id="no such file"),
        pytest.param(409, "nameAlreadyExists", "choose another name", id="a name that is taken"),
        pytest.param(410, "SyncStateNotFound", "read everything again", id="changes that are too old"),
        pytest.param(410, "resyncRequired", "read everything again", id="a drive's changes that are too old"),
        pytest.param(410, "Gone", "It is gone", id="gone"),
        pytest.param(412, "preconditionFailed", "read it again", id="changed meanwhile"),
        pytest.param(413, "RequestEntityTooLarge", "upload session", id="too large"),
        pytest.param(400, "Request_UnsupportedQuery", "simpler conditions", id="a query that a directory cannot do"),
        pytest.param(400, "InefficientFilter", "sort by what the filter names first", id="a query that mail cannot do"),
        pytest.param(423, "resourceLocked", "open or checked out", id="locked"),
        pytest.param(429, "activityLimitReached", "fewer requests", id="throttled by a drive"),
        pytest.param(507, "quotaLimitReached", "storage is full", id="no room"),
        pytest.param(507, "other", "no room left", id="no room of some kind"),
        pytest.param(509, "bandwidth", "Wait a while", id="too much moved"),
        pytest.param(501, "NotImplemented", "cannot do this", id="not there yet"),
        pytest.param(503, "ServiceUnavailable", "Try again in a moment", id="down"),
        pytest.param(400, "NAMEALREADYEXISTS", "choose another name", id="a code in capitals"),
    ],
)
def test_an_error_says_what_to_do(status: int, code: str, says: str) -> None:
    assert says in told(status, code=code, message="No.").message


@pytest.mark.parametrize(
    ("message", "is_licence"),
    [
        pytest.param("The tenant does not have a valid Intune license.", True, id="a license"),
        pytest.param("Neither tenant is B2C or tenant doesn't have premium licence", True, id="a licence"),
        pytest.param("The user is unlicensed.", True, id="unlicensed"),
        pytest.param("Insufficient privileges.", False, id="something else"),
    ],
)
def test_a_missing_licence_is_told_from_a_missing_permission(message: str, is_licence: bool) -> None:
    assert ("licence is missing" in told(403, code="Forbidden", message=message).message) is is_licence
    assert "licence is missing" not in told(400, code="Forbidden", message=message).message


# Waiting.


@pytest.mark.parametrize(
    ("wait", "says", "seconds"),
    [
        pytest.param("315", "asks to wait 315 seconds", 315, id="seconds"),
        pytest.param("0.2", "asks to wait 1 seconds", 0.2, id="a fraction"),
        pytest.param("Fri, 20 Nov 2026 12:00:09 GMT", "asks to wait 9 seconds", 9, id="a date"),
        pytest.param("Fri, 20 Nov 2026 11:00:00 GMT", "Wait a little", 0, id="a date that has passed"),
        pytest.param("x", "Wait a little", 0, id="nonsense"),
    ],
)
def test_a_throttled_call_says_how_long_to_wait(wait: str, says: str, seconds: float) -> None:
    body = body_of(code="TooManyRequests", message="Later.")
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    error = wire.read_error(429, {"retry-after": wait}, body, now=now)
    assert isinstance(error, errors.GraphThrottled)
    assert says in str(error)
    assert error.retry_after == seconds


def test_a_service_that_is_down_says_how_long_too() -> None:
    assert "wait 20 seconds" in str(wire.read_error(503, {"retry-after": "20"}, b""))


# Where the answer is not what Graph writes.


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"error": "down"}', id="an error without parts"),
        pytest.param(b'{"error": {}}', id="an empty error"),
        pytest.param(b"{}", id="an empty object"),
    ],
)
def test_an_error_without_a_reason_is_still_named(body: bytes) -> None:
    error = wire.read_error(502, {}, body)
    assert isinstance(error, errors.GraphUnavailable)
    assert str(error) == "502: Graph gave no reason. Try again in a moment."


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>Bad gateway</html>", id="a page"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b'{"error": {"code": "x"', id="cut off"),
        pytest.param(b'{"error":' * 200_000, id="nested without end"),
    ],
)
def test_a_page_in_place_of_an_error_is_named_but_not_quoted(body: bytes) -> None:
    assert str(wire.read_error(502, {}, body)) == (
        "502: The answer is not in Graph's form: it may come from a proxy or a gateway in front of it. "
        "Try again in a moment."
    )


@pytest.mark.parametrize(
    ("headers", "inner", "request_id"),
    [
        pytest.param({"request-id": "h"}, {"request-id": "b"}, "h", id="the header's"),
        pytest.param({}, {"request-id": "b"}, "b", id="the body's"),
        pytest.param({}, {"requestId": "b"}, "b", id="the body's, spelt otherwise"),
        pytest.param({}, {"code": "x", "innererror": {"request-id": "d"}}, "d", id="one deep inside"),
        pytest.param({"request-id": "a\tb"}, {}, "a b", id="in one line"),
        pytest.param({}, {"request-id": None}, "", id="none"),
    ],
)
def test_the_request_can_be_named_to_support(headers: dict[str, str], inner: dict[str, Any], request_id: str) -> None:
    assert wire.read_error(500, headers, body_of(code="c", innerError=inner)).request_id == request_id


@given(st.integers(300, 599), JSON)
def test_any_json_becomes_an_error_in_one_line(status: int, error: object) -> None:
    found = wire.read_error(status, {}, json.dumps({"error": error}).encode())
    assert found.status == status
    assert found.code
    assert str(found).isprintable()
    assert len(str(found)) < 1000


@given(st.integers(300, 599), st.binary(max_size=60))
def test_any_bytes_become_an_error(status: int, body: bytes) -> None:
    assert wire.read_error(status, {}, body).status == status
