"""A quote against the transcripts: is it there, word for word, and who said it.

Compared are the words as `wordforms` folds them, so that what a faithful quotation may change makes no difference;
nothing of a quote is ever read as a pattern. A quote that is there only up to some words is `CLOSE`, with the nearest
real words as evidence and what was changed in them, never as a quotation.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from transcript_qa.datatypes import (
    Citation,
    Difference,
    DifferenceKind,
    Mark,
    Span,
    Speaker,
    SpeakerKind,
    Support,
    Transcript,
    Turn,
    Verification,
)
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.grounding.alignment import Alignment, differences, nearest
from transcript_qa.grounding.matching import matches, one_voice, stitches
from transcript_qa.grounding.quotation import Quotation, bare, parse_quotation
from transcript_qa.grounding.wordindex import WordIndex
from transcript_qa.text import normalise, words

CLOSE_RATIO = 0.75
# Above it a quote is altered, whatever else its parts may be found in.
_NEARLY_RATIO = 0.85
# Enough where one number, name or denial is all that differs.
_TELLING_RATIO = 0.6
_MIN_CLOSE_WORDS = 4
_MAX_PLACES = 2000
_TITLES = frozenset("mr mrs ms miss dr prof professor sir madam madame lord lady dame judge justice".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a quote was found."""

    transcript: Transcript
    turn: Turn
    span: Span
    exact: bool = False
    runs: tuple[tuple[int, int], ...] = ()


_PAGE_LINE = re.compile(r"(\d{1,6}):(\d{1,3})")


def ground(
    quote: str, transcripts: Iterable[Transcript], *, transcript_id: str | None = None, speaker: str | None = None
) -> Verification:
    """What a quote is worth, and its place; many quotes are looked up faster with one `QuoteFinder`.

    Args:
        quote: words that somebody is said to have said.
        transcripts: where to look.
        transcript_id: where it is said to stand; found only in another one, it is `ELSEWHERE`.
        speaker: who is said to have said it; said only by another, it is `WRONG_SPEAKER`.

    Raises:
        InvalidArgumentError: a quote without a word.
    """
    return QuoteFinder(transcripts).find(quote, transcript_id=transcript_id, speaker=speaker)


