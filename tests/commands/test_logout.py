"""commands/logout.py: a sign-in is forgotten here, and nobody believes that it ended everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from auth.cache import FileTokenCache
from commands import logout
from errors import StorageError, ToolInputError
from principal import SignedIn
from tests.auth.support import SCOPES, AtOnce, people_of, public_cloud
from tests.auth.support import settings_for as settings_of
from tests.commands.support import APP, WAYS_WITHOUT_A_PERSON, Paper, settings_with, signed_in

INES = signed_in("ines@lindenhall.example", selected=True)
JONAS = signed_in("jonas@lindenhall.example")
HOME = signed_in("ines@outlook.example", personal=True)


class Few:
    """Some people, who can be signed out."""

    def __init__(self, *people: SignedIn, trouble: Exception | None = None) -> None:
        self.people = list(people)
        self.trouble = trouble

    async def listed(self) -> Sequence[SignedIn]:
        return list(self.people)

    async def logout(self, account: str | None = None) -> Sequence[SignedIn]:
        if self.trouble:
            raise self.trouble
        gone = [
            each for each in self.people if account in (each.id, each.username) or (not account and each.is_selected)
        ]
        if not gone and account is None:
            return []
        if not gone:
            raise ToolInputError(f"{account} is not signed in here.")
        self.people.remove(gone[0])
        return gone

    async def logout_everybody(self) -> Sequence[SignedIn]:
        gone, self.people = self.people, []
        return gone


async def test_the_selected_account_is_signed_out_and_the_others_are_named() -> None:
    people, paper = Few(INES, JONAS), Paper()
    assert await logout(settings_with(), people, paper.output) == 0
    assert paper.shown == [f"Signed out: {INES.username}."]
    assert f"Still signed in: {JONAS.username}" in paper.told[0]
    assert people.people == [JONAS]


async def test_an_account_is_signed_out_by_its_name() -> None:
    people, paper = Few(INES, JONAS), Paper()
    assert await logout(settings_with(), people, paper.output, account=JONAS.username) == 0
    assert people.people == [INES]


async def test_everybody_is_signed_out_at_once() -> None:
    people, paper = Few(INES, JONAS, HOME), Paper()
    assert await logout(settings_with(), people, paper.output, everyone=True) == 0
    assert people.people == []
    assert paper.shown == [f"Signed out: {INES.username}, {JONAS.username}, {HOME.username}."]
    assert not any("Still signed in" in text for text in paper.told)


@pytest.mark.parametrize(
    ("environ", "person", "told", "not_told"),
    [
        pytest.param({}, INES, "myaccount.microsoft.com", "personal account", id="a work account"),
        pytest.param({}, HOME, "account.microsoft.com/security", "administrator", id="a personal account"),
        pytest.param({"ENTRA_CLOUD": "usgov"}, INES, "administrator", "myaccount", id="another cloud"),
    ],
)
async def test_it_says_how_the_sessions_end_elsewhere(
    environ: dict[str, str], person: SignedIn, told: str, not_told: str
) -> None:
    paper = Paper()
    await logout(settings_with(**environ), Few(person), paper.output, account=person.id)
    text = "\n".join(paper.told)
    assert "gone from this computer" in text
    assert told in text
    assert not_told not in text


@pytest.mark.parametrize("everyone", [pytest.param(True, id="all"), pytest.param(False, id="one")])
async def test_that_nobody_was_signed_in_is_no_failure(*, everyone: bool) -> None:
    paper = Paper()
    assert await logout(settings_with(), Few(), paper.output, everyone=everyone) == 0
    assert paper.shown == ["Nobody was signed in."]


@pytest.mark.parametrize(
    ("trouble", "account"),
    [
        pytest.param(None, "nobody@x.example", id="an unknown account"),
        pytest.param(StorageError("The token cache cannot be read."), None, id="a cache that cannot be read"),
    ],
)
async def test_a_failure_says_why(trouble: Exception | None, account: str | None) -> None:
    paper = Paper()
    assert await logout(settings_with(), Few(INES, trouble=trouble), paper.output, account=account) == 1
    assert paper.shown == []
    assert len(paper.told) == 1


@pytest.mark.parametrize(
    ("environ", "remedy"), [pytest.param(*case, id=name) for name, case in WAYS_WITHOUT_A_PERSON.items()]
)
async def test_where_nobody_signs_in_it_says_what_to_do_instead(environ: dict[str, str], remedy: str) -> None:
    paper = Paper()
    assert await logout(settings_with(**environ), Few(INES), paper.output) == 2
    assert remedy in paper.told[0]


async def test_nothing_of_the_account_is_left_on_disk(tmp_path: Path) -> None:
    cloud, paper, path = public_cloud(), Paper(), tmp_path / "cache.json"
    people = people_of(cloud, AtOnce(cloud), cache=FileTokenCache(path, client_id=APP, warn=pytest.fail))
    async with people.running():
        token = await people.source().token(SCOPES)
    assert token in path.read_text()
    assert await logout(settings_of(cloud), people, paper.output) == 0
    left = path.read_text()
    assert token not in left
    assert "ines" not in left.lower()
    assert await logout(settings_of(cloud), people, paper.output) == 0
    assert paper.shown[-1] == "Nobody was signed in."
