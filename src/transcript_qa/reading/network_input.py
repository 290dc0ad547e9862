"""What the evidence network reads: a question and a passage as word pieces, and where each sentence lies in them.

A passage is given with the labels of its speakers as it is printed; where it begins inside a turn, the label of that
turn is put in front. A passage with more word pieces than one window takes is read in several windows of whole
sentences, so that nothing is cut off in silence.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from transcript_qa.chunk import label_start
from transcript_qa.datatypes import Passage, Span, Transcript
from transcript_qa.encoding import padded
from transcript_qa.reading.sentencing import quotable_in

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CLS, SEP = 101, 102
MAX_QUESTION_TOKENS = 48
MAX_WINDOW_TOKENS = 320
MAX_CLOSE_TOKENS = 144
MARKS = (1, 2)
"""Word pieces before and behind a sentence that is singled out, of those that BERT's vocabulary keeps for new uses."""
_LABEL_CHARS = 60


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a passage as the network reads it.

    Attributes:
        ids: word pieces, (n,) int32, without the marks of beginning and end.
        sentences: for each sentence its span in `Transcript.text` and its first word piece and the one behind its last.
    """

    ids: NDArray[np.int32]
    sentences: tuple[tuple[Span, int, int], ...]


def passage_windows(tokenizer: Tokenizer, transcript: Transcript, passage: Passage) -> list[Window]:
    """A passage in one window or, where it is too long, several; sentences that hold no word are left out."""
    front = _front(transcript, passage)
    encoded = tokenizer.encode(front + passage.text, add_special_tokens=False)
    shift = passage.span.start - len(front)
    starts = [shift + start for start, _ in encoded.offsets]
    pieces = [
        (span, bisect_left(starts, span.start), bisect_left(starts, span.end))
        for _, spans, number in quotable_in(transcript, passage)
        for span in (spans[number],)
    ]
    ids = np.array(encoded.ids, dtype=np.int32)
    return list(_windows(ids, [piece for piece in pieces if piece[1] < piece[2]]))


def question_ids(tokenizer: Tokenizer, question: str) -> NDArray[np.int32]:
    """A question's word pieces, (n,) int32; of an overlong one the first `MAX_QUESTION_TOKENS`."""
    return np.array(tokenizer.encode(question, add_special_tokens=False).ids[:MAX_QUESTION_TOKENS], dtype=np.int32)


def _front(transcript: Transcript, passage: Passage) -> str:
    first = transcript.turns[passage.turns[0]]
    if passage.span.start <= label_start(transcript, first.index):
        return ""
    return f"{first.speaker.display[:_LABEL_CHARS]}: "


def _windows(ids: NDArray[np.int32], pieces: Sequence[tuple[Span, int, int]]) -> Iterator[Window]:
    begin, held = 0, list[tuple[Span, int, int]]()
    for span, start, end in pieces:
        if held and end - begin > MAX_WINDOW_TOKENS:
            yield _window(ids, begin, held)
            begin, held = start, []
        held.append((span, start, end))
    if held:
        yield _window(ids, begin, held)


def _window(ids: NDArray[np.int32], begin: int, held: Sequence[tuple[Span, int, int]]) -> Window:
    cut = ids[begin : min(max(held[-1][2], begin + 1), begin + MAX_WINDOW_TOKENS)]
    inside = tuple((span, start - begin, min(end - begin, len(cut))) for span, start, end in held)
    return Window(cut, tuple(piece for piece in inside if piece[1] < piece[2]))


def cropped(window: Window, first: int, last: int) -> Window:
    """A window with the sentences from `first` to `last` only, as far as there are such.

    The label of a turn stands in front of its first sentence, and stays with it.
    """
    first, last = max(first, 0), min(last, len(window.sentences) - 1)
    begin = window.sentences[first - 1][2] if first else 0
    kept = window.sentences[first : last + 1]
    return Window(window.ids[begin : kept[-1][2]], tuple((span, a - begin, b - begin) for span, a, b in kept))


def singled_out(window: Window, number: int, *, before: int, after: int) -> Window:
    """A sentence with so many before and behind it, marked as the one that is meant; the only one of the window.

    Of those around it the farthest are left out until all has no more than `MAX_CLOSE_TOKENS` word pieces.
    """
    first, last = max(number - before, 0), min(number + after, len(window.sentences) - 1)
    around = cropped(window, first, last)
    while len(around.ids) > MAX_CLOSE_TOKENS and first < last:
        if number - first >= last - number:
            first += 1
        else:
            last -= 1
        around = cropped(window, first, last)
    span, start, end = around.sentences[number - first]
    opening, closing = np.array(MARKS, dtype=np.int32)[:, None]
    ids = np.concatenate([around.ids[:start], opening, around.ids[start:end], closing, around.ids[end:]])
    ids = ids[:MAX_WINDOW_TOKENS]
    return Window(ids, ((span, start + 1, min(end + 1, len(ids))),))


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions and windows as arrays, one row a pair.

    Attributes:
        ids, types: (n_rows, length) int64; `types` is 1 on the passage.
        mask: (n_rows, length) bool, False on padding.
        pool: (n_rows, n_sentences, length) float32, rows that take the mean over each sentence's word pieces; rows of
            zeros where a window has fewer sentences than the longest.
        held: (n_rows, n_sentences) bool, True where there is a sentence.
    """

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    mask: NDArray[np.bool_]
    pool: NDArray[np.float32]
    held: NDArray[np.bool_]


def batch_of(pairs: Sequence[tuple[NDArray[np.int32], Window]]) -> Batch:
    """Pairs of a question's word pieces and a window as one padded batch, of a shape that comes again (encoding.py)."""
    length = padded(max(len(question) + len(window.ids) + 3 for question, window in pairs))
    n_sentences = padded(max(1, max(len(window.sentences) for _, window in pairs)))
    ids = np.zeros((len(pairs), length), dtype=np.int64)
    types = np.zeros_like(ids)
    mask = np.zeros(ids.shape, dtype=bool)
    pool = np.zeros((len(pairs), n_sentences, length), dtype=np.float32)
    held = np.zeros((len(pairs), n_sentences), dtype=bool)
    for row, (question, window) in enumerate(pairs):
        at = len(question) + 2
        end = at + len(window.ids)
        ids[row, 0], ids[row, 1 : at - 1], ids[row, at - 1] = CLS, question, SEP
        ids[row, at:end], ids[row, end] = window.ids, SEP
        types[row, at : end + 1] = 1
        mask[row, : end + 1] = True
        for number, (_, start, stop) in enumerate(window.sentences):
            pool[row, number, at + start : at + stop] = 1 / (stop - start)
            held[row, number] = True
    return Batch(ids, types, mask, pool, held)
