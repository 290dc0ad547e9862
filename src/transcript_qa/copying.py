"""One index into another, whatever keeps them: transcripts, vectors and what was said about speakers, as they are.

Nothing is read, packed or embedded again. What is there already, the same in every part, is left alone, so that a copy
that was stopped goes on where it was.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcript_qa.errors import InvalidArgumentError
from transcript_qa.store import Scored, Store, Stored
from transcript_qa.text import keywords

_SEARCHES = 20
_K = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How two indexes that should be alike differ.

    Attributes:
        transcripts, passages: how many there are in the source and in the target.
        searches: how many searches were tried in both, as many by meaning as by words.
        meaning_alike, words_alike: in how many of each kind both found the same passage first. Engines weigh words a
            little differently, most where there are few passages.
        found_alike: share of the first ten that both found, over all searches; 1 where there was nothing to find.
    """

    transcripts: tuple[int, int]
    passages: tuple[int, int]
    searches: int
    meaning_alike: int
    words_alike: int
    found_alike: float

    @property
    def alike(self) -> bool:
        """Whether both hold as much, and 19 of 20 searches by meaning find the same first."""
        counts = self.transcripts[0] == self.transcripts[1] and self.passages[0] == self.passages[1]
        return counts and self.meaning_alike >= 0.95 * (self.searches / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """What a copy did: transcripts written, those that were there already, and how both compare now."""

    copied: int
    unchanged: int
    comparison: Comparison


def copy_index(source: Store, target: Store, *, progress: Callable[[str, int, int], None] | None = None) -> CopyReport:
    """Copy all transcripts of one index into another, made with the same model, and compare them.

    Args:
        source: the index to read.
        target: the index to write; transcripts of other ids stay in it.
        progress: told of each transcript, how many are done, and how many there are.

    Raises:
        InvalidArgumentError: the two were made with different models.
    """
    if source.embedder != target.embedder:
        raise InvalidArgumentError(
            f"One index was made with {source.embedder.name}, the other with {target.embedder.name}. "
            "Copy into a new one."
        )
    infos = source.infos()
    copied = 0
    with target.writing():
        for done, info in enumerate(infos):
            if progress is not None:
                progress(info.title, done, len(infos))
            copied += _copy_one(source, target, info.id)
        for key, value in source.settings().items():
            target.set_setting(key, value)
        target.save()
    return CopyReport(copied=copied, unchanged=len(infos) - copied, comparison=compare(source, target))


def compare(source: Store, target: Store, *, searches: int = _SEARCHES) -> Comparison:
    """Counts of two indexes, and the same sample of searches in both."""
    by_meaning, by_words = _samples(source, searches // 2)
    meaning = [(found(source), found(target)) for found in by_meaning]
    words = [(found(source), found(target)) for found in by_words]
    shares = [_shared(one, other) for one, other in (*meaning, *words) if one]
    return Comparison(
        transcripts=(len(source.infos()), len(target.infos())),
        passages=(source.passage_count(), target.passage_count()),
        searches=len(meaning) + len(words),
        meaning_alike=sum(_first(one) == _first(other) for one, other in meaning),
        words_alike=sum(_first(one) == _first(other) for one, other in words),
        found_alike=sum(shares) / len(shares) if shares else 1.0,
    )


def _copy_one(source: Store, target: Store, transcript_id: str) -> bool:
    """Copy one transcript; False where it is there already."""
    stored = source.stored(transcript_id)
    there = target.stored(transcript_id) if transcript_id in target.titles() else None
    same = there is not None and _alike(stored, there)
    if not same:
        target.put(stored.report, stored.passages, stored.vectors, stored.source)
    edits = source.speaker_edits(transcript_id)
    if edits != target.speaker_edits(transcript_id):
        target.set_speaker_edits(transcript_id, edits)
    return not same


def _alike(one: Stored, other: Stored) -> bool:
    told = (one.report, one.passages, one.source) == (other.report, other.passages, other.source)
    return told and np.array_equal(one.vectors, other.vectors)


_Search = Callable[[Store], list[Scored]]


def _samples(source: Store, n: int) -> tuple[list[_Search], list[_Search]]:
    """Searches for what n passages of the source hold, by meaning and by words; the same ones every time."""
    chosen = random.Random(0)
    infos = [info for info in source.infos() if info.n_passages]
    by_meaning: list[_Search] = []
    by_words: list[_Search] = []
    for _ in range(n if infos else 0):
        stored = source.stored(chosen.choice(infos).id)
        place = chosen.randrange(len(stored.passages))
        words = sorted(set(keywords(stored.passages[place].text)))
        by_meaning.append(_by_meaning(stored.vectors[place]))
        by_words.append(_by_words(chosen.sample(words, min(4, len(words)))))
    return by_meaning, by_words


def _by_meaning(vector: NDArray[np.float32]) -> Callable[[Store], list[Scored]]:
    return lambda store: store.search_dense(vector, k=_K)


def _by_words(words: list[str]) -> Callable[[Store], list[Scored]]:
    return lambda store: store.search_keyword(words, k=_K)


def _first(found: list[Scored]) -> str | None:
    return found[0].passage_id if found else None


def _shared(one: list[Scored], other: list[Scored]) -> float:
    ids = {hit.passage_id for hit in one}
    return len(ids & {hit.passage_id for hit in other}) / len(ids)
