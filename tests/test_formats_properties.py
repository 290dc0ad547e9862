"""What holds for any source: spans give their text, no character vanishes, nothing but `ParseError` is raised."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transcript_qa.datatypes import ImportReport
from transcript_qa.errors import ParseError
from transcript_qa.formats import FORMATS, format_names, parse_transcript
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.cuetext import plain
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import SourceText

quick = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])

# One file for each layout of each format, in a folder named like the format.
LAYOUTS = sorted((Path(__file__).parent / "transcripts").glob("*/*"))
SEEDS = sorted((Path(__file__).parent / "seeds").glob("*"))
FIXTURES = tuple(path.read_text(encoding="utf-8") for path in LAYOUTS if path.suffix not in (".docx", ".pdf"))

_MARKS = (
    *(
        "Mira Voss:",
        "Q ",
        "A.",
        "Question: ",
        "**",
        "\n",
        "\n\n",
        " ",
        "\u00a0",
        "00:01.000 --> 00:02.000",
        "00:01",
        "(00:12)",
    ),
    *(
        "[",
        "]",
        "WEBVTT\n\n",
        "1\n",
        "<v Mira>",
        "</v>",
        "<c>",
        "<00:00:01.000>",
        "&amp;",
        "&#0;",
        "- ",
        ">> ",
        "* * *",
    ),
    *(
        "---\n",
        "Date: ",
        "June 12, 2026, Oslo",
        "\\",
        "# Transcript\n",
        "### 00:08:02\n",
        "<!-- ",
        "-->",
        "NOTE x\n",
        "{",
        "}",
    ),
    *(
        '"',
        ",",
        "\t",
        "word",
        "Tomas Ekberg  0:03\n",
        "so the loan",
        "\x1c",
        "\u2028",
        "\x0c",
        "\x85",
        "é",
        "한",
        "\ud800",
    ),
    *("٣:٤٥", "²", "Ⅷ:"),
)
_bits = st.sampled_from(_MARKS)
soup = st.lists(_bits | st.text(max_size=6), max_size=40).map("".join)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A fixture with pieces cut out, doubled and put in."""
    text = draw(st.sampled_from(FIXTURES))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        to = draw(st.integers(at, min(len(text), at + 30)))
        text = text[:at] + draw(_bits | st.just(text[at:to] * 2) | st.just("")) + text[to:]
    return text


def usable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")


def check_spans(report: ImportReport) -> None:
    transcript = report.transcript
    assert transcript.turns
    at = 0
    for index, turn in enumerate(transcript.turns):
        assert turn.index == index
        words = transcript.words_of(turn)
        assert words.strip() == words != ""
        between = transcript.text[at : turn.span.start]
        printed = between.removeprefix("\n\n").removesuffix(": ")
        assert printed in {turn.speaker.label, *turn.speaker.aliases}
        assert all(turn.span.start <= mark.start < turn.span.end for mark in turn.marks)
        assert all(a.start < b.start for a, b in pairwise(turn.marks))
        at = turn.span.end
    assert at == len(transcript.text)
    assert transcript.title
    assert transcript.id
    lines = [skipped.first_line for skipped in transcript.skipped]
    assert lines == sorted(lines)
    assert all(1 <= each.first_line <= each.last_line and each.reason and each.text for each in transcript.skipped)


def check_account(source: SourceText, builder: Builder, report: ImportReport, *, exact: bool) -> None:
    """Every character that is not blank is claimed, and what is claimed as left out is told."""
    parts: list[set[Part]] = [set() for _ in source.text]
    for claim in builder.claims:
        for at in range(claim.start, claim.end):
            parts[at].add(claim.part)
    assert all(parts[at] for at, char in enumerate(source.text) if not char.isspace())
    # A character that is speech is not left out as well.
    assert not any({Part.WORDS, Part.SKIPPED} <= each for each in parts)
    left_out = sorted(char for at, char in enumerate(source.text) if Part.SKIPPED in parts[at] and not char.isspace())
    told = sorted(char for skipped in report.transcript.skipped for char in skipped.text if not char.isspace())
    assert told == left_out
    if exact:
        spoken = [char for at, char in enumerate(source.text) if Part.WORDS in parts[at] and not char.isspace()]
        words = "".join(report.transcript.words_of(turn) for turn in report.transcript.turns)
        # Markdown's backslashes are not shown.
        assert [char for char in spoken if char != "\\"] == [
            char for char in words if not char.isspace() and char != "\\"
        ]


