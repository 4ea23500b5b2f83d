"""commands/keys.py: a key is shown once, kept as its hash, listed without it, and ended by its id or its name."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auth.inbound.key_file import read_keys_once
from auth.inbound.key_form import hash_of, id_in, new_key
from commands import CommandOptions
from commands.keys import Desk, keys, where_keys_are
from errors import SettingsError
from settings import Settings, read_settings
from tests.commands.support import Paper

NOW = datetime(2026, 5, 4, 9, 0, 0, 123, tzinfo=UTC)


class Office:
    """A file of keys, and the three commands on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = NOW
        self.paper = Paper()

    def run(self, command: str, **options: Any) -> int:
        self.paper = Paper()
        desk = Desk(self.path, self.paper.output, ("mail", "calendar"), now=lambda: self.now)
        return keys(f"keys {command}", CommandOptions(**options), desk)

    def create(self, name: str = "reports", **options: Any) -> str:
        """The key that was made."""
        assert self.run("create", name=name, **options) == 0
        (key,) = self.paper.shown
        return key

    @property
    def listed(self) -> list[dict[str, Any]]:
        assert self.run("list", as_json=True) == 0
        found: list[dict[str, Any]] = json.loads(self.paper.shown[0])["keys"]
        return found

    @property
    def told(self) -> str:
        return "\n".join(self.paper.told)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "state" / "keys.json")


# create


def test_a_key_goes_to_standard_output_alone_and_only_its_hash_is_kept(office: Office) -> None:
    key = office.create()
    assert id_in(key)
    assert key not in office.told
    (record,) = read_keys_once(office.path)
    assert (record.id, record.sha256) == (id_in(key), hash_of(key))
    assert key.rpartition("_")[2] not in office.path.read_text()


def test_a_key_only_reads_for_90_days_unless_told_otherwise(office: Office) -> None:
    office.create()
    (record,) = read_keys_once(office.path)
    assert record.level == "read"
    assert record.created == NOW.replace(microsecond=0)
    assert record.expires == record.created + timedelta(days=90)
    assert (record.toolsets, record.tools, record.mailboxes, record.sites, record.rate, record.calls) == (None,) * 6


def test_a_key_has_the_limits_that_were_given(office: Office) -> None:
    office.create(
        access="full",
        days=0,
        toolsets=("mail",),
        mailboxes=("a@x.example",),
        sites=("hr",),
        rate="5/minute",
        calls=2,
    )
    (record,) = read_keys_once(office.path)
    assert (record.level, record.expires, record.toolsets) == ("full", None, ("mail",))
    assert (record.mailboxes, record.sites, record.rate, record.calls) == (("a@x.example",), ("hr",), "5/minute", 2)


def test_whoever_makes_a_key_hears_what_to_do_with_it(office: Office) -> None:
    key = office.create(toolsets=("mail",))
    assert (
        f"The key {id_in(key)} (reports) is good until 2026-08-02 09:00 UTC. It only reads, with mail." in office.told
    )
    assert "It is shown this once" in office.told
    assert "Authorization: Bearer" in office.told
    assert "no restart is needed" in office.told
    assert f"keys revoke {id_in(key)} ends it" in office.told
    assert "--mailbox limits a key to some" in office.told


def test_whoever_makes_a_strong_key_hears_how_strong_it_is(office: Office) -> None:
    office.create(access="full", days=0, mailboxes=("a@x.example",))
    assert "until it is revoked. It may do everything, and nobody is asked, with all toolsets" in office.told
    assert "--mailbox limits" not in office.told


def test_a_toolset_that_does_not_exist_is_refused(office: Office) -> None:
    assert office.run("create", name="n", toolsets=("mail", "mial")) == 2
    assert office.told == "There is no toolset mial. There are: calendar, mail."
    assert not office.path.exists()


def test_two_keys_in_force_are_not_called_alike(office: Office) -> None:
    key = office.create()
    assert office.run("create", name="Reports") == 2
    assert f"keys revoke {id_in(key)}" in office.told
    assert office.paper.shown == []
    office.run("revoke", key="reports")
    assert office.create() != key


def test_two_who_make_keys_at_once_lose_none(office: Office) -> None:
    threads = [
        threading.Thread(
            target=keys,
            args=("keys create", CommandOptions(name=f"key {number}"), Desk(office.path, Paper().output, ())),
        )
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each["name"] for each in office.listed} == {f"key {number}" for number in range(8)}


def test_a_file_that_makes_no_sense_is_told_and_kept(office: Office) -> None:
    office.create()
    office.path.write_text("{")
    for command, options in (("create", {"name": "n"}), ("list", {}), ("revoke", {"key": "n"})):
        assert office.run(command, **options) == 1
        assert "keys.json: line 1, column 2 is no JSON" in office.told
    assert office.path.read_text() == "{"


@pytest.mark.skipif(os.name != "posix", reason="the modes of files are POSIX")
def test_a_loose_file_is_shut(office: Office) -> None:
    office.create()
    office.path.chmod(0o644)
    office.create("other")
    assert "its mode is 0600 again" in office.told
    assert office.path.stat().st_mode & 0o777 == 0o600


