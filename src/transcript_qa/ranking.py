"""The order of passages when they have been read: what the search found together with what the reader says.

The reader's log-odds that a passage bears on the question become a chance, of which each passage takes in a share of
its neighbours' (evidence runs on over several passages), and which is added to the score of the search. The weights
were chosen on QMSum train and val (benchmarks/README.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp

from transcript_qa.datatypes import Hit, Passage

BEARING_WEIGHT = 1.0
NEIGHBOUR_SHARE = 0.25


def reranked(hits: Sequence[Hit], bearing: Sequence[float]) -> list[Hit]:
    """The hits by search and reader together, best first; ties in the order given.

    Args:
        hits: as the search gave them, best first.
        bearing: the log-odds that each bears on the question.
    """
    if not hits:
        return []
    chance = [1 / (1 + exp(-max(-30.0, odds))) for odds in bearing]
    best = max(hit.score for hit in hits) or 1.0
    scores = [
        hit.score / best + BEARING_WEIGHT * (own + NEIGHBOUR_SHARE * _of_neighbours(hit.passage, hits, chance))
        for hit, own in zip(hits, chance, strict=True)
    ]
    order = sorted(range(len(hits)), key=lambda i: -scores[i])
    return [replace(hits[i], score=scores[i], rank=rank) for rank, i in enumerate(order, start=1)]


def with_rest(ranked: Sequence[Hit], rest: Sequence[Hit]) -> list[Hit]:
    """Hits that were read, and after them others that were not; scores never rise."""
    lowest = min((hit.score for hit in ranked), default=None)
    lowered = [hit if lowest is None else replace(hit, score=min(hit.score, lowest)) for hit in rest]
    return [replace(hit, rank=rank) for rank, hit in enumerate((*ranked, *lowered), start=1)]


def _of_neighbours(passage: Passage, hits: Sequence[Hit], chance: Sequence[float]) -> float:
    return sum(
        one
        for hit, one in zip(hits, chance, strict=True)
        if hit.passage.transcript_id == passage.transcript_id
        and (hit.passage.turns[0] - passage.turns[1] in (0, 1) or passage.turns[0] - hit.passage.turns[1] in (0, 1))
        and hit.passage.id != passage.id
    )
