"""Texts and captions as tools export them: who, when and what of each layout."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from transcript_qa.datatypes import Transcript
from transcript_qa.formats import parse_transcript

LAYOUTS = Path(__file__).parent / "transcripts"
LOAN, RATE = "We closed the harbour loan on Friday.", "At what rate?"
Said = list[tuple[str, float | None, str]]


def read(layout: str) -> Transcript:
    return parse_transcript((LAYOUTS / layout).read_bytes(), source=layout).transcript


def said(transcript: Transcript) -> Said:
    return [(turn.speaker.label, turn.start_s, transcript.words_of(turn)) for turn in transcript.turns]


TURNS: dict[str, Said] = {
    "names/otter.txt": [
        ("Mira Voss", 3.0, LOAN),
        ("Tomas Ekberg", 11.0, RATE),
        ("Unknown Speaker", 3765.0, "Four and a half."),
    ],
    "plain/otter_without_names.txt": [("", 15.0, LOAN), ("", 31.0, "At what rate did the bank lend it to us?")],
    # Times of day are no offsets: they are the address.
    "names/zoom_saved.txt": [("Mira Voss", None, LOAN), ("Tomas Ekberg", None, RATE)],
    "names/meet_notes.txt": [
        ("Mira Voss", 0.0, "We closed the harbour"),
        ("Tomas Ekberg", None, "Right."),
        ("Mira Voss", None, "loan on Friday."),
        ("Tomas Ekberg", 300.0, RATE),
    ],
    "names/rev.txt": [("Mira Voss", 3.0, LOAN), ("Speaker 2", 11.0, "At what [crosstalk 00:12] rate?")],
    "names/descript.txt": [("Mira Voss", 3.0, LOAN), ("Tomas Ekberg", 11.0, f"{RATE}\n\nThey asked for more.")],
    # A break is no speech; its time is when the next one speaks, at the earliest.
    "names/podcast.md": [
        ("Mira Voss", 754.01, LOAN),
        ("Tomas Ekberg", 1036.0, RATE),
        ("Mira Voss", None, "Four. [laughter]"),
    ],
    "names/header_lines.md": [("Mira Voss", 754.0, LOAN), ("Tomas Ekberg", 760.0, RATE)],
    "names/briefing.txt": [
        ("MS. VOSS", None, LOAN),
        ("Q", None, RATE),
        ("MS. VOSS", None, "Four and a half. (Laughter.) And --"),
        ("Q", None, "Will it --"),
        ("MS. VOSS", None, "Let me finish."),
    ],
    **{
        f"names/{name}": [("Mira Voss", 3.0, LOAN), ("Tomas Ekberg", 11.0, RATE), ("Mira Voss", 15.0, "Four.")]
        for name in ("name_dash_time.txt", "headings.md")
    },
    "names/otter_with_keywords.txt": [
        ("Mira Voss", 3.0, LOAN),
        ("Tomas Ekberg", 11.0, RATE),
        ("Mira Voss", 15.0, "Four percent."),
    ],
    "names/time_then_name.txt": [
        ("Mira Voss", 3.12, LOAN),
        ("Tomas Ekberg", 11.0, RATE),
        ("Mira Voss", 15.0, "Four percent."),
    ],
    "names/name_then_time.txt": [
        ("Speaker 1", 3.0, LOAN),
        ("Speaker 2", 11.0, RATE),
        ("Speaker 1", 15.0, "Four percent."),
    ],
    "names/united_nations.txt": [
        ("The President", None, "I now call on the representative of Ruritania."),
        ("Ms. Voss (Ruritania)", None, "We closed the harbour loan."),
        ("Mr. Ekberg (Ostrany) (spoke in French)", None, RATE),
        ("The President", None, "I thank the representative."),
    ],
    "tsv/whisper_output.txt": [("", 0.0, f"{LOAN} {RATE} Four percent.")],
    "periods/president.txt": [
        ("The President", None, LOAN),
        ("Q", None, RATE),
        ("The President", None, "Four and a half. [Laughter] And——"),
        ("Q", None, "Will it——"),
        ("The President", None, "Let me finish."),
    ],
    "webvtt/teams.vtt": [
        ("Voss, Mira (Treasury)", 3.12, "We closed the harbour loan on Friday & told the board."),
        ("Speaker 1", 7.48, "Right."),
        ("Voss, Mira (Treasury)", 7.48, "So."),
    ],
    "webvtt/names_in_brackets.vtt": [
        ("Mira Voss", 3.12, "We closed the loan. At what rate?"),
        ("Mira Voss", 5.48, "Four percent."),
        ("Tomas Ekberg", 7.48, "Thank you."),
    ],
    "srt/dashes.srt": [("", 1.0, "We closed it."), ("", 1.0, "At what rate? FOUR PERCENT.")],
    "srt/capitals.srt": [
        ("MIRA VOSS", 1.0, "WE CLOSED IT."),
        ("TOMAS EKBERG", 3.0, "AT WHAT RATE?"),
        ("", 4.0, "FOUR. [APPLAUSE]"),
    ],
}


@pytest.mark.parametrize("layout", TURNS)
def test_turns_speakers_and_times(layout: str) -> None:
    assert said(read(layout)) == TURNS[layout]


@pytest.mark.parametrize(
    ("layout", "reason", "words"),
    [
        ("names/otter.txt", "line of the recording tool", "Transcribed by https://otter.ai"),
        ("plain/otter_without_names.txt", "line of the recording tool", "Transcribed by https://otter.ai"),
        ("names/meet_notes.txt", "notes in front of the transcript, not speech", "Mira told about the loan."),
        ("names/meet_notes.txt", "line of the recording tool", "This editable transcript was computer generated"),
        ("names/podcast.md", "break, not speech", "Break"),
        ("names/briefing.txt", "closing lines, not speech", "2:31 P.M. EDT"),
    ],
)
def test_what_is_no_speech_is_told(layout: str, reason: str, words: str) -> None:
    assert any(region.reason == reason and words in region.text for region in read(layout).skipped)


def test_headers() -> None:
    otter = read("names/otter_with_keywords.txt")
    assert (otter.title, otter.date) == ("Harbour loan review", date(2026, 6, 12))
    lines = read("names/header_lines.md")
    assert (lines.title, lines.date, lines.media_url) == ("The loan", date(2026, 6, 12), "https://youtu.be/abc")
    assert read("names/meet_notes.txt").title == "Harbour loan review"
    assert [turn.address for turn in read("names/zoom_saved.txt").turns] == ["14:05:31", "14:05:42"]


def test_one_person_of_a_parliament_has_one_name() -> None:
    transcript = read("names/hansard_printed.txt")
    assert [(turn.speaker.name, turn.speaker.role) for turn in transcript.turns] == [
        ("Mira Voss", "Harbour—Centre, Ind."),
        ("Tomas Ekberg", "Minister of Finance"),
        ("Mira Voss", "Harbour—Centre, Ind."),
        (None, None),
        (None, None),
    ]


def test_a_backslash_in_plain_text_is_a_backslash() -> None:
    text = "Mira Voss: The path is C:\\[loan].\n\nTomas Ekberg: At what rate?\n"
    transcript = parse_transcript(text.encode(), source="x.txt").transcript
    assert transcript.words_of(transcript.turns[0]) == "The path is C:\\[loan]."


def test_captions_that_go_by_an_earlier_label_are_told() -> None:
    cues = "".join(f"{n}\n00:00:{n:02d},000 --> 00:00:{n + 1:02d},000\nword {n}\n\n" for n in range(2, 8))
    text = f"1\n00:00:01,000 --> 00:00:02,000\nMira Voss: We closed it.\n\n{cues}"
    report = parse_transcript(text.encode(), source="x.srt")
    assert report.warnings == ("6 of 7 captions have no label of their own; they are taken to be the last speaker's",)
    every = text.replace("\nword", "\nMira Voss: word")
    assert parse_transcript(every.encode(), source="x.srt").warnings == ()
