"""graph/wire/batches.py: many requests in one body, and each answer to its own."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import GraphUnavailable
from graph import wire

JSON_TYPE = {"Content-Type": "application/json"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda v: st.lists(v) | st.dictionaries(st.text(), v),
    max_leaves=5,
)


def part(identity: str = "1", **given: Any) -> wire.Part:
    return wire.Part(identity, given.pop("method", "GET"), given.pop("target", "me"), **given)


def sent(*parts: wire.Part) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = json.loads(wire.batch_body(parts))["requests"]
    return requests


def read(*responses: object, ids: tuple[str, ...] = ("1", "2", "3")) -> dict[str, wire.PartReply]:
    return wire.read_batch(json.dumps({"responses": responses}).encode(), ids)


def reply(body: object, kind: str = "", **more: object) -> dict[str, object]:
    return {"id": "1", "status": 200, "headers": {"Content-Type": kind} if kind else {}, "body": body, **more}


# Requests.


def test_a_read_is_its_method_and_its_target() -> None:
    request = part(target="me/messages?$top=1&$select=id", headers={"Prefer": 'outlook.timezone="UTC"'})
    assert sent(request) == [
        {
            "id": "1",
            "method": "GET",
            "url": "/me/messages?$top=1&$select=id",
            "headers": {"Prefer": 'outlook.timezone="UTC"'},
        }
    ]


def test_a_target_cannot_name_a_host() -> None:
    assert sent(part(target="//evil.example/me"))[0]["url"] == "/evil.example/me"


def test_json_is_sent_as_json() -> None:
    body = json.dumps({"subject": "Grüße", "n": [1.5, None]}).encode()
    (request,) = sent(part(method="POST", headers={"content-type": "application/json; charset=utf-8"}, body=body))
    assert request["body"] == {"subject": "Grüße", "n": [1.5, None]}
    assert request["headers"] == {"content-type": "application/json; charset=utf-8"}


@pytest.mark.parametrize(
    ("kind", "body", "packed"),
    [
        pytest.param("image/png", b"\xff\xfe\xfb", "__77", id="bytes, in the alphabet for addresses"),
        pytest.param("application/octet-stream", b"a", "YQ==", id="bytes with padding"),
        pytest.param("text/plain", "Grüße".encode(), "Grüße", id="text"),
        pytest.param("application/merge-patch+json", b'{"a":1}', {"a": 1}, id="another JSON"),
    ],
)
def test_other_bodies_are_packed(kind: str, body: bytes, packed: object) -> None:
    assert sent(part(method="PUT", headers={"Content-Type": kind}, body=body))[0]["body"] == packed


@pytest.mark.parametrize("method", [pytest.param(name, id=name) for name in ("POST", "PUT", "PATCH")])
def test_a_write_without_a_body_gets_an_empty_one(method: str) -> None:
    (request,) = sent(part(method=method, headers={"content-type": "text/plain", "If-Match": "*"}))
    assert request["body"] == {}
    assert request["headers"] == {"If-Match": "*", "Content-Type": "application/json"}


def test_a_deletion_has_neither_body_nor_headers() -> None:
    assert sent(part(method="DELETE")) == [{"id": "1", "method": "DELETE", "url": "/me"}]


def test_a_part_cannot_speak_in_another_name() -> None:
    (request,) = sent(
        part(headers={"AUTHORIZATION": "Bearer x", "Host": "evil.example", "ConsistencyLevel": "eventual"})
    )
    assert request["headers"] == {"ConsistencyLevel": "eventual"}


@pytest.mark.parametrize(
    "waits",
    [
        pytest.param(["", "", ""], id="none"),
        pytest.param(["", "1", "2"], id="each for the one before"),
        pytest.param(["", "1", "1"], id="all for the same one"),
        pytest.param(["", "", "2"], id="one for one"),
    ],
)
def test_an_order_that_graph_knows_is_sent(waits: list[str]) -> None:
    requests = sent(*(part(str(place + 1), depends_on=name) for place, name in enumerate(waits)))
    assert [request.get("dependsOn", [""]) for request in requests] == [[name] for name in waits]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([], id="none"),
        pytest.param([part(str(number)) for number in range(21)], id="too many"),
        pytest.param([part(""), part("2")], id="no id"),
        pytest.param([part("a"), part("a")], id="an id twice"),
        pytest.param([part("a"), part("A")], id="an id twice, in another case"),
        pytest.param([part("1"), part("2", depends_on="9")], id="waiting for nobody"),
        pytest.param([part("1", depends_on="2"), part("2")], id="waiting for a later one"),
        pytest.param([part("1", depends_on="1")], id="waiting for itself"),
        pytest.param(
            [part("1"), part("2", depends_on="1"), part("3"), part("4", depends_on="3")], id="two orders at once"
        ),
        pytest.param(
            [part("1"), part("2", depends_on="1"), part("3", depends_on="2"), part("4")], id="a chain with a gap"
        ),
        pytest.param([part(method="POST", body=b"{}")], id="a body of no type"),
        pytest.param([part(method="POST", body=b"{", headers=JSON_TYPE)], id="JSON that is none"),
        pytest.param(
            [part(method="POST", body=b"\xff", headers={"Content-Type": "text/plain"})], id="text that is none"
        ),
    ],
)
def test_what_graph_would_refuse_as_a_whole_is_told_to_us(parts: list[wire.Part]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        wire.batch_body(parts)


# Answers.


def test_answers_are_found_in_any_order() -> None:
    found = read(
        {"id": "2", "status": 404, "headers": {"Retry-After": 5}, "body": {"error": {"code": "x"}}},
        {"id": "1", "status": 200, "headers": {"ETag": "a"}, "body": {"value": []}},
    )
    assert found == {
        "1": wire.PartReply(200, {"etag": "a"}, b'{"value": []}'),
        "2": wire.PartReply(404, {"retry-after": "5"}, b'{"error": {"code": "x"}}'),
    }


def test_the_same_answer_twice_is_one_answer() -> None:
    assert read(reply({}), {"id": "2", "status": 204}, reply({})).keys() == {"1", "2"}


def test_of_two_answers_that_differ_none_is_believed() -> None:
    assert read(reply({"a": 1}), reply({"a": 2}), reply({"a": 1}), {"id": "2", "status": 204}).keys() == {"2"}


@pytest.mark.parametrize(
    "response",
    [
        pytest.param({"id": "9", "status": 200}, id="an id that nobody asked for"),
        pytest.param({"status": 200}, id="no id"),
        pytest.param({"id": None, "status": 200}, id="null for an id"),
        pytest.param({"id": "1"}, id="no status"),
        pytest.param({"id": "1", "status": "OK"}, id="a word for a status"),
        pytest.param({"id": "1", "status": 200.0}, id="a fraction for a status"),
        pytest.param({"id": "1", "status": True}, id="a truth for a status"),
        pytest.param({"id": "1", "status": 0}, id="zero for a status"),
        pytest.param({"id": "1", "status": 1000}, id="a status out of range"),
        pytest.param("1", id="no object"),
        pytest.param(None, id="null"),
    ],
)
def test_an_answer_that_is_none_is_missing(response: object) -> None:
    assert read(response) == {}


def test_a_status_in_quotes_and_an_id_without_them_are_understood() -> None:
    assert read({"id": 1, "status": "204", "headers": None}) == {"1": wire.PartReply(204, {})}


@pytest.mark.parametrize(
    ("kind", "body", "unpacked"),
    [
        pytest.param("application/json;odata.metadata=minimal", {"a": "é"}, b'{"a": "\\u00e9"}', id="an object"),
        pytest.param("application/json", [1], b"[1]", id="a list"),
        pytest.param("application/json", "YWJj", b'"YWJj"', id="a text in JSON"),
        pytest.param(
            "application/json", base64.b64encode(b'{"a": 1}').decode(), b'{"a": 1}', id="JSON packed as a file"
        ),
        pytest.param("text/plain", 42, b"42", id="a count"),
        pytest.param("text/plain", "YWJj", b"YWJj", id="text that could be base64"),
        pytest.param("application/xml", "<a/>", b"<a/>", id="XML"),
        pytest.param("image/svg+xml", "PGEv", b"PGEv", id="XML of another kind"),
        pytest.param("image/png", "_-8", b"\xff\xef", id="bytes in the alphabet for addresses, without padding"),
        pytest.param("image/png", "/+8=", b"\xff\xef", id="bytes in the other alphabet"),
        pytest.param("image/png", "no base64!", b"no base64!", id="bytes that are none"),
        pytest.param("image/png", "é", "é".encode(), id="bytes that are no ASCII"),
        pytest.param("", "YWJj", b"YWJj", id="of no type"),
        pytest.param("text/plain", "\ud800", b"?", id="half a character"),
        pytest.param("application/json", None, b"", id="nothing"),
    ],
)
def test_a_body_is_unpacked(kind: str, body: object, unpacked: bytes) -> None:
    assert read(reply(body, kind))["1"].body == unpacked


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="a page"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="no answers"),
        pytest.param(b'{"responses": {"1": {}}}', id="answers in an object"),
        pytest.param(b'{"responses": [', id="cut off"),
    ],
)
def test_what_is_no_batch_is_an_error(body: bytes) -> None:
    with pytest.raises(GraphUnavailable, match="Try again") as caught:
        wire.read_batch(body, ["1"])
    assert caught.value.code == "BadAnswer"


@given(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=20), st.randoms())
def test_bytes_come_back_as_they_went(bodies: list[bytes], chance: Any) -> None:
    kind = {"Content-Type": "image/png"}
    requests = sent(*(part(str(n), method="PUT", headers=kind, body=body) for n, body in enumerate(bodies)))
    answers = [{"id": each["id"], "status": 200, "headers": kind, "body": each["body"]} for each in requests]
    chance.shuffle(answers)
    found = read(*answers, ids=tuple(each["id"] for each in requests))
    assert [found[str(n)].body for n in range(len(bodies))] == bodies


@given(VALUES)
def test_json_comes_back_as_it_went(value: object) -> None:
    (request,) = sent(part(method="POST", headers=JSON_TYPE, body=json.dumps(value).encode()))
    assert request["body"] == value
    found = read(reply({"value": value}, "application/json"))["1"]
    assert json.loads(found.body) == {"value": value}


@given(st.lists(VALUES | st.fixed_dictionaries({"id": VALUES, "status": VALUES, "headers": VALUES, "body": VALUES})))
def test_any_json_in_place_of_answers_is_survived(responses: list[object]) -> None:
    for found in read(*responses).values():
        assert 100 <= found.status <= 599
