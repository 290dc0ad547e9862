"""Files on their way into an index: read and packed in one thread, embedded in another, taken by a third in order.

Passages of several small transcripts are embedded together, and a long transcript in parts, so that batches are full
and no more than a thousand passages are on their way at a time, however much there is to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from math import ceil

import numpy as np
from numpy.typing import NDArray

from transcript_qa.ahead import Queue, ahead
from transcript_qa.chunk import embedding_text, split_passages
from transcript_qa.datatypes import ImportReport, Passage, Transcript
from transcript_qa.embed import Embedder
from transcript_qa.errors import ParseError, SourceNotFoundError
from transcript_qa.reuse import Vectors, text_hash
from transcript_qa.store import SourceState

# More word pieces than this make passages too long to point at, whatever the embedder reads.
PASSAGE_TOKENS = 254
# Passages that are embedded together at most: some seconds' work, of which a stop loses no more.
BATCH_PASSAGES = 384
# Small transcripts are gathered until they have so many together: at the end of each batch cores wait for each other.
_GATHERED = BATCH_PASSAGES // 2
# Passages that wait between two threads.
_ROOM = BATCH_PASSAGES
# Texts that are on their way into the index, and so not found there yet, when the same comes again.
_RECENT = 16 * BATCH_PASSAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedSource:
    """A file that could not be read, and why."""

    source: str
    error: ParseError | SourceNotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """A file whose words are in the index; `touched` is its new fingerprint, None where that is the same too."""

    place: int
    transcript_id: str
    touched: SourceState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A file that could not be read."""

    place: int
    failure: FailedSource


@dataclass(slots=True, kw_only=True)
class Work:
    """A transcript that was read, to be embedded and stored.

    Attributes:
        place: of its file among all.
        name: of its file.
        report: what was understood.
        passages: all of it.
        state: of its file.
        is_new: False where it replaces what the file held before.
        texts: hash of what is embedded for each passage.
        missing: what has to be embedded, by hash.
        vectors: by hash, of those texts that have one.
    """

    place: int
    name: str
    report: ImportReport
    passages: list[Passage]
    state: SourceState
    is_new: bool
    texts: list[bytes] = field(default_factory=list)
    missing: dict[bytes, str] = field(default_factory=dict)
    vectors: Vectors = field(default_factory=dict)

    def matrix(self, dim: int) -> NDArray[np.float32]:
        """(n_passages, dim) float32, once nothing is missing."""
        rows = [self.vectors[text] for text in self.texts]
        return np.stack(rows).astype(np.float32) if rows else np.empty((0, dim), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """How far a batch is.

    Attributes:
        work: the first transcript of it.
        done, total: passages of the batch; of the transcript, where that is longer than a batch.
        n_words: words embedded since the last such message.
        drafts: vectors of a transcript that is not whole yet.
    """

    work: Work
    done: int
    total: int
    n_words: int
    drafts: Vectors | None = None


Read = Unchanged | Failed | Work
Step = Unchanged | Failed | Work | Embedded


def passages_of(transcript: Transcript, embedder: Embedder) -> list[Passage]:
    """The passages of a transcript as this embedder can read them."""
    budget = min(embedder.max_tokens, PASSAGE_TOKENS)
    return split_passages(transcript, count_tokens=embedder.count_tokens, budget_tokens=budget)


def pack(work: Work, known: Callable[[list[bytes]], Vectors]) -> None:
    """Find out what has to be embedded for a transcript; `known` gives the vectors that there are already."""
    texts = [embedding_text(work.report.transcript, passage) for passage in work.passages]
    work.texts = [text_hash(text) for text in texts]
    work.vectors = known(work.texts)
    work.missing = {h: text for h, text in zip(work.texts, texts, strict=True) if h not in work.vectors}


@contextmanager
def streamed(read: Callable[[], Iterable[Read]], embedder: Embedder) -> Iterator[Queue[Step]]:
    """What is read, in order, each transcript with its vectors, and between them how far the embedding is.

    Args:
        read: gives what is read; called in a thread of its own.
        embedder: embeds, in another.
    """

    def reading(put: Callable[[Read], None]) -> None:
        for each in read():
            put(each)

    def embedding(put: Callable[[Step], None]) -> None:
        recent: Vectors = {}
        with ahead(reading, room=_ROOM, size=_size, name="reading") as items:
            for group in _groups(items):
                _embed(group, embedder, put, recent)
                for each in group:
                    put(each)

    with ahead(embedding, room=_ROOM, size=_size, name="indexing") as steps:
        yield steps


def _size(item: Step) -> int:
    return 1 + len(item.passages) if isinstance(item, Work) else 0


def _groups(items: Iterable[Read]) -> Iterator[list[Read]]:
    """What is embedded together; all that is read, in order. Nothing waits that has nothing to embed before it."""
    group: list[Read] = []
    n_missing = 0
    for item in items:
        group.append(item)
        n_missing += len(item.missing) if isinstance(item, Work) else 0
        if not n_missing or n_missing >= _GATHERED:
            yield group
            group, n_missing = [], 0
    if group:
        yield group


def _embed(group: Sequence[Read], embedder: Embedder, put: Callable[[Step], None], recent: Vectors) -> None:
    """Embed what is missing in a group, a batch at a time; `recent` is what the groups before needed."""
    works = [item for item in group if isinstance(item, Work) and item.missing]
    wanted = {text: words for work in works for text, words in work.missing.items()}
    vectors = {text: recent[text] for text in wanted if text in recent}
    missing = {text: words for text, words in wanted.items() if text not in vectors}
    n_parts = max(1, ceil(len(missing) / BATCH_PASSAGES))
    left, done = iter(missing.items()), 0
    while batch := dict(islice(left, ceil(len(missing) / n_parts))):
        told = _Told(works[0], put, before=done, total=len(missing), texts=list(batch.values()))
        found = dict(zip(batch, embedder.embed_passages(told.texts, progress=told), strict=True))
        vectors |= found
        done += len(found)
        if done < len(missing):
            put(Embedded(work=works[0], done=done, total=len(missing), n_words=0, drafts=found))
    for work in works:
        work.vectors |= {text: vectors[text] for text in work.missing}
        work.missing = {}
    recent |= vectors
    for text in list(islice(recent, max(0, len(recent) - _RECENT))):
        del recent[text]


class _Told:
    """Tells how far one batch of a group is; the words of a share of its passages are taken for that share of them."""

    def __init__(self, work: Work, put: Callable[[Step], None], *, before: int, total: int, texts: list[str]) -> None:
        self._work, self._put = work, put
        self._before, self._total = before, total
        self.texts = texts
        self._n_words = sum(len(text.split()) for text in texts)
        self._words_done = 0

    def __call__(self, done: int, total: int) -> None:
        words = self._n_words * done // total
        self._put(
            Embedded(work=self._work, done=self._before + done, total=self._total, n_words=words - self._words_done)
        )
        self._words_done = words
