"""Files into an index: what is new or changed is read, packed, embedded and stored; what has gone is taken out.

Each transcript is one transaction, so that a stop at any moment leaves whole transcripts only; of what was embedded no
more than a batch is lost. One file that cannot be read is reported at the end and stops no other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from transcript_qa.chunk import embedding_text
from transcript_qa.corpus import Fingerprint, Source, find_sources, fingerprint, read_bytes, transcript_ids
from transcript_qa.datatypes import ImportReport
from transcript_qa.embed import Embedder
from transcript_qa.errors import InvalidArgumentError, ParseError, SourceNotFoundError, UnknownTranscriptError
from transcript_qa.formats import parse_transcript
from transcript_qa.pace import Pace
from transcript_qa.reuse import Reuse
from transcript_qa.sharding import Shard
from transcript_qa.store import KeepsDrafts, SourceState, Store
from transcript_qa.streaming import (
    PASSAGE_TOKENS,
    Embedded,
    Failed,
    FailedSource,
    Read,
    Step,
    Unchanged,
    Work,
    pack,
    passages_of,
    streamed,
)

__all__ = [
    "FailedSource",
    "IndexProgress",
    "IndexReport",
    "ProgressCallback",
    "passages_of",
    "put_transcript",
    "update_index",
]

_PACKING = f"turns-1:{PASSAGE_TOKENS}"
# Of so many characters of text whole reports are kept; memory must not grow with the archive.
_REPORTED_CHARS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexProgress:
    """How far indexing has come.

    Attributes:
        source: the file at work.
        n_files, files_done: files in all, and finished.
        n_passages, passages_done: passages of this file, or of the batch that begins with it, and embedded.
        words_per_s: words embedded a second, None at the beginning.
        left_s: seconds that the files not yet done will take, going by their bytes; None at the beginning.
    """

    source: str
    n_files: int
    files_done: int
    n_passages: int = 0
    passages_done: int = 0
    words_per_s: float | None = None
    left_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What indexing did: ids of transcripts, and the files that failed.

    Attributes:
        added, changed, unchanged, removed: transcript ids, in order of their files.
        failed: files that could not be read; what an earlier version of them had put in the index is still there.
        reports: what was understood of each file that was added or changed; of thousands, whole for the first, and
            then, without the words, for those with warnings.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    failed: tuple[FailedSource, ...]
    reports: tuple[ImportReport, ...]


ProgressCallback = Callable[[IndexProgress], None]


@dataclass(slots=True)
class _Outcome:
    """What has been done so far."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[FailedSource] = field(default_factory=list)
    reports: list[ImportReport] = field(default_factory=list)
    reported_chars: int = 0

    def stored(self, work: Work) -> None:
        (self.added if work.is_new else self.changed).append(work.report.transcript.id)
        self.reported_chars += len(work.report.transcript.text)
        if self.reported_chars <= _REPORTED_CHARS or not self.reports:
            self.reports.append(work.report)
        elif work.report.warnings:
            wordless = replace(work.report.transcript, text="", turns=(), skipped=())
            self.reports.append(replace(work.report, transcript=wordless))

    def report(self) -> IndexReport:
        return IndexReport(
            added=tuple(self.added),
            changed=tuple(self.changed),
            unchanged=tuple(self.unchanged),
            removed=tuple(self.removed),
            failed=tuple(self.failed),
            reports=tuple(self.reports),
        )


