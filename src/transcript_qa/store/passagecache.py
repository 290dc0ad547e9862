"""Passages that were read lately, so that a question costs the database little.

A row belongs to one passage for good, so what is kept by row stays right. An id may pass to another passage when its
transcript is replaced: what is kept by id holds for one generation.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence

from transcript_qa.datatypes import Passage
from transcript_qa.store import rows

_MOST = 10_000


class PassageCache:
    """Some passages of one index; threads may share it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._by_row: dict[int, Passage] = {}
        self._by_id: dict[str, Passage] = {}
        self._generation = -1

    def at_rows(self, connection: sqlite3.Connection, generation: int, wanted: Sequence[int]) -> list[Passage]:
        """The passages of rows that there are, in the order given; inside a read transaction."""
        with self._guard:
            found = {row: self._by_row[row] for row in wanted if row in self._by_row}
        missing = [row for row in wanted if row not in found]
        read = rows.read_passages(connection, "row", missing)
        found |= read
        with self._guard:
            self._make_room(len(read))
            self._by_row |= read
            self._at(generation)
            self._by_id |= {passage.id: passage for passage in found.values()}
        return [found[row] for row in wanted]

    def of_ids(self, connection: sqlite3.Connection, generation: int, wanted: Sequence[str]) -> list[Passage]:
        """The passages of these ids that there are, in the order given; inside a read transaction."""
        with self._guard:
            found: dict[str, Passage] = {}
            if generation == self._generation:
                found = {one: self._by_id[one] for one in wanted if one in self._by_id}
        found |= rows.read_passages(connection, "id", [one for one in wanted if one not in found])
        return [found[one] for one in wanted if one in found]

    def _make_room(self, n: int) -> None:
        if len(self._by_row) + n > _MOST:
            self._by_row.clear()
            self._by_id.clear()

    def _at(self, generation: int) -> None:
        if generation != self._generation:
            self._by_id.clear()
            self._generation = generation
