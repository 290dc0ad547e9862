"""Whisper and its kin: `segments` of start, end and text, with a speaker where WhisperX or a diariser put one.

OpenAI's verbose JSON, faster-whisper, whisper-timestamped, WhisperX, whisper.cpp (`transcription` with `offsets` in
milliseconds), and the bare list of words that word-level tools write. Words inside segments are not read: their text is
the segment's.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder
from transcript_qa.formats.jsoncolumns import (
    Rows,
    add_rows,
    are_objects,
    are_texts,
    column,
    labels_of,
    texts_of,
    times_of,
)
from transcript_qa.formats.jsonscan import Document, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Segment, Word, add_segments, add_words, label_of, leave_out, strays, time_of
from transcript_qa.formats.sourcetext import SourceText

_SAMPLE = 50
_WORD_KEYS = ("word", "text", "punctuated_word")


def sniff(source: SourceText) -> float:
    """High where most segments have a start, an end and a text."""
    document = source.json
    if isinstance(document, list):
        return 0.95 if _are_words(document) else 0.0
    if not isinstance(document, dict):
        return 0.0
    if _timed(document.get("transcription"), "offsets"):
        return 1.0
    segments = document.get("segments")
    if not isinstance(segments, list) or not _timed(segments, "start"):
        return 0.0
    first = segments[0] if isinstance(segments[0], dict) else {}
    sure = "language" in document or any(key in first for key in ("tokens", "words", "seek"))
    return 0.98 if sure else 0.92


def _timed(listed: object, key: str) -> bool:
    if not isinstance(listed, list) or not listed:
        return False
    sample = listed[:_SAMPLE]
    return sum(isinstance(one, dict) and key in one and isinstance(one.get("text"), str) for one in sample) * 2 > len(
        sample
    )


def _are_words(listed: list[Any]) -> bool:
    sample = [one for one in islice(listed, _SAMPLE) if isinstance(one, dict)]
    words = [one for one in sample if _word(one) and " " not in _word(one).strip()]
    return len(words) * 10 >= len(listed[:_SAMPLE]) * 9 and len(words) > 3 and any("start" in one for one in words)


def _word(one: dict[str, Any]) -> str:
    return next((one[key] for key in _WORD_KEYS if isinstance(one.get(key), str)), "")


def parse(source: SourceText) -> Builder:
    """The turns of such a file."""
    document = json_of(source.name, source.document)
    builder = Builder(source)
    if isinstance(document.value, list):
        _bare_words(builder, document)
        return builder
    top = document.value if isinstance(document.value, dict) else {}
    key = "transcription" if isinstance(top.get("transcription"), list) else "segments"
    if not isinstance(top.get(key), list):
        raise ParseError(source.name, "no list of segments in the JSON", "It has to stand under `segments`.")
    listed = top[key]
    if (
        are_objects(listed)
        and are_texts(said := column(listed, "text"))
        and dict not in map(type, column(listed, "offsets"))
    ):
        rows = _rows(listed, said)
        add_rows(builder, rows, document.members(top)[key])
        starts_s = rows.starts_s
    else:
        segments = list(_segments(document, listed))
        add_segments(builder, segments)
        strays(builder, document, listed)
        starts_s = [segment.start_s for segment in segments]
    _restarts(builder, starts_s)
    leave_out(builder, document, top, (key, "language"))
    builder.claim_syntax()
    return builder


def _rows(listed: list[dict[str, Any]], said: list[str]) -> Rows:
    return Rows(
        labels_of(column(listed, "speaker")),
        texts_of(said),
        times_of(column(listed, "start")),
        times_of(column(listed, "end")),
    )


def _segments(document: Document, listed: object) -> Iterator[Segment]:
    for one, place in objects(document, listed):
        text, offsets = one.get("text"), one.get("offsets")
        if not isinstance(text, str):
            continue
        if isinstance(offsets, dict):
            start_s, end_s = (time_of(offsets.get(key), unit_s=0.001) for key in ("from", "to"))
        else:
            start_s, end_s = time_of(one.get("start")), time_of(one.get("end"))
        yield Segment(label_of(one.get("speaker")), text, start_s, end_s, place)


def _bare_words(builder: Builder, document: Document) -> None:
    words = (
        Word(label_of(one.get("speaker")), _word(one).strip(), time_of(one.get("start")), time_of(one.get("end")))
        for one, _ in objects(document, document.value)
        if _word(one).strip()
    )
    add_words(builder, words, (0, len(builder.source.text)))


def _restarts(builder: Builder, starts_s: list[float | None]) -> None:
    starts = [start_s for start_s in starts_s if start_s is not None]
    if any(start == 0 for start in starts[1:] if starts[0] == 0) and max(starts) > 0:
        builder.warnings.append("the times begin at 0 again: several recordings may be in this file")


FORMAT = Format(name="whisper", describes="Whisper and WhisperX JSON", sniff=sniff, parse=parse)
