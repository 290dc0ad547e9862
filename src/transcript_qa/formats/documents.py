"""Office and PDF documents in front of the families that read text: their paragraphs and pages as lines.

The libraries that open them come with `transcript-qa[documents]`. A document is measured before anything of it is
unpacked, for a small one may be made to fill any memory.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.decode import Decoded

MAX_UNPACKED_BYTES = 400 * 1024 * 1024
MAX_MEMBERS = 20_000
MAX_PAGES = 20_000
_MAX_RATIO = 500
_INSTALL = 'Install what opens it: pip install "transcript-qa[documents]".'
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# What the libraries raise at damaged files, beside errors of their own.
_BROKEN: tuple[type[Exception], ...] = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError,
    SyntaxError, TypeError, ValueError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_OTHERS = {
    "xl/workbook.xml": "a spreadsheet",
    "ppt/presentation.xml": "a presentation",
    "content.xml": "an OpenDocument file",
    "META-INF/container.xml": "an e-book",
}
_REMEDY = "Save it as .docx, as PDF or as plain text and give that file."


def opened(data: bytes, *, source: str) -> Decoded | None:
    """The text of a docx or PDF document; None where the bytes are neither.

    Raises:
        ParseError: it is another kind of archive, damaged, locked, made of pictures, or too large.
    """
    if data.startswith(b"PK\x03\x04"):
        return _docx(data, source)
    if b"%PDF-" in data[:1024]:
        return _pdf(data, source)
    return None


def _docx(data: bytes, source: str) -> Decoded:
    _measure(data, source)
    try:
        import docx
        from docx.opc.exceptions import OpcError
    except ImportError as error:
        raise ParseError(source, "this is a Word document, and nothing here opens those", _INSTALL) from error
    try:
        document = docx.Document(io.BytesIO(data))
        lines = list(_paragraphs(document.element.body))
        properties = document.core_properties
        title = str(properties.title or "").strip() or None
    except (OpcError, *_BROKEN) as error:
        raise ParseError(source, "this Word document is damaged", "Open it in Word and save it again.") from error
    text = "\n".join(lines).strip("\n") + "\n"
    if not text.strip():
        raise ParseError(source, "this Word document holds no text", "Give one with the words in it.")
    return Decoded(text, "docx", title=title)


def _measure(data: bytes, source: str) -> None:
    """Refuse what is no Word document or is too large when unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise ParseError(source, "this archive is damaged", "Check that the file is whole.") from error
    names = {member.filename for member in members}
    if "word/document.xml" not in names:
        what = next((told for name, told in _OTHERS.items() if name in names), "an archive, no document")
        raise ParseError(source, f"this is {what}", _REMEDY)
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES or unpacked > _MAX_RATIO * len(data) + 1_000_000:
        what = f"unpacked it would take {unpacked:,} bytes in {len(members):,} parts"
        raise ParseError(source, what, "Save its text as a plain text file and give that.")


def _paragraphs(body: Any) -> Iterator[str]:
    """The lines of a document: one for each paragraph and each line break in it, one for each row of a table."""
    parts: list[str] = []
    row: list[str] | None = None
    depth = 0
    for action, element in _walk(body):
        tag = element.tag
        if tag == f"{_WORD}tr":
            depth += 1 if action == "start" else -1
            if action == "start" and depth == 1:
                row = []
            elif action == "end" and depth == 0 and row is not None:
                yield "  ".join(cell for cell in row if cell)
                row = None
        elif action == "end" and tag == f"{_WORD}p":
            said = "".join(parts)
            parts = []
            if row is None:
                yield from said.split("\n")
            elif said.strip():
                row.append(" ".join(said.split()))
        elif action == "start" and tag == f"{_WORD}t":
            parts.append(element.text or "")
        elif action == "start" and tag in (f"{_WORD}tab", f"{_WORD}br", f"{_WORD}cr"):
            inside_run = element.getparent() is not None and element.getparent().tag == f"{_WORD}r"
            parts.append(("\t" if tag.endswith("tab") else "\n") if inside_run else "")


def _walk(body: Any) -> Iterator[tuple[str, Any]]:
    """Start and end of each element, in order, without what only stands in for other programs."""
    waiting: list[tuple[str, Any]] = [("start", body)]
    while waiting:
        action, element = waiting.pop()
        if not isinstance(element.tag, str) or element.tag == _FALLBACK:
            continue
        yield action, element
        if action == "start":
            waiting.append(("end", element))
            waiting += [("start", child) for child in reversed(list(element))]


def _pdf(data: bytes, source: str) -> Decoded:
    try:
        import pypdf
        from pypdf.errors import PyPdfError
    except ImportError as error:
        raise ParseError(source, "this is a PDF document, and nothing here opens those", _INSTALL) from error
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ParseError(source, "this PDF is locked with a password", "Save it without a password.")
        n_pages = len(reader.pages)
        if n_pages > MAX_PAGES:
            raise ParseError(source, f"this PDF has {n_pages:,} pages", "Split it into parts.")
        pages = [_page(page) for page in reader.pages]
        title = str(reader.metadata.title or "").strip() if reader.metadata else ""
    except (PyPdfError, *_BROKEN) as error:
        raise ParseError(source, "this PDF is damaged", "Print it to a new PDF, or save its text.") from error
    text = "\n\x0c".join(pages) + "\n"
    if not re.search(r"\w", text):
        what = "this PDF holds pictures of pages and no text"
        raise ParseError(source, what, "Let a program recognise its text (OCR) first.")
    return Decoded(text, "pdf", title=None if _is_file_name(title) else title)


def _page(page: Any) -> str:
    """The text of a page as it is laid out, so that line numbers stand in front of their lines."""
    laid_out = page.extract_text(extraction_mode="layout")
    return "\n".join(line.rstrip() for line in str(laid_out).replace("\r", "\n").split("\n"))


def _is_file_name(title: str) -> bool:
    return not title or re.search(r"\.\w{2,4}$|^Microsoft Word|^untitled", title, re.IGNORECASE) is not None
