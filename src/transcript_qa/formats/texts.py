"""Labelled texts: lines that begin with a speaker's label, and the lines that go on with what that speaker says.

The walk that `site` and `names` share: which labels are labels, where the speech begins and ends, and what between the
turns is no speech.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import gt

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.header import dateline, divider, header_end, roster
from transcript_qa.formats.heads import Head, head_of, time_alone, time_in_front
from transcript_qa.formats.lexicon import BREAKS, FIELDS, TOOL
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.times import seconds

_HEADING = re.compile(r"#{1,6}\s+\S")
# A longer line is of a tool only where it begins like one: see `TOOL`.
_TOOL_CHARS, _TOOL_BEGINS = 110, "tTmMrR"
_OF_TOOL = "line of the recording tool"
# What Markdown prints without the backslash.
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>()#+\-.!|~$&\"'?,:;=/@^%])")
_HEADING_MARKS = ("#", "*", "\U0001f4d6")
_CLOCK_LINE = re.compile(
    r"(?:END\s+)?\d{1,2}:\d{2}\s?[AP]\.?M\.?(?:\s+[A-Z]{2,4}\.?)?"
    r"|\[?(?:END|End)(?: of (?:transcript|recording|interview|file))?\]?\.?",
    re.IGNORECASE,
)
_TRANSCRIPT_HEADING = re.compile(
    r"(?:#{1,6}\s+[*_]*(?:\S\s+)?|[*_]*\U0001F4D6\ufe0f?\s*)(?:full\s+)?transcript[*_]*:?", re.IGNORECASE
)


@dataclass(frozen=True)
class Layout:
    """Where the labels of a text are.

    Attributes:
        heads: accepted labels by index of their line.
        first: index of the first line that is speech.
        notes_end: number of leading lines that are notes in front of a heading "Transcript", 0 without one.
        share: of the speech's lines that are not blank, how many begin with a label.
    """

    heads: dict[int, Head]
    first: int
    notes_end: int
    share: float


def layout(source: SourceText) -> Layout:
    """Which lines begin with a speaker's label; no heads at all where none does."""
    lines = source.lines
    notes_end = _notes_end(source)
    body = max(notes_end, header_end(lines))
    shown = [not line.blank for line in lines[body:]]
    found = {line.number - 1: head for line in compress(lines[body:], shown) if (head := head_of(line)) is not None}
    untimed = [head.label for head in found.values() if head.printed is None]
    n_blocks = sum(map(gt, shown, [False, *shown]))
    names = roster(lines[:body])
    accepted = labels.accept([head.label for head in found.values()], n_blocks=n_blocks, text=source.text, roster=names)
    timed = [head.label for head in found.values() if head.timed]
    if len(timed) * 2 > len(untimed):
        accepted |= labels.accept(timed, n_blocks=n_blocks, text=source.text, roster=names, timed=True)
    accepted |= _bold(found.values(), accepted)
    breaks = {label for label in {head.label for head in found.values()} if label.casefold() in BREAKS}
    heads = {index: head for index, head in found.items() if head.label in accepted or head.label in breaks}
    speaking = next((index for index, head in heads.items() if head.label not in breaks), None)
    if speaking is None:
        return Layout({}, len(lines), 0, 0.0)
    n_lines = sum(shown[speaking - body :])
    return Layout(heads, _with_time_lines(lines, speaking, body), notes_end, len(heads) / n_lines)


def _bold(found: Iterable[Head], accepted: frozenset[str]) -> frozenset[str]:
    """Labels that are bold like those that are certain: a long title of an unknown kind among them."""
    bold = [head.label for head in found if head.bold]
    sure = sum(label in accepted for label in bold)
    if sure < 3 or sure * 2 < len(bold):
        return frozenset()
    return frozenset(label for label in bold if labels.fold(label) not in FIELDS)


def _with_time_lines(lines: Sequence[Line], first: int, body: int) -> int:
    """Where the speech begins when times on lines of their own stand in front of the first label."""
    at = first
    while at > body and (lines[at - 1].blank or divider(lines[at - 1]) or time_alone(lines[at - 1]) is not None):
        at -= 1
        if time_alone(lines[at]) is not None:
            first = at
    return first


def _break(head: Head) -> bool:
    return head.label.casefold() in BREAKS


def _notes_end(source: SourceText) -> int:
    """A heading "Transcript" parts the notes of a meeting from what was said."""
    lines = source.lines
    if source.text[:1] not in _HEADING_MARKS and not any(f"\n{mark}" in source.text for mark in _HEADING_MARKS):
        return 0
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].text[:1] in _HEADING_MARKS and _TRANSCRIPT_HEADING.fullmatch(lines[index].text.strip()[:80]):
            return index + 1
    return 0


