"""How fast indexing goes, and how long what is left will take."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter


class Pace:
    """Counts words and the bytes of their files.

    The clock starts with the first that is told: what was before it, loading the model, says nothing of what is left.

    Args:
        n_bytes: of all files that are to be read.
        clock: seconds from any time on.
    """

    def __init__(self, n_bytes: int, *, clock: Callable[[], float] = perf_counter) -> None:
        self._n_bytes = n_bytes
        self._clock = clock
        self._first: tuple[float, float, float] | None = None
        self._last: tuple[float, float, float] | None = None

    def reached(self, *, n_words: float, n_bytes: float) -> None:
        """So many words have been embedded since the start, from files of so many bytes."""
        self._last = self._clock(), n_words, n_bytes
        self._first = self._first or self._last

    @property
    def words_per_s(self) -> float | None:
        """Words a second, None before there are two points to tell it from."""
        seconds, n_words, _ = self._since()
        return n_words / seconds if seconds > 0 and n_words > 0 else None

    @property
    def left_s(self) -> float | None:
        """Seconds until all bytes are done, at the pace so far; None as above."""
        seconds, _, n_bytes = self._since()
        if self._last is None or seconds <= 0 or n_bytes <= 0:
            return None
        return max(0.0, self._n_bytes - self._last[2]) * seconds / n_bytes

    def _since(self) -> tuple[float, float, float]:
        if self._first is None or self._last is None:
            return 0.0, 0.0, 0.0
        (at, n_words, n_bytes), (now, words_now, bytes_now) = self._first, self._last
        return now - at, words_now - n_words, bytes_now - n_bytes
