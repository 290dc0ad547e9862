"""Which sentences of the passages answer a question, and whether any does.

The seam is `Reader`: passages in, sentences with scores out. Two come with the package. `TrainedReader` asks the
networks of model.py, which were trained on English questions and transcripts, another one where the question is on a
topic; `EvidenceReader` takes the cosine of sentence and question from the embedding model of the index, whatever its
language. Each weighs that together with what features.py tells of a sentence; the weights in data/weights.json were
found by training/weights.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import Hit, PastAnswer, Span, Transcript
from transcript_qa.embed import Embedder
from transcript_qa.model_files import BUNDLED_MODEL
from transcript_qa.reading.features import (
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    Candidate,
    Described,
    candidates,
    describe,
    question_features,
)
from transcript_qa.reading.model import Evidence, EvidenceModel, shipped_model
from transcript_qa.reading.ranking import reranked

READ_CLOSELY = 12
"""So many sentences are read again with few of those around them: what else stands there leads the network astray."""
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
        hits: the passages in the order in which they bear on the question, with the reader's best score in each.
    """

    sentences: tuple[ReadSentence, ...]
    confidence: float
    hits: tuple[Hit, ...]


class Reader(Protocol):
    """Reads passages for a question."""

    @property
    def threshold(self) -> float:
        """The confidence below which what it found is not to be quoted."""
        ...

    def read(
        self,
        question: str,
        hits: Sequence[Hit],
        transcripts: dict[str, Transcript],
        *,
        speakers: frozenset[tuple[str, str]] | None = None,
        on_a_topic: bool = False,
        before: Sequence[PastAnswer] = (),
    ) -> Reading:
        """The sentences of the hits, best first.

        Args:
            question: in words.
            hits: the passages to read.
            transcripts: those of all hits, by id.
            speakers: (transcript id, label) of those whose words may answer; None for everyone.
            on_a_topic: whether it asks for all that was said on a topic.
            before: the questions before it in a conversation and what was cited for them, oldest first.
        """
        ...

    def rank(
        self, question: str, hits: Sequence[Hit], transcripts: dict[str, Transcript], *, on_a_topic: bool = False
    ) -> list[Hit]:
        """The hits in the order in which they bear on the question, without looking for sentences.

        Args:
            question: in words.
            hits: the passages to read.
            transcripts: those of all hits, by id.
            on_a_topic: whether it asks for all that was said on a topic.
        """
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear weight for each feature, and what is added.

    Attributes:
        sentence: (len(SENTENCE_FEATURES),).
        question: (len(QUESTION_FEATURES),).
        question_bias: so that the logistic of the weighed sum is the chance that the best sentence answers.
        threshold: the chance below which nothing is to be quoted.
    """

    sentence: NDArray[np.float64]
    question: NDArray[np.float64]
    question_bias: float
    threshold: float


@lru_cache(maxsize=3)
def shipped_weights(reader: str) -> Weights:
    """The weights that come with the package: `trained`, and `topics` for questions on topics, or `cosine`."""
    stored = json.loads((files("transcript_qa") / "data" / "weights.json").read_text("utf-8"))[reader]
    return Weights(
        np.array([stored["sentence"][name] for name in SENTENCE_FEATURES]),
        np.array([stored["question"][name] for name in QUESTION_FEATURES]),
        float(stored["question_bias"]),
        float(stored["threshold"]),
    )


def default_reader(embedder: Embedder) -> Reader:
    """The trained reader beside the bundled model, which both read English; else the one that asks the embedder."""
    return TrainedReader() if embedder.name == BUNDLED_MODEL else EvidenceReader(embedder)


class EvidenceReader:
    """Weighs each sentence's closeness to the question, its terms, and the kind of thing it holds.

    Args:
        embedder: the model of the index.
        weights: None for those that come with the package.
    """

    def __init__(self, embedder: Embedder, *, weights: Weights | None = None) -> None:
        self._embedder = embedder
        self._weights = weights or shipped_weights("cosine")

    @property
    def threshold(self) -> float:
        """As it was fitted."""
        return self._weights.threshold

    def read(
        self,
        question: str,
        hits: Sequence[Hit],
        transcripts: dict[str, Transcript],
        *,
        speakers: frozenset[tuple[str, str]] | None = None,
        on_a_topic: bool = False,  # noqa: ARG002
        before: Sequence[PastAnswer] = (),
    ) -> Reading:
        """See `Reader.read`; ties in order of the hits."""
        found = _heard(candidates(hits, transcripts), speakers)
        described = describe(question, found, self.cosines(question, found), before=before)
        return _weighed(described, self._weights, hits)

    def rank(
        self,
        question: str,  # noqa: ARG002
        hits: Sequence[Hit],
        transcripts: dict[str, Transcript],  # noqa: ARG002
        *,
        on_a_topic: bool = False,  # noqa: ARG002
    ) -> list[Hit]:
        """The hits as they are."""
        return list(hits)

    def cosines(self, question: str, found: Sequence[Candidate]) -> list[float]:
        """Cosine of the question and each sentence with its speaker.

        The sentence with those around it as a second cosine cost as much again and gave nothing (0.380 against 0.375
        of FriendsQA's questions, 0.439 against 0.458 of the sample corpus's).
        """
        if not found:
            return []
        # Only sentences of some hundred words are longer than what the embedder reads.
        limit = self._embedder.max_tokens * 3
        texts = [f"{c.turn.speaker.display}: {c.text}"[:limit] for c in found]
        vectors = self._embedder.embed_passages(texts)
        cosines: list[float] = (vectors @ self._embedder.embed_queries([question])[0]).tolist()
        return cosines


class TrainedReader:
    """Weighs what the trained network says of each sentence, its terms, and the kind of thing it holds.

    Args:
        model: None for the networks that come with the package.
        weights: None for those that come with the package.
        topic_weights: the same for questions on topics.
    """

    def __init__(
        self,
        model: EvidenceModel | None = None,
        *,
        weights: Weights | None = None,
        topic_weights: Weights | None = None,
    ) -> None:
        self._model = model or shipped_model()
        self._weights = weights or shipped_weights("trained")
        self._topic_weights = topic_weights or shipped_weights("topics")

    @property
    def threshold(self) -> float:
        """As it was fitted."""
        return self._weights.threshold

    def read(
        self,
        question: str,
        hits: Sequence[Hit],
        transcripts: dict[str, Transcript],
        *,
        speakers: frozenset[tuple[str, str]] | None = None,
        on_a_topic: bool = False,
        before: Sequence[PastAnswer] = (),
    ) -> Reading:
        """See `Reader.read`; ties in order of the hits."""
        evidence = self._evidence(question, hits, transcripts, on_a_topic=on_a_topic)
        found = _heard(candidates(hits, transcripts), speakers)
        weights = self._topic_weights if on_a_topic else self._weights
        described = self.described(question, found, hits, evidence, weights, before)
        return _weighed(described, weights, _ordered(hits, evidence, on_a_topic=on_a_topic))

    def described(
        self,
        question: str,
        found: Sequence[Candidate],
        hits: Sequence[Hit],
        evidence: Sequence[Evidence],
        weights: Weights,
        before: Sequence[PastAnswer],
    ) -> Described:
        """What is weighed; see `described_by`."""
        return described_by(self._model, question, found, hits, evidence, weights, before=before)

    def rank(
        self, question: str, hits: Sequence[Hit], transcripts: dict[str, Transcript], *, on_a_topic: bool = False
    ) -> list[Hit]:
        """The hits by what the network says of each passage together with its score in the search."""
        evidence = self._evidence(question, hits, transcripts, on_a_topic=on_a_topic)
        return _ordered(hits, evidence, on_a_topic=on_a_topic)

    def _evidence(
        self, question: str, hits: Sequence[Hit], transcripts: dict[str, Transcript], *, on_a_topic: bool
    ) -> list[Evidence]:
        passages = [(transcripts[hit.passage.transcript_id], hit.passage) for hit in hits]
        return self._model.read(question, passages, on_a_topic=on_a_topic)


def _ordered(hits: Sequence[Hit], evidence: Sequence[Evidence], *, on_a_topic: bool) -> list[Hit]:
    return reranked(hits, [one.bearing for one in evidence], on_a_topic=on_a_topic)


def described_by(
    model: EvidenceModel,
    question: str,
    found: Sequence[Candidate],
    hits: Sequence[Hit],
    evidence: Sequence[Evidence],
    weights: Weights,
    *,
    before: Sequence[PastAnswer] = (),
) -> Described:
    """What can be told of the sentences that the network has read; the best of them are read again more closely.

    Args:
        model: the network.
        question: in words.
        found: sentences of the hits.
        hits: passages.
        evidence: what the network made of each.
        weights: by which the best are told.
        before: the questions before and what was cited for them, oldest first.
    """
    bearing = {hit.passage.id: one.bearing for hit, one in zip(hits, evidence, strict=True)}
    read: dict[tuple[str, Span], tuple[float, Evidence]] = {}
    for hit, one in zip(hits, evidence, strict=True):
        for span, score in one.sentences:
            # One that a passage's end cuts in two is in both, and is what its better part is.
            place = hit.passage.transcript_id, span
            if place not in read or score > read[place][0]:
                read[place] = score, one
    known = [c for c in found if (c.transcript.id, c.span) in read]
    places = [read[c.transcript.id, c.span] for c in known]
    closeness, bearings = [score for score, _ in places], [bearing[c.hit.passage.id] for c in known]
    described = describe(question, known, closeness, bearings, before=before)
    best = np.argsort(-(described.sentence @ weights.sentence), kind="stable")[:READ_CLOSELY].tolist()
    return described.with_closely(best, model.read_closely(question, [(places[i][1], known[i].span) for i in best]))


def _heard(found: list[Candidate], speakers: frozenset[tuple[str, str]] | None) -> list[Candidate]:
    if speakers is None:
        return found
    return [c for c in found if (c.transcript.id, c.turn.speaker.label) in speakers]


def _weighed(described: Described, weights: Weights, hits: Sequence[Hit]) -> Reading:
    if not described.candidates:
        return Reading(sentences=(), confidence=0.0, hits=tuple(hits))
    scores = described.sentence @ weights.sentence
    chance = question_features(described, scores) @ weights.question + weights.question_bias
    order = np.argsort(-scores, kind="stable")
    sentences = tuple(ReadSentence(candidate=described.candidates[i], score=float(scores[i])) for i in order.tolist())
    best: dict[str, float] = {}
    for sentence in sentences:
        best.setdefault(sentence.candidate.hit.passage.id, sentence.score)
    return Reading(
        sentences=sentences,
        confidence=float(1 / (1 + np.exp(-chance))),
        hits=tuple(replace(hit, why=replace(hit.why, reader=best.get(hit.passage.id))) for hit in hits),
    )


def answering(reading: Reading) -> list[Candidate]:
    """The sentences to show: the best, and others that answer nearly as well, in the order in which they rank."""
    if not reading.sentences:
        return []
    best = reading.sentences[0].score
    return [s.candidate for s in reading.sentences[:_MAX_SENTENCES] if s.score >= best - _JOINING_MARGIN]