def update_index(
    store: Store,
    embedder: Embedder,
    paths: Iterable[str | os.PathLike[str]],
    *,
    shard: Shard | None = None,
    progress: ProgressCallback | None = None,
) -> IndexReport:
    """Bring the index up to what the files say now.

    New files are added, changed ones replaced, unchanged ones left alone; a transcript whose file has gone from one of
    the folders in `paths` is removed.

    Args:
        store: an index open for writing.
        embedder: the model it was made with.
        paths: files, and folders that are searched for files.
        shard: see to this share of the files only, and leave the others to other workers; all are given the same
            `paths`, under the same names.
        progress: told of each step.

    Raises:
        SourceNotFoundError: a path that is not there, or a folder without a file to read.
        InvalidArgumentError: a share of an index whose passages were cut in another way.
    """
    roots = [Path(path) for path in paths]
    outcome = _Outcome()
    with store.writing():
        sources = find_sources([root for root in roots if not _emptied(store, root)])
        if not store.sources():
            # Said before the first transcript goes in, so that a killed first run goes on where it was.
            store.set_setting("packing", _PACKING)
        repacked = store.settings().get("packing") != _PACKING
        if repacked and shard is not None:
            raise InvalidArgumentError(
                "The passages of this index were cut in another way, by another version. Run once without --shard, "
                "or index into an archive of another name."
            )
        known = store.sources()
        ids = transcript_ids([_key(s) for s in sources], {path: tid for path, (tid, _) in known.items()})
        sources = [source for source in sources if shard is None or shard.holds(_key(source))]
        reader = _Reader(store, embedder, sources, ids, Reuse(store, known, held=not repacked), repacked=repacked)
        writer = _Writer(store, sources, known, outcome, progress)
        with streamed(reader.read, embedder) as steps:
            for step in steps:
                writer.take(step)
        writer.drop_drafts()
        _remove_vanished(store, roots, {_key(source) for source in sources}, shard, outcome)
        store.set_setting("packing", _PACKING)
        store.save()
    return outcome.report()


