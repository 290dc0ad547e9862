"""What the network reads, and how its weights are kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import make_transcript
from transcript_qa.chunk import split_passages
from transcript_qa.datatypes import Hit, Passage, PastAnswer, PastQuote, Span, Transcript, Why
from transcript_qa.embed import SentenceTransformerEmbedder
from transcript_qa.errors import ModelError
from transcript_qa.model_files import bundled_tokenizer
from transcript_qa.reading.features import QUESTION_FEATURES, SENTENCE_FEATURES, candidates, describe
from transcript_qa.reading.model import (
    CLOSE_WEIGHTS,
    TOPIC_WEIGHTS,
    WEIGHTS,
    Evidence,
    EvidenceModel,
    shipped_model,
    shipped_network,
)
from transcript_qa.reading.network import N_FROZEN
from transcript_qa.reading.network_input import (
    MARKS,
    MAX_CLOSE_TOKENS,
    MAX_WINDOW_TOKENS,
    Window,
    batch_of,
    cropped,
    passage_windows,
    question_ids,
    singled_out,
)
from transcript_qa.reading.reader import READ_CLOSELY, TrainedReader, shipped_weights
from transcript_qa.reading.sentencing import quotable_in

WORDS = st.sampled_from("loan bridge rope nine harbour four percent [laughs] no yes ok. why? Friday. quay".split())
SPEECH = st.lists(WORDS, min_size=1, max_size=120).map(" ".join)
TALK = st.lists(st.tuples(st.sampled_from(["ANN", "BO"]), SPEECH), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(TALK, st.sampled_from([40, 254]))
def test_every_sentence_of_every_passage_is_read(said: list[tuple[str, str]], budget: int) -> None:
    tokenizer = bundled_tokenizer()
    transcript = make_transcript("talk", said)
    count = SentenceTransformerEmbedder().count_tokens
    for passage in split_passages(transcript, count_tokens=count, budget_tokens=budget):
        windows = passage_windows(tokenizer, transcript, passage)
        read = [span for window in windows for span, _, _ in window.sentences]
        assert read == [spans[number] for _, spans, number in quotable_in(transcript, passage)]
        for window in windows:
            assert 0 < len(window.ids) <= MAX_WINDOW_TOKENS
            assert all(0 <= first < last <= len(window.ids) for _, first, last in window.sentences)


def test_the_word_pieces_of_a_sentence_are_its_own() -> None:
    tokenizer = bundled_tokenizer()
    transcript = make_transcript("talk", [("ANN", "We closed the loan. It was Friday."), ("BO", "At four percent?")])
    (passage,) = split_passages(transcript, count_tokens=SentenceTransformerEmbedder().count_tokens, budget_tokens=254)
    (window,) = passage_windows(tokenizer, transcript, passage)
    read = [tokenizer.decode(window.ids[first:last].tolist()) for _, first, last in window.sentences]
    assert read == ["we closed the loan.", "it was friday.", "at four percent?"]


def test_a_batch_takes_the_mean_over_each_sentence_and_nothing_of_the_padding() -> None:
    tokenizer = bundled_tokenizer()
    count = SentenceTransformerEmbedder().count_tokens
    windows = []
    for said in ("Short.", "A longer thing was said. And another one after it."):
        transcript = make_transcript("talk", [("ANN", said)])
        (passage,) = split_passages(transcript, count_tokens=count, budget_tokens=254)
        windows += passage_windows(tokenizer, transcript, passage)
    asked = question_ids(tokenizer, "What was said?")
    batch = batch_of([(asked, window) for window in windows])
    assert batch.ids.shape == batch.mask.shape == (2, 24)
    assert batch.held.shape == (2, 8)
    assert batch.held.sum(axis=1).tolist() == [1, 2]
    sums = batch.pool.sum(axis=2)
    assert np.allclose(sums[batch.held], 1.0)
    assert not sums[~batch.held].any()
    assert not (batch.pool * ~batch.mask[:, None, :]).any()
    for row, window in enumerate(windows):
        assert batch.ids[row][batch.types[row] == 1][:-1].tolist() == window.ids.tolist()


def passages_of(transcript: Transcript) -> list[tuple[Transcript, object]]:
    count = SentenceTransformerEmbedder().count_tokens
    return [(transcript, p) for p in split_passages(transcript, count_tokens=count, budget_tokens=254)]


def test_the_shipped_network_finds_the_sentence_that_answers() -> None:
    transcript = make_transcript(
        "talk",
        [
            ("ANN", "The new pump came on Monday. We have not tried it yet."),
            ("BO", "And the old one?"),
            ("ANN", "I sold it to a farmer in Ledbrook. He gave me ninety crowns."),
            ("BO", "The wall at the back is still wet, by the way."),
        ],
    )
    model = shipped_model()
    for question, words in (
        ("What did the farmer pay?", "ninety crowns"),
        ("When was the replacement delivered?", "on Monday"),
    ):
        (evidence,) = model.read(question, passages_of(transcript))  # type: ignore[arg-type]
        best, score = max(evidence.sentences, key=lambda each: each[1])
        assert words in best.of(transcript.text)
        assert score > 0
    (evidence,) = model.read("How much does the wall paint cost?", passages_of(transcript))  # type: ignore[arg-type]
    assert max(score for _, score in evidence.sentences) < score


def test_what_a_passage_is_given_does_not_depend_on_what_it_is_read_with() -> None:
    one = make_transcript("one", [("ANN", "The ferry leaves at nine. Bring a coat.")])
    other = make_transcript("other", [("BO", "Nobody paid for the window. " * 12)])
    model = shipped_model()
    alone = model.read("When does the ferry leave?", passages_of(one))  # type: ignore[arg-type]
    both = model.read("When does the ferry leave?", [*passages_of(other), *passages_of(one)])  # type: ignore[arg-type]
    assert [span for span, _ in alone[0].sentences] == [span for span, _ in both[-1].sentences]
    assert np.allclose([s for _, s in alone[0].sentences], [s for _, s in both[-1].sentences], atol=0.15)
    assert EvidenceModel().read("When?", []) == []


@pytest.mark.parametrize("around", [0, 1, 3, 40])
def test_a_cropped_window_holds_a_sentence_and_those_around_it_with_their_labels(around: int) -> None:
    tokenizer = bundled_tokenizer()
    transcript = make_transcript(
        "talk", [("ANN", "One came. Two went."), ("BO", "Three stayed. Four slept."), ("ANN", "So.")]
    )
    (passage,) = [p for _, p in passages_of(transcript)]
    (window,) = passage_windows(tokenizer, transcript, passage)  # type: ignore[arg-type]
    for number in range(5):
        small = cropped(window, number - around, number + around)
        first, last = max(0, number - around), min(4, number + around)
        assert [span for span, _, _ in small.sentences] == [span for span, _, _ in window.sentences[first : last + 1]]
        for span, start, end in small.sentences:
            words = tokenizer.decode(small.ids[start:end].tolist())
            assert words == span.of(transcript.text).lower()
        begins_turn = {0: "ann :", 2: "bo :", 4: "ann :"}.get(first)
        front = tokenizer.decode(small.ids[: small.sentences[0][1]].tolist())
        assert front == (begins_turn or "")


def test_a_sentence_is_singled_out_with_marks_and_so_many_around_it() -> None:
    tokenizer = bundled_tokenizer()
    transcript = make_transcript(
        "talk", [("ANN", "One came. Two went."), ("BO", "Three stayed. Four slept. Five ate.")]
    )
    (passage,) = [p for _, p in passages_of(transcript)]
    (window,) = passage_windows(tokenizer, transcript, passage)  # type: ignore[arg-type]

    def words(number: int, before: int, after: int) -> str:
        small = singled_out(window, number, before=before, after=after)
        ((span, start, end),) = small.sentences
        assert span == window.sentences[number][0]
        assert tokenizer.decode(small.ids[start:end].tolist()) == span.of(transcript.text).lower()
        assert (small.ids[start - 1], small.ids[end]) == MARKS
        return tokenizer.decode(small.ids.tolist())

    assert words(2, 1, 1) == "two went. bo : [unused0] three stayed. [unused1] four slept."
    assert words(0, 3, 0) == "ann : [unused0] one came. [unused1]"
    assert words(4, 0, 9) == "[unused0] five ate. [unused1]"


def test_what_stands_farthest_from_a_sentence_is_left_out_where_that_is_too_much() -> None:
    long = "The wall at the back of the old pump house is still wet and nobody has looked at it since"
    transcript = make_transcript("talk", [("ANN", " ".join(f"{long} {n}." for n in range(20, 34)))])
    (passage,) = [p for _, p in passages_of(transcript)][:1]
    (window, *_) = passage_windows(bundled_tokenizer(), transcript, passage)  # type: ignore[arg-type]
    middle = len(window.sentences) // 2
    small = singled_out(window, middle, before=4, after=4)
    assert MAX_CLOSE_TOKENS // 2 < len(small.ids) <= MAX_CLOSE_TOKENS + len(MARKS)
    ((_, start, end),) = small.sentences
    assert 0.5 < start / (len(small.ids) - end) < 4
    alone = Window(np.arange(1000, 1400, dtype=np.int32), ((Span(start=0, end=9), 0, 400),))
    cut = singled_out(alone, 0, before=1, after=1)
    assert [(start, end) for _, start, end in cut.sentences] == [(1, MAX_WINDOW_TOKENS)]
    assert len(cut.ids) == MAX_WINDOW_TOKENS


def test_weights_that_are_missing_or_of_something_else_are_told_with_the_remedy() -> None:
    for name, why in (("gone.safetensors", "cannot be read"), ("question.safetensors", "0 of the 60")):
        with pytest.raises(ModelError, match=f"{name}: .*{why}.*Install transcript-qa again"):
            shipped_network(name)


def test_the_networks_hold_what_they_have_in_common_once() -> None:
    model = EvidenceModel()
    transcript = make_transcript("talk", [("ANN", "The ferry leaves at nine. Bring a coat.")])
    (evidence,) = model.read("When does the ferry leave?", passages_of(transcript))  # type: ignore[arg-type]
    before = evidence.sentences
    scores = model.read_closely("When does the ferry leave?", [(evidence, span) for span, _ in before])
    assert scores[0] > scores[1] + 1
    assert set(model._networks) == {WEIGHTS, CLOSE_WEIGHTS}
    one = model._loaded(WEIGHTS)
    for weights in (CLOSE_WEIGHTS, TOPIC_WEIGHTS):
        other = model._loaded(weights)
        assert one.word is other.word
        assert one.position is other.position
        assert one.norm is other.norm
        assert [a is b for a, b in zip(one.layers, other.layers, strict=True)] == [n < N_FROZEN for n in range(6)]
    (again,) = model.read("When does the ferry leave?", passages_of(transcript))  # type: ignore[arg-type]
    assert again.sentences == before


def test_what_bears_on_a_topic_is_told_from_talk_of_other_things() -> None:
    said = {
        "roof": "The roof over the hall leaks again. I would rather have it covered anew than mended a third time.",
        "pump": "The new pump came on Monday. We have not tried it yet, the hose is too short.",
        "fees": "If we raise the fees by five crowns the families with three children will leave us.",
    }
    passages = [passages_of(make_transcript(name, [("ANN", words)]))[0] for name, words in said.items()]
    model = shipped_model()
    for question, name in (
        ("Summarize the discussion about repairing the hall.", "roof"),
        ("What did Ann think about higher membership fees?", "fees"),
    ):
        odds = [one.bearing for one in model.read(question, passages, on_a_topic=True)]  # type: ignore[arg-type]
        assert max(zip(odds, said, strict=True))[1] == name
        assert sorted(odds)[-1] > sorted(odds)[-2] + 1
    assert model.read("Summarize the discussion about fees.", [], on_a_topic=True) == []


class _Told(EvidenceModel):
    """Holds the last passage for evidence on a topic and the first for that on a fact, and nothing else."""

    def read(
        self, question: str, passages: Sequence[tuple[Transcript, Passage]], *, on_a_topic: bool = False
    ) -> list[Evidence]:
        right = len(passages) - 1 if on_a_topic else 0
        found = []
        for number, (transcript, passage) in enumerate(passages):
            odds = 9.0 if number == right else -9.0
            read = tuple((spans[place], odds) for _, spans, place in quotable_in(transcript, passage))
            found.append(Evidence(read, odds, ()))
        return found

    def read_closely(self, question: str, places: Sequence[tuple[Evidence, Span]]) -> list[float]:
        return [0.0] * len(places)


def test_on_a_topic_the_network_for_topics_gives_the_order_and_the_sentence() -> None:
    transcript = make_transcript("talk", [("ANN", f"The wall number {n} is wet.") for n in range(40)])
    hits = hits_of(transcript, 60)
    sure = replace(shipped_weights("topics"), question=np.zeros(len(QUESTION_FEATURES)), question_bias=3.0)
    reader = TrainedReader(_Told(), topic_weights=sure)
    for on_a_topic, first in ((True, hits[-1]), (False, hits[0])):
        ranked = reader.rank("the walls", hits, {"talk": transcript}, on_a_topic=on_a_topic)
        assert ranked[0].passage == first.passage
        reading = reader.read("the walls", hits, {"talk": transcript}, on_a_topic=on_a_topic)
        assert reading.hits[0].passage == first.passage
        assert reading.sentences[0].candidate.hit.passage == first.passage
        assert (abs(reading.confidence - 1 / (1 + math.exp(-3))) < 1e-9) is on_a_topic


def test_nothing_is_found_where_there_is_nothing_to_read() -> None:
    for on_a_topic in (True, False):
        reading = TrainedReader().read("What did the farmer pay?", [], {}, on_a_topic=on_a_topic)
        assert (reading.sentences, reading.hits, reading.confidence) == ((), (), 0.0)


def test_a_sentence_read_closely_is_scored_by_what_stands_near_it() -> None:
    far = "The wall at the back is still wet. " * 9
    said = f"{far}I sold the pump to a farmer. He gave me ninety crowns. It was old. {far}"
    one, other = (make_transcript("talk", [("ANN", front + said)]) for front in ("", "It rained. "))
    model, found = shipped_model(), []
    for transcript in (one, other):
        (evidence,) = model.read("What did the farmer pay?", passages_of(transcript))  # type: ignore[arg-type]
        spans = [span for span, _ in evidence.sentences]
        scores = model.read_closely("What did the farmer pay?", [(evidence, span) for span in spans])
        best = spans[int(np.argmax(scores))]
        assert "ninety crowns" in best.of(transcript.text)
        found.append(max(scores))
    assert found[0] == pytest.approx(found[1], abs=0.15)
    assert model.read_closely("What did the farmer pay?", []) == []


class _Noted(EvidenceModel):
    """Notes which sentences are read closely, and has the last of them answer."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[Span] = []

    def read_closely(self, question: str, places: Sequence[tuple[Evidence, Span]]) -> list[float]:
        self.noted = [span for _, span in places]
        return [-9.0] * (len(places) - 1) + [40.0]


