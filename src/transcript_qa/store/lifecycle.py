"""Making an index folder, and telling what one is before it is used."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from transcript_qa.errors import (
    IndexDamagedError,
    IndexMismatchError,
    IndexNotFoundError,
    IndexWriteError,
    InvalidArgumentError,
)
from transcript_qa.store import speakeredits
from transcript_qa.store.base import EmbedderInfo
from transcript_qa.store.database import Database, decoding
from transcript_qa.store.lock import READ_ONLY_REMEDY, WriteLock
from transcript_qa.store.schema import APPLICATION_ID, DDL, SCHEMA_VERSION, Layout
from transcript_qa.store.vectors import sync_folder


@decoding
def read_embedder(connection: sqlite3.Connection) -> EmbedderInfo:
    """The embedder an index says it was made with."""
    meta = dict(connection.execute("SELECT key, value FROM meta WHERE key LIKE 'embedder\\_%' ESCAPE '\\'"))
    return EmbedderInfo(
        name=meta["embedder_name"], fingerprint=meta["embedder_fingerprint"], dim=int(meta["embedder_dim"])
    )


@decoding
def read_generation(connection: sqlite3.Connection) -> int:
    """The generation of the state a transaction sees."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
    return int(row[0])


def check(database: Database, layout: Layout, embedder: EmbedderInfo | None) -> EmbedderInfo:
    """The embedder of an index that can be used.

    Raises:
        IndexNotFoundError: there is none.
        IndexDamagedError: the file is no index, or cannot be read.
        IndexMismatchError: a newer version or another embedder made it.
    """
    if not layout.database.is_file():
        raise IndexNotFoundError(str(layout.folder))
    with database.reading() as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if application != APPLICATION_ID:
            raise IndexDamagedError(str(layout.database), "it is no index of this program")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA_VERSION:
            remedy = "Use a program of at least that version, or index again with --rebuild."
            found, expected = f"{version} of the index format", f"version {SCHEMA_VERSION}"
            raise IndexMismatchError(str(layout.folder), "version", found, expected, remedy)
        found_embedder = read_embedder(connection)
        read_generation(connection)
    if embedder is not None:
        refuse_other_embedder(str(layout.folder), found_embedder, embedder)
    return found_embedder


def refuse_other_embedder(place: str, found: EmbedderInfo, expected: EmbedderInfo) -> None:
    """Raise `IndexMismatchError` where vectors of the two may not be compared."""
    if (found.fingerprint, found.dim) == (expected.fingerprint, expected.dim):
        return
    alike = found.name == expected.name
    raise IndexMismatchError(
        place,
        "the embedding model",
        _described(found) if alike else found.name,
        _described(expected) if alike else expected.name,
        "Index again with --rebuild."
        if alike
        else f"Index again with --rebuild, or name the model it was made with: {found.name}.",
    )


def _described(embedder: EmbedderInfo) -> str:
    return f"{embedder.name} ({embedder.dim} dimensions, fingerprint {embedder.fingerprint[:16]})"


def create(layout: Layout, embedder: EmbedderInfo, *, replace: bool, wait_s: float) -> None:
    """Make an empty index.

    Raises:
        InvalidArgumentError: there is an index already and `replace` is not set.
        IndexWriteError: the folder cannot be made or written.
    """
    try:
        layout.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexWriteError(str(layout.folder), error.strerror or str(error), READ_ONLY_REMEDY) from error
    database = Database(layout, wait_s=wait_s)
    with closing(database), WriteLock(layout.lock, wait_s=wait_s).held():
        if layout.database.exists():
            if not replace:
                raise InvalidArgumentError(f"{layout.folder}: there is an index already. Open it, or replace it.")
            if _emptied(database, layout, embedder):
                return
            database.close()
        try:
            _make(layout, embedder)
        except OSError as error:
            raise IndexWriteError(str(layout.folder), error.strerror or str(error), READ_ONLY_REMEDY) from error


def _emptied(database: Database, layout: Layout, embedder: EmbedderInfo) -> bool:
    """Empty an index where it stands, so that those who have it open see it; False where it is past that."""
    try:
        check(database, layout, None)
        with database.writing() as connection:
            connection.execute("INSERT INTO postings (postings) VALUES ('delete-all')")
            for table in ("transcripts", "vector_file"):
                connection.execute(f"DELETE FROM {table}")
            # What a person said about speakers is no derived thing: it holds for the transcripts that come back.
            connection.execute(
                "DELETE FROM settings WHERE substr(key, 1, ?) <> ?", (len(speakeredits.PREFIX), speakeredits.PREFIX)
            )
            _describe(connection, embedder, generation=read_generation(connection) + 1)
    except (IndexDamagedError, IndexMismatchError):
        return False
    _remove(layout.vector_files())
    return True


def _make(layout: Layout, embedder: EmbedderInfo) -> None:
    # Made aside and renamed: what bears the name is whole. The old log has to go first, or SQLite would read it
    # into the new database.
    _remove(layout.leftovers())
    aside = layout.folder / f"index.sqlite.new-{os.getpid()}"
    with Database(layout, wait_s=0).translated():
        connection = sqlite3.connect(aside, isolation_level=None)
        with closing(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("BEGIN")
            for statement in DDL.split(";\n"):
                connection.execute(statement)
            _describe(connection, embedder, generation=0)
            connection.execute("INSERT INTO meta VALUES ('next_row', '1')")
            connection.execute("COMMIT")
    _remove([layout.database, layout.wal, layout.shm, *layout.vector_files()])
    aside.replace(layout.database)
    sync_folder(layout.folder)


def _describe(connection: sqlite3.Connection, embedder: EmbedderInfo, *, generation: int) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        [
            ("generation", str(generation)),
            ("embedder_name", embedder.name),
            ("embedder_fingerprint", embedder.fingerprint),
            ("embedder_dim", str(embedder.dim)),
        ],
    )


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()
