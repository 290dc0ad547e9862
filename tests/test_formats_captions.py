"""WebVTT and SubRip: cues into turns, and every trap of caption files."""

import pytest

from transcript_qa.datatypes import ImportReport, SpeakerKind
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript


def read(text: str, name: str = "talk.vtt") -> ImportReport:
    return parse_transcript(text.encode(), source=name)


def said(report: ImportReport) -> list[tuple[str, str]]:
    transcript = report.transcript
    return [(turn.speaker.label, transcript.words_of(turn)) for turn in transcript.turns]


VOICES = """WEBVTT

NOTE made by hand

STYLE
::cue { color: lime }

1
00:03.120 --> 00:05.480
<v Mira Voss>We closed the harbour loan on</v>

2
00:05.480 --> 00:06.900 align:start
<v.loud Mira Voss>Friday &amp; told
the board.

3
01:00:11.000 --> 01:00:11.900
<v Tomas Ekberg>At what rate?<v Mira Voss>Four.
"""


def test_voices() -> None:
    report = read(VOICES)
    assert report.format == "webvtt"
    assert report.confidence == 1
    assert said(report) == [
        ("Mira Voss", "We closed the harbour loan on Friday & told the board."),
        ("Tomas Ekberg", "At what rate?"),
        ("Mira Voss", "Four."),
    ]
    first, second, third = report.transcript.turns
    assert (first.start_s, first.end_s, first.address) == (3.12, 6.9, "00:00:03")
    assert (second.start_s, second.address) == (3611.0, "01:00:11")
    assert third.start_s == 3611.0
    reasons = [(each.first_line, each.last_line, each.reason) for each in report.transcript.skipped]
    assert reasons == [(3, 3, "a note in the captions"), (5, 6, "style of the captions")]


def test_marks_point_at_the_first_word_of_their_cue() -> None:
    transcript = read(VOICES).transcript
    marks = transcript.turns[0].marks
    assert [transcript.text[mark.start :].split()[0] for mark in marks] == ["We", "Friday"]
    assert [mark.start_s for mark in marks] == [3.12, 5.48]


def test_text_is_composed_of_labels_and_words() -> None:
    assert read(VOICES).transcript.text == (
        "Mira Voss: We closed the harbour loan on Friday & told the board.\n\n"
        "Tomas Ekberg: At what rate?\n\nMira Voss: Four."
    )


def test_a_name_in_front_of_every_cue() -> None:
    report = read(
        "WEBVTT\r\n\r\n1\r\n00:00:03.120 --> 00:00:05.480\r\nMira Voss (Besk): We closed it: on\r\n\r\n2\r\n"
        "00:00:05.480 --> 00:00:06.900\r\nMira Voss (Besk): Friday.\r\n\r\n3\r\n00:00:11.000 --> 00:00:11.900\r\n"
        "fdifabio: Note: at what rate?\r\n"
    )
    assert said(report) == [("Mira Voss (Besk)", "We closed it: on Friday."), ("fdifabio", "Note: at what rate?")]


def test_a_label_only_on_change_holds_until_the_next() -> None:
    report = read(
        "1\n00:00:01,000 --> 00:00:02,000\nTravis: When you first\nget started\n\n2\n00:00:02,000 --> 00:00:03,000\n"
        "it is hard.\n\n3\n00:00:03,000 --> 00:00:04,500\nSarah: So true.\n\n4\n00:00:05.000 --> 00:00:06.000\n"
        "Travis: Yes.\n\n5\n00:00:07.000 --> 00:00:08.000\nSarah: No.\n",
        "talk.txt",
    )
    assert report.format == "srt"
    assert said(report) == [
        ("Travis", "When you first get started it is hard."),
        ("Sarah", "So true."),
        ("Travis", "Yes."),
        ("Sarah", "No."),
    ]
    assert report.transcript.turns[0].end_s == 3.0


def test_srt_without_blank_lines_and_with_tags() -> None:
    report = read(
        '1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<font color="#fff">Four</font>\n2\n00:00:02,000 --> 00:00:03,000\n'
        "<i>and</i> a half\n1\n00:00:04,000 --> 00:00:05,000\nis x < y > z?\n"
    )
    assert said(report) == [("", "Four and a half is x < y > z?")]
    assert report.warnings == ("no speakers found",)


def test_boxed_labels() -> None:
    report = read(
        "1\n00:00:01,000 --> 00:00:02,000\n[SPEAKER_00]: We closed it.\n\n2\n00:00:02,000 --> 00:00:03,000\n"
        "[SPEAKER_01]: At what rate?\n\n3\n00:00:03,000 --> 00:00:04,000\n[Music]\n\n4\n"
        "00:00:04,000 --> 00:00:05,000\n[SPEAKER_00]: Four.\n"
    )
    assert said(report) == [
        ("SPEAKER_00", "We closed it."),
        ("SPEAKER_01", "At what rate? [Music]"),
        ("SPEAKER_00", "Four."),
    ]
    assert {turn.speaker.kind for turn in report.transcript.turns} == {SpeakerKind.DIARISED}


def test_boxed_names() -> None:
    report = read(
        "1\n00:00:01,000 --> 00:00:02,000\n[Mira Voss]: We closed it.\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\n[Tomas]: Oh.\n"
        "\n3\n00:00:03,000 --> 00:00:04,000\n[Tomas]: Why?\n"
    )
    assert said(report) == [("Mira Voss", "We closed it."), ("Tomas", "Oh. Why?")]


def test_two_speakers_in_one_cue_by_dashes() -> None:
    report = read(
        "1\n00:00:01,000 --> 00:00:02,000\n- At what rate?\n- Four.\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\n- only one dash\n"
    )
    assert said(report) == [("", "At what rate?"), ("", "Four. - only one dash")]


