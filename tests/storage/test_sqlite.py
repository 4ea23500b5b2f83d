"""storage/sqlite.py and below: ours alone on disk, for several processes, and none the worse for damage.

What any store has to do is in test_store.py.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from errors import StorageError
from storage import LockTimeout, SqliteStore, UnsafeFileError
from tests.storage.counting import TIMES, count_up
from tests.storage.support import NOBODY, Clock, as_root, mode, names, posix, umask

ROOT = Path(__file__).resolve().parents[2]
HUNDRED = 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


async def test_nothing_is_opened_before_it_is_needed_nor_after_closing(path: Path) -> None:
    store = SqliteStore(path)
    await store.aclose()
    async with SqliteStore(path) as store:
        assert names(path.parent) == []
        await store.put("key", b"1")
        assert "state.db" in names(path.parent)
    assert names(path.parent) == ["state.db", "state.db.lock"], "SQLite has tidied up"
    with pytest.raises(StorageError, match=r"closed already.*Start it again"):
        await store.get("key")


async def test_what_is_kept_outlives_the_process(path: Path) -> None:
    async with SqliteStore(path) as store:
        await store.put("key", b"1")
    async with SqliteStore(path) as store:
        assert await store.get("key") == b"1"


async def test_two_processes_share_one_file(path: Path) -> None:
    async with SqliteStore(path) as store:
        command = [sys.executable, "-m", "tests.storage.counting", str(path)]
        async with await anyio.open_process(command, cwd=ROOT, stderr=None) as other:
            assert other.stdout
            assert await other.stdout.receive() == b"ready\n"
            await count_up(store, b"this process")
            assert await other.wait() == 0
        total = str(2 * TIMES).encode()
        assert [await store.get(key) for key in ("locked", "swapped")] == [total, total]
        assert len({await store.get(f"key/{number}") for number in range(50)}) == 1, "a claim is whole"


async def test_whoever_is_cancelled_leaves_a_whole_change_behind(path: Path) -> None:
    items = {f"key/{number}": b"1" for number in range(25)}
    async with SqliteStore(path) as store:
        await store.count("")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        async with anyio.create_task_group() as group:
            group.start_soon(store.claim, items)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
            other.rollback()
        other.close()
        assert await store.count("key/") in {0, 25}
        await store.put("key", b"1")


async def test_a_change_that_fails_half_way_leaves_nothing(path: Path) -> None:
    async with SqliteStore(path) as store:
        with pytest.raises(sqlite3.ProgrammingError):
            await store.claim({"one": b"1", "two": object()})  # type: ignore[dict-item]
        assert await store.count("") == 0
        assert await store.claim({"one": b"1"}) == {}


DYING = """
import os, sys
from pathlib import Path
import anyio
from storage import SqliteStore

class Deadly:
    def __conform__(self, _):
        os.kill(os.getpid(), 9)

async def die_while_writing():
    async with SqliteStore(Path(sys.argv[1])) as store:
        await store.claim({"early": b"1", **{str(number): bytes(100_000) for number in range(40)}, "last": Deadly()})

anyio.run(die_while_writing)
"""


async def test_a_process_that_is_killed_while_it_writes_leaves_a_whole_database(path: Path) -> None:
    """It has written more than SQLite keeps in memory, so that part of it is on the disk already."""
    async with SqliteStore(path) as store:
        await store.put("before", b"1")
        child = await anyio.run_process([sys.executable, "-c", DYING, str(path)], cwd=ROOT, check=False, stderr=None)
        assert child.returncode not in {0, 1}
        assert path.with_name("state.db-wal").stat().st_size > 1_000_000
        assert await store.get("before") == b"1"
        assert await store.count("") == 1, "nothing of what was not finished"
        await store.put("after", b"1")
    async with SqliteStore(path) as store:
        assert await store.count("") == 2
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    other.close()
    assert names(path.parent) == ["state.db", "state.db.lock"], "nothing was set aside as damaged"


async def test_what_is_swapped_is_on_the_disk_before_it_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, seen = list[sqlite3.Connection](), list[int]()
    connect = sqlite3.connect

    def noted(*arguments: object, **options: object) -> sqlite3.Connection:
        opened.append(connect(*arguments, **options))  # type: ignore[call-overload]
        return opened[-1]

    def clock() -> float:
        seen.append(opened[-1].execute("PRAGMA synchronous").fetchone()[0])
        return 1000.0

    monkeypatch.setattr(sqlite3, "connect", noted)
    quick, lasting = 1, 2  # NORMAL and FULL
    async with SqliteStore(path, clock=clock) as store:
        for swap in ((None, b"1"), (b"1", b"2"), (b"2", None)):
            await store.put("other", b"1")
            assert await store.swap("key", *swap)
        async with store.lock("name"):
            await store.get("key")
    assert seen == [quick, lasting] * 3 + [lasting, quick, lasting]


async def test_what_another_process_deletes_between_two_looks_is_no_trouble(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever closes the database last takes what lies beside it along."""
    async with SqliteStore(path) as store:
        await store.put("key", b"1")
    monkeypatch.setattr(os.path, "lexists", lambda _: True)
    async with SqliteStore(path) as store:
        assert await store.get("key") == b"1"


async def test_whoever_finds_the_file_busy_is_told_so(path: Path) -> None:
    async with SqliteStore(path, busy_seconds=0.01) as store:
        await store.put("key", b"1")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match=r"state.db cannot be used .*locked.*Another process keeps it busy"):
            await store.put("key", b"2")
        assert await store.get("key") == b"1", "reading goes on"
        other.rollback()
        other.close()
        await store.put("key", b"2")


