"""Texts whose labels end with a full stop, as in `The President. Good morning.`, which archives of presidents use.

Every label stands at the beginning of a paragraph. A full stop also ends sentences, so only forms of address and titles
are labels here, and only where they come again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from transcript_qa.formats.build import Builder
from transcript_qa.formats.header import HeaderReader, paragraphs
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import Line, SourceText

_OFFICE = r"(?:President|Minister|Lady|Secretary|Chancellor|King|Queen|Speaker|Moderator|Governor|Attorney[ ]General)"
_ADDRESS = r"(?:President|Secretary|Senator|Governor|Chancellor|Mr|Mrs|Ms|Miss|Dr|General|Gov|Sen|Rep)"
_LABEL = re.compile(
    rf"(?P<label>Q|(?:The|Vice|Prime|First)[ ](?:Vice[ ])?{_OFFICE}"
    rf"|[A-Z]['’A-Z-]+(?:[ ][A-Z]['’A-Z.-]+){{1,3}}"
    rf"|(?:Vice[ ]President|Prime[ ]Minister|{_ADDRESS})\.?(?:[ ][A-Z][\w'’-]+){{1,3}})\.(?=\s+\S)[ \t\xa0]*"
)
_LABEL_CHARS = 120


def sniff(source: SourceText) -> float:
    """High where such labels come again and again."""
    found = Counter(match["label"] for _, match in _heads(source.opening))
    again = sum(n for n in found.values() if n > 1)
    n_lines = sum(not line.blank for line in source.opening)
    return 0.94 if len(found) > 1 and again >= 3 and again * 4 >= n_lines else 0.0


def _heads(lines: Sequence[Line]) -> list[tuple[Line, re.Match[str]]]:
    found = []
    for line in lines:
        begins = line.text[:_LABEL_CHARS].lstrip()
        match = _LABEL.match(begins) if "." in begins else None
        if match is not None:
            found.append((line, match))
    return found


def parse(source: SourceText) -> Builder:
    """The turns of such a text."""
    builder = Builder(source)
    heads = {line.number: match for line, match in _heads(source.lines)}
    first = min(heads, default=len(source.lines) + 1) - 1
    HeaderReader(builder).read(source.lines[:first])
    for paragraph in paragraphs(source.lines[first:]):
        for line in paragraph:
            match = heads.get(line.number)
            begin = line.start
            if match is not None:
                begin = line.words_start + match.end()
                builder.open(match["label"], head=(line.words_start, begin), address=f"line {line.number}")
            builder.words(begin, line.end, joiner="\n\n" if line is paragraph[0] else "\n")
    return builder


FORMAT = Format(name="periods", describes="text whose labels end with a full stop", sniff=sniff, parse=parse)
