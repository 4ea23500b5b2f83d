"""auth/inbound/api_keys.py: who shows a key is let in as that key, with what it may do; nobody else is."""

from __future__ import annotations

import hmac
import json
import math
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auth.inbound.api_keys import KeyDoor
from auth.inbound.key_form import checksum, hash_of, new_key
from auth.inbound.key_records import KeyRecord
from errors import NotAdmitted, StartError
from principal import Access, Level, Principal, Sender
from tests.auth.inbound.keys_scene import (
    APP,
    NOW,
    TENANT,
    TOOLS,
    door_of,
    kept,
    key_and_record,
    replaced,
    rows_of,
    settings_with,
)

KEY, RECORD = key_and_record()
OTHER_KEY, OTHER = key_and_record(name="other")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return kept(tmp_path / "keys.json", RECORD, OTHER)


@pytest.fixture
def door(path: Path) -> KeyDoor:
    return door_of(path)


async def let_in(tmp_path: Path, environ: dict[str, str] | None = None, **details: Any) -> Sender:
    """Whoever shows a key with this record."""
    key, record = key_and_record(**details)
    return await door_of(kept(tmp_path / "own.json", record), settings=settings_with(**(environ or {}))).sender(key)


def removed(path: Path) -> None:
    path.unlink()


async def refusal(door: KeyDoor, token: str) -> str:
    with pytest.raises(NotAdmitted) as caught:
        await door.sender(token)
    assert caught.value.error == "invalid_token"
    assert len(token) < 8 or token not in str(caught.value)
    return str(caught.value)


def spoilt_keys() -> list[str]:
    """What is no key, or is nearly one."""
    dice = random.Random(7)  # noqa: S311 - the same in each run is what is wanted
    letters = "abcXYZ019_-. \t\r\n\0é漢"
    cases = ["", " ", "gw_", "gw__", "Bearer", "null", "[]", "{}", "../../etc/passwd", "' OR 1=1 --", "%00", "\ud800"]
    cases += [KEY[:length] for length in range(1, len(KEY), 2)]
    cases += [KEY[:place] + dice.choice(letters) + KEY[place + 1 :] for place in range(len(KEY))]
    cases += [KEY + extra for extra in ("A", " ", "\n", "\0", "=", ",", KEY)]
    cases += ["".join(dice.choice(letters) for _ in range(dice.randrange(1, 220))) for _ in range(120)]
    cases += ["gw_" + "a" * length for length in (10, 190, 197, 198, 5000)]
    cases += [KEY.swapcase(), KEY[::-1], KEY.replace("_", "__"), f"gw_{RECORD.id}_{OTHER_KEY.rpartition('_')[2]}"]
    return sorted(set(cases) - {KEY})


async def test_what_is_no_key_lets_nobody_in(door: KeyDoor) -> None:
    spoilt = spoilt_keys()
    assert len(spoilt) >= 200
    for token in spoilt:
        assert await refusal(door, token)


async def test_a_good_looking_guess_lets_nobody_in(door: KeyDoor) -> None:
    for _ in range(50):
        guess, key_id = new_key()
        body = guess[:-6].replace(key_id, RECORD.id)
        for token in (guess, body + checksum(body)):
            assert await refusal(door, token) == "There is no such key."


async def test_a_key_lets_its_owner_in(door: KeyDoor) -> None:
    sender = await door.sender(KEY)
    assert sender.principal == Principal("public", TENANT, f"key:{RECORD.id}", APP)
    assert (sender.name, sender.username, sender.is_person, sender.token) == ("reports", "", False, "")
    assert (sender.expires_at, sender.rate, sender.calls_at_once) == (math.inf, "", 0)


async def test_two_keys_are_two_callers(door: KeyDoor) -> None:
    assert (await door.sender(KEY)).who != (await door.sender(OTHER_KEY)).who


async def test_a_key_keeps_its_own_pace(tmp_path: Path) -> None:
    sender = await let_in(tmp_path, rate="5/second", calls=3)
    assert (sender.rate, sender.calls_at_once) == ("5/second", 3)


async def test_a_key_only_reads_unless_it_says_otherwise(tmp_path: Path) -> None:
    rights = (await let_in(tmp_path)).rights
    assert (rights.level, rights.is_daemon) == (Level.READ, True)
    assert not rights.allows(Access.WRITE)


@pytest.mark.parametrize(
    ("environ", "level", "expected"),
    [
        pytest.param({}, "full", Level.FULL, id="full on a server that asks"),
        pytest.param({"ACCESS": "full"}, "full", Level.FULL, id="full on a server that does all"),
        pytest.param({"ACCESS": "full"}, "read", Level.READ, id="read on a server that does all"),
        pytest.param({"ACCESS": "read"}, "full", Level.READ, id="full on a server that reads"),
        pytest.param({"READ_ONLY": "true"}, "full", Level.READ, id="full where nothing is written"),
    ],
)
async def test_a_key_goes_as_far_as_it_says_where_the_server_writes_at_all(
    tmp_path: Path, environ: dict[str, str], level: str, expected: Level
) -> None:
    assert (await let_in(tmp_path, environ, level=level)).rights.level is expected


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        pytest.param({}, None, id="all"),
        pytest.param({"toolsets": ("mail",)}, TOOLS["mail"], id="a toolset"),
        pytest.param({"tools": ("mail_search",)}, {"mail_search"}, id="a tool"),
        pytest.param(
            {"tools": ("mail_search",), "toolsets": ("calendar",)},
            {"mail_search", "calendar_list_events"},
            id="both",
        ),
        pytest.param({"toolsets": ()}, set(), id="none at all"),
    ],
)
async def test_a_key_has_the_tools_that_it_names(tmp_path: Path, details: dict[str, Any], expected: object) -> None:
    assert (await let_in(tmp_path, **details)).rights.tools == expected


