"""XML: Hansard, TEI, ELAN, TTML; places, entities, and files that are made to hurt."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from transcript_qa.datatypes import Transcript
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript
from transcript_qa.formats.sourcetext import SourceText
from transcript_qa.formats.xmlscan import Kind, events, root_name

LAYOUTS = Path(__file__).parent / "transcripts"


def read(layout: str) -> Transcript:
    return parse_transcript((LAYOUTS / layout).read_bytes(), source=layout).transcript


def said(transcript: Transcript) -> list[tuple[str, str | None, str]]:
    return [(turn.speaker.label, turn.address, transcript.words_of(turn)) for turn in transcript.turns]


def timed(transcript: Transcript) -> list[tuple[str, float | None, float | None, str]]:
    return [(turn.speaker.label, turn.start_s, turn.end_s, transcript.words_of(turn)) for turn in transcript.turns]


def left_out(transcript: Transcript) -> list[tuple[str, str]]:
    return [(region.reason, region.text) for region in transcript.skipped]


def test_hansard_has_columns_times_of_day_and_paragraphs() -> None:
    transcript = read("hansard_xml/debate.xml")
    assert (transcript.title, transcript.date) == ("Harbour Finance", date(2026, 6, 12))
    assert said(transcript) == [
        ("", "col. 300", "[Mr. Lind in the Chair]"),
        ("Mira Voss", "col. 301, 11:31", "We closed the harbour loan on Friday — at last.\n\nIt’s repaid in 2031."),
        ("Tomas Ekberg", "col. 302, 11:33", "At what rate?"),
        ("Tomas Ekberg", "col. 302, 11:33", "I ask again."),
    ]
    own = [mark.address for mark in transcript.turns[1].marks]
    assert own == ["col. 301, 11:31, a301.2/1", "col. 301, 11:31, a301.2/2"]
    assert all(turn.start_s is None for turn in transcript.turns)
    assert left_out(transcript) == [("heading", "The Loan")]


def test_tei_has_ids_names_of_the_list_and_no_asides() -> None:
    transcript = read("tei/sitting.xml")
    assert (transcript.title, transcript.date) == ("Harbour debate", date(2026, 6, 12))
    assert said(transcript) == [
        ("VossMira", "u4", "We closed the harbour loan on Friday. All of it."),
        ("EkbergTomas", "u5", "At what rate?"),
        ("", "u6", "Hear, hear."),
    ]
    assert [(one.name, one.role) for one in transcript.speakers[:2]] == [("VossMira", "chair"), ("Tomas Ekberg", None)]
    assert [mark.address for mark in transcript.turns[0].marks] == ["seg7", "seg7", "seg8"]
    reasons = dict(left_out(transcript))
    assert reasons["vocal, not speech"] == "Laughter"
    assert "14.05" in reasons["note, not speech"]


def test_annotated_tei_puts_its_words_together() -> None:
    assert [words for _, _, words in said(read("tei/annotated.xml"))] == ["We closed it."]


def test_drama_has_the_printed_names() -> None:
    transcript = read("tei/drama.xml")
    assert [(label, words) for label, _, words in said(transcript)] == [
        ("MIRA", "The loan is closed,\n\nand so is the day."),
        ("TOMAS", "At what rate?"),
    ]


def test_a_corpus_root_is_no_transcript() -> None:
    root = "<teiCorpus><teiHeader><listPerson><person xml:id='a'/></listPerson></teiHeader></teiCorpus>"
    with pytest.raises(ParseError, match="holds no speech"):
        parse_transcript(root.encode(), source="root.xml")


def test_tiers_are_merged_by_time_and_only_speech_is_speech() -> None:
    transcript = read("eaf/two_speakers.eaf")
    assert timed(transcript) == [
        ("Mira Voss", 3.12, 6.9, "We closed the harbour loan & told the board."),
        ("TOM-text", 5.0, 5.6, "At what rate?"),
        ("Mira Voss", 11.0, None, "Four and a half."),
    ]
    assert transcript.media_url == "https://example.org/loan.wav"
    assert left_out(transcript) == [
        ("tier that is no speech of its own: MIR-gest", "nods at the harbour twice"),
        ("tier that is no speech of its own: MIR-trans", "Wir haben das Darlehen geschlossen."),
    ]


@pytest.mark.parametrize(
    ("layout", "turns"),
    [
        (
            "ttml/agents.ttml",
            [
                ("Mira Voss", 13.12, 16.9, "We closed the harbour loan on Friday."),
                ("Tomas Ekberg", 21.2, 22.1, "At what rate?"),
            ],
        ),
        (
            "ttml/labels.xml",
            [("MIRA VOSS", 3.12, 6.9, "We closed it & told the board."), ("TOMAS EKBERG", 11.0, 11.9, "At what rate?")],
        ),
        ("ttml/youtube_srv1.xml", [("", 0.24, 6.0, "so the loan wasn't repaid")]),
        ("ttml/youtube_srv3.xml", [("", 0.24, 6.0, "so the loan was repaid")]),
    ],
)
def test_captions_in_xml(layout: str, turns: list[tuple[str, float, float, str]]) -> None:
    assert timed(read(layout)) == turns


LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
BOMB = f'<!DOCTYPE tt [<!ENTITY l0 "ha">{LAUGHS}]><tt><body><p begin="1s">&l9; we closed it</p></body></tt>'
OUTSIDE = BOMB.replace("&l9;", "&f;").replace("<!ENTITY l0", '<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY l0')


@pytest.mark.parametrize(("source", "words"), [(BOMB, "&l9; we closed it"), (OUTSIDE, "&f; we closed it")])
def test_entities_neither_grow_nor_fetch(source: str, words: str) -> None:
    assert parse_transcript(source.encode(), source="bomb.xml").transcript.text == words


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("<tt><body><p begin='1s'>We closed it</body></tt>", "closes what is not open"),
        ("<tt><body><p begin='1s'>We closed it</p>", "is never closed"),
        ("<tt><body>\n\n<p begin='1s' We closed it", "line 3: this is not well-formed XML"),
        ("<tt>" + "<div>" * 100_000, "elements in each other"),
        ("<tt><!-- " + "x" * 1000, "<!-- without -->"),
        ("<tt><body/></tt>", "without a single text"),
        ("<ANNOTATION_DOCUMENT></ANNOTATION_DOCUMENT>", "no tier with speech"),
        ("<publicwhip></publicwhip>", "nobody says anything"),
    ],
)
def test_broken_files_are_refused_and_the_line_is_named(source: str, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        parse_transcript(source.encode(), source="x.xml")


def test_the_declared_encoding_does_not_matter_once_it_is_decoded() -> None:
    words = '<?xml version="1.0" encoding="utf-16"?><tt><body><p begin="1s">Ærlig talt, Åse</p></body></tt>'
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert parse_transcript(words.encode(encoding), source="x.xml").transcript.text == "Ærlig talt, Åse"


def test_places_are_those_of_the_source() -> None:
    text = '<a x="1 > 0"><![CDATA[b < c]]>&amp;<d/></a>'
    found = list(events(SourceText(text, "x")))
    texts = [(event.text, text[event.start : event.end]) for event in found if event.kind is Kind.TEXT]
    assert texts == [("b < c", "b < c"), ("&", "&amp;")]
    assert found[0].attributes == {"x": "1 > 0"}
    assert [event.name for event in found if event.kind is Kind.CLOSE] == ["d", "a"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('<?xml version="1.0"?>\n<!-- a > b --><!DOCTYPE tt [<!ENTITY a "b">]>\n<tt:tt xmlns:tt="x">', "tt"),
        ("Mira Voss: <tt>", ""),
        ("<", ""),
    ],
)
def test_the_outermost_element(text: str, name: str) -> None:
    assert root_name(SourceText(text, "x")) == name
