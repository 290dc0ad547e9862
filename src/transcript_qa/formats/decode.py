"""Source bytes as text: encodings, byte order marks, line ends; binary data is refused."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from datetime import date

from transcript_qa.datatypes import Skipped
from transcript_qa.errors import ParseError

_BOMS = (
    # UTF-32-LE begins with the bytes of UTF-16-LE, so the longer marks come first.
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
)
_MAGIC = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3\x00", "a database"),
    (b"\x1f\x8b", "a compressed file"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"fLaC", "a sound file"),
    (b"RIFF", "a sound or video file"),
)
_REMEDY = "Export it as plain text, WebVTT, SubRip (SRT) or JSON and give that file."
# Control characters that text files do hold: tab, line ends, form feed, the bullet of CHAT files, escape.
_HARMLESS = b"\t\n\r\x0b\x0c\x15\x1a\x1b"
_CONTROLS = bytes(code for code in (*range(32), 0x7F) if code not in _HARMLESS)


@dataclass(frozen=True, slots=True)
class Decoded:
    r"""Text of a source and how it was come by.

    Attributes:
        text: decoded, every line end a single `\\n`, no byte order mark.
        encoding: as named in `ImportReport.encoding`.
        warnings: what was doubtful, in words for a person.
        skipped: what of the source is not in the text (the script of a page, the pictures of a document).
        title, date: of the document around the text, for a transcript that gives none itself.
    """

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    title: str | None = None
    date: date | None = None


def decode(data: bytes, *, source: str) -> Decoded:
    r"""The text of `data`.

    Args:
        data: the bytes of a whole file.
        source: its name, for errors.

    Raises:
        ParseError: nothing in it, or it is no text.

    >>> decode(b"a\r\nb\rc", source="x").text
    'a\nb\nc'
    >>> decode("Mira".encode("utf-16"), source="x").encoding
    'utf-16-le'
    >>> decode(b"caf\xe9 noir", source="x").encoding
    'cp1252'
    """
    if not data.strip():
        raise ParseError(source, "there is nothing in it", "Give a file that holds a transcript.")
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise ParseError(source, f"this is {what}, not text", _REMEDY)
    decoded = _with_bom(data, source) or _without_bom(data, source)
    text = decoded.text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Bytes, for a text with one letter that is not ASCII is gone through a hundred times slower.
    encoded = text.encode("utf-8", "surrogatepass")
    n_controls = len(encoded) - len(encoded.translate(None, _CONTROLS))
    if "\x00" in text or n_controls > 2 + len(text) // 200:
        raise ParseError(source, "this is binary data, not text", _REMEDY)
    if not text.strip():
        raise ParseError(source, "there is nothing in it", "Give a file that holds a transcript.")
    return Decoded(text, decoded.encoding, decoded.warnings)


def _with_bom(data: bytes, source: str) -> Decoded | None:
    for bom, codec, name in _BOMS:
        if data.startswith(bom):
            try:
                return Decoded(data[len(bom) :].decode(codec), name)
            except UnicodeDecodeError as error:
                if codec == "utf-8":
                    return _mostly_utf8(data[len(bom) :], name) or _cp1252(data, source)
                raise ParseError(source, f"it begins as {codec} but goes on as something else", _REMEDY) from error
    return None


def _without_bom(data: bytes, source: str) -> Decoded:
    if b"\x00" in data:
        return _bare_utf16(data, source)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _mostly_utf8(data, "utf-8") or _cp1252(data, source)


def _bare_utf16(data: bytes, source: str) -> Decoded:
    """UTF-16 without a mark: in text of any Western kind nearly every second byte is zero, always on the same side."""
    n_even, n_odd = data[0::2].count(0), data[1::2].count(0)
    codec = "utf-16-le" if n_odd > n_even else "utf-16-be"
    if min(n_even, n_odd) * 20 <= max(n_even, n_odd):
        try:
            return Decoded(data.decode(codec), codec)
        except UnicodeDecodeError:
            pass
    raise ParseError(source, "this is binary data, not text", _REMEDY)


def _mostly_utf8(data: bytes, name: str) -> Decoded | None:
    """A UTF-8 file with a few broken bytes (cut off, pasted together) reads better as UTF-8 than as anything else."""
    text = data.decode("utf-8", errors="replace")
    n_bad = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    n_good = sum(not char.isascii() for char in text) - n_bad
    if n_good < 3 * n_bad:
        return None
    return Decoded(text, name, (f"{n_bad} broken characters (bytes that are not UTF-8)",))


def _cp1252(data: bytes, source: str) -> Decoded:
    text = data.decode("cp1252", errors="replace")
    n_bad = text.count("\ufffd")
    n_high = sum(byte > 127 for byte in data)
    if n_high * 2 > len(data) or n_bad > 2 + len(data) // 100:
        raise ParseError(source, "this is binary data, or text in an encoding that is not known", _REMEDY)
    warnings = (f"{n_bad} broken characters (bytes that are not Windows-1252)",) if n_bad else ()
    return Decoded(text, "cp1252", warnings)