async def test_a_key_works_in_the_mailboxes_and_sites_that_it_names(tmp_path: Path) -> None:
    rights = (await let_in(tmp_path, mailboxes=("Sales@Contoso.com", "0A1B"), sites=("HR",))).rights
    assert (rights.mailboxes, rights.sites) == (frozenset({"sales@contoso.com", "0a1b"}), frozenset({"hr"}))
    open_rights = (await let_in(tmp_path)).rights
    assert (open_rights.mailboxes, open_rights.sites) == (None, None)


@pytest.mark.parametrize(
    ("seconds", "is_good"),
    [pytest.param(1, True, id="before"), pytest.param(0, False, id="at"), pytest.param(-1, False, id="after")],
)
async def test_a_key_is_good_until_it_expires(tmp_path: Path, seconds: int, is_good: bool) -> None:
    key, record = key_and_record(expires=NOW + timedelta(seconds=seconds))
    door = door_of(kept(tmp_path / "own.json", record))
    if is_good:
        assert (await door.sender(key)).expires_at == NOW.timestamp() + seconds
    else:
        assert "has expired" in await refusal(door, key)


async def test_a_revoked_key_is_over(tmp_path: Path) -> None:
    key, record = key_and_record(revoked=NOW)
    assert "was revoked" in await refusal(door_of(kept(tmp_path / "own.json", record)), key)


async def test_a_key_that_is_revoked_while_the_server_runs_is_over(path: Path, door: KeyDoor) -> None:
    await door.sender(KEY)
    kept(path, RECORD.model_copy(update={"revoked": NOW}), OTHER)
    assert "was revoked" in await refusal(door, KEY)
    assert (await door.sender(OTHER_KEY)).name == "other"


async def test_a_key_that_is_made_while_the_server_runs_is_good(path: Path, door: KeyDoor) -> None:
    key, record = key_and_record(name="new")
    assert "no such key" in await refusal(door, key)
    kept(path, RECORD, OTHER, record)
    assert (await door.sender(key)).name == "new"


async def test_only_its_owner_learns_that_a_key_is_over(tmp_path: Path) -> None:
    _, record = key_and_record(revoked=NOW)
    guess, key_id = new_key()
    door = door_of(kept(tmp_path / "own.json", record.model_copy(update={"id": key_id})))
    assert await refusal(door, guess) == await refusal(door, new_key()[0])


async def test_a_record_that_was_tampered_with_lets_nobody_in(path: Path, door: KeyDoor) -> None:
    kept(path, RECORD.model_copy(update={"sha256": OTHER.sha256}), OTHER)
    assert "no such key" in await refusal(door, KEY)


async def test_a_swapped_file_that_makes_no_sense_changes_nothing(path: Path, door: KeyDoor) -> None:
    whole = rows_of(RECORD)
    whole["keys"][0]["toolsets"] = ["nonsense"]
    replaced(path, json.dumps(whole))
    assert (await door.sender(OTHER_KEY)).rights.tools is None


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(KEY, id="the key"),
        pytest.param(new_key()[0], id="an unknown id"),
        pytest.param(OTHER_KEY, id="another key"),
    ],
)
async def test_every_key_is_compared_whether_or_not_its_id_is_known(path: Path, token: str) -> None:
    compared = list[tuple[bytes, bytes]]()

    def alike(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    door = door_of(path, alike=alike)
    if token in (KEY, OTHER_KEY):
        await door.sender(token)
    else:
        await refusal(door, token)
    ((shown, kept_one),) = compared
    assert shown == hash_of(token).encode()
    assert len(kept_one) == len(shown) == 64


async def test_a_comparison_that_always_agrees_still_lets_no_unknown_id_in(path: Path) -> None:
    assert "no such key" in await refusal(door_of(path, alike=lambda *_: True), new_key()[0])


async def test_it_is_ready_while_there_is_a_file(path: Path, door: KeyDoor) -> None:
    async with door.running():
        assert await door.is_ready()
        removed(path)
        assert await door.is_ready(), "it may just be replaced"
        assert not await door.is_ready()
        assert "no such key" in await refusal(door, KEY)


def test_clients_are_told_of_no_authorization_server(door: KeyDoor) -> None:
    assert (door.challenge, door.metadata) == ('realm="graphward"', None)


def test_a_toolset_that_does_not_exist_keeps_the_server_from_starting(tmp_path: Path) -> None:
    _, record = key_and_record(toolsets=("mail", "nonsense"))
    path = kept(tmp_path / "own.json", RECORD, record)
    with pytest.raises(StartError, match=r"keys\[1\]\.toolsets: there is no toolset nonsense"):
        door_of(path)


async def test_no_log_line_has_a_key_in_it(path: Path, door: KeyDoor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    await door.sender(KEY)
    replaced(path, f'{{"{KEY}": 1}}')
    await door.sender(KEY)
    told = " ".join(str(vars(record)) for record in caplog.records)
    assert "has a field that is not known" in told or "is missing" in told
    assert KEY not in told
    assert KEY.rpartition("_")[2] not in told


async def test_a_file_is_not_looked_at_for_each_request(path: Path) -> None:
    door = door_of(path, pause=3600.0)
    await door.sender(KEY)
    kept(path, OTHER)
    assert (await door.sender(KEY)).name == "reports"


def test_a_record_of_nobody_matches_no_key() -> None:
    details = {name: getattr(RECORD, name) for name in ("id", "name", "created", "expires")}
    assert KeyRecord(sha256="0" * 64, **details).sha256 != hash_of(KEY)
