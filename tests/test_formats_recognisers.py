"""JSON of recognisers and meeting tools: who, when and what of every layout, and what is left out."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from transcript_qa.datatypes import ImportReport, Transcript
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript
from transcript_qa.formats.jsonscan import objects, scan

LAYOUTS = Path(__file__).parent / "transcripts"
LOAN, RATE, HALF = "We closed the harbour loan on Friday.", "At what rate?", "Four and a half percent."
Said = tuple[str, float | None, float | None, str]


def read(layout: str) -> ImportReport:
    return parse_transcript((LAYOUTS / layout).read_bytes(), source=layout)


def read_json(value: object) -> ImportReport:
    return parse_transcript(json.dumps(value).encode(), source="x.json")


def said(transcript: Transcript) -> list[Said]:
    return [(turn.speaker.label, turn.start_s, turn.end_s, transcript.words_of(turn)) for turn in transcript.turns]


TURNS: dict[str, list[Said]] = {
    "whisper/openai_verbose.json": [("", 3.12, 9.0, f"{LOAN} {RATE}")],
    "whisper/whisper_cpp.json": [("", 3.12, 11.9, f"{LOAN} {RATE}")],
    "whisper/whisperx.json": [
        ("SPEAKER_00", 3.12, 6.9, LOAN),
        ("SPEAKER_01", 11.0, 11.9, RATE),
        ("", 12.5, None, HALF),
    ],
    "whisper/words.json": [("SPEAKER_01", 3.0, 4.75, LOAN), ("SPEAKER_00", 11.0, 13.25, f"{RATE} {HALF}")],
    "assemblyai/utterances.json": [("A", 3.12, 4.87, LOAN), ("B", 11.0, 11.75, RATE)],
    "assemblyai/words_only.json": [("A", 3.12, 4.87, LOAN), ("B", 11.0, 11.75, RATE)],
    "deepgram/utterances.json": [("0", 3.12, 4.87, LOAN), ("1", 11.0, 11.75, RATE)],
    "deepgram/two_channels.json": [
        ("channel 0", 3.12, 4.87, LOAN),
        ("channel 1", 11.0, 11.75, RATE),
        ("channel 0", 12.0, 13.25, HALF),
    ],
    "aws/speakers.json": [("spk_0", 3.12, 4.87, LOAN), ("spk_1", 11.0, 11.75, RATE)],
    "aws/channels.json": [("ch_0", 3.12, 4.87, LOAN), ("ch_1", 11.0, 11.75, RATE)],
    "aws/call_analytics.json": [("AGENT", 3.12, 6.9, LOAN), ("CUSTOMER", 11.0, 11.9, RATE)],
    "google_speech/diarised_v1.json": [("1", 3.12, 4.87, LOAN), ("2", 11.0, 11.75, RATE)],
    "google_speech/v2.json": [("1", 3.12, 4.87, LOAN), ("2", 11.0, 11.75, RATE)],
    "google_speech/no_words.json": [("", None, 6.9, f"{LOAN} {RATE}")],
    "rev/api.json": [("Speaker 0", 3.12, 4.87, LOAN), ("Speaker 1", 11.0, 11.75, RATE)],
    "rev/human.json": [("Mira Voss", 3.12, 3.9, "Four percent."), ("Tomas Ekberg", 5.0, 5.4, "Right.")],
    "rev/editor_spans.json": [("Speaker 1", 62.1, 62.9, "Four percent.")],
    "json3/automatic.json": [("", 0.24, 3.92, "so the loan was repaid"), ("", 5.0, 5.9, "at what rate")],
    "podcast_json/words.json": [("Mira Voss", 3.0, 4.75, LOAN), ("Tomas Ekberg", 11.0, 11.75, RATE)],
    "podcast_json/labels_on_change.json": [("Mira Voss", 3.1, 6.9, LOAN), ("Tomas Ekberg", 11.0, 11.9, RATE)],
    "oyez/argument.json": [("Mira Voss", 0.0, 6.9, f"{LOAN}\n\nYou may proceed."), ("", 6.9, 7.5, RATE)],
    "meeting_json/fireflies_api.json": [("Mira Voss", 3.12, 6.9, LOAN), ("Speaker 1", 11.0, 11.9, RATE)],
    "meeting_json/fireflies_download.json": [("Mira Voss", 3.0, 6.0, LOAN), ("Tomas Ekberg", 11.0, 12.0, RATE)],
    "meeting_json/granola.json": [("Microphone", 0.0, 3.0, LOAN), ("Everyone else", 8.0, 9.0, RATE)],
    "meeting_json/grain.json": [("Mira Voss", 3.12, 6.9, LOAN), ("Tomas Ekberg", 11.0, 11.9, RATE)],
}


@pytest.mark.parametrize("layout", TURNS)
def test_turns_speakers_and_times(layout: str) -> None:
    assert said(read(layout).transcript) == TURNS[layout]


@pytest.mark.parametrize(
    ("layout", "reason"),
    [
        ("whisper/openai_verbose.json", "field that is no speech: text"),
        ("assemblyai/utterances.json", "field that is no speech: words"),
        ("deepgram/utterances.json", "field that is no speech: channels"),
        ("aws/speakers.json", "field that is no speech: speaker_labels"),
        ("google_speech/diarised_v1.json", "words that the last result repeats with their speakers"),
        ("meeting_json/fireflies_api.json", "field that is no speech: summary"),
        ("oyez/argument.json", "field that is no speech: media_file"),
    ],
)
def test_what_is_left_out_is_told(layout: str, reason: str) -> None:
    assert reason in {region.reason for region in read(layout).transcript.skipped}


def test_header_fields() -> None:
    meeting = read("meeting_json/fireflies_api.json").transcript
    assert (meeting.title, meeting.date) == ("Harbour loan review", date(2026, 6, 12))
    argument = read("oyez/argument.json").transcript
    assert (argument.title, argument.date) == (
        "Voss v. Harbour Board - Oral Argument - March 05, 1956",
        date(1956, 3, 5),
    )
    assert argument.media_url == "https://example.org/argument.mp3"
    assert read("assemblyai/utterances.json").transcript.media_url == "https://example.org/loan.mp3"


def test_each_segment_and_sentence_has_its_own_time() -> None:
    (turn,) = read("whisper/openai_verbose.json").transcript.turns
    assert [(mark.start_s, mark.end_s) for mark in turn.marks] == [(3.12, 6.9), (7.0, 9.0)]
    words = read("whisper/words.json").transcript.turns[1]
    assert [(mark.start_s, mark.address) for mark in words.marks] == [(11.0, "00:00:11"), (12.0, "00:00:12")]


def test_a_pause_begins_a_mark_where_no_full_stop_does() -> None:
    spoken = [("so", 1.0), ("it", 1.2), ("closed", 1.4), ("then", 9.0), ("we", 9.2)]
    words = [{"word": word, "start": at, "end": at + 0.2} for word, at in spoken]
    (turn,) = read_json(words).transcript.turns
    assert [mark.start_s for mark in turn.marks] == [1.0, 9.0]


def test_parts_that_begin_at_zero_again_are_said_aloud() -> None:
    segments = [{"start": at, "end": at + 1.0, "text": f" word {at}"} for at in (0.0, 5.0, 0.0, 5.0)]
    report = read_json({"segments": segments, "language": "en"})
    assert any("begin at 0 again" in warning for warning in report.warnings)


def test_a_word_is_given_to_the_speaker_of_its_time_where_the_label_has_no_items() -> None:
    def item(word: str, at: float) -> dict[str, object]:
        times = {"start_time": str(at), "end_time": str(at + 0.2)}
        return {"type": "pronunciation", **times, "alternatives": [{"content": word}]}

    labels = [{"start_time": "1.0", "end_time": "1.2", "speaker_label": "spk_0", "items": [item("x", 1.0)]}]
    value = {"results": {"items": [item("Yes", 1.0), item("no", 5.0)], "speaker_labels": {"segments": labels}}}
    turns = read_json(value).transcript.turns
    assert [turn.speaker.label for turn in turns] == ["spk_0", ""]


@pytest.mark.parametrize(
    "value",
    [
        {"utterances": None, "words": None, "text": None},
        {"results": {"channels": [{"alternatives": []}], "utterances": None}},
        {"results": {"items": [{"alternatives": [None]}, None, 3]}},
        {"results": [{"alternatives": [{"transcript": None}]}, {}]},
        {"monologues": [{"speaker": [], "elements": [{"value": None}]}]},
        {"events": [{"tStartMs": "x", "segs": [None, {"utf8": None}]}]},
        {"segments": [{"startTime": None, "body": "   "}]},
        {"transcript": {"sections": [{"turns": [{"speaker": 3, "text_blocks": None}]}]}},
        {"Transcript": [{"ParticipantRole": None, "Content": None}]},
        {"data": {"transcript": {"sentences": [{"text": None, "start_time": [], "speaker_name": {}}]}}},
    ],
)
def test_empty_and_wrong_values_are_refused(value: object) -> None:
    with pytest.raises(ParseError):
        read_json(value)


def test_milliseconds_of_utterances_are_told_without_the_rest_of_the_reply() -> None:
    word = {"text": "Yes.", "start": 3120, "end": 3500, "confidence": 0.9}
    said_by = {"speaker": "A", "start": 3120, "end": 3500, "text": "Yes.", "words": [word]}
    assert said(read_json({"utterances": [said_by]}).transcript) == [("A", 3.12, 3.5, "Yes.")]


def test_an_argument_without_a_transcript_says_so() -> None:
    value = {"transcript": None, "media_file": None, "public_note": "It was dismissed.", "title": "No argument"}
    with pytest.raises(ParseError, match=r"has no transcript: It was dismissed\."):
        read_json(value)


@pytest.mark.parametrize("start", ["x", None, -1, 1e308, float("nan"), [], "1e400", True])
def test_a_time_that_is_none_is_none(start: object) -> None:
    (turn,) = read_json([{"text": "Hello there friends", "start": start, "speaker": "Mira Voss"}]).transcript.turns
    assert turn.start_s is None


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '{"a" 1}', '["a" "b"]', '{"a":1} x', "[1,]", "{1:2}", "["]
)
def test_what_is_no_json_is_none(text: str) -> None:
    assert scan(text) is None


def test_one_object_on_each_line_is_a_list() -> None:
    lines = '{"speaker": "Mira", "text": "We closed it."}\n\n{"speaker": "Tomas", "text": "At what rate?"}\n'
    report = parse_transcript(lines.encode(), source="x.jsonl")
    assert said(report.transcript) == [("Mira", None, None, "We closed it."), ("Tomas", None, None, "At what rate?")]
    assert scan(lines + '{"speaker": ') is None


def test_places_are_those_of_the_values() -> None:
    text = '{"a": {"b" : [ {"c":1} , 2,{"d": "x"}]}, "e":"\\u00e9"}'
    document = scan(text)
    assert document is not None
    assert document.value == json.loads(text)
    inner = document.value["a"]["b"]
    assert [text[start:end] for _, (start, end) in objects(document, inner)] == ['{"c":1}', '{"d": "x"}']
    assert text[slice(*document.members(document.value)["e"])] == '"\\u00e9"'
