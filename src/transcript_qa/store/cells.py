"""An inverted file: the vectors in cells around centres, so that a search looks at those of the nearest cells only.

It says no more than where to look: what is found is scored by the same vectors as ever. The cell of each vector stands
in the database beside it, so that a new transcript is put into cells in milliseconds and nothing is made anew. Vectors
without a cell are always looked at.

On a mixture of 2,000 directions in 1,000,000 vectors of 384 numbers 32 of 1,024 cells hold 3 % of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcript_qa.store.database import decoding, has_table

CELLS_FROM = 200_000
"""An index of fewer passages is searched whole: that takes some milliseconds, and is exact."""

_N_CELLS = 1024
_PROBED = 32
_TRAINED_ON = 40 * _N_CELLS
_ROUNDS = 8
# Centres that were found among so much fewer vectors are found anew.
_GROWTH = 8
_UNKNOWN = np.uint16(0xFFFF)
_DDL = (
    "CREATE TABLE IF NOT EXISTS cells (one INTEGER PRIMARY KEY CHECK (one = 1), centres BLOB NOT NULL,"
    " n_passages INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS cell_of (transcript INTEGER PRIMARY KEY REFERENCES transcripts ON DELETE CASCADE,"
    " cells BLOB NOT NULL)",
)


@dataclass(frozen=True)
class Cells:
    """The cells of the vectors of a block.

    Attributes:
        centres: (n_cells, dim) float32, unit rows.
        of: (n,) uint16, the cell of each vector.
    """

    centres: NDArray[np.float32]
    of: NDArray[np.uint16]

    @cached_property
    def _members(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.of, kind="stable").astype(np.int64)
        return order, np.searchsorted(self.of[order], np.arange(len(self.centres) + 1))

    def near(self, query: NDArray[np.float64]) -> NDArray[np.int64]:
        """Positions of the vectors in the cells nearest to a query, and of those without a cell; rising."""
        order, starts = self._members
        nearest = np.argsort(-(self.centres @ query.astype(np.float32)), kind="stable")[:_PROBED]
        parts = [order[starts[cell] : starts[cell + 1]] for cell in nearest]
        return np.sort(np.concatenate([*parts, order[starts[-1] :]]))


@decoding
def read(connection: sqlite3.Connection, keys: NDArray[np.int64], counts: NDArray[np.int64], dim: int) -> Cells | None:
    """The cells of the vectors of some transcripts, in their order; None where the index has none."""
    if len(keys) == 0 or not has_table(connection, "cells"):
        return None
    row = connection.execute("SELECT centres FROM cells").fetchone()
    if row is None:
        return None
    known = dict(connection.execute("SELECT transcript, cells FROM cell_of"))
    parts = []
    for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
        cells = np.frombuffer(known.get(key, b""), dtype="<u2")
        parts.append(cells if len(cells) == count else np.full(count, _UNKNOWN))
    return Cells(_unpacked(row[0], dim), np.concatenate(parts))


def wanting(connection: sqlite3.Connection, n_passages: int) -> bool:
    """Whether centres are to be found, for the first time or anew, in an index of so many passages."""
    if n_passages < CELLS_FROM:
        return False
    if not has_table(connection, "cells"):
        return True
    row = connection.execute("SELECT n_passages FROM cells").fetchone()
    return row is None or n_passages >= _GROWTH * row[0]


def without_cells(connection: sqlite3.Connection) -> list[int]:
    """Keys of the transcripts that are in no cells yet; empty where the index has none."""
    if not has_table(connection, "cells") or connection.execute("SELECT 1 FROM cells").fetchone() is None:
        return []
    found = connection.execute("SELECT transcript FROM vectors EXCEPT SELECT transcript FROM cell_of")
    return [key for (key,) in found]


def find_centres(blocks: Iterable[NDArray[np.float16]], n_passages: int) -> NDArray[np.float32]:
    """(n_cells, dim) float32 centres of vectors that come in blocks, by k-means over a sample of them."""
    import faiss

    step = max(1, n_passages // _TRAINED_ON)
    sample = np.concatenate([rows.astype(np.float32) for rows in _every(blocks, step)])
    means: Any = faiss.Kmeans(
        sample.shape[1], min(_N_CELLS, max(1, len(sample) // 40)), niter=_ROUNDS, spherical=True, seed=1
    )
    means.train(np.ascontiguousarray(sample))
    centres: NDArray[np.float32] = means.centroids
    return centres


def write_centres(connection: sqlite3.Connection, centres: NDArray[np.float32], n_passages: int) -> None:
    """Keep centres in place of those before; all vectors are in no cell then."""
    for statement in _DDL:
        connection.execute(statement)
    connection.execute("DELETE FROM cell_of")
    blob = centres.astype("<f4").tobytes()
    connection.execute("INSERT OR REPLACE INTO cells VALUES (1, ?, ?)", (blob, n_passages))


def centres_of(connection: sqlite3.Connection, dim: int) -> NDArray[np.float32]:
    """(n_cells, dim) float32, of an index that has them."""
    (blob,) = connection.execute("SELECT centres FROM cells").fetchone()
    return _unpacked(blob, dim)


def write_cells(
    connection: sqlite3.Connection, key: int, vectors: NDArray[np.float16], centres: NDArray[np.float32]
) -> None:
    """Put the vectors of a transcript into the cells around these centres."""
    cells = np.argmax(vectors.astype(np.float32) @ centres.T, axis=1).astype("<u2")
    connection.execute("INSERT OR REPLACE INTO cell_of VALUES (?, ?)", (key, cells.tobytes()))


def _unpacked(blob: bytes, dim: int) -> NDArray[np.float32]:
    return np.frombuffer(blob, dtype="<f4").reshape(-1, dim)


def _every(blocks: Iterable[NDArray[np.float16]], step: int) -> Iterator[NDArray[np.float16]]:
    """Every so manieth row, counted over all blocks."""
    place = 0
    for block in blocks:
        yield block[(-place) % step :: step]
        place += len(block)