# list


def test_programs_read_everything_but_hashes(office: Office) -> None:
    key = office.create(mailboxes=("a@x.example",))
    (row,) = office.listed
    assert (row["id"], row["name"], row["state"], row["level"]) == (id_in(key), "reports", "good", "read")
    assert (row["mailboxes"], row["expires"], row["revoked"]) == (["a@x.example"], "2026-08-02T09:00:00Z", None)
    assert "sha256" not in row
    assert hash_of(key) not in office.paper.shown[0]


def test_people_read_a_table_without_hashes(office: Office) -> None:
    key = office.create(toolsets=("mail",), sites=("hr",), rate="5/minute", calls=2)
    other = office.create("other", access="full", days=0)
    assert office.run("list") == 0
    head, *rows = office.paper.shown[0].splitlines()
    assert head.split() == [
        *["id", "name", "state", "expires", "access", "toolsets", "mailboxes", "sites", "rate", "at", "once"]
    ]
    assert rows[0].split() == [
        id_in(key),
        "reports",
        "good",
        "2026-08-02",
        "read",
        "mail",
        "all",
        "hr",
        "5/minute",
        "2",
    ]
    assert rows[1].split() == [id_in(other), "other", "good", "never", "full", "all", "all", "all", "usual", "usual"]
    assert hash_of(key) not in office.paper.shown[0]


def test_keys_that_are_over_are_listed_as_such(office: Office) -> None:
    office.create("old", days=1)
    office.create("gone")
    office.run("revoke", key="gone")
    office.now += timedelta(days=1)
    assert [each["state"] for each in office.listed] == ["expired", "revoked"]


def test_without_a_key_one_is_told_how_to_make_one(office: Office) -> None:
    assert office.run("list") == 0
    assert office.paper.shown == []
    assert "keys create --name NAME makes one" in office.told
    assert office.listed == []


# revoke


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(id_in, id="its id"),
        pytest.param(lambda _: "REPORTS ", id="its name"),
        pytest.param(lambda key: key, id="the key itself"),
    ],
)
def test_a_key_is_ended_by_its_id_its_name_or_itself(office: Office, how: Any) -> None:
    key = office.create()
    office.create("other")
    assert office.run("revoke", key=how(key)) == 0
    assert office.paper.shown == [f"Revoked: {id_in(key)} (reports)."]
    assert "no restart is needed" in office.told
    assert [each["state"] for each in office.listed] == ["revoked", "good"]


def test_a_key_is_ended_once(office: Office) -> None:
    office.create()
    office.run("revoke", key="reports")
    office.now += timedelta(days=3)
    assert office.run("revoke", key="reports") == 0
    assert office.paper.shown[0].startswith("Revoked already, on 2026-05-04:")
    assert office.listed[0]["revoked"] == "2026-05-04T09:00:00Z"


def test_of_two_with_a_name_the_one_in_force_is_meant(office: Office) -> None:
    office.create()
    office.run("revoke", key="reports")
    key = office.create()
    assert office.run("revoke", key="reports") == 0
    assert id_in(key) in office.paper.shown[0]
    assert [each["state"] for each in office.listed] == ["revoked", "revoked"]


def test_a_name_that_two_in_force_have_is_not_enough(office: Office) -> None:
    made = [office.create("one"), office.create("two")]
    office.path.write_text(office.path.read_text().replace('"two"', '"one"'))
    assert office.run("revoke", key="one") == 2
    assert all(id_in(key) in office.told for key in made)
    assert [each["state"] for each in office.listed] == ["good", "good"]


@pytest.mark.parametrize("which", [pytest.param("nobody", id="a name"), pytest.param(new_key()[0], id="another key")])
def test_what_is_not_there_is_not_repeated(office: Office, which: str) -> None:
    office.create()
    assert office.run("revoke", key=which) == 2
    assert office.told == "There is no such key. keys list shows their ids and names."


# Where the keys are.


def reading(environ: dict[str, str]) -> Any:
    def read(over_all: Mapping[str, str]) -> Settings:
        return read_settings({**environ, **over_all})

    return read


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param({}, id="nothing else"),
        pytest.param({"TRANSPORT": "http"}, id="HTTP that nobody may call yet"),
        pytest.param({"TRANSPORT": "http", "HTTP_AUTH": "apikey"}, id="keys without an app"),
        pytest.param({"DEMO": "true"}, id="the demo"),
    ],
)
def test_the_file_is_found_before_the_settings_are_complete(tmp_path: Path, rest: dict[str, str]) -> None:
    named = reading({"HTTP_KEYS_FILE": str(tmp_path / "k.json"), **rest})
    assert where_keys_are(named) == tmp_path / "k.json"
    beside = reading({"STATE_DIR": str(tmp_path), **rest})
    assert where_keys_are(beside) == tmp_path / "keys.json"


def test_a_file_that_cannot_be_told_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="HTTP_KEYS_FLIE"):
        where_keys_are(reading({"HTTP_KEYS_FLIE": str(tmp_path / "k.json")}))
