"""Site pages, texts with names, and plain prose."""

import contextlib
import time

import pytest

from transcript_qa.datatypes import ImportReport, SpeakerKind
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript


def read(text: str, name: str = "harbour-board.txt") -> ImportReport:
    return parse_transcript(text.encode(), source=name)


def said(report: ImportReport) -> list[tuple[str, str]]:
    transcript = report.transcript
    return [(turn.speaker.label, transcript.words_of(turn)) for turn in transcript.turns]


SITE = """View settings
Font size:

Official website of the President of Ruritania

Events   /

Meeting with Mayor of\u00a0Besk Tomas Ekberg

June 12, 2026, 14:05, Oslo

Mira Voss met with Tomas Ekberg, who was on a visit.

* * *

President of\u00a0Ruritania Mira Voss: Mr Ekberg, I\u00a0am glad.

We closed the loan [the harbour loan of 2025] on Friday. (Applause.)

So what I ask is simple: pay it back.

Mayor of Besk Tomas Ekberg: At what rate?

Mira Voss: Four: no more.

Question: (in English) Why?

Tomas Ekberg: Thank you.


June 12, 2026, 14:05, Oslo
"""


def test_a_site_page() -> None:
    report = read(SITE)
    transcript = report.transcript
    assert report.format == "site"
    assert (transcript.title, str(transcript.date), transcript.place) == (
        "Meeting with Mayor of Besk Tomas Ekberg",
        "2026-06-12",
        "Oslo",
    )
    voss = "President of Ruritania Mira Voss"
    ekberg = "Mayor of Besk Tomas Ekberg"
    assert said(report) == [
        (
            voss,
            "Mr Ekberg, I\u00a0am glad.\n\nWe closed the loan [the harbour loan of 2025] on Friday. (Applause.)\n\n"
            "So what I ask is simple: pay it back.",
        ),
        (ekberg, "At what rate?"),
        (voss, "Four: no more."),
        ("Question", "(in English) Why?"),
        (ekberg, "Thank you."),
    ]
    assert "\n\nMira Voss: Four: no more.\n\n" in transcript.text
    assert [turn.address for turn in transcript.turns] == ["line 16", "line 22", "line 24", "line 26", "line 28"]
    speaker = transcript.turns[2].speaker
    assert (speaker.name, speaker.role, speaker.aliases) == ("Mira Voss", "President of Ruritania", ("Mira Voss",))
    assert transcript.turns[3].speaker.kind is SpeakerKind.ROLE
    assert [(each.first_line, each.last_line, each.reason) for each in transcript.skipped] == [
        (1, 6, "site header"),
        (12, 12, "introduction, not speech"),
        (14, 14, "divider"),
        (31, 31, "closing date line"),
    ]


COUNCIL = """BESK TOWN COUNCIL
Ordinary meeting

Date: Tuesday 17 February 2026, 7.00 pm
Place: Lower Hall, Besk

Present: Mayor Mira Voss (chair); Councillors Tomas Ekberg, Ines Lind
Host: Odile Marne

-----------

Mayor Mira Voss: Here is the thing: we begin.
The clock is slow.

Growth: there are two items. The rate was
5: 1 against. See http://besk.example/a: b.

Councillor Tomas Ekberg: Aye.

Lind: Aye.

Councillor Tomas Ekberg: Note: I said aye.
"""


def test_names_with_a_header() -> None:
    report = read(COUNCIL)
    transcript = report.transcript
    assert report.format == "names"
    assert (transcript.title, str(transcript.date), transcript.place) == (
        "BESK TOWN COUNCIL, Ordinary meeting",
        "2026-02-17",
        "Lower Hall, Besk",
    )
    assert said(report) == [
        (
            "Mayor Mira Voss",
            "Here is the thing: we begin.\nThe clock is slow.\n\nGrowth: there are two items. The rate was\n"
            "5: 1 against. See http://besk.example/a: b.",
        ),
        ("Councillor Tomas Ekberg", "Aye."),
        ("Lind", "Aye."),
        ("Councillor Tomas Ekberg", "Note: I said aye."),
    ]
    assert [each.reason for each in transcript.skipped] == ["list of those present", "divider"]


