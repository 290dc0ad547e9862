"""`TranscriptQA`: the one door to all of it, for Python, the command line and the web chat alike."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from threading import RLock
from types import TracebackType
from typing import Self

from transcript_qa.answering import READ_HITS, answered
from transcript_qa.asking import History
from transcript_qa.calibration import THRESHOLD_SETTING, Calibration, calibrate, kept_threshold
from transcript_qa.consulting import search_read
from transcript_qa.corpus import check_paths
from transcript_qa.datatypes import (
    Answer,
    Filters,
    Hit,
    ImportReport,
    Passage,
    Speaker,
    Transcript,
    Verification,
)
from transcript_qa.embed import Embedder, SentenceTransformerEmbedder
from transcript_qa.events import AnswerDone, AnswerDraft, AnswerText
from transcript_qa.filters import as_filters
from transcript_qa.grounding.ground import QuoteFinder
from transcript_qa.grounding.statements import CosineScorer, PairScorer, StatementCheck, check_statement
from transcript_qa.grounding.verifying import Verifier, every_passage
from transcript_qa.indexing import IndexReport, ProgressCallback, update_index
from transcript_qa.reading.reader import Reader, Reading, default_reader
from transcript_qa.removal import Removed, remove_transcript, restore_speakers
from transcript_qa.renaming import merge_speakers, rename_speaker, undo_speakers
from transcript_qa.search import search, search_words
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
from transcript_qa.wording.answer import Wording, as_events
from transcript_qa.wording.generate import Generator

_ONE_OF_EACH_KIND = ("how much is it", "Summarize the discussion.")
"""Questions on a fact and on a topic, which different networks read."""


class TranscriptQA:
    """Transcripts in an index, and what can be asked of them. Safe to share between threads.

    Args:
        store: an open index.
        embedder: the model it was made with.
        reader: None for the one that comes with the package.
        threshold: the confidence below which nothing is quoted; None for the one that `calibrate` left in the index, or
            that the reader has.
    """

    def __init__(
        self, store: Store, embedder: Embedder, *, reader: Reader | None = None, threshold: float | None = None
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._reader = reader or default_reader(embedder)
        self._threshold = kept_threshold(store, self._reader.threshold) if threshold is None else threshold
        self._verifier = Verifier(store)
        self._wording: Wording | None = None
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
        info = EmbedderInfo.of(chosen)
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
        return cls(open_store(index, embedder=EmbedderInfo.of(chosen), writable=writable), chosen)

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

    def passages(self) -> tuple[Passage, ...]:
        """Every passage of the index, by transcript and place."""
        return every_passage(self._store)

    def health(self) -> list[str]:
        """What is wrong with the index, in words; empty where nothing is."""
        return self._store.health()

    @property
    def threshold(self) -> float:
        """The confidence below which nothing is quoted."""
        return self._threshold

    def calibrate(self) -> Calibration:
        """Fit the threshold to these transcripts and keep it in the index; see calibration.py.

        Raises:
            InvalidArgumentError: the transcripts hold too few questions to ask.
        """
        with self._changing:
            found = calibrate(self._store, self._embedder, self._reader, threshold=self._threshold, k=READ_HITS)
            self._store.set_setting(THRESHOLD_SETTING, str(found.threshold))
            self._threshold = found.threshold
            return found

    def warm_up(self) -> None:
        """Load the models and the vectors now, so that the first question does not wait for them."""
        if self.passage_count():
            for question in _ONE_OF_EACH_KIND:
                self.ask(question, k=1, worded=False)

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        transcripts: Sequence[str] | None = None,
        speakers: Sequence[str] | None = None,
        after: date | str | None = None,
        before: date | str | None = None,
        rerank: bool = False,
        words_only: bool = False,
    ) -> list[Hit]:
        """The k passages that fit a question best; the filters are exact, the dates inclusive.

        Args:
            query: words or a question.
            k: how many at most.
            transcripts: ids to narrow to.
            speakers: names to narrow to.
            after: a date; earlier transcripts are left out.
            before: a date; later transcripts are left out.
            rerank: let the reader order the first of them, which takes over 100 ms more.
            words_only: find passages by their words alone, best by BM25; no model is loaded, and `rerank` changes
                nothing.

        Raises:
            InvalidArgumentError: an empty question, k below 1, a date that is none.
            UnknownTranscriptError, UnknownSpeakerError: a filter that names nothing in the index.
        """
        filters = as_filters(transcripts, speakers, after, before)
        if words_only:
            return search_words(self._store, query, k=k, filters=filters)
        if rerank:
            return search_read(self._store, self._embedder, self._reader, query, k=k, filters=filters)
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
        history: History | None = None,
        implied: bool | Collection[str] = True,
        worded: bool = True,
    ) -> Answer:
        """What the transcripts say to a question; the filters as in `search`.

        Args:
            question: in words.
            k: how many passages to read.
            transcripts: ids to narrow to.
            speakers: names to narrow to; only their words are quoted.
            after: a date; earlier transcripts are left out.
            before: a date; later transcripts are left out.
            history: the questions before and their answers, oldest first, as answers or as pairs of question and text;
                a follow-up is made stand-alone from them, and what they quoted is read again for it.
            implied: whether what the question itself is narrowed to ("what did Voss say…") is kept to, or a set of what
                of it to leave out: keys (`speaker:Mira Voss`) or kinds (`speaker`, `transcript`, `date`).
            worded: let the language model of `word_with` word it, where there is one.

        Raises:
            InvalidArgumentError, UnknownTranscriptError, UnknownSpeakerError: as `search`.
        """
        given = as_filters(transcripts, speakers, after, before)
        answer, reading = self._answered(question, given, k=k, history=history, implied=implied)
        if self._wording is None or not worded:
            return answer
        *_, done = self._wording.stream(answer, reading)
        assert isinstance(done, AnswerDone)
        return done.answer

    def stream(
        self,
        question: str,
        *,
        k: int = READ_HITS,
        transcripts: Sequence[str] | None = None,
        speakers: Sequence[str] | None = None,
        after: date | str | None = None,
        before: date | str | None = None,
        history: History | None = None,
        implied: bool | Collection[str] = True,
    ) -> Iterator[AnswerText | AnswerDraft | AnswerDone]:
        """The answer as it comes: pieces of its text, a quotation or a checked sentence at a time, and last the whole.

        As `ask`. Where a language model words it there are drafts between them. Closing the iterator stops the model.
        """
        given = as_filters(transcripts, speakers, after, before)
        answer, reading = self._answered(question, given, k=k, history=history, implied=implied)
        yield from as_events(answer) if self._wording is None else self._wording.stream(answer, reading)

    def word_with(self, generator: Generator | None, *, strict: bool = False) -> None:
        """Let a language model word the answers from now on; None for the transcripts' own words alone.

        Each of its sentences is checked against what it cites; see `wording.Wording`.

        Args:
            generator: the model, as `generate.ServerGenerator`.
            strict: leave out what is not borne out, instead of marking it.
        """
        self._wording = (
            Wording(generator, store=self._store, embedder=self._embedder, reader=self._reader, strict=strict)
            if generator is not None
            else None
        )

    def verify(self, quote: str, *, speaker: str | None = None, transcript: str | None = None) -> Verification:
        """Whether a quote stands in the transcripts, word for word, and where.

        Args:
            quote: words that somebody is said to have said.
            speaker: who is said to have said them.
            transcript: id of the transcript in which they are said to stand.

        Raises:
            InvalidArgumentError: a quote without a word.
        """
        return self._verifier.find(quote, speaker=speaker, transcript_id=transcript)

    def quote_finder(self) -> QuoteFinder:
        """All words of the index in memory, for thousands of quotes; good until the index changes."""
        return self._verifier.finder()

    def check_statement(
        self, statement: str, *, speaker: str | None = None, scorer: PairScorer | None = None
    ) -> StatementCheck:
        """How far the transcripts bear out a statement that quotes nothing, and which of its words nothing bears out.

        Args:
            statement: in words.
            speaker: who is said to have said so.
            scorer: of pairs of statement and sentence; None for the cosine of the index's model.
        """
        chosen = scorer or CosineScorer(self._embedder)
        return check_statement(statement, self.search, self._store.transcript, chosen, speaker=speaker)

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

    def _answered(
        self, question: str, given: Filters, *, k: int, history: History | None, implied: bool | Collection[str]
    ) -> tuple[Answer, Reading]:
        parts = self._store, self._embedder, self._reader
        return answered(*parts, question, given, k=k, history=history, implied=implied, threshold=self._threshold)


__all__ = ["AnswerDone", "AnswerDraft", "AnswerText", "TranscriptQA"]
