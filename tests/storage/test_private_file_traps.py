"""storage/private_file.py: what is no private file of ours is refused, with what to do, and its content is not read."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from errors import StorageError
from storage import PrivateFile, UnsafeFileError
from storage._safety import file_fault, folder_fault
from tests.storage.support import NOBODY, another_user, as_root, mode, names, posix, private

pytestmark = posix
Trap = Callable[[Path], None]


def symbolic_link(path: Path) -> None:
    target = path.with_name("target")
    target.write_bytes(b"canary")
    path.symlink_to(target)


def hard_link(path: Path) -> None:
    target = path.with_name("target")
    target.write_bytes(b"canary")
    path.hardlink_to(target)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket may have a hundred characters
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def another_owner(path: Path) -> None:
    path.write_bytes(b"canary")
    os.chown(path, NOBODY, NOBODY)


TRAPS = [
    pytest.param(symbolic_link, "symbolic link.*name its target", id="a symbolic link"),
    pytest.param(lambda path: path.symlink_to("nowhere"), "symbolic link", id="a dangling symbolic link"),
    pytest.param(lambda path: path.symlink_to(path.name), "symbolic link", id="a symbolic link to itself"),
    pytest.param(hard_link, "hard link.*delete the other name", id="a hard link"),
    pytest.param(pipe, "is a pipe", id="a FIFO that nobody writes to"),
    pytest.param(lambda path: path.mkdir(), "is a folder", id="a folder"),
    pytest.param(unix_socket, "is a socket", id="a socket"),
    pytest.param(another_owner, f"user with id {NOBODY}.*sudo keeps HOME", id="another user's", marks=as_root),
    pytest.param(
        lambda path: os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3)), "is a device", id="a device", marks=as_root
    ),
]


@pytest.mark.parametrize(("trap", "remedy"), TRAPS)
def test_a_trap_at_the_path_is_not_read_not_replaced_and_not_moved(tmp_path: Path, trap: Trap, remedy: str) -> None:
    path = tmp_path / "cache.json"
    trap(path)
    before, warnings = path.lstat(), list[str]()
    file = private(path, warnings)
    for act in (file.read, lambda: file.replace(b"new"), file.set_aside):
        with pytest.raises(UnsafeFileError, match=f"{remedy}.* in ENTRA_TOKEN_CACHE_PATH"):
            act()
    assert os.path.samestat(path.lstat(), before)
    if (target := tmp_path / "target").exists():
        assert target.read_bytes() == b"canary"
    assert warnings == []
    assert not list(tmp_path.glob("*.tmp.*"))


@pytest.mark.parametrize(("trap", "remedy"), TRAPS)
def test_a_trap_at_the_lock_is_refused(tmp_path: Path, trap: Trap, remedy: str) -> None:
    trap(tmp_path / "cache.json.lock")
    with pytest.raises(UnsafeFileError, match=remedy), private(tmp_path / "cache.json").locked(1):
        raise AssertionError


def test_a_link_that_slips_in_after_the_look_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, target = tmp_path / "cache.json", tmp_path / "target"
    path.write_bytes(b"mine")
    target.write_bytes(b"canary")
    open_now = os.open

    def slipped(name: Path, flags: int, *more: int) -> int:
        path.unlink()
        path.symlink_to(target)
        return open_now(name, flags, *more)

    monkeypatch.setattr(os, "open", slipped)
    with pytest.raises(StorageError, match="cannot be read"):
        private(path).read()


def test_a_second_name_that_the_file_gets_after_the_look_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, open_now = tmp_path / "cache.json", os.open
    path.write_bytes(b"canary")

    def slipped(name: Path, flags: int, *more: int) -> int:
        (tmp_path / "second").hardlink_to(path)
        return open_now(name, flags, *more)

    monkeypatch.setattr(os, "open", slipped)
    with pytest.raises(UnsafeFileError, match="hard link"):
        private(path).read()


def test_a_second_name_that_the_lock_gets_while_it_is_opened_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_now = os.open

    def slipped(name: Path, flags: int, *more: int) -> int:
        descriptor = open_now(name, flags, *more)
        (tmp_path / "second").hardlink_to(name)
        return descriptor

    monkeypatch.setattr(os, "open", slipped)
    with pytest.raises(UnsafeFileError, match="hard link"), private(tmp_path / "cache.json").locked(1):
        raise AssertionError


def test_the_setting_to_change_is_the_one_given(tmp_path: Path) -> None:
    with pytest.raises(UnsafeFileError, match="in STATE_PATH"):
        PrivateFile(tmp_path, setting="STATE_PATH").read()


@pytest.mark.parametrize(
    "bits",
    [
        pytest.param(0o644, id="all may read"),
        pytest.param(0o660, id="the group may write"),
        pytest.param(0o666, id="all may write"),
        pytest.param(0o601, id="a single bit"),
    ],
)
def test_a_file_of_ours_that_others_could_open_is_shut_and_told_once(tmp_path: Path, bits: int) -> None:
    path, warnings = tmp_path / "cache.json", list[str]()
    path.write_bytes(b"canary")
    path.chmod(bits)
    file = private(path, warnings)
    assert file.read() == file.read() == b"canary"
    assert mode(path) == 0o600
    (warning,) = warnings
    assert f"{bits:04o}" in warning
    assert "sign out everywhere" in warning
    assert "canary" not in warning


def test_a_lock_that_others_could_hold_is_shut(tmp_path: Path) -> None:
    lock = tmp_path / "cache.json.lock"
    lock.touch()
    lock.chmod(0o666)
    with private(tmp_path / "cache.json").locked(1):
        assert mode(lock) == 0o600


def test_a_file_system_without_permissions_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cache.json"
    path.write_bytes(b"x")
    path.chmod(0o666)
    monkeypatch.setattr(os, "fchmod", lambda *_: None)
    with pytest.raises(UnsafeFileError, match=r"keeps no permissions.*ENTRA_TOKEN_CACHE_PATH"):
        private(path).read()


@pytest.mark.parametrize(
    "bits", [pytest.param(0o777, id="all may write"), pytest.param(0o770, id="the group may write")]
)
def test_a_folder_in_which_others_may_write_is_refused(tmp_path: Path, bits: int) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "cache.json").write_bytes(b"canary")
    folder.chmod(bits)
    file = private(folder / "cache.json")
    with pytest.raises(UnsafeFileError, match=r"chmod go-w.*ENTRA_TOKEN_CACHE_PATH"):
        file.read()
    with pytest.raises(UnsafeFileError, match="chmod go-w"):
        file.replace(b"x")
    with pytest.raises(UnsafeFileError, match="chmod go-w"), file.locked(1):
        raise AssertionError
    assert names(folder) == ["cache.json"]


def test_a_shared_folder_with_the_sticky_bit_is_fine_and_so_is_a_new_folder_in_any(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    private(folder / "cache.json").replace(b"x")
    folder.chmod(0o777)
    file = private(folder / "mine" / "cache.json")
    file.replace(b"y")
    assert (file.read(), mode(folder / "mine")) == (b"y", 0o700)


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UnsafeFileError, match="is not a folder"):
        private(tmp_path / "file" / "cache.json").read()
    with pytest.raises(StorageError, match="is not a folder"):
        private(tmp_path / "file" / "more" / "cache.json").replace(b"x")


@as_root
def test_root_does_not_keep_its_tokens_in_the_home_of_a_user(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    for path in (home / "cache.json", home / "new" / "folder" / "cache.json"):
        with pytest.raises(UnsafeFileError, match=r"run as root.*run as that user"):
            private(path).replace(b"x")
    assert names(home) == []


@as_root
def test_a_user_is_not_led_into_files_of_root() -> None:
    with another_user() as home:
        os.seteuid(0)
        (home / "cache.json").write_bytes(b"canary")
        os.seteuid(NOBODY)
        with pytest.raises(UnsafeFileError, match="user with id 0, not to you"):
            private(home / "cache.json").read()


@as_root
def test_a_file_that_its_owner_may_not_read_is_no_empty_cache() -> None:
    with another_user() as home:
        path = home / "cache.json"
        private(path).replace(b"canary")
        path.chmod(0)
        with pytest.raises(StorageError, match=r"cannot be read .Permission denied.*chmod 600"):
            private(path).read()


def test_where_files_have_no_owner_only_their_kind_counts(tmp_path: Path) -> None:
    loose = os.stat_result((stat.S_IFREG | 0o666, 1, 1, 1, 4711, 4711, 0, 0, 0, 0))
    folder = os.stat_result((stat.S_IFDIR | 0o777, 1, 1, 1, 4711, 4711, 0, 0, 0, 0))
    assert file_fault(tmp_path, loose, None) is None
    assert folder_fault(tmp_path, folder, None) is None
    assert file_fault(tmp_path, folder, None)
    assert folder_fault(tmp_path, loose, None)


def test_a_kind_of_file_without_a_name_is_refused(tmp_path: Path) -> None:
    odd = os.stat_result((0o160600, 1, 1, 1, os.geteuid(), 0, 0, 0, 0, 0))
    assert "no ordinary file" in str(file_fault(tmp_path, odd, os.geteuid()))


def test_a_pipe_does_not_hang_a_fresh_process(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cache.json")
    code = "import sys, pathlib, storage; storage.PrivateFile(pathlib.Path(sys.argv[1])).read()"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "cache.json")],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "UnsafeFileError" in done.stderr
