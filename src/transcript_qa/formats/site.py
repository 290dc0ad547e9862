"""Pages of an official site saved as text: site header, title, date line, introduction, then the speakers.

The full title is printed the first time and the bare name later; a label stands on the first paragraph of a turn only;
the date line comes again at the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.header import INTRODUCTION, dateline, divider
from transcript_qa.formats.plain import foreign
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.texts import Walker, layout
from transcript_qa.formats.times import find_date

_NOISE = re.compile(
    r"view settings|font size|site colou?rs|official (?:web)?site|print version|.{0,80}/$", re.IGNORECASE
)


def sniff(source: SourceText) -> float:
    """High where a title and a date line stand in front of the speakers and a second sign agrees."""
    if source.json is not None or source.once(foreign) is not None:
        return 0.0
    found = source.once(layout)
    if not found.heads:
        return 0.0
    at = _dateline(source.lines[: found.first])
    if at is None:
        return 0.0
    lines = source.lines
    noise = any(_NOISE.match(line.text.strip()[:120]) for line in lines[:at])
    again = _closing(lines[found.first :], lines[at])
    starred = any(divider(line) for line in lines[at : found.first])
    alone = (at == 0 or lines[at - 1].blank) and (at + 1 >= len(lines) or lines[at + 1].blank)
    signs = noise + (again is not None) + (starred and alone)
    return 0.95 if signs >= 2 else 0.92 if signs and alone else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a page."""
    builder = Builder(source)
    found = source.once(layout)
    lines = source.lines
    at = _dateline(lines[: found.first])
    _front(builder, lines[: found.first], at)
    speech = lines[found.first :]
    end = len(speech)
    again = _closing(speech, lines[at]) if at is not None else None
    if again is not None:
        end = again
    Walker(builder, found).walk(speech[:end])
    for index, line in enumerate(speech[end:]):
        builder.skip(line.start, line.end, "closing date line" if index == 0 else "site footer")
    return builder


def _dateline(lines: Sequence[Line]) -> int | None:
    return next(
        (index for index, line in enumerate(lines[:120]) if not line.blank and dateline(line) is not None), None
    )


def _closing(speech: Sequence[Line], opening: Line) -> int | None:
    """Index of the date line that comes again, if hardly anything follows it."""
    wanted = labels.tidy(opening.text)
    for index in range(len(speech) - 1, max(-1, len(speech) - 60), -1):
        if labels.tidy(speech[index].text) == wanted:
            return index
    return None


def _front(builder: Builder, lines: Sequence[Line], at: int | None) -> None:
    """Everything in front of the first turn: site header, title, date line, introduction."""
    titled = _title(lines, at)
    for index, line in enumerate(lines):
        if index == titled:
            builder.title = labels.tidy(line.text)
            builder.claim(line.start, line.end, Part.HEADER)
        elif index == at:
            found, place = find_date(line.text), dateline(line)
            builder.date = found[0] if found is not None else None
            builder.place = place[1] if place is not None else None
            builder.claim(line.start, line.end, Part.HEADER)
        elif divider(line):
            builder.skip(line.start, line.end, "divider")
        elif at is not None and index < at:
            builder.skip(line.start, line.end, "site header")
        else:
            builder.skip(line.start, line.end, INTRODUCTION)


def _title(lines: Sequence[Line], at: int | None) -> int | None:
    """The last line in front of the date line that says something."""
    for index in range((at or 0) - 1, -1, -1):
        text = lines[index].text.strip()
        if text and not _NOISE.match(text[:120]):
            return index
    return None


FORMAT = Format(name="site", describes="pages of an official site saved as text", sniff=sniff, parse=parse)
