"""graph/client.py: what is sent for one call, and that nothing else can be."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from errors import GraphConflict, GraphNotFound, GraphUnavailable, GraphUncertain, ToolInputError
from graph import GraphClient, deadline
from tests.graph.support import BASE, client_on, service_on, speaker

Handler = Callable[[httpx.Request], httpx.Response]
Use = Callable[[GraphClient], Awaitable[Any]]


class Seen:
    """Answers everything with one JSON object, or as told, and keeps what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if self._answers else httpx.Response(200, json={"id": "1"})
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def only(self) -> httpx.Request:
        assert len(self.requests) == 1
        return self.requests[0]


async def seen(use: Use, *answers: httpx.Response | Exception) -> httpx.Request:
    network = Seen(*answers)
    async with client_on(network) as graph:
        await use(graph)
    return network.only


async def test_a_call_names_itself_and_asks_for_ids_that_last() -> None:
    request = await seen(
        lambda graph: graph.get(
            "me", {"$select": "id,displayName", "$top": 2}, prefer='outlook.body-content-type="text"'
        )
    )
    assert str(request.url) == f"{BASE}me?$select=id,displayName&$top=2"
    assert request.headers["prefer"] == 'IdType="ImmutableId", outlook.body-content-type="text"'
    assert request.headers["accept-encoding"] == "gzip"
    assert str(UUID(request.headers["client-request-id"])) == request.headers["client-request-id"]
    assert request.headers["authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("use", "method", "headers", "body"),
    [
        pytest.param(lambda g: g.post("me/x", {"a": 1}), "POST", {}, {"a": 1}, id="post"),
        pytest.param(lambda g: g.post("me/x"), "POST", {}, None, id="post without a body"),
        pytest.param(lambda g: g.patch("me/x", {"a": 1}), "PATCH", {}, {"a": 1}, id="patch"),
        pytest.param(
            lambda g: g.patch("me/x", {}, if_match='W/"1"'), "PATCH", {"if-match": 'W/"1"'}, {}, id="patch if the same"
        ),
        pytest.param(lambda g: g.put("me/x", {"a": 1}), "PUT", {}, {"a": 1}, id="put"),
        pytest.param(lambda g: g.delete("me/x", if_match='"1"'), "DELETE", {"if-match": '"1"'}, None, id="delete"),
        pytest.param(
            lambda g: g.get("users", eventual=True), "GET", {"consistencylevel": "eventual"}, None, id="advanced query"
        ),
    ],
)
async def test_each_method_sends_what_it_says(use: Use, method: str, headers: dict[str, str], body: object) -> None:
    request = await seen(use)
    assert request.method == method
    assert headers.items() <= dict(request.headers).items()
    assert (json.loads(request.content) if request.content else None) == body
    assert ("content-type" in request.headers) == (body is not None)


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda g: g.get("https://evil.example/"), id="an address"),
        pytest.param(lambda g: g.get("//evil.example/me"), id="another host"),
        pytest.param(lambda g: g.get("../beta/me"), id="another version"),
        pytest.param(lambda g: g.get("me/%2e%2e/users"), id="encoded dots"),
        pytest.param(lambda g: g.get("me?$expand=x"), id="a query in the path"),
        pytest.param(lambda g: g.get("me/x\r\nHost: evil"), id="a header in the path"),
        pytest.param(lambda g: g.delete("me\\x"), id="a backslash"),
        pytest.param(lambda g: g.get("me", prefer="x\r\nHost: evil"), id="a header in a preference"),
        pytest.param(lambda g: g.patch("me", {}, if_match='"\r\nHost: evil'), id="a header in an ETag"),
        pytest.param(lambda g: g.get("me", version="v3"), id="no version of Graph"),
    ],
)
async def test_nothing_but_a_path_below_graph_is_sent(use: Use) -> None:
    network = Seen()
    async with client_on(network) as graph:
        with pytest.raises((ToolInputError, ValueError)):
            await use(graph)
    assert network.requests == []


async def test_an_error_reply_becomes_its_exception() -> None:
    body = {"error": {"code": "ErrorItemNotFound", "message": "Not in the store."}}
    with pytest.raises(GraphNotFound, match="ErrorItemNotFound"):
        await seen(lambda graph: graph.get("me"), httpx.Response(404, json=body))


@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (301, 302, 307, 308)])
async def test_a_redirect_is_not_followed(status: int) -> None:
    network = Seen(httpx.Response(status, headers={"location": "https://evil.example/"}))
    async with client_on(network) as graph:
        with pytest.raises(GraphUnavailable):
            await graph.get("me")
    assert network.only.url.host == "graph.microsoft.com"


async def test_a_certificate_that_is_not_trusted_names_the_remedy() -> None:
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer")
    async with client_on(Seen(*[error] * 9)) as graph:
        with deadline.within(0.1), pytest.raises(GraphUnavailable, match="SSL_CERT_FILE"):
            await graph.get("me")


async def test_versions_are_as_configured_and_beta_can_be_asked_for() -> None:
    network = Seen()
    async with client_on(network, version="beta") as graph:
        await graph.get("me")
        await graph.get("me", version="v1.0")
    assert [request.url.path for request in network.requests] == ["/beta/me", "/v1.0/me"]


