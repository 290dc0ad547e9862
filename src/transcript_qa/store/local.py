"""The store on one machine: SQLite as the source of truth, with FAISS over the vectors it holds."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import ImportReport, Passage, Transcript
from transcript_qa.errors import IndexDamagedError, IndexNotFoundError, IndexWriteError, InvalidArgumentError
from transcript_qa.speakers import SpeakerEdit, loads, renamed
from transcript_qa.store import changes, drafts, keywords, lifecycle, rows, speakeredits, stored, vectorfile
from transcript_qa.store.base import EmbedderInfo, Scored, Selection, SourceState, Stored, TranscriptInfo
from transcript_qa.store.catalogue import Catalogue
from transcript_qa.store.checkup import problems
from transcript_qa.store.database import Database
from transcript_qa.store.lock import WriteLock
from transcript_qa.store.passagecache import PassageCache
from transcript_qa.store.schema import Layout
from transcript_qa.store.segments import Segments

_KEPT_TRANSCRIPTS = 32


class LocalStore:
    """An index folder. See `Store` for what its methods promise.

    Threads may share one: reads run side by side, each on a connection of its own; writes take turns. Processes may
    open the same folder: readers see each change as soon as it is committed, and a writer who finds another at work
    waits, then raises `IndexLockedError`. The lock is held for one write, or for a `with store.writing():` block, not
    for as long as the store is open.
    """

    def __init__(self, layout: Layout, database: Database, embedder: EmbedderInfo, lock: WriteLock | None) -> None:
        self._layout = layout
        self._database = database
        self._embedder = embedder
        self._lock = lock
        self._guard = threading.Lock()
        self._loading = threading.Lock()
        self._catalogue: Catalogue | None = None
        self._infos: tuple[object, tuple[TranscriptInfo, ...]] | None = None
        self._vectors: tuple[Catalogue, Segments] | None = None
        self._passages = PassageCache()
        self._transcripts: OrderedDict[tuple[int, str | None], Transcript] = OrderedDict()

    @classmethod
    def create(
        cls, path: str | Path, embedder: EmbedderInfo, *, replace: bool = False, lock_wait_s: float = 10.0
    ) -> Self:
        """Make an empty index and open it for writing.

        Args:
            path: the folder; made where it is not there.
            embedder: the model whose vectors will be put in.
            replace: empty an index that is there already, a damaged one too; otherwise that is an
                `InvalidArgumentError`.
            lock_wait_s: how long to wait for another writer, in seconds.
        """
        lifecycle.create(Layout(Path(path)), embedder, replace=replace, wait_s=lock_wait_s)
        return cls.open(path, embedder=embedder, writable=True, lock_wait_s=lock_wait_s)

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        embedder: EmbedderInfo | None = None,
        writable: bool = False,
        lock_wait_s: float = 10.0,
    ) -> Self:
        """Open an index.

        Args:
            path: the folder.
            embedder: the model in use, to be compared with the one the index was made with.
            writable: allow changes.
            lock_wait_s: how long a write waits for another writer, in seconds.

        Raises:
            IndexNotFoundError, IndexDamagedError: there is none, or it cannot be read.
            IndexMismatchError: it was made with another embedder or by a newer version.
            IndexWriteError: `writable` in a folder that is not.
        """
        layout = Layout(Path(path))
        database = Database(layout, wait_s=lock_wait_s)
        try:
            found = lifecycle.check(database, layout, embedder)
            lock = WriteLock(layout.lock, wait_s=lock_wait_s) if writable else None
            if lock is not None:
                lock.check()
        except BaseException:
            database.close()
            raise
        return cls(layout, database, found, lock)

    @classmethod
    def open_or_create(cls, path: str | Path, embedder: EmbedderInfo, *, lock_wait_s: float = 10.0) -> Self:
        """Open the index for writing, or make it where there is none."""
        try:
            return cls.open(path, embedder=embedder, writable=True, lock_wait_s=lock_wait_s)
        except IndexNotFoundError:
            return cls.create(path, embedder, lock_wait_s=lock_wait_s)

    @property
    def embedder(self) -> EmbedderInfo:
        """The model whose vectors are in here."""
        return self._embedder

    @property
    def generation(self) -> int:
        """A number that rises with every change to transcripts, passages or vectors."""
        with self._database.reading() as connection:
            return lifecycle.read_generation(connection)

    def writing(self) -> AbstractContextManager[None]:
        """Keep other writers out for as long as the block runs."""
        if self._lock is None:
            raise IndexWriteError(str(self._layout.folder), "it was opened for reading", "Open it with writable=True.")
        return self._lock.held()

    def put(
        self, report: ImportReport, passages: Sequence[Passage], vectors: NDArray[np.float32], source: SourceState
    ) -> None:
        """See `Store.put`."""
        changes.check_passages(report.transcript, passages, vectors, self._embedder.dim)
        with self.writing(), self._database.writing() as connection:
            self._refuse_other_embedder(connection)
            changes.put(connection, report, passages, vectors, source)

    def remove(self, transcript_id: str) -> None:
        """See `Store.remove`."""
        with self.writing(), self._database.writing() as connection:
            changes.remove(connection, changes.known_key(connection, transcript_id))

    def sources(self) -> dict[str, tuple[str, SourceState]]:
        """See `Store.sources`."""
        with self._database.reading() as connection:
            return rows.read_sources(connection)

    def source(self, path: str) -> tuple[str, SourceState] | None:
        """See `Store.source`."""
        with self._database.reading() as connection:
            return rows.read_source(connection, path)

    def stored(self, transcript_id: str) -> Stored:
        """See `Store.stored`."""
        with self._database.reading() as connection:
            return stored.read(connection, changes.known_key(connection, transcript_id), self._embedder.dim)

    def touch_source(self, transcript_id: str, source: SourceState) -> None:
        """See `Store.touch_source`."""
        with self.writing(), self._database.writing() as connection:
            rows.insert_source(connection, changes.known_key(connection, transcript_id), source)

    def infos(self) -> tuple[TranscriptInfo, ...]:
        """See `Store.infos`."""
        with self._database.reading() as connection:
            edits = speakeredits.read_all(connection)
            state = lifecycle.read_generation(connection), edits
            kept = self._infos
            if kept is None or kept[0] != state:
                kept = self._infos = state, speakeredits.with_edits(rows.read_infos(connection), edits)
            return kept[1]

    def titles(self) -> dict[str, str]:
        """Title by transcript id."""
        with self._database.reading() as connection:
            return dict(connection.execute("SELECT id, title FROM transcripts ORDER BY id"))

    def transcript(self, transcript_id: str) -> Transcript:
        """See `Store.transcript`; the last few are kept, for as long as they are what the index holds."""
        with self._database.reading() as connection:
            # A key is never used twice: a transcript that was replaced has another.
            key = changes.known_key(connection, transcript_id)
            edits = speakeredits.read(connection, transcript_id)
            state = key, edits
            with self._guard:
                kept = self._transcripts.get(state)
                if kept is not None:
                    self._transcripts.move_to_end(state)
                    return kept
            transcript = renamed(rows.read_transcript(connection, key), loads(edits))
        with self._guard:
            self._transcripts[state] = transcript
            while len(self._transcripts) > _KEPT_TRANSCRIPTS:
                self._transcripts.popitem(last=False)
        return transcript

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """See `Store.passages`."""
        with self._database.reading() as connection:
            return self._passages.of_ids(connection, lifecycle.read_generation(connection), ids)

    def passage_count(self) -> int:
        """How many passages there are."""
        with self._database.reading() as connection:
            return self._current(connection).n_passages

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
        with self._database.reading() as connection:
            catalogue, index = self._loaded(connection)
            positions = catalogue.select(connection, selection)
            found = index.search(exact / length, k=k, positions=positions)
            return self._scored(connection, [(int(catalogue.rows[position]), score) for position, score in found])

    def search_keyword(self, terms: Sequence[str], *, k: int, selection: Selection | None = None) -> list[Scored]:
        """See `Store.search_keyword`."""
        _check_k(k)
        with self._database.reading() as connection:
            allowed = None
            if selection:
                catalogue = self._current(connection)
                positions = catalogue.select(connection, selection)
                allowed = None if positions is None else catalogue.rows[positions]
            return self._scored(connection, keywords.find_rows(connection, terms, k=k, rows=allowed))

    def speaker_edits(self, transcript_id: str) -> tuple[SpeakerEdit, ...]:
        """See `Store.speaker_edits`."""
        with self._database.reading() as connection:
            changes.known_key(connection, transcript_id)
            return loads(speakeredits.read(connection, transcript_id))

    def set_speaker_edits(self, transcript_id: str, edits: Sequence[SpeakerEdit]) -> None:
        """See `Store.set_speaker_edits`."""
        with self.writing(), self._database.writing() as connection:
            changes.known_key(connection, transcript_id)
            speakeredits.write(connection, transcript_id, edits)

    def settings(self) -> dict[str, str]:
        """Settings that must outlive the process."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT key, value FROM settings ORDER BY key")
            return {key: value for key, value in found if not key.startswith(speakeredits.PREFIX)}

    def set_setting(self, key: str, value: str) -> None:
        """Keep a setting; changes no generation."""
        with self.writing(), self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, value))

    def keep_drafts(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """See `KeepsDrafts.keep_drafts`."""
        with self.writing(), self._database.writing() as connection:
            drafts.keep(connection, vectors)

    def drafts(self) -> dict[bytes, NDArray[np.float32]]:
        """See `KeepsDrafts.drafts`."""
        with self._database.reading() as connection:
            return drafts.read(connection, self._embedder.dim)

    def drop_drafts(self) -> None:
        """See `KeepsDrafts.drop_drafts`."""
        with self.writing(), self._database.writing() as connection:
            drafts.drop(connection)

    def save(self) -> None:
        """Write the FAISS file, unless the one there will do, and give new vectors of a large index their cells."""
        with self.writing():
            with self._database.writing() as connection:
                catalogue = self._current(connection)
                before = None if self._vectors is None else self._vectors[1]
                state = connection, self._layout, catalogue, self._embedder.dim, before
                centres_are_new = vectorfile.put_into_cells(*state)
                outdated = vectorfile.outdated(connection, self._layout, catalogue, before) is not None
                if outdated:
                    vectorfile.write(*state)
            if outdated:
                vectorfile.clear_away(self._layout, catalogue.generation)
            if centres_are_new or outdated:
                with self._loading:
                    self._vectors = None

    def health(self) -> list[str]:
        """See `Store.health`; reads the whole database."""
        try:
            with self._database.reading() as connection:
                return problems(connection, self._layout)
        except IndexDamagedError as error:
            return [str(error)]

    def close(self) -> None:
        """Let go of files; a second call does nothing."""
        self._database.close()
        self._vectors = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _scored(self, connection: sqlite3.Connection, found: list[tuple[int, float]]) -> list[Scored]:
        generation = lifecycle.read_generation(connection)
        passages = self._passages.at_rows(connection, generation, [row for row, _ in found])
        return [Scored(passage_id=p.id, score=score) for p, (_, score) in zip(passages, found, strict=True)]

    def _current(self, connection: sqlite3.Connection) -> Catalogue:
        """The catalogue of the state a read transaction sees."""
        generation = lifecycle.read_generation(connection)
        catalogue = self._catalogue
        if catalogue is None or catalogue.generation != generation:
            self._refuse_other_embedder(connection)
            catalogue = self._catalogue = Catalogue.read(connection, generation)
        return catalogue

    def _loaded(self, connection: sqlite3.Connection) -> tuple[Catalogue, Segments]:
        """The catalogue and its vectors."""
        catalogue = self._current(connection)
        with self._loading:
            before = self._vectors
            if before is not None and before[0].generation == catalogue.generation:
                return before
            known = None if before is None else before[1]
            index = vectorfile.load(connection, self._layout, catalogue, self._embedder.dim, known)
            loaded = catalogue, index
            # A thread that began before the last change must not undo what a later one has loaded.
            if before is None or before[0].generation < catalogue.generation:
                self._vectors = loaded
            return loaded

    def _refuse_other_embedder(self, connection: sqlite3.Connection) -> None:
        # Another process may have replaced the index by one made with another model.
        lifecycle.refuse_other_embedder(str(self._layout.folder), lifecycle.read_embedder(connection), self._embedder)


def _check_k(k: int) -> None:
    if k < 1:
        raise InvalidArgumentError(f"k has to be at least 1, not {k}")
