"""YouTube's SBV captions: a line `0:00:03.120,0:00:06.900`, then the text, then an empty line."""

from __future__ import annotations

import re
from itertools import islice

from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.captions import Cues, Times, cue_of
from transcript_qa.formats.cues import add_cues
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.times import seconds

_TIMES = re.compile(r"\s*(\d{1,3}:\d{2}:\d{2}\.\d{3}),(\d{1,3}:\d{2}:\d{2}\.\d{3})\s*")


def sniff(source: SourceText) -> float:
    """1 where the first line that is not blank holds two times with a comma between."""
    first = next((line for line in islice(source.head(len(source.text)), 50) if not line.blank), None)
    return 1.0 if first is not None and _TIMES.fullmatch(first.text[:80]) else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such captions."""
    builder = Builder(source)
    cues = Cues()
    held: list[Line] = []
    times: Times | None = None
    for line in source.lines:
        match = _TIMES.fullmatch(line.text[:80])
        if match is None:
            held += [] if line.blank else [line]
            continue
        _close(builder, cues, times, held)
        builder.claim(line.start, line.end, Part.SYNTAX)
        times, held = (seconds(match[1]), seconds(match[2])), []
    _close(builder, cues, times, held)
    add_cues(builder, cues)
    return builder


def _close(builder: Builder, cues: Cues, times: Times | None, held: list[Line]) -> None:
    if times is not None:
        cues.add(cue_of(times, held))
    elif held:
        builder.skip(held[0].start, held[-1].end, "text in front of the first caption")


FORMAT = Format(name="sbv", describes="YouTube captions (SBV)", sniff=sniff, parse=parse)
