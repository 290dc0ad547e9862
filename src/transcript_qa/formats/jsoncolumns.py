"""The fields of a long list of objects, each as one list: times, labels and words of all of them at once.

What is found is what `segments` finds for one object; only the way is shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise
from operator import itemgetter, ne
from typing import Any

import numpy as np

from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.columns import Held
from transcript_qa.formats.jsonscan import LONE_SURROGATE, Range, as_text
from transcript_qa.formats.segments import MAX_SECONDS, MOST_WORDS, PAUSE_S, SENTENCE_ENDS, label_of, time_of

_TWO_DIGITS = tuple(f"{number:02d}" for number in range(60))
_ENDS = frozenset(SENTENCE_ENDS)
_MICRO = 1e6
# Nearer than this to the middle between two microseconds, only decimal arithmetic rounds right.
_NEAR_MIDDLE = 0.49


def are_objects(listed: Sequence[Any]) -> bool:
    """Whether a list holds objects only, and at least one."""
    return set(map(type, listed)) == {dict}


def column(listed: Sequence[dict[str, Any]], key: str) -> list[Any]:
    """The value of `key` in each object, None where there is none."""
    try:
        return list(map(itemgetter(key), listed))
    except KeyError:
        return [one.get(key) for one in listed]


def are_texts(values: Iterable[Any]) -> bool:
    """Whether all values are strings."""
    return set(map(type, values)) <= {str}


def texts_of(values: Sequence[str]) -> list[str]:
    """JSON strings as text that can be stored, without white space at the ends."""
    joined = "".join(values)
    if not joined.isascii() and LONE_SURROGATE.search(joined) is not None:
        values = list(map(as_text, values))
    return list(map(str.strip, values))


def labels_of(values: Sequence[Any]) -> list[str]:
    """Speakers' labels, as `label_of` finds each."""
    if set(map(type, values)) <= {str, type(None)}:
        known = {value: label_of(value) for value in set(values)}
        return list(map(known.__getitem__, values))
    return list(map(label_of, values))


def times_of(values: Sequence[Any], *, unit_s: float = 1.0) -> list[float | None]:
    """Seconds, as `time_of` finds each.

    >>> times_of([0, 3.1, 2.5000004]), times_of([3120, None], unit_s=0.001)
    ([0.0, 3.1, 2.5], [3.12, None])
    """
    if not set(map(type, values)) <= {int, float}:
        return [time_of(value, unit_s=unit_s) for value in values]
    try:
        seconds = np.array(values, dtype=np.float64) * unit_s
    except OverflowError:
        return [time_of(value, unit_s=unit_s) for value in values]
    if not ((seconds >= 0) & (seconds < MAX_SECONDS)).all():
        return [time_of(value, unit_s=unit_s) for value in values]
    micros = seconds * _MICRO
    whole = np.rint(micros)
    found: list[float | None] = (whole / _MICRO).tolist()
    for number in np.flatnonzero(np.abs(micros - whole) > _NEAR_MIDDLE).tolist():
        found[number] = time_of(values[number], unit_s=unit_s)
    return found


