"""JSON with turns, and QMSum."""

import json

import pytest

from transcript_qa.datatypes import ImportReport, SpeakerKind
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript


def read(document: object, name: str = "board_meeting.json") -> ImportReport:
    return parse_transcript(json.dumps(document, indent=1).encode(), source=name)


def test_the_documented_shape() -> None:
    report = read(
        {
            "title": "Harbour loan",
            "date": "2026-06-12",
            "place": "Oslo",
            "media_url": "https://example.org/a.mp3",
            "turns": [
                {"speaker": "SPEAKER_00", "start": 3.1, "end": 6.9, "text": "We closed it."},
                {"speaker": None, "start": None, "end": None, "text": "At what rate?"},
                {"speaker": "SPEAKER_00", "start": 7, "text": "Four\u00a0percent."},
            ],
        }
    )
    transcript = report.transcript
    assert report.format == "json_turns"
    assert (transcript.title, str(transcript.date), transcript.place) == ("Harbour loan", "2026-06-12", "Oslo")
    assert transcript.media_url == "https://example.org/a.mp3"
    assert transcript.text == "SPEAKER_00: We closed it.\n\nAt what rate?\n\nSPEAKER_00: Four\u00a0percent."
    assert [(turn.start_s, turn.end_s, turn.address) for turn in transcript.turns] == [
        (3.1, 6.9, "00:00:03"),
        (None, None, "turn 2"),
        (7.0, None, "00:00:07"),
    ]
    assert transcript.turns[1].speaker.kind is SpeakerKind.UNKNOWN
    assert transcript.skipped == ()


def test_a_bare_list_and_other_names_of_the_keys() -> None:
    report = read([{"speaker": "Mira Voss", "start_s": "62.5", "end_s": "0:01:04", "text": " Four. "}])
    turn = report.transcript.turns[0]
    assert (turn.start_s, turn.end_s, report.transcript.words_of(turn)) == (62.5, 64.0, "Four.")
    assert report.transcript.title == "Board meeting"


def test_segments_and_fields_that_are_no_speech() -> None:
    report = read(
        {
            "text": " We closed it. Four.",
            "segments": [
                {"id": 0, "start": 0.0, "end": 1.0, "text": " We closed it.", "tokens": [50364, 492]},
                {"id": 1, "start": 1.0, "end": 2.0, "text": " Four.", "tokens": [50365]},
                "stray",
            ],
            "language": "en",
        }
    )
    assert report.format == "whisper"
    assert report.transcript.text == "We closed it. Four."
    assert [mark.start_s for mark in report.transcript.turns[0].marks] == [0.0, 1.0]
    reasons = {each.reason for each in report.transcript.skipped}
    assert "field that is no speech: text" in reasons
    assert "list items that are no turns" in reasons


def test_times_that_are_none() -> None:
    report = parse_transcript(b'[{"text": "Hello there", "start": NaN, "end": true, "speaker": 0}]', source="x.json")
    turn = report.transcript.turns[0]
    assert (turn.start_s, turn.end_s) == (None, None)
    assert turn.speaker.kind is SpeakerKind.DIARISED


def test_half_a_surrogate_is_no_character() -> None:
    report = parse_transcript(rb'[{"text": "so \ud800 it goes", "start": 1}]', source="x.json")
    report.transcript.text.encode()


def test_qmsum() -> None:
    report = read(
        {
            "topic_list": [{"topic": "The loan", "relevant_text_span": [["0", "1"]]}],
            "general_query_list": [{"query": "Summarise", "answer": "They spoke"}],
            "meeting_transcripts": [
                {"speaker": "Project Manager", "content": "Can we close this ?"},
                {"speaker": "Marketing", "content": "{vocalsound} Okay ."},
            ],
        }
    )
    assert report.format == "qmsum"
    turns = report.transcript.turns
    assert [turn.speaker.kind for turn in turns] == [SpeakerKind.ROLE, SpeakerKind.ROLE]
    assert [turn.address for turn in turns] == ["turn 1", "turn 2"]
    assert report.transcript.words_of(turns[1]) == "{vocalsound} Okay ."
    assert [each.reason for each in report.transcript.skipped] == [
        "field that is no speech: topic_list",
        "field that is no speech: general_query_list",
    ]
    assert report.warnings == ()


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b'{"turns": []}',
        b'{"turns": [{"text": ""}]}',
        b'{"a": 1}',
        b'[1, 2, "three words here"]',
        b'{"turns": [{"speaker": "Mira", "te',
        b'{"id": 1, "question": "what"}\n{"id": 2, "question": "why"}\n',
        b"[" * 100_000,
        b'{"meeting_transcripts": [{"speaker": "A"}]}',
    ],
)
def test_other_json_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse_transcript(data, source="x.json")
