"""storage/sqlite.py and below: what is damaged, taken away, full or read-only is told, and never lost."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from errors import StorageError
from storage import SqliteStore
from storage._database import Database
from tests.storage.support import another_user, as_root, mode, names

HUNDRED = 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * HUNDRED)


def half_of_it(path: Path) -> None:
    """A valid header, and rubbish where the entries are."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(4096)
        file.write(b"\xaa" * (size - 4096))


def newer(path: Path) -> None:
    altered(path, "PRAGMA user_version = 2")


def of_another_program(path: Path) -> None:
    altered(path, "PRAGMA application_id = 7")


def content(path: Path) -> bytes:
    return path.read_bytes()


def set_mode(path: Path, mode: int) -> None:
    path.chmod(mode)


def taken_away(path: Path) -> None:
    path.unlink()


def open_to_all(path: Path) -> None:
    if path.exists():
        path.chmod(0o666)


def altered(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        pytest.param(garbage, "not a database", id="no database"),
        pytest.param(half_of_it, "malformed", id="a database with rubbish in it"),
        pytest.param(newer, "another version of this program made it: 2, where 1 is known", id="a newer one"),
        pytest.param(of_another_program, "another program made it", id="somebody else's"),
    ],
)
async def test_what_cannot_be_used_is_moved_aside_and_a_new_one_begun(
    path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None], reason: str
) -> None:
    async with SqliteStore(path) as store:
        await store.put("key", b"1")
    damage(path)
    damaged = content(path)
    async with SqliteStore(path) as store:
        assert await store.get("key") is None
        await store.put("key", b"2")
        assert await store.get("key") == b"2"
    (aside,) = path.parent.glob("state.db.damaged-*Z")
    assert content(aside) == damaged
    assert mode(aside) == 0o600
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert reason in vars(record)["reason"]
    assert vars(record)["aside"] == aside.name


async def test_damage_that_shows_while_running_is_met_in_the_same_call(path: Path) -> None:
    async with SqliteStore(path) as before:
        for number in range(HUNDRED):
            await before.put(f"{number}", b"x" * 1000)
    half_of_it(path)
    async with SqliteStore(path) as one, SqliteStore(path) as two:
        await one.put("key", b"1")
        assert await two.get("key") == b"1"
    assert len(list(path.parent.glob("state.db.damaged-*Z"))) == 1


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(taken_away, id="deleted"),
        pytest.param(lambda path: path.rename(path.with_name("kept")), id="moved"),
    ],
)
async def test_a_file_that_is_taken_away_while_in_use_is_begun_anew(path: Path, way: Callable[[Path], object]) -> None:
    async with SqliteStore(path) as one, SqliteStore(path) as two:
        await one.put("key", b"1")
        assert await two.get("key") == b"1"
        way(path)
        await one.put("new", b"2")
        assert await two.get("new") == b"2", "both use the new one"
        assert await two.get("key") is None
        await one.aclose()
        assert await two.get("new") == b"2"
    async with SqliteStore(path) as again:
        assert await again.get("new") == b"2"


async def test_the_newest_two_of_what_was_moved_aside_are_kept(path: Path) -> None:
    for _ in range(4):
        garbage(path)
        path.with_name("state.db-wal").write_bytes(b"")
        async with SqliteStore(path) as store:
            await store.get("key")
    aside = [name for name in names(path.parent) if "damaged" in name]
    assert len(aside) == 4
    assert [name.endswith("-wal") for name in aside] == [False, True] * 2


def test_damage_that_comes_again_is_told(path: Path) -> None:
    other = path.with_name("other.db")
    garbage(other)

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("ATTACH ? AS other", (str(other),))
        connection.execute("SELECT * FROM other.sqlite_master")

    database = Database(path, patience=1)
    with pytest.raises(StorageError, match=r"state.db cannot be used .*not a database.*STATE_DIR"):
        database.run(work)
    database.close()


def test_what_another_process_has_begun_anew_meanwhile_is_not_moved_aside(path: Path) -> None:
    garbage(path.with_name("other.db"))
    one, two = Database(path, patience=1), Database(path, patience=1)
    calls: list[int] = []

    def work(connection: sqlite3.Connection) -> int:
        calls.append(1)
        if len(calls) == 1:
            taken_away(path)
            one.run(lambda new: new.execute("INSERT INTO entries VALUES (x'00', x'01', 1, 1)"))
            connection.execute("ATTACH ? AS other", (str(path.with_name("other.db")),))
            connection.execute("SELECT * FROM other.sqlite_master")
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])

    assert two.run(work) == 1
    assert not any("damaged" in name for name in names(path.parent))
    one.close()
    two.close()


@as_root
async def test_where_damage_cannot_be_moved_aside_that_is_told(path: Path) -> None:
    with another_user() as home:
        damaged = home / "state.db"
        async with SqliteStore(damaged) as store:
            await store.get("key")
        garbage(damaged)
        home.chmod(0o500)
        with pytest.raises(StorageError, match=r"not a database, and moving it aside failed: Permission denied.*chmod"):
            await SqliteStore(damaged).get("key")
        home.chmod(0o700)


# A disk that does not do what is wanted.


async def test_a_full_disk_is_told_with_a_remedy_and_the_store_goes_on(path: Path) -> None:
    async with SqliteStore(path) as store:
        await store.put("key", b"1")
        connection = store._database._connection
        assert connection
        connection.execute("PRAGMA max_page_count = 8")
        with pytest.raises(StorageError, match=r"state.db cannot be used .*full.*make room"):
            await store.put("large", b"x" * HUNDRED * 1000)
        assert await store.get("key") == b"1"
        await store.put("large", b"x" * HUNDRED * 1000)


@as_root
@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda store: store.get("key"), id="reading"),
        pytest.param(lambda store: store.put("key", b"1"), id="writing"),
        pytest.param(lambda store: store.claim({"key": b"1"}), id="claiming"),
    ],
)
async def test_a_folder_that_cannot_be_written_to_is_told_with_a_remedy(
    use: Callable[[SqliteStore], Awaitable[object]],
) -> None:
    with another_user() as home:
        home.chmod(0o500)
        with pytest.raises(StorageError, match=r"cannot be used .Permission denied.*chmod 700.*STATE_DIR"):
            await use(SqliteStore(home / "state.db"))


@as_root
async def test_a_file_that_cannot_be_made_is_told_with_a_remedy() -> None:
    with another_user() as home:
        path = home / "state.db"
        async with SqliteStore(path) as store:
            await store.get("key")
        taken_away(path)
        home.chmod(0o500)
        with pytest.raises(StorageError, match=r"cannot be used .Permission denied.*chmod 700.*STATE_DIR"):
            await SqliteStore(path).get("key")


@as_root
async def test_a_file_that_became_read_only_is_told_with_a_remedy() -> None:
    with another_user() as home:
        path = home / "state.db"
        async with SqliteStore(path) as store:
            await store.put("key", b"1")
        path.chmod(0o400)
        with pytest.raises(StorageError, match=r"readonly.*chmod 700.*STATE_DIR"):
            await SqliteStore(path).put("key", b"2")
