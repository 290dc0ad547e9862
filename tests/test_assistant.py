from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from transcript_qa import TranscriptQA
from transcript_qa.assistant import AnswerDone, AnswerText
from transcript_qa.datatypes import Answer, Support
from transcript_qa.embed import HashingEmbedder, SentenceTransformerEmbedder
from transcript_qa.errors import (
    IndexDamagedError,
    IndexMismatchError,
    IndexNotFoundError,
    ParseError,
    SourceNotFoundError,
    UnknownTranscriptError,
)
from transcript_qa.indexing import IndexProgress
from transcript_qa.reading.model import CLOSE_WEIGHTS, TOPIC_WEIGHTS, WEIGHTS, EvidenceModel
from transcript_qa.reading.reader import TrainedReader
from transcript_qa.render import NOT_ANSWERED, answer_json, answer_plain, format_time

SEED = ROOT.parent / "shared" / "seed"
TALK = "Mira Voss: We closed the harbour loan on Friday.\n\nTomas Ekberg: At what rate?\n\nMira Voss: Four percent.\n"


def check(qa: TranscriptQA, answer: Answer) -> None:
    """The promises that hold for every answer."""
    markers = [int(marker) for marker in re.findall(r"\[(\d+)\]$", answer.text, re.MULTILINE)]
    assert markers == [citation.marker for citation in answer.citations] == list(range(1, len(markers) + 1))
    assert answer.answered == bool(answer.citations)
    assert 0 <= answer.confidence <= 1
    for citation in answer.citations:
        transcript = qa.transcript(citation.transcript_id)
        assert citation.span.of(transcript.text) == citation.quote
        assert citation.support is Support.EXACT
        assert transcript.turns[citation.turn].speaker == citation.speaker
        assert " ".join(citation.quote.split()) in answer.text
    if not answer.answered:
        assert answer.text == NOT_ANSWERED


@pytest.mark.skipif(not SEED.is_dir(), reason="../shared/seed is not here")
def test_the_seed_answers_what_loan_was_mentioned(model: SentenceTransformerEmbedder, tmp_path: Path) -> None:
    with TranscriptQA.build(SEED, index=tmp_path, embedder=model) as qa:
        answer = qa.ask("what loan was mentioned")
        check(qa, answer)
        assert answer.answered
        first = answer.citations[0]
        assert "$100 million" in first.quote
        assert first.speaker.name == "Sooronbay Jeenbekov"
        assert not any("[" in citation.quote for citation in answer.citations)


def test_the_sample_corpus_answers_with_quote_name_and_place(sample: TranscriptQA) -> None:
    answer = sample.ask("what loan was mentioned")
    check(sample, answer)
    assert answer.answered
    first = answer.citations[0]
    assert "loan of 240 million crowns" in " ".join(first.quote.split())
    assert (first.speaker.name, first.transcript_id) == ("Ketrin Halvey", "state-visit-veldania")
    shown = answer_plain(answer)
    assert "/t/state-visit-veldania#turn-1" in shown
    assert "line 36" in shown


@pytest.mark.parametrize("question", ["Which planet has the most moons?", "recipe for banana bread without eggs"])
def test_what_nobody_spoke_of_is_declined_with_the_nearest_passages(sample: TranscriptQA, question: str) -> None:
    answer = sample.ask(question)
    check(sample, answer)
    assert not answer.answered
    assert answer.hits
    assert "Nearest passages" in answer_plain(answer)


@given(st.text(min_size=1).filter(str.strip))
@settings(max_examples=25, deadline=None)
def test_no_question_breaks_an_answer(sample: TranscriptQA, question: str) -> None:
    check(sample, sample.ask(question, k=2))


