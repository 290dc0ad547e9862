"""The training of the reader: how questions are shared out, and that copies find what one network finds."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path += [str(Path(__file__).parents[1] / "training"), str(Path(__file__).parents[1] / "benchmarks")]

import check_topics
import closely
import details
import reader
import sources
import topically
import weights
from answer_sets import friends_set, read_cases
from answers import Outcome, is_expected, row
from check_questions import faults, parse_places, parse_questions, turns_of
from check_topics import TOPICS, Topic, parse_topics
from check_topics import faults as topic_faults
from examples import Example, Found, Remembering, transcripts_of
from retrieval import questions_of
from sources import Asked, own_asked, qmsum_asked
from unseen import kind_of_meeting, renamed, topic_questions

from transcript_qa import minilm
from transcript_qa.corpus import read_transcript
from transcript_qa.datatypes import Span
from transcript_qa.embed import SentenceTransformerEmbedder
from transcript_qa.model_files import bundled_tokenizer
from transcript_qa.reading.features import SENTENCE_FEATURES, Described
from transcript_qa.reading.model import EvidenceModel
from transcript_qa.reading.network import EvidenceNetwork, is_trained
from transcript_qa.reading.network_input import Window, singled_out

TALK = """A talk on a bridge

Ann Gall: Shall we talk about the bridge?

Bo Lind: We put it off.

Ann Gall: Until May then.

