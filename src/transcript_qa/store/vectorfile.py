"""The FAISS file beside the database: written aside, renamed, then registered in the database, which makes it count.

Readers take the file only where its registered generation, size and SHA-256 all agree. The digest is needed:
`faiss.read_index` loads some files with flipped bits and then answers wrongly. What is missing, torn, older or newer
is made anew in memory from the vectors in the database.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transcript_qa.errors import IndexDamagedError, IndexWriteError
from transcript_qa.store.catalogue import Catalogue
from transcript_qa.store.database import DISK_FULL_REMEDY
from transcript_qa.store.schema import Layout
from transcript_qa.store.vectors import VectorIndex, file_digest, sync_folder, unpack


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

    def fault(self, folder: Path, generation: int) -> str | None:
        """Why the file may not be used, in words, or None where it may."""
        path = folder / self.name
        if self.generation != generation:
            return f"{self.name} was made before the last change"
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


def load(
    connection: sqlite3.Connection,
    layout: Layout,
    catalogue: Catalogue,
    dim: int,
    before: tuple[Catalogue, VectorIndex] | None,
) -> VectorIndex:
    """The vectors of a catalogue: from the file where that may be used, else from `before` and the database.

    Args:
        connection: in the read transaction the catalogue was read in.
        layout: of the index.
        catalogue: which transcripts, in which order.
        dim: length of a vector.
        before: an earlier state in memory, whose transcripts need not be read again.
    """
    registered = Registered.read(connection)
    if registered is not None and registered.fault(layout.folder, catalogue.generation) is None:
        # Between the check and here the writer may have replaced the file.
        with suppress(OSError, ValueError):
            return VectorIndex.read(layout.folder / registered.name, dim=dim, n=catalogue.n_passages)
    return VectorIndex.of(_assembled(connection, layout, catalogue, dim, before))


def _assembled(
    connection: sqlite3.Connection,
    layout: Layout,
    catalogue: Catalogue,
    dim: int,
    before: tuple[Catalogue, VectorIndex] | None,
) -> NDArray[np.float16]:
    known: dict[int, NDArray[np.float16]] = {}
    if before is not None:
        old, index = before
        for place, key in enumerate(old.keys):
            known[key] = index.matrix[old.starts[place] : old.starts[place + 1]]
    matrix = np.empty((catalogue.n_passages, dim), dtype=np.float16)
    for place, key in enumerate(catalogue.keys):
        block = known[key] if key in known else _stored(connection, layout, key, dim)
        if len(block) != catalogue.counts[place]:
            raise IndexDamagedError(str(layout.database), f"{len(block)} vectors, {catalogue.counts[place]} passages")
        matrix[catalogue.starts[place] : catalogue.starts[place + 1]] = block
    return matrix


def _stored(connection: sqlite3.Connection, layout: Layout, key: int, dim: int) -> NDArray[np.float16]:
    row = connection.execute("SELECT vectors FROM vectors WHERE transcript = ?", (key,)).fetchone()
    try:
        return unpack(row[0] if row else b"", dim)
    except ValueError as error:
        raise IndexDamagedError(str(layout.database), str(error)) from error


def write(
    layout: Layout,
    generation: int,
    index: VectorIndex,
    transaction: Callable[[], AbstractContextManager[sqlite3.Connection]],
) -> None:
    """Write, register, and clear away what came before; the caller holds the write lock.

    Raises:
        IndexWriteError: the disk is full or the folder read-only; the index goes on without the file.
    """
    path = layout.vector_file(generation)
    aside = path.with_name(f"{path.name}.new")
    try:
        size, sha256 = index.write(aside)
        aside.replace(path)
        sync_folder(layout.folder)
    except (OSError, RuntimeError) as error:
        with suppress(OSError):
            aside.unlink()
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise IndexWriteError(str(layout.folder), reason, DISK_FULL_REMEDY) from error
    with transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO vector_file (one, name, size, sha256, generation) VALUES (1, ?, ?, ?, ?)",
            (path.name, size, sha256, generation),
        )
    for other in layout.vector_files():
        if other != path:
            # Windows keeps files that another process has open; the next save clears them away.
            with suppress(OSError):
                other.unlink()
