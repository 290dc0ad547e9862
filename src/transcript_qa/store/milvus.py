"""The store beyond one machine: an archive in Milvus, with nothing kept outside it.

Any number of processes may read and write one archive at once. A transcript is written under a version of its own and
then switched to, so that a reader sees the old one or the new one; see `milvus_work.py`. The engine searches, filters
and ranks passages (`milvus_passages.py`); all else is records under keys (`milvus_records.py`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import ImportReport, Passage, Transcript
from transcript_qa.errors import IndexNotFoundError, IndexWriteError, InvalidArgumentError
from transcript_qa.speakers import SpeakerEdit, dumps, loads, renamed
from transcript_qa.store import milvus_archive, milvus_passages, milvus_schema
from transcript_qa.store.base import EmbedderInfo, Scored, Selection, SourceState, Stored, TranscriptInfo
from transcript_qa.store.changes import check_passages
from transcript_qa.store.milvus_address import parse_address, read_credentials
from transcript_qa.store.milvus_cache import Cache
from transcript_qa.store.milvus_engine import Engine
from transcript_qa.store.milvus_heads import Heads
from transcript_qa.store.milvus_nouns import head_json, read_report, read_source, report_json, source_json
from transcript_qa.store.milvus_records import Record, Records
from transcript_qa.store.milvus_schema import key_of
from transcript_qa.store.milvus_scores import WordScores
from transcript_qa.store.milvus_words import asked_words, indexed_words, n_words
from transcript_qa.store.milvus_work import PUTTING, REMOVING, TOUCHING, Works

_TRIES = 5


class MilvusStore:
    """An archive in Milvus. See `Store` for what its methods promise.

    Threads may share one, and processes may each open the same archive. `writing` keeps out the other threads of this
    store only: workers in other processes go on, and where two change one transcript at once, one of them wins whole.
    """

    def __init__(self, engine: Engine, embedder: EmbedderInfo, *, writable: bool) -> None:
        self._engine = engine
        self._embedder = embedder
        self._writable = writable
        self._records = Records(engine)
        self._heads = Heads(engine, self._records)
        self._scores = WordScores(engine, self._heads)
        self._works = Works(engine, self._records)
        self._writing = threading.RLock()
        self._passages: Cache[tuple[str, str], Passage] = Cache(5_000)
        self._transcripts: Cache[tuple[str, str], Transcript] = Cache(32)

    @classmethod
    def create(cls, index: str, embedder: EmbedderInfo, *, replace: bool = False) -> Self:
        """Make an empty archive and open it for writing.

        Args:
            index: its address.
            embedder: the model whose vectors will be put in.
            replace: empty an archive that is there already; otherwise that is an `InvalidArgumentError`.
        """
        engine = Engine(parse_address(index), read_credentials())
        try:
            milvus_archive.create(engine, embedder, replace=replace)
        finally:
            engine.close()
        return cls.open(index, embedder=embedder, writable=True)

    @classmethod
    def open(cls, index: str, *, embedder: EmbedderInfo | None = None, writable: bool = False) -> Self:
        """Open an archive.

        Args:
            index: its address.
            embedder: the model in use, to be compared with the one the archive was made with.
            writable: allow changes.

        Raises:
            IndexNotFoundError, IndexDamagedError: there is none, or it cannot be read.
            IndexMismatchError: it was made with another embedder or by a newer version.
            StoreUnavailableError, StoreAccessError: the server is away, or refuses the credentials.
        """
        engine = Engine(parse_address(index), read_credentials())
        try:
            return cls(engine, milvus_archive.check(engine, embedder), writable=writable)
        except BaseException:
            engine.close()
            raise

    @classmethod
    def open_or_create(cls, index: str, embedder: EmbedderInfo) -> Self:
        """Open the archive for writing, or make it where there is none."""
        try:
            return cls.open(index, embedder=embedder, writable=True)
        except IndexNotFoundError:
            engine = Engine(parse_address(index), read_credentials())
            try:
                milvus_archive.make(engine, embedder)
            finally:
                engine.close()
            return cls.open(index, embedder=embedder, writable=True)

    @property
    def engine(self) -> Engine:
        """The connection."""
        return self._engine

    @property
    def embedder(self) -> EmbedderInfo:
        """The model whose vectors are in here."""
        return self._embedder

    @property
    def generation(self) -> int:
        """A number that rises with every change; between changes of one millisecond, only another number."""
        return self._heads.generation()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep the other threads of this store from writing for as long as the block runs."""
        if not self._writable:
            raise IndexWriteError(self._engine.address.text, "it was opened for reading", "Open it with writable=True.")
        with self._writing:
            yield

    def put(
        self, report: ImportReport, passages: Sequence[Passage], vectors: NDArray[np.float32], source: SourceState
    ) -> None:
        """See `Store.put`; what is there already, word for word, is left as it is."""
        check_passages(report.transcript, passages, vectors, self._embedder.dim)
        transcript_id = report.transcript.id
        if len({passage.id for passage in passages}) < len(passages):
            raise InvalidArgumentError(f"{transcript_id}: every passage needs an id of its own")
        owner = key_of(transcript_id)
        body = report_json(report)
        digest = milvus_archive.digest_of(body, passages, vectors)
        words = [indexed_words(passage.text) for passage in passages]
        with self.writing():
            there = self._records.get("head", [owner], now=True).get(owner)
            if there is not None and there.value["digest"] == digest:
                if read_source(there.value["source"])[0] != source:
                    self._put_source(there, source)
                return
            for _ in range(_TRIES):
                version = self._works.begin(owner, PUTTING)
                self._records.put(
                    Record(kind="body", name=version, value=body, owner=owner, version=version), is_new=True
                )
                self._engine.upsert(
                    milvus_schema.passages_of(self._engine.address),
                    milvus_passages.rows_of(passages, words, vectors, version),
                )
                if self._works.holds(version):
                    break
            else:
                raise IndexWriteError(
                    self._engine.address.text, "another process deletes what this one writes", "Compare their clocks."
                )
            head = head_json(
                report,
                n_passages=len(passages),
                n_indexed_words=sum(map(n_words, words)),
                source=source,
                digest=digest,
            )
            tag = key_of(source.path)
            self._records.put(Record(kind="head", name=owner, value=head, owner=owner, tag=tag, version=version))
            self._heads.changed()
            self._works.end(version, owner)

    def remove(self, transcript_id: str) -> None:
        """See `Store.remove`."""
        owner = key_of(transcript_id)
        with self.writing():
            self._heads.known(transcript_id)
            version = self._works.begin(owner, REMOVING)
            self._records.delete([("head", owner)])
            self._heads.changed()
            self._records.delete([("edits", owner)])
            self._works.end(version, owner)

    def sources(self) -> dict[str, tuple[str, SourceState]]:
        """See `Store.sources`."""
        return self._heads.current().sources()

    def source(self, path: str) -> tuple[str, SourceState] | None:
        """See `Store.source`."""
        return self._heads.source(path)

    def touch_source(self, transcript_id: str, source: SourceState) -> None:
        """See `Store.touch_source`."""
        with self.writing():
            self._put_source(self._heads.known(transcript_id), source)

    def infos(self) -> tuple[TranscriptInfo, ...]:
        """See `Store.infos`."""
        return self._heads.current().infos

    def titles(self) -> dict[str, str]:
        """Title by transcript id."""
        return {info.id: info.title for info in sorted(self.infos(), key=lambda info: info.id)}

    def transcript(self, transcript_id: str) -> Transcript:
        """See `Store.transcript`; the last few are kept, for as long as they are what the archive holds."""
        owner = key_of(transcript_id)
        for _ in range(_TRIES):
            found = self._records.get_keys([("head", owner), ("edits", owner)])
            head = found.get(("head", owner)) or self._heads.known(transcript_id)
            edits = found.get(("edits", owner))
            state = head.version, "" if edits is None else edits.value
            kept = self._transcripts.get(state)
            if kept is not None:
                return kept
            body = self._records.get("body", [head.version]).get(head.version)
            if body is not None:
                told = loads(None if edits is None else edits.value)
                transcript = renamed(read_report(body.value).transcript, told)
                self._transcripts.keep(state, transcript)
                return transcript
            # Replaced between the two readings.
            time.sleep(0.05)
        raise milvus_archive.damaged(self._engine, f"the text of {transcript_id} is missing")

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """See `Store.passages`."""
        for _ in range(_TRIES):
            owners = {one: key_of(one.rpartition(":")[0]) for one in ids}
            versions = self._versions(owners.values())
            wanted = [(one, versions[owner]) for one, owner in owners.items() if owner in versions]
            found = {one: kept for one, version in wanted if (kept := self._passages.get((one, version))) is not None}
            fetched = milvus_passages.fetch(self._engine, [pair for pair in wanted if pair[0] not in found])
            found |= fetched
            for one, version in wanted:
                if one in fetched:
                    self._passages.keep((one, version), fetched[one])
            missing = {owners[one] for one, _ in wanted if one not in found}
            if not missing or self._versions(missing).items() <= versions.items():
                break
        return [found[one] for one in ids if one in found]

    def passage_count(self) -> int:
        """How many passages there are."""
        return sum(info.n_passages for info in self.infos())

    def search_dense(self, query: NDArray[np.floating], *, k: int, selection: Selection | None = None) -> list[Scored]:
        """See `Store.search_dense`; the query need not be of unit length. A query of zeros finds nothing."""
        _check_k(k)
        exact = np.asarray(query, dtype=np.float64)
        if exact.shape != (self._embedder.dim,) or not np.isfinite(exact).all():
            raise InvalidArgumentError(
                f"a query vector needs {self._embedder.dim} finite numbers, not shape {exact.shape}"
            )
        length = float(np.linalg.norm(exact))
        if length == 0:
            return []
        return milvus_passages.search_dense(self._engine, self._versions, exact / length, k=k, selection=selection)

    def search_keyword(self, terms: Sequence[str], *, k: int, selection: Selection | None = None) -> list[Scored]:
        """See `Store.search_keyword`."""
        _check_k(k)
        words = asked_words(terms)
        if not words:
            return []
        scores = self._scores.scores
        return milvus_passages.search_keyword(self._engine, self._versions, scores, words, k=k, selection=selection)

    def stored(self, transcript_id: str) -> Stored:
        """See `Store.stored`."""
        for _ in range(_TRIES):
            head = self._heads.known(transcript_id)
            body = self._records.get("body", [head.version]).get(head.version)
            passages, vectors = milvus_passages.fetch_version(self._engine, head.version, self._embedder.dim)
            if body is not None and len(passages) == head.value["passages"]:
                return Stored(
                    report=read_report(body.value),
                    passages=tuple(passages),
                    vectors=vectors,
                    source=read_source(head.value["source"])[0],
                )
            time.sleep(0.05)
        raise milvus_archive.damaged(self._engine, f"a part of {transcript_id} is missing")

    def speaker_edits(self, transcript_id: str) -> tuple[SpeakerEdit, ...]:
        """See `Store.speaker_edits`."""
        self._heads.known(transcript_id)
        owner = key_of(transcript_id)
        found = self._records.get("edits", [owner]).get(owner)
        return loads(None if found is None else found.value)

    def set_speaker_edits(self, transcript_id: str, edits: Sequence[SpeakerEdit]) -> None:
        """See `Store.set_speaker_edits`."""
        owner = key_of(transcript_id)
        with self.writing():
            self._heads.known(transcript_id)
            if edits:
                self._records.put(Record(kind="edits", name=owner, value=dumps(edits)))
            else:
                self._records.delete([("edits", owner)])
            self._heads.edited()

    def settings(self) -> Mapping[str, str]:
        """Settings that must outlive the process."""
        return dict(sorted(record.value for record in self._records.all("setting")))

    def set_setting(self, key: str, value: str) -> None:
        """Keep a setting; changes no generation."""
        with self.writing():
            self._records.put(Record(kind="setting", name=key_of(key), value=[key, value]))

    def save(self) -> None:
        """Clear up after processes that were killed; all that was written is safe without it."""
        with self.writing():
            self._works.clear_dead()

    def health(self) -> list[str]:
        """See `Store.health`."""
        found = []
        n_rows = self._engine.count(milvus_schema.passages_of(self._engine.address), "part == 0")
        n_passages, n_dead = self.passage_count(), self._works.left_behind()
        if n_dead:
            found.append(f"{n_dead} changes were never finished; the next `transcript-qa index` clears up after them")
        if n_rows < n_passages or (n_rows > n_passages and not self._works.any()):
            found.append(f"{n_rows} passages where there should be {n_passages}")
        return found

    def close(self) -> None:
        """End the connection; a second call does nothing."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _versions(self, owners: Iterable[str]) -> dict[str, str]:
        return self._records.versions("head", owners)

    def _put_source(self, head: Record, source: SourceState) -> None:
        for _ in range(_TRIES):
            # Else another process could replace the transcript, and delete this version, before its head is written.
            change = self._works.begin(head.owner, TOUCHING, head.version)
            now = self._records.get("head", [head.name], now=True).get(head.name)
            held = now is not None and now.version == head.version
            if held:
                value = {**head.value, "source": source_json(source)}
                self._records.put(replace(head, value=value, tag=key_of(source.path)))
            self._works.end(change, head.owner)
            if held or now is None:
                break
            head = now
        self._heads.edited()


def _check_k(k: int) -> None:
    if k < 1:
        raise InvalidArgumentError(f"k has to be at least 1, not {k}")
