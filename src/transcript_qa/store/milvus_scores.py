"""What a passage found by its words is worth: BM25 as the local store has it, worked out here.

Engines differ in it: one gives it below zero, one counts among the rows that pass a condition only, all weigh words
that are in many passages otherwise than SQLite does. So an engine finds passages, and the scores are made here, from
three things that hold for the whole archive: how many passages there are, how long they are, and in how many a word is.
They do not depend on what a search is narrowed to, and mean the same as those of a local index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import log

from transcript_qa.store.milvus_engine import Engine
from transcript_qa.store.milvus_heads import Heads
from transcript_qa.store.milvus_schema import passages_of

_K1, _B = 1.2, 0.75
# As in SQLite: a word in half of all passages or more is worth next to nothing, and not less.
_LEAST = 1e-6


class WordScores:
    """The scores of one archive. How many passages a word is in is kept for as long as the archive does not change."""

    def __init__(self, engine: Engine, heads: Heads) -> None:
        self._engine = engine
        self._heads = heads
        self._counted: tuple[object, dict[str, int]] = (None, {})

    def scorer(self, words: Iterable[str]) -> Callable[[str], float]:
        """What gives the words of a passage, as they are indexed, their score for these words of a query."""
        listing = self._heads.current()
        state, counted = self._counted
        if state != listing.state:
            counted = {}
            self._counted = listing.state, counted
        weights: list[tuple[str, str, float]] = []
        for word in words:
            if word not in counted:
                condition = f"text_match(words, '{word}')"
                counted[word] = self._engine.count(passages_of(self._engine.address), condition)
            weights.append((word, f" {word} ", _weight(listing.n_passages, counted[word])))
        average = listing.n_words / max(listing.n_passages, 1)

        def score(text: str) -> float:
            padded = f" {text} "
            length = padded.count(" ") - 1
            found: Sequence[str] = ()
            total = 0.0
            for word, between, weight in weights:
                if between in padded:
                    found = found or text.split(" ")
                    times = found.count(word)
                    total += weight * times * (_K1 + 1) / (times + _K1 * (1 - _B + _B * length / max(average, 1)))
            return total

        return score


def _weight(n: int, n_with: int) -> float:
    """The inverse document frequency of a word that `n_with` of `n` passages have."""
    return max(log((n - n_with + 0.5) / (n_with + 0.5)), _LEAST) if n_with <= n else _LEAST
