"""Puts a transcript together from what a family of formats finds, and keeps the account of every character.

A family claims ranges of the source: words of a turn, label, header field, syntax, left out. What nobody claims is left
out too, with its reason, so that no character of a source can vanish unreported.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from transcript_qa.datatypes import ImportReport, Skipped, Transcript
from transcript_qa.errors import ParseError
from transcript_qa.formats.compose import Draft, Held, Piece, composed, warnings
from transcript_qa.formats.naming import slug, stem, title_of
from transcript_qa.formats.quick import of_tuple
from transcript_qa.formats.sourcetext import SourceText

UNCLAIMED = "not understood as speech"


class Part(StrEnum):
    """What a range of the source is."""

    WORDS = "words"
    LABEL = "label"
    HEADER = "header"
    SYNTAX = "syntax"
    SKIPPED = "skipped"


class Claim(NamedTuple):
    """Characters `start` to `end` (half-open) of the source, and what they are."""

    start: int
    end: int
    part: Part


claim_of = of_tuple(Claim)
piece_of = of_tuple(Piece)


@dataclass(slots=True)
class Builder:
    """What a family finds in one source, gathered in source order.

    Attributes:
        source: what is being read.
        title, date, place, media_url: header fields, where found.
        drafts: the turns so far.
        claims: what has been accounted for.
        warnings: doubts of the family itself.
        known: name and role that the file itself gives for a label, each or None.
    """

    source: SourceText
    title: str | None = None
    date: date | None = None
    place: str | None = None
    media_url: str | None = None
    drafts: list[Draft] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    known: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    _skips: list[tuple[int, int, str]] = field(default_factory=list)
    _n_skipped_words: int = 0
    _gathered: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def claim(self, start: int, end: int, part: Part) -> None:
        """Account for characters that are header, label or syntax."""
        if start < end:
            self.claims.append(claim_of((start, end, part)))

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
        self.drafts.append(Draft(label, head, start_s, end_s, address))

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
        self.claim(start, end, Part.WORDS if said else Part.SYNTAX)
        if said:
            self.drafts[-1].pieces.append(piece_of((said, joiner, mark)))

    def claim_syntax(self) -> None:
        """Account for all that is left as syntax: the braces, keys, names and times of JSON."""
        for start, end in list(self._gaps()):
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
        drafts = self._spoken()
        if not drafts:
            raise ParseError(
                self.source.name, f"read as {name}, but nobody says anything in it", "Give a file with speech."
            )
        self._sweep()
        text, turns = composed(drafts, self.known)
        skipped = tuple(self._skipped())
        transcript = Transcript(
            id=transcript_id or slug(stem(self.source.name)),
            title=self.title or title_of(self.source.name),
            date=self.date,
            place=self.place,
            source=self.source.name,
            media_url=self.media_url,
            text=text,
            turns=turns,
            skipped=skipped,
        )
        return ImportReport(
            transcript=transcript,
            format=name,
            confidence=confidence,
            encoding=self.source.encoding,
            warnings=(*self.warnings, *warnings(transcript, self._n_skipped_words)),
        )

    def _spoken(self) -> list[Draft]:
        spoken = []
        for draft in self.drafts:
            if draft.pieces:
                spoken.append(draft)
                if draft.head is not None:
                    self.claim(*draft.head, Part.LABEL)
            elif draft.head is not None:
                self.skip(*draft.head, "a label without words")
        return spoken

    def _gaps(self) -> Iterator[tuple[int, int]]:
        """The ranges that nobody has claimed."""
        done = 0
        for start, end, _ in sorted(self.claims):
            if start > done:
                yield done, start
            if end > done:
                done = end
        if done < len(self.source.text):
            yield done, len(self.source.text)

    def _sweep(self) -> None:
        """Whatever is not accounted for is left out, and says so."""
        text = self.source.text
        for start, end in list(self._gaps()):
            gap = text[start:end]
            if not gap.isspace():
                lead = len(gap) - len(gap.lstrip())
                self.skip(start + lead, start + len(gap.rstrip()), UNCLAIMED)

    def _skipped(self) -> Iterator[Skipped]:
        if not self._skips and not self._gathered:
            return
        ends = [match.start() for match in re.finditer("\n", self.source.text)]
        regions: list[tuple[int, Skipped]] = []
        text = self.source.text
        for start, end, reason in self._merged():
            regions.append((start, _region(ends, start, end, reason, text[start:end].strip())))
        for reason, ranges in self._gathered.items():
            first, last = ranges[0][0], ranges[-1][1]
            said = "\n".join(text[start:end].strip() for start, end in ranges)
            regions.append((first, _region(ends, first, last, reason, said)))
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


def _region(line_ends: list[int], start: int, end: int, reason: str, text: str) -> Skipped:
    return Skipped(
        first_line=1 + bisect_left(line_ends, start),
        last_line=1 + bisect_left(line_ends, max(start, end - 1)),
        reason=reason,
        text=text,
    )