def test_change_marks_begin_turns_without_a_name() -> None:
    report = read("WEBVTT\n\n00:01.000 --> 00:02.000\n>> At what rate?\n\n00:02.000 --> 00:03.000\n&gt;&gt; Four.\n")
    assert said(report) == [("", "At what rate?"), ("", "Four.")]


ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.240 --> 00:00:01.910 align:start position:0%
\x20
so<00:00:00.400><c> the</c><00:00:00.800><c> loan</c>

00:00:01.910 --> 00:00:01.920 align:start position:0%
so the loan
\x20

00:00:01.920 --> 00:00:03.500 align:start position:0%
so the loan
was<00:00:02.100><c> repaid</c>

00:00:03.500 --> 00:00:03.510 align:start position:0%
was repaid
\x20

00:00:03.510 --> 00:00:04.500 align:start position:0%
was repaid
right

00:00:04.500 --> 00:00:04.510 align:start position:0%
right
\x20

00:00:04.510 --> 00:00:06.000 align:start position:0%
right
[Applause]
00:00:06.000 --> 00:00:07.000 align:start position:0%
[Applause]
[Applause]
"""


def test_rolling_captions_say_everything_once() -> None:
    report = read(ROLLING)
    assert said(report) == [("", "so the loan was repaid right [Applause] [Applause]")]
    rolled = report.transcript.skipped[-1]
    assert rolled.reason == "rolling captions: 13 of 21 words repeat the caption before"
    assert report.warnings == ("no speakers found",)


def test_overlapping_cues_that_do_not_roll_are_kept_whole() -> None:
    report = read(
        "WEBVTT\n\n00:01.000 --> 00:05.000\nORDER\n\n00:02.000 --> 00:06.000\nORDER\n\n"
        "00:03.000 --> 00:07.000\nTHANK YOU.\n"
    )
    assert said(report) == [("", "ORDER ORDER THANK YOU.")]


def test_a_time_line_ends_a_cue_without_a_blank_line() -> None:
    report = read("WEBVTT\n00:01.000 --> 00:02.000\nOne\n7\n00:02.000 --> 00:03.000\nTwo\n")
    assert said(report) == [("", "One Two")]


def test_title_date_and_place_from_the_first_note() -> None:
    report = read("WEBVTT\n\nNOTE\nBoard meeting\n27 March 2025, Room 2\n\n00:01.000 --> 00:02.000\nGood morning\n")
    transcript = report.transcript
    assert (transcript.title, str(transcript.date), transcript.place) == ("Board meeting", "2025-03-27", "Room 2")


def test_ids_of_any_kind_are_no_words() -> None:
    report = read(
        "WEBVTT - Board\n\n"
        "0c6b7e1a-3f52-4f0e-9a51-2f1f0b7a9d11/14-0\n00:01.000 --> 00:02.000\n<v Voss, Mira (Treasury)>Hello</v>\n\n"
        "intro\n00:02.000 --> 00:03.000\n<v Voss, Mira (Treasury)>again</v>\n"
    )
    assert said(report) == [("Voss, Mira (Treasury)", "Hello again")]
    speaker = report.transcript.turns[0].speaker
    assert (speaker.name, speaker.role) == ("Mira Voss", "Treasury")
    assert report.transcript.title == "Board"


def test_times_that_run_backwards_are_reported() -> None:
    report = read("WEBVTT\n\n00:10.000 --> 00:12.000\nB\n\n00:01.000 --> 00:02.000\nA\n")
    assert "times run backwards at 00:00:01" in report.warnings


def test_one_voice_with_nearly_everything_is_reported() -> None:
    cues = "".join(
        f"{n // 60:02d}:{n % 60:02d}.000 --> {n // 60:02d}:{n % 60:02d}.900\n<v {'Mira' if n % 2 else 'Tomas'}>"
        + ("word " * 200 if n % 2 else "Ah")
        + "\n\n"
        for n in range(1, 41)
    )
    assert any("one speaker (Mira)" in warning for warning in read("WEBVTT\n\n" + cues).warnings)


@pytest.mark.parametrize(
    "text", ["WEBVTT", "WEBVTT\n\nNOTE nothing\n", "WEBVTT\n\n00:01.000 --> 00:02.000\n\n", "WEBVTT\n\n<v A>x"]
)
def test_a_file_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match=r"talk\.vtt"):
        read(text)


def test_impossible_times_are_none() -> None:
    report = read("WEBVTT\n\n00:75:99.000 --> 00:02:00.000\nHello there\n")
    turn = report.transcript.turns[0]
    assert (turn.start_s, turn.end_s, turn.address) == (None, 120.0, None)


@pytest.mark.parametrize("head", ["WEBVTT\n\n", ""], ids=["webvtt", "srt"])
def test_hours_of_two_and_of_three_digits_stand_in_one_file(head: str) -> None:
    starts = ("99:59:58.500", "100:00:01.250", "012:00:00.000", "123:45:06.007")
    cues = [f"{n}\n{at} --> {at[:-3]}900\nMira Voss: word {n}\n\n" for n, at in enumerate(starts, start=1)]
    report = parse_transcript((head + "".join(cues)).encode(), source="long")
    (turn,) = report.transcript.turns
    assert [mark.start_s for mark in turn.marks] == [359_998.5, 360_001.25, 43_200.0, 445_506.007]
    assert [mark.address for mark in turn.marks] == ["99:59:58", "100:00:01", "12:00:00", "123:45:06"]
    assert report.transcript.words_of(turn) == "word 1 word 2 word 3 word 4"
