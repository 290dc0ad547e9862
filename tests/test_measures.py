from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcript_qa.evaluation.measures import (
    bootstrap_mean,
    calibration_error,
    citation_scores,
    ndcg_at,
    paired_test,
    recall_at,
    reciprocal_rank,
    success_at,
    token_f1,
)


def test_retrieval_measures_agree_with_ir_measures() -> None:
    ir = pytest.importorskip("ir_measures")
    rng = random.Random(3)
    documents = [f"d{n:02}" for n in range(40)]
    qrels = {f"q{n}": {d: rng.randint(0, 2) for d in rng.sample(documents, 9)} for n in range(25)}
    runs = {q: rng.sample(documents, rng.randint(1, 20)) for q in qrels}
    ours = {
        ir.Success @ 1: lambda run, rel: success_at(run, rel, 1),
        ir.Success @ 5: lambda run, rel: success_at(run, rel, 5),
        ir.R @ 8: lambda run, rel: recall_at(run, rel, 8),
        ir.RR: reciprocal_rank,
        ir.nDCG @ 8: lambda run, rel: ndcg_at(run, rel, 8),
    }
    scored = {q: {d: 1 / rank for rank, d in enumerate(run, start=1)} for q, run in runs.items()}
    n_compared = 0
    for found in ir.iter_calc(list(ours), qrels, scored):
        assert ours[found.measure](runs[found.query_id], qrels[found.query_id]) == pytest.approx(found.value), found
        n_compared += 1
    assert n_compared == len(ours) * len(qrels)


def contains(statement: str, passages: Sequence[str]) -> bool:
    return set(statement) <= set("".join(passages))


@pytest.mark.parametrize(
    ("statements", "recall", "precision"),
    [
        ([("ab", ["ab"])], 1.0, 1.0),
        ([("ab", ["a", "b"])], 1.0, 1.0),
        ([("ab", ["ab", "x"])], 1.0, 0.5),
        ([("ab", ["a"])], 0.0, 0.0),
        ([("ab", []), ("c", ["c"])], 0.5, 1.0),
        ([], None, None),
    ],
)
def test_citations_after_alce(
    statements: list[tuple[str, list[str]]], recall: float | None, precision: float | None
) -> None:
    scores = citation_scores(statements, contains)
    assert (scores.recall, scores.precision) == (recall, precision)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_an_interval_holds_its_mean_and_a_run_equals_itself(values: list[float]) -> None:
    mean = bootstrap_mean(values, n_resamples=200)
    assert mean is not None
    assert mean.low - 1e-9 <= mean.mean <= mean.high + 1e-9
    same = paired_test(values, values, n_resamples=50)
    assert (same.difference, same.p) == (0.0, 1.0)


def test_a_clear_difference_is_told_from_chance() -> None:
    assert paired_test([1.0] * 30, [0.0] * 30).p < 0.01
    assert paired_test([1.0, 0.0] * 15, [0.0, 1.0] * 15).p > 0.5


def test_empty_denominators() -> None:
    assert (success_at([], {}, 1), recall_at(["a"], {}, 1), reciprocal_rank([], {}), ndcg_at([], {}, 5)) == (0,) * 4
    assert (token_f1("", "the"), token_f1("x", "")) == (1.0, 0.0)
    assert calibration_error([], []) is None
    assert bootstrap_mean([]) is None