async def test_beta_is_refused_where_it_is_switched_off() -> None:
    network = Seen()
    async with client_on(network, allow_beta=False) as graph:
        await graph.get("me")
        with pytest.raises(ToolInputError, match="GRAPH_ALLOW_BETA"):
            await graph.get("me", version="beta")
    assert len(network.requests) == 1


async def test_an_app_without_a_mailbox_is_told_which_setting_names_one() -> None:
    async with service_on(Seen()) as service:
        assert GraphClient(service, speaker()).user == "me"
        assert GraphClient(service, speaker(), user="ines@x.example").user == "users/ines%40x.example"
        with pytest.raises(ToolInputError, match="GRAPH_MAILBOX"):
            _ = GraphClient(service, speaker(), user=None).user


LOST = httpx.ReadError("gone")


async def test_a_creation_whose_answer_was_lost_is_looked_for_before_it_is_repeated() -> None:
    async def found() -> dict[str, Any]:
        return {"id": "there"}

    async def nothing() -> None:
        return None

    network = Seen(LOST)
    async with client_on(network) as graph:
        assert await graph.post("me/messages", {}, proof=found) == {"id": "there"}
        assert len(network.requests) == 1
    network = Seen(LOST)
    async with client_on(network) as graph:
        assert await graph.post("me/messages", {}, proof=nothing) == {"id": "1"}
        assert len(network.requests) == 2
    network = Seen(LOST)
    async with client_on(network) as graph:
        with pytest.raises(GraphUncertain):
            await graph.post("me/messages", {})
        assert len(network.requests) == 1


async def test_what_proves_a_creation_may_be_empty_and_where_it_proves_nothing_nothing_is_repeated() -> None:
    async def empty() -> dict[str, Any]:
        return {}

    async def nothing() -> None:
        return None

    async def failing() -> None:
        raise GraphUnavailable("Timeout", "Try again in a moment.")

    network = Seen(LOST)
    async with client_on(network) as graph:
        assert await graph.post("me/messages", {}, proof=empty) == {}
    assert len(network.requests) == 1
    network = Seen(LOST)
    async with client_on(network) as graph:
        with pytest.raises(GraphUncertain):
            await graph.post("me/messages", {}, proof=failing)
    assert len(network.requests) == 1
    network = Seen(httpx.Response(201, content=b"<html>"))
    async with client_on(network) as graph:
        with pytest.raises(GraphUncertain, match="do not repeat"):
            await graph.post("me/messages", {}, proof=nothing)
    assert len(network.requests) == 1


async def test_a_query_that_is_too_long_for_an_address_is_told_so() -> None:
    async with client_on(Seen()) as graph:
        with pytest.raises(ToolInputError, match="Ask for less"):
            await graph.get("me/messages", {"$filter": "x" * 70_000}, alone=True)


async def test_a_change_bound_to_an_etag_is_repeated_and_a_clash_with_itself_is_uncertain() -> None:
    clash = httpx.Response(412, json={"error": {"code": "ErrorIrresolvableConflict", "message": "Changed."}})
    async with client_on(Seen(LOST, clash)) as graph:
        with pytest.raises(GraphUncertain):
            await graph.patch("me/x", {}, if_match='"1"')
    async with client_on(Seen(clash)) as graph:
        with pytest.raises(GraphConflict):
            await graph.patch("me/x", {}, if_match='"1"')


async def test_a_deletion_whose_answer_was_lost_is_repeated() -> None:
    gone = httpx.Response(404, json={"error": {"code": "ErrorItemNotFound", "message": "Gone."}})
    async with client_on(Seen(LOST, gone)) as graph:
        await graph.delete("me/messages/x")


async def test_what_was_kept_is_forgotten_with_the_callers_own_writes_and_only_theirs() -> None:
    network = Seen()
    async with service_on(network) as service:
        ines, jonas = GraphClient(service, speaker()), GraphClient(service, speaker("u", user="jonas"))
        for graph in (ines, jonas, ines, jonas):
            await graph.get("me/mailboxSettings", keep=300)
        assert len(network.requests) == 2
        await ines.patch("me/mailboxSettings", {})
        for graph in (ines, jonas):
            await graph.get("me/mailboxSettings", keep=300)
    assert [request.headers["authorization"] for request in network.requests] == [
        "Bearer t",
        "Bearer u",
        "Bearer t",
        "Bearer t",
    ]


async def test_a_batch_answers_each_call_at_its_place() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        parts = json.loads(request.content)["requests"]
        found = [{"id": part["id"], "status": 204 if part["method"] == "DELETE" else 404} for part in parts]
        return httpx.Response(200, json={"responses": found[::-1]})

    async with client_on(handler) as graph:
        read, gone = graph.call("GET", "me/messages/x"), graph.call("DELETE", "me/messages/y")
        first, second = await graph.batch([read, gone])
    assert isinstance(first, GraphNotFound)
    assert second == {}


async def test_graphs_description_of_itself_is_fetched_once_for_all() -> None:
    network = Seen(httpx.Response(200, content=b"<edmx/>", headers={"content-type": "application/xml"}))
    async with service_on(network) as service:
        for who in (speaker(), speaker("u", user="jonas")):
            assert await GraphClient(service, who).metadata() == b"<edmx/>"
    assert network.only.headers["accept"] == "application/xml"
