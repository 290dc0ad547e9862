"""Podcasting 2.0 JSON: `segments` of `startTime`, `endTime`, `body`, a `speaker` on all or only where it changes.

https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md
"""

from __future__ import annotations

from collections.abc import Iterator

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder
from transcript_qa.formats.jsonscan import as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Segment, Word, add_segments, add_words, label_of, leave_out, time_of
from transcript_qa.formats.sourcetext import SourceText

_SAMPLE = 100


def sniff(source: SourceText) -> float:
    """1 where segments have a body and a start."""
    document = source.json
    listed = document.get("segments") if isinstance(document, dict) else None
    sample = listed[:_SAMPLE] if isinstance(listed, list) else []
    known = [one for one in sample if isinstance(one, dict) and isinstance(one.get("body"), str) and "startTime" in one]
    return 1.0 if known and len(known) * 2 > len(sample) else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a file."""
    document = json_of(source.name, source.document)
    top = document.value if isinstance(document.value, dict) else {}
    if not isinstance(top.get("segments"), list):
        raise ParseError(source.name, "no segments in the JSON", "Give the whole file.")
    builder = Builder(source)
    segments = list(_segments(objects(document, top["segments"])))
    by_word = sum(" " not in segment.text.strip() for segment in segments) * 10 > len(segments) * 8
    if by_word:
        words = (Word(one.label, as_text(one.text).strip(), one.start_s, one.end_s) for one in segments if one.text)
        add_words(builder, words, document.members(top)["segments"])
    else:
        add_segments(builder, segments)
    leave_out(builder, document, top, ("segments", "version"))
    builder.claim_syntax()
    return builder


def _segments(found: Iterator[tuple[dict[str, object], tuple[int, int]]]) -> Iterator[Segment]:
    label = ""
    for one, place in found:
        body = one.get("body")
        if isinstance(body, str) and body.strip():
            # Left out, the speaker is the one before.
            label = label_of(one.get("speaker")) or label
            yield Segment(label, body, time_of(one.get("startTime")), time_of(one.get("endTime")), place)


FORMAT = Format(name="podcast_json", describes="Podcasting 2.0 JSON", sniff=sniff, parse=parse)
