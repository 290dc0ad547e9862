"""Questions with the passages that our own search finds for them, cut into sentences that answer or do not.

Everything that the network reads is made beforehand: each passage once as word pieces with its sentences, each question
with the passages found in its own transcript and in all of them, best first. Passages that hold the answer and were not
found are added, so that they can be learnt from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sources import Asked, detailed, friends_asked, own_asked, qmsum_asked

from transcript_qa import TranscriptQA
from transcript_qa.datatypes import Filters, ImportReport, Passage, Span, Transcript
from transcript_qa.embed import Embedder, SentenceTransformerEmbedder
from transcript_qa.indexing import put_transcript
from transcript_qa.reading.network_input import Window, passage_windows, question_ids
from transcript_qa.search import search
from transcript_qa.store import EmbedderInfo, LocalStore, SourceState, Store

N_OWN, N_ALL = 16, 10


@dataclass(frozen=True, slots=True)
class Found:
    """A passage found for a question.

    Attributes:
        windows: as the network reads it.
        right: for each window, for each sentence whether it answers.
        share: how much of its words is evidence, 0 to 1.
        same: whether it is of the transcript that was asked about.
        fused: its score in the search; 0 where it was not found.
    """

    windows: list[Window]
    right: list[NDArray[np.bool_]]
    share: float
    same: bool
    fused: float


@dataclass(frozen=True, slots=True)
class Example:
    """A question as word pieces and what was found for it, best first."""

    asked: Asked
    ids: NDArray[np.int32]
    found: list[Found]


class Remembering(SentenceTransformerEmbedder):
    """Embeds questions beforehand, many at a time: one at a time is slow where the cores have other work."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[str, NDArray[np.float32]] = {}

    def remember(self, questions: Sequence[str]) -> None:
        """Embed these now."""
        for first in range(0, len(questions), 64):
            some = questions[first : first + 64]
            self._asked.update(zip(some, super().embed_queries(some), strict=True))

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the model does, from memory where it can."""
        known = [self._asked.get(text) for text in texts]
        return super().embed_queries(texts) if any(one is None for one in known) else np.array(known)


class Maker:
    """Makes the examples of one index."""

    def __init__(self, store: Store, embedder: Remembering, transcripts: dict[str, Transcript]) -> None:
        self._store, self._embedder, self._transcripts = store, embedder, transcripts
        self._windows: dict[str, list[Window]] = {}

    def example(self, asked: Asked) -> Example:
        """One question with its passages."""
        scope = Filters(transcripts=(asked.transcript,))
        own = search(self._store, self._embedder, asked.text, k=60, filters=scope)
        everywhere = search(self._store, self._embedder, asked.text, k=N_ALL)
        chosen: dict[str, tuple[Passage, float]] = {}
        for number, hit in enumerate(own):
            if number < N_OWN or self._share(asked, hit.passage) > 0:
                chosen[hit.passage.id] = (hit.passage, hit.score)
        for hit in everywhere:
            chosen.setdefault(hit.passage.id, (hit.passage, hit.score))
        found = [self._found(asked, passage, score) for passage, score in chosen.values()]
        return Example(asked, question_ids(self._embedder.tokenizer, asked.text), found)

    def _found(self, asked: Asked, passage: Passage, score: float) -> Found:
        if passage.id not in self._windows:
            transcript = self._transcripts[passage.transcript_id]
            self._windows[passage.id] = passage_windows(self._embedder.tokenizer, transcript, passage)
        windows = self._windows[passage.id]
        same = passage.transcript_id == asked.transcript
        right = [
            np.array([same and answers(asked, span) for span, _, _ in window.sentences], dtype=bool)
            for window in windows
        ]
        return Found(windows, right, self._share(asked, passage), same, score)

    @staticmethod
    def _share(asked: Asked, passage: Passage) -> float:
        if passage.transcript_id != asked.transcript:
            return 0.0
        held = sum(min(g.end, passage.span.end) - max(g.start, passage.span.start)
                   for g in asked.gold if g.overlaps(passage.span))  # fmt: skip
        return held / max(len(passage.span), 1)


def answers(asked: Asked, sentence: Span) -> bool:
    """Whether a sentence holds, or is a good part of, words that answer."""
    for gold in asked.gold:
        shared = min(gold.end, sentence.end) - max(gold.start, sentence.start)
        if shared > 0 and 2 * shared >= min(len(gold), len(sentence)):
            return True
    return False


def own_examples(files: Sequence[Path], index: Path, embedder: Remembering) -> list[Example]:
    """The examples of some of the project's own transcripts; their index is kept at `index`."""
    by_id = transcripts_of(files, index, embedder)
    by_stem = {Path(t.source).stem: t for t in by_id.values()}
    asked = own_asked(by_stem) + detailed(by_stem)
    return _made(asked, by_id, index, embedder)


def qmsum_examples(folder: Path, index: Path, embedder: Remembering) -> list[Example]:
    """The examples of a split of QMSum; its index is kept at `index`."""
    by_id = transcripts_of([folder], index, embedder)
    asked = qmsum_asked(folder, {Path(t.source).stem: t for t in by_id.values()})
    return _made(asked, by_id, index, embedder)


def transcripts_of(paths: Sequence[Path], index: Path, embedder: Embedder) -> dict[str, Transcript]:
    """The transcripts of some files or folders by id, as they are in an index made of them at `index`."""
    with TranscriptQA.build(paths, index=index, embedder=embedder) as qa:
        return {info.id: qa.transcript(info.id) for info in qa.transcripts()}


def _made(
    asked: Sequence[Asked], transcripts: dict[str, Transcript], index: Path, embedder: Remembering
) -> list[Example]:
    with LocalStore.open(index) as store:
        embedder.remember([each.text for each in asked])
        maker = Maker(store, embedder, transcripts)
        return [maker.example(each) for each in asked]


def friends_examples(path: Path, index: Path, embedder: Remembering) -> list[Example]:
    """The examples of FriendsQA, all scenes in one index."""
    scenes, asked = friends_asked(path)
    with index_of(index, scenes, embedder) as store:
        embedder.remember([each.text for each in asked])
        maker = Maker(store, embedder, {scene.id: scene for scene in scenes})
        return [maker.example(each) for each in asked]


def index_of(folder: Path, transcripts: Sequence[Transcript], embedder: Embedder) -> LocalStore:
    """An index of transcripts that stand in no file of their own."""
    info = EmbedderInfo.of(embedder)
    store = LocalStore.create(folder, info, replace=True)
    for transcript in transcripts:
        report = ImportReport(transcript=transcript, format="dialogue", confidence=1.0, encoding="utf-8")
        put_transcript(store, embedder, report, SourceState(path=transcript.id, size=0, mtime_ns=0, sha256=""))
    return store
