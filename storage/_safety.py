"""What makes a file or a folder unsafe to keep secrets in, judged from what the system says about it: no I/O."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_ROOT = 0
_KINDS = {
    stat.S_IFLNK: "is a symbolic link, which may lead anywhere: name its target",
    stat.S_IFDIR: "is a folder: name a file",
    stat.S_IFIFO: "is a pipe: name an ordinary file",
    stat.S_IFSOCK: "is a socket: name an ordinary file",
    stat.S_IFCHR: "is a device: name an ordinary file",
    stat.S_IFBLK: "is a device: name an ordinary file",
}


def file_fault(path: Path, status: os.stat_result, me: int | None) -> str | None:
    """Why this file is not to be trusted, with the first half of a remedy; `me` is None where files have no owner."""
    if not stat.S_ISREG(status.st_mode):
        return f"{path} {_KINDS.get(stat.S_IFMT(status.st_mode), 'is no ordinary file: name one')}"
    if me is not None and status.st_uid != me:
        return f"{path} belongs to {_owner(status)}, {_not_me(me)}"
    if status.st_nlink > 1:
        return (
            f"{path} has a second name (a hard link), under which others may read it: delete the other name, "
            "or name a new file"
        )
    return None


def folder_fault(folder: Path, status: os.stat_result, me: int | None) -> str | None:
    """Why a secret file should not be in this folder: others could swap it for one of theirs."""
    if not stat.S_ISDIR(status.st_mode):
        return f"{folder} is not a folder: name a file in one"
    if me is None:
        return None
    if status.st_uid not in {me, _ROOT}:
        return f"the folder {folder} belongs to {_owner(status)}, {_not_me(me)}"
    if is_open_to_others(status):
        return f"other users may write to the folder {folder}: run chmod go-w on it, or name a file in another folder"
    return None


def is_open_to_others(status: os.stat_result) -> bool:
    """Whether others can rename what is in a folder; the sticky bit, as on /tmp, prevents it."""
    return bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)) and not status.st_mode & stat.S_ISVTX


def _owner(status: os.stat_result) -> str:
    return f"the user with id {status.st_uid}"


def _not_me(me: int) -> str:
    if me == _ROOT:
        return "and you run as root (sudo keeps HOME): run as that user, or name a file in a folder of root's"
    return "not to you: name a file of your own"
