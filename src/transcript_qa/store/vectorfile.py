"""The FAISS file beside the database: written aside, renamed, then registered in the database, which makes it count.

Readers take the file only where its registered size and SHA-256 agree. The digest is needed: `faiss.read_index` loads
some files with flipped bits and then answers wrongly. A file that is older than the last change is taken too: which
transcripts are in it is known, so that those which went are passed over and those which came are read from the
database. What is missing, torn or damaged is made anew in memory.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transcript_qa.errors import IndexDamagedError, IndexWriteError
from transcript_qa.store import cells
from transcript_qa.store.catalogue import Catalogue
from transcript_qa.store.database import DISK_FULL_REMEDY, decoding, has_table
from transcript_qa.store.schema import Layout
from transcript_qa.store.segments import Block, Segments, later_keys, live_in, positions_of
from transcript_qa.store.vectors import VectorIndex, file_digest, sync_folder, unpack, write_file

# A new file is written at each change of an index that is smaller than this, and of a larger one once more than this
# share of it has changed.
_LARGE = 20_000
_FEW = 1_000
_SMALL_SHARE = 0.05
_LAYOUT_DDL = (
    "CREATE TABLE IF NOT EXISTS vector_layout (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL,"
    " keys BLOB NOT NULL, counts BLOB NOT NULL)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The FAISS file that the database knows of."""

    name: str
    size: int
    sha256: str
    generation: int

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> Registered | None:
        """What is registered, or None."""
        row = connection.execute("SELECT name, size, sha256, generation FROM vector_file").fetchone()
        return row and cls(name=row[0], size=row[1], sha256=row[2], generation=row[3])

    def is_there(self, folder: Path) -> bool:
        """Whether there is a file of that name and size."""
        try:
            return (folder / self.name).stat().st_size == self.size
        except OSError:
            return False

    def damage(self, folder: Path) -> str | None:
        """Why the file may not be used, in words, or None where it may. Reads it whole."""
        path = folder / self.name
        try:
            if path.stat().st_size != self.size:
                return f"{self.name} is torn: {path.stat().st_size} bytes where {self.size} were written"
            if file_digest(path) != self.sha256:
                return f"{self.name} is damaged: its bytes are not those that were written"
        except FileNotFoundError:
            return f"{self.name} is missing"
        except OSError as error:
            return f"{self.name} cannot be read ({error.strerror or error})"
        return None


def outdated(
    connection: sqlite3.Connection, layout: Layout, catalogue: Catalogue, before: Segments | None = None
) -> str | None:
    """Why a new file pays, in words, or None where the one there will do.

    One that lacks a few of many vectors will do: those are read from the database, in less time than a new file takes.
    The file that `before` has mapped was looked at when that was made, and is not read again.
    """
    registered = Registered.read(connection)
    if registered is None:
        return "there is no vector file yet"
    mapped = before is not None and before.base is not None and before.base.name == registered.name
    damage = None if mapped and registered.is_there(layout.folder) else registered.damage(layout.folder)
    if damage is not None or registered.generation == catalogue.generation:
        return damage
    keys, counts = _layout(connection, registered, catalogue)
    shared = counts[np.isin(keys, np.asarray(catalogue.keys, dtype=np.int64))].sum()
    changed = (counts.sum() - shared) + (catalogue.n_passages - shared)
    few = changed <= max(_FEW, catalogue.n_passages * _SMALL_SHARE) and catalogue.n_passages >= _LARGE
    return None if few else f"{registered.name} was made before the last change"


def load(
    connection: sqlite3.Connection,
    layout: Layout,
    catalogue: Catalogue,
    dim: int,
    before: Segments | None,
) -> Segments:
    """The vectors of a catalogue: those of the file, where it may be used, and beside them those that came since.

    Args:
        connection: in the read transaction the catalogue was read in.
        layout: of the index.
        catalogue: which transcripts, in which order.
        dim: length of a vector.
        before: an earlier state in memory, whose transcripts need not be read again.
    """
    base = _base(connection, layout, catalogue, dim, before)
    live = None if base is None else live_in(base, catalogue)
    if live is None:
        base = None
    fresh = _fresh(connection, layout, list(later_keys(base, catalogue)), dim, before)
    return Segments(base=base, live=None if base is None or live is None else positions_of(base, live), fresh=fresh)


def _base(
    connection: sqlite3.Connection, layout: Layout, catalogue: Catalogue, dim: int, before: Segments | None
) -> Block | None:
    registered = Registered.read(connection)
    known = None if before is None else before.base
    if registered is None or (known is not None and known.name == registered.name):
        return known
    keys, counts = _layout(connection, registered, catalogue)
    if registered.damage(layout.folder) is not None:
        return known
    # Between the check and here the writer may have replaced the file.
    with suppress(OSError, ValueError):
        index = VectorIndex.read(layout.folder / registered.name, dim=dim, n=int(counts.sum()))
        return Block(
            index=index, keys=keys, counts=counts, name=registered.name, cells=cells.read(connection, keys, counts, dim)
        )
    return known


