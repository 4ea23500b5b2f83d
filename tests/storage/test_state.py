"""storage/state.py: where the state lies, what seals it, and what happens where neither can be had."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest

from errors import StorageError
from storage import KeyRing, MemoryStore, SqliteStore, State, StateKeys, default_state_directory, opened_state
from tests.storage.support import NOBODY, another_user, as_root, mode, names, posix

KEY, OLD = bytes(range(32)), bytes(range(32, 64))


async def test_state_in_a_folder_outlives_the_process_with_its_keys(tmp_path: Path) -> None:
    folder = tmp_path / "graphward"
    async with opened_state(folder, None, required=True) as state:
        assert isinstance(state.store, SqliteStore)
        await state.store.put("key", state.keys.ring("grant").seal(b"secret", "grant"))
        digest = state.keys.digest("handle", "id")
    assert names(folder) == ["state.db", "state.db.lock", "state.key", "state.key.lock"]
    async with opened_state(folder, None, required=True) as state:
        sealed = await state.store.get("key")
        assert sealed
        assert state.keys.ring("grant").open(sealed, "grant") == b"secret"
        assert state.keys.digest("handle", "id") == digest


@posix
async def test_folder_and_key_are_private(tmp_path: Path) -> None:
    async with opened_state(tmp_path / "graphward", None, required=True):
        assert mode(tmp_path / "graphward") == 0o700
        assert mode(tmp_path / "graphward" / "state.key") == 0o600


async def test_given_keys_are_used_and_no_file_is_made(tmp_path: Path) -> None:
    async with opened_state(tmp_path, KEY.hex(), required=True) as state:
        assert state.keys.digest("p") == StateKeys([KEY]).digest("p")
    assert names(tmp_path) == ["state.db", "state.db.lock"]


async def test_a_new_key_above_the_old_one_in_the_file_rotates(tmp_path: Path) -> None:
    async with opened_state(tmp_path, None, required=True) as state:
        sealed = state.keys.ring("grant").seal(b"secret", "grant")
    write(tmp_path / "state.key", KEY.hex() + "\n" + text_of(tmp_path / "state.key"))
    async with opened_state(tmp_path, None, required=True) as state:
        assert state.keys.ring("grant").open(sealed, "grant") == b"secret"
        assert state.keys.digest("p") == StateKeys([KEY]).digest("p")


async def test_those_who_start_together_agree_on_one_key(tmp_path: Path) -> None:
    digests = set()

    async def start() -> None:
        async with opened_state(tmp_path / "graphward", None, required=True) as state:
            digests.add(state.keys.digest("p"))

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(start)
    assert len(digests) == 1


async def test_without_a_folder_state_is_in_memory_and_each_process_has_keys_of_its_own() -> None:
    digests = set()
    for text in (None, None, KEY.hex(), KEY.hex()):
        async with opened_state(None, text, required=True) as state:
            assert isinstance(state.store, MemoryStore)
            digests.add(state.keys.digest("p"))
    assert len(digests) == 3


async def test_what_the_block_raises_goes_its_way(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"^mine$"):
        async with opened_state(tmp_path, None, required=False):
            raise StorageError("mine")


async def test_after_the_block_the_store_is_closed(tmp_path: Path) -> None:
    async with opened_state(tmp_path, None, required=True) as state:
        pass
    with pytest.raises(StorageError, match="closed already"):
        await state.store.get("key")


@pytest.mark.parametrize("folder", [pytest.param(True, id="with a folder"), pytest.param(False, id="without")])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("canary", "Line 1 is no key", id="no key"),
        pytest.param("", "There is no key", id="empty"),
        pytest.param(f"{KEY.hex()}\n{KEY.hex()}", "Line 2 repeats", id="twice"),
    ],
)
async def test_wrong_keys_are_refused_always_and_never_repeated(
    tmp_path: Path, text: str, told: str, *, folder: bool
) -> None:
    with pytest.raises(StorageError, match=f"STATE_KEYS cannot be used. {told}.*openssl") as caught:
        async with opened_state(tmp_path if folder else None, text, required=False):
            raise AssertionError
    assert "canary" not in str(caught.value)
    assert names(tmp_path) == []


# A folder that cannot be used.


async def refused(folder: Path) -> str:
    """What is told where the folder is required; where it is not, it is told in the log, and memory serves."""
    with pytest.raises(StorageError) as caught:
        async with opened_state(folder, None, required=True):
            raise AssertionError
    return str(caught.value)


async def in_memory(folder: Path) -> State:
    async with opened_state(folder, None, required=False) as state:
        await state.store.put("key", b"1")
        assert await state.store.get("key") == b"1"
        return state


async def test_a_file_in_place_of_the_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "file", "")
    for folder in (tmp_path / "file", tmp_path / "file" / "graphward"):
        caplog.clear()
        told = await refused(folder)
        assert f"The state cannot be kept in {folder}" in told
        assert "STATE_DIR names the folder: it wants one that you own" in told
        state = await in_memory(folder)
        assert isinstance(state.store, MemoryStore)
        (record,) = caplog.records
        assert (record.levelno, record.getMessage()) == (
            logging.WARNING,
            "state is kept in memory and ends with this process",
        )
        assert vars(record)["reason"] == told


@as_root
async def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    assert f"belongs to the user with id {NOBODY}" in await refused(tmp_path)
    assert isinstance((await in_memory(tmp_path)).store, MemoryStore)


@as_root
@pytest.mark.parametrize("text", [pytest.param(None, id="a key to make"), pytest.param(KEY.hex(), id="a given key")])
async def test_a_folder_that_cannot_be_written_to(text: str | None) -> None:
    with another_user() as home:
        home.chmod(0o500)
        with pytest.raises(StorageError, match=r"Permission denied.*STATE_DIR"):
            async with opened_state(home, text, required=True):
                raise AssertionError
        async with opened_state(home, text, required=False) as state:
            assert isinstance(state.store, MemoryStore)
            assert not text or state.keys.digest("p") == StateKeys([KEY]).digest("p")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("canary", id="no key"),
        pytest.param("\udcff", id="no text"),
    ],
)
async def test_a_key_file_without_a_key_is_neither_used_nor_replaced(tmp_path: Path, content: str) -> None:
    write(tmp_path / "state.key", content)
    told = await refused(tmp_path)
    assert "state.key holds no key" in told
    assert "delete the file" in told
    assert "canary" not in told
    assert isinstance((await in_memory(tmp_path)).store, MemoryStore)
    assert text_of(tmp_path / "state.key") == content


async def test_whoever_is_cancelled_while_opening_leaves_nothing_open(tmp_path: Path) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with opened_state(tmp_path, None, required=True):
            raise AssertionError
    async with opened_state(tmp_path, None, required=True) as state:
        await state.store.put("key", b"1")


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", "surrogateescape")
    path.chmod(0o600)


def text_of(path: Path) -> str:
    return path.read_text("utf-8", "surrogateescape")


# Where platforms keep state.

HOME = Path("/home/ada").absolute()
ELSEWHERE = Path("/elsewhere").absolute()


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        pytest.param("linux", {}, HOME / ".local/state/graphward", id="Linux"),
        pytest.param("linux", {"XDG_STATE_HOME": ""}, HOME / ".local/state/graphward", id="Linux, named empty"),
        pytest.param("linux", {"XDG_STATE_HOME": str(ELSEWHERE)}, ELSEWHERE / "graphward", id="Linux, named"),
        pytest.param("linux", {"XDG_STATE_HOME": "here"}, HOME / ".local/state/graphward", id="Linux, relative"),
        pytest.param("freebsd14", {}, HOME / ".local/state/graphward", id="another Unix"),
        pytest.param(
            "darwin",
            {"XDG_STATE_HOME": str(ELSEWHERE)},
            HOME / "Library/Application Support/graphward",
            id="macOS",
        ),
        pytest.param("win32", {"LOCALAPPDATA": str(ELSEWHERE)}, ELSEWHERE / "graphward", id="Windows"),
        pytest.param("win32", {}, HOME / "AppData/Local/graphward", id="Windows without the variable"),
    ],
)
def test_state_lies_where_the_platform_wants_it(platform: str, environ: Mapping[str, str], expected: Path) -> None:
    assert default_state_directory(environ, platform, HOME) == expected


def test_the_keys_of_state_are_not_shown() -> None:
    state = State(MemoryStore(), StateKeys([KEY, OLD]))
    assert KEY.hex() not in repr(state)
    assert repr(KEY) not in repr(state)
    assert isinstance(state.keys.ring("p"), KeyRing)
