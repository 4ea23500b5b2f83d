"""One SQLite database: opened when first needed, begun anew when damaged, and its errors told in plain words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from errors import StorageError
from storage._database_file import SETTING, DatabaseFile, Inode

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]

_APPLICATION = 0x67726177  # "graw": what else SQLite may have made is not taken for ours
_VERSION = 1
_PRIMARY = 0xFF
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# The keys are UTF-8, which has no byte 255: a key that begins with it is out of reach for callers.
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB NOT NULL, life REAL NOT NULL, expires REAL NOT NULL)
    WITHOUT ROWID;
CREATE INDEX entries_by_expiry ON entries (expires);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_REMEDIES = {
    sqlite3.SQLITE_FULL: "The disk is full: make room, then try again.",
    sqlite3.SQLITE_BUSY: "Another process keeps it busy: try again, and if that does not help end the one that hangs.",
    sqlite3.SQLITE_IOERR: "The disk fails or is full: look after it, then try again.",
}
_OTHERWISE = f"Make its folder writable for yourself alone (chmod 700), or name another folder in {SETTING}."


class _DamagedError(Exception):
    """What lies at the path is no database that we can use."""


class Database:
    """Not for two threads at once. Nothing is opened before the first `run`."""

    def __init__(self, path: Path, *, patience: float) -> None:
        self._file = DatabaseFile(path)
        self._patience = patience
        self._connection: sqlite3.Connection | None = None
        self._inode: Inode | None = None
        self._is_closed = False

    def run(self, work: Work[Result], *, is_lasting: bool = False) -> Result:
        """Do this whole or not at all; on a damaged database once more, on the empty one that takes its place.

        What is lasting is on the disk before this returns, so that not even a power cut takes it back.
        """
        try:
            try:
                return self._tried(work, is_lasting=is_lasting)
            except _DamagedError as damage:
                self._replace(self._inode, str(damage))
                return self._tried(work, is_lasting=is_lasting)
        except _DamagedError as damage:
            raise self._file.unusable(str(damage)) from damage

    def close(self) -> None:
        """Close it for good."""
        self._is_closed = True
        self._drop()

    def _tried(self, work: Work[Result], *, is_lasting: bool) -> Result:
        try:
            connection = self._opened()
            connection.execute(f"PRAGMA synchronous = {'FULL' if is_lasting else 'NORMAL'}")
            return _whole(connection, work)
        except sqlite3.Error as error:
            raise self._told(error) from error

    def _opened(self) -> sqlite3.Connection:
        if self._is_closed:
            raise StorageError(f"{self._file.path} is closed already, as this server is stopping. Start it again.")
        if self._connection and self._inode != self._file.inode():
            self._drop()  # Somebody deleted or replaced the file: what is written to the old one would be lost.
        if self._connection is None:
            with self._file.alone():
                self._connection = self._connected()
        return self._connection

    def _connected(self) -> sqlite3.Connection:
        self._file.make_safe()
        self._inode = self._file.inode()
        connection = sqlite3.connect(
            self._file.path, timeout=self._patience, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _replace(self, damaged: Inode | None, reason: str) -> None:
        self._drop()
        with self._file.alone():
            # Another process may have been faster.
            if self._file.inode() == damaged:
                self._file.set_aside(reason)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            with suppress(sqlite3.Error):
                connection.close()

    def _told(self, error: sqlite3.Error) -> Exception:
        """The error to raise in place of SQLite's; a mistake of ours stays as it is."""
        code: int | None = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return error
        primary = code & _PRIMARY
        if primary in _DAMAGED:
            return _DamagedError(str(error))
        if primary != sqlite3.SQLITE_BUSY:
            self._drop()  # a connection that failed may go on failing
        return StorageError(f"{self._file.path} cannot be used ({error}). {_REMEDIES.get(primary, _OTHERWISE)}")


def _whole(connection: sqlite3.Connection, work: Work[Result]) -> Result:
    try:
        return work(connection)
    except BaseException:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.rollback()
        raise


def _prepare(connection: sqlite3.Connection) -> None:
    """Judge before anything is changed: a database of somebody else's is moved aside as it is."""
    made_by, version, tables = (_number(connection, text) for text in ("application_id", "user_version", "tables"))
    is_new = not (made_by or version or tables)
    if not is_new and made_by != _APPLICATION:
        raise _DamagedError("another program made it")
    if not is_new and version != _VERSION:
        raise _DamagedError(f"another version of this program made it: {version}, where {_VERSION} is known")
    connection.execute("PRAGMA journal_mode = WAL")
    if is_new:
        connection.executescript(_SCHEMA)


def _number(connection: sqlite3.Connection, what: str) -> int:
    question = "SELECT count(*) FROM sqlite_master" if what == "tables" else f"PRAGMA {what}"
    (number,) = connection.execute(question).fetchone()
    return int(number)
