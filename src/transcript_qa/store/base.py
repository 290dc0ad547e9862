"""What every back end takes and gives: the nouns of an index, and the `Store` protocol.

A back end holds transcripts whole, their passages, one vector for each passage and the postings of its words. It finds
and fetches; it neither embeds nor fuses. `tests/test_store_contract.py` is the protocol's other half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import ImportReport, Passage, Speaker, Transcript
from transcript_qa.speakers import SpeakerEdit

if TYPE_CHECKING:
    from transcript_qa.embed import Embedder


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a search is narrowed to; both together mean passages that satisfy both.

    Attributes:
        transcripts: ids; None for no narrowing, an empty set for nothing at all.
        speakers: (transcript id, label) of those who speak in the passage; None and empty as above.
    """

    transcripts: frozenset[str] | None = None
    speakers: frozenset[tuple[str, str]] | None = None

    def __bool__(self) -> bool:
        """False where nothing is narrowed."""
        return self.transcripts is not None or self.speakers is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """The fingerprint of a source file, to tell whether it has changed.

    Attributes:
        path: as the caller gave it; the key of `Store.sources`.
        size: bytes.
        mtime_ns: time of the last change, nanoseconds since the epoch.
        sha256: of the bytes, hexadecimal.
    """

    path: str
    size: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerInfo:
    """A speaker of one transcript, and how much they say; one for each label."""

    speaker: Speaker
    n_turns: int
    n_words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptInfo:
    """A transcript without its text.

    Attributes:
        id, title, date, place, source, media_url: as in `Transcript`.
        format: name of the format it was read as.
        n_turns, n_words, n_passages: how much there is of it.
        duration_s: seconds from the first time printed in it to the last, or None where it has no times.
        added_at: when this version of it was put into the index, UTC.
        speakers: in order of first words.
    """

    id: str
    title: str
    date: date | None
    place: str | None
    source: str
    media_url: str | None
    format: str
    n_turns: int
    n_words: int
    n_passages: int
    duration_s: float | None
    added_at: datetime
    speakers: tuple[SpeakerInfo, ...]


class Scored(NamedTuple):
    """A passage found by one leg of the search; `score` higher is better, comparable within one answer only."""

    passage_id: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderInfo:
    """The embedding model an index is made with.

    Attributes:
        name: what a person calls it, and what loads it.
        fingerprint: equal only where vectors may be compared.
        dim: length of a vector.
    """

    name: str
    fingerprint: str
    dim: int

    @classmethod
    def of(cls, embedder: Embedder) -> Self:
        """What tells this embedder from others."""
        return cls(name=embedder.name, fingerprint=embedder.fingerprint, dim=embedder.dim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """All that was put for one transcript, as `Store.put` takes it; speakers as the source prints them.

    Attributes:
        report, passages, vectors, source: as in `Store.put`; the vectors with the 16 bits a number that are kept.
    """

    report: ImportReport
    passages: tuple[Passage, ...]
    vectors: NDArray[np.float32]
    source: SourceState


class Store(Protocol):
    """An index. Safe to share between threads.

    The local store has one writer at a time, over all processes; in an archive on a server many may write at once.

    Every method sees one consistent state. Two calls may see two: a passage found a moment ago can be gone when it is
    fetched, because another process took its transcript out.
    """

    @property
    def embedder(self) -> EmbedderInfo:
        """The model whose vectors are in here."""
        ...

    @property
    def generation(self) -> int:
        """A number that rises with every change to transcripts, passages or vectors."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Keep other writers out for as long as the block runs. Each write does so for itself anyway."""
        ...

    def put(
        self, report: ImportReport, passages: Sequence[Passage], vectors: NDArray[np.float32], source: SourceState
    ) -> None:
        """Add a transcript, or replace the one with its id, as a whole or not at all.

        Args:
            report: the transcript and how it was read.
            passages: all passages of it, in order.
            vectors: (n_passages, dim) float32, unit rows.
            source: the file it came from; a path belongs to the transcript that was last put with it.
        """
        ...

    def remove(self, transcript_id: str) -> None:
        """Take a transcript out; raises `UnknownTranscriptError`."""
        ...

    def sources(self) -> dict[str, tuple[str, SourceState]]:
        """Transcript id and fingerprint by path."""
        ...

    def source(self, path: str) -> tuple[str, SourceState] | None:
        """What `sources` has at a path, as it is at this moment; None where there is nothing."""
        ...

    def stored(self, transcript_id: str) -> Stored:
        """All that was put for a transcript, to be put elsewhere; raises `UnknownTranscriptError`."""
        ...

    def touch_source(self, transcript_id: str, source: SourceState) -> None:
        """Renew a fingerprint whose content is the same; changes no generation."""
        ...

    def infos(self) -> tuple[TranscriptInfo, ...]:
        """Every transcript without its text, by title and then id."""
        ...

    def titles(self) -> dict[str, str]:
        """Title by transcript id."""
        ...

    def transcript(self, transcript_id: str) -> Transcript:
        """A transcript, whole; raises `UnknownTranscriptError`."""
        ...

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids in the order given; ids that are not in the index (any more) are left out."""
        ...

    def passage_count(self) -> int:
        """How many passages there are."""
        ...

    def search_dense(self, query: NDArray[np.floating], *, k: int, selection: Selection | None = None) -> list[Scored]:
        """The k passages whose vectors are nearest by cosine, best first; ties in order of the passages."""
        ...

    def search_keyword(self, terms: Sequence[str], *, k: int, selection: Selection | None = None) -> list[Scored]:
        """At most k passages with at least one of the terms, by BM25, best first; ties in order of the passages.

        Args:
            terms: folded words, stop words left out; whatever characters they hold is harmless.
            k: how many, at least 1.
            selection: what to narrow to; scores do not depend on it.
        """
        ...

    def speaker_edits(self, transcript_id: str) -> tuple[SpeakerEdit, ...]:
        """What was said about a transcript's speakers, oldest first; raises `UnknownTranscriptError`."""
        ...

    def set_speaker_edits(self, transcript_id: str, edits: Sequence[SpeakerEdit]) -> None:
        """Keep these in place of those before; changes no generation, for no passage or vector changes.

        They hold for `transcript` and `infos` from here on, outlive the next `put` of the transcript, and go with it.
        """
        ...

    def settings(self) -> Mapping[str, str]:
        """Settings that must outlive the process."""
        ...

    def set_setting(self, key: str, value: str) -> None:
        """Keep a setting; changes no generation."""
        ...

    def save(self) -> None:
        """Write what is derived from the database, so that the next start is quick; nothing is lost without it."""
        ...

    def health(self) -> list[str]:
        """Problems in words for a person; empty where all is well."""
        ...

    def close(self) -> None:
        """Let go of files; a second call does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class KeepsDrafts(Protocol):
    """A store that remembers vectors of a transcript which is not whole yet; only the local one does.

    On a server the rows of one would be in everybody's way; there a transcript that was stopped begins anew.
    """

    def keep_drafts(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Remember unit vectors by a hash of what was embedded; changes no generation."""
        ...

    def drafts(self) -> dict[bytes, NDArray[np.float32]]:
        """All that is remembered."""
        ...

    def drop_drafts(self) -> None:
        """Forget them."""
        ...