Bo Lind: Until May, yes.
"""


def example(number: int, *, answered: bool) -> Example:
    """A question of three passages, of which the first holds the answer or none does."""
    rng = np.random.default_rng(number)

    def found(right: bool) -> Found:
        ids = rng.integers(1000, 20_000, 6 * 7).astype(np.int32)
        pieces = tuple((Span(start=10 * n, end=10 * n + 9), 7 * n, 7 * n + 7) for n in range(6))
        marks = np.arange(6) == (3 if right else -1)
        return Found([Window(ids, pieces)], [marks], 1.0 if right else 0.0, True, 1.0)

    asked = Asked(source="own", text="what", transcript="t", gold=())
    return Example(asked, rng.integers(1000, 20_000, 5).astype(np.int32), [found(answered), found(False), found(False)])


@pytest.mark.parametrize("sizes", [[5, 9, 1, 7, 7, 3], [4], [], [10, 1, 1, 1, 1]])
def test_questions_are_shared_out_evenly_and_whole(sizes: list[int]) -> None:
    parts = reader.shared_out(sizes, 2)
    assert sorted(i for part in parts for i in part) == list(range(len(sizes)))
    loads = [sum(sizes[i] for i in part) for part in parts]
    assert abs(loads[0] - loads[1]) <= max(sizes, default=0)


def test_copies_find_the_gradient_of_one_network(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(reader, "cpu_has_bfloat16", lambda: False)
    monkeypatch.setattr(minilm, "DROPPED", 0.0)
    examples = [example(n, answered=n % 2 == 0) for n in range(4)]
    samples = [reader.draw(each, np.random.default_rng(1)) for each in examples]
    torch.manual_seed(0)
    trained = EvidenceNetwork()
    for name, parameter in trained.named_parameters():
        parameter.requires_grad = is_trained(name)
    found: list[tuple[float, dict[str, Any]]] = []
    for n_copies in (1, 3):
        monkeypatch.setattr(reader, "n_cores", lambda n=n_copies: n)
        loss = reader.Copies(trained, reader.loss_of).loss(examples, samples, step=0)
        found.append((loss, {n: p.grad for n, p in trained.named_parameters() if p.requires_grad}))
    (one, alone), (three, together) = found
    assert one == pytest.approx(three, abs=1e-4)
    for name, gradient in alone.items():
        torch.testing.assert_close(gradient, together[name], atol=1e-4, rtol=1e-2)
    assert any(gradient.abs().max() > 1e-4 for gradient in alone.values())


def test_some_word_pieces_are_hidden_and_sentences_keep_their_places() -> None:
    sample = reader.draw(example(3, answered=True), np.random.default_rng(5))
    hidden = np.concatenate([window.ids for window, _, _ in sample]) == reader.MASK
    assert 0.02 < hidden.mean() < 0.3
    for window, right, _ in sample:
        assert len(window.sentences) == len(right)
        assert window.sentences[-1][2] <= len(window.ids)


def test_what_is_learnt_closely_is_what_the_reader_puts_highest() -> None:
    asked = example(3, answered=True)

    class Fixed(EvidenceModel):
        def scored(self, _: Any, windows: Any) -> list[Any]:
            return [np.array([number + 0.1 * place for place in range(6)]) for number in range(len(windows))]

    found = closely.hard(Fixed(), asked, np.random.default_rng(1))
    assert [each[:2] for each in found.kept[:3]] == [(2, 5), (2, 4), (2, 3)]
    assert len(found.kept) == closely.N_KEPT + 1
    (right,) = [each for each in found.kept if each[2]]
    assert right == (0, 3, True)
    assert found.kept.index(right) == closely.N_KEPT
    for seed in range(9):
        sample = closely.draw(found, np.random.default_rng(seed))
        assert len(sample) == closely.N_DRAWN
        assert [bool(marks[0]) for _, marks, _ in sample] == [True] + [False] * (closely.N_DRAWN - 1)
        assert [share for _, _, share in sample] == [1.0] + [0.0] * (closely.N_DRAWN - 1)
        for window, _, _ in sample:
            ((_, start, end),) = window.sentences
            assert (window.ids[start - 1], window.ids[end]) == closely.MARKS
            assert (window.ids == reader.MASK).sum() < len(window.ids) / 2
    without = closely.hard(Fixed(), example(4, answered=False), np.random.default_rng(1))
    assert not any(each[2] for each in without.kept)
    assert len(without.kept) == closely.N_KEPT


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("what did Anna Holt sign", {"what did Holt sign", "what did Anna sign"}),
        ("why was Mr Varley late in May?", {"why was Mr late in May?"}),
        ("Who was late?", {"Who was late?"}),
    ],
)
def test_one_name_of_a_question_becomes_one_that_nobody_mentions(question: str, left: set[str]) -> None:
    seen = set()
    for seed in range(20):
        changed = renamed(question, np.random.default_rng(seed)).split()
        seen.add(" ".join(word for word in changed if word in question.split()))
        assert len(changed) == len(question.split())
    assert seen == left


def test_what_is_drawn_on_a_topic_is_some_of_each_kind_and_rather_what_was_found_first() -> None:
    good, bad, _ = example(5, answered=True).found
    several = [replace(good, fused=float(n)) for n in range(6)] + [replace(bad, fused=float(n)) for n in range(30)]
    asked = replace(example(5, answered=True), found=several)
    n_right, places = set[int](), list[float]()
    for seed in range(60):
        sample = topically.draw(asked, np.random.default_rng(seed))
        assert len(sample) == topically.N_DRAWN
        shares = [share for _, _, share in sample]
        n_right.add(int(sum(shares)))
        assert [bool(right.any()) for _, right, _ in sample] == [share > 0 for share in shares]
    assert n_right == set(range(1, topically.MOST_GOOD + 1))
    for seed in range(60):
        drawn = reader.some_of(several[6:], [1 / (rank + 6) for rank in range(30)], 5, np.random.default_rng(seed))
        assert len({each.fused for each in drawn}) == 5
        places += [each.fused for each in drawn]
    assert np.mean(places) < 12
    assert topically.draw(replace(asked, found=[]), np.random.default_rng(1)) == []


def test_the_loss_on_a_topic_is_least_where_passages_and_sentences_have_their_evidence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    asked = example(6, answered=True)
    sample = topically.draw(asked, np.random.default_rng(1))

    def loss(scores: Any) -> float:
        monkeypatch.setattr(topically, "scores_of", lambda *_: [scores(right, share) for _, right, share in sample])
        return float(topically.loss_of(EvidenceNetwork(), [asked], [sample]))

    def told(right: Any, share: float, *, sentences: float, passages: float) -> tuple[Any, Any]:
        return torch.tensor(right * 2.0 - 1) * sentences, torch.tensor(share * 2 - 1) * passages

    known = loss(lambda *each: told(*each, sentences=5.0, passages=5.0))
    assert known < 0.2
    assert loss(lambda *each: told(*each, sentences=-5.0, passages=5.0)) > known + 2
    assert loss(lambda *each: told(*each, sentences=5.0, passages=-5.0)) > known + 5


@pytest.mark.parametrize(("written", "at_least"), [("questions", 480), ("details", 190)])
def test_the_questions_written_for_training_have_their_answers_word_for_word(written: str, at_least: int) -> None:
    folder = reader.TRAINING
    files = [f for f in sorted((folder / written).glob("*.tsv")) if not f.stem.startswith("qmsum-")]
    assert len(files) >= at_least
    for file in files:
        wrong = faults(parse_questions(file.read_text("utf-8")), turns_of(folder / "transcripts" / f"{file.stem}.txt"))
        assert not wrong, (file.name, wrong)


SAYS = "The bank lent forty thousand crowns in May. It was signed by Anna Holt for forty thousand crowns."


def one_sentence(text: str) -> Window:
    """A text with its first sentence marked as the one that is meant."""
    encoded = bundled_tokenizer().encode(text, add_special_tokens=False)
    end = next(number for number, (start, _) in enumerate(encoded.offsets) if start > text.index("."))
    ids = np.array(encoded.ids, dtype=np.int32)
    span = Span(start=0, end=text.index(".") + 1)
    return singled_out(Window(ids, ((span, 0, end), (span, end, len(ids)))), 0, before=0, after=1)


def said(window: Window) -> str:
    text: str = bundled_tokenizer().decode(window.ids.tolist(), skip_special_tokens=False)
    return text


@pytest.mark.parametrize(
    ("question", "gone", "kept"),
    [
        ("how much did the bank lend", "forty thousand crowns", "may"),
        ("when was it lent", "may", "bank"),
        ("who signed it", None, ""),  # the name stands in the next sentence
        ("why did the bank lend it", None, ""),
    ],
)
def test_a_near_miss_is_the_sentence_without_what_was_asked_for(question: str, gone: str | None, kept: str) -> None:
    window = one_sentence(SAYS)
    taken = details.details(question, SAYS)
    for seed in range(12):
        left = details.without(window, taken, np.random.default_rng(seed))
        if gone is None:
            assert left is None
            continue
        assert left is not None
        assert gone not in said(left)
        assert kept in said(left)
        assert not details.shows(left, taken)
        ((_, start, end),) = left.sentences
        assert (left.ids[start - 1], left.ids[end]) == closely.MARKS
    assert bool(taken) is (not question.startswith("why"))


def test_a_gap_elsewhere_leaves_the_answer_and_the_marks() -> None:
    window = one_sentence(SAYS)
    changed = 0
    for seed in range(40):
        left = details.scarred(window, ["forty thousand crowns"], np.random.default_rng(seed))
        changed += said(left) != said(window)
        assert said(left).count("forty thousand crowns") == 2
        ((_, start, end),) = left.sentences
        assert (left.ids[start - 1], left.ids[end]) == closely.MARKS
    assert changed > 20


def test_what_is_drawn_closely_has_near_misses_beside_the_answer_or_in_its_place() -> None:
    window = one_sentence(SAYS)
    ids = np.delete(window.ids, [window.sentences[0][1] - 1, window.sentences[0][2]])
    end = window.sentences[0][2] - 1
    span = window.sentences[0][0]
    whole = Window(ids, ((span, 0, end), (span, end, len(ids))))
    asked = Asked(source="own", text="how much did the bank lend", transcript="t", gold=(span,), words=(SAYS[:42],))
    question = closely.Hard(asked, np.array([2129], dtype=np.int32), [whole], [(0, 0, True), (0, 1, False)])
    seen = set()
    for seed in range(60):
        sample = closely.draw(question, np.random.default_rng(seed))
        rights = tuple(bool(right[0]) for _, right, _ in sample)
        seen.add(rights)
        assert rights == tuple(share == 1.0 for _, _, share in sample)
    # The other sentence names the sum as well, so that it is left out where nothing is to answer.
    assert seen == {(True, False), (True, False, False), (False,)}


def test_everyone_who_gives_the_answer_is_a_right_speaker(tmp_path: Path) -> None:
    talk = tmp_path / "talk.txt"
    talk.write_text(TALK, "utf-8")
    transcript = read_transcript(talk).transcript
    asked = {"id": "q", "question": "until when", "answerable": True, "transcript": "talk", "words": ["Until May"]}
    lines = [{**asked, "speaker": "Ann Gall"}, {**asked, "speaker": ["Ann Gall", "Bo Lind"]}, asked]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    one, both, nobody = read_cases(tmp_path / "questions.jsonl", {"talk": transcript})
    assert one.turns == {("talk", 2), ("talk", 3)}
    ann, bo = (transcript.turns[number].speaker for number in (2, 3))
    assert [[is_expected(speaker, case) for speaker in (ann, bo)] for case in (one, both, nobody)] == [
        [True, False],
        [True, True],
        [True, True],
    ]


def test_answers_in_meetings_of_others_are_given_by_their_places(tmp_path: Path) -> None:
    meeting = tmp_path / "M.json"
    turns = [{"speaker": "A", "content": "Good morning ."}, {"speaker": "B", "content": "The loan is closed ."}]
    meeting.write_text(json.dumps({"meeting_transcripts": turns}), "utf-8")
    (closed, greeted, neither) = parse_places("a\twhat is closed\t1:0-8 0:5-12\na\thow\t0:0-4\nn\twho\n", meeting)
    assert (closed.words, greeted.words, neither.words) == (("The loan", "morning"), ("Good",), ())
    for wrong in ("2:0-4", "1:4-4", "1:0-90", "The loan"):
        with pytest.raises(ValueError, match="no place"):
            parse_places(f"a\twhat\t{wrong}", meeting)


def test_the_questions_on_topics_name_turns_that_are_there() -> None:
    files = sorted(TOPICS.glob("*.tsv"))
    assert len(files) >= 420
    assert {file.name: wrong for file in files if (wrong := topic_faults(file, None))} == {}


def test_a_question_on_a_topic_that_was_asked_before_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "qmsum-M.tsv").write_text("n\tWhy the bridge?\n", "utf-8")
    entries = [{"speaker": "A", "content": "Good morning ."}] * 4
    queries = [{"query": "Summarize the loan."}]
    meeting = {"meeting_transcripts": entries, "specific_query_list": queries}
    (tmp_path / "M.json").write_text(json.dumps(meeting), "utf-8")
    asked = "why the bridge?\t0-1\nWhat of May?\t2-2\nsummarize the loan.\t0-3\nWhat of May?\t3-3\n"
    (tmp_path / "M.tsv").write_text(asked, "utf-8")
    monkeypatch.setattr(check_topics, "TRAINING", tmp_path)
    twice = {f"asked twice: {text}" for text in ("why the bridge?", "what of may?", "summarize the loan.")}
    assert set(topic_faults(tmp_path / "M.tsv", tmp_path)) == twice


def test_evidence_in_meetings_is_by_entries_of_which_those_without_a_word_are_no_turns(tmp_path: Path) -> None:
    said = ["Good morning .", "", "The loan is closed .", "  ", "Who says so ?", "The bank ."]
    entries = [{"speaker": f"Person {n % 2}", "content": words} for n, words in enumerate(said)]
    query = {"query": "Summarize the discussion about the loan.", "relevant_text_span": [["1", "2"], ["5", "5"]]}
    meeting = {"meeting_transcripts": entries, "specific_query_list": [query]}
    (tmp_path / "M.json").write_text(json.dumps(meeting), "utf-8")
    transcript = read_transcript(tmp_path / "M.json").transcript
    (asked,) = qmsum_asked(tmp_path, {"M": transcript})
    assert [span.of(transcript.text) for span in asked.gold] == ["The loan is closed .", "The bank ."]
    (question,) = questions_of([tmp_path / "M.json"], {"M.json": transcript.id})
    assert {transcript.words_of(transcript.turns[turn]) for turn in question.evidence} == {said[2], said[5]}


def test_what_was_written_on_a_meeting_is_asked_of_it_whether_plain_or_rich_in_detail(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entries = [{"speaker": "A", "content": "Good morning ."}, {"speaker": "B", "content": "The loan is closed ."}]
    (tmp_path / "M.json").write_text(json.dumps({"meeting_transcripts": entries}), "utf-8")
    for folder, line in (("questions", "a\twhat is closed\t1:0-8"), ("details", "n\twhat closed the loan\t1:0-8")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "qmsum-M.tsv").write_text(f"{line}\n", "utf-8")
    monkeypatch.setattr(sources, "TRAINING", tmp_path)
    transcript = read_transcript(tmp_path / "M.json").transcript
    plain, detailed = qmsum_asked(tmp_path, {"M": transcript})
    assert (plain.text, plain.words, detailed.text, detailed.gold) == (
        "what is closed",
        ("The loan",),
        "what closed the loan",
        (),
    )
    assert qmsum_asked(tmp_path, {"M": transcript}, written=False) == []


def test_questions_rich_in_detail_on_meetings_are_half_near_misses_and_name_places() -> None:
    files = sorted((reader.TRAINING / "details").glob("qmsum-*.tsv"))
    assert len(files) >= 60
    asked = [each for file in files for each in parse_questions(file.read_text("utf-8"))]
    assert 0.45 < sum(each.answerable for each in asked) / len(asked) < 0.55
    assert [e.text for e in asked if not all(re.fullmatch(r"(\d+:\d+-\d+ ?)+", words) for words in e.words)] == []
    assert [e.text for e in asked if e.answerable and not e.words] == []


def test_questions_on_topics_are_asked_of_the_turns_that_they_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "talk.txt").write_text(TALK, "utf-8")
    (tmp_path / "talk.tsv").write_text("what was said of putting it off\t1-2\n", "utf-8")
    monkeypatch.setattr(sources, "TOPICS", tmp_path)
    transcript = read_transcript(tmp_path / "talk.txt").transcript
    (asked,) = own_asked({"talk": transcript})
    assert asked.topical
    assert [span.of(transcript.text) for span in asked.gold] == ["We put it off.", "Until May then."]


def test_a_question_on_a_topic_is_also_asked_where_other_things_are_talked_about(tmp_path: Path) -> None:
    files = tmp_path / "talk.txt", tmp_path / "other.txt", tmp_path / "third.txt"
    for file, text in zip(files, (TALK, TALK.replace("bridge", "boiler"), TALK.replace("bridge", "roof")), strict=True):
        file.write_text(text, "utf-8")
    embedder = Remembering()
    by_id = transcripts_of(files, tmp_path / "index", embedder)
    (gold,) = [turn.span for turn in by_id["talk"].turns if turn.index == 1]
    asked = Asked(
        source="topics", text="Summarize the discussion about it", transcript="talk", gold=(gold,), topical=True
    )
    about = {"talk": "water", "other": "water", "third": "roofs"}
    own, elsewhere = topic_questions(tmp_path / "index", by_id, embedder, [asked], about=lambda t: about[t.id])
    assert {c.transcript.id for c in own.found} == {"talk"}
    assert own.answerable
    assert [c.text for c, right in zip(own.found, own.right, strict=True) if right] == ["We put it off."]
    assert {c.transcript.id for c in elsewhere.found} == {"third"}
    assert not elsewhere.answerable
    assert not elsewhere.right.any()
    assert [kind_of_meeting(stem) for stem in ("covid_5", "education_2", "Bmr005", "ES2004a", "IS1003b")] == [
        "committee",
        "committee",
        "academic",
        "product",
        "product",
    ]


def test_a_line_on_a_topic_that_is_none_is_named() -> None:
    (topic,) = parse_topics("Why the bridge?\t0-2 5-5\n\n", n_turns=6)
    assert topic == Topic("Why the bridge?", (range(3), range(5, 6)))
    for wrong in ("Why the bridge?", "Why?\t", "Why?\t3", "Why?\t0-2, 4-5", "\t0-2", "Why?\t4-2", "Why?\t4-6"):
        with pytest.raises(ValueError, match="line 2"):
            parse_topics(f"Why the bridge?\t0-2\n{wrong}", n_turns=6)


def test_a_question_of_friends_is_counted_where_it_is_answered_and_where_it_is_not(
    model: SentenceTransformerEmbedder, tmp_path: Path
) -> None:
    said = [
        {"speakers": ["Ann Gall"], "utterance": "I sold the boat ."},
        {"speakers": ["Bo Lind"], "utterance": "Why ?"},
    ]
    answer = {"answer_text": "the boat", "utterance_id": 0, "is_speaker": False}
    scenes = [
        {"title": f"s{n}", "paragraphs": [{"utterances:": said, "qas": [{"question": "What ?", "answers": [answer]}]}]}
        for n in range(50)
    ]
    (tmp_path / "friends.json").write_text(json.dumps({"data": scenes}), "utf-8")
    with friends_set(tmp_path / "friends.json", tmp_path / "index", model) as sets:
        cases = [case for each in sets for case in each.cases]
    outcomes = [
        Outcome(
            case=case,
            answered=case.answerable,
            right=True,
            words_quoted=True,
            speaker_right=True,
            n_quotes=1,
            n_exact=1,
            confidence=1.0,
            took_ms=1.0,
        )
        for case in cases
    ]
    assert len({case.group for case in cases}) == 1
    assert row("all", outcomes).split() == ["all", "10", "10", "1.000", "1.000", "-", "0.000", "1.000", "0.000", "1"]
    none = row("none", [each for each in outcomes if not each.case.answerable])
    assert none.split() == ["none", "0", "10", "-", "-", "-", "-", "1.000", "0.000", "1"]


def test_words_shared_with_the_question_never_count_against_a_sentence() -> None:
    def case(feature: str) -> weights.Case:
        sentence = np.zeros((2, len(SENTENCE_FEATURES)))
        sentence[1, SENTENCE_FEATURES.index(feature)] = 1.0  # the wrong one has more of it
        described = Described(
            candidates=[], sentence=sentence, evidence_coverage=0.0, names_missing=0.0, rarest_missing=0.0, n_terms=1
        )
        return weights.Case("one", answerable=True, described=described, right=np.array([True, False]))

    fitted = dict(zip(SENTENCE_FEATURES, weights.fit_sentences([case("coverage"), case("few_words")] * 9), strict=True))
    assert fitted["coverage"] == 0.0
    assert fitted["few_words"] < -0.5
