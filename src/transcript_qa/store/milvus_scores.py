"""What a passage found by its words is worth: BM25 as the local store has it, worked out here.

Engines differ in it: one gives it below zero, one counts among the rows that pass a condition only, all weigh words
that are in many passages otherwise than SQLite does. So an engine finds passages, and the scores are made here, from
three things that hold for the whole archive: how many passages there are, how long they are, and in how many a word is.
They do not depend on what a search is narrowed to, and mean the same as those of a local index.
"""

from __future__ import annotations

from collections.abc import Sequence
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

    def scores(self, words: Sequence[str], texts: Sequence[str]) -> list[float]:
        """What passages are worth for the different words of a query; `texts` are their words as they are indexed."""
        # With two spaces between words, one that follows itself is counted twice.
        padded = [f" {text.replace(' ', '  ')} " for text in texts]
        lengths = [text.count(" ") + 1 for text in texts]
        listing = self._heads.current()
        average = listing.n_words / max(listing.n_passages, 1)
        damping = [_K1 * (1 - _B + _B * length / max(average, 1)) for length in lengths]
        totals = [0.0] * len(texts)
        for word in words:
            between = f" {word} "
            times = [text.count(between) for text in padded]
            if not any(times):
                continue
            weight = _weight(listing.n_passages, self._n_with(word, listing.state)) * (_K1 + 1)
            for place, n in enumerate(times):
                if n:
                    totals[place] += weight * n / (n + damping[place])
        return totals

    def _n_with(self, word: str, state: object) -> int:
        """How many passages a word is in."""
        if self._counted[0] != state:
            self._counted = state, {}
        counted = self._counted[1]
        if word not in counted:
            condition = f"text_match(words, '{word}')"
            counted[word] = self._engine.count(passages_of(self._engine.address), condition)
        return counted[word]


def _weight(n: int, n_with: int) -> float:
    """The inverse document frequency of a word that `n_with` of `n` passages have."""
    return max(log((n - n_with + 0.5) / (n_with + 0.5)), _LEAST) if n_with <= n else _LEAST
