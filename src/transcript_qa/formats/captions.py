"""Where the cues of WebVTT and SubRip stand: by one regular expression where they have their usual form.

Nearly every cue is an identifier, a time line of two full times, lines of text and a blank line. Those are found many
times faster than line by line; what lies between them is given out as lines, for its format to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.quick import of_tuple
from transcript_qa.formats.sourcetext import Line
from transcript_qa.formats.times import clock, seconds

_STAMP = r"(?:\d{1,6}:)?\d{1,3}:\d{2}(?:[.,]\d{1,9}|:\d{3})?"
_TIME_LINE = re.compile(rf"[ \t\xa0]{{0,8}}({_STAMP})[ \t]{{0,8}}-{{1,2}}>[ \t]{{0,8}}({_STAMP})(?![\d:])")
_USUAL = r"\d\d:[0-5]\d:[0-5]\d[.,]\d{3}"
# Milliseconds that one more of each of its digits is worth; the marks between them are worth nothing.
_PLACE_MS = np.array([36_000_000, 3_600_000, 0, 600_000, 60_000, 0, 10_000, 1_000, 0, 100, 10, 1], dtype=np.int64)
_GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}(?:/\d+-\d+)?"

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


_cue_of = of_tuple(Cue)


def cue_of(times: Times, lines: Sequence[Line]) -> Cue:
    """A cue of its times and lines, the blank ones among them left out."""
    start_s, end_s = times
    shown = tuple((line.start, line.text) for line in lines if not line.blank)
    return Cue(start_s, end_s, clock(start_s) if start_s is not None else None, shown)


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
SUBRIP = usual(identifier=r"\d+\n", ends=r"\n{2,}(?=(?:\d+\n)?\d\d:\d\d:\d\d)|\s*\Z")


def scan(builder: Builder, pattern: re.Pattern[str]) -> Iterator[list[Cue] | list[Line]]:
    """The cues of the usual form, all but their text accounted for, and the lines between them: runs in order."""
    text = builder.source.text
    found: list[tuple[str, str, str]] = []
    places: list[int] = []
    number = 1
    counted = done = 0
    for match in pattern.finditer(text):
        first, last, said = match.groups()
        if "->" in said:
            continue
        if (begin := match.start()) > done:
            yield from _cues(found, places)
            found, places = [], []
            number += text.count("\n", counted, done)
            counted = done
            yield _lines(text, done, begin, number)
        done = match.end()
        at = match.start(3)
        builder.claims.add(begin, at, Part.SYNTAX)
        found.append((first, last, said))
        places.append(at)
    yield from _cues(found, places)
    if done < len(text):
        number += text.count("\n", counted, done)
        yield _lines(text, done, len(text), number)


def _cues(found: Sequence[tuple[str, str, str]], places: Sequence[int]) -> Iterator[list[Cue]]:
    """The cues of a run, all in one list, of their two times and their text as printed and the place of the text."""
    if not found:
        return
    times = _usual_seconds([stamp for first, last, _ in found for stamp in (first, last)])
    cues = []
    for (first, _, said), at, start_s, end_s in zip(found, places, times[::2], times[1::2], strict=True):
        lines = tuple(_placed(said, at)) if "\n" in said or said.isspace() else ((at, said),)
        cues.append(_cue_of((start_s, end_s, first[:8], lines)))
    yield cues


def _usual_seconds(stamps: Sequence[str]) -> list[float]:
    """Seconds of many times in their usual form, of twelve characters each."""
    digits = np.frombuffer("".join(stamps).encode("ascii"), dtype=np.uint8).reshape(-1, 12) - ord("0")
    milliseconds: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = digits.astype(np.int64) @ _PLACE_MS
    return [float(each) for each in (milliseconds / 1000).tolist()]


def _placed(said: str, at: int) -> Iterator[tuple[int, str]]:
    for text in said.split("\n"):
        if text and not text.isspace():
            yield at, text
        at += len(text) + 1


def _lines(text: str, start: int, end: int, number: int) -> list[Line]:
    lines = []
    for index, said in enumerate(text[start:end].split("\n")):
        lines.append(Line(number + index, start, said))
        start += len(said) + 1
    return lines
