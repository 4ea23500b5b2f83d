"""graph/auth.py: a token goes to Graph's own host; a challenge or a refusal is answered once, and then by a person."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import httpx
import pytest

from errors import GraphError
from graph import BearerAuth
from graph.auth import claims_challenge

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'


Asked = tuple[str | None, str | None]


class Tokens:
    """A source that numbers the tokens it hands out, and remembers with which claims and instead of which token."""

    def __init__(self) -> None:
        self.scopes: set[tuple[str, ...]] = set()
        self.asked: list[Asked] = []

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        self.scopes.add(tuple(scopes))
        self.asked.append((claims, refused))
        return f"token-{len(self.asked)}"


class Cloud(httpx.AsyncBaseTransport):
    """Answers with the given responses, in turn, and remembers what was sent."""

    def __init__(self, *responses: httpx.Response) -> None:
        self.responses = list(responses)
        self.sent: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request.headers["authorization"])
        return self.responses.pop(0)


def challenge(claims: str = CLAIMS) -> httpx.Response:
    encoded = base64.b64encode(claims.encode()).decode()
    header = f'Bearer realm="", error="insufficient_claims", claims="{encoded}"'
    return httpx.Response(401, headers={"WWW-Authenticate": header})


async def send(cloud: Cloud, url: str = "https://graph.microsoft.com/v1.0/me") -> tuple[httpx.Response, Tokens]:
    tokens = Tokens()
    async with httpx.AsyncClient(transport=cloud) as http:
        return await http.get(url, auth=BearerAuth(tokens, ["User.Read"], "graph.microsoft.com")), tokens


async def test_each_request_carries_the_callers_token() -> None:
    cloud = Cloud(httpx.Response(200))
    _, tokens = await send(cloud)
    assert cloud.sent == ["Bearer token-1"]
    assert tokens.asked == [(None, None)]
    assert tokens.scopes == {("User.Read",)}


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://graph.microsoft.com.evil.example/v1.0/me", id="look-alike host"),
        pytest.param("https://evil.example/v1.0/me", id="other host"),
        pytest.param("http://graph.microsoft.com/v1.0/me", id="not encrypted"),
        pytest.param("https://graph.microsoft.com:8443/v1.0/me", id="other port"),
        pytest.param("https://graph.microsoft.com@evil.example/v1.0/me", id="host as user name"),
        pytest.param("https://evil@graph.microsoft.com/v1.0/me", id="user name"),
        pytest.param("https://graph.microsoft.us/v1.0/me", id="other cloud"),
    ],
)
async def test_a_token_goes_nowhere_but_to_its_graph_host(url: str) -> None:
    cloud, tokens = Cloud(httpx.Response(200)), Tokens()
    async with httpx.AsyncClient(transport=cloud) as http:
        with pytest.raises(GraphError, match="nothing was sent"):
            await http.get(url, auth=BearerAuth(tokens, ["User.Read"], "graph.microsoft.com"))
    assert cloud.sent == []
    assert tokens.asked == []


REFUSED = httpx.Response(401)
FINE = httpx.Response(200)


@pytest.mark.parametrize(
    ("answers", "asked", "status"),
    [
        pytest.param([challenge(), FINE], [(CLAIMS, None)], 200, id="a challenge: a fresh token with the claims"),
        pytest.param(
            [challenge(), challenge(), FINE],
            [(CLAIMS, None), (CLAIMS, "token-2")],
            200,
            id="a second one: the source is told that its answer was challenged",
        ),
        pytest.param(
            [challenge(), challenge(), challenge()],
            [(CLAIMS, None), (CLAIMS, "token-2")],
            401,
            id="a third one: it stops",
        ),
        pytest.param([REFUSED, FINE], [(None, "token-1")], 200, id="a plain refusal: any other token"),
        pytest.param([REFUSED, REFUSED], [(None, "token-1")], 401, id="refused twice: it stops"),
        pytest.param(
            [REFUSED, challenge(), FINE], [(None, "token-1"), (CLAIMS, None)], 200, id="refused, then challenged"
        ),
        pytest.param([challenge(), REFUSED], [(CLAIMS, None)], 401, id="challenged, then refused"),
        pytest.param([httpx.Response(403)], [], 403, id="a permission that lacks"),
    ],
)
async def test_what_graph_refuses_is_tried_again_as_often_as_it_can_help(
    answers: list[httpx.Response], asked: list[Asked], status: int
) -> None:
    cloud = Cloud(*answers)
    response, tokens = await send(cloud)
    assert response.status_code == status
    assert tokens.asked == [(None, None), *asked]
    assert cloud.sent == [f"Bearer token-{number}" for number in range(1, len(answers) + 1)]


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(httpx.Response(200), id="no refusal"),
        pytest.param(httpx.Response(401), id="no header"),
        pytest.param(httpx.Response(401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}), id="no claims"),
        pytest.param(
            httpx.Response(401, headers={"WWW-Authenticate": 'Bearer error="insufficient_claims", claims="A"'}),
            id="claims that are not base64",
        ),
        pytest.param(
            httpx.Response(401, headers={"WWW-Authenticate": 'Bearer error="insufficient_claims", claims="_w=="'}),
            id="claims that are not text",
        ),
    ],
)
def test_what_is_no_challenge_is_left_alone(response: httpx.Response) -> None:
    assert claims_challenge(response) is None


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(
            ['Bearer error="insufficient_claims", claims="{}"', 'PoP error="invalid_token"'], id="first of two"
        ),
        pytest.param(['Bearer error="invalid_token"', 'Bearer error="insufficient_claims", claims="{}"'], id="second"),
        pytest.param(
            ['Bearer realm="", error="insufficient_claims", claims="{}", PoP nonce="x", error="invalid_token"'],
            id="two in one header",
        ),
    ],
)
def test_a_challenge_is_found_among_others(headers: list[str]) -> None:
    encoded = base64.b64encode(CLAIMS.encode()).decode()
    fields = [("WWW-Authenticate", header.replace("{}", encoded)) for header in headers]
    assert claims_challenge(httpx.Response(401, headers=fields)) == CLAIMS


def test_graph_is_never_called_from_blocking_code() -> None:
    auth = BearerAuth(Tokens(), [], "graph.microsoft.com")
    with (
        pytest.raises(RuntimeError, match="async"),
        httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as http,
    ):
        http.get("https://graph.microsoft.com/v1.0/me", auth=auth)
