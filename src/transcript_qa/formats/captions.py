"""Where the cues of WebVTT and SubRip stand: by one regular expression where they have their usual form.

Nearly every cue is an identifier, a time line of two full times, lines of text and a blank line. Those are found many
times faster than line by line; what lies between them is given out as lines, for its format to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, islice, pairwise
from typing import NamedTuple, cast

import numpy as np

from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.claims import Places
from transcript_qa.formats.sourcetext import Line
from transcript_qa.formats.times import clock, seconds

_STAMP = r"(?:\d{1,6}:)?\d{1,3}:\d{2}(?:[.,]\d{1,9}|:\d{3})?"
_TIME_LINE = re.compile(rf"[ \t\xa0]{{0,8}}({_STAMP})[ \t]{{0,8}}-{{1,2}}>[ \t]{{0,8}}({_STAMP})(?![\d:])")
_USUAL = r"[1-9]?\d\d:[0-5]\d:[0-5]\d[.,]\d{3}"
# Milliseconds that one more of each of its digits is worth; the marks between them are worth nothing.
_HOURS_MS = (360_000_000, 36_000_000, 3_600_000)
_PLACE_MS = np.array([*_HOURS_MS, 0, 600_000, 60_000, 0, 10_000, 1_000, 0, 100, 10, 1], dtype=np.int64)
_GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}(?:/\d+-\d+)?"

# Enough at a time to be quick, few enough to take little memory.
_BATCH = 20_000

Times = tuple[float | None, float | None]


class Cue(NamedTuple):
    """One caption.

    Attributes:
        start_s, end_s: seconds, or None where they cannot be.
        address: the start as `HH:MM:SS`, or None.
        lines: those of its text that are not blank, each with the place in the source where it begins.
    """

    start_s: float | None
    end_s: float | None
    address: str | None
    lines: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class Cues:
    """Captions, a list for each field; the n-th item of each belongs to the n-th caption or line.

    Attributes:
        starts_s, ends_s, addresses: of each caption, as in `Cue`.
        firsts: number of each caption's first line; one without lines has the number of the next one's.
        places: where each line begins in the source.
        lines: what each line says.
        texts: what each line says without its tags, where that is known already, else None.
    """

    starts_s: list[float | None] = field(default_factory=list)
    ends_s: list[float | None] = field(default_factory=list)
    addresses: list[str | None] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    texts: list[str] | None = None

    def __len__(self) -> int:
        return len(self.firsts)

    def add(self, cue: Cue) -> None:
        """Add one."""
        self.starts_s.append(cue.start_s)
        self.ends_s.append(cue.end_s)
        self.addresses.append(cue.address)
        self.firsts.append(len(self.lines))
        self.add_lines(cue.lines)

    def add_lines(self, lines: Iterable[tuple[int, str]]) -> None:
        """Add lines to the last one."""
        for at, text in lines:
            self.places.append(at)
            self.lines.append(text)

    def bounds(self) -> Iterator[tuple[int, int]]:
        """For each the numbers of its first line and of the one after its last."""
        return pairwise([*self.firsts, len(self.lines)])

    def __getitem__(self, number: int) -> Cue:
        end = self.firsts[number + 1] if number + 1 < len(self.firsts) else len(self.lines)
        lines = zip(self.places[self.firsts[number] : end], self.lines[self.firsts[number] : end], strict=True)
        return Cue(self.starts_s[number], self.ends_s[number], self.addresses[number], tuple(lines))

    def add_usual(self, found: Sequence[tuple[str, ...]], places: Places) -> None:
        """Add captions in their usual form, of their two times and their text as printed and the place of the text."""
        firsts, lasts, said = zip(*found, strict=True)
        self.starts_s += _usual_seconds(firsts)
        self.ends_s += _usual_seconds(lasts)
        self.addresses += [first[:-4] for first in firsts]
        lines, starts, counts = _lines_of(said, places)
        begins = np.cumsum(counts) - counts + len(self.lines)
        self.firsts += begins.tolist()
        self.places += starts.tolist()
        self.lines += lines


def cue_of(times: Times, lines: Sequence[Line]) -> Cue:
    """A cue of its times and lines, the blank ones among them left out."""
    start_s, end_s = times
    shown = tuple((line.start, line.text) for line in lines if not line.blank)
    return Cue(start_s, end_s, clock(start_s) if start_s is not None else None, shown)


def cues_of(cues: Iterable[Cue]) -> Cues:
    """Captions as columns."""
    made = Cues()
    for cue in cues:
        made.add(cue)
    return made


def time_line(line: Line) -> Times | None:
    """Start and end of a cue in seconds, or None where `line` is no time line."""
    if "->" not in line.text:
        return None
    match = _TIME_LINE.match(line.text[:200])
    return (seconds(match[1]), seconds(match[2])) if match is not None else None


def usual(*, identifier: str, ends: str) -> re.Pattern[str]:
    """A pattern of cues in their usual form, for `scan`.

    Args:
        identifier: pattern of the line in front of the time line, with its line end.
        ends: pattern of what ends the text of a cue, blank lines and all.
    """
    times = rf"^(?:{identifier})?({_USUAL}) --> ({_USUAL})(?![\d:.,])[^\n]*+\n"
    return re.compile(rf"{times}([^\n]++(?:\n[^\n]++)*+)(?:{ends})", re.MULTILINE | re.ASCII)


WEBVTT = usual(identifier=rf"(?<=\n\n)[^\n>]+\n|\d+\n|{_GUID}\n", ends=r"\n{2,}|\n?\Z")
# A blank line does not end the text of a SubRip cue: the next time line does.
SUBRIP = usual(identifier=r"\d+\n", ends=r"\n{2,}(?=(?:\d+\n)?[1-9]?\d\d:\d\d:\d\d)|\s*\Z")


def scan(builder: Builder, pattern: re.Pattern[str], cues: Cues) -> Iterator[list[Line]]:
    """Add the captions of the usual form to `cues`; gives the lines between them, each run when its turn comes.

    All of a usual caption but its text is accounted for here.
    """
    text = builder.source.text
    matches = pattern.finditer(text)
    number = 1
    counted = done = 0
    while batch := list(islice(matches, _BATCH)):
        found: list[tuple[str, ...]] = [match.groups() for match in batch]
        bounds = np.array([(match.start(), match.start(3), match.end()) for match in batch], dtype=np.int64)
        arrows = [n for n, (_, _, said) in enumerate(found) if "->" in said]
        if arrows:
            bounds = np.delete(bounds, arrows, axis=0)
            found = [each for each in found if "->" not in each[2]]
        if not found:
            continue
        begins, places, ends = bounds.T
        builder.claims.add_many(begins, places, Part.SYNTAX)
        breaks = set(np.flatnonzero(begins > np.concatenate([[done], ends[:-1]])).tolist())
        edges = sorted({0, *breaks, len(found)})
        for first, last in pairwise(edges):
            if first in breaks:
                before = int(ends[first - 1]) if first else done
                number += text.count("\n", counted, before)
                counted = before
                yield _lines(text, before, int(begins[first]), number)
            cues.add_usual(found[first:last], places[first:last])
        done = int(ends[-1])
    if done < len(text):
        number += text.count("\n", counted, done)
        yield _lines(text, done, len(text), number)


def _usual_seconds(stamps: Sequence[str]) -> list[float]:
    """Seconds of many times in their usual form; few have three digits of hours."""
    n_chars = len(stamps[0])
    joined = "".join(stamps)
    if set(map(len, stamps)) != {n_chars}:
        n_chars = len(_PLACE_MS)
        joined = "".join([stamp.rjust(n_chars, "0") for stamp in stamps])
    digits = np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, n_chars) - ord("0")
    milliseconds = digits.astype(np.int64) @ _PLACE_MS[-n_chars:]
    return cast("list[float]", (milliseconds / 1000).tolist())


def _lines_of(said: Sequence[str], places: Places) -> tuple[list[str], Places, Places]:
    """The lines of many texts that are not blank, where each begins, and how many each text has."""
    lines = "\n".join(said).split("\n")
    counts = np.ones(len(said), dtype=np.int64)
    if len(lines) > len(said):
        counts += np.fromiter((text.count("\n") for text in said), dtype=np.int64, count=len(said))
        steps = np.fromiter(map(len, lines), dtype=np.int64, count=len(lines)) + 1
        offsets = np.cumsum(steps) - steps
        places = offsets + np.repeat(places - offsets[np.cumsum(counts) - counts], counts)
    if any(map(str.isspace, lines)):
        shown = [not line.isspace() for line in lines]
        of_text = np.repeat(np.arange(len(said)), counts)[shown]
        counts = np.bincount(of_text, minlength=len(said))
        lines, places = list(compress(lines, shown)), places[shown]
    return lines, places, counts


def _lines(text: str, start: int, end: int, number: int) -> list[Line]:
    lines = []
    for index, said in enumerate(text[start:end].split("\n")):
        lines.append(Line(number + index, start, said))
        start += len(said) + 1
    return lines