def test_json_has_the_stable_shape(sample: TranscriptQA) -> None:
    shape = answer_json(sample.ask("what loan was mentioned"))
    assert set(shape) == {
        *("question", "asked_as", "answered", "confidence", "text", "citations", "hits", "filters", "timings_ms"),
        *("worded_by", "n_marked", "n_dropped", "note"),
    }
    assert {"marker", "transcript_id", "title", "source", "turn", "speaker", "role"} <= set(shape["citations"][0])
    assert {"start_s", "end_s", "address", "span", "quote", "support"} <= set(shape["citations"][0])
    assert {"rank", "score", "why", "transcript_id", "title", "turns", "speakers"} <= set(shape["hits"][0])


def test_a_stream_ends_with_the_answer_whose_text_it_gave(sample: TranscriptQA) -> None:
    *pieces, last = sample.stream("what loan was mentioned")
    assert isinstance(last, AnswerDone)
    assert "".join(piece.text for piece in pieces if isinstance(piece, AnswerText)) == last.answer.text


def test_verify_tells_said_misattributed_and_invented_apart(sample: TranscriptQA) -> None:
    said = "The interest is fixed at 3.1 percent for the whole period."
    assert sample.verify(said).support in (Support.EXACT, Support.NORMALISED)
    assert sample.verify(said, speaker="Ketrin Halvey").support is Support.WRONG_SPEAKER
    assert sample.verify(said.replace("3.1", "4.1")).support is Support.CLOSE
    assert sample.verify("the moon is made of cheese").support is Support.MISSING


class TestFollowingFiles:
    """The index follows its files."""

    def build(self, folder: Path, index: Path) -> TranscriptQA:
        return TranscriptQA.build(folder, index=index, embedder=HashingEmbedder())

    def test_only_what_changed_is_embedded_again(self, tmp_path: Path) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "one.txt").write_text(TALK, "utf-8")
        (folder / "two.txt").write_text(TALK.replace("harbour", "garden"), "utf-8")
        with self.build(folder, tmp_path / "index") as qa:
            assert qa.update([folder]).unchanged == ("one", "two")
            (folder / "two.txt").write_text(TALK.replace("harbour", "bridge"), "utf-8")
            (folder / "three.txt").write_text(TALK.replace("harbour", "school"), "utf-8")
            (folder / "one.txt").unlink()
            report = qa.update([folder])
            assert (report.added, report.changed, report.removed) == (("three",), ("two",), ("one",))
            assert {info.id for info in qa.transcripts()} == {"two", "three"}
            assert qa.search("garden")[0].why.keyword is None
            assert qa.search("bridge")[0].passage.transcript_id == "two"

    def test_a_stopped_first_run_goes_on_where_it_was(self, tmp_path: Path) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "one.txt").write_text(TALK, "utf-8")
        (folder / "two.txt").write_text(TALK.replace("harbour", "garden"), "utf-8")

        def stop(step: IndexProgress) -> None:
            if step.files_done == 1:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            TranscriptQA.build(folder, index=tmp_path / "index", embedder=HashingEmbedder(), progress=stop)
        with self.build(folder, tmp_path / "index") as qa:
            assert qa.last_report is not None
            assert (qa.last_report.unchanged, qa.last_report.added) == (("one",), ("two",))

    def test_a_bad_file_stops_no_other_and_loses_nothing(self, tmp_path: Path) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "good.txt").write_text(TALK, "utf-8")
        (folder / "bad.txt").write_bytes(bytes(range(256)) * 40)
        with self.build(folder, tmp_path / "index") as qa:
            assert [info.id for info in qa.transcripts()] == ["good"]
            assert qa.last_report is not None
            assert [Path(failed.source).name for failed in qa.last_report.failed] == ["bad.txt"]
            (folder / "good.txt").write_bytes(b"\x00\x01" * 900)
            report = qa.update([folder])
            assert {Path(failed.source).name for failed in report.failed} == {"good.txt", "bad.txt"}
            assert [info.id for info in qa.transcripts()] == ["good"]

    def test_the_last_transcript_of_a_folder_goes_too(self, tmp_path: Path) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "good.txt").write_text(TALK, "utf-8")
        with self.build(folder, tmp_path / "index") as qa:
            (folder / "good.txt").unlink()
            assert qa.update([folder]).removed == ("good",)

    def test_adding_and_removing_one(self, tmp_path: Path) -> None:
        path = tmp_path / "talk.txt"
        path.write_text(TALK, "utf-8")
        with self.build(path, tmp_path / "index") as qa:
            assert qa.add(path) is None
            qa.remove("talk")
            assert qa.transcripts() == ()
            assert qa.search("loan") == []
            answer = qa.ask("loan")
            check(qa, answer)
            with pytest.raises(UnknownTranscriptError):
                qa.remove("talk")


