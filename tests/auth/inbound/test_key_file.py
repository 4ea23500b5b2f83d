"""auth/inbound/key_file.py: written by one after the other, read again when it changes, and never through a trap."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import pytest

from auth.inbound.key_file import KeyWriter, WatchedKeys, keys_path, read_keys_once
from auth.inbound.key_records import FileFault, KeyRecord, parsed
from errors import StartError, StorageError
from settings import Settings
from tests.auth.inbound.keys_scene import kept, key_and_record, replaced

needs_modes = pytest.mark.skipif(os.name != "posix", reason="the modes of files are POSIX")
UNUSABLE = "the file of keys cannot be used as it is"
_, RECORD = key_and_record()
_, OTHER = key_and_record(name="other")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return kept(tmp_path / "keys.json", RECORD)


@pytest.fixture
def writer(path: Path) -> KeyWriter:
    return KeyWriter(path, warn=lambda _: None)


def causes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(vars(record)["cause"]) for record in caplog.records if record.getMessage() == UNUSABLE]


def watched(path: Path) -> WatchedKeys:
    return WatchedKeys(path, pause=0.0)


# Where it is.


def test_the_file_is_the_one_that_is_named_or_beside_the_state(tmp_path: Path) -> None:
    named = Settings(entra_enable_auth=False, http_keys_file=tmp_path / "k", state_dir=tmp_path)
    assert keys_path(named) == tmp_path / "k"
    assert keys_path(Settings(entra_enable_auth=False, state_dir=tmp_path)) == tmp_path / "keys.json"
    assert keys_path(Settings(entra_enable_auth=False)).name == "keys.json"


# Writing.


def test_a_change_is_written_when_its_block_ends(writer: KeyWriter, path: Path) -> None:
    with writer.changing() as keys:
        keys.append(OTHER)
    assert parsed(path.read_bytes()) == (RECORD, OTHER)


@needs_modes
def test_the_file_and_its_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keys.json"
    with KeyWriter(path, warn=lambda _: None).changing() as keys:
        keys.append(RECORD)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_fails_changes_nothing(writer: KeyWriter, path: Path) -> None:
    before = path.read_bytes()

    def change() -> None:
        with writer.changing() as keys:
            keys.clear()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert path.read_bytes() == before


def test_nothing_is_written_where_nothing_changed(writer: KeyWriter, path: Path) -> None:
    before = path.stat()
    with writer.changing():
        pass
    assert path.stat().st_ino == before.st_ino


def test_a_spoilt_file_is_not_written_over(writer: KeyWriter, path: Path) -> None:
    path.write_text("{")
    with pytest.raises(StorageError, match=r"keys\.json: line 1, column 2 is no JSON"), writer.changing():
        pass
    assert path.read_text() == "{"


def test_two_who_write_at_once_lose_nothing(path: Path) -> None:
    added = [key_and_record(name=f"key {number}")[1] for number in range(12)]

    def add(record: KeyRecord) -> None:
        with KeyWriter(path, warn=lambda _: None).changing() as keys:
            keys.append(record)

    threads = [threading.Thread(target=add, args=(record,)) for record in added]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.id for each in read_keys_once(path)} == {RECORD.id, *(each.id for each in added)}


@needs_modes
def test_a_loose_file_is_shut_and_told(path: Path) -> None:
    told = list[str]()
    path.chmod(0o644)
    with KeyWriter(path, warn=told.append).changing():
        pass
    assert path.stat().st_mode & 0o777 == 0o600
    assert "It holds no key in full" in told[0]


@needs_modes
def test_a_link_is_not_written_through(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(path)
    with pytest.raises(StorageError, match="symbolic link"), KeyWriter(link, warn=lambda _: None).changing() as keys:
        keys.clear()
    assert read_keys_once(path) == (RECORD,)


def test_a_folder_that_cannot_be_made_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "keys.json"
    with pytest.raises(StorageError, match="HTTP_KEYS_FILE"), KeyWriter(path, warn=lambda _: None).changing() as keys:
        keys.append(RECORD)


def test_what_the_system_refuses_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / ("k" * 300)
    with (
        pytest.raises(StorageError, match="as the user that owns it, or name another file in HTTP_KEYS_FILE"),
        KeyWriter(path, warn=lambda _: None).changing(),
    ):
        pass


# Reading once.


def test_no_file_is_no_keys(tmp_path: Path) -> None:
    assert read_keys_once(tmp_path / "none.json") == ()


@needs_modes
def test_a_mounted_file_may_be_a_link_that_cannot_be_written(path: Path, tmp_path: Path) -> None:
    path.chmod(0o400)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    assert read_keys_once(link) == (RECORD,)


@needs_modes
@pytest.mark.parametrize("mode", [pytest.param(0o620, id="the group"), pytest.param(0o602, id="everybody")])
def test_a_file_that_others_may_write_to_is_not_believed(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(StorageError, match="other users may write to it"):
        read_keys_once(path)


@needs_modes
def test_a_folder_in_which_others_may_swap_the_file_is_not_believed(path: Path) -> None:
    path.parent.chmod(0o777)
    with pytest.raises(StorageError, match="chmod go-w on the folder"):
        read_keys_once(path)
    path.parent.chmod(0o1777)
    assert read_keys_once(path) == (RECORD,)


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="it is not a file"):
        read_keys_once(tmp_path)


def test_a_file_that_is_far_too_large_is_not_read_to_its_end(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(8 * 1024 * 1024 + 1)
    with pytest.raises(StorageError, match="larger than 8 MiB"):
        read_keys_once(path)


def test_a_file_under_a_file_cannot_be_read(path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        read_keys_once(path / "keys.json")


# Watching.


def test_a_new_key_is_known_when_it_is_looked_for(path: Path) -> None:
    file = watched(path)
    kept(path, RECORD, OTHER)
    assert set(file.keys) == {RECORD.id}
    file.look()
    assert set(file.keys) == {RECORD.id, OTHER.id}


def test_a_file_is_looked_at_once_in_a_while(path: Path) -> None:
    assert [WatchedKeys(path, pause=3600.0).is_due() for _ in range(2)] == [True, True]
    file = WatchedKeys(path, pause=3600.0)
    assert [file.is_due() for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="emptied"),
        pytest.param("{", id="torn"),
        pytest.param('{"version": 1, "keys": [{}]}', id="of another form"),
    ],
)
def test_a_file_that_is_spoilt_while_it_is_served_changes_nothing(
    path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    file = watched(path)
    replaced(path, content)
    for _ in range(3):
        file.look()
    assert set(file.keys) == {RECORD.id}
    assert file.is_there
    assert len(causes(caplog)) == 1, "told once, not with each look"
    kept(path, OTHER)
    file.look()
    assert set(file.keys) == {OTHER.id}
    replaced(path, content)
    file.look()
    assert len(causes(caplog)) == 2, "told again when it happens again"


@needs_modes
def test_a_file_that_others_may_write_to_changes_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = watched(path)
    kept(path, RECORD, OTHER).chmod(0o666)
    file.look()
    assert set(file.keys) == {RECORD.id}
    assert "other users may write to it" in causes(caplog)[0]


def test_a_file_that_is_taken_away_ends_its_keys_unless_it_is_back_at_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, content = watched(path), path.read_text()
    path.unlink()
    file.look()
    assert set(file.keys) == {RECORD.id}, "it may just be replaced"
    replaced(path, content)
    file.look()
    path.unlink()
    file.look()
    file.look()
    assert (file.keys, file.is_there) == ({}, False)
    assert "no key is good any more" in causes(caplog)[0]
    kept(path, OTHER)
    file.look()
    assert (set(file.keys), file.is_there) == ({OTHER.id}, True)


@needs_modes
def test_a_file_that_can_no_longer_be_reached_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "folder").mkdir(0o700)
    path = kept(tmp_path / "folder" / "keys.json", RECORD)
    file = watched(path)
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("in the way")
    file.look()
    file.look()
    assert set(file.keys) == {RECORD.id}
    assert "Correct the path or its permissions" in causes(caplog)[0]


def test_a_folder_in_its_place_changes_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = watched(path)
    path.unlink()
    path.mkdir()
    file.look()
    assert set(file.keys) == {RECORD.id}
    assert "it is not a file" in causes(caplog)[0]


def test_a_server_starts_before_the_first_key_is_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "keys.json"
    file = watched(path)
    assert (file.keys, file.is_there) == ({}, False)
    assert "server.py keys create" in causes(caplog)[0]
    kept(path, RECORD)
    file.look()
    assert set(file.keys) == {RECORD.id}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param("{", "line 1, column 2 is no JSON", id="no JSON"),
        pytest.param('{"version": 1, "keys": [], "x": 1}', "has a field that is not known", id="a field"),
    ],
)
def test_a_server_does_not_start_with_a_file_that_makes_no_sense(path: Path, content: str, told: str) -> None:
    replaced(path, content)
    with pytest.raises(StartError, match="HTTP_KEYS_FILE") as caught:
        watched(path)
    assert told in str(caught.value)


def test_a_server_does_not_start_with_a_file_that_cannot_be_read(path: Path) -> None:
    with pytest.raises(StartError, match="cannot be read"):
        watched(path / "keys.json")


def test_who_reads_may_refuse_a_key(path: Path) -> None:
    def accept(place: int, key: KeyRecord) -> None:
        raise FileFault(f"keys[{place}] of {key.name} is not liked")

    with pytest.raises(StartError, match=r"keys\[0\] of reports is not liked"):
        WatchedKeys(path, accept)


@needs_modes
def test_a_file_that_others_may_read_is_told_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.chmod(0o644)
    file = watched(path)
    file.look()
    told = [record for record in caplog.records if "chmod 600" in record.getMessage()]
    assert [record.levelno for record in told] == [logging.WARNING]


def test_only_one_looks_at_a_time(path: Path) -> None:
    entered, go_on = threading.Event(), threading.Event()
    waits = [False]

    def slowly(_: int, __: KeyRecord) -> None:
        if waits[0]:
            entered.set()
            go_on.wait(10)

    file = WatchedKeys(path, slowly, pause=0.0)
    waits[0] = True
    kept(path, OTHER)
    thread = threading.Thread(target=file.look)
    thread.start()
    assert entered.wait(10)
    file.look()  # comes back at once
    assert set(file.keys) == {RECORD.id}
    go_on.set()
    thread.join()
    assert set(file.keys) == {OTHER.id}
