"""Keys from end to end: made by the command, shown to the service, limited as they say, over when they are revoked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

import _server_http
from _server_commands import run
from auth.inbound import KeyDoor, keys_path
from auth.inbound.key_form import checksum
from commands import parse
from settings import Settings
from tests.http.scene import RESOURCE
from tests.http.service import HeldCloud, Service, heard, message_in, modern, service, told_in

LISTS, SENDS = "mail_list_messages", "mail_send_message"


class Keys:
    """`server.py keys`, on the file that the service reads."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self._shown: Callable[[], Any] = capsys.readouterr

    def run(self, *words: str) -> str:
        assert run(parse(["keys", *words, "--keys-file", str(self.path)]), self.path.parent) == 0
        return str(self._shown().out).strip()

    def create(self, name: str, *options: str) -> str:
        return self.run("create", "--name", name, *options)


@pytest.fixture(scope="module")
def cloud() -> HeldCloud:
    cloud = HeldCloud()
    for person in (cloud.ines, cloud.jonas):
        cloud.tenant.add_message(person, f"Mail of {person.display_name}")
    return cloud


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "keys.json"


@pytest.fixture
def keys(path: Path, capsys: pytest.CaptureFixture[str]) -> Keys:
    return Keys(path, capsys)


def watchful(settings: Settings) -> KeyDoor:
    """The door as the server makes it, but that it looks at its file each time."""
    return KeyDoor(keys_path(settings), settings, _server_http.tools_in, pause=0)


@pytest.fixture(scope="module")
async def house(cloud: HeldCloud, path: Path) -> AsyncIterator[Service]:
    ways = {"HTTP_AUTH": "apikey", "ENTRA_AUTH_MODE": "application", "HTTP_KEYS_FILE": str(path)}
    rates = {"TRUSTED_PROXIES": "127.0.0.1", "HTTP_FAILURE_RATE": "3/hour"}
    async with service(cloud, {**ways, **rates}, door=watchful) as running:
        yield running


async def answer_to(house: Service, key: str, tool: str, **arguments: Any) -> str:
    answer = await house.calls(key, tool, arguments=arguments)
    return str(message_in(answer.text)["result"]["content"][0]["text"])


async def listed(house: Service, key: str) -> set[str]:
    async with house.http(key) as http:
        answer = message_in((await http.post(RESOURCE, **modern("tools/list"))).text)
    return {tool["name"] for tool in answer["result"]["tools"]}


async def status(house: Service, key: str, address: str = "203.0.113.1") -> int:
    async with house.http(key, **{"X-Forwarded-For": address}) as http:
        return (await http.post(RESOURCE, json={})).status_code


async def test_a_key_that_was_made_just_now_works_as_the_app(house: Service, keys: Keys) -> None:
    house.cloud.entra.journal.clear()
    key = keys.create("reports")
    assert re.fullmatch(r"gw_[A-Za-z0-9]+_[A-Za-z0-9_-]+", key)
    assert key.rpartition("_")[2] not in keys.path.read_text("utf-8")
    for person in (house.cloud.ines, house.cloud.jonas):
        text = await answer_to(house, key, LISTS, mailbox=person.user_principal_name)
        assert f"Mail of {person.display_name}" in text
    call = ("tools/call", {"name": LISTS, "arguments": {"mailbox": house.cloud.ines.user_principal_name}}, 2)
    assert "Mail of Ines" in (await house.within(key, await house.session(key), *call)).text
    assert house.cloud.entra.journal.count("client_credentials") == 1
    async with house.client(key) as client:
        assert LISTS in {tool.name for tool in (await client.list_tools()).tools}


async def test_a_key_works_within_its_limits(house: Service, keys: Keys) -> None:
    ines, jonas = house.cloud.ines.user_principal_name, house.cloud.jonas.user_principal_name
    key = keys.create("mail of ines", "--toolsets", "mail", "--mailbox", ines)
    names = await listed(house, key)
    assert LISTS in names
    assert {name.partition("_")[0] for name in names} == {"mail"}
    assert SENDS not in names
    assert "Mail of Ines" in await answer_to(house, key, LISTS, mailbox=ines)
    house.cloud.app.state.calls.clear()
    for tool, arguments in (
        (LISTS, {"mailbox": jonas}),
        (LISTS, {"mailbox": f"{jonas}/../{ines}"}),
        (LISTS, {"mailbox": house.cloud.jonas.id}),
        (SENDS, {"mailbox": ines, "to": [jonas], "subject": "s", "text": "t"}),
        ("account_whoami", {}),
    ):
        answer = message_in((await house.calls(key, tool, arguments=arguments)).text)
        assert answer.get("error") or answer["result"]["isError"], tool
        assert "Jonas" not in str(answer)
    assert not house.cloud.app.state.calls.calls


async def test_a_key_writes_only_if_it_says_so(house: Service, keys: Keys) -> None:
    mail = {
        "mailbox": house.cloud.ines.user_principal_name,
        "to": [house.cloud.jonas.user_principal_name],
        "subject": "Minutes",
        "text": "Here.",
    }
    reads, writes = keys.create("reader"), keys.create("writer", "--access", "full")
    assert "sent" not in (await answer_to(house, reads, SENDS, **mail)).lower().split()
    assert not message_in((await house.calls(writes, SENDS, arguments=mail)).text)["result"]["isError"]


async def test_a_key_has_a_rate_of_its_own(house: Service, keys: Keys) -> None:
    slow, quick = keys.create("slow", "--rate", "2/hour"), keys.create("quick")
    assert [await status(house, slow) for _ in range(3)] == [400, 400, 429]
    assert await status(house, quick) == 400


async def test_a_key_that_is_revoked_while_the_server_runs_is_turned_away(house: Service, keys: Keys) -> None:
    key = keys.create("short-lived")
    session = await house.session(key)
    assert await status(house, key) == 400
    keys.run("revoke", "short-lived")
    with heard() as records:
        assert await status(house, key) == 401
        answer = await house.within(key, session, "tools/list", {}, 1)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="graphward"')
    assert "revoked" not in answer.text
    assert "was revoked" in told_in(records)
    assert key not in told_in(records)


async def test_guesses_are_limited_and_stop_nobody_who_has_a_key(house: Service, keys: Keys) -> None:
    key, other = keys.create("at work"), keys.create("elsewhere")
    tries = partial(status, house, address="203.0.113.9")
    assert await tries(key) == 400
    id_of_it, secrets = key.split("_")[1], [other.split("_")[2][:-6], "x" * 43]
    guesses = [body + checksum(body) for body in (f"gw_{id_of_it}_{secret}" for secret in secrets)]
    assert [await tries(guess) for guess in (*guesses, f"{key}x", "gw_guess")] == [401, 401, 401, 429]
    assert await tries(other) == 429, "from there, what was never let in is not even looked at"
    assert await tries(key) == 400
    assert await status(house, other, "203.0.113.10") == 400


async def test_there_is_no_metadata_where_callers_have_keys(house: Service) -> None:
    async with house.http() as http:
        answers: list[httpx.Response] = [
            await http.get("/.well-known/oauth-protected-resource"),
            await http.get("/.well-known/oauth-protected-resource/mcp"),
        ]
    assert {answer.status_code for answer in answers} == {404}