def put_transcript(
    store: Store,
    embedder: Embedder,
    report: ImportReport,
    state: SourceState,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Pack, embed and store one transcript that has been read."""
    passages = passages_of(report.transcript, embedder)
    texts = [embedding_text(report.transcript, passage) for passage in passages]
    store.put(report, passages, embedder.embed_passages(texts, progress=progress), state)


def _key(source: Source) -> str:
    return source.path.resolve().as_posix()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads and packs files, in the reading thread."""

    store: Store
    embedder: Embedder
    sources: Sequence[Source]
    ids: dict[str, str]
    reuse: Reuse
    repacked: bool

    def read(self) -> Iterator[Read]:
        for place, source in enumerate(self.sources):
            try:
                yield self._read_one(place, source, self.ids[_key(source)])
            except (ParseError, SourceNotFoundError) as error:
                name = source.name.encode("utf-8", "replace").decode("utf-8")
                yield Failed(place=place, failure=FailedSource(source=name, error=error))

    def _read_one(self, place: int, source: Source, transcript_id: str) -> Read:
        _check_name(source)
        known = self.store.source(_key(source))
        kept = known is not None and not self.repacked
        if known is not None and kept and _untouched(source, known[1]):
            return Unchanged(place=place, transcript_id=transcript_id)
        data = read_bytes(source.path)
        now = _state(source, fingerprint(source.path, data))
        if known is not None and kept and known[1].sha256 == now.sha256:
            return Unchanged(place=place, transcript_id=transcript_id, touched=now)
        report = parse_transcript(data, source=source.name, transcript_id=transcript_id)
        work = Work(
            place=place,
            name=source.name,
            report=report,
            passages=passages_of(report.transcript, self.embedder),
            state=now,
            is_new=known is None,
        )
        pack(work, lambda texts: self.reuse.find(texts, now, replaced=known[0] if known else None))
        self.reuse.add_source(transcript_id, now)
        return work


class _Writer:
    """Stores what comes, in the thread that holds the lock, and tells how far it is."""

    def __init__(
        self,
        store: Store,
        sources: Sequence[Source],
        known: dict[str, tuple[str, SourceState]],
        outcome: _Outcome,
        progress: ProgressCallback | None,
    ) -> None:
        self._store = store
        self._outcome = outcome
        self._progress = progress
        self._sizes = [0 if _is_as_known(source, known) else _size(source) for source in sources]
        self._pace = Pace(sum(self._sizes))
        self._n_words = 0
        self._bytes_done = 0
        self._drafts = set(store.drafts()) if isinstance(store, KeepsDrafts) else set()

    def take(self, step: Step) -> None:
        if isinstance(step, Embedded):
            self._embedded(step)
            return
        self._bytes_done += self._sizes[step.place]
        if isinstance(step, Failed):
            self._outcome.failed.append(step.failure)
        elif isinstance(step, Unchanged):
            if step.touched is not None:
                self._store.touch_source(step.transcript_id, step.touched)
            self._outcome.unchanged.append(step.transcript_id)
        else:
            self._put(step)

    def _put(self, work: Work) -> None:
        self._tell(work, done=len(work.passages), total=len(work.passages))
        self._store.put(work.report, work.passages, work.matrix(self._store.embedder.dim), work.state)
        self._outcome.stored(work)
        if not self._drafts.isdisjoint(work.texts):
            self.drop_drafts()

    def drop_drafts(self) -> None:
        """Forget what was embedded of a transcript that is whole now, or will never be."""
        if self._drafts and isinstance(self._store, KeepsDrafts):
            self._store.drop_drafts()
            self._drafts.clear()

    def _embedded(self, step: Embedded) -> None:
        if step.drafts is not None and isinstance(self._store, KeepsDrafts):
            self._store.keep_drafts(step.drafts)
            self._drafts.update(step.drafts)
        self._n_words += step.n_words
        self._pace.reached(
            n_words=self._n_words,
            n_bytes=self._bytes_done + self._sizes[step.work.place] * step.done / step.total,
        )
        self._tell(step.work, done=step.done, total=step.total)

    def _tell(self, work: Work, *, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(
                IndexProgress(
                    source=work.name,
                    n_files=len(self._sizes),
                    files_done=work.place,
                    n_passages=total,
                    passages_done=done,
                    words_per_s=self._pace.words_per_s,
                    left_s=self._pace.left_s,
                )
            )


def _check_name(source: Source) -> None:
    """Refuse a file whose name is no text: nothing could cite it."""
    try:
        source.name.encode("utf-8")
    except UnicodeEncodeError as error:
        shown = source.name.encode("utf-8", "replace").decode("utf-8")
        raise ParseError(shown, "the file's name is not UTF-8", "Rename the file.") from error


def _untouched(source: Source, known: SourceState) -> bool:
    try:
        stat = source.path.stat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (known.size, known.mtime_ns)


def _is_as_known(source: Source, known: dict[str, tuple[str, SourceState]]) -> bool:
    there = known.get(_key(source))
    return there is not None and _untouched(source, there[1])


def _size(source: Source) -> int:
    try:
        return source.path.stat().st_size
    except OSError:
        return 0


def _state(source: Source, found: Fingerprint) -> SourceState:
    return SourceState(path=_key(source), size=found.size, mtime_ns=found.mtime_ns, sha256=found.sha256)


def _emptied(store: Store, root: Path) -> bool:
    """True for a folder that the index knows and that holds no transcript any more: its transcripts go, no error."""
    if not root.is_dir():
        return False
    try:
        find_sources([root])
    except SourceNotFoundError:
        return bool(_below(store, [root]))
    return False


def _below(store: Store, roots: Sequence[Path]) -> dict[str, str]:
    """Transcript id by path, for the sources in these folders."""
    folders = [root.resolve() for root in roots if root.is_dir()]
    return {
        path: transcript_id
        for path, (transcript_id, _) in store.sources().items()
        if any(Path(path).is_relative_to(folder) for folder in folders)
    }


def _remove_vanished(
    store: Store, roots: Sequence[Path], present: set[str], shard: Shard | None, outcome: _Outcome
) -> None:
    for path, transcript_id in _below(store, roots).items():
        ours = shard is None or shard.holds(path)
        if ours and path not in present and not Path(path).exists():
            # Another worker may have been quicker.
            with suppress(UnknownTranscriptError):
                store.remove(transcript_id)
            outcome.removed.append(transcript_id)