def hits_of(transcript: Transcript, budget: int) -> list[Hit]:
    count = SentenceTransformerEmbedder().count_tokens
    passages = split_passages(transcript, count_tokens=count, budget_tokens=budget)
    return [
        Hit(passage=passage, title="talk", score=1.0, rank=rank, why=Why(dense=0.5))
        for rank, passage in enumerate(passages, start=1)
    ]


def test_the_reader_reads_the_best_again_and_goes_by_what_that_gives() -> None:
    said = [("ANN", f"The wall number {n} is wet.") for n in range(2, 60)]
    transcript = make_transcript("talk", [*said, ("BO", "The farmer paid ninety crowns for the pump."), *said[:9]])
    hits = hits_of(transcript, 254)
    model = _Noted()
    reading = TrainedReader(model).read("What did the farmer pay?", hits, {"talk": transcript})
    assert len(model.noted) == READ_CLOSELY < len(reading.sentences)
    assert "ninety crowns" in model.noted[0].of(transcript.text)
    assert reading.sentences[0].candidate.span == model.noted[-1]


def told(before: list[PastAnswer]) -> dict[str, list[tuple[float, float, float]]]:
    """Of each sentence of two talks, by transcript: in the one cited last, near the citation, cited before."""
    said = {name: [("ANN", f"Wall {n} is wet. It is {name}{n}.") for n in range(3)] for name in ("a", "b")}
    talks = [make_transcript(name, turns) for name, turns in said.items()]
    hits = [hit for talk in talks for hit in hits_of(talk, 254)]
    found = candidates(hits, {talk.id: talk for talk in talks})
    described = describe("Is it wet?", found, [0.0] * len(found), before=before)
    columns = [SENTENCE_FEATURES.index(name) for name in ("in_cited_transcript", "near_cited", "was_cited")]
    rows = described.sentence[:, columns].tolist()
    assert described.in_conversation is any(past.quotes for past in before)
    by_talk: dict[str, list[tuple[float, float, float]]] = {"a": [], "b": []}
    for candidate, row in zip(found, rows, strict=True):
        by_talk[candidate.transcript.id].append(tuple(row))
    return by_talk


