"""The order of passages: which stand side by side, how the first are spread, and what changes once they were read.

How each is chosen stands in `_ORDER`: the first three are the best there are, and the first five not all of one place.
A question on a topic has `_ORDER_ON_A_TOPIC`: the second is more of what the first is of, those behind the fifth go on
with what was begun.

When passages have been read, the reader's log-odds that one bears on the question become a chance, of which each takes
in a share of its neighbours' (evidence runs on over several passages), and which is added to the score of the search
(`_READ`). On a topic another network reads, whose chances are the shares of a passage that are evidence: they are
lower, and count for more (`_READ_ON_A_TOPIC`). The weights were chosen on QMSum val (benchmarks/README.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import Hit, Passage

NEIGHBOUR_SHARES = (0.25,)
"""Of the passages right before and after a passage; of those one further away, and so on. For search and reader."""
NEIGHBOUR_SHARES_ON_A_TOPIC = (0.5, 0.25)
"""The same on a topic, for the search."""
_MOST_BETWEEN_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blend:
    """How what the reader says is put together with the search.

    Attributes:
        bearing: what a certain passage gets beside the best score of the search, which is 1.
        crowding: what one loses for each chosen that stands beside it.
        around: shares of neighbours for the ranks that go by what stands around; None where no rank does.
    """

    bearing: float
    crowding: float
    around: tuple[float, ...] | None


_READ = _Blend(bearing=0.8, crowding=0.4, around=None)
_READ_ON_A_TOPIC = _Blend(bearing=3.0, crowding=0.8, around=(0.7, 0.4))


class _By(Enum):
    """By what the next passage is chosen."""

    SCORE = "its score"
    SPREAD = "its score, lower beside what is chosen already"
    AROUND = "what stands around it too"


_ORDER = (_By.SCORE, _By.SCORE, _By.SCORE, _By.SPREAD, _By.SPREAD, _By.SCORE)
"""For each rank; the last is for all that come after."""
_ORDER_ON_A_TOPIC = (_By.SCORE, _By.AROUND, _By.SPREAD, _By.SPREAD, _By.SPREAD, _By.AROUND)


def adjacent(one: Passage, other: Passage) -> bool:
    """Whether two passages follow each other in one transcript."""
    if one.transcript_id != other.transcript_id or one.id == other.id:
        return False
    left, right = (one, other) if one.span.start <= other.span.start else (other, one)
    return right.turns[0] - left.turns[1] <= 1 and right.span.start - left.span.end <= _MOST_BETWEEN_CHARS


def spread(
    scores: Sequence[float],
    beside: Callable[[int, int], bool],
    *,
    k: int,
    penalty: float,
    around: Sequence[float] | None = None,
) -> list[tuple[int, float]]:
    """The k best in order, some of the first five so that those beside what is chosen already step back.

    Args:
        scores: of each, higher is better; ties in order.
        beside: whether two of them, by their places in `scores`, stand side by side.
        k: how many at most.
        penalty: what one loses for each that is chosen and stands beside it, at least 0.
        around: for a question on a topic, scores that count more of what is said before and after.

    Returns:
        Places in `scores`, each with a score that never rises.
    """
    order, wide = (_ORDER, scores) if around is None else (_ORDER_ON_A_TOPIC, around)
    by_score = sorted(range(len(scores)), key=lambda i: -scores[i])
    by_wide = sorted(by_score, key=lambda i: -wide[i]) if around is not None else by_score.copy()
    chosen: list[tuple[int, float]] = []

    def crowded(i: int) -> float:
        return scores[i] - penalty * sum(beside(i, j) for j, _ in chosen)

    for rank in range(min(k, len(scores))):
        match order[min(rank, len(order) - 1)]:
            case _By.SCORE:
                best, score = by_score[0], scores[by_score[0]]
            case _By.SPREAD:
                best, score = _highest(by_score[: 3 * k], scores, crowded)
            case _By.AROUND:
                best, score = by_wide[0], wide[by_wide[0]]
        by_score.remove(best)
        by_wide.remove(best)
        chosen.append((best, min(score, chosen[-1][1]) if chosen else score))
    return chosen


def _highest(places: Sequence[int], scores: Sequence[float], lowered: Callable[[int], float]) -> tuple[int, float]:
    """Of places by falling score the one that is highest when lowered, and how high."""
    best, highest = places[0], lowered(places[0])
    for place in places[1:]:
        # From here on all are lower before they are lowered.
        if scores[place] <= highest:
            break
        if (score := lowered(place)) > highest:
            best, highest = place, score
    return best, highest


def reranked(hits: Sequence[Hit], bearing: Sequence[float], *, on_a_topic: bool = False) -> list[Hit]:
    """The hits by search and reader together, best first; ties in the order given.

    Args:
        hits: as the search gave them, best first.
        bearing: the log-odds that each bears on the question.
        on_a_topic: whether the question is one on a topic, which wants stretches of talk, and `bearing` is what the
            network for topics says.
    """
    if not hits:
        return []
    blend = _READ_ON_A_TOPIC if on_a_topic else _READ
    odds = np.clip(np.array(bearing, dtype=np.float64), -30.0, 30.0)
    chance = 1 / (1 + np.exp(-odds))
    beside = np.array([[adjacent(one.passage, other.passage) for other in hits] for one in hits])
    searched = np.array([hit.score for hit in hits])
    searched /= searched.max() or 1.0

    def together(shares: Sequence[float]) -> list[float]:
        scores: list[float] = (searched + blend.bearing * _with_neighbours(chance, beside, shares)).tolist()
        return scores

    ordered = spread(
        together(NEIGHBOUR_SHARES),
        lambda i, j: bool(beside[i, j]),
        k=len(hits),
        penalty=blend.crowding,
        around=None if blend.around is None else together(blend.around),
    )
    return [replace(hits[i], score=score, rank=rank) for rank, (i, score) in enumerate(ordered, start=1)]


def _with_neighbours(
    chance: NDArray[np.float64], beside: NDArray[np.bool_], shares: Sequence[float]
) -> NDArray[np.float64]:
    """Each chance with a share of those right beside it, of those one further away, and so on."""
    seen, found = np.eye(len(chance), dtype=np.bool_), chance.copy()
    reached = seen
    for share in shares:
        reached = (reached @ beside) & ~seen
        seen = seen | reached
        found += share * (reached @ chance)
    return found


def with_rest(ranked: Sequence[Hit], rest: Sequence[Hit]) -> list[Hit]:
    """Hits that were read, and after them others that were not; scores never rise."""
    lowest = min((hit.score for hit in ranked), default=float("inf"))
    lowered = [replace(hit, score=min(hit.score, lowest)) for hit in rest]
    return [replace(hit, rank=rank) for rank, hit in enumerate((*ranked, *lowered), start=1)]
