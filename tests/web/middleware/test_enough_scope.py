"""web/middleware/enough_scope.py: who may only read is told, once, how their client gets more."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from starlette.types import Message

from principal import Level, Rights, Sender
from tests.web.middleware.doors import CHALLENGE, FakeDoor, Inside, Sent, http_to, nothing_more, scope_of, sender
from web.middleware import enough_scope
from web.middleware._passage import Passage
from web.middleware.authentication import Authentication
from web.middleware.enough_scope import EnoughScope

READS = Rights(level=Level.READ)
SENDS = "mail_send_message"


class Scene:
    """Callers of every kind before the middleware, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.inside = Inside()
        self.heard: list[tuple[str, Sender | None]] = []
        door = FakeDoor(
            {
                "reads": sender("Reads", READS),
                "other": sender("Other", READS),
                "all": sender("All"),
                "daemon": sender("Daemon", Rights(level=Level.READ, is_daemon=True)),
                "key": sender("Key", READS, is_person=False),
            }
        )
        inner = EnoughScope(
            self.inside, door=door, needs_more=lambda tool: tool == SENDS, clock=lambda: self.now, audit=self._hear
        )
        self.http = http_to(Authentication(inner, door=door, public=("/open",)))

    def _hear(self, passage: Passage, who: Sender | None) -> None:
        self.heard.append((passage.refused, who))

    async def calls(self, token: str, tool: str = SENDS, *, modern: bool = True, name: str = "") -> httpx.Response:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}}}
        named = {"Mcp-Method": "tools/call", "Mcp-Name": name or tool} if modern else {}
        return await self.http.post("/mcp", json=body, headers={"Authorization": f"Bearer {token}", **named})


@pytest.mark.parametrize("modern", [pytest.param(True, id="this era"), pytest.param(False, id="older clients")])
async def test_a_tool_that_needs_more_is_answered_with_the_scope_to_ask_for(modern: bool) -> None:
    scene = Scene()
    answer = await scene.calls("reads", modern=modern)
    assert answer.status_code == 403
    said = answer.headers["www-authenticate"]
    assert said.startswith(f"Bearer {CHALLENGE}, ")
    assert 'error="insufficient_scope"' in said
    assert not scene.inside.came
    ((refused, who),) = scene.heard
    assert refused == "scope"
    assert who is not None
    assert who.name == "Reads"


async def test_the_name_of_a_tool_may_be_encoded() -> None:
    encoded = f"=?base64?{base64.b64encode(SENDS.encode()).decode()}?="
    assert (await Scene().calls("reads", name=encoded)).status_code == 403


@pytest.mark.parametrize("modern", [pytest.param(True, id="this era"), pytest.param(False, id="older clients")])
@pytest.mark.parametrize(
    ("token", "tool"),
    [
        pytest.param("reads", "mail_list_messages", id="a tool that only reads"),
        pytest.param("reads", "no_such_tool", id="no tool"),
        pytest.param("all", SENDS, id="a token for everything"),
        pytest.param("daemon", SENDS, id="an app, which can ask nobody"),
        pytest.param("key", SENDS, id="a key, whose rights are given"),
    ],
)
async def test_all_other_calls_go_on(token: str, tool: str, modern: bool) -> None:
    scene = Scene()
    assert (await scene.calls(token, tool, modern=modern)).text == "in"
    (body,) = scene.inside.bodies
    assert json.loads(body)["params"]["name"] == tool


async def test_it_is_said_once_in_ten_minutes_to_each_caller_for_each_tool() -> None:
    scene = Scene()
    assert (await scene.calls("reads")).status_code == 403
    assert (await scene.calls("reads")).status_code == 200
    assert (await scene.calls("reads", modern=False)).status_code == 200
    assert (await scene.calls("other")).status_code == 403
    scene.now = 599
    assert (await scene.calls("reads")).status_code == 200
    scene.now = 600
    assert (await scene.calls("reads")).status_code == 403


def test_what_was_said_to_whom_is_forgotten_before_it_grows_without_end() -> None:
    lately = enough_scope._Lately(lambda: 0.0)
    for number in range(enough_scope._MOST):
        assert lately.is_first("ines", f"tool {number}")
    assert not lately.is_first("ines", "tool 0")
    assert lately.is_first("jonas", "tool 0")
    assert len(lately._until) == enough_scope._MOST
    assert lately.is_first("ines", "tool 0")


BODIES = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"{", id="broken"),
    pytest.param(b"[" * 100_000, id="deep"),
    pytest.param(b"\xff\xfe", id="no UTF-8"),
    pytest.param(b"[]", id="a batch"),
    pytest.param(b"null", id="null"),
    pytest.param(b"9" * 5000, id="a huge number"),
    pytest.param(b'{"method":"tools/call"}', id="no parameters"),
    pytest.param(b'{"method":"tools/call","params":{"name":7}}', id="a name that is none"),
    pytest.param(b'{"method":"tools/list","params":{"name":"mail_send_message"}}', id="another method"),
]


@pytest.mark.parametrize("body", BODIES)
async def test_what_it_cannot_read_is_for_the_server_to_answer(body: bytes) -> None:
    scene = Scene()
    await scene.http.post("/mcp", content=body, headers={"Authorization": "Bearer reads"})
    assert scene.inside.bodies == [body]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Mcp-Method": "tools/list", "Mcp-Name": SENDS}, id="another method"),
        pytest.param({"Mcp-Method": "tools/call"}, id="no name"),
        pytest.param({"Mcp-Method": "tools/call", "Mcp-Name": "=?base64?#?="}, id="a name that cannot be decoded"),
    ],
)
async def test_headers_that_name_no_such_call_go_on(headers: dict[str, str]) -> None:
    scene = Scene()
    await scene.http.post("/mcp", content=b"{}", headers={"Authorization": "Bearer reads", **headers})
    assert scene.inside.bodies == [b"{}"]


async def test_other_methods_and_paths_and_scopes_go_on() -> None:
    scene = Scene()
    await scene.http.get("/mcp", headers={"Authorization": "Bearer reads"})
    await scene.http.post("/open", content=b"{}")
    app = EnoughScope(scene.inside, door=FakeDoor(), needs_more=lambda _: True)
    await app({"type": "lifespan"}, nothing_more, Sent())
    assert len(scene.inside.came) == 3


async def test_a_body_in_pieces_and_a_client_that_leaves_arrive_as_they_came() -> None:
    door = FakeDoor({"reads": sender("Reads", READS)})
    seen: list[Message] = []
    pieces: list[Message] = [
        {"type": "http.request", "body": b'{"method":', "more_body": True},
        {"type": "http.disconnect"},
        {"type": "http.disconnect", "again": True},
    ]
    waiting = iter(pieces)

    async def receive() -> Message:
        return next(waiting)

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        seen.extend([await receive() for _ in pieces])

    app = Authentication(EnoughScope(inside, door=door, needs_more=lambda _: True), door=door, public=())
    await app(scope_of(method="POST", authorization="Bearer reads"), receive, Sent())
    assert seen == pieces
