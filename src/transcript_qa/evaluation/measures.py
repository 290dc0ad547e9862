"""Measures of retrieval, answers, citations and abstention; bootstrap intervals and a paired test.

Every measure states what it is where nothing can be measured. Retrieval measures agree with trec_eval and ir_measures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np

from transcript_qa.text import keywords

Entailment = Callable[[str, Sequence[str]], bool]
N_RESAMPLES = 2000
_SEED = 20_240_319


def success_at(ranked: Sequence[str], qrels: Mapping[str, int], k: int) -> float:
    """1 where any of the first k is relevant, else 0; 0 where nothing is relevant.

    >>> success_at(["a", "b"], {"b": 1}, 1), success_at(["a", "b"], {"b": 1}, 2)
    (0.0, 1.0)
    """
    return float(any(qrels.get(one, 0) > 0 for one in ranked[:k]))


def recall_at(ranked: Sequence[str], qrels: Mapping[str, int], k: int) -> float:
    """The share of what is relevant that is among the first k; 0 where nothing is relevant.

    >>> recall_at(["a", "b", "c"], {"a": 1, "c": 1, "x": 1, "y": 0}, 3)
    0.6666666666666666
    """
    relevant = {one for one, grade in qrels.items() if grade > 0}
    return len(relevant.intersection(ranked[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], qrels: Mapping[str, int]) -> float:
    """1 / rank of the first relevant one; 0 where none is found.

    >>> reciprocal_rank(["a", "b"], {"b": 1})
    0.5
    """
    return next((1 / rank for rank, one in enumerate(ranked, start=1) if qrels.get(one, 0) > 0), 0.0)


def ndcg_at(ranked: Sequence[str], qrels: Mapping[str, int], k: int) -> float:
    """Discounted gain of the first k over that of the best order (Järvelin and Kekäläinen 2002, gain as graded).

    0 where nothing is relevant.

    >>> round(ndcg_at(["a", "b"], {"b": 1}, 10), 4)
    0.6309
    """
    ideal = sorted((grade for grade in qrels.values() if grade > 0), reverse=True)[:k]
    best = sum(grade / log2(rank + 1) for rank, grade in enumerate(ideal, start=1))
    gained = sum(max(0, qrels.get(one, 0)) / log2(rank + 1) for rank, one in enumerate(ranked[:k], start=1))
    return gained / best if best else 0.0


def token_f1(given: str, expected: str) -> float:
    """Harmonic mean of precision and recall of the words, as SQuAD has it; 1 where both are empty, 0 where one is.

    >>> token_f1("a loan of 240 million", "240 million crowns")
    0.5714285714285714
    """
    ours, theirs = Counter(keywords(given, stop=False)), Counter(keywords(expected, stop=False))
    # Articles are no words of an answer.
    for article in ("a", "an", "the"):
        del ours[article], theirs[article]
    common = (ours & theirs).total()
    if not ours or not theirs:
        return float(not ours and not theirs)
    return 2 * common / (ours.total() + theirs.total())


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationScores:
    """Citation recall and precision of one answer, after ALCE (Gao et al. 2023), section 4.

    Attributes:
        recall: the share of statements that what they cite, all together, bears out; None where there is no statement.
        precision: the share of citations that bear their statement out, alone or as one that is needed; None where
            there
            is none.
    """

    recall: float | None
    precision: float | None


def citation_scores(entails: Sequence[tuple[str, Sequence[str]]], supports: Entailment) -> CitationScores:
    """Citation recall and precision.

    Args:
        entails: each statement of an answer, with the passages that it cites.
        supports: whether passages together bear a statement out.
    """
    n_borne_out, n_good, n_citations = 0, 0, 0
    for statement, cited in entails:
        whole = bool(cited) and supports(statement, cited)
        n_borne_out += whole
        n_citations += len(cited)
        for n, one in enumerate(cited):
            others = [*cited[:n], *cited[n + 1 :]]
            # Of no use is one that does not bear the statement out while the rest does without it.
            useless = not supports(statement, [one]) and bool(others) and supports(statement, others)
            n_good += whole and not useless
    return CitationScores(
        recall=n_borne_out / len(entails) if entails else None,
        precision=n_good / n_citations if n_citations else None,
    )


def calibration_error(confidences: Sequence[float], right: Sequence[bool], *, n_bins: int = 10) -> float | None:
    """Expected calibration error over bins of equal width; None where there is no answer.

    >>> round(calibration_error([0.95, 0.85, 0.15], [True, True, False]), 3)
    0.117
    """
    if not confidences:
        return None
    sure, hit = np.asarray(confidences, dtype=float), np.asarray(right, dtype=float)
    bins = np.minimum((sure * n_bins).astype(int), n_bins - 1)
    gaps = [
        abs(sure[bins == n].mean() - hit[bins == n].mean()) * (bins == n).sum()
        for n in range(n_bins)
        if (bins == n).any()
    ]
    return float(sum(gaps) / len(sure))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean over questions with its 95 % bootstrap interval; `n` questions had the measure."""

    mean: float
    low: float
    high: float
    n: int


def bootstrap_mean(values: Sequence[float], *, n_resamples: int = N_RESAMPLES) -> Mean | None:
    """Mean and percentile interval, the same on every run; None without values.

    >>> bootstrap_mean([1.0, 1.0]) == Mean(mean=1.0, low=1.0, high=1.0, n=2)
    True
    """
    if not values:
        return None
    data = np.asarray(values, dtype=float)
    rng = np.random.default_rng(_SEED)
    means = data[rng.integers(len(data), size=(n_resamples, len(data)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Mean(mean=float(data.mean()), low=float(low), high=float(high), n=len(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """The mean difference of two runs over the same questions.

    Attributes:
        difference: this run's mean less the other's.
        low, high: 95 % bootstrap interval of it.
        p: of a two-sided sign-flip randomisation test; 1 where no question differs.
        n: questions in both.
    """

    difference: float
    low: float
    high: float
    p: float
    n: int


def paired_test(now: Sequence[float], before: Sequence[float], *, n_resamples: int = N_RESAMPLES) -> Paired:
    """Compare two runs question by question; the same on every run."""
    differences = np.asarray(now, dtype=float) - np.asarray(before, dtype=float)
    interval = bootstrap_mean(differences.tolist(), n_resamples=n_resamples)
    if interval is None:
        return Paired(difference=0.0, low=0.0, high=0.0, p=1.0, n=0)
    signs = np.random.default_rng(_SEED).choice([-1.0, 1.0], size=(n_resamples, len(differences)))
    flipped = np.abs((signs * differences).mean(axis=1))
    extreme = int((flipped >= abs(interval.mean) - 1e-12).sum())
    p = (extreme + 1) / (n_resamples + 1)
    return Paired(difference=interval.mean, low=interval.low, high=interval.high, p=min(1.0, p), n=interval.n)
