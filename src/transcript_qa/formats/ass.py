"""SubStation Alpha captions (ASS, SSA): `[Events]` with a `Format:` line that names the columns of each `Dialogue:`.

The speaker stands in the column Name (or Actor), or the style is called after one; else in front of the words.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from transcript_qa.errors import ParseError
from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.captions import Cue, cue_of, cues_of
from transcript_qa.formats.cues import add_cues
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Segment, add_segments
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.times import seconds

_COLUMNS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_OVERRIDE = re.compile(r"\{[^{}]*\}")


class _Event(NamedTuple):
    """A dialogue: its columns by name, where its text begins, and its line."""

    columns: dict[str, str]
    text_at: int
    line: Line


def sniff(source: SourceText) -> float:
    """1 where there is a section of script information or events with dialogues."""
    head = source.text[:200_000]
    return 1.0 if re.search(r"(?m)^\[(?:Script Info|Events)\]", head) and re.search(r"(?m)^Dialogue:", head) else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such captions."""
    builder = Builder(source)
    events = _events(builder)
    if not events:
        raise ParseError(source.name, "captions without a single dialogue", "Export the captions again.")
    named = [(_label(event), event) for event in events]
    if any(label for label, _ in named):
        add_segments(builder, [_segment(builder, label, event) for label, event in named])
    else:
        add_cues(builder, cues_of(_cue(event) for event in events))
    return builder


def _events(builder: Builder) -> list[_Event]:
    columns: tuple[str, ...] = _COLUMNS
    events = []
    for line in builder.source.lines:
        kind, _, rest = line.text.partition(":")
        if kind == "Dialogue":
            event = _event(line, columns)
            if event is not None:
                builder.claim(line.start, event.text_at, Part.SYNTAX)
                events.append(event)
                continue
        if kind == "Title" and rest.strip() and builder.title is None:
            builder.title = rest.strip()
            builder.claim(line.start, line.end, Part.HEADER)
            continue
        if kind == "Format" and "Text" in rest:
            columns = tuple(name.strip().casefold() for name in rest.split(","))
        if not line.blank:
            builder.gather(line.start, line.end, "comment" if kind == "Comment" else "style and layout of the captions")
    return events


def _event(line: Line, columns: tuple[str, ...]) -> _Event | None:
    front = len("Dialogue:")
    values = line.text[front:].split(",", len(columns) - 1)
    if len(values) < len(columns) or columns[-1] != "text":
        return None
    found = dict(zip(columns, (value.strip() for value in values), strict=True))
    return _Event(found, line.end - len(values[-1]), line)


def _label(event: _Event) -> str:
    name = labels.tidy(event.columns.get("name", event.columns.get("actor", "")))
    style = labels.tidy(event.columns.get("style", ""))
    return name or (style if labels.is_diarised(style) else "")


def _times(event: _Event) -> tuple[float | None, float | None]:
    return seconds(event.columns.get("start", "")), seconds(event.columns.get("end", ""))


def _segment(builder: Builder, label: str, event: _Event) -> Segment:
    raw = builder.source.text[event.text_at : event.line.end]
    said = _OVERRIDE.sub("", raw).replace("\\N", " ").replace("\\n", " ").replace("\\h", " ")
    return Segment(label, " ".join(said.split()), *_times(event), (event.text_at, event.line.end))


def _cue(event: _Event) -> Cue:
    raw = event.line.text[event.text_at - event.line.start :]
    # As long as before, so that places stay.
    flat = _OVERRIDE.sub(lambda match: " " * len(match[0]), raw).replace("\\N", "  ").replace("\\n", "  ")
    return cue_of(_times(event), [Line(event.line.number, event.text_at, flat)])


FORMAT = Format(name="ass", describes="SubStation Alpha captions (ASS)", sniff=sniff, parse=parse)
