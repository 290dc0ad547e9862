"""Renaming and merging the speakers of one transcript: what is asked afterwards knows it, and it can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcript_qa.assistant import TranscriptQA
from transcript_qa.datatypes import Speaker, SpeakerKind
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import InvalidArgumentError, UnknownSpeakerError, UnknownTranscriptError
from transcript_qa.speakers import SpeakerEdit, dumps, edited, loads

CALL = """WEBVTT

00:01.000 --> 00:04.000
[SPEAKER_00]: We closed the harbour loan on Friday.

00:05.000 --> 00:08.000
[SPEAKER_01]: At what rate did the bank lend?

00:09.000 --> 00:12.000
[SPEAKER_02]: Four and a half percent.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    for name in ("call", "other"):
        (tmp_path / "corpus" / f"{name}.vtt").write_text(CALL)
    return tmp_path


@pytest.fixture
def qa(folder: Path) -> Iterator[TranscriptQA]:
    with TranscriptQA.build(folder / "corpus", index=folder / "index", embedder=HashingEmbedder()) as one:
        yield one


def names(qa: TranscriptQA, transcript_id: str = "call") -> list[str]:
    return [turn.speaker.display for turn in qa.transcript(transcript_id).turns]


def test_a_name_is_known_to_answers_and_filters_of_its_transcript_only(qa: TranscriptQA) -> None:
    assert qa.rename_speaker("call", "SPEAKER_00", "Mira Voss").name == "Mira Voss"
    assert names(qa) == ["Mira Voss", "SPEAKER_01", "SPEAKER_02"]
    assert names(qa, "other") == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_02"]
    assert qa.search("harbour loan", speakers=["mira voss"])[0].passage.transcript_id == "call"
    answer = qa.ask("When was the harbour loan closed?", speakers=["Mira Voss"])
    assert {citation.speaker.display for citation in answer.citations} <= {"Mira Voss"}
    quote = "We closed the harbour loan on Friday."
    assert qa.verify(quote, speaker="Mira Voss", transcript="call").support == "exact"


def test_merged_speakers_are_one_and_are_found_by_every_label(qa: TranscriptQA) -> None:
    one = qa.merge_speakers("call", ["SPEAKER_00", "SPEAKER_02"], "Mira Voss")
    assert (one.label, one.aliases) == ("SPEAKER_00", ("SPEAKER_02",))
    assert names(qa) == ["Mira Voss", "SPEAKER_01", "Mira Voss"]
    (info,) = [info for info in qa.transcripts() if info.id == "call"]
    assert [(entry.speaker.display, entry.n_turns, entry.n_words) for entry in info.speakers] == [
        ("Mira Voss", 2, 12),
        ("SPEAKER_01", 1, 7),
    ]
    for asked in ("Mira Voss", "SPEAKER_00", "SPEAKER_02"):
        assert "Four and a half" in qa.search("percent", speakers=[asked], transcripts=["call"])[0].passage.text


def test_each_step_is_taken_back_in_turn(qa: TranscriptQA) -> None:
    qa.rename_speaker("call", "SPEAKER_01", "Tomas Ekberg")
    qa.merge_speakers("call", ["Tomas Ekberg", "SPEAKER_02"])
    qa.rename_speaker("call", "SPEAKER_02", "Tomas Ek")
    assert names(qa) == ["SPEAKER_00", "Tomas Ek", "Tomas Ek"]
    seen = []
    while qa.undo_speakers("call"):
        seen.append(names(qa)[1:])
    assert seen == [["Tomas Ekberg", "Tomas Ekberg"], ["Tomas Ekberg", "SPEAKER_02"], ["SPEAKER_01", "SPEAKER_02"]]
    assert qa.transcript("call").turns == qa.transcript("other").turns


