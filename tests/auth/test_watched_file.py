"""auth/watched_file.py: a file that somebody else renews, in all the ways in which that goes right and wrong."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from auth.watched_file import WatchedFile, text_of, without_line_end
from errors import AppRefused
from tests.auth.apps import overwritten, replaced

CANNOT = "a file cannot be used, what it said before still is"
LOOSE = "other users may read a file with a secret; chmod 600 it"
needs_modes = pytest.mark.skipif(os.name != "posix", reason="the modes of files are POSIX")


def number(text: str) -> int:
    if not text.strip().isdigit():
        raise ValueError("holds no number. Write one.")
    return int(text)


def watched(path: Path, **details: Any) -> WatchedFile[int]:
    return WatchedFile(path, number, name="NUMBER_FILE", **details)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "number"
    replaced(file, "1\n")
    return file


def messages(caplog: pytest.LogCaptureFixture, message: str) -> int:
    return sum(record.getMessage() == message for record in caplog.records)


def test_a_file_is_read_once_and_again_when_it_changes(path: Path) -> None:
    parsed = list[str]()

    def remembered(text: str) -> str:
        parsed.append(text)
        return text

    file = WatchedFile(path, remembered, name="NUMBER_FILE")
    assert [file.read(), file.read()] == ["1\n", "1\n"]
    replaced(path, "2\n")
    assert [file.read(), file.read()] == ["2\n", "2\n"]
    assert parsed == ["1\n", "2\n"]
    assert file.read(afresh=True) == "2\n"
    assert len(parsed) == 3


def test_a_change_that_leaves_size_and_date_as_they_were_is_found_when_it_is_looked_for(path: Path) -> None:
    file = watched(path)
    assert file.read() == 1
    overwritten(path, "2\n")
    assert file.read(afresh=True) == 2


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need a privilege on Windows")
def test_a_volume_of_kubernetes_that_is_swapped_by_its_link_is_followed(tmp_path: Path) -> None:
    for generation in ("1", "2"):
        (tmp_path / f"..{generation}").mkdir()
        (tmp_path / f"..{generation}" / "number").write_text(generation, encoding="utf-8")
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "number").symlink_to("..data/number")
    file = watched(tmp_path / "number")
    assert file.read() == 1
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    assert file.read() == 2


def test_the_moment_in_which_a_file_is_missing_is_waited_for(path: Path) -> None:
    path.unlink()
    writer = threading.Timer(0.02, replaced, [path, "7"])
    writer.start()
    assert watched(path).read() == 7
    writer.join()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(None, "no such file", id="missing"),
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \n\t\n", "is empty", id="only white space"),
        pytest.param(b"1" * (64 * 1024 + 1), "larger than 64 KiB", id="too large"),
        pytest.param(b"\xff\xfe1\x00", "not UTF-8", id="UTF-16"),
        pytest.param(b"1\x00", "not UTF-8", id="a zero byte"),
        pytest.param(b"\xc3\x28", "not UTF-8", id="broken UTF-8"),
        pytest.param(b"one", "holds no number", id="not what it should be"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_setting_and_path(
    path: Path, content: bytes | None, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    def spoil() -> None:
        path.unlink()
        if content is not None:
            path.write_bytes(content)
            path.chmod(0o600)

    file = watched(path)
    assert file.read() == 1
    spoil()
    assert [file.read(), file.read()] == [1, 1], "what was read before is still good"
    assert messages(caplog, CANNOT) == 1
    assert says in file.trouble
    with pytest.raises(AppRefused, match=says) as caught:
        watched(path).read()
    assert str(caught.value).startswith(f"NUMBER_FILE: {path}: ")
    replaced(path, "2")
    assert (file.read(), file.trouble) == (2, "")


def test_what_was_read_at_the_start_stands_in_for_a_file_that_is_gone(tmp_path: Path) -> None:
    assert watched(tmp_path / "gone", start="5").read() == 5


def test_what_was_read_at_the_start_and_is_no_good_is_no_help(tmp_path: Path) -> None:
    with pytest.raises(AppRefused, match="no such file"):
        watched(tmp_path / "gone", start="five").read()


def test_trouble_that_is_over_is_forgotten(path: Path) -> None:
    file = watched(path)
    file.read()
    aside = path.rename(path.with_name("aside"))
    file.read()
    assert "no such file" in file.trouble
    aside.rename(path)
    file.read()
    assert not file.trouble


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(AppRefused, match="it is not a file"):
        watched(tmp_path).read()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AppRefused, match="it is not a file"):
        watched(tmp_path / "pipe").read()


def test_a_path_that_leads_through_a_file_cannot_be_read(path: Path) -> None:
    with pytest.raises(AppRefused, match=r"cannot be read|no such file"):
        watched(path / "number").read()


def test_a_byte_order_mark_is_no_part_of_the_text(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf8")
    assert watched(path).read() == 8


@needs_modes
def test_a_secret_that_others_may_read_is_told_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.chmod(0o644)
    file = watched(path)
    for text in ("2", "3"):
        path.write_text(text, encoding="utf-8")
        file.read()
    assert messages(caplog, LOOSE) == 1


@needs_modes
@pytest.mark.parametrize(
    ("mode", "details"),
    [pytest.param(0o600, {}, id="private"), pytest.param(0o644, {"is_secret": False}, id="mounted by a platform")],
)
def test_a_file_that_is_as_it_should_be_is_not_told(
    path: Path, mode: int, details: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    path.chmod(mode)
    watched(path, **details).read()
    assert not caplog.records


@pytest.mark.skipif(os.name != "posix", reason="Windows does not replace a file that is open")
def test_many_threads_read_while_the_file_is_replaced_over_and_over(path: Path) -> None:
    file, wrong, is_over = watched(path), list[object](), threading.Event()

    def read() -> None:
        latest = 0
        while not is_over.is_set():
            value = file.read()
            wrong.extend([value] if value < latest else [])
            latest = value

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for value in range(2, 200):
        replaced(path, str(value))
    is_over.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert file.read() == 199


def test_a_text_that_was_given_is_held_as_it_is(path: Path) -> None:
    assert text_of("given", afresh=True) == "given"
    assert text_of(WatchedFile(path, without_line_end, name="X")) == "1"


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        pytest.param("a\r\n", "a", id="Windows"),
        pytest.param("a\n", "a", id="Unix"),
        pytest.param("a\n\n", "a\n", id="two are not an editor's"),
        pytest.param("a", "a", id="none"),
    ],
)
def test_an_editors_line_break_is_taken_off(text: str, bare: str) -> None:
    assert without_line_end(text) == bare
