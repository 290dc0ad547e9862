"""HTML pages and printed records: names, pages, what is on a page beside the words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from transcript_qa.datatypes import Transcript
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript
from transcript_qa.formats.htmlscan import extract, tokens

LAYOUTS = Path(__file__).parent / "transcripts"


def read(layout: str) -> Transcript:
    return parse_transcript((LAYOUTS / layout).read_bytes(), source=layout).transcript


def said(transcript: Transcript) -> list[tuple[str, str | None, str]]:
    return [(turn.speaker.label, turn.address, transcript.words_of(turn)) for turn in transcript.turns]


def test_cited_names_with_times() -> None:
    transcript = read("podcast_html/episode.html")
    assert said(transcript) == [
        ("Mira", "0:03", "We closed the harbour loan & told the board.\n\nAll of it."),
        ("Tomas", "1:02:11", "At what rate?"),
    ]
    assert [turn.start_s for turn in transcript.turns] == [3.0, 3731.0]
    assert [(one.reason, one.text) for one in transcript.skipped] == [("text outside the paragraphs", "Made with care")]


def test_the_record_has_pages_also_in_the_middle_of_a_sentence() -> None:
    transcript = read("congress/record.htm")
    assert (transcript.title, transcript.date, transcript.place) == (
        "THE HARBOUR LOAN ACT",
        date(2026, 6, 12),
        "Senate",
    )
    turns = said(transcript)
    assert [(label, address) for label, address, _ in turns] == [
        ("Ms. VOSS", "page S697"),
        ("The PRESIDING OFFICER (Mr. Lind)", "page S698"),
        ("Mr. McEKBERG", "page S698"),
        ("The PRESIDING OFFICER", "page S698"),
        ("Mrs. LIND-AALTO of Besk", "page S698"),
    ]
    assert turns[0][2].endswith("that the town will re- pay by 2031.\n\nI thank the Senator from Besk.")
    marks = transcript.turns[0].marks
    assert [mark.address for mark in marks] == ["page S697", "page S698", "page S698"]
    assert transcript.text[marks[1].start :].startswith("pay by 2031")
    told = {one.reason: one.text for one in transcript.skipped}
    assert "proceeded to call the roll" in told["what the clerk and the record tell"]
    assert "QUORUM CALL" in told["headings"]


def test_a_hearing_has_the_same_labels() -> None:
    transcript = read("congress/hearing.txt")
    assert [label for label, _, _ in said(transcript)] == [
        "Chairman LIND",
        "Senator VOSS",
        "Mr. EKBERG",
        "Senator VOSS",
    ]
    assert transcript.words_of(transcript.turns[0]).endswith("talk about the harbour loan.")


@pytest.mark.parametrize(
    "label",
    [
        "Ms. MILLENDER-McDONALD",
        "Mr. LaVOSS of New Jersey",
        "Mrs. O'EKBERG",
        "Mr. Tomas DIAZ-LIND of Besk",
        "The SPEAKER pro tempore (Mr. Lind)",
        "The Acting CHAIR",
        "The PRESIDENT pro tempore",
        "Ms. VAN LIND",
        "Dr. De VOSS",
        "Senator VOSS",
    ],
)
def test_labels_of_both_houses(label: str) -> None:
    said_by = [label, "Mr. EKBERG"] * 3
    text = "[Congressional Record Volume 1]\n\n" + "".join(f"  {each}. We closed the loan.\n" for each in said_by)
    found = parse_transcript(text.encode(), source="x").transcript
    assert [turn.speaker.label for turn in found.turns] == said_by


def test_a_page_of_an_official_site() -> None:
    transcript = read("site/press_office.html")
    assert (transcript.title, transcript.date, transcript.place) == (
        "Meeting on regional finance",
        date(2026, 6, 12),
        "Besk",
    )
    assert [(label, words) for label, _, words in said(transcript)] == [
        ("President of Ostrany Mira Voss", "Good afternoon.\n\nWe closed the harbour loan on\u00a0Friday."),
        ("Editor of the Besk Harbour gazette Tomas Ekberg", "At what rate?"),
        ("President of Ostrany Mira Voss", "Four & a half."),
        ("Remark", "Thank you."),
        ("Editor of the Besk Harbour gazette Tomas Ekberg", "So it is."),
    ]
    told = {one.reason: one.text for one in transcript.skipped}
    assert "Tomas Ekberg: no" in told["scripts, styles and data of the page"]
    assert told["navigation and forms of the page"] == "Home\nOffice of the President"


def test_a_page_in_pieces_is_read_as_far_as_it_goes() -> None:
    page = "<p>Mira Voss: We closed it.<p>Tomas Ekberg: At what rate? 3 < 4 <b>really</b><p>Mira Voss: Yes"
    assert [words for _, _, words in said(parse_transcript(page.encode(), source="x").transcript)] == [
        "We closed it.",
        "At what rate? 3 < 4 really",
        "Yes",
    ]


def test_lines_of_preformatted_text_stay() -> None:
    assert extract("<pre>  a\n    b &amp; c</pre><p>d\n e</p>").text == "  a\n    b & c\n\nd e\n"


@pytest.mark.parametrize(
    "piece", ["<![", "<!--", "<a b='", '<a b="', "<", "</", "<script>", "<p ", "&#", "<b>", "<nav><nav>", "<!doctype "]
)
def test_pages_made_to_hurt_end(piece: str) -> None:
    text = piece * 100_000
    assert sum(len(token.text) for token in tokens(text)) <= len(text)
    with pytest.raises(ParseError):
        parse_transcript(("<html>" + text).encode(), source="x.html")
