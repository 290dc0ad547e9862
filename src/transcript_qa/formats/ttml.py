"""TTML captions (and DFXP), and the XML captions of YouTube.

https://www.w3.org/TR/ttml2/.
Times are clock times, offsets with a unit, frames or ticks, and count from the beginning of the element around.
"""

from __future__ import annotations

import re

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder
from transcript_qa.formats.captions import Cue, cue_of, cues_of
from transcript_qa.formats.cues import add_cues
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Segment, add_segments
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.times import seconds
from transcript_qa.formats.xmlscan import Event, Kind, events, root_name

_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|f|t)")
_FRAMES = re.compile(r"(\d{1,3}:\d{2}:\d{2}):(\d{2,3})(?:\.\d+)?")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_TIMED = frozenset({"body", "div", "p"})
_MS = 0.001


def sniff(source: SourceText) -> float:
    """1 where the outermost element is one of captions."""
    name = root_name(source)
    if name in ("tt", "timedtext"):
        return 1.0
    return 1.0 if name == "transcript" and "<text" in source.text[:5000] and "start=" in source.text[:5000] else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such captions."""
    builder = Builder(source)
    reader = _Reader(builder)
    for event in events(source):
        reader.take(event)
    if not reader.cues:
        raise ParseError(source.name, "captions without a single text", "Export the captions again.")
    if any(reader.agents):
        add_segments(builder, reader.segments())
    else:
        add_cues(builder, cues_of(reader.cues))
    builder.claim_syntax()
    return builder


class _Reader:
    """Goes through the elements and knows from when on the open ones hold."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._path: list[str] = []
        self._begins: list[float] = [0.0]
        self._frame_rate, self._tick_rate = 30.0, 1.0
        self._names: dict[str, str] = {}
        self._agent: str | None = None
        self._said_by: list[str] = []
        self._lines: list[Line] = []
        self._times: tuple[float | None, float | None] = (None, None)
        self.cues: list[Cue] = []
        self.agents: list[str] = []

    def take(self, event: Event) -> None:
        """One event."""
        if event.kind is Kind.TEXT:
            self._text(event)
        elif event.kind is Kind.OPEN:
            self._path.append(event.name)
            self._open(event)
        else:
            self._path.pop()
            self._close(event)

    def segments(self) -> list[Segment]:
        """The cues with the agents who speak them."""
        found = []
        for cue, agent in zip(self.cues, self.agents, strict=True):
            text = " ".join(" ".join(text for _, text in cue.lines).split())
            if cue.lines:
                place = (cue.lines[0][0], cue.lines[-1][0] + len(cue.lines[-1][1]))
                found.append(Segment(self._names.get(agent, agent), text, cue.start_s, cue.end_s, place))
        return found

    def _open(self, event: Event) -> None:
        attributes = event.attributes
        if event.name == "tt":
            self._frame_rate = _number(attributes.get("frameRate"), 30.0)
            self._tick_rate = _number(attributes.get("tickRate"), 1.0)
        elif event.name == "agent":
            self._agent = attributes.get("id")
        if event.name in _TIMED or event.name == "text":
            self._begin(event)

    def _begin(self, event: Event) -> None:
        attributes, around = event.attributes, self._begins[-1]
        if "t" in attributes:
            start, length = _number(attributes["t"], 0.0) * _MS, _number(attributes.get("d"), -1.0) * _MS
            end = start + length if length >= 0 else None
        elif "start" in attributes:
            start, length = _number(attributes["start"], 0.0), _number(attributes.get("dur"), -1.0)
            end = start + length if length >= 0 else None
        else:
            begin = self._seconds(attributes.get("begin"))
            start = around + (begin or 0.0)
            end, length_s = self._seconds(attributes.get("end")), self._seconds(attributes.get("dur"))
            end = around + end if end is not None else start + length_s if length_s is not None else None
        self._begins.append(start)
        self._said_by.append(attributes.get("agent", self._said_by[-1] if self._said_by else "").split(" ")[0])
        if event.name in ("p", "text"):
            timed = any(name in attributes for name in ("begin", "t", "start"))
            self._times = (round(start, 6) if timed else None, round(end, 6) if end is not None else None)
            self._lines = []

    def _close(self, event: Event) -> None:
        if event.name in ("p", "text"):
            self.cues.append(cue_of(self._times, self._lines))
            self.agents.append(self._said_by[-1])
        if event.name in _TIMED or event.name == "text":
            self._begins.pop()
            self._said_by.pop()

    def _text(self, event: Event) -> None:
        if not event.text.strip():
            return
        raw = self._builder.source.text[event.start : event.end]
        if "p" in self._path or "text" in self._path:
            # A caption's own lines are broken by <br/>; those of the file mean nothing.
            # YouTube's oldest kind is escaped twice.
            flat = (event.text if "text" in self._path else raw).replace("\n", " ")
            self._lines.append(Line(len(self._lines) + 1, event.start, flat))
        elif self._path[-1:] == ["title"] and self._builder.title is None:
            self._builder.title = " ".join(event.text.split())
            self._builder.skip(event.start, event.end, "header of the captions", may_be_speech=False)
        elif self._agent is not None and self._path[-1:] == ["name"]:
            self._names[self._agent] = " ".join(event.text.split())
            self._builder.skip(event.start, event.end, "names of the speakers", may_be_speech=False)
        else:
            self._builder.skip(event.start, event.end, "header of the captions", may_be_speech=False)

    def _seconds(self, printed: str | None) -> float | None:
        if printed is None:
            return None
        match = _OFFSET.fullmatch(printed.strip())
        if match is not None:
            value = float(match[1])
            if match[2] in _UNITS:
                return value * _UNITS[match[2]]
            return value / (self._frame_rate if match[2] == "f" else self._tick_rate)
        match = _FRAMES.fullmatch(printed.strip())
        if match is not None:
            whole = seconds(match[1])
            return None if whole is None else whole + int(match[2]) / self._frame_rate
        return seconds(printed)


def _number(printed: str | None, other: float) -> float:
    match = re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", (printed or "").strip())
    return float(match[0]) if match is not None and (float(match[0]) > 0 or other <= 0) else other


FORMAT = Format(name="ttml", describes="TTML and YouTube XML captions", sniff=sniff, parse=parse)
