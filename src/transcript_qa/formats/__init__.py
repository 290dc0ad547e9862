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
    plain,
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
from transcript_qa.formats.memory import uncollected
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
    page_line.FORMAT,
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
    decoded = decode(data, source=source)
    text = SourceText(decoded.text, source, decoded.encoding)
    try:
        form, confidence = detect(FORMATS, text)
    except ParseError as error:
        like_json = text.json is not None or decoded.text.lstrip()[:1] == "{"
        what = "JSON of a kind that is not read" if like_json else foreign(text)
        if what is None:
            raise
        raise ParseError(source, f"no transcript recognised: this looks like {what}", REMEDY) from error
    builder = form.parse(text)
    builder.warnings[:0] = decoded.warnings
    report = builder.report(name=form.name, confidence=confidence, transcript_id=transcript_id)
    if not decoded.skipped:
        return report
    skipped = (*decoded.skipped, *report.transcript.skipped)
    return replace(report, transcript=replace(report.transcript, skipped=skipped))