@pytest.mark.parametrize("form", FORMATS, ids=format_names())
@quick
@given(text=soup | mutated())
def test_every_reader_on_any_text(form: Format, text: str) -> None:
    source = SourceText(usable(text), "any.txt")
    confidence = form.sniff(source)
    assert 0 <= confidence <= 1
    if not source.text.strip():
        return
    try:
        builder = form.parse(source)
        report = builder.report(name=form.name, confidence=confidence)
    except ParseError:
        return
    except StopIteration:
        pytest.fail("a reader ran off the end of the text")
    check_spans(report)
    check_account(source, builder, report, exact=form.name in ("site", "names", "plain"))


@quick
@given(data=st.binary(max_size=300) | (soup | mutated()).map(lambda text: text.encode("utf-16", "replace")))
def test_any_bytes_give_a_report_or_a_parse_error(data: bytes) -> None:
    try:
        report = parse_transcript(data, source="any.bin")
    except ParseError:
        return
    check_spans(report)


@quick
@given(text=soup | mutated())
def test_detection_reads_any_text_or_says_why_not(text: str) -> None:
    try:
        report = parse_transcript(usable(text).encode(), source="any.txt")
    except ParseError:
        return
    assert report.format in format_names()
    check_spans(report)


_name = st.sampled_from(["Mira Voss", "Tomas Ekberg", "Ines van der Lind", "Question"])
_words = st.text(st.sampled_from("abc dé,.?’ "), min_size=1, max_size=40).map(lambda text: "x" + text.strip())
dialogue = st.lists(st.tuples(_name, _words), min_size=1, max_size=12)


@quick
@given(dialogue)
def test_a_composed_text_is_read_back(turns: list[tuple[str, str]]) -> None:
    text = "\n\n".join(f"{name}: {words}" for name, words in turns)
    transcript = parse_transcript(text.encode(), source="x.txt").transcript
    assert [(turn.speaker.label, transcript.words_of(turn)) for turn in transcript.turns] == turns
    assert transcript.text == text


@quick
@given(dialogue)
def test_composed_captions_are_read_back(turns: list[tuple[str, str]]) -> None:
    cues = [
        f"{n}\n00:{n:02d}:00.000 --> 00:{n:02d}:01.500\n<v {name}>{words}</v>\n"
        for n, (name, words) in enumerate(turns)
    ]
    transcript = parse_transcript(("WEBVTT\n\n" + "\n".join(cues)).encode(), source="x.vtt").transcript
    merged: list[tuple[str, str]] = []
    for name, words in turns:
        if merged and merged[-1][0] == name:
            merged[-1] = (name, f"{merged[-1][1]} {words}")
        else:
            merged.append((name, words))
    assert [(turn.speaker.label, transcript.words_of(turn)) for turn in transcript.turns] == merged
    starts = [mark.start_s for turn in transcript.turns for mark in turn.marks]
    assert starts == [60.0 * n for n in range(len(turns))]


@pytest.mark.parametrize("path", LAYOUTS, ids=[f"{path.parent.name}-{path.name}" for path in LAYOUTS])
def test_each_layout_is_recognised_and_accounted_for(path: Path) -> None:
    report = parse_transcript(path.read_bytes(), source=path.name)
    assert report.format == path.parent.name
    check_spans(report)


@pytest.mark.parametrize("path", SEEDS, ids=[path.name for path in SEEDS])
def test_what_fuzzing_found_is_read_or_refused(path: Path) -> None:
    try:
        report = parse_transcript(path.read_bytes(), source=path.name)
    except ParseError:
        return
    check_spans(report)


def test_every_format_has_a_layout() -> None:
    assert {path.parent.name for path in LAYOUTS} == set(format_names())


@quick
@given(st.text(max_size=60))
def test_cue_text_without_marks_is_itself(text: str) -> None:
    bare = "".join(char for char in text if char not in "<{&")
    assert plain(bare) == bare.strip()
