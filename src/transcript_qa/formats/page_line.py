"""Court and deposition transcripts: pages of numbered lines, addressed as `45:1-4`.

Labels are `MR. EKBERG:`, `THE COURT:`, and `Q.` and `A.`; these are resolved by the line `BY MS. LIND:` and by the one
witness whom the transcript names. What stands in front of the first words, headings, the reporter's certificate, errata
and the index of words are no testimony.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from transcript_qa.errors import ParseError
from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.header import dateline
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.times import find_date

_NUMBERED = re.compile(r"[ \t\x0c]{0,8}(\d{1,2})(?:[ \t]+|$)(?=(\S?))")
_PAGE = re.compile(r"[ \t\x0c]*(?:Page[ ]{1,3})?0{0,4}(\d{1,5})(?:[ ]of[ ]\d{1,5})?[ \t]*", re.IGNORECASE)
_LABEL = re.compile(r"(?P<label>[A-Z][A-Z.,'’ \-]{1,60}[A-Z.])[ ]?:(?=\s|$)[ \t]*")
_QUESTION = re.compile(r"(?P<label>[QA])[.:]?(?:[ \t]{2,}|[.:][ \t]*|[ \t]*$)")
_BY = re.compile(r"(?:EXAMINATION[ ]{1,3})?BY[ ]{1,3}(?P<who>M[RS]{1,2}\.?[ ]{1,3}[A-Z][A-Z'’\- ]{1,40}?)[ ]?:")
_CERTIFICATE = r"C[ ]?E[ ]?R[ ]?T[ ]?I[ ]?F[ ]?I[ ]?C[ ]?A[ ]?T[ ]?(?:E|I[ ]?O[ ]?N)"
_CLOSES = re.compile(
    rf"(?:(?:COURT[ ])?REPORTER['’]?S?[ ])?{_CERTIFICATE}\b.*|E[ ]?R[ ]?R[ ]?A[ ]?T[ ]?A\b.*"
    r"|(?:WORD|CONCORDANCE)[ ]INDEX\b.*|ACKNOWLEDGE?MENT OF DEPONENT.*"
)
_OVER = re.compile(
    r"\((?:Where(?:upon|fore)|Time noted|Signature|The (?:deposition|hearing|proceedings?)\b)", re.IGNORECASE
)
_PERSON = r"([A-Z][A-Z.'’\- ]{3,50}?)"
_WITNESS = (
    re.compile(rf"(?:DEPOSITION|EXAMINATION|TESTIMONY) OF:?\s+(?:M[RS]{{1,2}}\.\s+)?{_PERSON}(?=\s{{2}}|,|$)"),
    re.compile(rf"^{_PERSON},(?:\s+the witness)?(?:\s+herein)?,?\s+(?:called|having|produced|being)\b"),
)
_MIN_LINES = 20


@dataclass(frozen=True, slots=True)
class _Row:
    """A numbered line: its page and number, its text and where that begins, and how far it is indented."""

    page: int
    number: int
    text: str
    start: int
    indent: int

    @property
    def address(self) -> str:
        return f"{self.page}:{self.number}"

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class _Pages:
    """The numbered lines of a source, and the lines between them."""

    rows: tuple[_Row, ...]
    others: tuple[Line, ...]


def sniff(source: SourceText) -> float:
    """High where lines are numbered from 1 on, page after page."""
    sample = source.opening[:1200]
    numbered = _numbered(sample)
    n_words = sum(not line.blank for line in sample)
    n_pages = sum(number == 1 for _, number, _ in numbered)
    if len(numbered) < _MIN_LINES or len(numbered) * 2 < n_words or len(numbered) < 10 * n_pages:
        return 0.0
    return 0.97 if any(_LABEL.match(text) or _QUESTION.match(text) for _, _, text in numbered) else 0.0


def _numbered(lines: Sequence[Line]) -> list[tuple[Line, int, str]]:
    """Lines whose numbers rise by one and begin again at 1, with what stands behind the number."""
    found: list[tuple[Line, int, str]] = []
    before = 0
    for line in lines:
        match = _NUMBERED.match(line.text)
        if match is None:
            continue
        number = int(match[1])
        if number == before + 1 or (number == 1 and before >= 10):
            found.append((line, number, line.text[match.end() :]))
            before = number
    return found


def _pages(source: SourceText) -> _Pages:
    numbered = _numbered(source.lines)
    pages = _page_numbers(source, numbered)
    rows = []
    page = -1
    for line, number, text in numbered:
        page += number == 1 or page < 0
        start = line.end - len(text)
        rows.append(_Row(pages[page], number, text.rstrip(), start, start - line.start))
    taken = {line.number for line, _, _ in numbered}
    return _Pages(tuple(rows), tuple(line for line in source.lines if line.number not in taken and not line.blank))


def _page_numbers(source: SourceText, numbered: Sequence[tuple[Line, int, str]]) -> list[int]:
    """The printed number of each page, which stands above its lines or below them; counted on where it is missing."""
    firsts = [line.number for line, number, _ in numbered if number == 1] or [1]
    taken = {line.number for line, _, _ in numbered}
    printed: list[list[int]] = [[] for _ in range(len(firsts) + 1)]
    for line in source.lines:
        match = _PAGE.fullmatch(line.text[:60]) if line.number not in taken else None
        if match is not None:
            # Between the first line of one page and that of the next: below the one, or above the other.
            printed[bisect_right(firsts, line.number)].append(int(match[1]))
    below = [found[0] if found else None for found in printed[1:]]
    above = [found[-1] if found else None for found in printed[:-1]]
    best = max((above, below), key=lambda each: _rising(each))
    numbers: list[int] = []
    for found in best:
        expected = numbers[-1] + 1 if numbers else 1
        numbers.append(found if found is not None and (not numbers or found == expected) else expected)
    return numbers


def _rising(printed: Sequence[int | None]) -> int:
    steps = sum(a is not None and b is not None and b == a + 1 for a, b in pairwise(printed))
    return 2 * steps + (printed[0] is not None)


def parse(source: SourceText) -> Builder:
    """The turns of such a transcript."""
    pages = _pages(source)
    if not pages.rows:
        raise ParseError(source.name, "no numbered lines", "Give the transcript with its line numbers.")
    builder = Builder(source)
    for row in pages.rows:
        builder.claim(source.text.rfind("\n", 0, row.start) + 1, row.start, Part.SYNTAX)
    _Testimony(builder, pages.rows).read()
    last = pages.rows[-1].end
    for line in pages.others:
        page = _PAGE.fullmatch(line.text[:60]) is not None
        if line.start > last and not page:
            builder.skip(line.start, line.end, "index of words, not testimony", may_be_speech=False)
        else:
            builder.gather(line.start, line.end, "page numbers" if page else "running header or footer")
    return builder


class _Testimony:
    """Goes through the numbered lines."""

    def __init__(self, builder: Builder, rows: Sequence[_Row]) -> None:
        self._builder = builder
        self._rows = rows
        self._accepted = self._labels()
        letters = Counter(match["label"] for row in rows if (match := _QUESTION.match(row.text)) is not None)
        self._lettered = min(letters["Q"], letters["A"]) > 1
        indents = Counter(row.indent for row in rows if row.text).most_common(1)
        self._margin = indents[0][0] if indents else 0
        self._examiner = ""
        self._witness = self._named_witness()
        self._words = set(re.findall(r"[a-z]{3,}", builder.source.text.casefold()))
        self._opened: _Row | None = None
        self._last = ""

    def read(self) -> None:
        """Add everything to the builder."""
        first = next((at for at, row in enumerate(self._rows) if self._head(row) is not None), len(self._rows))
        first = max(first, self._proceedings())
        self._front(self._rows[:first])
        for at, row in enumerate(self._rows[first:], start=first):
            if _CLOSES.fullmatch(row.text.strip()):
                self._leave_out(self._rows[at:], "certificate, errata or index, not testimony")
                return
            if _OVER.match(row.text.strip()):
                at = self._over(at)
                if at == len(self._rows):
                    return
                continue
            self._row(row)

    def _over(self, at: int) -> int:
        """A remark that the session is over; at the end of the words it and all after it are no testimony."""
        rest = self._rows[at:]
        if any(self._head(row) is not None for row in rest):
            self._row(self._rows[at])
            return at
        self._leave_out(rest, "closing remark, not testimony")
        return len(self._rows)

    def _labels(self) -> frozenset[str]:
        found = [labels.tidy(match["label"]) for row in self._rows if (match := _LABEL.match(row.text)) is not None]
        return labels.accept(found, n_blocks=max(1, len(self._rows) // 8), text="")

    def _head(self, row: _Row) -> tuple[str, int] | None:
        """The label in front of a line and where its words begin."""
        match = _LABEL.match(row.text)
        if match is not None and labels.tidy(match["label"]) in self._accepted:
            return labels.tidy(match["label"]), match.end()
        match = _QUESTION.match(row.text) if self._lettered else None
        # "A   tax" at the margin of justified text is an article.
        sure = match is not None and (row.indent > self._margin or row.text[1:2] in (".", ":"))
        return (match["label"], match.end()) if match is not None and sure else None

    def _proceedings(self) -> int:
        """Behind a heading "Proceedings" the words begin, whatever stands in front of it."""
        for at, row in enumerate(self._rows[:400]):
            if row.text.replace(" ", "").rstrip(":") in ("PROCEEDINGS", "TRANSCRIPTOFPROCEEDINGS"):
                return at + 1
        return 0

    def _named_witness(self) -> str:
        """The one witness whom the transcript names, or nobody."""
        found = {
            labels.tidy(match[1]).rstrip(".")
            for row in self._rows
            for pattern in _WITNESS
            if (match := pattern.search(row.text.strip())) is not None
        }
        people = {name for name in found if len(name.split()) > 1 and not name.startswith("THE ")}
        return people.pop() if len(people) == 1 else ""

    def _front(self, rows: Sequence[_Row]) -> None:
        for row in rows:
            by = _BY.match(row.text.strip())
            self._examiner = labels.tidy(by["who"]) if by is not None else self._examiner
            found = dateline(Line(row.number, row.start, row.text.strip())) if self._builder.date is None else None
            dated = find_date(row.text) if found is not None else None
            if dated is not None:
                self._builder.date = dated[0]
        self._leave_out(rows, "caption, appearances and contents, not testimony")

    def _leave_out(self, rows: Sequence[_Row], reason: str) -> None:
        for row in rows:
            self._builder.gather(row.start, row.end, reason)

    def _row(self, row: _Row) -> None:
        text = row.text.strip()
        if not text:
            return
        by = _BY.match(text)
        if by is not None:
            self._examiner = labels.tidy(by["who"])
            self._builder.gather(row.start, row.end, "who examines")
            return
        head = self._head(row)
        if head is not None:
            self._begin(row, head[0])
            self._builder.claim(row.start, row.start + head[1], Part.LABEL)
            self._say(row, row.start + head[1])
        elif self._heading(row) or self._opened is None:
            self._builder.gather(row.start, row.end, "headings")
        else:
            self._say(row, row.start)

    def _heading(self, row: _Row) -> bool:
        text = row.text.strip()
        letters = [char for char in text if char.isalpha()]
        centred = row.indent >= self._margin + 4
        clock = re.fullmatch(r"\(\d{1,2}:\d{2} [ap]\.?m\.?\)?", text, re.IGNORECASE) is not None
        return (centred and len(letters) > 3 and text == text.upper() and text[-1] not in "?!") or clock

    def _begin(self, row: _Row, label: str) -> None:
        if label == "Q" and self._examiner:
            label = self._examiner
        elif label in ("A", "THE WITNESS") and self._witness:
            label = self._witness
        self._builder.open(label, address=row.address)
        self._opened, self._last = row, ""

    def _say(self, row: _Row, start: int) -> None:
        said = " ".join(self._builder.source.text[start : row.end].replace("\u00ad", "").split())
        if not said:
            return
        joiner = " "
        if re.search(r"[^\W\d_]-$", self._last) and said[:1].islower():
            joiner = ""
            broken = (self._last[:-1].rsplit(" ", 1)[-1] + re.split(r"\W", said, maxsplit=1)[0]).casefold()
            columns = self._builder.columns
            if not columns.empty and broken in self._words:
                columns.texts[-1] = columns.texts[-1][:-1]
        self._builder.words(start, row.end, text=said, joiner=joiner, mark=(None, None, row.address))
        self._last = said
        first = self._opened
        if first is not None and row is not first:
            self._builder.columns.addresses[-1] = (
                f"{first.address}-{row.number if row.page == first.page else row.address}"
            )


FORMAT = Format(name="page_line", describes="court transcripts with numbered lines", sniff=sniff, parse=parse)