class Walker:
    """Adds the lines of the speech to a builder."""

    def __init__(self, builder: Builder, layout_: Layout) -> None:
        self._builder = builder
        self._layout = layout_
        self._markdown = any(head.bold for head in layout_.heads.values())
        self._gap = True
        self._comment = False
        self._in_break = False
        self._mark: str | None = None
        self._paragraph: tuple[int, int] | None = None
        self._paragraph_mark: tuple[float | None, float | None, str | None] | None = None

    def walk(self, lines: Sequence[Line]) -> None:
        """Add `lines`, a run at the end of the source's lines that begins with a label."""
        last = closing(lines, self._layout)
        for line in lines[:last]:
            self._line(line)
        self._flush()
        for line in lines[last:]:
            self._builder.skip(line.start, line.end, "closing lines, not speech")

    def _line(self, line: Line) -> None:
        number, start, text = line
        if not text or text.isspace():
            self._flush()
            self._gap = True
            return
        head = self._layout.heads.get(number - 1)
        if self._comment or ("<!--" in text and text.lstrip().startswith("<!--")):
            self._flush()
            self._comment = "-->" not in text
            self._builder.skip(line.start, line.end, "comment in the source")
        elif head is not None:
            self._flush()
            self._begin(line, head)
        elif not self._aside(line):
            self._words(line, start)

    def _begin(self, line: Line, head: Head) -> None:
        self._in_break = _break(head)
        if self._in_break:
            # Its time is a time of the recording: whoever speaks next does so from then on.
            self._mark = head.printed or self._mark
            self._builder.skip(line.start, line.end, "break, not speech")
            return
        printed, start_s = head.printed, head.start_s
        if printed is None and self._mark is not None:
            printed, start_s = self._mark, seconds(self._mark)
        self._mark = None
        address = printed or f"line {line.number}"
        self._builder.open(head.label, head=(head.start, head.end), start_s=start_s, address=address)
        self._gap = True
        rest = line.text[head.end - line.start :]
        if rest and not rest.isspace():
            self._paragraph = (head.end, line.end)
        if start_s is not None:
            self._paragraph_mark = (start_s, None, printed)

    def _aside(self, line: Line) -> bool:
        """Skip what between the turns is no speech; true where `line` was that."""
        text = line.text.strip()
        if text[0].isalpha() and not self._in_break:
            # Neither time nor divider nor heading.
            tool = (len(text) <= _TOOL_CHARS or text[0] in _TOOL_BEGINS) and TOOL.match(text[:200]) is not None
            if tool:
                self._flush()
                self._builder.skip(line.start, line.end, _OF_TOOL, may_be_speech=False)
            return tool
        printed = time_alone(line)
        if printed is not None:
            self._flush()
            self._mark = printed
            self._builder.claim(line.start, line.end, Part.SYNTAX)
            return True
        if text == "\\":
            self._builder.claim(line.start, line.end, Part.SYNTAX)
            return True
        reason = None
        if divider(line):
            reason = "divider"
        elif TOOL.match(text[:200]):
            reason = _OF_TOOL
        elif _HEADING.match(text):
            reason = "heading"
        elif self._in_break:
            reason = "break, not speech"
        if reason is None:
            return False
        self._flush()
        self._builder.skip(line.start, line.end, reason, may_be_speech=reason != _OF_TOOL)
        return True

    def _words(self, line: Line, start: int) -> None:
        if self._paragraph is not None:
            self._paragraph = (self._paragraph[0], line.end)
            return
        in_front = time_in_front(line)
        if in_front is not None:
            self._builder.claim(line.start, in_front[1], Part.SYNTAX)
            self._mark, start = in_front
        self._paragraph = (start, line.end)
        if self._mark is not None:
            self._paragraph_mark = (seconds(self._mark), None, self._mark)
            self._mark = None

    def _flush(self) -> None:
        if self._paragraph is None:
            return
        start, end = self._paragraph
        text = self._builder.source.text[start:end]
        if "\\" in text:
            start, end = self._without_break(start, end)
            text = self._builder.source.text[start:end]
            text = _ESCAPED.sub(r"\1", text) if self._markdown else text
        joiner = "\n\n" if self._gap else "\n"
        self._builder.words(start, end, text=text, joiner=joiner, mark=self._paragraph_mark)
        self._paragraph = self._paragraph_mark = None
        self._gap = False

    def _without_break(self, start: int, end: int) -> tuple[int, int]:
        """A lone backslash at the end of a paragraph is a line break of Markdown."""
        said = self._builder.source.text[start:end].rstrip()
        if not said.endswith("\\") or not said[-2:-1].isspace():
            return start, end
        self._builder.claim(start + len(said) - 1, start + len(said), Part.SYNTAX)
        return start, start + len(said) - 1


def closing(lines: Sequence[Line], layout_: Layout) -> int:
    """How many of `lines` are left when the date line, clock time or sign-off at their end is taken away."""
    last = len(lines)
    while last > 0:
        line = lines[last - 1]
        text = line.text.strip()
        closes = len(text) < 120 and (dateline(line) is not None or _CLOCK_LINE.fullmatch(text) is not None)
        if not line.blank and (line.number - 1 in layout_.heads or not closes):
            break
        last -= 1
    return last
