"""Puts a transcript together from what a family of formats finds, and keeps the account of every character.

A family claims ranges of the source: words of a turn, label, header field, syntax, left out. What nobody claims is left
out too, with its reason, so that no character of a source can vanish unreported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from transcript_qa.datatypes import ImportReport, Skipped, Transcript
from transcript_qa.errors import ParseError
from transcript_qa.formats.claims import Claims, Part
from transcript_qa.formats.columns import Columns, Held
from transcript_qa.formats.compose import composed, warnings
from transcript_qa.formats.naming import slug, stem, title_of
from transcript_qa.formats.sourcetext import SourceText

__all__ = ["UNCLAIMED", "Builder", "Part"]

UNCLAIMED = "not understood as speech"


@dataclass(slots=True)
class Builder:
    """What a family finds in one source, gathered in source order.

    Attributes:
        source: what is being read.
        title, date, place, media_url: header fields, where found.
        columns: the turns so far.
        claims: what has been accounted for.
        warnings: doubts of the family itself.
        known: name and role that the file itself gives for a label, each or None.
    """

    source: SourceText
    title: str | None = None
    date: date | None = None
    place: str | None = None
    media_url: str | None = None
    columns: Columns = field(default_factory=Columns)
    claims: Claims = field(default_factory=Claims)
    warnings: list[str] = field(default_factory=list)
    known: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    _skips: list[tuple[int, int, str]] = field(default_factory=list)
    _n_skipped_words: int = 0
    _gathered: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def claim(self, start: int, end: int, part: Part) -> None:
        """Account for characters that are header, label or syntax."""
        self.claims.add(start, end, part)

    def skip(self, start: int, end: int, reason: str, *, may_be_speech: bool = True) -> None:
        """Leave characters out for `reason`; what cannot be speech counts for no warning."""
        said = self.source.text[start:end]
        if said.strip():
            self.claim(start, end, Part.SKIPPED)
            self._skips.append((start, end, reason))
            self._n_skipped_words += len(said.split()) if may_be_speech else 0

    def gather(self, start: int, end: int, reason: str) -> None:
        """Leave characters out that are strewn over the source; one region reports all of one reason.

        They are no loss of speech (repeated captions, data fields) and do not count for the warning about it.
        """
        if self.source.text[start:end].strip():
            self.claim(start, end, Part.SKIPPED)
            self._gathered.setdefault(reason, []).append((start, end))

    def gather_many(self, starts: Sequence[int], ends: Sequence[int], reason: str) -> None:
        """Leave out many ranges, of which none is blank, like `gather`."""
        if starts:
            self.claims.add_many(starts, ends, Part.SKIPPED)
            self._gathered.setdefault(reason, []).extend(zip(starts, ends, strict=True))

    def open(
        self,
        label: str,
        *,
        head: tuple[int, int] | None = None,
        start_s: float | None = None,
        end_s: float | None = None,
        address: str | None = None,
    ) -> None:
        """Begin a turn; words that follow are its."""
        self.columns.open(label, head, start_s, end_s, address)

    def words(
        self,
        start: int,
        end: int,
        *,
        text: str | None = None,
        joiner: str = "\n\n",
        mark: Held | None = None,
    ) -> None:
        """Add words to the turn that is open.

        Args:
            start: where they begin in the source.
            end: where they end.
            text: what they say where that is not the source's own characters (decoded entities, removed tags).
            joiner: what goes between them and the words before.
            mark: start, end and address that hold from here on.
        """
        said = (self.source.text[start:end] if text is None else text).strip()
        self.claims.add(start, end, Part.WORDS if said else Part.SYNTAX)
        if said:
            self.columns.add(said, joiner, mark)

    @property
    def speaking(self) -> str | None:
        """The label of the turn that is open, None before the first."""
        return self.columns.labels[-1] if self.columns.labels else None

    def claim_syntax(self) -> None:
        """Account for all that is left as syntax: the braces, keys, names and times of JSON."""
        for start, end in self.claims.gaps(len(self.source.text)):
            self.claim(start, end, Part.SYNTAX)

    def report(self, *, name: str, confidence: float, transcript_id: str | None = None) -> ImportReport:
        """The finished import.

        Args:
            name: of the format.
            confidence: of its recognition.
            transcript_id: the id to give, else one made from the source's name.

        Raises:
            ParseError: no words of anybody were found.
        """
        self._spoken()
        if not self.columns.labels:
            raise ParseError(
                self.source.name, f"read as {name}, but nobody says anything in it", "Give a file with speech."
            )
        self._sweep()
        said = composed(self.columns, self.known)
        skipped = tuple(self._skipped())
        transcript = Transcript.later(
            said.turns,
            id=transcript_id or slug(stem(self.source.name)),
            title=self.title or title_of(self.source.name),
            date=self.date,
            place=self.place,
            source=self.source.name,
            media_url=self.media_url,
            text=said.text,
            skipped=skipped,
        )
        return ImportReport(
            transcript=transcript,
            format=name,
            confidence=confidence,
            encoding=self.source.encoding,
            warnings=(*self.warnings, *warnings(said, self._n_skipped_words)),
        )

    def _spoken(self) -> None:
        """Account for the labels in front of the turns; what has none of the words is no turn."""
        for head in self.columns.drop_wordless():
            self.skip(*head, "a label without words")
        for head in filter(None, self.columns.heads):
            self.claims.add(*head, Part.LABEL)

    def _sweep(self) -> None:
        """Whatever is not accounted for is left out, and says so."""
        text = self.source.text
        for start, end in self.claims.gaps(len(text)):
            gap = text[start:end]
            if not gap.isspace():
                lead = len(gap) - len(gap.lstrip())
                self.skip(start + lead, start + len(gap.rstrip()), UNCLAIMED)

    def _skipped(self) -> Iterator[Skipped]:
        if not self._skips and not self._gathered:
            return
        regions: list[tuple[int, Skipped]] = []
        text = self.source.text
        lines = _Lines(text)
        for start, end, reason in self._merged():
            regions.append((start, _region(lines, start, end, reason, text[start:end].strip())))
        for reason, ranges in self._gathered.items():
            first, last = ranges[0][0], ranges[-1][1]
            said = "\n".join(text[start:end].strip() for start, end in ranges)
            regions.append((first, _region(lines, first, last, reason, said)))
        yield from (region for _, region in sorted(regions, key=lambda each: each[0]))

    def _merged(self) -> Iterator[tuple[int, int, str]]:
        """Neighbours left out for one reason are one region."""
        held: tuple[int, int, str] | None = None
        for start, end, reason in sorted(self._skips):
            if held is not None and held[2] == reason and not self.source.text[held[1] : start].strip():
                held = (held[0], max(end, held[1]), reason)
                continue
            if held is not None:
                yield held
            held = (start, end, reason)
        if held is not None:
            yield held


class _Lines:
    """Which line of a text a character stands on; quick where one place asked for is near the one before."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at, self._number = 0, 1

    def number(self, at: int) -> int:
        """1-based line of the character `at`; a line end belongs to the line that it ends."""
        if at >= self._at:
            self._number += self._text.count("\n", self._at, at)
        else:
            self._number -= self._text.count("\n", at, self._at)
        self._at = at
        return self._number


def _region(lines: _Lines, start: int, end: int, reason: str, text: str) -> Skipped:
    first = lines.number(start)
    return Skipped(first_line=first, last_line=lines.number(max(start, end - 1)), reason=reason, text=text)
