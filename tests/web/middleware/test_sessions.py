"""web/middleware/sessions.py: each caller has so many sessions, and the others do not feel it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from starlette.types import Message, Receive, Scope, Send

from principal import Principal, Sender, sent_by
from web.middleware.sessions import Sessions

IDLE = 100.0


class Sdk:
    """What opens a session for every request without one, and ends those that are deleted."""

    def __init__(self) -> None:
        self.now = 0.0
        self._numbers = itertools.count()
        self.sessions: set[str] = set()
        self.guarded = Sessions(self, most=2, idle=IDLE, clock=lambda: self.now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        named = dict(scope.get("headers", ())).get(b"mcp-session-id", b"").decode()
        is_modern = (b"mcp-protocol-version", b"2026-07-28") in scope.get("headers", ())
        if not named and not is_modern:
            named = f"session-{next(self._numbers)}"
            self.sessions.add(named)
        status = 200 if is_modern or named in self.sessions else 404
        if scope["method"] == "DELETE":
            self.sessions.discard(named)
        await send({"type": "http.response.start", "status": status, "headers": [(b"mcp-session-id", named.encode())]})

    async def ask(self, who: str = "ines", method: str = "POST", **headers: str) -> tuple[int, str]:
        """The status and the session of the answer."""
        answers: list[Message] = []

        async def send(message: Message) -> None:
            answers.append(message)

        async def receive() -> Message:
            return {"type": "http.request"}

        fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "headers": fields}
        with sent_by(Sender(Principal("public", "t", who, "c"))):
            await self.guarded(scope, receive, send)
        found: Mapping[bytes, bytes] = dict(answers[0]["headers"])
        return answers[0]["status"], found.get(b"mcp-session-id", b"").decode()


async def test_beyond_their_number_a_caller_opens_none_and_others_do() -> None:
    sdk = Sdk()
    assert [(await sdk.ask())[0] for _ in range(3)] == [200, 200, 429]
    assert (await sdk.ask("jonas"))[0] == 200
    assert len(sdk.sessions) == 3


async def test_calls_without_a_session_are_not_held_up() -> None:
    sdk = Sdk()
    for _ in range(2):
        await sdk.ask()
    assert (await sdk.ask(mcp_protocol_version="2026-07-28"))[0] == 200


async def test_sessions_that_are_open_go_on() -> None:
    sdk = Sdk()
    opened = [(await sdk.ask())[1] for _ in range(2)]
    assert [(await sdk.ask(mcp_session_id=session))[0] for session in opened] == [200, 200]


async def test_a_session_that_was_ended_makes_room() -> None:
    sdk = Sdk()
    _, first = await sdk.ask()
    await sdk.ask()
    assert (await sdk.ask(method="DELETE", mcp_session_id=first))[0] == 200
    assert (await sdk.ask())[0] == 200
    assert (await sdk.ask())[0] == 429


async def test_a_session_that_the_sdk_has_ended_makes_room() -> None:
    sdk = Sdk()
    _, first = await sdk.ask()
    await sdk.ask()
    sdk.sessions.discard(first)
    assert (await sdk.ask(mcp_session_id=first))[0] == 404
    assert (await sdk.ask())[0] == 200


async def test_a_session_that_was_idle_for_long_makes_room_and_one_in_use_does_not() -> None:
    sdk = Sdk()
    _, used = await sdk.ask()
    await sdk.ask()
    sdk.now = IDLE - 1
    await sdk.ask(mcp_session_id=used)
    sdk.now = IDLE
    assert (await sdk.ask())[0] == 200
    assert (await sdk.ask())[0] == 429


async def test_a_session_of_somebody_else_makes_nobody_room() -> None:
    sdk = Sdk()
    for _ in range(2):
        await sdk.ask()
    assert (await sdk.ask(mcp_session_id="session-of-nobody"))[0] == 404
    assert (await sdk.ask())[0] == 429


async def test_nothing_is_kept_of_callers_whose_sessions_are_over() -> None:
    sdk = Sdk()
    for number in range(50):
        await sdk.ask(f"person-{number}")
    sdk.now = IDLE
    await sdk.ask("another")
    assert list(sdk.guarded._open) == [Principal("public", "t", "another", "c").digest]


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_other_scopes_pass_through(kind: str) -> None:
    passed = list[str]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["type"])

    await Sessions(app, most=2, idle=IDLE)({"type": kind}, None, None)  # type: ignore[arg-type]
    assert passed == [kind]
