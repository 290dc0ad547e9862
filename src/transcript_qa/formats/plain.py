"""Plain prose without a single speaker's name: a turn for each paragraph; and what is no prose at all."""

from __future__ import annotations

import re
from collections import Counter

from transcript_qa.formats.build import Builder
from transcript_qa.formats.header import HeaderReader, dateline, divider, front_matter, header_end, paragraphs
from transcript_qa.formats.heads import time_alone, time_in_front
from transcript_qa.formats.lexicon import TOOL
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.times import TIME, seconds

_MARKUP = re.compile(r"<(?:!doctype|html|head|body|\?xml|svg|rss|tt|div|table|!ENTITY)\b|<\?xml", re.IGNORECASE)
_TIMES = re.compile(rf"\[{TIME}\]|\({TIME}\)")
# JSON that is cut off or holds one object a line.
_JSON = re.compile(r"\{|\[\s*[\[{\"]")
_ELEMENT = re.compile(r"<[A-Za-z][\w:-]{0,30}[\s/>]")
_CODE = re.compile(
    r"(?:def |class |import |from \w+ import|#include|function\b|const |let |var |public |private |return\b|if ?\("
    r"|for ?\(|while ?\(|package |using |SELECT |INSERT |CREATE |#!/|@\w+$|\}|\)\s*;|//|/\*|\*/"
    r"|[\w.\[\]]+ ?[-+*/]?= ?\S)"
)
# Enough to tell prose from a table or a program.
_JUDGED_LINES = 600
_CODE_END = re.compile(r"[{};]$|\)$")


def markup(source: SourceText) -> bool:
    """Whether a text begins as HTML or XML does, or with an element of it."""
    head = source.text.lstrip()[:4000]
    return _MARKUP.match(head) is not None or (_ELEMENT.match(head) is not None and "</" in head)


def foreign(source: SourceText) -> str | None:
    """What a text is that is no prose ("HTML or XML", "a table", "a program"), or None."""
    if markup(source):
        return "HTML or XML"
    lines = [line.text.strip()[:400] for line in source.opening[:_JUDGED_LINES] if not line.blank]
    if _table(lines):
        return "a table"
    n_code = sum(1 for line in lines if _CODE.match(line) or (_CODE_END.search(line) and not line[:1].isupper()))
    return "a program" if len(lines) >= 3 and n_code * 3 > len(lines) else None


def _table(lines: list[str]) -> bool:
    if len(lines) < 3:
        return False
    # Commas of prose have a space behind them, those of a table mostly none.
    for separator in (",", ";", "\t", "|"):
        n_each = Counter(line.count(separator) - line.count(separator + " ") for line in lines)
        most, n_lines = n_each.most_common(1)[0]
        enough = most >= 2 or (most == 1 and separator != "," and len(lines) >= 5)
        if enough and n_lines * 10 >= len(lines) * 8 and not any(line.endswith(". ") for line in lines[:3]):
            return True
    return False


def _has_words(source: SourceText) -> bool:
    sample = source.text[:200_000]
    dense = [char for char in _TIMES.sub("", sample) if not char.isspace()]
    n_letters = sum(char.isalpha() for char in dense)
    found = re.findall(r"[^\W\d_]{2,}", sample)
    return len(found) >= 3 and n_letters * 10 >= len(dense) * 7 and n_letters / len(found) < 25


def sniff(source: SourceText) -> float:
    """A little above nothing where the text has words and is nothing else."""
    if source.json is not None or _JSON.match(source.text.lstrip()[:80]) or source.once(foreign) is not None:
        return 0.0
    return 0.2 if _has_words(source) else 0.0


def parse(source: SourceText) -> Builder:
    """One turn for each paragraph."""
    builder = Builder(source)
    lines = source.lines
    start = max(front_matter(lines), _heading_end(source))
    HeaderReader(builder).read(lines[:start])
    for paragraph in paragraphs(lines[start:]):
        first = paragraph[0]
        if all(divider(line) for line in paragraph):
            builder.skip(first.start, paragraph[-1].end, "divider")
        elif all(TOOL.match(line.text.strip()[:200]) for line in paragraph):
            builder.skip(first.start, paragraph[-1].end, "line of the recording tool")
        else:
            _paragraph(builder, paragraph)
    return builder


def _paragraph(builder: Builder, paragraph: list[Line]) -> None:
    """One turn, or one for each line of the paragraph that begins with a printed time."""
    start, cut = 0, _time_of(paragraph[0])
    for index, line in enumerate([*paragraph[1:], None], start=1):
        following = _time_of(line) if line is not None else None
        if line is not None and following is None:
            continue
        first = paragraph[start]
        address, begins = cut or (f"line {first.number}", first.start)
        start_s = seconds(address) if cut is not None else None
        head = (first.start, begins) if cut is not None else None
        builder.open("", head=head, start_s=start_s, address=address)
        builder.words(begins, paragraph[index - 1].end, mark=(start_s, None, address) if cut is not None else None)
        start, cut = index, following


def _time_of(line: Line) -> tuple[str, int] | None:
    """The time in front of a line's words, or on a line of its own, as printed, and where it ends."""
    alone = time_alone(line)
    return (alone, line.end) if alone is not None else time_in_front(line)


def _heading_end(source: SourceText) -> int:
    """The header is taken for one only where a date line or fields say so, and words are left after it."""
    lines = source.lines
    end = header_end(lines)
    has_more = any(not line.blank for line in lines[end:])
    dated = any(dateline(line) is not None for line in lines[:end])
    return end if has_more and (dated or front_matter(lines)) else 0


FORMAT = Format(name="plain", describes="plain prose", sniff=sniff, parse=parse)
