"""The vectors of one generation: those of a file that was made before, and those that came since.

A change to a large index must not cost a new file, nor a copy in memory. So the file's vectors stay as they are, those
of transcripts that went are passed over, and those of transcripts that came are kept beside them, until they are so
many that a new file pays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from transcript_qa.store.catalogue import Catalogue
from transcript_qa.store.cells import Cells
from transcript_qa.store.vectors import VectorIndex

Found = list[tuple[int, float]]


@dataclass(frozen=True, kw_only=True)
class Block:
    """Vectors with the transcripts they belong to.

    Attributes:
        index: over the vectors.
        keys: of the transcripts, rising, in order of the vectors.
        counts: number of vectors of each.
        name: of the file they are in; None where they are only in memory.
        cells: where to look first among them; None for looking at all.
    """

    index: VectorIndex
    keys: NDArray[np.int64]
    counts: NDArray[np.int64]
    name: str | None = None
    cells: Cells | None = None

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Position of each transcript's first vector, and one more at the end: the number of all."""
        return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(self.counts)])

    def of(self, key: int) -> NDArray[np.float16] | None:
        """The vectors of a transcript, or None where it is not in here."""
        place = int(np.searchsorted(self.keys, key))
        if place == len(self.keys) or self.keys[place] != key:
            return None
        return self.index.matrix[self.starts[place] : self.starts[place + 1]]


@dataclass(frozen=True, kw_only=True)
class Segments:
    """What is searched.

    Attributes:
        base: made earlier, whose transcripts may have gone; None where there is nothing.
        live: positions in `base` of the vectors that still count, rising; None for all of them.
        fresh: of transcripts with later keys; None where there are none.
    """

    base: Block | None
    live: NDArray[np.int64] | None
    fresh: Block | None

    @property
    def n_live(self) -> int:
        """How many vectors of the base count; the fresh ones come after them."""
        if self.base is None:
            return 0
        return int(self.base.starts[-1]) if self.live is None else len(self.live)

    def of(self, key: int) -> NDArray[np.float16] | None:
        """The vectors of a transcript, or None where it is not in here."""
        for block in (self.base, self.fresh):
            found = None if block is None else block.of(key)
            if found is not None:
                return found
        return None

    def search(self, query: NDArray[np.float64], *, k: int, positions: NDArray[np.int64] | None) -> Found:
        """The k positions with the largest inner product, best first, ties by position; see `VectorIndex.search`."""
        found = [*self._in_base(query, k, positions), *self._in_fresh(query, k, positions)]
        return sorted(found, key=lambda each: (-each[1], each[0]))[:k]

    def _in_base(self, query: NDArray[np.float64], k: int, positions: NDArray[np.int64] | None) -> Found:
        if self.base is None:
            return []
        wanted = self.live
        if positions is not None:
            first = positions[: np.searchsorted(positions, self.n_live)]
            wanted = first if self.live is None else self.live[first]
        elif self.base.cells is not None:
            # Only where nothing is narrowed: under a filter every vector that it keeps is looked at.
            near = self.base.cells.near(query)
            wanted = near if self.live is None else np.intersect1d(near, self.live, assume_unique=True)
        found = self.base.index.search(query, k=k, positions=wanted)
        if self.live is None:
            return found
        places = np.searchsorted(self.live, np.array([position for position, _ in found], dtype=np.int64))
        return [(int(place), score) for place, (_, score) in zip(places, found, strict=True)]

    def _in_fresh(self, query: NDArray[np.float64], k: int, positions: NDArray[np.int64] | None) -> Found:
        if self.fresh is None:
            return []
        wanted = None
        if positions is not None:
            wanted = positions[np.searchsorted(positions, self.n_live) :] - self.n_live
        found = self.fresh.index.search(query, k=k, positions=wanted)
        return [(self.n_live + position, score) for position, score in found]


def live_in(base: Block, catalogue: Catalogue) -> NDArray[np.bool_] | None:
    """Which transcripts of a block the catalogue still has; None where the block does not fit the catalogue.

    It fits where the catalogue's other transcripts all came later, and those of both have as many vectors in both.
    """
    keys = np.asarray(catalogue.keys, dtype=np.int64)
    shared = np.isin(base.keys, keys, assume_unique=True)
    ours = np.isin(keys, base.keys, assume_unique=True)
    others = keys[~ours]
    if len(others) and len(base.keys) and others[0] < base.keys[-1]:
        return None
    return shared if np.array_equal(base.counts[shared], catalogue.counts[ours]) else None


def positions_of(base: Block, live: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """Positions in a block of the vectors of some of its transcripts, rising; None for all of them."""
    return None if live.all() else np.flatnonzero(np.repeat(live, base.counts)).astype(np.int64)


def later_keys(base: Block | None, catalogue: Catalogue) -> Iterator[tuple[int, int]]:
    """Key and number of passages of the catalogue's transcripts that are not in a block."""
    known = set() if base is None else set(base.keys.tolist())
    for key, count in zip(catalogue.keys, catalogue.counts.tolist(), strict=True):
        if key not in known:
            yield key, count