@pytest.mark.parametrize(
    ("head", "address", "start_s"),
    [
        ("Mira Voss: ", "line 1", None),
        ("**Mira Voss:** ", "line 1", None),
        ("**Mira Voss**: ", "line 1", None),
        ("**Mira Voss: **", "line 1", None),
        ("Mira\u00a0Voss:\u00a0 ", "line 1", None),
        ("Mira Voss:\n", "line 1", None),
        ("Mira Voss:\n\n", "line 1", None),
        ("Mira Voss (00:12): ", "00:12", 12.0),
        ("MIRA VOSS (01:00:12): ", "01:00:12", 3612.0),
        ("**Mira Voss** (12:18): ", "12:18", 738.0),
        ("Mira Voss [00:12:34]: ", "00:12:34", 754.0),
        ("Mira Voss: [00:12:34] ", "00:12:34", 754.0),
        ("**Mira Voss:** \\[04:02\\] ", "04:02", 242.0),
        ("Mira Voss: (00:03)\n", "00:03", 3.0),
        ("Mira Voss: 00:12:34\n\n", "00:12:34", 754.0),
        ("Mira Voss  0:03  \n", "0:03", 3.0),
        ("Mira Voss\t0:03\n", "0:03", 3.0),
        ("[00:00:03] Mira Voss: ", "00:00:03", 3.0),
        ("00:00:03 Mira Voss: ", "00:00:03", 3.0),
        ("[Mira Voss] 14:05:31\n", "14:05:31", None),
        ("[Mira Voss]: ", "line 1", None),
        ("00:05:00\nMira Voss: ", "00:05:00", 300.0),
        ("### 00:08:02\n\nMira Voss: ", "00:08:02", 482.0),
    ],
)
def test_every_style_of_label(head: str, address: str, start_s: float | None) -> None:
    other = head.replace("Mira", "Tomas").replace("MIRA", "TOMAS")
    report = read(f"{head}We closed it.\n\nOn Friday.\n\n{other}At what rate?\n\n{head}Four.\n")
    assert [words for _, words in said(report)] == ["We closed it.\n\nOn Friday.", "At what rate?", "Four."]
    assert {name.casefold() for name, _ in said(report)} == {"mira voss", "tomas voss"}
    first = report.transcript.turns[0]
    assert (first.address, first.start_s) == (address, start_s)
    if start_s is not None:
        assert first.marks[0].start == first.span.start


def test_labels_on_every_line_without_blank_lines() -> None:
    report = read("Mira Voss: We closed it\nTomas Ekberg: Right.\nMira Voss: on Friday.\n")
    assert len(said(report)) == 3


def test_questions_without_a_colon() -> None:
    report = read(
        "MS. VOSS:\u00a0 Hi.\u00a0 We closed\nthe loan.\n  \n"
        "Q\u00a0\u00a0\u00a0 At what rate?\n  \nMS. VOSS:\u00a0 Four.\n  \n"
        "Q\u00a0\u00a0\u00a0 And when?\n\n12:14 P.M. EDT\n"
    )
    assert [name for name, _ in said(report)] == ["MS. VOSS", "Q", "MS. VOSS", "Q"]
    assert report.transcript.turns[1].speaker.kind is SpeakerKind.ROLE
    assert report.transcript.skipped[-1].text == "12:14 P.M. EDT"


def test_times_inside_a_turn_are_marks() -> None:
    report = read("**Mira Voss:** We closed it.\n\n\\[11:46\\] On Friday.\n\n**Tomas Ekberg:** Good.\n")
    transcript = report.transcript
    assert transcript.words_of(transcript.turns[0]) == "We closed it.\n\nOn Friday."
    mark = transcript.turns[0].marks[0]
    assert (mark.start_s, transcript.text[mark.start :][:9]) == (706.0, "On Friday")


def test_front_matter_headings_comments_breaks_and_footers() -> None:
    report = read(
        "---\ntitle: 'The loan'\ndate: 2020-12-10 20:50:00\nspeakers:\n  - Mira Voss\nmedia: https://example.org/a\n---\n"
        "An episode about a loan, which is introduced here.\n\n"
        "**Mira Voss:** Hi.\n\n## The rate\n\n**Break:** \\[01:18\\]\n\n"
        "**Tomas Ekberg:** Four.\n\n<!-- build\nnote -->\n\nTranscribed by https://otter.ai\n"
    )
    transcript = report.transcript
    assert (transcript.title, str(transcript.date), transcript.media_url) == (
        "The loan",
        "2020-12-10",
        "https://example.org/a",
    )
    assert said(report) == [("Mira Voss", "Hi."), ("Tomas Ekberg", "Four.")]
    assert [each.reason for each in transcript.skipped] == [
        "front matter",
        "introduction, not speech",
        "heading",
        "break, not speech",
        "comment in the source",
        "line of the recording tool",
    ]


