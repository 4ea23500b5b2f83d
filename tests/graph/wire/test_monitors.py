"""graph/wire/monitors.py: how far work is, in the words of every service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import errors
from graph import wire

RESULT = "https://graph.microsoft.com/v1.0/drives/1/items/2"


def look(status: int, /, **value: Any) -> wire.Monitor:
    return wire.read_monitor(status, {}, json.dumps(value).encode())


@pytest.mark.parametrize(
    ("word", "state"),
    [
        *(
            pytest.param(each, "running", id=each)
            for each in ("notStarted", "inProgress", "running", "waiting", "updating")
        ),
        *(pytest.param(each, "running", id=each) for each in ("Not Started", "deletePending", "neverHeardOf", "")),
        *(
            pytest.param(each, "succeeded", id=each)
            for each in ("succeeded", "completed", "Complete", "COMPLETED", "success")
        ),
        pytest.param("partiallySucceeded", "succeeded", id="partiallySucceeded"),
        *(pytest.param(each, "failed", id=each) for each in ("failed", "Failed", "cancelled", "canceled", "invalid")),
        *(pytest.param(each, "failed", id=each) for each in ("skipped", "deleteFailed", "Timed out")),
    ],
)
@pytest.mark.parametrize("status", [pytest.param(200, id="200"), pytest.param(202, id="202")])
def test_every_word_for_a_state_is_understood(status: int, word: str, state: str) -> None:
    monitor = look(status, status=word)
    assert monitor.state == state
    assert (monitor.error is not None) == (state == "failed")


def test_a_copy_in_a_drive_is_followed_to_its_end() -> None:
    running = look(202, operation="itemCopy", percentageComplete=30.5, status="inProgress")
    assert (running.state, running.percent, running.resource_id) == ("running", 30.5, "")
    done = look(200, percentageComplete=100.0, resourceId="2", resourceLocation=RESULT, status="completed")
    assert (done.state, done.percent, done.resource_id, done.resource_link) == ("succeeded", 100.0, "2", RESULT)
    assert done.value["status"] == "completed"


def test_a_copy_that_failed_says_why() -> None:
    error = look(200, status="failed", error={"code": "nameAlreadyExists", "message": "Taken."}).error
    assert isinstance(error, errors.GraphConflict)
    assert error.code == "nameAlreadyExists"
    assert "choose another name" in str(error)


def test_a_monitor_that_leads_on_is_done() -> None:
    monitor = wire.read_monitor(303, {"location": RESULT}, b"")
    assert (monitor.state, monitor.resource_link) == ("succeeded", RESULT)


def test_a_monitor_that_leads_nowhere_is_an_error() -> None:
    with pytest.raises(errors.GraphUnavailable):
        wire.read_monitor(303, {}, b"")


def test_a_team_is_made() -> None:
    monitor = look(200, status="succeeded", targetResourceId="t", targetResourceLocation="/teams('t')", error=None)
    assert (monitor.state, monitor.resource_id, monitor.resource_link) == ("succeeded", "t", "/teams('t')")


def test_a_session_of_a_workbook_is_opened() -> None:
    link = "https://graph.microsoft.com/v1.0/me/drive/items/1/workbook/sessionInfoResource(key='x')"
    assert look(200, status="succeeded", resourceLocation=link).resource_link == link


def test_a_call_that_failed_says_why() -> None:
    error = look(200, status="failed", resultInfo={"code": 500, "subcode": 7, "message": "Bot is away."}).error
    assert error is not None
    assert (error.code, error.message) == ("500", "Bot is away.")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param({}, "did not say why", id="nothing"),
        pytest.param({"error": None}, "did not say why", id="null"),
        pytest.param({"statusDetail": "The name is taken."}, "The name is taken.", id="a sentence"),
        pytest.param({"error": {"code": "", "message": "Gone."}}, "Gone.", id="an error without a code"),
    ],
)
def test_work_that_failed_without_an_error_is_told_all_the_same(value: dict[str, Any], says: str) -> None:
    error = look(200, status="cancelled", **value).error
    assert type(error) is errors.GraphError
    assert says in str(error)
    assert error.code == "cancelled"


@pytest.mark.parametrize(
    ("percent", "read"),
    [
        pytest.param({"percentageComplete": 12}, 12.0, id="a drive's"),
        pytest.param({"percentProgress": 50}, 50.0, id="a case's"),
        pytest.param({"progress": 0.0}, 0.0, id="a request's"),
        pytest.param({"percentageComplete": 400}, 100.0, id="too much"),
        pytest.param({"percentageComplete": -1}, 0.0, id="too little"),
        pytest.param({"percentageComplete": None, "percentComplete": 3}, 3.0, id="the one that is a number"),
        pytest.param({"percentageComplete": "half"}, None, id="a word"),
        pytest.param({"percentageComplete": True}, None, id="a truth"),
        pytest.param({"percentageComplete": float("nan")}, None, id="not a number"),
        pytest.param({"percentageComplete": 10**400}, 100.0, id="more than a float can hold"),
    ],
)
def test_progress_is_read(percent: dict[str, Any], read: float | None) -> None:
    assert look(202, status="running", **percent).percent == read


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        pytest.param(202, b"", "running", id="accepted"),
        pytest.param(202, b"<html>", "running", id="accepted, with a page"),
        pytest.param(202, b'{"id": "1"}', "running", id="accepted, without a state"),
        pytest.param(200, b'{"id": "1", "name": "a.txt"}', "succeeded", id="the thing itself"),
        pytest.param(201, b'{"id": "1"}', "succeeded", id="the thing, just made"),
        pytest.param(204, b"", "succeeded", id="nothing any more"),
        pytest.param(200, b'{"id": "1", "status": {"code": 1}}', "succeeded", id="a thing with a status of its own"),
    ],
)
def test_an_answer_that_is_no_monitor_is_understood(status: int, body: bytes, state: str) -> None:
    monitor = wire.read_monitor(status, {}, body)
    assert monitor.state == state
    assert monitor.resource_id == ("1" if b'"id"' in body else "")


def test_a_page_in_place_of_a_monitor_is_an_error() -> None:
    with pytest.raises(errors.GraphUnavailable, match="Try again"):
        wire.read_monitor(200, {}, b"<html>")


def test_a_look_that_fails_says_nothing_about_the_work() -> None:
    with pytest.raises(errors.GraphThrottled) as caught:
        wire.read_monitor(429, {"retry-after": "7"}, b"")
    assert caught.value.retry_after == 7


@given(
    st.sampled_from([200, 202]),
    st.dictionaries(
        st.sampled_from(["status", "percentageComplete", "resourceId", "resourceLocation", "error", "statusDetail"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dictionaries(st.text(), st.text()),
    ),
)
def test_any_object_is_read(status: int, value: dict[str, Any]) -> None:
    monitor = look(status, **value)
    assert monitor.percent is None or 0 <= monitor.percent <= 100
    assert isinstance(monitor.resource_link, str)
    assert (monitor.error is not None) == (monitor.state == "failed")
