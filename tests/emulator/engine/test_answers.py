"""Calls are read and answers written as Graph does it, headers and errors included."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from emulator import Tenant
from emulator.faults import (
    GraphFault,
    NotSignedIn,
    ResyncRequired,
    SearchConflict,
    UnknownVersion,
)
from emulator.graph.engine.call import NOBODY, Answer, Call, answered
from emulator.graph.engine.responses import Trace, refusal, respond
from tests.emulator.engine.tiny import code_of, graph_of, message_of
from tests.emulator.support import NOW, client_for, delegated


def call(tenant: Tenant, *query: tuple[str, str], **headers: str) -> Call:
    return Call(tenant, NOBODY, "GET", "https://h", "v1.0", "users", query, headers, NOW)


async def test_every_answer_is_numbered_and_the_callers_number_comes_back(graph: httpx.AsyncClient) -> None:
    response = await graph.get("/me", headers={"client-request-id": "mine"})
    assert response.headers["client-request-id"] == "mine"
    assert len(response.headers["request-id"]) == 36
    assert response.headers["odata-version"] == "4.0"
    assert json.loads(response.headers["x-ms-ags-diagnostic"])["ServerInfo"]["DataCenter"] == "Demo"
    assert "client-request-id" not in (await graph.get("/me")).headers
    error = (await graph.get("/nowhere", headers={"client-request-id": "mine"})).json()["error"]["innerError"]
    assert error["client-request-id"] == "mine"
    assert error["date"] == "2026-03-11T14:30:00"


async def test_links_name_the_host_that_was_asked(graph: httpx.AsyncClient) -> None:
    body = (await graph.get("/users?$top=1", headers={"Host": "localhost:3000"})).json()
    assert body["@odata.nextLink"].startswith("https://localhost:3000/v1.0/users?")


async def test_a_version_that_there_is_not_is_refused(tenant: Tenant) -> None:
    async with graph_of(tenant) as graph:
        response = await graph.get("https://graph.microsoft.com/v9/me")
        assert (response.status_code, "Invalid version: v9" in response.text) == (400, True)
        assert (await graph.get("https://graph.microsoft.com/BETA/me")).status_code == 200


async def test_a_token_that_is_no_good_is_challenged(tenant: Tenant) -> None:
    async with client_for(tenant, delegated(tenant.demo_person), "Lifetime validation failed.") as graph:
        response = await graph.get("/me")
    assert code_of(response) == (401, "InvalidAuthenticationToken")
    assert message_of(response) == "Lifetime validation failed."
    assert response.headers["www-authenticate"].startswith('Bearer realm="", authorization_uri=')
    assert "claims" not in response.headers["www-authenticate"]


def test_a_challenge_says_which_claims_would_do() -> None:
    trace = Trace.of({}, NOW)
    answer = refusal(NotSignedIn("no", '{"x": 1}'), trace, "https://login")
    wanted = base64.b64encode(b'{"x": 1}').decode()
    assert answer.headers["WWW-Authenticate"].endswith(f'error="insufficient_claims", claims="{wanted}"')


def test_faults_carry_what_their_services_say() -> None:
    fault = GraphFault("Why.", code="Own")
    fault.details, fault.inner = [{"code": "more"}], {"code": "deep"}
    body = refusal(fault, Trace.of({}, NOW), "").body
    assert isinstance(body, dict)
    error = body["error"]
    assert (error["code"], error["message"], error["details"]) == ("Own", "Why.", [{"code": "more"}])
    assert error["innerError"]["code"] == "deep"
    assert GraphFault().message == "The server could not complete the request."
    assert SearchConflict("OrderBy").message == "The query parameter '$orderBy' is not supported with '$search'."
    assert SearchConflict("OrderBy").code == "SearchWithOrderBy"
    assert UnknownVersion("v9").message == "Invalid version: v9"
    resync = ResyncRequired("https://h/delta", code="resyncRequired")
    assert (resync.status, resync.code, resync.headers) == (410, "resyncRequired", {"Location": "https://h/delta"})


@pytest.mark.parametrize(
    ("body", "kind", "content"),
    [
        pytest.param({"a": "ä"}, "application/json;odata.metadata=minimal", '{"a": "ä"}'.encode(), id="JSON"),
        pytest.param("tëxt", "text/plain", "tëxt".encode(), id="text"),
        pytest.param(b"\x00", "application/octet-stream", b"\x00", id="bytes"),
        pytest.param(None, "", b"", id="nothing"),
    ],
)
def test_a_body_says_what_it_is(body: dict[str, object] | str | bytes | None, kind: str, content: bytes) -> None:
    response = respond(Answer(body, headers={"x-own": "1"}), Trace.of({}, NOW))
    assert response.body == content
    assert response.headers.get("content-type", "").startswith(kind)
    assert response.headers["x-own"] == "1"


def test_a_service_may_say_itself_what_its_body_is() -> None:
    response = respond(Answer("<a/>", headers={"Content-Type": "text/xml"}), Trace.of({}, NOW))
    assert response.headers["content-type"] == "text/xml"


def test_links_replace_the_options_that_change(tenant: Tenant) -> None:
    asked = call(tenant, ("$top", "2"), ("$Skip", "1"), ("a b", "c&d"))
    assert asked.link(skip="3") == "https://h/v1.0/users?$top=2&a%20b=c%26d&$skip=3"
    assert asked.link("groups", top=None) == "https://h/v1.0/groups?$Skip=1&a%20b=c%26d"


def test_wishes_are_read_by_name(tenant: Tenant) -> None:
    wishes = call(tenant, prefer='A="b"; c=d, return=minimal,, E').preferences
    assert wishes == {"a": "b", "c": "d", "return": "minimal", "e": ""}
    assert call(tenant).preferences == {}


def test_a_call_knows_its_moment_and_what_it_was_asked(tenant: Tenant) -> None:
    asked = call(tenant, ("Token", "x"), consistencylevel="EVENTUAL")
    assert asked.stamp == "2026-03-11T14:30:00Z"
    assert (asked.plain("token"), asked.plain("other")) == ("x", None)
    assert (asked.is_eventual, asked.me) == (True, None)
    other = asked.at("POST", "groups", (), body=b'{"Name": 1}')
    assert (other.method, other.json, other.parameter("NAME"), other.parameter("x", 2)) == ("POST", {"Name": 1}, 1, 2)
    assert other.state is not asked.state


async def test_an_answer_may_have_to_be_waited_for() -> None:
    async def later() -> Answer:
        return Answer("x")

    assert (await answered(later())).body == "x"
    assert (await answered(Answer("y"))).body == "y"
