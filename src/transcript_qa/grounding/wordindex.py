"""All words of some transcripts in one array, with the places of each, so that a quotation is found in microseconds."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import Span, Transcript, Turn
from transcript_qa.grounding.wordforms import FoldedWords, folded_words, hyphenated

_NOWHERE = np.empty(0, dtype=np.int64)
Ids = NDArray[np.int32]
Places = NDArray[np.int64]


@lru_cache(maxsize=256)
def _turn_wordings(text: str, spans: tuple[tuple[int, int], ...]) -> tuple[FoldedWords, ...]:
    return tuple(folded_words(text, start, end) for start, end in spans)


class WordIndex:
    """The words of transcripts, in order; a place is the number of a word, counted over all of them.

    Args:
        transcripts: each is kept.
    """

    def __init__(self, transcripts: Iterable[Transcript]) -> None:
        self.transcripts = tuple(transcripts)
        self._ids: dict[str, int] = {}
        keys: list[int] = []
        starts: list[int] = []
        ends: list[int] = []
        firsts: list[int] = []
        self._turns: list[tuple[Transcript, Turn]] = []
        known = self._ids
        for transcript in self.transcripts:
            spans = tuple((turn.span.start, turn.span.end) for turn in transcript.turns)
            for turn, said in zip(transcript.turns, _turn_wordings(transcript.text, spans), strict=True):
                firsts.append(len(keys))
                self._turns.append((transcript, turn))
                keys += [known.setdefault(key, len(known)) for key in said.keys]
                starts += said.starts
                ends += said.ends
        self.words: Ids = np.array(keys, dtype=np.int32)
        self._starts = starts
        self._ends = ends
        self._firsts = firsts
        self._keys = list(known)

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def _order(self) -> Places:
        """Places, those of one word together and rising."""
        return np.argsort(self.words, kind="stable")

    @cached_property
    def _bounds(self) -> Places:
        counts = np.bincount(self.words, minlength=len(self._keys))
        return np.concatenate(([0], np.cumsum(counts)))

    def ids_of(self, keys: Sequence[str]) -> list[int]:
        """The number of each word, -1 for one that stands nowhere."""
        return [self._ids.get(key, -1) for key in keys]

    def keys_at(self, first: int, last: int) -> list[str]:
        """The words of places `first` to `last` (half-open)."""
        return [self._keys[n] for n in self.words[first:last]]

    def count(self, word: int) -> int:
        """How often a word stands in the transcripts."""
        return 0 if word < 0 else int(self._bounds[word + 1] - self._bounds[word])

    def places(self, word: int) -> Places:
        """Where a word stands, rising."""
        return _NOWHERE if word < 0 else self._order[self._bounds[word] : self._bounds[word + 1]]

    def runs(self, words: Sequence[int]) -> Places:
        """The places from which on all these words stand one behind the other, rising."""
        if not words or min(words) < 0:
            return _NOWHERE
        rarest = sorted(range(len(words)), key=lambda n: self.count(words[n]))
        found = self.places(words[rarest[0]]) - rarest[0]
        found = found[(found >= 0) & (found + len(words) <= len(self.words))]
        for n in rarest[1:]:
            if not len(found):
                break
            found = found[self.words[found + n] == words[n]]
        return found

    def longest_run(self, words: Sequence[int]) -> tuple[int, Places]:
        """How many of the first words stand together somewhere, and all places where they do."""
        found, length = _NOWHERE, 0
        for n, word in enumerate(words):
            if word < 0:
                break
            further = self.places(word) if n == 0 else found[found + n < len(self.words)]
            further = further if n == 0 else further[self.words[further + n] == word]
            if not len(further):
                break
            found, length = further, n + 1
        return length, found

    def turn_number(self, place: int) -> int:
        """The number of the turn a word stands in, counted over all transcripts."""
        return bisect_right(self._firsts, place) - 1

    def turn(self, number: int) -> tuple[Transcript, Turn]:
        """A turn by its number, and its transcript."""
        return self._turns[number]

    def turn_places(self, number: int) -> range:
        """The places of a turn's words."""
        last = self._firsts[number + 1] if number + 1 < len(self._firsts) else len(self.words)
        return range(self._firsts[number], last)

    def stretch(self, number: int, *, reach: int) -> list[int]:
        """The turns of one speaker around a turn, itself among them, at most `reach` turns away."""
        transcript, middle = self._turns[number]
        found = []
        for other in range(max(0, number - reach), min(len(self._turns), number + reach + 1)):
            one, turn = self._turns[other]
            if one is transcript and same_speaker(turn, middle):
                found.append(other)
        return found

    def span(self, first: int, last: int) -> Span:
        """The characters of places `first` to `last` (half-open, not empty) of one transcript."""
        return Span(start=self._starts[first], end=self._ends[last - 1])

    def text_at(self, first: int, last: int) -> str:
        """What is printed from place `first` to `last` (half-open), on one line; empty where there is none."""
        if first >= last:
            return ""
        transcript, _ = self._turns[self.turn_number(first)]
        return " ".join(self.span(first, last).of(transcript.text).split())

    def hyphen_before(self, place: int) -> bool:
        """Whether a hyphen alone parts a word from the one before it."""
        transcript, _ = self._turns[self.turn_number(place)]
        return hyphenated(transcript.text, self._ends[place - 1], self._starts[place])

    def printed_before(self, place: int, word: str) -> bool:
        """Whether a word that is not among those compared is printed just before a place of its turn."""
        transcript, turn = self._turns[self.turn_number(place)]
        before = transcript.text[turn.span.start : self._starts[place]]
        return re.search(rf"\b{re.escape(word)}\W*$", before, re.IGNORECASE) is not None

    def printed_behind(self, place: int, word: str) -> bool:
        """The same behind a place."""
        transcript, turn = self._turns[self.turn_number(place)]
        behind = transcript.text[self._ends[place] : turn.span.end]
        return re.match(rf"\W*{re.escape(word)}\b", behind, re.IGNORECASE) is not None


def same_speaker(one: Turn, other: Turn) -> bool:
    """Whether two turns of one transcript are one speaker's."""
    return one.speaker.label == other.speaker.label