def clocks(seconds: Sequence[float | None]) -> list[str | None]:
    """Each time as `HH:MM:SS`, rounded down; None where there is none.

    >>> clocks([3723.99, None])
    ['01:02:03', None]
    """
    wholes = [None if at is None else int(at) for at in seconds]
    minutes = {whole // 60 for whole in wholes if whole is not None}
    fronts = {minute: f"{minute // 60:02d}:{minute % 60:02d}:" for minute in minutes}
    return [None if whole is None else fronts[whole // 60] + _TWO_DIGITS[whole % 60] for whole in wholes]


@dataclass(slots=True)
class Rows:
    """Segments or words, a list for each field of `segments.Segment`; no place, for all are in one."""

    labels: list[str]
    texts: list[str]
    starts_s: list[float | None]
    ends_s: list[float | None]

    def with_text(self) -> Rows:
        """Those that say something."""
        if all(self.texts):
            return self
        return Rows(
            list(compress(self.labels, self.texts)),
            list(filter(None, self.texts)),
            list(compress(self.starts_s, self.texts)),
            list(compress(self.ends_s, self.texts)),
        )


def add_turns(builder: Builder, rows: Rows, addresses: Sequence[str], place: Range) -> None:
    """Add a turn for each row, with a mark where it has a start; `place` is the range of them all."""
    builder.claim(*place, Part.WORDS)
    addresses = list(compress(addresses, rows.texts))
    rows = rows.with_text()
    n_pieces = len(builder.columns.texts)
    builder.columns.open_many(
        rows.labels,
        range(n_pieces, n_pieces + len(rows.texts)),
        starts_s=rows.starts_s,
        ends_s=rows.ends_s,
        addresses=addresses,
    )
    builder.columns.add_many(rows.texts, "\n\n", _held(rows, addresses))


def add_rows(builder: Builder, rows: Rows, place: Range) -> None:
    """Add segments as `segments.add_segments` does; `place` is the range of them all."""
    builder.claim(*place, Part.WORDS)
    rows = rows.with_text()
    columns, addresses = builder.columns, clocks(rows.starts_s)
    opens = [n for n, pair in enumerate(pairwise([builder.speaking, *rows.labels])) if pair[0] != pair[1]]
    edges = [*opens, len(rows.texts)]
    if edges[0]:
        columns.until(_latest(rows.ends_s[: edges[0]]))
    columns.open_many(
        [rows.labels[n] for n in opens],
        [len(columns.texts) + n for n in opens],
        starts_s=[rows.starts_s[n] for n in opens],
        ends_s=[_latest(rows.ends_s[a:b]) for a, b in pairwise(edges)],
        addresses=[addresses[n] for n in opens],
    )
    columns.add_many(rows.texts, " ", _held(rows, addresses))


def _held(rows: Rows, addresses: Sequence[str | None]) -> list[Held | None]:
    held: list[Held | None] = list(zip(rows.starts_s, rows.ends_s, addresses, strict=True))
    if None in rows.starts_s:
        held = [None if start_s is None else each for start_s, each in zip(rows.starts_s, held, strict=True)]
    return held


def _latest(ends_s: Sequence[float | None]) -> float | None:
    return max((end_s for end_s in ends_s if end_s is not None), default=None)


def sentences(words: Rows, firsts: Iterable[int]) -> Rows:
    """Words as the segments that `segments.add_words` makes of them.

    Args:
        words: with no white space at their ends.
        firsts: numbers of words that begin a segment in any case.
    """
    texts, starts_s, ends_s = words.texts, words.starts_s, words.ends_s
    n_words = len(texts)
    cut = np.fromiter((text[-1:] in _ENDS for text in texts), dtype=bool, count=n_words)
    pauses = np.array(starts_s[1:], dtype=np.float64) - np.array(ends_s[:-1], dtype=np.float64)
    cut[:-1] |= pauses > PAUSE_S
    cut[:-1] |= np.fromiter(map(ne, words.labels, words.labels[1:]), dtype=bool, count=max(0, n_words - 1))
    begins = sorted({0, *(np.flatnonzero(cut[:-1]) + 1).tolist(), *firsts} - {n_words})
    bounds = [
        (at, min(at + MOST_WORDS, end))
        for begin, end in pairwise([*begins, n_words])
        for at in range(begin, end, MOST_WORDS)
    ]
    return Rows(
        [words.labels[begin] for begin, _ in bounds],
        [" ".join(texts[begin:end]).strip() for begin, end in bounds],
        [next((at for at in starts_s[begin:end] if at is not None), None) for begin, end in bounds],
        [next((at for at in reversed(ends_s[begin:end]) if at is not None), None) for begin, end in bounds],
    )
