"""The order of passages: which stand side by side, how the first are spread, and what changes once they were read.

When passages have been read, the reader's log-odds that one bears on the question become a chance, of which each takes
in a share of its neighbours' (evidence runs on over several passages), and which is added to the score of the search.
The weights were chosen on QMSum val (benchmarks/README.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import exp

from transcript_qa.datatypes import Hit, Passage

BEARING_WEIGHT = 0.5
NEIGHBOUR_SHARE = 0.25
CROWDING_PENALTY = 0.5
# The fourth and the fifth: the first three are the best there are, and the first five not all of one place.
_SPREAD_RANKS = range(3, 5)
_MOST_BETWEEN_CHARS = 200


def adjacent(one: Passage, other: Passage) -> bool:
    """Whether two passages follow each other in one transcript."""
    if one.transcript_id != other.transcript_id or one.id == other.id:
        return False
    left, right = (one, other) if one.span.start <= other.span.start else (other, one)
    return right.turns[0] - left.turns[1] <= 1 and right.span.start - left.span.end <= _MOST_BETWEEN_CHARS


def spread(
    scores: Sequence[float], beside: Callable[[int, int], bool], *, k: int, penalty: float
) -> list[tuple[int, float]]:
    """The k best in order, the fourth and fifth so that those beside what is chosen already step back.

    Args:
        scores: of each, higher is better; ties in order.
        beside: whether two of them, by their places in `scores`, stand side by side.
        k: how many at most.
        penalty: what one loses for each that is chosen and stands beside it.

    Returns:
        Places in `scores`, each with a score that never rises.
    """
    left = sorted(range(len(scores)), key=lambda i: -scores[i])
    chosen: list[tuple[int, float]] = []

    def crowded(i: int) -> float:
        return scores[i] - penalty * sum(beside(i, j) for j, _ in chosen)

    while left and len(chosen) < k:
        best, score = left[0], scores[left[0]]
        if len(chosen) in _SPREAD_RANKS:
            score = crowded(best)
            for other in left[1 : 3 * k]:
                # Stepping back never raises a score, and from here on all are lower.
                if scores[other] <= score:
                    break
                if (rival := crowded(other)) > score:
                    best, score = other, rival
        left.remove(best)
        chosen.append((best, min(score, chosen[-1][1]) if chosen else score))
    return chosen


def reranked(hits: Sequence[Hit], bearing: Sequence[float]) -> list[Hit]:
    """The hits by search and reader together, best first; ties in the order given.

    Args:
        hits: as the search gave them, best first.
        bearing: the log-odds that each bears on the question.
    """
    if not hits:
        return []
    passages = [hit.passage for hit in hits]
    chance = [1 / (1 + exp(-max(-30.0, odds))) for odds in bearing]
    best = max(hit.score for hit in hits) or 1.0

    def beside(i: int, j: int) -> bool:
        return adjacent(passages[i], passages[j])

    scores = [
        hit.score / best
        + BEARING_WEIGHT * (own + NEIGHBOUR_SHARE * sum(c for j, c in enumerate(chance) if beside(i, j)))
        for i, (hit, own) in enumerate(zip(hits, chance, strict=True))
    ]
    ordered = spread(scores, beside, k=len(hits), penalty=CROWDING_PENALTY)
    return [replace(hits[i], score=score, rank=rank) for rank, (i, score) in enumerate(ordered, start=1)]


def with_rest(ranked: Sequence[Hit], rest: Sequence[Hit]) -> list[Hit]:
    """Hits that were read, and after them others that were not; scores never rise."""
    lowest = min((hit.score for hit in ranked), default=float("inf"))
    lowered = [replace(hit, score=min(hit.score, lowest)) for hit in rest]
    return [replace(hit, rank=rank) for rank, hit in enumerate((*ranked, *lowered), start=1)]
