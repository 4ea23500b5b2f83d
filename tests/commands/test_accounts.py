"""commands/accounts.py: who is signed in, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from auth.cache import FileTokenCache
from commands import accounts, last_renewed
from errors import StorageError
from principal import SignedIn
from tests.auth.support import SCOPES, people_of, public_cloud
from tests.auth.support import settings_for as settings_of
from tests.commands.support import APP, PERSONAL, TENANT, WAYS_WITHOUT_A_PERSON, Paper, settings_with, signed_in

INES = signed_in("ines@lindenhall.example", selected=True)
HOME = signed_in("ines@outlook.example", personal=True)


class Listed:
    """People who can only be listed."""

    def __init__(self, *people: SignedIn) -> None:
        self.people = people

    async def listed(self) -> Sequence[SignedIn]:
        return self.people


async def test_people_read_a_table() -> None:
    paper = Paper()
    status = await accounts(
        settings_with(), Listed(INES, HOME), paper.output, renewed=lambda: {INES.id: 1_790_000_000.0}
    )
    assert status == 0
    assert paper.shown[0].splitlines() == [
        "   account                  kind      tenant                                last renewed (UTC)",
        f"*  ines@lindenhall.example  work      {TENANT}  2026-09-21 14:13",
        f"   ines@outlook.example     personal  {PERSONAL}",
        "* is worked as where a call names no account.",
    ]


async def test_programs_read_json() -> None:
    paper, settings = Paper(), settings_with()
    await accounts(settings, Listed(INES, HOME), paper.output, json_wanted=True, renewed=lambda: {INES.id: 0.0})
    found: dict[str, Any] = json.loads(paper.shown[0])
    assert found["kept_in"] == str(settings.entra_token_cache_path)
    first, second = found["accounts"]
    assert first == {
        "username": INES.username,
        "id": INES.id,
        "tenant_id": TENANT,
        "kind": "work",
        "selected": True,
        "renewed": None,
    }
    assert (second["kind"], second["selected"]) == ("personal", False)
    assert paper.told == []


async def test_that_nobody_is_signed_in_names_the_next_step() -> None:
    paper = Paper()
    assert await accounts(settings_with(), Listed(), paper.output) == 0
    assert paper.shown == ["Nobody is signed in. login signs somebody in."]
    await accounts(settings_with(), Listed(), paper.output, json_wanted=True)
    assert json.loads(paper.shown[1])["accounts"] == []


async def test_names_cannot_steer_the_terminal_nor_break_the_table() -> None:
    paper = Paper()
    await accounts(settings_with(), Listed(signed_in("a\x1b[31m\nb\u202e@x.example")), paper.output)
    assert len(paper.shown[0].splitlines()) == 2
    assert all(line.isprintable() for line in paper.shown[0].splitlines())


async def test_an_account_without_a_name_is_listed_by_its_id() -> None:
    paper = Paper()
    await accounts(settings_with(), Listed(signed_in("")), paper.output)
    assert f"id-of-.{TENANT}" in paper.shown[0]


@pytest.mark.parametrize(
    ("environ", "remedy"), [pytest.param(*case, id=name) for name, case in WAYS_WITHOUT_A_PERSON.items()]
)
async def test_where_nobody_signs_in_it_says_what_to_do_instead(environ: dict[str, str], remedy: str) -> None:
    paper = Paper()
    assert await accounts(settings_with(**environ), Listed(INES), paper.output) == 2
    assert paper.shown == []
    assert remedy in paper.told[0]


async def test_a_cache_that_cannot_be_read_says_why() -> None:
    def unreadable() -> dict[str, float]:
        raise StorageError("The token cache is encrypted.")

    paper = Paper()
    assert await accounts(settings_with(), Listed(INES), paper.output, renewed=unreadable) == 1
    assert paper.told == ["The token cache is encrypted."]


async def test_a_real_cache_tells_when_a_sign_in_was_renewed(tmp_path: Path) -> None:
    cloud, paper = public_cloud(), Paper()
    cache = FileTokenCache(tmp_path / "cache.json", client_id=APP, warn=pytest.fail)
    people = people_of(cloud, cache=cache)
    async with people.running():
        await people.source().token(SCOPES)
    times = last_renewed(cache.read())
    (account,) = await people.listed()
    assert times.keys() == {account.id}
    status = await accounts(settings_of(cloud), people, paper.output, json_wanted=True, renewed=lambda: times)
    assert status == 0
    (row,) = json.loads(paper.shown[0])["accounts"]
    assert row["username"] == cloud.app.state.tenant.demo_person.user_principal_name
    assert row["renewed"].endswith("+00:00")


class Searched:
    """A token cache with these refresh tokens."""

    def __init__(self, *tokens: dict[str, Any]) -> None:
        self.tokens = tokens

    def search(self, credential_type: str) -> Sequence[dict[str, Any]]:
        assert credential_type == "RefreshToken"
        return self.tokens


def test_the_newest_token_of_an_account_counts_and_odd_times_do_not() -> None:
    cache = Searched(
        {"home_account_id": "a", "last_modification_time": "10"},
        {"home_account_id": "a", "last_modification_time": "30"},
        {"home_account_id": "a", "last_modification_time": "20"},
        {"home_account_id": "b", "last_modification_time": "yesterday"},
        {"home_account_id": "c"},
    )
    assert last_renewed(cache) == {"a": 30.0}
