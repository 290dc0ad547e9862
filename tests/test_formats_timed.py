"""Captions and tables with times beyond WebVTT and SRT: SBV, ASS, TSV, CHAT."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from transcript_qa.datatypes import Transcript
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript

LAYOUTS = Path(__file__).parent / "transcripts"
Said = tuple[str, float | None, float | None, str]


def read(layout: str) -> Transcript:
    return parse_transcript((LAYOUTS / layout).read_bytes(), source=layout).transcript


def said(transcript: Transcript) -> list[Said]:
    return [(turn.speaker.label, turn.start_s, turn.end_s, transcript.words_of(turn)) for turn in transcript.turns]


LOAN = "We closed the loan and told the board."
TURNS: dict[str, list[Said]] = {
    "sbv/captions.sbv": [("MIRA VOSS", 3.12, 6.9, LOAN), ("TOMAS EKBERG", 11.0, 11.9, "At what rate?")],
    "ass/named.ass": [
        ("Mira Voss", 3.12, 6.9, LOAN.replace("loan", "loan,")),
        ("Tomas Ekberg", 11.0, 11.9, "At what rate?"),
    ],
    "ass/prefixed.ssa": [
        ("MIRA VOSS", 3.12, 6.9, "We closed it,  all of it."),
        ("TOMAS EKBERG", 11.0, 11.9, "At what rate?"),
    ],
    "tsv/whisper.tsv": [("", 3.12, 11.9, "We closed the harbour loan. At what rate?")],
    "tsv/audacity.txt": [
        ("SPEAKER_00", 3.12, 6.9, "We closed the harbour loan."),
        ("SPEAKER_01", 11.0, 11.9, "At what rate?"),
    ],
    "chat/meeting.cha": [
        ("MIR", 3.12, 7.5, "we closed the um harbour loan on Friday . all of it ."),
        ("TOM", 11.0, 11.9, "at what at what rate because it matters ?"),
    ],
}


@pytest.mark.parametrize("layout", TURNS)
def test_turns_speakers_and_times(layout: str) -> None:
    assert said(read(layout)) == TURNS[layout]


def test_each_caption_is_a_mark() -> None:
    assert [mark.start_s for mark in read("ass/named.ass").turns[0].marks] == [3.12, 5.0]
    assert [mark.start_s for mark in read("chat/meeting.cha").turns[0].marks] == [3.12, 7.0]


def test_headers_and_what_is_left_out() -> None:
    meeting = read("chat/meeting.cha")
    assert meeting.date == date(2026, 6, 12)
    assert [(one.label, one.name, one.role) for one in meeting.speakers] == [
        ("MIR", "Mira Voss", "Adult"),
        ("TOM", "TOM", None),
    ]
    assert ("tier that depends on an utterance", "%com:\tnods") in [(one.reason, one.text) for one in meeting.skipped]
    captions = read("ass/named.ass")
    assert captions.title == "Harbour loan"
    assert any(one.reason == "comment" and "check the names" in one.text for one in captions.skipped)


@pytest.mark.parametrize(
    "source",
    [
        "[Script Info]\n\n[Events]\nDialogue: 0,0:00\n",
        "[Events]\nFormat: Start, Text, End\nDialogue: 1,2,3\n",
        "0:00:03.120,0:00:06.900\n\n",
        "start\tend\ttext\n1\n",
        "@UTF8\n@Begin\n*MIR:\t\n@End\n",
    ],
)
def test_files_without_words_are_refused(source: str) -> None:
    with pytest.raises(ParseError):
        parse_transcript(source.encode(), source="x")
