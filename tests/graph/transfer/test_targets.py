"""graph/transfer/targets.py: a file appears whole or not at all, and nothing else is touched."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from errors import AppError, GraphTooLarge, StorageError, ToolInputError
from graph.transfer import BufferTarget, FileTarget
from graph.transfer.targets import Target

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such thing")


async def fill(target: Target, *parts: bytes) -> None:
    await target.begin()
    for part in parts:
        await target.write(part)
    await target.finish()


def inside(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def refusing(name: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system refuse what is asked of it under a name."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, refuse)


async def test_a_file_has_what_came_in_its_order(tmp_path: Path) -> None:
    parts = [bytes([number]) * 100_000 for number in range(20)]
    await fill(FileTarget(tmp_path / "a.bin"), *parts)
    assert inside(tmp_path) == {"a.bin": b"".join(parts)}


async def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    await fill(FileTarget(tmp_path / "a.bin"))
    assert inside(tmp_path) == {"a.bin": b""}


@POSIX
async def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    await fill(FileTarget(tmp_path / "a.bin"), b"x")
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o600


async def test_a_file_is_not_seen_until_it_is_whole(tmp_path: Path) -> None:
    target = FileTarget(tmp_path / "a.bin")
    await target.begin()
    await target.write(b"x" * 600_000)
    assert not (tmp_path / "a.bin").exists()
    await target.discard()
    assert inside(tmp_path) == {}


async def test_what_came_is_void_when_it_begins_again(tmp_path: Path) -> None:
    target = FileTarget(tmp_path / "a.bin")
    await target.begin()
    await target.write(b"x" * 600_000)
    await target.write(b"y")
    await fill(target, b"new")
    assert inside(tmp_path) == {"a.bin": b"new"}


async def test_discarding_twice_or_at_once_does_no_harm(tmp_path: Path) -> None:
    target = FileTarget(tmp_path / "a.bin")
    await target.discard()
    await target.begin()
    await target.discard()
    await target.discard()
    assert inside(tmp_path) == {}


async def test_discarding_leaves_what_was_finished(tmp_path: Path) -> None:
    target = FileTarget(tmp_path / "a.bin")
    await fill(target, b"x")
    await target.discard()
    assert inside(tmp_path) == {"a.bin": b"x"}


async def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(ToolInputError, match="is there already"):
        await FileTarget(tmp_path / "a.bin").begin()
    assert inside(tmp_path) == {"a.bin": b"old"}


async def test_what_came_there_meanwhile_stays(tmp_path: Path) -> None:
    target = FileTarget(tmp_path / "a.bin")
    await target.begin()
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(ToolInputError, match="is there already"):
        await target.finish()
    await target.discard()
    assert inside(tmp_path) == {"a.bin": b"old"}


async def test_what_is_there_is_replaced_if_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")
    await fill(FileTarget(tmp_path / "a.bin", overwrite=True), b"new")
    assert inside(tmp_path) == {"a.bin": b"new"}


@POSIX
@pytest.mark.parametrize("overwrite", [pytest.param(True, id="replacing"), pytest.param(False, id="keeping")])
async def test_a_link_is_neither_followed_nor_replaced(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "real").write_bytes(b"old")
    for name, goal in (("link", "real"), ("dangling", "nowhere")):
        (tmp_path / name).symlink_to(tmp_path / goal)
        with pytest.raises(ToolInputError, match=r"is a folder, a link or a device|is there already"):
            await FileTarget(tmp_path / name, overwrite=overwrite).begin()
    assert (tmp_path / "real").read_bytes() == b"old"
    assert not (tmp_path / "nowhere").exists()


@POSIX
async def test_a_link_that_came_there_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target = FileTarget(tmp_path / "a.bin", overwrite=True)
    await target.begin()
    (tmp_path / "a.bin").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ToolInputError, match="is a folder, a link or a device"):
        await target.finish()
    await target.discard()
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("overwrite", [pytest.param(True, id="replacing"), pytest.param(False, id="keeping")])
async def test_a_folder_is_no_place_for_a_file(tmp_path: Path, overwrite: bool) -> None:
    for path in (tmp_path, tmp_path / "."):
        with pytest.raises(ToolInputError, match="another name"):
            await FileTarget(path, overwrite=overwrite).begin()


async def test_a_missing_folder_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(ToolInputError, match=r"There is no folder .*Create it"):
        await FileTarget(tmp_path / "gone" / "a.bin").begin()


async def test_a_folder_that_is_a_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ToolInputError, match="There is no folder"):
        await FileTarget(tmp_path / "file" / "a.bin").begin()


async def test_a_name_that_no_system_takes_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be written.*another"):
        await FileTarget(tmp_path / "a\0b").begin()


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        pytest.param(errno.EACCES, ToolInputError, "not allowed in its folder", id="unwritable"),
        pytest.param(errno.EROFS, ToolInputError, "not allowed in its folder", id="read-only"),
        pytest.param(errno.ENOSPC, StorageError, "no room", id="full"),
        pytest.param(errno.EIO, StorageError, "cannot be written", id="broken"),
    ],
)
async def test_trouble_with_the_disk_is_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[AppError], words: str
) -> None:
    refusing("open", number, monkeypatch)
    with pytest.raises(kind, match=words):
        await FileTarget(tmp_path / "a.bin").begin()


@pytest.mark.parametrize("when", [pytest.param("write", id="on the way"), pytest.param("finish", id="at the end")])
async def test_a_disk_that_fills_up_is_told_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    target = FileTarget(tmp_path / "a.bin")
    await target.begin()
    full = FullFile(target._file)
    target._file = full  # type: ignore[assignment]
    await target.write(b"x")
    with pytest.raises(StorageError, match=r"no room.*Free some"):
        await (target.write(b"x" * 600_000) if when == "write" else target.finish())
    await target.discard()
    assert inside(tmp_path) == {}


class FullFile:
    """A file on a disk that takes no more."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        self._file.close()