def test_notes_in_front_of_a_heading_transcript_are_no_speech() -> None:
    report = read(
        "# Board, meeting 7\n\n## Notes\n\n- Mira Voss: said hello\n- Date: 5 September 2023\n\n"
        "## Transcript\n\n00:05:00\n\n"
        "Mira Voss: We closed it.\n\nTomas Ekberg: Right.\n\nMeeting ended after 00:07:49\n"
    )
    assert said(report) == [("Mira Voss", "We closed it."), ("Tomas Ekberg", "Right.")]
    assert report.transcript.title == "Board, meeting 7"
    assert str(report.transcript.date) == "2023-09-05"


def test_a_label_without_words_is_reported() -> None:
    report = read("Mira Voss: Hi.\n\nTomas Ekberg:\n\nMira Voss: Hello?\n")
    assert [name for name, _ in said(report)] == ["Mira Voss", "Mira Voss"]
    assert report.transcript.skipped[0].reason == "a label without words"


def test_prose_is_one_turn_for_each_paragraph() -> None:
    report = read("We closed the harbour loan on Friday.\nIt was late.\n\nSo here is the thing: nobody asked why.\n")
    assert report.format == "plain"
    assert report.warnings == ("no speakers found",)
    assert said(report) == [
        ("", "We closed the harbour loan on Friday.\nIt was late."),
        ("", "So here is the thing: nobody asked why."),
    ]
    assert report.transcript.title == "Harbour board"
    assert [turn.address for turn in report.transcript.turns] == ["line 1", "line 4"]


def test_prose_with_times_has_a_turn_for_each() -> None:
    report = read("[00:00:03] We closed it\non Friday.\n[00:00:09] At what rate?\n\n[00:00:12] Four.\n")
    assert [(turn.address, turn.start_s) for turn in report.transcript.turns] == [
        ("00:00:03", 3.0),
        ("00:00:09", 9.0),
        ("00:00:12", 12.0),
    ]
    assert report.transcript.text == "We closed it\non Friday.\n\nAt what rate?\n\nFour."


def test_labels_with_a_wide_colon() -> None:
    assert said(read("田中：こんにちは。\n\n山田：はい。\n")) == [("田中", "こんにちは。"), ("山田", "はい。")]


def test_a_wrong_suffix_changes_nothing() -> None:
    assert read("WEBVTT\n\n00:01.000 --> 00:02.000\nHello there\n", "x.txt").format == "webvtt"
    assert read("Mira Voss: Hi.\n\nTomas Ekberg: Ho.\n", "x.vtt").format == "names"


@pytest.mark.parametrize(
    "text",
    [
        "id,name,price\n1,apple,2\n2,pear,3\n3,plum,4\n",
        "<!DOCTYPE html>\n<html><body><script>Mira Voss: Hello</script></body></html>",
        "import os\n\n\ndef main():\n    x = 1\n    return os.path.join(x)\n",
        "#include <stdio.h>\nint main() {\n  printf(x);\n  return 0;\n}\n",
        "x9$ 8!! @@ ## 12 44 ~~ ^^ 7",
        "12 13 14\n15 16 17\n",
        "?",
    ],
)
def test_what_is_no_transcript_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(ParseError, match="no transcript recognised") as caught:
        read(text)
    assert "README" in str(caught.value)


def test_much_left_out_is_reported() -> None:
    intro = "This is an introduction that goes on and on for quite a while, as they do. " * 9
    report = read(f"{intro}\n\nMira Voss: Hi.\n\nTomas Ekberg: Ho.\n\nMira Voss: Well then.\n")
    assert any("% of the words were left out" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "Mira Voss: " + "word " * 400_000,
        "Mira Voss: x\n\nTomas Ekberg: " + " " * 2_000_000 + "y",
        "A" * 2_000_000,
        "**" * 1_000_000 + " hello there friends",
        "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v " * 600_000 + "word",
        "WEBVTT\n\n00:01.000 --> 00:02.000\nso <c> " + "&amp" * 400_000,
        "WEBVTT\n\n00:01.000 --> 00:02.000\n{\\" * 1 + "{\\" * 900_000,
        "1\n00:00:01,000 --> 00:00:02,000\n" + "- a " * 500_000,
        "[" * 2_000_000,
        '{"turns": [{"text": "' + "a " * 900_000 + '", "start": 1}]}',
        "00:" * 600_000,
        "Mira Voss" + "\u00a0" * 2_000_000 + "0:03",
        "# " * 900_000 + "transcript",
        "- \n" * 300_000,
    ],
)
def test_two_megabytes_are_read_quickly(text: str) -> None:
    began = time.perf_counter()
    with contextlib.suppress(ParseError):
        read(text)
    # Quadratic work on two million characters would take minutes; the margin is for busy machines.
    assert time.perf_counter() - began < 15
