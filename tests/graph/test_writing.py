"""graph/writing.py: what the answer to a write means where it may have been done before."""

from __future__ import annotations

import json

import pytest

from errors import GraphConflict, GraphError, GraphNotFound, GraphUnavailable, GraphUncertain
from graph import Call, Reply
from graph.writing import outcome_of, written

ERROR = json.dumps({"error": {"code": "Some", "message": "Text."}}).encode()
POST, PATCH, DELETE = (Call(method, "me/x") for method in ("POST", "PATCH", "DELETE"))
SAFE = Call("PUT", "me/x", repeatable=True)


def refused(status: int, *, after_loss: bool = False) -> Reply:
    return Reply(status, {"request-id": "r-1"}, ERROR, after_loss)


def test_an_answer_is_handed_on_and_nothing_is_nothing() -> None:
    assert written(POST, Reply(201, {}, b'{"id": "1"}')) == {"id": "1"}
    assert written(DELETE, Reply(204, {})) == {}


def test_what_was_deleted_by_a_try_whose_answer_was_lost_is_deleted() -> None:
    assert written(DELETE, refused(404, after_loss=True)) == {}
    with pytest.raises(GraphNotFound):
        written(DELETE, refused(404))


@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (409, 412)])
def test_a_clash_with_a_try_whose_answer_was_lost_is_uncertain(status: int) -> None:
    with pytest.raises(GraphUncertain, match=r"second try.*Look whether.*r-1"):
        written(PATCH, refused(status, after_loss=True))
    with pytest.raises(GraphConflict):
        written(PATCH, refused(status))


@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (500, 502, 503, 504, 520, 599)])
def test_a_failure_on_the_way_is_uncertain_unless_twice_does_no_harm(status: int) -> None:
    for call in (POST, Call("POST", "me/x", repeatable=True)):
        with pytest.raises(GraphUncertain, match="Look whether"):
            written(call, refused(status))
    with pytest.raises(GraphUnavailable) as caught:
        written(SAFE, refused(status))
    assert not isinstance(caught.value, GraphUncertain)


def test_an_answer_that_cannot_be_read_does_not_invite_to_repeat() -> None:
    with pytest.raises(GraphUncertain, match="do not repeat"):
        written(POST, Reply(201, {}, b"<html>"))


def test_in_a_batch_an_error_is_an_outcome() -> None:
    lost = GraphUncertain("AnswerLost", "Text.")
    assert outcome_of(POST, lost) is lost
    assert outcome_of(Call("GET", "me"), Reply(200, {}, b'{"id": "1"}')) == {"id": "1"}
    missing = outcome_of(Call("GET", "me"), refused(404))
    assert isinstance(missing, GraphError)
    assert isinstance(outcome_of(POST, refused(502)), GraphUncertain)