def test_how_a_sentence_stands_to_what_was_cited_before() -> None:
    nothing = (0.0, 0.0, 0.0)
    assert told([]) == {"a": [nothing] * 6, "b": [nothing] * 6}
    assert told([PastAnswer(question="Who?")])["a"] == [nothing] * 6
    early = PastAnswer(question="Who?", quotes=(PastQuote(quote="Wall 2 is wet.", transcript_id="b", turn=2),))
    late = PastAnswer(
        question="What?", quotes=(PastQuote(quote="Wall  0 is\nwet. It is a0.", transcript_id="a", turn=0),)
    )
    found = told([early, late, PastAnswer(question="Why?")])
    assert [same for same, _, _ in found["a"]] == [1.0] * 6
    near = [near for _, near, _ in found["a"]]
    assert near[0] == near[1] == 1.0 > near[2] == near[3] > near[4] == near[5] > 0
    assert [cited for _, _, cited in found["a"]] == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    # Of what was cited before the last time only the words count.
    assert found["b"] == [nothing] * 4 + [(0.0, 0.0, 1.0), nothing]
    # A pair of question and text has no place.
    assert told([PastAnswer(question="What?", quotes=(PastQuote(quote="It is a1."),))])["a"][3] == (0.0, 0.0, 1.0)


