"""graph/client.py: what is sent for one call, and how each failure is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import httpx
import pytest

from errors import GraphNotFound, GraphUnavailable
from graph import BearerAuth, GraphClient

Handler = Callable[[httpx.Request], httpx.Response]


class OneToken:
    """Always the same token."""

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        return "t"


async def get(handler: Handler, path: str = "me", prefer: str = "") -> dict[str, object]:
    async with httpx.AsyncClient(
        base_url="https://graph.microsoft.com/v1.0/", transport=httpx.MockTransport(handler)
    ) as http:
        graph = GraphClient(http, BearerAuth(OneToken(), [], "graph.microsoft.com"))
        return await graph.get(path, {"$select": "id", "$top": 2}, prefer=prefer)


def failing(error: type[httpx.TransportError]) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("no", request=request)

    return handler


async def test_a_call_names_itself_and_asks_for_ids_that_last() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"id": "1"})

    assert await get(handler, prefer='outlook.body-content-type="text"') == {"id": "1"}
    request = seen[0]
    assert dict(request.url.params) == {"$select": "id", "$top": "2"}
    assert request.headers["prefer"] == 'IdType="ImmutableId", outlook.body-content-type="text"'
    assert str(UUID(request.headers["client-request-id"])) == request.headers["client-request-id"]


async def test_an_error_reply_becomes_its_exception() -> None:
    body = {"error": {"code": "ErrorItemNotFound", "message": "Not in the store."}}
    with pytest.raises(GraphNotFound, match="ErrorItemNotFound"):
        await get(lambda _: httpx.Response(404, json=body))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(httpx.ReadTimeout, "Timeout", id="slow"),
        pytest.param(httpx.ConnectTimeout, "Timeout", id="slow to connect"),
        pytest.param(httpx.ConnectError, "Unreachable", id="not there"),
        pytest.param(httpx.RemoteProtocolError, "Unreachable", id="hung up"),
    ],
)
async def test_a_connection_that_fails_is_told_as_such(error: type[httpx.TransportError], code: str) -> None:
    with pytest.raises(GraphUnavailable) as caught:
        await get(failing(error))
    assert caught.value.code == code


async def test_a_certificate_that_is_not_trusted_names_the_remedy() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer", request=request)

    with pytest.raises(GraphUnavailable, match="SSL_CERT_FILE"):
        await get(handler)


async def test_a_failed_call_is_logged_with_its_id(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="graph.client")
    with pytest.raises(GraphUnavailable):
        await get(failing(httpx.ConnectError), "users/ines%40x.example/messages")
    record = caplog.records[0].__dict__
    assert (record["path"], record["status"]) == ("/v1.0/users/*/messages", 0)
    assert UUID(record["client_request_id"]).version == 4


async def test_a_redirect_is_not_followed() -> None:
    sent: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(str(request.url.host))
        return httpx.Response(302, headers={"location": "https://evil.example/"})

    with pytest.raises(GraphUnavailable):
        await get(handler)
    assert sent == ["graph.microsoft.com"]


async def test_the_path_of_a_call_is_logged_without_its_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="graph.client")
    await get(lambda _: httpx.Response(200, json={}))
    record = caplog.records[0].__dict__
    assert (record["path"], record["status"]) == ("/v1.0/me", 200)
    assert "select" not in str(record["path"])
