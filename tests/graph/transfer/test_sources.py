"""graph/transfer/sources.py: bytes to be sent, from memory and from files that may change meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from errors import ToolInputError
from graph.transfer import BytesSource, FileSource, Source

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such thing")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.bin"
    path.write_bytes(b"0123456789")
    return path


@pytest.fixture
def long(tmp_path: Path) -> Path:
    path = tmp_path / "long.bin"
    path.write_bytes(bytes(range(256)) * 4096)
    return path


async def test_any_part_can_be_read_in_any_order(path: Path) -> None:
    async with FileSource(path) as file:
        sources: list[Source] = [file, BytesSource(b"0123456789")]
        for source in sources:
            assert source.size == 10
            assert await source.read(5, 5) == b"56789"
            assert await source.read(0, 3) == b"012"
            assert await source.read(0, 3) == b"012"
            assert await source.read(10, 0) == b""


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"!")


def shrunk(path: Path) -> None:
    os.truncate(path, 4)


def rewritten(path: Path) -> None:
    path.write_bytes(b"9876543210")
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(
    "change",
    [pytest.param(grown, id="grows"), pytest.param(shrunk, id="shrinks"), pytest.param(rewritten, id="is rewritten")],
)
async def test_a_file_that_changes_meanwhile_is_noticed(path: Path, change: Callable[[Path], None]) -> None:
    async with FileSource(path) as source:
        assert await source.read(0, 2) == b"01"
        change(path)
        with pytest.raises(ToolInputError, match=r"changed while it was being sent.*again"):
            await source.read(2, 8)


@POSIX
async def test_a_file_that_is_replaced_is_sent_as_it_was(path: Path) -> None:
    async with FileSource(path) as source:
        other = path.with_name("b.bin")
        other.write_bytes(b"something else")
        other.replace(path)
        assert await source.read(0, 10) == b"0123456789"


async def test_a_file_that_is_not_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(ToolInputError, match=r"gone\.bin cannot be read"):
        await FileSource(tmp_path / "gone.bin").__aenter__()


async def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ToolInputError, match=r"is not a file|cannot be read"):
        await FileSource(tmp_path).__aenter__()


async def test_a_name_that_no_system_takes_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(ToolInputError, match="cannot be read"):
        await FileSource(tmp_path / "a\0b").__aenter__()


@POSIX
async def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ToolInputError, match="is not a file"):
        await FileSource(tmp_path / "pipe").__aenter__()


async def test_a_closed_file_is_read_no_more(path: Path) -> None:
    async with FileSource(path) as source:
        pass
    with pytest.raises(ToolInputError, match="it is closed"):
        await source.read(0, 1)
    await source.__aexit__(None, None, None)


async def test_many_may_read_at_once(long: Path) -> None:
    async with FileSource(long) as source:
        parts = await asyncio.gather(*(source.read(start, 256) for start in range(0, source.size, 256)))
    assert all(part == bytes(range(256)) for part in parts)


async def test_closing_waits_for_a_read_whose_caller_left(long: Path) -> None:
    async with FileSource(long) as source:
        task = asyncio.create_task(source.read(0, source.size))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
