"""The transcript that the project began with, read in full."""

from datetime import date
from pathlib import Path

import pytest

from transcript_qa.corpus import read_transcript
from transcript_qa.datatypes import ImportReport

SEED = Path(__file__).parents[2] / "shared/seed/meeting-2020-09-28.txt"

pytestmark = pytest.mark.skipif(not SEED.is_file(), reason="the seed transcript is not beside this checkout")


@pytest.fixture(scope="module")
def report() -> ImportReport:
    return read_transcript(SEED)


def test_header(report: ImportReport) -> None:
    transcript = report.transcript
    assert report.format == "site"
    assert report.warnings == ()
    assert transcript.title == "Meeting with President of Kyrgyzstan Sooronbay Jeenbekov"
    assert transcript.date == date(2020, 9, 28)
    assert transcript.place == "Sochi"
    assert transcript.id == "meeting-2020-09-28"


def test_two_speakers_printed_in_two_ways(report: ImportReport) -> None:
    first, second = report.transcript.speakers
    assert (first.label, first.name, first.role) == (
        "President of Russia Vladimir Putin",
        "Vladimir Putin",
        "President of Russia",
    )
    assert first.aliases == ("Vladimir Putin",)
    assert (second.name, second.role, second.aliases) == (
        "Sooronbay Jeenbekov",
        "President of Kyrgyzstan",
        ("Sooronbay Jeenbekov",),
    )


def test_turns(report: ImportReport) -> None:
    transcript = report.transcript
    assert [(turn.speaker.name, turn.address) for turn in transcript.turns] == [
        ("Vladimir Putin", "line 21"),
        ("Sooronbay Jeenbekov", "line 37"),
        ("Vladimir Putin", "line 55"),
        ("Sooronbay Jeenbekov", "line 65"),
    ]
    assert all(turn.start_s is None and turn.end_s is None for turn in transcript.turns)
    words = [transcript.words_of(turn) for turn in transcript.turns]
    assert words[3] == "Thank you."
    assert words[0].count("\n\n") == 7
    # Bracketed notes of the editors belong to the words; no-break spaces stay as they are.
    assert "[the Russian co-chair" in words[1].replace("\u00a0", " ")
    assert "I\u00a0am very glad" in words[0]
    assert "$100 million" in words[1].replace("\u00a0", " ")


def test_what_is_left_out(report: ImportReport) -> None:
    assert [(each.first_line, each.last_line, each.reason) for each in report.transcript.skipped] == [
        (1, 9, "site header"),
        (15, 17, "introduction, not speech"),
        (19, 19, "divider"),
        (68, 68, "closing date line"),
    ]


def test_no_character_vanishes(report: ImportReport) -> None:
    transcript = report.transcript
    told = "".join(each.text for each in transcript.skipped) + transcript.title + transcript.text
    told += "September 28, 2020, Sochi"

    def dense(text: str) -> list[str]:
        return sorted(char for char in text if not char.isspace())

    assert dense(told) == dense(SEED.read_text(encoding="utf-8-sig"))
