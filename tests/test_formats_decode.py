"""Encodings, line ends, and what is no text."""

import codecs

import pytest

from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript
from transcript_qa.formats.decode import decode

TALK = "Mira Voss: At what rate?\n\nTomas Ekberg: Four – “and a half” – per cent, Zoë.\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TALK.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TALK.encode(), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + TALK.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + TALK.encode("utf-16-be"), "utf-16-be"),
        (TALK.encode("utf-16-le"), "utf-16-le"),
        (TALK.encode("utf-16-be"), "utf-16-be"),
        (TALK.encode("cp1252"), "cp1252"),
    ],
)
def test_every_encoding_reads_the_same(data: bytes, encoding: str) -> None:
    report = parse_transcript(data, source="talk.txt")
    assert report.encoding == encoding
    assert [turn.speaker.name for turn in report.transcript.turns] == ["Mira Voss", "Tomas Ekberg"]
    assert report.transcript.text.endswith("Four – “and a half” – per cent, Zoë.")


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_make_no_difference(end: str) -> None:
    report = parse_transcript(TALK.replace("\n", end).encode(), source="talk.txt")
    assert "\r" not in report.transcript.text
    assert report.transcript.turns[1].address == "line 3"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n\t ",
        codecs.BOM_UTF8,
        codecs.BOM_UTF16_LE,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
        b"%PDF-1.7 text text",
        b"PK\x03\x04 word/document.xml",
        bytes(range(256)) * 8,
        b"\x00\x01\x02\x03" * 50,
        b"\xff\xfe\x00\xd8",
        b"ab\x00cd\x00ef",
    ],
)
def test_binary_and_empty_data_are_refused(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_transcript(data, source="x.bin")
    assert str(caught.value).startswith("x.bin: ")
    assert str(caught.value).endswith(".")


def test_a_broken_byte_does_not_turn_utf8_into_something_else() -> None:
    data = "Mira Voss: Zoë, über, naïve, déjà vu. ".encode() + b"\xc3 end"
    decoded = decode(data, source="x")
    assert decoded.encoding == "utf-8"
    assert "Zoë" in decoded.text
    assert decoded.warnings