@decoding
def _layout(
    connection: sqlite3.Connection, registered: Registered, catalogue: Catalogue
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys of the transcripts in the file, and the number of vectors of each."""
    if has_table(connection, "vector_layout"):
        row = connection.execute("SELECT keys, counts FROM vector_layout WHERE name = ?", (registered.name,)).fetchone()
        if row is not None:
            return np.frombuffer(row[0], dtype="<i8"), np.frombuffer(row[1], dtype="<i8")
    if registered.generation == catalogue.generation:
        return np.asarray(catalogue.keys, dtype=np.int64), catalogue.counts
    nothing = np.empty(0, dtype=np.int64)
    return nothing, nothing


def _fresh(
    connection: sqlite3.Connection,
    layout: Layout,
    wanted: list[tuple[int, int]],
    dim: int,
    before: Segments | None,
) -> Block | None:
    keys, counts = (np.array([pair[i] for pair in wanted], dtype=np.int64) for i in (0, 1))
    if before is not None and before.fresh is not None and np.array_equal(before.fresh.keys, keys):
        return before.fresh
    if not counts.sum():
        return None
    matrix = np.empty((int(counts.sum()), dim), dtype=np.float16)
    start = 0
    for key, count in wanted:
        matrix[start : start + count] = _vectors(connection, layout, key, count, dim, before)
        start += count
    return Block(index=VectorIndex.of(matrix), keys=keys, counts=counts)


def _vectors(
    connection: sqlite3.Connection, layout: Layout, key: int, count: int, dim: int, before: Segments | None
) -> NDArray[np.float16]:
    known = None if before is None else before.of(key)
    block = _stored(connection, layout, key, dim) if known is None else known
    if len(block) != count:
        raise IndexDamagedError(str(layout.database), f"{len(block)} vectors, {count} passages")
    return block


def _stored(connection: sqlite3.Connection, layout: Layout, key: int, dim: int) -> NDArray[np.float16]:
    row = connection.execute("SELECT vectors FROM vectors WHERE transcript = ?", (key,)).fetchone()
    try:
        return unpack(row[0] if row else b"", dim)
    except ValueError as error:
        raise IndexDamagedError(str(layout.database), str(error)) from error


def write(
    connection: sqlite3.Connection,
    layout: Layout,
    catalogue: Catalogue,
    dim: int,
    before: Segments | None,
) -> None:
    """Write the file and register it, which counts once the transaction is committed.

    Args:
        connection: in the write transaction the catalogue was read in.
        layout: of the index.
        catalogue: what to write.
        dim: length of a vector.
        before: what is in memory; all else is read from the database, a transcript at a time.

    Raises:
        IndexWriteError: the disk is full or the folder read-only; the index goes on without the file.
    """
    path = layout.vector_file(catalogue.generation)
    aside = path.with_name(f"{path.name}.new")
    blocks = (
        _vectors(connection, layout, key, count, dim, before)
        for key, count in zip(catalogue.keys, catalogue.counts.tolist(), strict=True)
    )
    try:
        size, sha256 = write_file(aside, blocks, dim=dim, n=catalogue.n_passages)
        aside.replace(path)
        sync_folder(layout.folder)
    except (OSError, RuntimeError) as error:
        with suppress(OSError):
            aside.unlink()
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise IndexWriteError(str(layout.folder), reason, DISK_FULL_REMEDY) from error
    connection.execute(
        "INSERT OR REPLACE INTO vector_file (one, name, size, sha256, generation) VALUES (1, ?, ?, ?, ?)",
        (path.name, size, sha256, catalogue.generation),
    )
    connection.execute(_LAYOUT_DDL)
    keys, counts = np.asarray(catalogue.keys, dtype="<i8"), catalogue.counts.astype("<i8")
    connection.execute(
        "INSERT OR REPLACE INTO vector_layout VALUES (1, ?, ?, ?)", (path.name, keys.tobytes(), counts.tobytes())
    )


def clear_away(layout: Layout, generation: int) -> None:
    """Delete the files that were made before the one of a generation, once that is registered."""
    for other in layout.vector_files():
        if other != layout.vector_file(generation):
            # Windows keeps files that another process has open; the next save clears them away.
            with suppress(OSError):
                other.unlink()


def put_into_cells(
    connection: sqlite3.Connection,
    layout: Layout,
    catalogue: Catalogue,
    dim: int,
    before: Segments | None,
) -> bool:
    """Give every vector of a large index its cell; whether the cells are new ones. Arguments as for `write`."""

    def of(key: int, count: int) -> NDArray[np.float16]:
        return _vectors(connection, layout, key, count, dim, before)

    counts = dict(zip(catalogue.keys, catalogue.counts.tolist(), strict=True))
    centres = None
    if cells.wanting(connection, catalogue.n_passages):
        centres = cells.find_centres((of(key, count) for key, count in counts.items()), catalogue.n_passages)
    are_new = centres is not None
    keys = list(counts) if are_new else cells.without_cells(connection)
    if not keys:
        return False
    if centres is not None:
        cells.write_centres(connection, centres, catalogue.n_passages)
    else:
        centres = cells.centres_of(connection, dim)
    for key in keys:
        cells.write_cells(connection, key, of(key, counts[key]), centres)
    return are_new
