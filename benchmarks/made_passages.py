"""Passages and vectors made after real ones, as many as wanted, for indexes larger than any text at hand.

A made passage follows a real one: as many words, three quarters of them drawn from its own words and a quarter from
all, so that a word stands in the same share of passages at every size; no new words come up, so that what a query's
words find grows as the index does, more than in real archives. Its vector is the real one's with noise, of unit length,
at a cosine of about 0.8 to it. Each passage is one turn, and a transcript holds up to 2,000 of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcript_qa.chunk import embedding_text
from transcript_qa.datatypes import ImportReport, Passage, Span, Speaker, Transcript, Turn
from transcript_qa.store import SourceState, Store, Stored

PASSAGES_A_TRANSCRIPT = 2000
OWN_WORDS = 0.75
NOISE = 0.75
SPEAKERS = tuple(Speaker(label=f"Speaker {letter}") for letter in "ABCDEFG")


@dataclass(frozen=True, slots=True)
class RealPassages:
    """What an index holds of real passages.

    Attributes:
        texts: as they stand in the transcripts.
        embedded: as they are embedded.
        vectors: (n, dim) float32, unit rows.
    """

    texts: list[str]
    embedded: list[str]
    vectors: NDArray[np.float32]

    @classmethod
    def read(cls, store: Store) -> RealPassages:
        """All passages of an index, in order of their transcripts' ids."""
        return cls.of([store.stored(transcript_id) for transcript_id in sorted(store.titles())])

    @classmethod
    def of(cls, stored: Sequence[Stored]) -> RealPassages:
        """All passages of these transcripts."""
        return cls(
            texts=[passage.text for one in stored for passage in one.passages],
            embedded=[embedding_text(one.report.transcript, p) for one in stored for p in one.passages],
            vectors=np.concatenate([one.vectors for one in stored]),
        )


class Maker:
    """Makes passages after real ones; the same number and seed give the same, whatever was made before."""

    def __init__(self, real: RealPassages, *, seed: int = 20) -> None:
        self.dim = real.vectors.shape[1]
        self._seed = seed
        self._centres = real.vectors
        split = [text.split() for text in real.texts]
        vocabulary = sorted({word for words in split for word in words})
        place = {word: n for n, word in enumerate(vocabulary)}
        self._vocabulary = np.array(vocabulary, dtype=object)
        self._words = np.array([place[word] for words in split for word in words], dtype=np.int64)
        self._lengths = np.array([len(words) for words in split], dtype=np.int64)
        self._starts = np.cumsum(self._lengths) - self._lengths

    def vectors(self, first: int, n: int) -> NDArray[np.float32]:
        """(n, dim) float32, unit rows: those of the transcript whose first passage has this number."""
        centres = self._centres[self._chosen(first, n)]
        rng = np.random.default_rng((self._seed, first, 1))
        noise = rng.standard_normal(centres.shape, dtype=np.float32)
        made: NDArray[np.float32] = centres + noise * np.float32(NOISE / np.sqrt(centres.shape[1]))
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    def texts(self, first: int, n: int) -> list[str]:
        """The words of the same passages."""
        chosen = self._chosen(first, n)
        rng = np.random.default_rng((self._seed, first, 2))
        lengths = self._lengths[chosen]
        n_words = int(lengths.sum())
        own = np.repeat(self._starts[chosen], lengths)
        own += (rng.random(n_words) * np.repeat(lengths, lengths)).astype(np.int64)
        anywhere = rng.integers(0, len(self._words), n_words)
        drawn = self._words[np.where(rng.random(n_words) < OWN_WORDS, own, anywhere)]
        words = self._vocabulary[drawn].tolist()
        ends = np.cumsum(lengths).tolist()
        return [" ".join(words[end - length : end]) for end, length in zip(ends, lengths.tolist(), strict=True)]

    def put(self, store: Store, first: int, n: int) -> None:
        """Write one transcript of so many passages into an index."""
        transcript, passages = made_transcript(f"made-{first}", self.texts(first, n))
        report = ImportReport(transcript=transcript, format="made", confidence=1.0, encoding="utf-8", warnings=())
        digest = hashlib.sha256(transcript.text.encode()).hexdigest()
        state = SourceState(path=f"/made/{transcript.id}.txt", size=len(transcript.text), mtime_ns=0, sha256=digest)
        store.put(report, passages, self.vectors(first, n), state)

    def _chosen(self, first: int, n: int) -> NDArray[np.int64]:
        return np.random.default_rng((self._seed, first, 0)).integers(0, len(self._centres), n)


def parts(first: int, end: int, at_once: int = PASSAGES_A_TRANSCRIPT) -> Iterator[tuple[int, int]]:
    """The transcripts that passages `first` to `end` are put into, as number of the first passage and how many.

    >>> list(parts(1000, 3500, at_once=1000))
    [(1000, 1000), (2000, 1000), (3000, 500)]
    """
    for start in range(first, end, at_once):
        yield start, min(at_once, end - start)


def made_transcript(transcript_id: str, said: Sequence[str]) -> tuple[Transcript, list[Passage]]:
    """A transcript in which speakers take turns, and its passages, one a turn."""
    pieces: list[str] = []
    turns: list[Turn] = []
    passages: list[Passage] = []
    at = 0
    for index, words in enumerate(said):
        speaker = SPEAKERS[index % len(SPEAKERS)]
        piece = f"{speaker.label}: {words}"
        end = at + len(piece)
        turns.append(
            Turn(index=index, speaker=speaker, span=Span(start=end - len(words), end=end), address=f"line {index + 1}")
        )
        passages.append(
            Passage(
                id=f"{transcript_id}:{index}-{index}",
                transcript_id=transcript_id,
                span=Span(start=at, end=end),
                turns=(index, index),
                speakers=(speaker.label,),
                start_s=None,
                end_s=None,
                text=piece,
            )
        )
        pieces.append(piece)
        at = end + 1
    transcript = Transcript(
        id=transcript_id,
        title=f"Made transcript {transcript_id}",
        date=None,
        place=None,
        source=f"{transcript_id}.txt",
        media_url=None,
        text="\n".join(pieces),
        turns=tuple(turns),
        skipped=(),
    )
    return transcript, passages
