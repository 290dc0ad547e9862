"""What the transcripts of an archive are now: their heads, read whole and kept for as long as nothing changes.

Two records tell whether anything has: `generation` with every change of transcripts, `edits` with every other change of
what is told of them. Both get a number that no other change gives, so that it does not matter which of two writers
wrote last. A writer that is killed after its change and before it says so is noticed after half a minute.
"""

from __future__ import annotations

import difflib
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transcript_qa.errors import UnknownTranscriptError
from transcript_qa.store.base import SourceState, TranscriptInfo
from transcript_qa.store.milvus_engine import Engine
from transcript_qa.store.milvus_nouns import read_info, read_source
from transcript_qa.store.milvus_records import Record, Records
from transcript_qa.store.milvus_schema import key_of
from transcript_qa.store.speakeredits import with_edits

_KEPT_S = 30.0
_GENERATION, _EDITS = "generation", "edits"
# A generation is milliseconds, and as many bits that no other writer has.
_RANDOM_BITS = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """What the transcripts were at one moment.

    Attributes:
        state: of the archive then.
        read_at: seconds of the monotonic clock.
        heads: in no order.
        n_passages, n_words: how many passages there are, and words in them as they are indexed.
        infos: as `Store.infos` gives them.
    """

    state: tuple[int, int]
    read_at: float
    heads: tuple[Record, ...]
    n_passages: int
    n_words: int
    infos: tuple[TranscriptInfo, ...]

    def sources(self) -> dict[str, tuple[str, SourceState]]:
        """See `Store.sources`."""
        return _by_path(self.heads)


class Heads:
    """The heads of one archive."""

    def __init__(self, engine: Engine, records: Records) -> None:
        self._engine = engine
        self._records = records
        self._listing: Listing | None = None

    def generation(self) -> int:
        """See `Store.generation`."""
        return self._state()[0]

    def changed(self) -> None:
        """Say that transcripts have changed."""
        self._bump(_GENERATION)

    def edited(self) -> None:
        """Say that what is told of transcripts has changed."""
        self._bump(_EDITS)

    def current(self) -> Listing:
        """The transcripts as they are."""
        state = self._state()
        kept = self._listing
        if kept is None or kept.state != state or time.monotonic() - kept.read_at > _KEPT_S:
            kept = self._listing = self._read(state)
        return kept

    def known(self, transcript_id: str) -> Record:
        """The head of a transcript; raises `UnknownTranscriptError`."""
        owner = key_of(transcript_id)
        found = self._records.get("head", [owner]).get(owner)
        if found is None:
            ids = [info.id for info in self.current().infos]
            raise UnknownTranscriptError(transcript_id, tuple(difflib.get_close_matches(transcript_id, ids)))
        return found

    def source(self, path: str) -> tuple[str, SourceState] | None:
        """See `Store.source`."""
        return _by_path(self._records.tagged("head", key_of(path), now=True)).get(path)

    def _state(self) -> tuple[int, int]:
        found = self._records.get("meta", [_GENERATION, _EDITS])
        return _number(found, _GENERATION), _number(found, _EDITS)

    def _bump(self, name: str) -> None:
        before = _number(self._records.get("meta", [name], now=True), name)
        moment = max(time.time_ns() // 1_000_000, (before >> _RANDOM_BITS) + 1)
        value = (moment << _RANDOM_BITS) + secrets.randbits(_RANDOM_BITS)
        self._records.put(Record(kind="meta", name=name, value=value))

    def _read(self, state: tuple[int, int]) -> Listing:
        read_at = time.monotonic()
        heads = tuple(self._records.all("head"))
        edits = {record.name: record.value for record in self._records.all("edits")}
        infos = [read_info(head.value) for head in heads]
        told = {info.id: edits[key_of(info.id)] for info in infos if key_of(info.id) in edits}
        ordered = sorted(with_edits(infos, told), key=lambda info: (info.title, info.id))
        n_passages = sum(head.value["passages"] for head in heads)
        n_words = sum(head.value["indexed_words"] for head in heads)
        return Listing(state, read_at, heads, n_passages, n_words, tuple(ordered))


def _number(found: Mapping[str, Record], name: str) -> int:
    return int(found[name].value) if name in found else 0


def _by_path(heads: Sequence[Record]) -> dict[str, tuple[str, SourceState]]:
    """Transcript id and fingerprint by path, in order; a path belongs to the transcript that was last put with it."""
    latest: dict[str, tuple[float, str, SourceState]] = {}
    for head in heads:
        source, since = read_source(head.value["source"])
        found = since, str(head.value["transcript"][0]), source
        latest[source.path] = max(found, latest.get(source.path, found), key=lambda entry: entry[:2])
    return {path: latest[path][1:] for path in sorted(latest)}
