"""The account of a source: which of its characters are words, label, header, syntax, left out.

Millions of ranges are held as columns and swept in one go; a range becomes an object only when somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import repeat
from typing import NamedTuple

import numpy as np

Places = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


class Part(StrEnum):
    """What a range of the source is."""

    WORDS = "words"
    LABEL = "label"
    HEADER = "header"
    SYNTAX = "syntax"
    SKIPPED = "skipped"


class Claim(NamedTuple):
    """Characters `start` to `end` (half-open) of the source, and what they are."""

    start: int
    end: int
    part: Part


class Claims:
    """Ranges that are accounted for, in any order; they may overlap.

    >>> claims = Claims()
    >>> claims.add(0, 4, Part.LABEL)
    >>> claims.add_many([6, 9], [9, 12], Part.WORDS)
    >>> claims.gaps(14), len(list(claims))
    ([(4, 6), (12, 14)], 3)
    """

    __slots__ = ("_many", "_single")

    def __init__(self) -> None:
        self._single: list[tuple[int, int, Part]] = []
        self._many: list[tuple[Places, Places, Part]] = []

    def __iter__(self) -> Iterator[Claim]:
        yield from map(Claim._make, self._single)
        for starts, ends, part in self._many:
            yield from map(Claim, starts.tolist(), ends.tolist(), repeat(part))

    def add(self, start: int, end: int, part: Part) -> None:
        """Account for one range; an empty one accounts for nothing."""
        if start < end:
            self._single.append((start, end, part))

    def add_many(self, starts: Sequence[int] | Places, ends: Sequence[int] | Places, part: Part) -> None:
        """Account for many ranges of one kind, of which none is empty."""
        self._many.append((np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64), part))

    def gaps(self, n_chars: int) -> list[tuple[int, int]]:
        """The ranges of a source of `n_chars` characters that nobody has claimed, in order."""
        firsts, lasts, _ = zip(*self._single, strict=True) if self._single else ((), (), ())
        starts = np.concatenate([np.asarray(firsts, dtype=np.int64), *(each for each, _, _ in self._many)])
        ends = np.concatenate([np.asarray(lasts, dtype=np.int64), *(each for _, each, _ in self._many)])
        order = np.argsort(starts, kind="stable")
        done = np.concatenate([[0], np.maximum.accumulate(ends[order])])
        begins = np.concatenate([starts[order], [n_chars]])
        open_ = np.flatnonzero(begins > done)
        return list(zip(done[open_].tolist(), begins[open_].tolist(), strict=True))
