"""Reading: the bytes of a source, in any of the formats people have, as a `Transcript`.

The family is told by content, never by suffix. Each family is one module with a `FORMAT`.
"""

from __future__ import annotations

from dataclasses import replace

from transcript_qa.datatypes import ImportReport
from transcript_qa.errors import ParseError
from transcript_qa.formats import (
    ass,
    assemblyai,
    aws,
    chat,
    congress,
    deepgram,
    eaf,
    google_speech,
    hansard_xml,
    json3,
    json_turns,
    meeting_json,
    names,
    oyez,
    page_line,
    periods,
    plain,
    podcast_html,
    podcast_json,
    qmsum,
    rev,
    sbv,
    site,
    srt,
    tei,
    tsv,
    ttml,
    webvtt,
    whisper,
)
from transcript_qa.formats.decode import decode
from transcript_qa.formats.documents import opened
from transcript_qa.formats.memory import uncollected
from transcript_qa.formats.pages import is_page, readable
from transcript_qa.formats.plain import foreign
from transcript_qa.formats.registry import REMEDY, Format, detect
from transcript_qa.formats.sourcetext import SourceText

__all__ = ["FORMATS", "format_names", "parse_transcript"]

FORMATS: tuple[Format, ...] = (
    webvtt.FORMAT,
    srt.FORMAT,
    sbv.FORMAT,
    ass.FORMAT,
    ttml.FORMAT,
    tsv.FORMAT,
    chat.FORMAT,
    hansard_xml.FORMAT,
    tei.FORMAT,
    eaf.FORMAT,
    qmsum.FORMAT,
    assemblyai.FORMAT,
    deepgram.FORMAT,
    aws.FORMAT,
    google_speech.FORMAT,
    rev.FORMAT,
    json3.FORMAT,
    podcast_json.FORMAT,
    oyez.FORMAT,
    meeting_json.FORMAT,
    whisper.FORMAT,
    json_turns.FORMAT,
    podcast_html.FORMAT,
    congress.FORMAT,
    page_line.FORMAT,
    periods.FORMAT,
    site.FORMAT,
    names.FORMAT,
    plain.FORMAT,
)


def format_names() -> tuple[str, ...]:
    """The names of the formats that are read.

    >>> format_names()[:2]
    ('webvtt', 'srt')
    """
    return tuple(each.name for each in FORMATS)


def parse_transcript(data: bytes, *, source: str, transcript_id: str | None = None) -> ImportReport:
    r"""What is said in `data`, and what was left out of it and why.

    Args:
        data: the bytes of a whole file.
        source: its path or name: for errors, and for id and title where the content gives none.
        transcript_id: the id to give the transcript, else one made from `source`.

    Raises:
        ParseError: no transcript can be found in it.

    >>> report = parse_transcript(b"Mira Voss: At what rate?\n\nTomas Ekberg: Four percent.", source="loan.txt")
    >>> report.format, [turn.speaker.name for turn in report.transcript.turns]
    ('names', ['Mira Voss', 'Tomas Ekberg'])
    """
    with uncollected():
        return _parse(data, source, transcript_id)


def _parse(data: bytes, source: str, transcript_id: str | None) -> ImportReport:
    decoded = opened(data, source=source) or decode(data, source=source)
    text = SourceText(decoded.text, source, decoded.encoding)
    found = _recognised(text)
    if found is None and is_page(decoded.text):
        decoded = readable(decoded)
        text = SourceText(decoded.text, source, decoded.encoding)
        found = _recognised(text)
    if found is None:
        raise _unknown(text)
    form, confidence = found
    builder = form.parse(text)
    builder.warnings[:0] = decoded.warnings
    builder.title = builder.title or decoded.title
    builder.date = builder.date or decoded.date
    report = builder.report(name=form.name, confidence=confidence, transcript_id=transcript_id)
    skipped = tuple(sorted((*decoded.skipped, *report.transcript.skipped), key=lambda each: each.first_line))
    return replace(report, transcript=replace(report.transcript, skipped=skipped)) if decoded.skipped else report


def _recognised(text: SourceText) -> tuple[Format, float] | None:
    try:
        return detect(FORMATS, text)
    except ParseError:
        return None


def _unknown(text: SourceText) -> ParseError:
    like_json = text.json is not None or text.text.lstrip()[:1] == "{"
    what = "JSON of a kind that is not read" if like_json else foreign(text)
    looks = f": this looks like {what}" if what is not None else ""
    return ParseError(text.name, f"no transcript recognised{looks}", REMEDY)
