"""Vectors that an index has already, found by a hash of what was embedded, so that no text is embedded twice.

They are looked for where the same text may stand: in the transcript that is about to be replaced, in one made from a
file with the same bytes (which was renamed, or is there twice), in those whose files have gone (one of which this may
be, renamed and changed), and among what was embedded of a transcript before a run was stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transcript_qa.chunk import embedding_text
from transcript_qa.errors import UnknownTranscriptError
from transcript_qa.store import KeepsDrafts, SourceState, Store, Stored

Vectors = dict[bytes, NDArray[np.float32]]

# Reading a passage from the index takes 25 microseconds: what has gone is read through up to a tenth of a second.
_MOST_GONE_PASSAGES = 4_000


def text_hash(text: str) -> bytes:
    """What tells an embedded text from all others."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Reuse:
    """What can be had from an index instead of being embedded.

    Args:
        store: the index.
        sources: `Store.sources` before anything changes.
        held: False where its vectors are of texts made in another way.
    """

    def __init__(self, store: Store, sources: dict[str, tuple[str, SourceState]], *, held: bool = True) -> None:
        self._store = store
        self._held = held
        self._sources = sources if held else {}
        self._by_bytes = {state.sha256: transcript_id for transcript_id, state in self._sources.values()}
        self._drafts = store.drafts() if held and isinstance(store, KeepsDrafts) else {}

    def add_source(self, transcript_id: str, state: SourceState) -> None:
        """A transcript that will be there soon."""
        if self._held:
            self._by_bytes.setdefault(state.sha256, transcript_id)

    def find(self, texts: Iterable[bytes], state: SourceState, *, replaced: str | None) -> Vectors:
        """The vectors that there are for the hashes of some texts.

        Args:
            texts: hashes of what is to be embedded.
            state: the file that it is from.
            replaced: id of the transcript that is to be replaced, if any.
        """
        if not self._held:
            return {}
        wanted = set(texts)
        found = {text: vector for text, vector in self._drafts.items() if text in wanted}
        for transcript_id in dict.fromkeys(each for each in (replaced, self._by_bytes.get(state.sha256)) if each):
            self._add(found, wanted, transcript_id)
        if replaced is None and wanted - found.keys():
            for transcript_id in {self._gone[text] for text in wanted - found.keys() if text in self._gone}:
                self._add(found, wanted, transcript_id)
        return found

    def _add(self, found: Vectors, wanted: set[bytes], transcript_id: str) -> None:
        try:
            stored = self._store.stored(transcript_id)
        except UnknownTranscriptError:  # not there yet, or removed by another worker
            return
        for text, vector in zip(_hashes(stored), stored.vectors, strict=True):
            if text in wanted:
                found.setdefault(text, vector)

    @cached_property
    def _gone(self) -> dict[bytes, str]:
        """Transcript id by hash, for transcripts whose files have gone."""
        gone = [transcript_id for path, (transcript_id, _) in self._sources.items() if not Path(path).exists()]
        if not gone:
            return {}
        sizes = {info.id: info.n_passages for info in self._store.infos()}
        found: dict[bytes, str] = {}
        n_passages = 0
        for transcript_id in gone:
            n_passages += sizes.get(transcript_id, 0)
            if n_passages > _MOST_GONE_PASSAGES:
                break
            try:
                stored = self._store.stored(transcript_id)
            except UnknownTranscriptError:
                continue
            found.update(dict.fromkeys(_hashes(stored), transcript_id))
        return found


def _hashes(stored: Stored) -> list[bytes]:
    return [text_hash(embedding_text(stored.report.transcript, passage)) for passage in stored.passages]
