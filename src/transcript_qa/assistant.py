"""`TranscriptQA`: the one door to all of it, for Python, the command line and the web chat alike."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from threading import RLock
from time import perf_counter
from types import TracebackType
from typing import Self

from transcript_qa.corpus import check_paths
from transcript_qa.datatypes import (
    Answer,
    Citation,
    Filters,
    Hit,
    ImportReport,
    Passage,
    Speaker,
    Support,
    Transcript,
    Verification,
)
from transcript_qa.embed import Embedder, SentenceTransformerEmbedder
from transcript_qa.filters import as_filters
from transcript_qa.ground import cite, ground, support_of
from transcript_qa.indexing import IndexReport, ProgressCallback, update_index
from transcript_qa.mentions import counted_text, find_mentions, quoted, thing_asked
from transcript_qa.reader import THRESHOLD, EvidenceReader, Reader, Reading, answering
from transcript_qa.removal import Removed, remove_transcript, restore_speakers
from transcript_qa.renaming import merge_speakers, rename_speaker, undo_speakers
from transcript_qa.render import answer_text
from transcript_qa.search import search, select
from transcript_qa.sharding import Shard
from transcript_qa.store import (
    EmbedderInfo,
    Index,
    Store,
    TranscriptInfo,
    create_store,
    has_index,
    open_or_create_store,
    open_store,
)
from transcript_qa.text import keywords

READ_HITS = 8
_VERIFY_PASSAGES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerText:
    """A piece of an answer's text as it comes."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDone:
    """The whole answer; always the last event."""

    answer: Answer


