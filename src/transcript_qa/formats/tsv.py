"""Tables of start, end and text: Whisper's TSV (milliseconds, a heading) and labels of Audacity (seconds, tabs).

What Whisper prints in a terminal is read too, `[00:03.120 --> 00:06.900]  words`.
"""

from __future__ import annotations

import re
from itertools import islice

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Segment, add_segments, time_of
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.times import seconds

_STAMP = r"(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{3}"
_BOXED = re.compile(r"\[{1,2}([^\[\]]{1,60})\]{1,2}:?\s*")
_PRINTED = re.compile(rf"\[({_STAMP}) --> ({_STAMP})\][ \t]*")
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?")


def sniff(source: SourceText) -> float:
    """High where there is such a heading, or every one of the first lines begins with two rising numbers."""
    lines = [line for line in islice(source.head(len(source.text)), 60) if not line.blank]
    if not lines:
        return 0.0
    if set(lines[0].text.casefold().split("\t")) >= {"start", "end", "text"}:
        return 1.0
    return 0.95 if all(_plain_row(line) is not None for line in lines) else 0.0


def _plain_row(line: Line) -> tuple[float, float, int] | None:
    """Start and end in seconds and where the text begins, of a line without a heading."""
    printed = _PRINTED.match(line.text[:80])
    if printed is not None:
        first, last = seconds(printed[1]), seconds(printed[2])
        return (first, last, line.start + printed.end()) if first is not None and last is not None else None
    cells = line.text.split("\t", 2)
    if len(cells) < 3 or not all(_NUMBER.fullmatch(cell) for cell in cells[:2]) or "." not in cells[0]:
        return None
    start, end = float(cells[0]), float(cells[1])
    return (start, end, line.end - len(cells[2])) if start <= end else None


def parse(source: SourceText) -> Builder:
    """The turns of such a table."""
    builder = Builder(source)
    lines = [line for line in source.lines if not line.blank]
    names = [name.strip().casefold() for name in lines[0].text.split("\t")] if lines else []
    if set(names) >= {"start", "end", "text"}:
        builder.claim(lines[0].start, lines[0].end, Part.SYNTAX)
        found = [_headed_row(builder, line, names) for line in lines[1:]]
    else:
        found = [_row(builder, line) for line in lines]
    add_segments(builder, [each for each in found if each is not None])
    return builder


def _headed_row(builder: Builder, line: Line, names: list[str]) -> Segment | None:
    cells = line.text.split("\t", len(names) - 1)
    if len(cells) < len(names):
        builder.skip(line.start, line.end, "a row with too few columns")
        return None
    row = dict(zip(names, cells, strict=True))
    unit_s = 1.0 if "." in row["start"] else 0.001
    times = time_of(row["start"], unit_s=unit_s), time_of(row["end"], unit_s=unit_s)
    at = line.start
    for name, cell in zip(names, cells, strict=True):
        if name == "text":
            break
        at += len(cell) + 1
    builder.claim(line.start, at, Part.SYNTAX)
    builder.claim(at + len(row["text"]), line.end, Part.SYNTAX)
    return _labelled(row.get("speaker", ""), row["text"], times, at)


def _row(builder: Builder, line: Line) -> Segment | None:
    found = _plain_row(line)
    if found is None:
        builder.skip(line.start, line.end, "a row with too few columns")
        return None
    start, end, at = found
    builder.claim(line.start, at, Part.SYNTAX)
    return _labelled("", line.text[at - line.start :], (start, end), at)


def _labelled(speaker: str, text: str, times: tuple[float | None, float | None], at: int) -> Segment:
    boxed = _BOXED.match(text) if not speaker else None
    label = boxed[1] if boxed is not None and labels.is_diarised(labels.tidy(boxed[1])) else speaker
    said = text[boxed.end() :] if boxed is not None and label != speaker else text
    return Segment(labels.tidy(label), " ".join(said.split()), *times, (at, at + len(text)))


FORMAT = Format(name="tsv", describes="Whisper TSV and output, Audacity labels", sniff=sniff, parse=parse)
