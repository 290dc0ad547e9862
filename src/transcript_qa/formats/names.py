"""Texts whose speakers are named in front of their words, in any of the styles that `heads` knows."""

from __future__ import annotations

import re

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.header import HeaderReader
from transcript_qa.formats.plain import foreign, markup
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import SourceText
from transcript_qa.formats.texts import Layout, Walker, layout

_TITLED = re.compile(r"(.{1,150}?)\s+[-–—]\s+Transcript", re.IGNORECASE)


def sniff(source: SourceText) -> float:
    """How much of the text stands under speakers' labels."""
    if source.json is not None:
        return 0.0
    found = source.once(layout)
    if not found.heads or (found.share < 0.5 and source.once(foreign) is not None) or markup(source):
        return 0.0
    n_labels = len(found.heads)
    if n_labels < 3 and not found.notes_end and _words_before(source, found) > 0.5:
        # One or two chance colons deep in a prose text make it no dialogue.
        return 0.05
    return min(0.9, 0.6 + 0.05 * n_labels)


def parse(source: SourceText) -> Builder:
    """The turns of such a text."""
    builder = Builder(source)
    found = source.once(layout)
    lines = source.lines
    if found.notes_end:
        _notes(builder, found.notes_end)
        _own_title(builder, found)
    start = found.notes_end
    HeaderReader(builder).read(lines[start : found.first])
    Walker(builder, found).walk(lines[found.first :])
    return builder


def _notes(builder: Builder, end: int) -> None:
    """Notes in front of the heading "Transcript": title and date are taken from them, nothing else."""
    lines = builder.source.lines[:end]
    facts = Builder(builder.source)
    HeaderReader(facts).read(lines)
    builder.title, builder.date = facts.title, facts.date
    for line in lines:
        start_of_header = any(claim.start == line.start and claim.part is not Part.SKIPPED for claim in facts.claims)
        if start_of_header:
            builder.claim(line.start, line.end, Part.HEADER)
        else:
            builder.skip(line.start, line.end, "notes in front of the transcript, not speech", may_be_speech=False)


def _own_title(builder: Builder, found: Layout) -> None:
    """Below the heading the transcript says what it is of ("Harbour loan review - Transcript")."""
    for line in builder.source.lines[found.notes_end : found.first]:
        named = _TITLED.fullmatch(line.text.strip()[:200])
        if named is not None:
            builder.title = labels.tidy(named[1].strip("#* "))
            builder.claim(line.start, line.end, Part.HEADER)
            return


def _words_before(source: SourceText, found: Layout) -> float:
    cut = source.lines[found.first].start
    return len(source.text[:cut].split()) / max(1, len(source.text.split()))


FORMAT = Format(
    name="names", describes="text with the speakers' names in front of their words", sniff=sniff, parse=parse
)