class TranscriptQA:
    """Transcripts in an index, and what can be asked of them. Safe to share between threads.

    Args:
        store: an open index.
        embedder: the model it was made with.
        reader: None for the one that comes with the package.
    """

    def __init__(self, store: Store, embedder: Embedder, *, reader: Reader | None = None) -> None:
        self._store = store
        self._embedder = embedder
        self._reader = reader or EvidenceReader(embedder)
        self._changing = RLock()
        self._last_report: IndexReport | None = None

    @classmethod
    def build(
        cls,
        paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        index: Index = "index/",
        model: str | None = None,
        embedder: Embedder | None = None,
        progress: ProgressCallback | None = None,
        rebuild: bool = False,
    ) -> Self:
        """Open an index, made where there is none, and bring it up to the files in `paths`.

        Args:
            paths: a file or folder, or several.
            index: the folder of the index, or the address of an archive: milvus://HOST:PORT/ARCHIVE.
            model: a sentence-transformers model on this machine; None for the bundled one.
            embedder: in place of `model`.
            progress: told of each step of indexing.
            rebuild: throw away what the index holds first.

        Raises:
            SourceNotFoundError: a path that is not there, or a folder without a file to read.
            ParseError: not one of the files could be read and the index holds nothing.
            IndexMismatchError, IndexDamagedError, IndexWriteError, IndexLockedError: as the class says.
        """
        given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        check_paths(given, into_empty=rebuild or not has_index(index))
        chosen = embedder or SentenceTransformerEmbedder(model)
        info = _embedder_info(chosen)
        store = create_store(index, info, replace=True) if rebuild else open_or_create_store(index, info)
        self = cls(store, chosen)
        try:
            report = self.update(given, progress=progress)
            if report.failed and not self.transcripts():
                raise report.failed[0].error
        except BaseException:
            self.close()
            raise
        return self

    @classmethod
    def open(
        cls,
        index: Index = "index/",
        *,
        model: str | None = None,
        embedder: Embedder | None = None,
        writable: bool = False,
    ) -> Self:
        """Open an index that is there.

        Raises:
            IndexNotFoundError, IndexDamagedError, IndexMismatchError: as the class says.
        """
        chosen = embedder or SentenceTransformerEmbedder(model)
        return cls(open_store(index, embedder=_embedder_info(chosen), writable=writable), chosen)

    def update(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        shard: Shard | None = None,
        progress: ProgressCallback | None = None,
    ) -> IndexReport:
        """Add what is new or changed in `paths`, drop what has gone from the folders among them.

        Args:
            paths: files and folders.
            shard: this share of the files only; see `indexing.update_index`.
            progress: told of each step.
        """
        with self._changing:
            self._last_report = update_index(self._store, self._embedder, paths, shard=shard, progress=progress)
            return self._last_report

    @property
    def last_report(self) -> IndexReport | None:
        """What the last `build`, `update` or `add` did, files that failed among it; None before any."""
        return self._last_report

    def add(self, path: str | os.PathLike[str], *, progress: ProgressCallback | None = None) -> ImportReport | None:
        """Add one file, or replace what it held before; None where it is in the index as it is.

        Raises:
            SourceNotFoundError, ParseError: the file cannot be read; the index is as before.
        """
        report = self.update([path], progress=progress)
        if report.failed:
            raise report.failed[0].error
        return report.reports[0] if report.reports else None

    def remove(self, transcript_id: str) -> Removed:
        """Take a transcript out of the index; its file is left alone. Raises `UnknownTranscriptError`."""
        with self._changing:
            return remove_transcript(self._store, transcript_id)

    def put_back(self, removed: Removed, *, progress: ProgressCallback | None = None) -> None:
        """Read a removed transcript's file again, and give its speakers the names they had.

        Raises:
            SourceNotFoundError, ParseError: the file cannot be read any more; the index is as before.
        """
        with self._changing:
            self.add(removed.source, progress=progress)
            restore_speakers(self._store, removed)

    def transcripts(self) -> tuple[TranscriptInfo, ...]:
        """Every transcript of the index, by title."""
        return self._store.infos()

    def transcript(self, transcript_id: str) -> Transcript:
        """One transcript, whole. Raises `UnknownTranscriptError`."""
        return self._store.transcript(transcript_id)

    def rename_speaker(self, transcript_id: str, speaker: str, name: str) -> Speaker:
        """Give a speaker of one transcript a name; nothing is embedded again. See `renaming.rename_speaker`."""
        return rename_speaker(self._store, transcript_id, speaker, name)

    def merge_speakers(self, transcript_id: str, speakers: Sequence[str], name: str | None = None) -> Speaker:
        """Make two or more labels of one transcript one speaker. See `renaming.merge_speakers`."""
        return merge_speakers(self._store, transcript_id, speakers, name)

    def undo_speakers(self, transcript_id: str) -> bool:
        """Take back the last of these for one transcript; False where there is nothing to take back."""
        return undo_speakers(self._store, transcript_id) > 0

    def speakers_edited(self, transcript_id: str) -> bool:
        """Whether there is anything that `undo_speakers` would take back."""
        return bool(self._store.speaker_edits(transcript_id))

    def passage_count(self) -> int:
        """How many passages the index holds."""
        return self._store.passage_count()

    def health(self) -> list[str]:
        """What is wrong with the index, in words; empty where nothing is."""
        return self._store.health()

    def warm_up(self) -> None:
        """Load the model and the vectors now, so that the first question does not wait for them."""
        if self.passage_count():
            self.search("warm", k=1)

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        transcripts: Sequence[str] | None = None,
        speakers: Sequence[str] | None = None,
        after: date | str | None = None,
        before: date | str | None = None,
    ) -> list[Hit]:
        """The k passages that fit a question best; the filters are exact, the dates inclusive.

        Raises:
            InvalidArgumentError: an empty question, k below 1, a date that is none.
            UnknownTranscriptError, UnknownSpeakerError: a filter that names nothing in the index.
        """
        filters = as_filters(transcripts, speakers, after, before)
        return search(self._store, self._embedder, query, k=k, filters=filters)

    def ask(
        self,
        question: str,
        *,
        k: int = READ_HITS,
        transcripts: Sequence[str] | None = None,
        speakers: Sequence[str] | None = None,
        after: date | str | None = None,
        before: date | str | None = None,
    ) -> Answer:
        """What the transcripts say to a question; the filters as in `search`.

        Args:
            question: in words.
            k: how many passages to read.
            transcripts: ids to narrow to.
            speakers: names to narrow to; only their words are quoted.
            after: a date; earlier transcripts are left out.
            before: a date; later transcripts are left out.

        Raises:
            InvalidArgumentError, UnknownTranscriptError, UnknownSpeakerError: as `search`.
        """
        started = perf_counter()
        filters = as_filters(transcripts, speakers, after, before)
        hits = search(self._store, self._embedder, question, k=k, filters=filters)
        searched = perf_counter()
        known = {hit.passage.transcript_id for hit in hits}
        by_id = {transcript_id: self._store.transcript(transcript_id) for transcript_id in known}
        reading = self._reader.read(question, hits, by_id, speakers=self._selected_speakers(filters))
        read = perf_counter()
        thing = thing_asked(question)
        if thing is not None:
            mentions = find_mentions(self._store, thing, selection=select(self._store.infos(), filters))
            shown, confidence = quoted(mentions), 1.0
            text = counted_text(thing, mentions, shown) if shown else answer_text(())
        else:
            citations, confidence = _citations(reading), reading.confidence
            shown = citations if confidence >= THRESHOLD else ()
            text = answer_text(shown)
        return Answer(
            question=question,
            asked_as=question.strip(),
            text=text,
            citations=shown,
            hits=_with_reader_scores(hits, reading),
            answered=bool(shown),
            confidence=confidence if shown or thing is None else 0.0,
            filters=filters,
            timings_ms={
                "search": 1000 * (searched - started),
                "read": 1000 * (read - searched),
                "total": 1000 * (perf_counter() - started),
            },
        )

    def stream(
        self,
        question: str,
        *,
        k: int = READ_HITS,
        transcripts: Sequence[str] | None = None,
        speakers: Sequence[str] | None = None,
        after: date | str | None = None,
        before: date | str | None = None,
    ) -> Iterator[AnswerText | AnswerDone]:
        """The answer as it comes: pieces of its text, a quotation at a time, and last the whole."""
        answer = self.ask(question, k=k, transcripts=transcripts, speakers=speakers, after=after, before=before)
        pieces = answer.text.split("\n\n")
        for number, piece in enumerate(pieces):
            yield AnswerText(text=piece if number == len(pieces) - 1 else f"{piece}\n\n")
        yield AnswerDone(answer=answer)

    def verify(self, quote: str, *, speaker: str | None = None, transcript: str | None = None) -> Verification:
        """Whether a quote stands in the transcripts, word for word, and where.

        Args:
            quote: words that somebody is said to have said.
            speaker: who is said to have said them.
            transcript: id of the transcript in which they are said to stand.

        Raises:
            InvalidArgumentError: a quote without a word.
        """
        return ground(quote, self._likely_sources(quote, transcript), transcript_id=transcript, speaker=speaker)

    def address(self, passage: Passage) -> str | None:
        """The native address of a passage's first words."""
        return self._store.transcript(passage.transcript_id).turns[passage.turns[0]].address

    def close(self) -> None:
        """Let go of the index; a second call does nothing."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _selected_speakers(self, filters: Filters) -> frozenset[tuple[str, str]] | None:
        selection = select(self._store.infos(), filters)
        return None if selection is None else selection.speakers

    def _likely_sources(self, quote: str, claimed: str | None) -> Iterator[Transcript]:
        """Transcripts that may hold the quote: the one claimed, those with its words, or else all."""
        seen: dict[str, None] = {claimed: None} if claimed is not None else {}
        asked = sorted(set(keywords(quote)))
        if asked:
            found = self._store.search_keyword(asked, k=_VERIFY_PASSAGES)
            seen |= {p.transcript_id: None for p in self._store.passages([scored.passage_id for scored in found])}
        if not seen:
            seen |= {info.id: None for info in self._store.infos()}
        for transcript_id in seen:
            yield self._store.transcript(transcript_id)


def _embedder_info(embedder: Embedder) -> EmbedderInfo:
    return EmbedderInfo(name=embedder.name, fingerprint=embedder.fingerprint, dim=embedder.dim)


def _citations(reading: Reading) -> tuple[Citation, ...]:
    """The sentences that answer as citations, each checked against its transcript; one that fails is left out."""
    citations: list[Citation] = []
    for candidate in answering(reading):
        support = support_of(candidate.text, candidate.span, candidate.transcript)
        if support in (Support.EXACT, Support.NORMALISED):
            marker = len(citations) + 1
            citations.append(cite(candidate.transcript, candidate.turn, candidate.span, support, marker=marker))
    return tuple(citations)


def _with_reader_scores(hits: Sequence[Hit], reading: Reading) -> tuple[Hit, ...]:
    """The hits with the reader's best score in each."""
    best: dict[str, float] = {}
    for sentence in reading.sentences:
        best.setdefault(sentence.candidate.hit.passage.id, sentence.score)
    return tuple(replace(hit, why=replace(hit.why, reader=best.get(hit.passage.id))) for hit in hits)


__all__ = ["AnswerDone", "AnswerText", "TranscriptQA"]
