"""Word and PDF documents: their layouts, and files that are locked, empty, damaged or made to hurt."""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import date

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcript_qa.datatypes import ImportReport
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript

Said = list[tuple[str, float | None, str]]


def word(*paragraphs: str, title: str = "", table: list[list[str]] | None = None) -> bytes:
    document = docx.Document()
    document.core_properties.title = title
    document.sections[0].header.paragraphs[0].text = "Confidential header: not speech"
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(rows=0, cols=len(table[0]))
        for row in table:
            for cell, text in zip(grid.add_row().cells, row, strict=True):
                cell.text = text
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def pdf(pages: list[list[str]]) -> bytes:
    """A PDF with these lines of 10-point Courier on its pages, written by hand."""
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    kids = []
    for lines in pages:
        shown = "".join(
            f"BT /F1 10 Tf 40 {800 - 14 * n} Td ({line}) Tj ET\n".replace("(", "(", 1) for n, line in enumerate(lines)
        ).encode("latin-1")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown))
        content = len(objects)
        kids.append(len(objects) + 1)
        fonts = b"<< /Font << /F1 3 0 R >> >>"
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 842] /Contents %d 0 R /Resources %s >>" % (content, fonts)
        )
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    held, places = io.BytesIO(), []
    held.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, start=1):
        places.append(held.tell())
        held.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = held.tell()
    held.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    held.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    held.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return held.getvalue()


def read(data: bytes, name: str = "loan.docx") -> ImportReport:
    return parse_transcript(data, source=name)


def said(report: ImportReport) -> Said:
    transcript = report.transcript
    return [(turn.speaker.label, turn.start_s, transcript.words_of(turn)) for turn in transcript.turns]


LOAN_WORDS = "We closed the harbour loan on Friday."
TEAMS = [
    ("Mira Voss", 3.0, "We closed the harbour loan on Friday.\nTold the board."),
    ("Tomas Ekberg", 11.0, "At what rate?"),
]


def test_teams_with_a_line_for_each_paragraph() -> None:
    report = read(
        word(
            "Harbour loan review-20260612_140500-Meeting Transcript",
            "12 June 2026, 02:05pm",
            "27m 42s",
            "Mira Voss started transcription",
            "Mira Voss   0:03",
            "We closed the harbour loan on Friday.",
            "Told the board.",
            "Tomas Ekberg   0:11",
            "At what rate?",
            "Mira Voss stopped transcription",
        )
    )
    assert said(report) == TEAMS
    assert (report.encoding, report.transcript.date) == ("docx", date(2026, 6, 12))
    left_out = " ".join(region.text for region in report.transcript.skipped)
    assert "started transcription" in left_out
    assert "stopped transcription" in left_out


def test_teams_with_name_and_words_in_one_paragraph() -> None:
    report = read(
        word(
            "Harbour loan review\n12 June 2026, 02:05pm\n27m 42s",
            "Mira Voss   0:03\nWe closed the harbour loan on Friday.\nTold the board.",
            "Tomas Ekberg   0:11\nAt what rate?",
            "Mira Voss started transcription",
        )
    )
    assert said(report) == TEAMS


@pytest.mark.parametrize(
    "line",
    [
        "Mira Voss hat die Transkription gestartet",
        "Mira Voss a démarré la transcription",
        "Mira Voss inició la transcripción",
        "Mira Voss stopped transcription",
    ],
)
def test_lines_of_teams_in_other_languages_are_no_speech(line: str) -> None:
    report = read(word("Mira Voss   0:03", LOAN_WORDS, line, "Tomas Ekberg   0:11", "At what rate?"))
    assert [words for _, _, words in said(report)] == [LOAN_WORDS, "At what rate?"]


def test_names_in_front_of_paragraphs_and_no_header_of_the_page() -> None:
    report = read(word("Mira Voss: We closed it.", "", "Tomas Ekberg: At what rate?", title="Harbour loan"))
    assert [(label, words) for label, _, words in said(report)] == [
        ("Mira Voss", "We closed it."),
        ("Tomas Ekberg", "At what rate?"),
    ]
    assert report.transcript.title == "Harbour loan"
    assert "Confidential" not in report.transcript.text