class QuoteFinder:
    """Looks quotes up in transcripts whose words it holds in memory.

    Args:
        transcripts: where to look.
    """

    def __init__(self, transcripts: Iterable[Transcript]) -> None:
        self.index = WordIndex(transcripts)

    def find(self, quote: str, *, transcript_id: str | None = None, speaker: str | None = None) -> Verification:
        """See `ground`."""
        if not any(words(quote)):
            raise InvalidArgumentError("The quote holds no word. Give the words that are to be looked up.")
        quotation = parse_quotation(quote)
        claim = _Claim(transcript_id, speaker)
        if not quotation.pieces:
            return self._verified(quote, claim, list(self._printed(quote)))
        found = list(matches(self.index, quotation))
        clean = [self._place(quotation, match.runs) for match in found[:_MAX_PLACES] if not match.violations]
        if clean:
            return self._verified(quote, claim, clean)
        return self._altered(quote, quotation, claim, [(match.runs, match.violations) for match in found])

    def _altered(
        self,
        quote: str,
        quotation: Quotation,
        claim: _Claim,
        violating: Sequence[tuple[tuple[tuple[int, int], ...], tuple[Difference, ...]]],
    ) -> Verification:
        """What a quote is worth that stands nowhere word for word."""
        if violating:
            runs, violations = violating[0]
            return self._verification(quote, Support.CLOSE, self._place(quotation, runs), changed=violations)
        alignment = nearest(self.index, quotation)
        changed: tuple[Difference, ...] = ()
        if alignment is not None:
            changed = differences(self.index, quotation, alignment)
            place = self._aligned(quotation, alignment, whole=bool(changed))
            if not changed:
                return self._verified(quote, claim, [place])
            whole = len(quotation.pieces) == 1 and quotation.n_words >= _MIN_CLOSE_WORDS
            if whole and alignment.ratio >= _NEARLY_RATIO:
                return self._verification(quote, Support.CLOSE, place, changed=changed)
        if pieces := stitches(self.index, quotation):
            return self._verification(quote, Support.STITCHED, self._place(quotation, pieces))
        if alignment is not None and _is_close(quotation, alignment, changed):
            return self._verification(quote, Support.CLOSE, place, changed=changed)
        return Verification(quote=quote, support=Support.MISSING)

    def _verified(self, quote: str, claim: _Claim, places: Sequence[_Place]) -> Verification:
        """The best of the places where a quote stands word for word."""
        if not places:
            return Verification(quote=quote, support=Support.MISSING)
        best = max(places, key=lambda place: (claim.is_here(place), claim.is_theirs(place), place.exact))
        support = Support.EXACT if best.exact else Support.NORMALISED
        theirs = claim.is_theirs(best)
        if not claim.is_here(best):
            support = Support.ELSEWHERE
        elif not theirs:
            support = Support.WRONG_SPEAKER
        return replace(self._verification(quote, support, best), speaker_known=theirs in (0, 2))

    def _verification(
        self, quote: str, support: Support, place: _Place, *, changed: tuple[Difference, ...] = ()
    ) -> Verification:
        pieces = [self._cited(run, support, n) for n, run in enumerate(place.runs, start=1)]
        citation = cite(place.transcript, place.turn, place.span, support)
        return Verification(
            quote=quote, support=support, citation=citation, pieces=tuple(pieces or [citation]), differences=changed
        )

    def _cited(self, run: tuple[int, int], support: Support, marker: int) -> Citation:
        transcript, turn = self.index.turn(self.index.turn_number(run[0]))
        return cite(transcript, turn, self.index.span(*run), support, marker=marker)

    def _aligned(self, quotation: Quotation, alignment: Alignment, *, whole: bool) -> _Place:
        """The place of an alignment: all of it, or from its first equal word to its last."""
        same = [op for op in alignment.ops if op.same]
        ops = alignment.ops if whole else same
        runs = one_voice(self.index, ops[0].j1, ops[-1].j2)
        return self._place(quotation, runs, words=(same[0].i1, same[-1].i2))

    def _place(
        self, quotation: Quotation, runs: tuple[tuple[int, int], ...], *, words: tuple[int, int] | None = None
    ) -> _Place:
        """The characters of the runs, as far as they lie in the first one's turn; with the quote's own punctuation.

        Args:
            quotation: the quote.
            runs: where its words stand.
            words: which of them stand there, half-open; None for all.
        """
        first, last = words or (0, quotation.n_words)
        number = self.index.turn_number(runs[0][0])
        transcript, turn = self.index.turn(number)
        inside = [run for run in runs if self.index.turn_number(run[0]) == number and run[0] >= runs[0][0]]
        span = self.index.span(inside[0][0], inside[-1][1])
        edges = quotation.text[: quotation.position(first)[0]], quotation.text[quotation.position(last - 1)[1] :]
        whole = _with_edges(edges, span, transcript.text, turn.span)
        return _Place(
            transcript=transcript,
            turn=turn,
            span=whole,
            exact=whole.of(transcript.text) == quotation.text,
            runs=runs if len(runs) > 1 else (),
        )

    def _printed(self, quote: str) -> Iterable[_Place]:
        """Where a quote of hesitation or of notes alone is printed."""
        needle = normalise(bare(quote)).text
        for transcript in self.index.transcripts:
            for turn in transcript.turns:
                folded = normalise(transcript.words_of(turn))
                for found in re.finditer(rf"(?<!\w){re.escape(needle)}(?!\w)", folded.text):
                    inner = folded.source_span(*found.span())
                    span = Span(start=turn.span.start + inner.start, end=turn.span.start + inner.end)
                    exact = span.of(transcript.text) == bare(quote)
                    yield _Place(transcript=transcript, turn=turn, span=span, exact=exact)


@dataclass(frozen=True, slots=True)
class _Claim:
    """Where a quote is said to stand, and who is said to have said it."""

    transcript_id: str | None
    speaker: str | None

    def is_here(self, place: _Place) -> bool:
        return self.transcript_id is None or place.transcript.id == self.transcript_id

    def is_theirs(self, place: _Place) -> int:
        """2 where the speaker is the one claimed or none is, 1 where the transcript does not tell, else 0."""
        if self.speaker is None or is_named(place.turn.speaker, self.speaker):
            return 2
        unnamed = place.turn.speaker.name is None and place.turn.speaker.kind is not SpeakerKind.NAMED
        known = any(is_named(speaker, self.speaker) for speaker in place.transcript.speakers)
        return 1 if unnamed and not known else 0


