"""The order of passages when they have been read: what the search found together with what the reader says.

The reader's log-odds that a passage bears on the question become a chance, of which each passage takes in a share of
its neighbours' (evidence runs on over several passages), and which is added to the score of the search. The fourth and
fifth step away from what is chosen already, so that the first five are not all of one place. The weights were chosen on
QMSum val (benchmarks/README.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import exp, inf

from transcript_qa.datatypes import Hit, Passage

BEARING_WEIGHT = 0.5
NEIGHBOUR_SHARE = 0.25
CROWDING_PENALTY = 0.5
_SPREAD_RANKS = range(3, 5)


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
    return with_rest([replace(hits[i], score=score) for i, score in _spread(hits, scores)], ())


def _spread(hits: Sequence[Hit], scores: Sequence[float]) -> Iterator[tuple[int, float]]:
    """Which hit comes next, each with a score that never rises."""
    left = sorted(range(len(hits)), key=lambda i: -scores[i])
    chosen: list[int] = []
    lowest = inf
    while left:
        best = left[0]
        if len(chosen) in _SPREAD_RANKS:
            best = max(left, key=lambda i: scores[i] - CROWDING_PENALTY * _n_beside(hits[i].passage, hits, chosen))
        left.remove(best)
        chosen.append(best)
        lowest = min(lowest, scores[best])
        yield best, lowest


def _n_beside(passage: Passage, hits: Sequence[Hit], chosen: Sequence[int]) -> int:
    return sum(_adjacent(passage, hits[i].passage) for i in chosen)


def with_rest(ranked: Sequence[Hit], rest: Sequence[Hit]) -> list[Hit]:
    """Hits that were read, and after them others that were not; scores never rise."""
    lowest = min((hit.score for hit in ranked), default=None)
    lowered = [hit if lowest is None else replace(hit, score=min(hit.score, lowest)) for hit in rest]
    return [replace(hit, rank=rank) for rank, hit in enumerate((*ranked, *lowered), start=1)]


def _of_neighbours(passage: Passage, hits: Sequence[Hit], chance: Sequence[float]) -> float:
    return sum(one for hit, one in zip(hits, chance, strict=True) if _adjacent(passage, hit.passage))


def _adjacent(one: Passage, other: Passage) -> bool:
    gaps = (other.turns[0] - one.turns[1], one.turns[0] - other.turns[1])
    return one.transcript_id == other.transcript_id and one.id != other.id and any(gap in (0, 1) for gap in gaps)