def test_nothing_is_embedded_again_and_a_changed_file_keeps_the_names(folder: Path) -> None:
    embedder = HashingEmbedder()
    with TranscriptQA.build(folder / "corpus", index=folder / "index", embedder=embedder) as qa:
        generation = qa._store.generation
        qa.rename_speaker("call", "SPEAKER_00", "Mira Voss")
        assert qa._store.generation == generation
        (folder / "corpus" / "call.vtt").write_text(CALL + "\n00:13.000 --> 00:14.000\n[SPEAKER_00]: Thank you.\n")
        qa.update([folder / "corpus"])
        assert names(qa) == ["Mira Voss", "SPEAKER_01", "SPEAKER_02", "Mira Voss"]
    with TranscriptQA.build(folder / "corpus", index=folder / "index", embedder=embedder, rebuild=True) as qa:
        assert names(qa)[0] == "Mira Voss"
        qa.remove("call")
        qa.add(folder / "corpus" / "call.vtt")
        assert names(qa)[0] == "SPEAKER_00"


def test_two_processes_see_the_same_names(folder: Path, qa: TranscriptQA) -> None:
    with TranscriptQA.open(folder / "index", embedder=HashingEmbedder()) as reader:
        assert names(reader)[0] == "SPEAKER_00"
        qa.rename_speaker("call", "SPEAKER_00", "Mira Voss")
        assert names(reader)[0] == "Mira Voss"
        assert reader.transcripts()[0].speakers[0].speaker.name == "Mira Voss"


def test_what_names_nobody_is_refused_and_nothing_changes(qa: TranscriptQA) -> None:
    with pytest.raises(UnknownSpeakerError, match="SPEAKER_0"):
        qa.rename_speaker("call", "SPEAKER_09", "Mira Voss")
    with pytest.raises(UnknownTranscriptError):
        qa.rename_speaker("cal", "SPEAKER_00", "Mira Voss")
    for name in ("", "  ", "x" * 201, "a\x1bb"):
        with pytest.raises(InvalidArgumentError, match="name"):
            qa.rename_speaker("call", "SPEAKER_00", name)
    with pytest.raises(InvalidArgumentError, match="Two different"):
        qa.merge_speakers("call", ["SPEAKER_00", "speaker_00"])
    with pytest.raises(UnknownSpeakerError):
        qa.merge_speakers("call", ["SPEAKER_00", ""])
    qa.rename_speaker("call", "SPEAKER_00", "Mira Voss")
    qa.rename_speaker("call", "SPEAKER_01", "Mira Voss")
    with pytest.raises(InvalidArgumentError, match="'SPEAKER_00', 'SPEAKER_01'"):
        qa.rename_speaker("call", "Mira Voss", "Tomas Ekberg")
    assert not qa.undo_speakers("other")


def test_speakers_without_a_label_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "talk.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nwe closed the loan on friday\n")
    with TranscriptQA.build(tmp_path / "talk.vtt", index=tmp_path / "index", embedder=HashingEmbedder()) as qa:
        qa.rename_speaker("talk", "", "Mira Voss")
        (speaker,) = qa.transcript("talk").speakers
        assert (speaker.label, speaker.name, speaker.kind) == ("", "Mira Voss", SpeakerKind.NAMED)


_labels = st.sampled_from("ABCDE")
_edits = st.lists(
    st.builds(
        SpeakerEdit,
        labels=st.lists(_labels, min_size=1, max_size=3, unique=True).map(tuple),
        name=st.none() | st.text(min_size=1),
    ),
    max_size=6,
)


@given(st.lists(_labels, min_size=1, unique=True), _edits)
def test_no_label_is_lost_whatever_is_edited(found: list[str], edits: list[SpeakerEdit]) -> None:
    before = [Speaker(label=label, kind=SpeakerKind.DIARISED) for label in found]
    after = edited(before, edits)
    assert list(after) == before
    groups = {speaker.label: {speaker.label, *speaker.aliases} for speaker in after.values()}
    assert sorted(label for group in groups.values() for label in group) == sorted(found)
    for speaker, now in after.items():
        assert speaker.label in groups[now.label]
    assert loads(dumps(edits)) == tuple(edits)