def is_named(speaker: Speaker, claimed: str) -> bool:
    """Whether `claimed` names this speaker: the whole name or label, words of it ("Ms. Voss"), or the whole role.

    >>> voss = Speaker(label="Treasurer Mira Voss", name="Mira Voss", role="Treasurer")
    >>> is_named(voss, "Ms. Voss"), is_named(voss, "the treasurer"), is_named(voss, "Mira Tan")
    (True, True, False)
    """
    asked = _name_words(claimed) - _TITLES - {"the"} or _name_words(claimed)
    names = (speaker.label, speaker.name or "", *speaker.aliases)
    return any(asked and asked <= _name_words(name) for name in names) or (asked == _name_words(speaker.role or ""))


def _name_words(name: str) -> set[str]:
    return {normalise(span.of(name)).text for span in words(name)}


def _is_close(quotation: Quotation, alignment: Alignment, changed: Sequence[Difference]) -> bool:
    """Whether what was said is near enough to be what the quote was made of."""
    if quotation.n_words < _MIN_CLOSE_WORDS:
        return False
    if alignment.ratio >= CLOSE_RATIO:
        return True
    equal = [op for op in alignment.ops if op.same]
    telling = len(changed) == 1 and changed[0].kind is not DifferenceKind.WORD
    return telling and alignment.ratio >= _TELLING_RATIO and sum(op.i2 - op.i1 for op in equal) >= 3


def _with_edges(edges: tuple[str, str], span: Span, text: str, turn: Span) -> Span:
    """The span and around it what stands around the words in the quote, where it stands there too."""
    before, behind = edges
    start, end = span.start, span.end
    if before and start - len(before) >= turn.start and text[start - len(before) : start] == before:
        start -= len(before)
    if behind and end + len(behind) <= turn.end and text[end : end + len(behind)] == behind:
        end += len(behind)
    return Span(start=start, end=end)


def cite(transcript: Transcript, turn: Turn, span: Span, support: Support, *, marker: int = 1) -> Citation:
    """A citation of `span`, with the finest time and address that the transcript has for it."""
    first = _mark_at(turn, span.start)
    last = _mark_at(turn, max(span.start, span.end - 1))
    return Citation(
        marker=marker,
        transcript_id=transcript.id,
        title=transcript.title,
        source=transcript.source,
        date=transcript.date,
        turn=turn.index,
        speaker=turn.speaker,
        start_s=turn.start_s if first is None or first.start_s is None else first.start_s,
        end_s=turn.end_s if last is None or last.end_s is None else last.end_s,
        address=_address(turn, first, last),
        span=span,
        quote=span.of(transcript.text),
        support=support,
        media_url=transcript.media_url,
    )


def _address(turn: Turn, first: Mark | None, last: Mark | None) -> str | None:
    """The native address of a quote; from its first line to its last where lines are numbered by the page."""
    begin = turn.address if first is None or first.address is None else first.address
    end = begin if last is None or last.address is None else last.address
    return line_range(begin, end) if begin and end and first is not None and first.start_s is None else begin


def line_range(first: str, last: str) -> str:
    """From one page and line to another; whatever is not `page:line` stays as the first is.

    >>> line_range("41:11", "41:12"), line_range("41:25", "42:2"), line_range("41:11", "41:11"), line_range("p4", "p5")
    ('41:11-12', '41:25-42:2', '41:11', 'p4')
    """
    begin, end = _PAGE_LINE.fullmatch(first), _PAGE_LINE.fullmatch(last)
    if begin is None or end is None or first == last:
        return first
    return f"{first}-{end[2]}" if begin[1] == end[1] else f"{first}-{last}"


def support_of(quote: str, span: Span, transcript: Transcript) -> Support:
    """Whether `quote` stands at `span`: exact, normalised or missing."""
    there = span.of(transcript.text)
    if there == quote:
        return Support.EXACT
    return Support.NORMALISED if normalise(there).text == normalise(quote).text else Support.MISSING


def _mark_at(turn: Turn, char: int) -> Mark | None:
    position = bisect_right([mark.start for mark in turn.marks], char) - 1
    return turn.marks[position] if position >= 0 else None
