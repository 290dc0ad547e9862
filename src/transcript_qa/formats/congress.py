"""The US Congressional Record and printed hearings: `  Ms. VOSS. Madam Speaker, …`, a full stop for the colon.

Lines are wrapped; a paragraph begins with two blanks; page marks (`[Page S697]`, `[[Page H6109]]`) stand anywhere, also
in the middle of a sentence, and are the addresses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.times import find_date

_SURNAME = r"(?:[A-Z][a-z]{0,2}[A-Z]|[A-Z]['’][A-Z]|[A-Z]{2})[A-Z'’-]*(?:-[A-Z][A-Za-z]*[A-Z]+)*"
_STATE = r"(?:[ ]of[ ][A-Z][a-z]+(?:[ ][A-Z][a-z]+)?)?"
_TITLE = (
    r"(?:(?:Mr|Ms|Mrs|Miss|Dr|Sen|Rep|Gen|Adm|Col)\.?|Senator|Representative|Chairman|Chairwoman|Chair|Secretary|General"
    r"|Admiral|Ambassador|Director|Judge|Governor|Mayor)"
)
_FIRST = r"(?:[A-Z][a-z]+[ ]|[A-Z]\.[ ]|[Vv]an[ ]|[Dd]e[ ]){0,2}"
_PERSON = rf"{_TITLE}[ ]{_FIRST}{_SURNAME}(?:[ ]{_SURNAME}){{0,2}}{_STATE}"
_OFFICE = (
    r"(?:The|Madam|Mr\.)[ ](?:Acting[ ]|Vice[ ])?[A-Z]{3,}(?:[ ][A-Z]{2,}){0,4}(?:[ ]pro[ ]tempore)?"
    r"(?:[ ]\([^()]{3,60}\))?"
)
_LABEL = re.compile(rf"(?P<label>{_PERSON}|{_OFFICE})\.(?=\s|$)[ ]*")
_PAGE = re.compile(r"\[{1,2}Page[ ](?P<page>[A-Z]{0,2}\d{1,6})\]{1,2}")
_TIME = re.compile(r"\s*\{time\}\s*(\d{3,4})\s*")
_RECORD = re.compile(r"\[Congressional Record (?:Volume|Vol\.)")
_NARRATED = re.compile(
    r"The (?:assistant |senior assistant |acting )*(?:legislative|bill|journal|reading) clerk (?:proceed|read|call)"
    r"|There being no objection,|\((?:Mr|Ms|Mrs|Miss)\. [A-Z' ]+ asked and was given permission"
)
_DIVIDER = re.compile(r"\s*[_=*.-]{4,}\s*")


def sniff(source: SourceText) -> float:
    """High where the record says its name, or labels of its kind begin several paragraphs."""
    lines = source.opening[:3000]
    n_labels = sum(_head(line) is not None for line in lines)
    if n_labels and _RECORD.search(source.text[:5000]):
        return 0.98
    n_lines = sum(not line.blank for line in lines)
    return 0.93 if n_labels >= 3 and n_labels * 60 >= n_lines else 0.0


def _head(line: Line) -> re.Match[str] | None:
    """The label in front of a paragraph."""
    indent = len(line.text) - len(line.text.lstrip())
    return _LABEL.match(line.text, indent) if 1 <= indent <= 8 and len(line.text) < 2000 else None


def parse(source: SourceText) -> Builder:
    """The turns of such a record."""
    builder = Builder(source)
    lines = source.lines
    first = next((at for at, line in enumerate(lines) if _head(line) is not None), len(lines))
    reader = _Reader(builder)
    reader.front(lines[:first])
    for line in lines[first:]:
        reader.take(line)
    return builder


class _Reader:
    """Goes through the lines and knows the page and whether a paragraph goes on."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._page = ""
        self._skipping = False
        self._fresh = True
        self._marked = ""

    def front(self, lines: Sequence[Line]) -> None:
        """The lines in front of the first speech."""
        for line in lines:
            text = line.text.strip()
            page = _PAGE.search(text)
            self._page = page["page"] if page is not None else self._page
            found = find_date(text) if self._builder.date is None else None
            if found is not None and _RECORD.match(text):
                self._builder.date = found[0]
                self._builder.claim(line.start, line.end, Part.HEADER)
            elif self._builder.place is None and re.fullmatch(r"\[(?:Senate|House|Extensions of Remarks)\]", text):
                self._builder.place = text.strip("[]")
                self._builder.claim(line.start, line.end, Part.HEADER)
            elif self._builder.title is None and _heading(line):
                self._builder.title = " ".join(text.split())
                self._builder.claim(line.start, line.end, Part.HEADER)
            elif text:
                self._builder.gather(line.start, line.end, "header of the record")

    def take(self, line: Line) -> None:
        """A line of the record."""
        if line.blank:
            self._skipping = False
            return
        begin = line.start
        for page in _PAGE.finditer(line.text):
            self._say(begin, line.start + page.start(), line)
            self._page, begin = page["page"], line.start + page.end()
            self._builder.claim(line.start + page.start(), begin, Part.SYNTAX)
        head = _head(line)
        if head is not None:
            self._begin(line, head)
            begin = line.start + head.end()
        elif begin == line.start and self._aside(line):
            return
        self._say(begin, line.end, line)

    def _begin(self, line: Line, head: re.Match[str]) -> None:
        address = f"page {self._page}" if self._page else f"line {line.number}"
        place = (line.start, line.start + head.end())
        self._builder.open(labels.tidy(head["label"]), head=place, address=address)
        self._skipping, self._fresh, self._marked = False, True, self._page

    def _aside(self, line: Line) -> bool:
        """Leave out what is no speech; true where the line was that."""
        text = line.text.strip()
        begins = len(line.text) - len(line.text.lstrip()) >= 2
        if _TIME.fullmatch(line.text) or _DIVIDER.fullmatch(line.text):
            self._builder.gather(line.start, line.end, "dividers and time marks of the record")
            return True
        if _heading(line):
            self._builder.gather(line.start, line.end, "headings")
            self._fresh = True
            return True
        if begins and _NARRATED.match(text):
            self._skipping = True
        elif begins:
            self._skipping, self._fresh = False, True
        if self._skipping:
            self._builder.gather(line.start, line.end, "what the clerk and the record tell")
        return self._skipping

    def _say(self, start: int, end: int, line: Line) -> None:
        said = self._builder.source.text[start:end]
        if not said.strip() or self._builder.speaking is None:
            return
        joiner = "\n\n" if self._fresh else " "
        mark = None
        if self._page != self._marked or self._fresh:
            mark = (None, None, f"page {self._page}" if self._page else f"line {line.number}")
            self._marked = self._page
        text = " ".join(said.split())
        self._builder.words(start, end, text=text, joiner=joiner, mark=mark)
        self._fresh = False


def _heading(line: Line) -> bool:
    text = line.text.strip()
    indent = len(line.text) - len(line.text.lstrip())
    letters = [char for char in text if char.isalpha()]
    return indent >= 6 and len(letters) > 3 and text == text.upper()


FORMAT = Format(name="congress", describes="Congressional Record and printed hearings", sniff=sniff, parse=parse)
