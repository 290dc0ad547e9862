"""SubRip captions: counter, time line, text; and time-lined captions of its kind without a `WEBVTT` line.

The counter may be missing, may restart, and may follow on the text without a blank line; a blank line inside a cue does
not end its text.
"""

from __future__ import annotations

from collections.abc import Sequence

from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.captions import SUBRIP, Cues, Times, cue_of, scan, time_line
from transcript_qa.formats.cues import add_cues
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import Line, SourceText

_HEAD_CHARS = 20_000


def sniff(source: SourceText) -> float:
    """High where a time line stands near the head of the file; lower where the file only comes to one later."""
    seen = 0
    for line in source.head(_HEAD_CHARS):
        if line.blank:
            continue
        if time_line(line) is not None:
            return 0.95 if seen < 3 else 0.7
        seen += 1
        if seen > 60:
            break
    return 0.0


def parse(source: SourceText) -> Builder:
    """The turns of a SubRip file."""
    builder = Builder(source)
    cues = Cues()
    for lines in scan(builder, SUBRIP, cues):
        _read(builder, cues, lines)
    add_cues(builder, cues)
    return builder


def _read(builder: Builder, cues: Cues, lines: Sequence[Line]) -> None:
    """Read a run of lines."""
    times: Times | None = None
    held: list[Line] = []
    for line in lines:
        found = time_line(line)
        if found is None:
            held.append(line)
            continue
        _drop_counter(builder, held)
        _close(builder, cues, times, held)
        builder.claim(line.start, line.end, Part.SYNTAX)
        times, held = found, []
    if lines[-1].end < len(builder.source.text):
        _drop_counter(builder, held)
    _close(builder, cues, times, held)


def _drop_counter(builder: Builder, held: list[Line]) -> None:
    """Take the counter in front of a time line away from the text of the cue before."""
    while held and held[-1].blank:
        held.pop()
    if held and held[-1].text.strip().isdecimal():
        counter = held.pop()
        builder.claim(counter.start, counter.end, Part.SYNTAX)


def _close(builder: Builder, cues: Cues, times: Times | None, held: list[Line]) -> None:
    if times is not None:
        cues.add(cue_of(times, held))
        return
    said = [line for line in held if not line.blank]
    if said and cues:
        cues.add_lines((line.start, line.text) for line in said)
    elif said:
        builder.skip(said[0].start, said[-1].end, "text in front of the first caption")


FORMAT = Format(name="srt", describes="SubRip captions (SRT)", sniff=sniff, parse=parse)
