"""The sentences of a turn, and of a passage, as they may be quoted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from transcript_qa.chunk import NOTE
from transcript_qa.datatypes import Passage, Span, Transcript, Turn
from transcript_qa.text import sentences, words

# Longer than nearly every sentence of prose; recognisers without punctuation give one for ten minutes.
_LONG_SENTENCE_CHARS = 400
_PIECE_CHARS = 160


def quotable_in(transcript: Transcript, passage: Passage) -> Iterator[tuple[Turn, list[Span], int]]:
    """Each sentence of a passage that may be quoted; notes in brackets alone are none.

    Yields:
        Its turn, the spans in `Transcript.text` of all sentences of the turn, and which of them it is.
    """
    first, last = passage.turns
    for turn in transcript.turns[first : last + 1]:
        body = transcript.words_of(turn)
        shift = turn.span.start
        spans = [Span(start=shift + piece.start, end=shift + piece.end) for piece in quotable(turn, body)]
        for number, span in enumerate(spans):
            if span.overlaps(passage.span) and any(words(NOTE.sub(" ", span.of(transcript.text)))):
                yield turn, spans, number


def quotable(turn: Turn, body: str) -> Iterator[Span]:
    """The sentences of a turn as they may be quoted: speech without full stops is cut into pieces of some captions.

    Args:
        turn: with its marks.
        body: its words.
    """
    marks = [mark.start - turn.span.start for mark in turn.marks]
    for sentence in sentences(body):
        if len(sentence) <= _LONG_SENTENCE_CHARS:
            yield sentence
        else:
            yield from _cut(body, sentence, marks)


def _cut(body: str, sentence: Span, marks: Sequence[int]) -> Iterator[Span]:
    """A long sentence in pieces that begin where a caption does, or else a word."""
    places = [at for at in marks if sentence.start < at < sentence.end]
    if max(b - a for a, b in pairwise([sentence.start, *places, sentence.end])) > _LONG_SENTENCE_CHARS:
        places = [sentence.start + word.start for word in words(sentence.of(body))]
    start = sentence.start
    for at in places:
        if at - start >= _PIECE_CHARS and sentence.end - at >= _PIECE_CHARS // 2:
            yield Span(start=start, end=start + len(body[start:at].rstrip()))
            start = at
    yield Span(start=start, end=sentence.end)