def test_of_two_talks_alike_the_one_that_was_cited_goes_on_answering() -> None:
    said = [("ANN", "Shall we talk about the pump?"), ("BO", "The farmer paid ninety crowns for the pump.")]
    talks = [make_transcript(name, said) for name in ("a", "b")]
    hits = [hit for talk in talks for hit in hits_of(talk, 254)]
    by_id = {talk.id: talk for talk in talks}
    for name in ("a", "b"):
        quotes = (PastQuote(quote="Shall we talk about the pump?", transcript_id=name, turn=0),)
        past = [PastAnswer(question="What do they talk about?", quotes=quotes)]
        reading = TrainedReader().read("What did the farmer pay?", hits, by_id, before=past)
        assert reading.sentences[0].candidate.transcript.id == name
        assert "ninety crowns" in reading.sentences[0].candidate.text


@pytest.mark.parametrize("backwards", [False, True])
def test_a_sentence_that_a_passage_cuts_in_two_is_what_its_better_part_is(backwards: bool) -> None:
    before, after = ("and the wall was wet and it rained and it blew " * 9 for _ in range(2))
    transcript = make_transcript("talk", [("ANN", f"{before}i sold the pump to a farmer for ninety crowns {after}")])
    hits = hits_of(transcript, 110)
    assert len(hits) > 1
    if backwards:
        hits.reverse()
    reading = TrainedReader().read("What did the farmer pay for the pump?", hits, {"talk": transcript})
    assert "ninety crowns" in reading.sentences[0].candidate.text
