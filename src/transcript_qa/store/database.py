"""SQLite connections that several threads and processes may use at once, and its errors in the package's own words.

A connection is used by one thread at a time: readers borrow one from a pool for the length of one read transaction,
and the one writing connection is behind the write lock. So threads never wait for each other's reads, and the pool
grows no larger than the number of reads that ever ran at the same time.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import quote

from transcript_qa.errors import (
    IndexDamagedError,
    IndexLockedError,
    IndexNotFoundError,
    IndexWriteError,
    TranscriptQAError,
)
from transcript_qa.store.lock import READ_ONLY_REMEDY
from transcript_qa.store.schema import Layout

P = ParamSpec("P")
R = TypeVar("R")

DISK_FULL_REMEDY = "Free some space and try again; what was stored before is safe."

_WRITE_FAILURES = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}


def decoding(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function that turns rows into nouns report a row that is none as the damage it is.

    SQLite keeps no checksums: overwritten bytes may read back as a number, a label or a piece of JSON.
    """

    @wraps(function)
    def decoded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise sqlite3.DatabaseError(f"a row cannot be read: {error}") from error

    return decoded


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether there is a table: some are made when they are first needed, and older indexes lack them."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
    return found.fetchone() is not None


class Database:
    """The database of one index folder."""

    def __init__(self, layout: Layout, *, wait_s: float) -> None:
        self._layout = layout
        self._wait_s = wait_s
        self._guard = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._immutable = False
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a read transaction: all that is read in the block belongs to one state."""
        with self.translated():
            connection = self._borrow()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The writing connection inside a transaction: kept whole at the end of the block, dropped whole on an error.

        The caller holds the write lock.
        """
        with self.translated():
            connection = self._writing_connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk makes SQLite roll back by itself.
                if connection.in_transaction:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close every connection that is not in use, and those in use when they come back."""
        with self._guard:
            self._closed = True
            connections, self._idle = self._idle, []
            if self._writer is not None:
                connections.append(self._writer)
                self._writer = None
        for connection in connections:
            connection.close()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn SQLite's errors into the package's; `ProgrammingError` and the like, which are ours, pass."""
        try:
            yield
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
            if isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError | sqlite3.DataError):
                raise
            raise self._translate(error) from error
        except UnicodeDecodeError as error:
            # Python's module decodes SQLite's messages, which quote the damaged bytes.
            raise IndexDamagedError(str(self._layout.database), str(error)) from error

    def _translate(self, error: sqlite3.Error) -> TranscriptQAError:
        # Errors that Python's own module raises carry no code.
        code: int = getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR
        folder, reason = str(self._layout.folder), str(error)
        primary = code & 0xFF
        if primary == sqlite3.SQLITE_FULL:
            return IndexWriteError(folder, reason, DISK_FULL_REMEDY)
        if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM) or code in _WRITE_FAILURES:
            return IndexWriteError(folder, reason, READ_ONLY_REMEDY)
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return IndexLockedError(folder, "another program", self._wait_s)
        if primary == sqlite3.SQLITE_CANTOPEN and not self._layout.database.exists():
            return IndexNotFoundError(folder)
        return IndexDamagedError(str(self._layout.database), reason)

    def _borrow(self) -> sqlite3.Connection:
        with self._guard:
            self._refuse_if_closed()
            if self._idle:
                return self._idle.pop()
        return self._open_reader()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        with self._guard:
            # What cannot change for us may for somebody with more rights: it is opened anew, and looked at, each time.
            if not (self._closed or self._immutable):
                self._idle.append(connection)
                return
        connection.close()

    def _open_reader(self) -> sqlite3.Connection:
        # mode=rw comes first: the last connection to close tidies the log away, which one with mode=ro cannot do.
        for mode in ("rw", "ro"):
            try:
                return self._connect(f"mode={mode}", "PRAGMA query_only = ON")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                    raise
        if self._log_holds_changes():
            raise IndexWriteError(
                str(self._layout.folder),
                "it was not closed after the last change, and cannot be recovered in a read-only folder",
                "Open it once where it can be written, for example with `transcript-qa list`.",
            )
        self._immutable = True
        return self._connect("immutable=1", "PRAGMA query_only = ON")

    def _writing_connection(self) -> sqlite3.Connection:
        with self._guard:
            self._refuse_if_closed()
            if self._writer is None:
                self._writer = self._connect("mode=rw", "PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL")
            return self._writer

    def _connect(self, options: str, *pragmas: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(self._layout.database.absolute()))}?{options}",
            uri=True,
            timeout=self._wait_s,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for pragma in pragmas:
                connection.execute(pragma)
            # Opening touches no file; this does.
            connection.execute("PRAGMA schema_version").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _log_holds_changes(self) -> bool:
        try:
            return self._layout.wal.stat().st_size > 0
        except FileNotFoundError:
            return False

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise ValueError("the index is closed")
