"""Court and deposition transcripts: pages, numbered lines, who asks and who answers, and what is no testimony."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from transcript_qa.datatypes import ImportReport, Support
from transcript_qa.formats import parse_transcript
from transcript_qa.grounding.ground import ground

FOLDER = Path(__file__).parent / "transcripts" / "page_line"


def read(name: str) -> ImportReport:
    return parse_transcript((FOLDER / name).read_bytes(), source=name)


def test_who_asks_and_who_answers_with_page_and_line() -> None:
    transcript = read("deposition.txt").transcript
    assert [(turn.speaker.label, turn.address, transcript.words_of(turn)) for turn in transcript.turns] == [
        ("MS. LIND", "45:7-8", "Ms. Voss, when did you close the harbour loan?"),
        ("MR. EKBERG", "45:9", "Objection, form."),
        (
            "MIRA VOSS",
            "45:10-12",
            "On Friday. It was the twelfth, information that the board had in its well-kept minutes.",
        ),
        ("MS. LIND", "45:13", "At what rate?"),
        ("MIRA VOSS", "45:14", "May I look at the information?"),
        ("THE COURT REPORTER", "45:15", "Please speak up."),
        ("MIRA VOSS", "45:16", "Four and a half percent."),
        ("MR. EKBERG", "45:18", "Who signed it?"),
        (
            "MIRA VOSS",
            "45:19-22",
            "I did, on behalf of the board and with the consent of the town, which had been asked twice before that "
            "day. The letter is here.",
        ),
        ("MR. EKBERG", "45:23-24", "Thank you."),
        ("MIRA VOSS", "45:25-46:1", "Of course."),
    ]


def test_a_quote_is_cited_by_the_lines_it_stands_on() -> None:
    transcript = read("deposition.txt").transcript
    for quote, address in {
        "which had been asked twice before that day.": "45:20-21",
        "Of course.": "45:25-46:1",
        "At what rate?": "45:13",
    }.items():
        check = ground(quote, [transcript])
        assert check.support is Support.EXACT
        assert check.citation is not None
        assert check.citation.address == address


def test_the_rest_is_no_testimony() -> None:
    report = read("deposition.txt")
    told = {region.reason: region.text for region in report.transcript.skipped}
    assert "PER EKBERG, ESQ." in told["caption, appearances and contents, not testimony"]
    assert "BY MR. EKBERG:" in told["who examines"]
    assert "concluded" in told["closing remark, not testimony"]
    assert report.transcript.date == date(2026, 6, 12)
    assert "43" in told["page numbers"]


def test_page_numbers_below_the_lines() -> None:
    transcript = read("numbers_below.txt").transcript
    assert (transcript.turns[0].address, transcript.turns[-1].address) == ("2:7-8", "2:25-3:1")


def test_without_an_examiner_and_a_witness_the_letters_stay() -> None:
    rows = ["          Q.   When did you close it?", "          A.   On Friday.", "     MR. EKBERG:  Objection."] * 9
    text = "".join(f"{number:2d}  {row}\n" for number, row in enumerate(rows[:25], start=1))
    transcript = parse_transcript(text.encode(), source="x.txt").transcript
    assert [turn.speaker.label for turn in transcript.turns[:3]] == ["Q", "A", "MR. EKBERG"]
    assert transcript.turns[0].address == "1:1"


def test_numbered_lines_that_are_no_pages_are_left_to_other_formats() -> None:
    steps = "".join(f"{number}. Mira Voss: step {number} of the plan\n" for number in range(1, 30))
    assert parse_transcript(steps.encode(), source="x.txt").format != "page_line"
