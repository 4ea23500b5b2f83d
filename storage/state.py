"""Where the state lies and what seals it: a folder with a database and a key, or the memory of this process."""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from errors import StorageError
from storage.memory import MemoryStore
from storage.private_file import PrivateFile
from storage.sealing import KEY_BYTES, StateKeys, read_keys
from storage.sqlite import SqliteStore
from storage.store import Store

log = logging.getLogger(__name__)

_SETTING = "STATE_DIR"
_NAME = "graphward"
_DATABASE = "state.db"
_KEY_FILE = "state.key"
_KEY_SECONDS = 30.0
_COMMENT = "# Seals the state beside it. A new key goes on a line above; the old one opens what it has sealed."


@dataclass(frozen=True)
class State:
    """What is kept between calls, and the keys for what of it is secret."""

    store: Store
    keys: StateKeys


@asynccontextmanager
async def opened_state(directory: Path | None, keys_text: str | None, *, required: bool) -> AsyncIterator[State]:
    """The state of this folder, or in memory without one.

    Where the folder cannot be used, that is a StorageError if it is `required`, else a warning, and memory instead.
    """
    given = None if keys_text is None else _given(keys_text)
    kept = None
    if directory is not None:
        kept = await _kept(directory, given, required=required)
    if kept is None:
        yield State(MemoryStore(), given or StateKeys([secrets.token_bytes(KEY_BYTES)]))
        return
    store, keys = kept
    async with store:
        yield State(store, keys)


def default_state_directory(environ: Mapping[str, str], platform: str, home: Path) -> Path:
    """Where programs keep their state on this platform (a value of `sys.platform`)."""
    if platform == "win32":
        return _named(environ, "LOCALAPPDATA", home / "AppData" / "Local") / _NAME
    if platform == "darwin":
        return home / "Library" / "Application Support" / _NAME
    return _named(environ, "XDG_STATE_HOME", home / ".local" / "state") / _NAME


def _named(environ: Mapping[str, str], name: str, otherwise: Path) -> Path:
    """The folder that a variable names; a relative one counts for nothing, as it would change with where we start."""
    folder = Path(environ.get(name, ""))
    return folder if folder.is_absolute() else otherwise


def _given(text: str) -> StateKeys:
    try:
        return StateKeys(read_keys(text))
    except StorageError as error:
        raise StorageError(f"STATE_KEYS cannot be used. {error}") from error


async def _kept(directory: Path, given: StateKeys | None, *, required: bool) -> tuple[SqliteStore, StateKeys] | None:
    """The store in this folder, tried out, and its keys."""
    try:
        async with AsyncExitStack() as opened:
            store = await opened.enter_async_context(SqliteStore(directory / _DATABASE))
            keys = await to_thread.run_sync(_filed, directory / _KEY_FILE) if given is None else given
            await store.get("")
            opened.pop_all()  # what works stays open
            return store, keys
    except (StorageError, OSError) as error:
        told = _trouble(directory, error)
        if required:
            raise told from error
        log.warning("state is kept in memory and ends with this process", extra={"reason": str(told)})
        return None


def _trouble(directory: Path, error: Exception) -> StorageError:
    reason = str(error) if isinstance(error, StorageError) else f"{error}."
    return StorageError(
        f"The state cannot be kept in {directory}: {reason} {_SETTING} names the folder: it wants one that you own, "
        "on a local disk that is not full."
    )


def _filed(path: Path) -> StateKeys:
    """The keys of this file, made once: those who start together agree on the first."""
    file = PrivateFile(path, setting=_SETTING)
    with file.locked(_KEY_SECONDS):
        found = file.read()
        if found is None:
            found = f"{_COMMENT}\n{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n".encode()
            file.replace(found)
    try:
        return StateKeys(read_keys(found.decode("utf-8", "replace")))
    except StorageError as error:
        raise StorageError(
            f"{path} holds no key. {error} Put the right one back, or delete the file: "
            "what is kept is then not readable any more, and people sign in or ask again."
        ) from error
