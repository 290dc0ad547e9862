"""Which passages belong to which transcript, and which of them a selection keeps.

Rows number passages for good (`schema.py`), positions number the vectors of one generation from 0. Both rise
together, transcript after transcript.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from transcript_qa.store.base import Selection
from transcript_qa.store.database import decoding


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The transcripts of one generation, in order of key.

    Attributes:
        generation: of the database it was read from.
        keys: of the transcripts.
        ids: id to place in the arrays.
        first_rows: row of each transcript's first passage.
        counts: number of passages of each.
    """

    generation: int
    keys: tuple[int, ...]
    ids: dict[str, int]
    first_rows: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    @decoding
    def read(cls, connection: sqlite3.Connection, generation: int) -> Catalogue:
        """The catalogue of the state a read transaction sees."""
        found = connection.execute("SELECT key, id, first_row, n_passages FROM transcripts ORDER BY key").fetchall()
        return cls(
            generation=generation,
            keys=tuple(key for key, *_ in found),
            ids={transcript_id: place for place, (_, transcript_id, *_) in enumerate(found)},
            first_rows=np.array([row for *_, row, _ in found], dtype=np.int64),
            counts=np.array([count for *_, count in found], dtype=np.int64),
        )

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Position of each transcript's first vector, and one more at the end: the number of all."""
        return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(self.counts)])

    @property
    def n_passages(self) -> int:
        """How many passages there are."""
        return int(self.starts[-1])

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Row at each position, rising."""
        return np.arange(self.n_passages, dtype=np.int64) + np.repeat(self.first_rows - self.starts[:-1], self.counts)

    def select(self, connection: sqlite3.Connection, selection: Selection | None) -> NDArray[np.int64] | None:
        """The positions a selection keeps, rising; None for all."""
        if not selection:
            return None
        keep = np.ones(self.n_passages, dtype=np.bool_)
        if selection.transcripts is not None:
            keep &= self._of_transcripts(selection.transcripts)
        if selection.speakers is not None:
            keep &= self._of_speakers(connection, selection.speakers)
        return np.flatnonzero(keep).astype(np.int64)

    def _of_transcripts(self, ids: frozenset[str]) -> NDArray[np.bool_]:
        wanted = np.zeros(len(self.keys), dtype=np.bool_)
        wanted[[self.ids[one] for one in ids if one in self.ids]] = True
        return np.repeat(wanted, self.counts)

    def _of_speakers(self, connection: sqlite3.Connection, speakers: frozenset[tuple[str, str]]) -> NDArray[np.bool_]:
        keep = np.zeros(self.n_passages, dtype=np.bool_)
        for transcript_id, label in speakers:
            if transcript_id in self.ids:
                place = self.ids[transcript_id]
                found = connection.execute(
                    "SELECT row FROM passage_speakers WHERE transcript = ? AND label = ?", (self.keys[place], label)
                )
                shift = int(self.starts[place] - self.first_rows[place])
                keep[[row + shift for (row,) in found]] = True
        return keep
