"""Claims challenges on request: whom they meet, what they say, and which token answers them."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import httpx
import pytest

from emulator.pytest_plugin import GraphEmulator, graph_emulator
from emulator.tenant import Person
from tests.emulator.support import small_tenant

__all__ = ["graph_emulator"]

_CLAIMS = re.compile(r'error="insufficient_claims", claims="([A-Za-z0-9+/=]+)"$')


@pytest.fixture
def graph_tenant() -> Any:
    return small_tenant


@pytest.fixture(autouse=True)
def stopped(graph_emulator: GraphEmulator) -> None:
    """All in one second, unless a test lets time pass: the hardest case for telling new tokens from old ones."""
    graph_emulator.control.clock.stop()


def token(emulator: GraphEmulator, person: Person | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {emulator.token(['User.Read', 'Mail.Read'], person=person)}"}


async def got(emulator: GraphEmulator, headers: dict[str, str], path: str = "/me") -> httpx.Response:
    async with httpx.AsyncClient(transport=emulator.transport, base_url=emulator.url) as client:
        return await client.get(path, headers=headers)


def claims(answer: httpx.Response) -> Any:
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    found = _CLAIMS.search(answer.headers["www-authenticate"])
    assert found is not None
    return json.loads(base64.b64decode(found[1]))


async def test_a_challenge_is_as_graph_sends_it(graph_emulator: GraphEmulator) -> None:
    graph_emulator.control.chaos.strike("challenge")
    mine, now = token(graph_emulator), int(graph_emulator.control.clock())
    answer = await got(graph_emulator, mine)
    assert claims(answer) == {"access_token": {"nbf": {"essential": True, "value": str(now)}}}
    assert answer.headers["www-authenticate"].startswith('Bearer realm="", authorization_uri="https://login.')
    assert answer.json()["error"]["message"].startswith("Continuous access evaluation resulted in challenge")
    assert (await got(graph_emulator, mine)).status_code == 200


async def test_a_challenge_can_come_so_often_whatever_token_is_shown(graph_emulator: GraphEmulator) -> None:
    graph_emulator.control.chaos.strike("challenge", times=2)
    statuses = [(await got(graph_emulator, token(graph_emulator))).status_code for _ in range(3)]
    assert statuses == [401, 401, 200]


async def test_a_challenge_without_end_wants_a_new_token_of_everybody(graph_emulator: GraphEmulator) -> None:
    people = list(graph_emulator.tenant.people.values())[:2]
    old = [token(graph_emulator, person) for person in people]
    graph_emulator.control.chaos.strike("challenge", times=None)
    for person, headers in zip(people, old, strict=True):
        for _ in range(2):
            assert "nbf" in claims(await got(graph_emulator, headers))["access_token"]
        new = token(graph_emulator, person)
        assert [(await got(graph_emulator, new)).status_code for _ in range(2)] == [200, 200]
        assert (await got(graph_emulator, headers)).status_code == 401
    graph_emulator.control.chaos.clear()
    assert (await got(graph_emulator, old[0])).status_code == 200


async def test_a_token_of_later_is_new_without_being_asked_for(graph_emulator: GraphEmulator) -> None:
    graph_emulator.control.chaos.strike("challenge", times=None)
    graph_emulator.advance(2)
    assert (await got(graph_emulator, token(graph_emulator))).status_code == 200


async def test_a_challenge_meets_one_person(graph_emulator: GraphEmulator) -> None:
    one, other = list(graph_emulator.tenant.people.values())[:2]
    graph_emulator.control.chaos.strike("challenge", user=other.id, times=None)
    assert (await got(graph_emulator, token(graph_emulator, one))).status_code == 200
    assert (await got(graph_emulator, token(graph_emulator, other))).status_code == 401


async def test_a_challenge_meets_a_path_and_asks_what_it_is_told_to(graph_emulator: GraphEmulator) -> None:
    wanted = {"access_token": {"acrs": {"essential": True, "value": "c1"}}}
    graph_emulator.control.chaos.strike("challenge", path="me/messages", claims=json.dumps(wanted), times=None)
    mine = token(graph_emulator)
    assert (await got(graph_emulator, mine)).status_code == 200
    assert claims(await got(graph_emulator, mine, "/me/messages")) == wanted


async def test_a_part_of_a_batch_is_challenged_by_its_own_path(graph_emulator: GraphEmulator) -> None:
    parts = [{"id": url, "method": "GET", "url": url} for url in ("/me", "/me/messages")]
    mine = token(graph_emulator)
    graph_emulator.control.chaos.strike("challenge", path="me/messages")
    graph_emulator.control.chaos.strike("challenge", path="$batch", spares=1)
    async with httpx.AsyncClient(transport=graph_emulator.transport, base_url=graph_emulator.url) as client:
        answer = await client.post("/$batch", json={"requests": parts}, headers=mine)
        found = {part["id"]: part for part in answer.json()["responses"]}
        assert (await client.post("/$batch", json={"requests": parts}, headers=mine)).status_code == 401
    assert [part["status"] for part in found.values()] == [200, 401]
    assert 'error="insufficient_claims"' in found["/me/messages"]["headers"]["WWW-Authenticate"]


async def test_who_shows_no_token_is_told_that_first(graph_emulator: GraphEmulator) -> None:
    graph_emulator.control.chaos.strike("challenge")
    assert "insufficient_claims" not in (await got(graph_emulator, {})).headers["www-authenticate"]
    assert (await got(graph_emulator, {}, "/driveMonitors/x/y")).status_code == 404
    assert not graph_emulator.control.chaos.is_fine