def test_a_table_has_a_line_for_each_row() -> None:
    rows = [["Mira Voss:", "We closed it."], ["Tomas Ekberg:", "At what rate?"], ["Mira Voss:", "Four percent."]]
    assert [(label, words) for label, _, words in said(read(word(table=rows)))] == [
        ("Mira Voss", "We closed it."),
        ("Tomas Ekberg", "At what rate?"),
        ("Mira Voss", "Four percent."),
    ]


def test_numbered_lines_of_a_pdf_are_addresses() -> None:
    front = ["HARBOUR BOARD v. EKBERG", "DEPOSITION OF MIRA VOSS", "June 12, 2026"]
    words = [
        "BY MS. LIND:",
        "     Q.   When did you close it?",
        "     A.   On Friday, the twelfth,",
        "in the morning.",
        "     Q.   Why?",
    ]
    words += [
        "     A.   It was due.",
        "     MR. EKBERG:  Objection.",
        "     MS. LIND:  Noted.",
        "     MR. EKBERG:  Thank you.",
    ]

    def page(number: int, rows: list[str]) -> list[str]:
        padded = rows + [""] * (25 - len(rows))
        return [" " * 50 + str(number), *(f"{n:2d}  {row}" for n, row in enumerate(padded, start=1))]

    report = read(pdf([page(1, front), page(2, words)]), "deposition.pdf")
    assert (report.format, report.encoding) == ("page_line", "pdf")
    turns = [(turn.speaker.label, turn.address) for turn in report.transcript.turns]
    assert turns[:3] == [("MS. LIND", "2:2"), ("MIRA VOSS", "2:3-4"), ("MS. LIND", "2:5")]


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zipped(word__document_xml=b"0" * 300_000_000), "unpacked it would take"),
        (zipped(xl__workbook_xml=b"<x/>"), "this is a spreadsheet"),
        (zipped(ppt__presentation_xml=b"<x/>"), "this is a presentation"),
        (zipped(notes=b"x"), "an archive, no document"),
        (zipped(word__document_xml=b"<x/>"), "damaged"),
        (b"PK\x03\x04" + b"\x00" * 60, "damaged"),
        (word(), "holds no text"),
        (pdf([[]]), "pictures of pages and no text"),
        (b"%PDF-1.7\n" + b"garbage " * 50, "damaged"),
        (pdf([["Mira Voss: We closed it."]])[:200], "damaged"),
    ],
    ids=["bomb", "xlsx", "pptx", "zip", "no docx", "cut zip", "empty", "scan", "no pdf", "cut pdf"],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(data: bytes, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        read(data)


@pytest.mark.parametrize(("library", "data"), [("docx", word("Mira Voss: Yes.")), ("pypdf", pdf([["x"]]))])
def test_without_the_library_the_remedy_is_to_install_it(
    library: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ParseError, match=r"transcript-qa\[documents\]"):
        read(data)


def test_entities_of_a_document_do_not_grow() -> None:
    source = zipfile.ZipFile(io.BytesIO(word("Mira Voss: We closed it.")))
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            content = source.read(name)
            if name == "word/document.xml":
                declared = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'.encode()
                head, _, rest = content.partition(b"?>")
                content = head + b"?>" + declared + rest.replace(b"We closed it.", b"We closed it &l9;.")
            archive.writestr(name, content)
    try:
        report = read(held.getvalue())
    except ParseError:
        return
    assert len(report.transcript.text) < 1000


WORD, PAGES = word("Mira Voss: We closed it.", "Tomas Ekberg: At what rate?"), pdf([["Mira Voss: We closed it."] * 3])


@settings(deadline=None, max_examples=60)
@given(st.booleans(), st.integers(0, 40_000), st.binary(max_size=12))
def test_damaged_documents_are_read_or_refused(of_word: bool, at: int, put: bytes) -> None:
    data = WORD if of_word else PAGES
    at %= len(data)
    try:
        read(data[:at] + put + data[at + len(put) :])
    except ParseError:
        return
