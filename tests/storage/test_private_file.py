"""storage/private_file.py: what is written is private and whole, and survives whoever reads or dies meanwhile."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from errors import StorageError
from storage import FileTooLarge, PrivateFile
from storage.private_file import LIMIT
from tests.storage.support import mode, names, posix, private, umask

MASKS = [pytest.param(0, id="umask 0"), pytest.param(0o777, id="umask 0777"), pytest.param(0o022, id="umask 022")]


def test_a_file_that_is_not_there_reads_as_none(tmp_path: Path) -> None:
    assert private(tmp_path / "cache.json").read() is None
    assert private(tmp_path / "missing" / "cache.json").read() is None
    assert private(tmp_path / "cache.json").stamp() is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}\r\n\x1a\x00\xff", id="what a text mode would change"),
        pytest.param(b"x" * LIMIT, id="as large as allowed"),
    ],
)
def test_what_is_written_is_read_back_to_the_byte(tmp_path: Path, data: bytes) -> None:
    file = private(tmp_path / "cache.json")
    file.replace(b"before")
    file.replace(data)
    assert file.read() == data
    assert names(tmp_path) == ["cache.json"], "and nothing else is left"


def test_a_relative_path_stays_where_it_was_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = private(Path("cache.json"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    file.replace(b"x")
    assert (tmp_path / "cache.json").read_bytes() == b"x"


@posix
@pytest.mark.parametrize("mask", MASKS)
def test_everything_is_private_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "one" / "two" / "cache.json"
    with umask(mask):
        file = private(path)
        with file.locked(5):
            file.replace(b"x")
        aside = file.set_aside()
        file.replace(b"y")
    assert aside is not None
    assert [mode(each) for each in (path, aside, path.with_name("cache.json.lock"))] == [0o600] * 3
    assert [mode(each) for each in (path.parent, path.parent.parent)] == [0o700] * 2
    assert file.read() == b"y"


@posix
@pytest.mark.parametrize("mask", MASKS)
def test_the_unfinished_file_is_private_before_its_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mask: int
) -> None:
    seen: list[tuple[int, int, list[int]]] = []
    write = os.write

    def watched(descriptor: int, data: Any) -> int:
        status = os.fstat(descriptor)
        seen.append((status.st_mode & 0o777, status.st_size, [mode(each) for each in tmp_path.glob("*.tmp.*")]))
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", watched)
    with umask(mask):
        private(tmp_path / "cache.json").replace(b"secret")
    assert seen == [(0o600, 0, [0o600])]


def test_a_write_that_the_system_cuts_short_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data)[:3]))
    file = private(tmp_path / "cache.json")
    file.replace(b"0123456789")
    assert file.read() == b"0123456789"


@pytest.mark.parametrize("call", [pytest.param(name, id=name) for name in ("write", "fsync")])
def test_a_failed_write_leaves_the_old_content_and_no_debris(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    file = private(tmp_path / "cache.json")
    file.replace(b"old")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(OSError, match="No space left"):
            file.replace(b"new")
    assert file.read() == b"old"
    assert names(tmp_path) == ["cache.json"]


@posix
@pytest.mark.parametrize(
    ("number", "is_told"),
    [
        pytest.param(errno.EINVAL, False, id="a file system that syncs no folders"),
        pytest.param(errno.EIO, True, id="a disk that fails"),
    ],
)
def test_a_folder_that_cannot_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, is_told: bool
) -> None:
    file, fsync = private(tmp_path / "cache.json"), os.fsync

    def only_files(descriptor: int) -> None:
        if os.path.samestat(os.fstat(descriptor), tmp_path.stat()):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    if is_told:
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            file.replace(b"x")
    else:
        file.replace(b"x")
    assert file.read() == b"x"


def test_more_than_the_limit_is_neither_written_nor_read(tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    file = private(path)
    file.replace(b"old")
    with pytest.raises(FileTooLarge, match="8 MiB"):
        file.replace(b"x" * (LIMIT + 1))
    assert file.read() == b"old"
    with path.open("r+b") as handle:
        handle.truncate(LIMIT + 1)
    with pytest.raises(FileTooLarge, match="8 MiB"):
        file.read()


def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    file = private(tmp_path / "cache.json")
    contents = {bytes([letter]) * 300_000 for letter in b"abc"}
    file.replace(next(iter(contents)))
    done = threading.Event()
    seen: list[bytes | None] = []

    def reader() -> None:
        while not done.is_set():
            seen.append(private(tmp_path / "cache.json").read())

    threads = [threading.Thread(target=reader) for _ in range(2)]
    for thread in threads:
        thread.start()
    for content in [*contents] * 10:
        file.replace(content)
    done.set()
    for thread in threads:
        thread.join()
    assert seen
    assert set(seen) <= contents


# Who wrote last.


def test_each_replacement_has_a_stamp_of_its_own(tmp_path: Path) -> None:
    file = private(tmp_path / "cache.json")
    stamps = set()
    for _ in range(200):  # so fast that inodes come back, and many share one tick of the clock
        file.replace(b"same size")
        stamps.add(file.stamp())
    assert len(stamps) == 200
    assert file.stamp() in stamps, "and it stays while nobody writes"


def test_a_clock_set_back_does_not_bring_a_stamp_back(tmp_path: Path) -> None:
    file = private(tmp_path / "cache.json")
    file.replace(b"x")
    future = time.time_ns() + 10**15
    os.utime(file.path, ns=(future, future))
    before = file.stamp()
    file.replace(b"y")
    after = file.stamp()
    assert before is not None
    assert after is not None
    assert after[1] > before[1]


# What is left over.


def made_old(path: Path) -> Path:
    path.write_bytes(b"x")
    old = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    os.utime(path, (old, old))
    return path


def test_what_a_killed_writer_left_is_swept_after_an_hour(tmp_path: Path) -> None:
    made_old(tmp_path / "cache.json.tmp.12.0123456789abcdef")
    kept = [
        made_old(tmp_path / "cache.json.tmp.backup"),
        made_old(tmp_path / "other.json.tmp.12.0123456789abcdef"),
        made_old(tmp_path / "cache.json.selected.tmp.12.0123456789abcdef"),
    ]
    young = tmp_path / "cache.json.tmp.13.0123456789abcdef"
    young.write_bytes(b"x")
    private(tmp_path / "cache.json").replace(b"x")
    assert names(tmp_path) == sorted(["cache.json", young.name, *(path.name for path in kept)])


def test_a_file_set_aside_keeps_its_content_and_the_two_newest_stay(tmp_path: Path) -> None:
    file = private(tmp_path / "cache.json")
    aside = []
    for number in range(4):
        file.replace(str(number).encode())
        aside.append(file.set_aside())
    assert file.read() is None
    assert [path.read_bytes() for path in sorted(tmp_path.glob("cache.json.corrupt-*"))] == [b"2", b"3"]
    assert aside[-1] == max(tmp_path.glob("cache.json.corrupt-*"))


def test_there_may_be_nothing_to_set_aside(tmp_path: Path) -> None:
    assert private(tmp_path / "cache.json").set_aside() is None
    assert names(tmp_path) == []


def test_leftovers_are_discarded_and_neighbours_are_not(tmp_path: Path) -> None:
    file = private(tmp_path / "cache.json")
    file.replace(b"1")
    file.set_aside()
    (tmp_path / "cache.json.tmp.12.0123456789abcdef").write_bytes(b"x")
    (tmp_path / "cache.json.corrupt-by-hand").write_bytes(b"x")
    file.replace(b"2")
    file.discard_leftovers()
    assert names(tmp_path) == ["cache.json", "cache.json.corrupt-by-hand"]


def test_discarding_where_there_is_no_folder_is_no_trouble(tmp_path: Path) -> None:
    private(tmp_path / "missing" / "cache.json").discard_leftovers()
    assert names(tmp_path) == []


def test_a_path_that_the_system_cannot_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be read .*chmod 600.*ENTRA_TOKEN_CACHE_PATH"):
        private(tmp_path / ("x" * 300)).read()


def told_by(action: Callable[[], object]) -> str:
    try:
        action()
    except StorageError as error:
        return str(error)
    return ""


@posix
def test_a_disk_that_fails_while_reading_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = private(tmp_path / "cache.json")
    file.replace(b"x")

    def failing(descriptor: int) -> os.stat_result:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", failing)
        trouble = told_by(file.read)
    assert "Input/output error" in trouble


def test_it_is_shown_by_its_path_alone(tmp_path: Path) -> None:
    file = private(tmp_path / "cache.json")
    file.replace(b"secret")
    assert repr(file) == f"PrivateFile({str(tmp_path / 'cache.json')!r})"


@posix
def test_without_a_listener_a_warning_goes_to_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "cache.json"
    path.write_bytes(b"secret")
    path.chmod(0o644)
    assert PrivateFile(path).read() == b"secret"
    (record,) = caplog.records
    assert "0644" in record.__dict__["reason"]
    assert "secret" not in str(record.__dict__)
