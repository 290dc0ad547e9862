from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import log

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from builders import make_passages, make_transcript
from transcript_qa.datatypes import Hit, Why
from transcript_qa.reading.ranking import _highest, _with_neighbours, reranked, spread, with_rest

TALK = make_transcript("talk", [("ANN", f"Word number {n}.") for n in range(12)])


def hits_with(scores: list[float]) -> list[Hit]:
    passages = make_passages(TALK)
    return [
        Hit(passage=passage, title="Talk", score=score, rank=rank, why=Why())
        for rank, (passage, score) in enumerate(zip(passages, sorted(scores, reverse=True), strict=False), start=1)
    ]


some_hits = st.lists(st.floats(0.01, 10), min_size=1, max_size=12).map(hits_with)


@given(some_hits, st.data())
def test_reading_changes_the_order_and_nothing_else(hits: list[Hit], data: st.DataObject) -> None:
    odds = data.draw(st.lists(st.floats(-50, 50), min_size=len(hits), max_size=len(hits)))
    ranked = reranked(hits, odds)
    assert sorted(h.passage.id for h in ranked) == sorted(h.passage.id for h in hits)
    assert [h.rank for h in ranked] == list(range(1, len(hits) + 1))
    assert all(a.score >= b.score for a, b in pairwise(ranked))


@given(some_hits, st.floats(0.1, 50))
def test_the_scale_of_the_search_makes_no_difference(hits: list[Hit], scale: float) -> None:
    odds = [float(i % 3) for i in range(len(hits))]
    scaled = [replace(hit, score=hit.score * scale) for hit in hits]
    assert [h.passage.id for h in reranked(scaled, odds)] == [h.passage.id for h in reranked(hits, odds)]


def test_what_bears_on_the_question_comes_before_what_does_not() -> None:
    hits = hits_with([1.0, 0.9, 0.8, 0.7])
    assert reranked(hits, [-8.0, -8.0, -8.0, 8.0])[0].passage.id == hits[3].passage.id


def test_a_passage_beside_one_that_bears_on_the_question_comes_before_one_elsewhere() -> None:
    hits = hits_with([1.0] * 12)
    ranked = reranked(hits, [8.0 if hit.passage.turns[0] == 5 else -8.0 for hit in hits])
    assert {h.passage.turns[0] for h in ranked[1:3]} == {4, 6}


def test_on_a_topic_reading_goes_on_with_what_was_begun() -> None:
    hits = hits_with([1.0] * 12)
    odds = [8.0 if hit.passage.turns[0] == 5 else -0.5 if hit.passage.turns[0] == 9 else -8.0 for hit in hits]

    def turns(on_a_topic: bool) -> list[int]:
        return [hit.passage.turns[0] for hit in reranked(hits, odds, on_a_topic=on_a_topic)]

    assert turns(False)[:2] == [5, 9]
    assert turns(True)[0] == 5
    assert turns(True)[1] in (4, 6)


def test_on_a_topic_a_greater_share_of_evidence_outweighs_the_search() -> None:
    hits = [hit for hit in hits_with([1.0] * 9) if hit.passage.turns[0] in (1, 7)]
    hits = [replace(hits[0], score=1.0), replace(hits[1], score=0.7)]
    odds = [log(0.05 / 0.95), log(0.25 / 0.75)]
    first = {topic: reranked(hits, odds, on_a_topic=topic)[0].passage for topic in (True, False)}
    assert first == {True: hits[1].passage, False: hits[0].passage}


def test_neighbours_of_neighbours_have_their_own_share() -> None:
    beside = np.array([[abs(i - j) == 1 for j in range(4)] for i in range(4)])
    chance = np.array([1.0, 0.0, 0.0, 0.5])
    np.testing.assert_allclose(_with_neighbours(chance, beside, (0.5, 0.25)), [1.0, 0.5 + 0.125, 0.25 + 0.25, 0.5])
    np.testing.assert_allclose(_with_neighbours(chance, beside, (0.5,)), [1.0, 0.5, 0.25, 0.5])


def test_what_was_not_read_comes_after_what_was() -> None:
    hits = hits_with([4.0, 3.0, 2.0, 1.0])
    both = with_rest(reranked(hits[:2], [-5.0, 5.0]), hits[2:])
    assert [h.passage.id for h in both[2:]] == [h.passage.id for h in hits[2:]]
    assert [h.rank for h in both] == [1, 2, 3, 4]
    assert all(a.score >= b.score for a, b in pairwise(both))
    assert with_rest([], hits) == hits


def test_on_a_topic_the_second_and_those_behind_the_fifth_go_on_with_what_was_begun() -> None:
    scores = [1.0, 0.3, 0.2, 0.25, 0.1, 0.9, 0.8, 0.7, 0.6]
    around = [1.0, 0.9, 0.8, 0.7, 0.2, 0.3, 0.3, 0.3, 0.3]

    def order(around: list[float] | None) -> list[int]:
        return [place for place, _ in spread(scores, lambda i, j: abs(i - j) == 1, k=9, penalty=0.15, around=around)]

    assert order(None) == [0, 5, 6, 8, 7, 1, 3, 2, 4]
    assert order(around) == [0, 1, 5, 7, 6, 2, 3, 8, 4]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=40), st.integers(1, 40), st.booleans())
def test_spreading_chooses_each_once_and_scores_never_rise(
    both: list[tuple[float, float]], k: int, on_a_topic: bool
) -> None:
    around = [wide for _, wide in both] if on_a_topic else None
    chosen = spread([s for s, _ in both], lambda i, j: abs(i - j) == 1, k=k, penalty=0.1, around=around)
    places = [place for place, _ in chosen]
    assert len(places) == min(k, len(both)) == len(set(places))
    assert all(a >= b for (_, a), (_, b) in pairwise(chosen))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0, 0.5))
def test_looking_no_further_than_needed_finds_the_highest(scores: list[float], penalty: float) -> None:
    places = sorted(range(len(scores)), key=lambda i: -scores[i])

    def lowered(i: int) -> float:
        return scores[i] - penalty * (i % 3)

    assert _highest(places, scores, lowered)[1] == max(map(lowered, places))
