"""Which sentences of the passages answer a question, and whether any does.

The seam is `Reader`: passages in, sentences with scores out. `EvidenceReader` weighs what features.py tells of each
sentence by the weights in data/reader.json, found by training/reader.py on questions with known answers; it runs on
the embedding model alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import Hit, Transcript
from transcript_qa.embed import Embedder
from transcript_qa.features import (
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    Candidate,
    candidates,
    describe,
    question_features,
)

# Below this chance nothing is quoted. Of the sample corpus's everyday questions 78 % of the unanswerable are declined
# and 6 % of the answerable refused (benchmarks/README.md).
THRESHOLD = 0.1
_MAX_SENTENCES = 3
_JOINING_MARGIN = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSentence:
    """A sentence and how well it answers; `score` is comparable within one reading only."""

    candidate: Candidate
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What reading the passages gave.

    Attributes:
        sentences: best first.
        confidence: 0 to 1, the chance that the best of them answers.
    """

    sentences: tuple[ReadSentence, ...]
    confidence: float


class Reader(Protocol):
    """Reads passages for a question."""

    def read(
        self,
        question: str,
        hits: Sequence[Hit],
        transcripts: dict[str, Transcript],
        *,
        speakers: frozenset[tuple[str, str]] | None = None,
    ) -> Reading:
        """The sentences of the hits, best first.

        Args:
            question: in words.
            hits: the passages to read.
            transcripts: those of all hits, by id.
            speakers: (transcript id, label) of those whose words may answer; None for everyone.
        """
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear weight for each feature, and what is added.

    Attributes:
        sentence: (len(SENTENCE_FEATURES),).
        question: (len(QUESTION_FEATURES),).
        question_bias: so that the logistic of the weighed sum is the chance that the best sentence answers.
    """

    sentence: NDArray[np.float64]
    question: NDArray[np.float64]
    question_bias: float


@lru_cache(maxsize=1)
def shipped_weights() -> Weights:
    """The weights that come with the package."""
    stored = json.loads((files("transcript_qa") / "data" / "reader.json").read_text("utf-8"))
    return Weights(
        np.array([stored["sentence"][name] for name in SENTENCE_FEATURES]),
        np.array([stored["question"][name] for name in QUESTION_FEATURES]),
        float(stored["question_bias"]),
    )


class EvidenceReader:
    """Weighs each sentence's closeness to the question, its terms, and the kind of thing it holds.

    Args:
        embedder: the model of the index.
        weights: None for those that come with the package.
    """

    def __init__(self, embedder: Embedder, *, weights: Weights | None = None) -> None:
        self._embedder = embedder
        self._weights = weights or shipped_weights()

    def read(
        self,
        question: str,
        hits: Sequence[Hit],
        transcripts: dict[str, Transcript],
        *,
        speakers: frozenset[tuple[str, str]] | None = None,
    ) -> Reading:
        """See `Reader.read`; ties in order of the hits."""
        found = candidates(hits, transcripts)
        if speakers is not None:
            found = [c for c in found if (c.transcript.id, c.turn.speaker.label) in speakers]
        described = describe(question, found, self._embedder)
        if not described.candidates:
            return Reading(sentences=(), confidence=0.0)
        scores = described.sentence @ self._weights.sentence
        chance = question_features(described, scores) @ self._weights.question + self._weights.question_bias
        order = np.argsort(-scores, kind="stable")
        return Reading(
            sentences=tuple(
                ReadSentence(candidate=described.candidates[i], score=float(scores[i])) for i in order.tolist()
            ),
            confidence=float(1 / (1 + np.exp(-chance))),
        )


def answering(reading: Reading) -> list[Candidate]:
    """The sentences to show: the best, and others that answer nearly as well, in the order in which they rank."""
    if not reading.sentences:
        return []
    best = reading.sentences[0].score
    return [s.candidate for s in reading.sentences[:_MAX_SENTENCES] if s.score >= best - _JOINING_MARGIN]
