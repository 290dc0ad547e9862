"""A quote against the transcripts: is it there, word for word, and who said it.

Compared are the words as `text.normalise` folds them, so that curly quotes, dashes, capitals, no-break spaces and
line breaks make no difference; nothing of a quote is ever read as a pattern. A quote that is there only up to some
words is `CLOSE`, with the nearest real words as evidence, never as a quotation.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from transcript_qa.datatypes import Citation, Mark, Span, Speaker, Support, Transcript, Turn, Verification
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.text import Normalised, normalise, words

CLOSE_RATIO = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a quote was found in one transcript."""

    transcript: Transcript
    turn: Turn
    span: Span
    support: Support
    ratio: float = 1.0


_PAGE_LINE = re.compile(r"(\d{1,6}):(\d{1,3})")


def ground(
    quote: str, transcripts: Iterable[Transcript], *, transcript_id: str | None = None, speaker: str | None = None
) -> Verification:
    """What a quote is worth, and its place.

    Args:
        quote: words that somebody is said to have said.
        transcripts: where to look.
        transcript_id: where it is said to stand; found only in another one, it is `ELSEWHERE`.
        speaker: who is said to have said it; said only by another, it is `WRONG_SPEAKER`.

    Raises:
        InvalidArgumentError: a quote without a word.
    """
    if not any(words(quote)):
        raise InvalidArgumentError("The quote holds no word. Give the words that are to be looked up.")
    places = [place for transcript in transcripts for place in _places(quote, transcript)]
    if not places:
        return Verification(quote=quote, support=Support.MISSING)

    def fit(place: _Place) -> tuple[bool, bool, bool, bool, float]:
        here = transcript_id is None or place.transcript.id == transcript_id
        theirs = speaker is None or _is(place.turn.speaker, speaker)
        literal = place.support is not Support.CLOSE
        return (literal, here, theirs, place.support is Support.EXACT, place.ratio)

    best = max(places, key=fit)
    _, here, theirs, _, _ = fit(best)
    support = best.support
    if support is not Support.CLOSE:
        support = Support.ELSEWHERE if not here else Support.WRONG_SPEAKER if not theirs else support
    return Verification(quote=quote, support=support, citation=cite(best.transcript, best.turn, best.span, support))


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


def _is(speaker: Speaker, claimed: str) -> bool:
    """Whether `claimed` names this speaker: the whole name or label, or words of it ("Voss")."""
    asked = set(normalise(claimed).text.split())
    names = (speaker.label, speaker.name or "", *speaker.aliases)
    return any(asked and asked <= set(normalise(name).text.split()) for name in names)


@lru_cache(maxsize=64)
def _normalised(text: str) -> Normalised:
    return normalise(text)


def _places(quote: str, transcript: Transcript) -> list[_Place]:
    found = list(_literal(quote, transcript))
    if found:
        return found
    close = _closest(quote, transcript)
    return [close] if close is not None else []


def _literal(quote: str, transcript: Transcript) -> Iterable[_Place]:
    folded = _normalised(transcript.text)
    needle = normalise(quote.strip().strip("\"'“”‘’«»")).text
    at = folded.text.find(needle)
    while at >= 0 and needle:
        if _whole_words(folded.text, at, at + len(needle)):
            span = folded.source_span(at, at + len(needle))
            turn = _turn_of(transcript, span)
            if turn is not None:
                exact = span.of(transcript.text) == quote
                support = Support.EXACT if exact else Support.NORMALISED
                yield _Place(transcript=transcript, turn=turn, span=span, support=support)
        at = folded.text.find(needle, at + 1)


def _whole_words(text: str, start: int, end: int) -> bool:
    """False where a cut goes through a word ("No" in "known") or a number ("5" in "4.5", "100" in "100,000")."""
    return not (_joined(text, start) or _joined(text, end))


def _joined(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    left, right = text[at - 1], text[at]
    if left.isalnum() and right.isalnum():
        return True
    outer_left, outer_right = text[at - 2 : at - 1], text[at + 1 : at + 2]
    return (left in ".,:" and right.isdigit() and outer_left.isdigit()) or (
        right in ".,:" and left.isdigit() and outer_right.isdigit()
    )


def _turn_of(transcript: Transcript, span: Span) -> Turn | None:
    """The turn whose words hold the span; None where it lies on a label or over two turns."""
    position = bisect_right(transcript.turns, span.start, key=lambda turn: turn.span.start) - 1
    if position < 0:
        return None
    turn = transcript.turns[position]
    return turn if span.end <= turn.span.end else None


def _closest(quote: str, transcript: Transcript) -> _Place | None:
    """The run of words in one turn that is most like the quote; None where less than `CLOSE_RATIO` of it is."""
    asked = [normalise(span.of(quote)).text for span in words(quote)]
    if len(asked) < 4:
        return None
    best: _Place | None = None
    for turn in transcript.turns:
        place = _closest_in_turn(asked, transcript, turn)
        if place is not None and (best is None or place.ratio > best.ratio):
            best = place
    return best


def _closest_in_turn(asked: Sequence[str], transcript: Transcript, turn: Turn) -> _Place | None:
    body = turn.span.of(transcript.text)
    spans = list(words(body))
    said = [normalise(span.of(body)).text for span in spans]
    if len(set(asked) & set(said)) < CLOSE_RATIO * len(set(asked)):
        return None
    blocks = [b for b in SequenceMatcher(None, asked, said, autojunk=False).get_matching_blocks() if b.size]
    if not blocks:
        return None
    first, last = blocks[0].b, blocks[-1].b + blocks[-1].size
    ratio = 2 * sum(block.size for block in blocks) / (len(asked) + last - first)
    if ratio < CLOSE_RATIO:
        return None
    span = Span(start=turn.span.start + spans[first].start, end=turn.span.start + spans[last - 1].end)
    return _Place(transcript=transcript, turn=turn, span=span, support=Support.CLOSE, ratio=ratio)
