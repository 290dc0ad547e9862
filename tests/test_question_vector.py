from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transcript_qa import TranscriptQA, question_vector
from transcript_qa.embed import HashingEmbedder, SentenceTransformerEmbedder
from transcript_qa.errors import ModelError
from transcript_qa.indexing import update_index
from transcript_qa.question_vector import Maps, topical, turned
from transcript_qa.reading.ranking import adjacent
from transcript_qa.search import search
from transcript_qa.store import EmbedderInfo, LocalStore
from transcript_qa.tuning import tuned_fingerprint


class Bundled(HashingEmbedder):
    """Says that it is the bundled model."""

    def __init__(self) -> None:
        super().__init__(dim=384)
        self.fingerprint = tuned_fingerprint()


def test_a_question_comes_nearer_to_what_answers_it(model: SentenceTransformerEmbedder) -> None:
    question = model.embed_queries(["What did the group discuss about the cost of the new bridge?"])
    answers, asides = (
        model.embed_passages(texts)
        for texts in (
            [
                "Mira: So it comes to nine million. Tom: Nine? We had seven in the budget. Mira: Steel went up.",
                "Ines: If we leave out the second lane we save two million, and nobody will miss it.",
            ],
            [
                "Tom: What shall we discuss next, then? Mira: The group asked about the agenda for Friday.",
                "Ines: Did you all get my mail with the questions? Tom: I did not, send it again.",
            ],
        )
    )
    other = turned(question, model)
    before = float(question[0] @ answers.mean(0) - question[0] @ asides.mean(0))
    after = float(other[0] @ answers.mean(0) - other[0] @ asides.mean(0))
    assert after > before
    np.testing.assert_allclose(np.linalg.norm(other, axis=1), 1, atol=1e-5)
    assert other.dtype == np.float32


def test_each_kind_of_question_is_turned_by_its_map() -> None:
    zero, one = np.zeros((2, 2), dtype=np.float32), np.eye(2, dtype=np.float32)
    kind = np.array([20.0, -20.0], dtype=np.float32)
    maps = Maps(
        weight=zero, bias=np.array([0, 2], dtype=np.float32),
        topic_weight=one, topic_bias=np.array([0, -2], dtype=np.float32),
        kind_weight=kind, kind_bias=np.zeros(1, dtype=np.float32),
    )  # fmt: skip
    on_a_topic, on_a_fact = np.array([1, 0], dtype=np.float32), np.array([0, 1], dtype=np.float32)
    found = maps.turned(np.stack([on_a_topic, on_a_fact, np.zeros(2, dtype=np.float32) + 0.5]))
    np.testing.assert_allclose(found[0], np.array([2, -2]) / 8**0.5, atol=1e-6)
    np.testing.assert_allclose(found[1], [0, 1], atol=1e-6)
    # In doubt half of each: (0.5, 0.5) and (0, 2) by half, (0.5, -1.5) by half.
    np.testing.assert_allclose(found[2], np.array([0.75, 0.75]) / (2 * 0.75**2) ** 0.5, atol=1e-6)


def test_rows_do_not_depend_on_each_other() -> None:
    embedder = Bundled()
    vectors = embedder.embed_queries(["the harbour loan", "who spoke first", "when is the next meeting"])
    together = turned(vectors, embedder)
    assert together.shape == vectors.shape
    for row, vector in enumerate(vectors):
        np.testing.assert_allclose(turned(vector[np.newaxis], embedder)[0], together[row], atol=1e-6)


def test_questions_of_another_model_are_left_as_they_are() -> None:
    embedder = HashingEmbedder(dim=384)
    vectors = embedder.embed_queries(["the harbour loan"])
    assert turned(vectors, embedder) is vectors


def test_questions_on_topics_are_told_from_those_on_facts(model: SentenceTransformerEmbedder) -> None:
    topics = ["Summarize the discussion about the ferry", "What did the group talk about when discussing the fees?"]
    facts = ["how much is the loan", "who called the printer", "what year was the bridge built", "which street floods"]
    told = topical(model.embed_queries([*topics, *facts]), model).tolist()
    assert told == [True] * len(topics) + [False] * len(facts)
    assert not topical(np.ones((2, 8), dtype=np.float32), HashingEmbedder(dim=8)).any()


def test_a_question_on_a_topic_finds_stretches_of_talk(sample: TranscriptQA, monkeypatch: pytest.MonkeyPatch) -> None:
    def beside(question: str, on_a_topic: bool) -> bool:
        monkeypatch.setattr("transcript_qa.search.topical", lambda vectors, _: np.full(len(vectors), on_a_topic))
        first, second = sample.search(question, k=2)
        return adjacent(first.passage, second.passage)

    questions = ["the discussion about the ferry", "what was said about fees", "how did they discuss the loan"]
    assert sum(beside(q, True) for q in questions) > sum(beside(q, False) for q in questions)


@pytest.mark.parametrize("way", ["rank", "read"])
def test_the_reader_is_told_of_a_question_on_a_topic(
    sample: TranscriptQA, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    told: list[bool] = []
    does = getattr(sample._reader, way)

    def seen(*given: Any, on_a_topic: bool, **more: Any) -> Any:
        told.append(on_a_topic)
        return does(*given, on_a_topic=on_a_topic, **more)

    monkeypatch.setattr(sample._reader, way, seen)
    # The third names a speaker, whose passages come by another way when it is asked.
    asked = "Summarize the discussion about the ferry", "how much is the loan", "Summarize what Halvey said about water"
    for question in asked:
        if way == "rank":
            sample.search(question, rerank=True)
        else:
            sample.ask(question)
    assert told == [True, False, True]


def test_the_search_looks_for_the_turned_vector(tmp_path: Path) -> None:
    embedder = Bundled()
    info = EmbedderInfo.of(embedder)
    (tmp_path / "talk.txt").write_text("Mira Voss: The harbour loan.\n\nTom Reed: It was closed on Friday.\n", "utf-8")
    with LocalStore.create(tmp_path / "index", info) as store:
        update_index(store, embedder, [tmp_path / "talk.txt"])
        (hit,) = search(store, embedder, "the harbour loan")
        (passage,) = store.stored("talk").vectors
    vector = turned(embedder.embed_queries(["the harbour loan"]), embedder)[0]
    assert hit.why.dense == pytest.approx(float(vector @ passage), abs=1e-3)
    assert hit.why.dense != pytest.approx(float(embedder.embed_queries(["the harbour loan"])[0] @ passage), abs=1e-3)


@pytest.mark.parametrize("file", ["nowhere.safetensors", "embedding.safetensors"])
def test_a_map_that_is_missing_is_said(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_vector, "WEIGHTS", file)
    question_vector._maps.cache_clear()
    embedder = Bundled()
    try:
        with pytest.raises(ModelError, match=rf"{file}.*Install transcript-qa again"):
            turned(embedder.embed_queries(["a"]), embedder)
    finally:
        question_vector._maps.cache_clear()
