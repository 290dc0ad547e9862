"""Files into an index: what is new or changed is read, packed, embedded and stored; what has gone is taken out.

Each transcript is one transaction, so that a stop at any moment leaves whole transcripts only. One file that cannot be
read is reported at the end and stops no other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from transcript_qa.chunk import embedding_text, split_passages
from transcript_qa.corpus import Fingerprint, Source, find_sources, fingerprint, read_bytes, transcript_ids
from transcript_qa.datatypes import ImportReport, Passage, Transcript
from transcript_qa.embed import Embedder
from transcript_qa.errors import InvalidArgumentError, ParseError, SourceNotFoundError, UnknownTranscriptError
from transcript_qa.formats import parse_transcript
from transcript_qa.sharding import Shard
from transcript_qa.store import SourceState, Store

# More word pieces than this make passages too long to point at, whatever the embedder reads.
PASSAGE_TOKENS = 254
_PACKING = f"turns-1:{PASSAGE_TOKENS}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexProgress:
    """How far indexing has come.

    Attributes:
        source: the file at work.
        n_files, files_done: files in all, and finished.
        n_passages, passages_done: passages of this file, and embedded.
    """

    source: str
    n_files: int
    files_done: int
    n_passages: int = 0
    passages_done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedSource:
    """A file that could not be read, and why."""

    source: str
    error: ParseError | SourceNotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What indexing did: ids of transcripts, and the files that failed.

    Attributes:
        added, changed, unchanged, removed: transcript ids, in order of their files.
        failed: files that could not be read; what an earlier version of them had put in the index is still there.
        reports: what was understood of each file that was added or changed.
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
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[FailedSource] = field(default_factory=list)
    reports: list[ImportReport] = field(default_factory=list)

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
        ids = transcript_ids([_key(s) for s in sources], {path: tid for path, (tid, _) in store.sources().items()})
        sources = [source for source in sources if shard is None or shard.holds(_key(source))]
        for done, source in enumerate(sources):
            step = IndexProgress(source=source.name, n_files=len(sources), files_done=done)
            _update_one(store, embedder, source, ids[_key(source)], repacked, outcome, step, progress)
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


def passages_of(transcript: Transcript, embedder: Embedder) -> list[Passage]:
    """The passages of a transcript as this embedder can read them."""
    budget = min(embedder.max_tokens, PASSAGE_TOKENS)
    return split_passages(transcript, count_tokens=embedder.count_tokens, budget_tokens=budget)


def _key(source: Source) -> str:
    return source.path.resolve().as_posix()


def _update_one(
    store: Store,
    embedder: Embedder,
    source: Source,
    transcript_id: str,
    repacked: bool,
    outcome: _Outcome,
    step: IndexProgress,
    progress: ProgressCallback | None,
) -> None:
    try:
        _check_name(source)
        known = store.source(_key(source))
        if known is not None and not repacked and _untouched(source, known[1]):
            outcome.unchanged.append(transcript_id)
            return
        data = read_bytes(source.path)
        now = _state(source, fingerprint(source.path, data))
        if known is not None and not repacked and known[1].sha256 == now.sha256:
            store.touch_source(transcript_id, now)
            outcome.unchanged.append(transcript_id)
            return
        report = parse_transcript(data, source=source.name, transcript_id=transcript_id)
    except (ParseError, SourceNotFoundError) as error:
        name = source.name.encode("utf-8", "replace").decode("utf-8")
        outcome.failed.append(FailedSource(source=name, error=error))
        return

    def embedded(done: int, total: int) -> None:
        if progress is not None:
            progress(
                IndexProgress(
                    source=step.source,
                    n_files=step.n_files,
                    files_done=step.files_done,
                    n_passages=total,
                    passages_done=done,
                )
            )

    if progress is not None:
        progress(step)
    put_transcript(store, embedder, report, now, progress=embedded)
    (outcome.added if known is None else outcome.changed).append(transcript_id)
    outcome.reports.append(report)


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