async def test_a_lock_that_cannot_be_released_is_no_failure_of_what_was_done(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore(path)
    async with store.lock("name"):
        await store.aclose()
    assert [record.getMessage() for record in caplog.records] == ["a lock was not released and lapses later"]
    async with SqliteStore(path) as again:
        with pytest.raises(LockTimeout):
            async with again.lock("name", patience=0):
                raise AssertionError


# Time.


async def test_expired_rows_are_deleted_now_and_then(path: Path) -> None:
    clock = Clock()
    async with SqliteStore(path, clock=clock) as store:
        await store.claim({f"{number}": b"1" for number in range(10)}, seconds=1)
        await store.put("long", b"1", seconds=1000)
        async with store.lock("name", seconds=1):
            clock.now += 61
            await store.get("")
        other = sqlite3.connect(path)
        assert other.execute("SELECT key FROM entries").fetchall() == [(b"long",)]
        other.close()


@pytest.mark.parametrize("again", [pytest.param(True, id="while nobody ran"), pytest.param(False, id="meanwhile")])
async def test_a_clock_that_is_set_back_gives_nobody_more_than_the_same_time_again(path: Path, *, again: bool) -> None:
    clock = Clock()
    store = SqliteStore(path, clock=clock)
    await store.claim({"key": b"1"}, seconds=60)
    await store.put("ever", b"1")
    clock.now -= 86400
    if again:
        await store.aclose()
        store = SqliteStore(path, clock=clock)
    async with store:
        assert await store.get("key") == b"1"
        clock.now += 60
        assert await store.get("key") is None
        assert await store.get("ever") == b"1"


# What others may do to the file.


@posix
@pytest.mark.parametrize(
    "mask", [pytest.param(0, id="umask 0"), pytest.param(0o777, id="umask 0777"), pytest.param(0o022, id="umask 022")]
)
async def test_all_files_are_private_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "one" / "two" / "state.db"
    with umask(mask):
        async with SqliteStore(path) as store:
            await store.put("key", b"1")
            assert names(path.parent) == ["state.db", "state.db-shm", "state.db-wal", "state.db.lock"]
            assert {mode(each) for each in path.parent.iterdir()} == {0o600}
    assert [mode(path.parent), mode(path.parent.parent)] == [0o700] * 2


@posix
async def test_the_file_is_private_before_its_first_byte(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    connect = sqlite3.connect

    def watched(*arguments: object, **options: object) -> sqlite3.Connection:
        seen.append((mode(path), path.stat().st_size))
        return connect(*arguments, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", watched)
    with umask(0):
        async with SqliteStore(path) as store:
            await store.put("key", b"1")
    assert seen == [(0o600, 0)]


@posix
async def test_a_file_that_others_could_read_is_closed_to_them_with_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteStore(path) as store:
        await store.put("key", b"1")
    set_mode(path, 0o644)
    async with SqliteStore(path) as store:
        assert await store.get("key") == b"1"
        assert mode(path) == 0o600
    assert "could open a file of the state until now" in caplog.text


@posix
async def test_a_file_system_that_keeps_no_permissions_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fchmod", lambda *_: open_to_all(path))
    with pytest.raises(UnsafeFileError, match="keeps no permissions"):
        await SqliteStore(path).get("key")


def symlink(path: Path, to: Path) -> None:
    path.symlink_to(to)


def hard_link(path: Path, to: Path) -> None:
    path.hardlink_to(to)


def folder(path: Path, _: Path) -> None:
    path.mkdir()


def pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


@posix
@pytest.mark.parametrize("ending", [pytest.param(end, id=f"as state.db{end}") for end in ("", "-wal", "-shm")])
@pytest.mark.parametrize(
    ("trap", "told"),
    [
        pytest.param(symlink, "symbolic link", id="symbolic link"),
        pytest.param(hard_link, "hard link", id="hard link"),
        pytest.param(folder, "is a folder", id="folder"),
        pytest.param(pipe, "is a pipe", id="pipe"),
    ],
)
async def test_a_trap_is_refused_and_left_alone(
    path: Path, ending: str, trap: Callable[[Path, Path], None], told: str
) -> None:
    victim = path.with_name("victim")
    victim.write_bytes(b"precious")
    trap(path.with_name(path.name + ending), victim)
    with pytest.raises(UnsafeFileError, match=f"state.db{ending} .*{told}.*STATE_DIR"):
        await SqliteStore(path).put("key", b"1")
    assert victim.read_bytes() == b"precious"


@as_root
async def test_a_file_of_somebody_else_is_refused(path: Path) -> None:
    garbage(path)
    os.chown(path, NOBODY, NOBODY)
    with pytest.raises(UnsafeFileError, match=f"belongs to the user with id {NOBODY}.*STATE_DIR"):
        await SqliteStore(path).get("key")


@posix
async def test_a_folder_that_others_may_write_to_is_refused(path: Path) -> None:
    path.parent.chmod(0o777)
    with pytest.raises(UnsafeFileError, match=r"Other users may write.*STATE_DIR"):
        await SqliteStore(path).get("key")


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * HUNDRED)


def set_mode(path: Path, mode: int) -> None:
    path.chmod(mode)


def open_to_all(path: Path) -> None:
    if path.exists():
        path.chmod(0o666)
