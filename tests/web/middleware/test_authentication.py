"""web/middleware/authentication.py: who comes in, how the others are turned away, and what is left of a token."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, authorization_context
from starlette.types import Receive, Scope, Send

from errors import KeysUnavailable, NotAdmitted
from principal import Sender, current_sender
from tests.virtual_time import VIRTUAL_TIME
from tests.web.middleware.doors import (
    CHALLENGE,
    FakeDoor,
    Inside,
    Sent,
    http_to,
    nothing_more,
    scope_of,
    sender,
)
from web.middleware._passage import Passage, passage_of
from web.middleware.authentication import Authentication

INES = {"Authorization": "Bearer ines"}
PUBLIC = ("/healthz",)


def guarded(app: Any = None, **known: Any) -> Authentication:
    return Authentication(app or Inside(), door=FakeDoor({"ines": sender("Ines"), **known}), public=PUBLIC)


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param("Bearer ines", id="as usual"),
        pytest.param("bearer ines", id="lower case"),
        pytest.param("BEARER ines", id="upper case"),
    ],
)
async def test_whom_the_door_knows_comes_in(shown: str) -> None:
    inside = Inside()
    answer = await http_to(guarded(inside)).post("/mcp", headers={"Authorization": shown}, content=b"{}")
    assert answer.text == "in"
    assert [who.name for who in inside.came if who] == ["Ines"]
    assert inside.tokens == ["ines"]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/mcp", id="the endpoint"),
        pytest.param("/", id="the root"),
        pytest.param("/nothing", id="what does not exist"),
        pytest.param("/healthz/", id="a slash more than a public path"),
        pytest.param("/healthz/../mcp", id="through a public path"),
        pytest.param("/HEALTHZ", id="another case"),
        pytest.param("//healthz", id="a slash more before it"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT"])
async def test_without_a_token_nothing_but_the_public_paths_is_reached(path: str, method: str) -> None:
    inside, sent = Inside(), Sent()
    await guarded(inside)(scope_of(path, method), nothing_more, sent)
    assert sent.status == 401
    assert not inside.came


async def test_a_public_path_asks_for_nothing_and_knows_nobody() -> None:
    inside = Inside()
    app = guarded(inside)
    assert (await http_to(app).get("/healthz")).text == "in"
    assert (await http_to(app).get("/healthz", headers={"Authorization": "Bearer wrong"})).text == "in"
    assert inside.came == [None, None]


async def test_what_is_no_request_passes() -> None:
    inside = Inside()
    await guarded(inside)({"type": "lifespan"}, nothing_more, Sent())
    assert inside.came == [None]


async def test_who_shows_nothing_is_told_where_to_sign_in_and_of_no_error() -> None:
    answer = await http_to(guarded()).post("/mcp")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == f"Bearer {CHALLENGE}"
    assert answer.json()["error"]["message"] == "Sign in: send a token in the Authorization header."


SHOWN = [
    pytest.param("Bearer wrong", 401, "invalid_token", id="nobody's"),
    pytest.param("Bearer", 401, "invalid_token", id="no token after the word"),
    pytest.param("Bearer ", 401, "invalid_token", id="an empty token"),
    pytest.param("Bearer  ines", 401, "invalid_token", id="two spaces"),
    pytest.param("Bearer\tines", 401, "", id="a tab"),
    pytest.param("Bearer ines ines", 401, "invalid_token", id="two tokens"),
    pytest.param("Bearer ines, Bearer ines", 401, "invalid_token", id="two joined by a comma"),
    pytest.param("Bearer ines=x", 401, "invalid_token", id="padding within"),
    pytest.param('Bearer "ines"', 401, "invalid_token", id="quoted"),
    pytest.param("Bearer in\u00e9s", 401, "invalid_token", id="no ASCII"),
    pytest.param("Bearer in\x00es", 401, "invalid_token", id="NUL"),
    pytest.param("Bearer ines\r\nX: y", 401, "invalid_token", id="a line more"),
    pytest.param("Basic aW5lczppbmVz", 401, "", id="another scheme"),
    pytest.param("ines", 401, "", id="no scheme"),
    pytest.param("", 401, "", id="nothing"),
    pytest.param("Bearerines", 401, "", id="no space"),
]


@pytest.mark.parametrize(("shown", "status", "error"), SHOWN)
async def test_what_is_no_good_token_is_refused_in_few_words(shown: str, status: int, error: str) -> None:
    inside, sent, door = Inside(), Sent(), FakeDoor({"ines": sender("Ines")})
    scope = {**scope_of(), "headers": [(b"authorization", shown.encode("latin-1"))]}
    await Authentication(inside, door=door, public=PUBLIC)(scope, nothing_more, sent)
    said = dict(sent.messages[0]["headers"])[b"www-authenticate"].decode()
    assert sent.status == status
    assert said.startswith(f"Bearer {CHALLENGE}")
    assert said.partition("error=")[2].partition(",")[0] == (f'"{error}"' if error else "")
    assert "ines" not in sent.messages[1]["body"].decode()
    assert not inside.came
    assert not set(door.asked) - {"wrong"}  # what cannot be a token does not get as far


async def test_of_two_authorization_headers_neither_counts() -> None:
    inside = Inside()
    headers = [("Authorization", "Bearer ines"), ("Authorization", "Bearer ines")]
    answer = await http_to(guarded(inside)).post("/mcp", headers=headers)
    assert answer.status_code == 400
    assert 'error="invalid_request"' in answer.headers["www-authenticate"]
    assert not inside.came


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"headers": {"Cookie": "Authorization=Bearer ines; access_token=ines"}}, id="a cookie"),
        pytest.param({"data": {"access_token": "ines"}}, id="a form"),
        pytest.param({"headers": {"X-Access-Token": "ines", "Proxy-Authorization": "Bearer ines"}}, id="other headers"),
        pytest.param({"json": {"access_token": "ines"}}, id="the body"),
        pytest.param({"params": {"token": "ines"}}, id="another name in the query"),
    ],
)
async def test_a_token_anywhere_else_is_not_seen(request_: dict[str, Any]) -> None:
    inside = Inside()
    app = guarded(inside)
    assert (await http_to(app).post("/mcp", **request_)).status_code == 401
    assert not inside.came


@pytest.mark.parametrize("path", ["/mcp", "/healthz"])
@pytest.mark.parametrize(
    "query",
    [
        pytest.param("access_token=ines", id="plain"),
        pytest.param("a=b&ACCESS_TOKEN=ines", id="another case, later"),
        pytest.param("access%5Ftoken=ines", id="encoded"),
        pytest.param("+access_token=ines", id="a blank before it"),
        pytest.param("access_token", id="without a value"),
        pytest.param("&".join(f"a{n}=1" for n in range(200)), id="too many to look at"),
    ],
)
async def test_a_token_in_the_address_is_refused_even_beside_a_good_one(path: str, query: str) -> None:
    inside = Inside()
    answer = await http_to(guarded(inside)).post(f"{path}?{query}", headers=INES)
    assert answer.status_code == 400
    assert "ines" not in answer.text
    assert not inside.came


async def test_too_little_scope_is_403_with_the_whole_scope_to_ask_for() -> None:
    app = guarded(narrow=NotAdmitted("no scp of ours", error="insufficient_scope"))
    answer = await http_to(app).post("/mcp", headers={"Authorization": "Bearer narrow"})
    assert answer.status_code == 403
    said = answer.headers["www-authenticate"]
    assert said.startswith(f"Bearer {CHALLENGE}, ")
    assert 'error="insufficient_scope"' in said
    assert "no scp" not in answer.text + said


async def test_claims_that_entra_wants_go_to_the_client_in_microsofts_form_alone() -> None:
    claims = json.dumps({"access_token": {"acrs": {"essential": True, "value": "c1"}}})
    app = guarded(poor=NotAdmitted("more is asked", error="insufficient_claims", claims=claims))
    answer = await http_to(app).post("/mcp", headers={"Authorization": "Bearer poor"})
    assert answer.status_code == 401
    said = answer.headers["www-authenticate"]
    assert 'error="insufficient_claims"' in said
    assert base64.b64decode(said.partition('claims="')[2].partition('"')[0]).decode() == claims
    assert "acrs" not in answer.text + said


async def test_an_error_that_oauth_does_not_know_is_an_invalid_token() -> None:
    app = guarded(odd=NotAdmitted("odd", error='x", injected="y'))
    answer = await http_to(app).post("/mcp", headers={"Authorization": "Bearer odd"})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "injected" not in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("wait", "said"), [pytest.param(0, "5", id="nobody knows"), pytest.param(7.2, "8", id="rounded up")]
)
async def test_while_keys_cannot_be_had_nobody_is_told_to_sign_in_again(wait: float, said: str) -> None:
    app = guarded(ines=KeysUnavailable("Entra is out", retry_after=wait))
    answer = await http_to(app).post("/mcp", headers=INES)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, said)
    assert "www-authenticate" not in answer.headers
    assert "Entra" not in answer.text


REASONS = [
    pytest.param({}, "no token", id="nothing shown"),
    pytest.param({"Authorization": "Bearer wrong"}, "bad token", id="not accepted"),
    pytest.param({"Authorization": "Bearer narrow"}, "scope", id="too narrow"),
    pytest.param({"Authorization": "Bearer poor"}, "claims", id="too poor"),
    pytest.param({"Authorization": "Bearer out"}, "keys", id="not to be told"),
]


@pytest.mark.parametrize(("headers", "reason"), REASONS)
async def test_log_metrics_and_audit_learn_why_and_never_the_token(
    headers: dict[str, str], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[tuple[Passage, Sender | None]] = []
    known: dict[str, Any] = {
        "narrow": NotAdmitted("no scope", error="insufficient_scope"),
        "poor": NotAdmitted("no claims", error="insufficient_claims"),
        "out": KeysUnavailable("no keys"),
    }
    audit = lambda *record: heard.append(record)  # noqa: E731
    app = Authentication(Inside(), door=FakeDoor(known), public=PUBLIC, audit=audit)
    with caplog.at_level(logging.INFO):
        await http_to(app).post("/mcp", headers=headers)
    ((passage, who),) = heard
    assert (passage.refused, passage.who, who) == (reason, "", None)
    (record,) = [each for each in caplog.records if each.name.startswith("web.")]
    assert record.__dict__["reason"]
    assert "wrong" not in caplog.text


async def test_the_passage_and_the_sdk_learn_who_it_is_and_nobody_keeps_the_token() -> None:
    seen: list[Any] = []

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([current_sender(), get_access_token(), scope["user"], passage_of(scope).who])

    app = guarded(inside)
    await app(scope_of(method="POST", authorization="Bearer ines"), nothing_more, Sent())
    _, token, user, digest = seen
    assert digest == sender("Ines").who
    assert isinstance(user, AuthenticatedUser)
    assert authorization_context(user) == {
        "client_id": "client",
        "issuer": "public/0f7d5a52-5c1c-4a7e-8a71-0c3f2d9d1e11",
        "subject": "0f7d5a52-5c1c-4a7e-8a71-0c3f2d9d1e11:id-of-Ines",
    }
    assert token is user.access_token
    assert token.token == ""
    assert token.resource == "https://mcp.example/mcp"
    assert current_sender() is None
    assert get_access_token() is None


async def test_what_outlives_the_request_finds_no_token() -> None:
    kept: list[Sender | None] = []

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        kept.append(current_sender())
        await Inside()(scope, receive, send)
        assert [each.token for each in kept if each] == ["ines"]

    await guarded(inside)(scope_of(method="POST", authorization="Bearer ines"), nothing_more, Sent())
    assert [each.token for each in kept if each] == [""]


async def test_an_error_inside_leaves_nobody_behind() -> None:
    kept: list[Any] = []

    async def crashing(scope: Scope, receive: Receive, send: Send) -> None:
        kept.append(current_sender())
        raise NotAdmitted("not the door's")

    with pytest.raises(NotAdmitted):
        await guarded(crashing)(scope_of(authorization="Bearer ines"), nothing_more, Sent())
    with pytest.raises(NotAdmitted):
        await guarded(crashing)(scope_of("/healthz"), nothing_more, Sent())
    assert len(kept) == 2
    assert current_sender() is None
    assert get_access_token() is None


@dataclass
class Stream:
    """An event stream that begins and never ends."""

    begins: bool = True
    ends_at_once: bool = False
    was_cancelled: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.begins:
            events = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": 200, "headers": events})
            await send({"type": "http.response.body", "body": b": hi\n\n", "more_body": not self.ends_at_once})
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            self.was_cancelled = True
            raise


LISTEN = "subscriptions/listen"
STANDING = [
    pytest.param("GET", {}, id="older clients"),
    pytest.param("POST", {"mcp_method": LISTEN}, id="this era"),
    pytest.param("POST", {"mcp_method": f"=?base64?{base64.b64encode(LISTEN.encode()).decode()}?="}, id="encoded"),
]


class TestStreams:
    """They stand until the token expires."""

    @pytest.fixture
    def anyio_backend(self) -> object:
        return VIRTUAL_TIME

    def opened(self, stream: Any, expires_at: float = 3600.0) -> Authentication:
        door = FakeDoor({"ines": sender("Ines", expires_at=expires_at)})
        return Authentication(stream, door=door, public=PUBLIC, clock=anyio.current_time)

    @pytest.mark.parametrize(("method", "headers"), STANDING)
    async def test_a_stream_ends_with_the_token_that_it_was_opened_with(
        self, method: str, headers: dict[str, str]
    ) -> None:
        stream, sent = Stream(), Sent()
        await self.opened(stream)(scope_of(method=method, authorization="Bearer ines", **headers), nothing_more, sent)
        assert anyio.current_time() == pytest.approx(3600, abs=1)
        assert stream.was_cancelled
        assert sent.has_ended
        assert sent.status == 200

    async def test_a_stream_that_ended_is_not_ended_again(self) -> None:
        sent = Sent()
        stream = Stream(ends_at_once=True)
        await self.opened(stream)(scope_of(authorization="Bearer ines"), nothing_more, sent)
        assert len(sent.messages) == 2

    async def test_no_stream_begins_on_a_token_that_has_expired(self) -> None:
        stream, sent = Stream(), Sent()
        await self.opened(stream, expires_at=0.0)(scope_of(authorization="Bearer ines"), nothing_more, sent)
        assert sent.status == 401
        assert dict(sent.messages[0]["headers"])[b"www-authenticate"].startswith(b"Bearer ")
        assert not stream.was_cancelled

    async def test_a_stream_that_had_not_begun_by_then_is_refused(self) -> None:
        sent = Sent()
        await self.opened(Stream(begins=False))(scope_of(authorization="Bearer ines"), nothing_more, sent)
        assert sent.status == 401
        said = dict(sent.messages[0]["headers"])[b"www-authenticate"].decode()
        assert said.startswith(f'Bearer {CHALLENGE}, error="invalid_token"')

    async def test_a_call_is_not_cut_off(self) -> None:
        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            await anyio.sleep(10_000)
            await Inside()(scope, receive, send)

        sent = Sent()
        scope = scope_of(method="POST", authorization="Bearer ines", mcp_method="tools/call")
        await self.opened(slow)(scope, nothing_more, sent)
        assert sent.status == 200

    async def test_what_never_expires_stands_as_long_as_the_client_likes(self) -> None:
        sent = Sent()
        door = FakeDoor({"ines": sender("Ines")})
        app = Authentication(Stream(), door=door, public=PUBLIC, clock=anyio.current_time)
        with anyio.move_on_after(1_000_000):
            await app(scope_of(authorization="Bearer ines"), nothing_more, sent)
        assert not sent.has_ended

    @pytest.mark.parametrize(("method", "headers"), STANDING)
    async def test_a_stream_ends_within_a_minute_of_its_key_being_revoked(
        self, method: str, headers: dict[str, str]
    ) -> None:
        stream, sent = Stream(), Sent()
        door = FakeDoor({"key": sender("reports", is_person=False)})
        app = Authentication(stream, door=door, public=PUBLIC, clock=anyio.current_time)

        async def revoke() -> None:
            await anyio.sleep(10_000)
            door.known["key"] = NotAdmitted("The key was revoked.")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(revoke)
            await app(scope_of(method=method, authorization="Bearer key", **headers), nothing_more, sent)
            assert set(door.asked) == {"key"}
        assert 10_000 < anyio.current_time() <= 10_060
        assert stream.was_cancelled
        assert sent.has_ended

    async def test_a_stream_outlives_a_time_in_which_nobody_can_be_told_from_anybody(self) -> None:
        sent, door = Sent(), FakeDoor({"app": sender("app", expires_at=3600.0, is_person=False)})
        app = Authentication(Stream(), door=door, public=PUBLIC, clock=anyio.current_time)

        async def lose_the_keys() -> None:
            await anyio.sleep(1)
            door.known["app"] = KeysUnavailable("no keys")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lose_the_keys)
            await app(scope_of(authorization="Bearer app"), nothing_more, sent)
        assert anyio.current_time() == pytest.approx(3600, abs=1)

    async def test_what_is_noted_about_a_persons_token_is_left_for_their_next_request(self) -> None:
        door = FakeDoor({"ines": sender("Ines", expires_at=3600.0)})
        app = Authentication(Stream(), door=door, public=PUBLIC, clock=anyio.current_time)
        await app(scope_of(authorization="Bearer ines"), nothing_more, Sent())
        assert door.asked == ["ines"]

    async def test_nobody_looks_after_a_stream_that_the_client_left(self) -> None:
        door = FakeDoor({"key": sender("reports", is_person=False)})
        app = Authentication(Stream(), door=door, public=PUBLIC, clock=anyio.current_time)
        with anyio.move_on_after(30):
            await app(scope_of(authorization="Bearer key"), nothing_more, Sent())
        await anyio.sleep(1_000)
        assert door.asked == ["key"]
