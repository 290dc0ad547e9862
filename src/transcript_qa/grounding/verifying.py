"""Quotes and statements against an index: what is kept in memory between one and the next."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

import numpy as np

from transcript_qa.datatypes import Passage, Transcript, Verification
from transcript_qa.grounding.ground import QuoteFinder
from transcript_qa.store import Store
from transcript_qa.text import keywords

# Up to here all words of an index are held in memory for a single quote; above, only likely transcripts are looked at.
_WHOLE_INDEX_WORDS = 300_000
_LIKELY_PASSAGES = 40


class Verifier:
    """Looks quotes up in an index; its words are read once and again when it changes. Safe to share between threads.

    Args:
        store: an open index.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._kept: tuple[object, QuoteFinder] | None = None

    def finder(self) -> QuoteFinder:
        """All transcripts of the index, ready for many quotes."""
        infos = self._store.infos()
        state = (self._store.generation, infos)
        with self._lock:
            if self._kept is None or self._kept[0] != state:
                self._kept = (state, QuoteFinder(self._store.transcript(info.id) for info in infos))
            return self._kept[1]

    def find(self, quote: str, *, speaker: str | None = None, transcript_id: str | None = None) -> Verification:
        """See `ground.ground`."""
        if transcript_id is not None:
            self._store.transcript(transcript_id)
        if self._kept is not None or sum(info.n_words for info in self._store.infos()) <= _WHOLE_INDEX_WORDS:
            finder = self.finder()
        else:
            finder = QuoteFinder(self._likely(quote, transcript_id))
        return finder.find(quote, transcript_id=transcript_id, speaker=speaker)

    def _likely(self, quote: str, claimed: str | None) -> Iterator[Transcript]:
        """Transcripts that may hold the quote: the one claimed, those with its words, or else all."""
        seen: dict[str, None] = {claimed: None} if claimed is not None else {}
        asked = sorted(set(keywords(quote)))
        if asked:
            found = self._store.search_keyword(asked, k=_LIKELY_PASSAGES)
            seen |= {p.transcript_id: None for p in self._store.passages([scored.passage_id for scored in found])}
        if not seen:
            seen |= {info.id: None for info in self._store.infos()}
        for transcript_id in seen:
            yield self._store.transcript(transcript_id)


def every_passage(store: Store) -> tuple[Passage, ...]:
    """Every passage of an index, by transcript and place: what is nearest to anything when all are asked for."""
    n_passages = store.passage_count()
    if not n_passages:
        return ()
    found = store.search_dense(np.ones(store.embedder.dim), k=n_passages)
    return tuple(
        sorted(store.passages([scored.passage_id for scored in found]), key=lambda p: (p.transcript_id, p.span))
    )
