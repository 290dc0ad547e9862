"""WebVTT captions: a `WEBVTT` line, blocks, cues (https://www.w3.org/TR/webvtt1/), and what is made of it in practice.

Beyond the specification, because real files do it: a time line with no blank line in front, hours missing, a comma for
the dot, a white-space line inside a cue (it does not end the cue), style lines in the header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.captions import WEBVTT, Cues, Times, cue_of, scan, time_line
from transcript_qa.formats.cues import add_cues
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.times import find_date

_BLOCKS = {"NOTE": "a note in the captions", "STYLE": "style of the captions", "REGION": "layout of the captions"}
_ID = re.compile(r"\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}(?:/\d+-\d+)?")


def sniff(source: SourceText) -> float:
    """1 where the first line says `WEBVTT`."""
    head = source.text.lstrip()[:7]
    return 1.0 if head[:6] == "WEBVTT" and (len(head) < 7 or head[6].isspace()) else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of a WebVTT file."""
    builder = Builder(source)
    cues = Cues()
    for lines in scan(builder, WEBVTT, cues):
        _Reader(builder, cues, lines).read()
    if not cues:
        raise ParseError(source.name, "a WebVTT file without a single cue", "Export the captions again.")
    add_cues(builder, cues)
    return builder


class _Reader:
    """Goes through the blocks of a run of lines."""

    def __init__(self, builder: Builder, cues: Cues, lines: Sequence[Line]) -> None:
        self.builder = builder
        self.cues = cues
        self._lines = lines
        self._times = [time_line(line) for line in lines]

    def read(self) -> None:
        """Read them all, the header where they are the first of the file."""
        lines = self._lines
        at = self.header(lines) if lines[0].start == 0 else 0
        while at < len(lines):
            at = self.block(lines, at)

    def header(self, lines: Sequence[Line]) -> int:
        """Read the header; gives the index of the line after it."""
        at = next(index for index, line in enumerate(lines) if not line.blank)
        first = lines[at]
        magic_end = first.words_start + len("WEBVTT")
        self.builder.claim(first.start, magic_end, Part.SYNTAX)
        title = first.text.strip()[len("WEBVTT") :].strip(" \t-–—")
        if title and ":" not in title:
            self.builder.title = title
            self.builder.claim(magic_end, first.end, Part.HEADER)
        else:
            self.builder.skip(magic_end, first.end, "header of the captions", may_be_speech=False)
        at += 1
        while at < len(lines) and not lines[at].blank and self._times[at] is None:
            if at + 1 < len(lines) and _ID.fullmatch(lines[at].text.strip()) and self._times[at + 1] is not None:
                break
            self.builder.skip(lines[at].start, lines[at].end, "header of the captions", may_be_speech=False)
            at += 1
        return at

    def block(self, lines: Sequence[Line], at: int) -> int:
        """Read one block that begins at or after line `at`; gives the index of the line after it."""
        if lines[at].blank:
            return at + 1
        times = self._times[at]
        if times is not None:
            return self._cue(lines, at, times)
        if at + 1 < len(lines) and self._times[at + 1] is not None:
            self.builder.claim(lines[at].start, lines[at].end, Part.SYNTAX)
            return at + 1
        end = at + 1
        while end < len(lines) and not lines[end].blank and self._times[end] is None:
            end += 1
        self._other(lines[at:end])
        return end

    def _cue(self, lines: Sequence[Line], at: int, times: Times) -> int:
        self.builder.claim(lines[at].start, lines[at].end, Part.SYNTAX)
        end = at + 1
        # Only an empty line ends a cue: rolling captions hold lines of one space.
        while end < len(lines) and lines[end].text and self._times[end] is None:
            end += 1
        payload = list(lines[at + 1 : end])
        if end < len(lines) and lines[end].text and payload and _ID.fullmatch(payload[-1].text.strip()):
            self.builder.claim(payload[-1].start, payload[-1].end, Part.SYNTAX)
            payload.pop()
        self.cues.add(cue_of(times, payload))
        return end

    def _other(self, block: Sequence[Line]) -> None:
        word = block[0].text.split()[0].rstrip(":").upper()
        if word == "NOTE" and not self.cues and self._heading(block):
            return
        reason = _BLOCKS.get(word)
        self.builder.skip(
            block[0].start, block[-1].end, reason or "a block that is no cue", may_be_speech=reason is None
        )

    def _heading(self, block: Sequence[Line]) -> bool:
        """A note before the first cue that holds a title and, in the line after it, date and place."""
        if len(block) != 3 or self.builder.date is not None or block[0].text.strip() != "NOTE":
            return False
        dated = find_date(block[2].text)
        if dated is None or dated[1] > 12:
            return False
        self.builder.title = block[1].text.strip()
        self.builder.date = dated[0]
        self.builder.place = block[2].text[dated[2] :].strip(" ,;") or None
        self.builder.claim(block[0].start, block[0].end, Part.SYNTAX)
        for line in block[1:]:
            self.builder.claim(line.start, line.end, Part.HEADER)
        return True


FORMAT = Format(name="webvtt", describes="WebVTT captions", sniff=sniff, parse=parse)