async def test_a_sync_that_fails_is_told_and_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = FileTarget(tmp_path / "a.bin")
    await target.begin()
    refusing("fsync", errno.EIO, monkeypatch)
    with pytest.raises(StorageError, match="cannot be written"):
        await target.finish()
    await target.discard()
    assert inside(tmp_path) == {}


@pytest.mark.parametrize(
    "number", [pytest.param(errno.EPERM, id="not allowed"), pytest.param(errno.ENOTSUP, id="not known")]
)
async def test_a_file_system_without_links_does_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refusing("link", number, monkeypatch)
    await fill(FileTarget(tmp_path / "a.bin"), b"x")
    assert inside(tmp_path) == {"a.bin": b"x"}


async def test_a_name_taken_in_the_last_moment_stays_without_links_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slipped(*_: Any, **__: Any) -> None:
        (tmp_path / "a.bin").write_bytes(b"old")
        raise OSError(errno.EPERM, "no links here")

    target = FileTarget(tmp_path / "a.bin")
    await target.begin()
    monkeypatch.setattr(os, "link", slipped)
    with pytest.raises(ToolInputError, match="is there already"):
        await target.finish()
    await target.discard()
    assert inside(tmp_path) == {"a.bin": b"old"}


async def test_a_name_taken_in_the_last_moment_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def slipped(*names: Any, **options: Any) -> None:
        (tmp_path / "a.bin").write_bytes(b"old")
        link(*names, **options)

    target = FileTarget(tmp_path / "a.bin")
    await target.begin()
    monkeypatch.setattr(os, "link", slipped)
    with pytest.raises(ToolInputError, match="is there already"):
        await target.finish()
    await target.discard()
    assert inside(tmp_path) == {"a.bin": b"old"}


async def test_a_write_after_the_end_is_an_error(tmp_path: Path) -> None:
    target = FileTarget(tmp_path / "a.bin")
    with pytest.raises(StorageError, match="it is closed"):
        await target.finish()


class SlowFile:
    """A file whose disk takes its time."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.is_reached = threading.Event()
        self.may_go_on = threading.Event()
        self.done: list[str] = []

    def write(self, data: bytes) -> int:
        self.is_reached.set()
        self.may_go_on.wait(10)
        self.done.append("written")
        return len(data)

    def close(self) -> None:
        self.done.append("closed")
        self._file.close()


async def test_discarding_waits_for_a_write_whose_caller_left(tmp_path: Path) -> None:
    """Its number may belong to another file as soon as it is closed."""
    target = FileTarget(tmp_path / "a.bin")
    await target.begin()
    slow = SlowFile(target._file)
    target._file = slow  # type: ignore[assignment]
    writing = asyncio.create_task(target.write(b"x" * 600_000))
    await asyncio.to_thread(slow.is_reached.wait, 10)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    discarding = asyncio.create_task(target.discard())
    for _ in range(20):
        await asyncio.to_thread(int)
    slow.may_go_on.set()
    await discarding
    assert slow.done == ["written", "closed"]
    assert inside(tmp_path) == {}


async def test_a_buffer_has_what_came() -> None:
    target = BufferTarget(10)
    await fill(target, b"01234", b"56789")
    assert target.data == b"0123456789"


async def test_a_buffer_takes_no_more_than_it_may() -> None:
    target = BufferTarget(10)
    await target.begin()
    await target.write(b"0123456789")
    with pytest.raises(GraphTooLarge, match=r"more than 10 bytes.*to a file"):
        await target.write(b"x")
    await target.discard()
    assert target.data == b""


async def test_a_buffer_begins_again_empty() -> None:
    target = BufferTarget(10)
    await fill(target, b"0123456789")
    await fill(target, b"new")
    assert target.data == b"new"
