"""YouTube captions as json3: `events` with `segs`, times in milliseconds; `>>` is a change of speaker without a name.

Events that only append a line break and events without `segs` say nothing. Durations overlap the next event, so that an
event ends where the next one begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder
from transcript_qa.formats.jsonscan import Document, Range, as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Segment, add_segments, leave_out, time_of
from transcript_qa.formats.sourcetext import SourceText

_MS = 0.001


def sniff(source: SourceText) -> float:
    """1 where there are events with times, and segments with text in some of them."""
    document = source.json
    events = document.get("events") if isinstance(document, dict) else None
    return 1.0 if isinstance(events, list) and any(_text(one) for one in events[:500]) else 0.0


def _text(event: object) -> str:
    segs = event.get("segs") if isinstance(event, dict) and "tStartMs" in event else None
    parts = [seg.get("utf8") for seg in segs if isinstance(seg, dict)] if isinstance(segs, list) else []
    return as_text("".join(part for part in parts if isinstance(part, str)))


def parse(source: SourceText) -> Builder:
    """The turns of such captions."""
    document = json_of(source.name, source.document)
    top = document.value if isinstance(document.value, dict) else {}
    if not isinstance(top.get("events"), list):
        raise ParseError(source.name, "no events in the JSON", "Give the captions as json3.")
    builder = Builder(source)
    for segment in _segments(document, top["events"]):
        if segment.text.startswith(">>"):
            builder.open("", start_s=segment.start_s, end_s=segment.end_s)
            segment = segment._replace(text=segment.text.lstrip("> "))
        add_segments(builder, [segment])
    leave_out(builder, document, top, ("events",))
    builder.claim_syntax()
    return builder


def _segments(document: Document, events: list[Any]) -> Iterator[Segment]:
    said: list[tuple[dict[str, Any], Range, str]] = []
    for event, place in objects(document, events):
        text = " ".join(_text(event).split())
        if text:
            said.append((event, place, text))
    starts = [time_of(event.get("tStartMs"), unit_s=_MS) for event, _, _ in said]
    for (event, place, text), start_s, after in zip(said, starts, [*starts[1:], None], strict=False):
        length = time_of(event.get("dDurationMs"), unit_s=_MS)
        end_s = round(start_s + length, 6) if start_s is not None and length is not None else None
        if end_s is not None and after is not None and start_s is not None and start_s <= after < end_s:
            end_s = after
        yield Segment("", text, start_s, end_s, place)


FORMAT = Format(name="json3", describes="YouTube json3 captions", sniff=sniff, parse=parse)
