"""Access level, class of tool, what the client can do, and how it is connected: what of each reaches the tenant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult, ErrorData

from principal import Level
from server import GraphwardServer
from tests.tools.approving import MAIL, Scene, scene
from tests.tools.clients import AGREES, Person, Said, at, listening

# By what the client declares of elicitation; `{}` is how forms were declared before there were pages.
CLIENTS: dict[str, dict[str, Any] | None] = {
    "forms": {"form": {}, "url": {}},
    "forms of old": {},
    "pages only": {"url": {}},
    "nothing": None,
}
ANSWERS: dict[str, Said] = {
    "accept": AGREES,
    "accept, but not approved": ElicitResult(action="accept", content={"approve": False}),
    "accept, but empty": ElicitResult(action="accept"),
    "accept, but something else": ElicitResult(action="accept", content={"really": True}),
    "decline": ElicitResult(action="decline"),
    "decline, and yet approved": ElicitResult(action="decline", content={"approve": True}),
    "cancel": ElicitResult(action="cancel"),
    "error": ErrorData(code=-32603, message="no window"),
}
TOOLS = {"read": "risky_look", "write": "risky_file", "send": "mail_send_message", "destroy": "risky_wipe"}
STREAMS = [
    pytest.param("legacy stream", id="older handshake, stdio"),
    pytest.param("modern stream", id="2026-07-28, stdio"),
]
WAYS = [
    pytest.param("legacy http", id="older handshake, HTTP session"),
    pytest.param("legacy stateless", id="older handshake, stateless HTTP"),
    pytest.param("modern http", id="2026-07-28, HTTP"),
    pytest.param("modern stateless", id="2026-07-28, stateless HTTP"),
]


@dataclass(frozen=True)
class Cell:
    """One place of the matrix."""

    level: Level
    kind: str
    answer: str = "accept"


@dataclass(frozen=True)
class Came:
    """What came of a call there: how often a person was asked, what was written, and whether it was an error."""

    questions: int = 0
    writes: int = 0
    is_error: bool = False


def cells(client: str, transport: str) -> Iterator[Cell]:
    """Everything where a client costs little; over HTTP a cell of each kind."""
    if transport != "stream":
        yield Cell(Level.ASK, "send")
        yield from (Cell(Level.ASK, "destroy", "decline"), Cell(Level.FULL, "destroy")) if client == "forms" else ()
        return
    if client in ("forms", "nothing"):
        yield from (Cell(level, kind) for level in Level for kind in TOOLS)
    else:
        yield from (Cell(Level.ASK, kind) for kind in ("send", "destroy"))
    if client == "forms":
        yield from (Cell(Level.ASK, "destroy", answer) for answer in ANSWERS)
        yield Cell(Level.ASK, "send", "decline")


def expected(cell: Cell, *, can_ask: bool) -> Came:
    """As the design has it."""
    if cell.kind == "read":
        return Came()
    if cell.level is Level.READ:
        return Came(is_error=True)
    if cell.level is Level.FULL or cell.kind == "write":
        return Came(writes=1)
    if not can_ask:
        return Came(is_error=True)
    is_unusable = cell.answer in ("accept, but empty", "accept, but something else", "error")
    return Came(questions=1, writes=int(cell.answer == "accept"), is_error=is_unusable)


async def went_through(tenant: Scene, server: GraphwardServer | str, way: str, name: str) -> dict[Cell, Came]:
    """The cells of one client, one after the other."""
    person, found = Person(), dict[Cell, Came]()
    async with at(server, way, person, CLIENTS[name]) as client:
        for number, cell in enumerate(cells(name, way.split()[1])):
            tenant.rights = replace(tenant.rights, level=cell.level)
            person.form = ANSWERS[cell.answer]
            before, asked = len(tenant.writes), len(person.forms)
            fresh = f"{name} {number}"
            arguments = {"read": {}, "send": {**MAIL, "subject": fresh}}.get(cell.kind, {"subject": fresh})
            is_error = False
            try:
                is_error = (await client.call_tool(TOOLS[cell.kind], arguments)).is_error
            except MCPError:  # since 2026-07-28 a client that cannot put the question does not come back
                is_error = True
            found[cell] = Came(len(person.forms) - asked, len(tenant.writes) - before, is_error)
    return found


async def check(tenant: Scene, server: GraphwardServer | str, way: str, *names: str) -> None:
    for name in names:
        can_ask = name.startswith("forms") and way != "legacy stateless"
        found = await went_through(tenant, server, way, name)
        assert found == {cell: expected(cell, can_ask=can_ask) for cell in found}, name
    sends = sum(each.path.endswith("/sendMail") for each in tenant.writes)
    assert tenant.sent == sends, "what was sent is what the tenant has as sent"


@pytest.mark.parametrize("way", STREAMS)
async def test_what_reaches_the_tenant_is_what_level_class_and_person_allow(way: str) -> None:
    async with scene() as tenant:
        await check(tenant, tenant.server, way, *CLIENTS)


@pytest.mark.parametrize("way", WAYS)
async def test_over_http_it_is_the_same(way: str) -> None:
    async with scene() as tenant, listening(tenant.server, stateless=way.endswith("stateless")) as url:
        await check(tenant, url, way, "forms", "pages only")