class TestErrors:
    """Bad input names the thing and the remedy, and leaves no half-made index."""

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(SourceNotFoundError):
            TranscriptQA.build(tmp_path / "none", index=tmp_path / "index", embedder=HashingEmbedder())
        (tmp_path / "empty").mkdir()
        with pytest.raises(SourceNotFoundError):
            TranscriptQA.build(tmp_path / "empty", index=tmp_path / "index", embedder=HashingEmbedder())
        assert not (tmp_path / "index").exists()

    def test_a_file_whose_name_is_no_text_stops_no_other(self, tmp_path: Path) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "good.txt").write_text(TALK, "utf-8")
        (folder / "caf\udce9.txt").write_text(TALK, "utf-8")
        with TranscriptQA.build(folder, index=tmp_path / "index", embedder=HashingEmbedder()) as qa:
            assert [info.id for info in qa.transcripts()] == ["good"]
            assert qa.last_report is not None
            assert "not UTF-8" in str(qa.last_report.failed[0].error)

    def test_nothing_but_a_binary_file(self, tmp_path: Path) -> None:
        (tmp_path / "x.txt").write_bytes(bytes(range(256)) * 40)
        with pytest.raises(ParseError, match=r"x\.txt"):
            TranscriptQA.build(tmp_path / "x.txt", index=tmp_path / "index", embedder=HashingEmbedder())

    def test_no_index(self, tmp_path: Path) -> None:
        with pytest.raises(IndexNotFoundError, match="transcript-qa index"):
            TranscriptQA.open(tmp_path)

    def test_an_index_of_another_model(self, tmp_path: Path) -> None:
        (tmp_path / "t.txt").write_text(TALK, "utf-8")
        TranscriptQA.build(tmp_path / "t.txt", index=tmp_path / "index", embedder=HashingEmbedder()).close()
        with pytest.raises(IndexMismatchError, match="hashing"):
            TranscriptQA.open(tmp_path / "index")

    def test_a_damaged_index(self, tmp_path: Path) -> None:
        (tmp_path / "t.txt").write_text(TALK, "utf-8")
        TranscriptQA.build(tmp_path / "t.txt", index=tmp_path / "index", embedder=HashingEmbedder()).close()
        next((tmp_path / "index").glob("*.sqlite")).write_bytes(b"not a database at all " * 400)
        with pytest.raises(IndexDamagedError, match="transcripts themselves are untouched"):
            TranscriptQA.open(tmp_path / "index", embedder=HashingEmbedder())


@given(st.floats(0, 400_000, allow_nan=False))
def test_times_are_rounded_down_and_carry(seconds: float) -> None:
    parts = [int(part) for part in format_time(seconds).split(":")]
    assert all(part < 60 for part in parts[1:])
    assert sum(part * 60**power for power, part in enumerate(reversed(parts))) == int(seconds)


def test_warming_up_loads_the_networks_that_answers_need(sample: TranscriptQA) -> None:
    model = EvidenceModel()
    warmed = TranscriptQA(sample._store, sample._embedder, reader=TrainedReader(model))
    assert set(model._networks) == set()
    warmed.warm_up()
    assert set(model._networks) == {WEIGHTS, CLOSE_WEIGHTS, TOPIC_WEIGHTS}
