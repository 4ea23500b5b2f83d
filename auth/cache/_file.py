"""The token cache in a file: what happens when it is shared, damaged, gone, encrypted, or cannot be written."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from auth.cache._format import CacheFormat, is_sealed
from auth.cache._objects import Records, Turn, cache_of, state_of
from auth.cache._selection import Selection
from auth.cache._state import Damaged, State, reconciled, usable, without_expired
from errors import StorageError
from storage import FileTooLarge, KeyRing, LockTimeout, PrivateFile, Stamp

if TYPE_CHECKING:
    from msal import SerializableTokenCache

# Once a lock could not be had in time, each further call waits no longer than this for it.
_IMPATIENCE = 1.0
_FULL = {errno.ENOSPC, errno.EDQUOT}
_Trouble = OSError | LockTimeout | None


@dataclass(frozen=True)
class _Unsaved:
    """What this process has and could not write, with what it was made of."""

    base: State = field(repr=False)
    state: State = field(repr=False)


class FileTokenCache:
    """Tokens in a file. What cannot be written stays in memory, is tried again at each call, and is told once."""

    def __init__(
        self,
        path: Path,
        *,
        client_id: str,
        warn: Callable[[str], None],
        ring: KeyRing | None = None,
        lock_seconds: float = 30.0,
        file_type: type[PrivateFile] = PrivateFile,
    ) -> None:
        self._file = file_type(path, warn=warn)
        self._format = CacheFormat(self._file.path, ring)
        self._warn = warn
        self._turn = Turn(lock_seconds)
        self._patience = self._lock_seconds = lock_seconds
        self._selection = Selection(file_type(path.with_name(f"{path.name}.selected"), warn=warn), client_id)
        self._unsaved: _Unsaved | None = None
        self._was_there = False
        self._is_outdated = False
        self._may_have_plain_leftovers = True
        self._has_warned = False
        self._has_told_damage = False

    @contextmanager
    def opened(self) -> Iterator[SerializableTokenCache]:
        with self._alone() as trouble:
            stamp = self._file.stamp()
            on_disk = self._look(may_set_aside=trouble is None)
            cache = cache_of(self._with_unsaved(on_disk))
            try:
                yield cache
            finally:
                self._keep(on_disk, stamp, state_of(cache), trouble)

    def read(self) -> SerializableTokenCache:
        return cache_of(self._current())

    def records(self) -> Records:
        return Records(self._current())

    def _current(self) -> State:
        try:
            on_disk = self._on_disk()
        except (Damaged, FileTooLarge):
            # Without the lock it must stay where it is: it may be replaced by a good one right now.
            on_disk = {}
            self._tell_damage()
        return self._with_unsaved(on_disk)

    @property
    def is_unsaved(self) -> bool:
        return self._unsaved is not None

    def still_keeps(self, home_account_id: str) -> bool:
        on_disk = Records(self._on_disk() or {})
        return any(True for _ in on_disk.search("RefreshToken", query={"home_account_id": home_account_id}))

    def selected(self) -> str | None:
        return self._selection.get()

    def select(self, home_account_id: str | None) -> None:
        """Choose the default account; inside `opened()` it is saved with the rest."""
        self._selection.want(home_account_id)
        if not self._turn.is_mine():
            with self._alone() as trouble:
                self._save_selection(trouble)

    def __repr__(self) -> str:
        return f"<FileTokenCache {str(self._file.path)!r}, {'encrypted' if self._format.seals else 'plain'}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A token cache holds secrets and cannot be pickled or copied.")

    @contextmanager
    def _alone(self) -> Iterator[_Trouble]:
        """No other thread, and no other process; yields why the latter cannot be had, if so."""
        with self._turn.taken(), ExitStack() as held:
            yield self._lock_file(held)

    def _lock_file(self, held: ExitStack) -> _Trouble:
        try:
            held.enter_context(self._file.locked(self._patience))
        except LockTimeout as error:
            self._patience = min(self._lock_seconds, _IMPATIENCE)
            return error
        except OSError as error:
            return error
        self._patience = self._lock_seconds
        return None

    def _look(self, *, may_set_aside: bool) -> State | None:
        """What is on disk, for whoever has the lock. A file that is gone means: signed out, by somebody else."""
        try:
            on_disk = self._on_disk()
        except (Damaged, FileTooLarge):
            self._was_there = False
            self._set_aside(may_set_aside)
            return None
        if on_disk is None and self._was_there:
            self._unsaved = None
        self._was_there = on_disk is not None
        return on_disk

    def _on_disk(self) -> State | None:
        data = self._file.read()
        self._is_outdated = data is not None and self._format.is_outdated(data)
        if data is None:
            return None
        if not is_sealed(data):
            self._may_have_plain_leftovers = True
        return self._format.decode(data)

    def _set_aside(self, may_set_aside: bool) -> None:
        self._tell_damage()
        if may_set_aside:
            with suppress(OSError, StorageError):
                self._file.set_aside()
            self._may_have_plain_leftovers = True

    def _with_unsaved(self, on_disk: State | None) -> State:
        unsaved = self._unsaved
        if unsaved is None:
            return on_disk or {}
        if on_disk is None:  # deleted elsewhere; or it was never there, or damaged
            return {} if self._was_there else unsaved.state
        return reconciled(unsaved.base, unsaved.state, on_disk)

    def _keep(self, on_disk: State | None, stamp: Stamp | None, state: State, trouble: _Trouble) -> None:
        if self._selection.is_unsaved:
            self._save_selection(trouble)
        if state == (on_disk or {}) and not (on_disk is not None and self._is_outdated and trouble is None):
            self._unsaved = None
            return
        self._unsaved = _Unsaved(on_disk or {}, without_expired(usable(state), time.time()))
        try:
            if trouble is not None:
                self._save_late()
            elif self._file.stamp() == stamp:
                self._write(self._unsaved.state)
            else:  # by a program that does not know our lock
                self._save()
        except (OSError, StorageError) as error:
            self._tell_unsaved(error)

    def _save_late(self) -> None:
        """Where the lock was refused before the block, it may be free after it."""
        with self._file.locked(min(self._lock_seconds, _IMPATIENCE)):
            self._save()

    def _save(self) -> None:
        """Write what is unsaved on top of what is there now."""
        on_disk = self._look(may_set_aside=True)
        if self._unsaved is not None:
            self._write(self._with_unsaved(on_disk))

    def _write(self, state: State) -> None:
        self._file.replace(self._format.encode(state))
        self._unsaved, self._was_there = None, True
        self._has_warned = self._has_told_damage = False
        if self._format.seals and self._may_have_plain_leftovers:
            self._file.discard_leftovers()
            self._may_have_plain_leftovers = False

    def _save_selection(self, trouble: _Trouble) -> None:
        try:
            if trouble is not None:
                raise trouble
            self._selection.save()
        except (OSError, StorageError) as error:
            self._tell_unsaved(error)

    def _tell_unsaved(self, error: Exception) -> None:
        if not self._has_warned:
            self._has_warned = True
            self._warn(f"The token cache cannot be written: {_reason(error)} Until then you stay signed in here only.")

    def _tell_damage(self) -> None:
        if not self._has_told_damage:
            self._has_told_damage = True
            self._warn(f"The token cache {self._file.path} is damaged and is not used. Sign in again.")


def _reason(error: Exception) -> str:
    if not isinstance(error, OSError):
        return str(error)
    if error.errno in _FULL:
        return f"{error.strerror}. Free some space."
    return f"{error.strerror}. Make it and its folder writable, or name another file in ENTRA_TOKEN_CACHE_PATH."
