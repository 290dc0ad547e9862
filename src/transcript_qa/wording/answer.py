"""An answer in a language model's words, every sentence of it checked before it counts.

The answer that was made without a model is the ground: it is what is shown where the model fails, and where nothing of
what it writes is borne out. A sentence that is not borne out is marked, or with `strict` left out; some kinds are
always left out (`checks.NEVER_SHOWN`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from transcript_qa.consulting import read_hits
from transcript_qa.datatypes import Answer
from transcript_qa.embed import Embedder
from transcript_qa.errors import TranscriptQAError
from transcript_qa.events import AnswerDone, AnswerDraft, AnswerText
from transcript_qa.mentions import thing_asked
from transcript_qa.reading.features import Candidate
from transcript_qa.reading.reader import Reader, Reading
from transcript_qa.search import Found, look_up
from transcript_qa.store import Store
from transcript_qa.text import terms
from transcript_qa.wording.checks import Checker
from transcript_qa.wording.evidence import Evidence, gather, in_batches
from transcript_qa.wording.generate import Generator, without_thinking
from transcript_qa.wording.prompts import Task, build_prompt, line_tokens, prompt_tokens, task_of
from transcript_qa.wording.replies import Sentence, SentenceBuffer
from transcript_qa.wording.writing import Writer

_log = logging.getLogger(__name__)
_REPLY_TOKENS = {Task.ANSWER: 500, Task.LIST: 700, Task.COMPARISON: 700, Task.SUMMARY: 900, Task.NOTES: 400}
_MOST_SENTENCES = {Task.ANSWER: 24, Task.LIST: 80, Task.COMPARISON: 80, Task.SUMMARY: 2000}
_WIDE_HITS = 24
_MOST_PARTS = 8
# Other models count other tokens than ours does.
_SAFETY = 0.88
_CHARS_A_TOKEN = 12
# For the titles above the evidence, of several transcripts.
_TITLES_TOKENS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One request to a model: what for, from what, and what comes of it is written where."""

    task: Task
    question: str
    evidence: Sequence[Evidence]
    notes: Sequence[str] = ()


class Wording:
    """Words answers with a model.

    Args:
        generator: the model.
        store, embedder, reader: of the index that is asked.
        strict: leave out what is not borne out, instead of marking it.
    """

    def __init__(
        self, generator: Generator, *, store: Store, embedder: Embedder, reader: Reader, strict: bool = False
    ) -> None:
        self.generator = generator
        self._store = store
        self._embedder = embedder
        self._reader = reader
        self._strict = strict

    def stream(self, answer: Answer, reading: Reading) -> Iterator[AnswerText | AnswerDraft | AnswerDone]:
        """The answer in the model's words as they come and are checked; last the whole, whatever happens.

        Args:
            answer: as it was made without a model. Where it does not answer no model is asked, but for summaries.
            reading: what it was made from; read again only where the task reaches wider than its passages.
        """
        task = task_of(answer.asked_as)
        if thing_asked(answer.question) is not None or not (answer.answered or (task is Task.SUMMARY and answer.hits)):
            yield from as_events(answer)
            return
        started = perf_counter()
        hits = answer.hits
        if found := self._found(answer, task):
            hits = tuple(found.hits)
            reading = read_hits(self._store, self._reader, answer.asked_as, found, answer.filters)
        evidence = self._evidence(answer, reading, task)
        if not evidence:
            yield from as_events(answer)
            return
        writer = Writer(answer, Checker.of(evidence, answer.asked_as), strict=self._strict)
        try:
            yield from self._worded(answer.asked_as, task, evidence, writer)
        except TranscriptQAError as error:
            writer.broke_off(str(error))
        except Exception:  # noqa: BLE001 - whatever a model writes, the answer without it must be shown
            _log.exception("an answer was not worded")
            writer.broke_off("its reply could not be read; the log says why")
        n_shown = len(writer.shown)
        done = writer.finish(self.generator.name, hits=hits)
        if len(done.text) > n_shown:
            yield AnswerText(text=done.text[n_shown:])
        timings = {**done.timings_ms, "words": 1000 * (perf_counter() - started), "check": 1000 * writer.check_s}
        yield AnswerDone(answer=replace(done, timings_ms=timings))

    def _worded(
        self, question: str, task: Task, evidence: Sequence[Evidence], writer: Writer
    ) -> Iterator[AnswerText | AnswerDraft]:
        parts = in_batches(evidence, room_tokens=self._room(question, task), cost=line_tokens)
        if len(parts) <= 1:
            yield from self._written(_Asked(task=task, question=question, evidence=evidence), writer)
            return
        notes: list[Sentence] = []
        for part in parts:
            notes += self._noted(question, part, writer)
        if not notes:
            return
        cited = {id_ for note in notes for id_ in note.ids}
        kept = [one for one in evidence if one.id in cited]
        lines = [f"- {_as_note(note)}" for note in notes]
        room = self._room(question, task) - sum(line_tokens(one) for one in kept)
        asked = _Asked(task=task, question=question, evidence=kept, notes=lines)
        if room > 0 and self._fits(asked):
            yield from self._written(asked, writer)
        if not writer.shown:
            yield from _as_texts(writer.take_all(notes))

    def _noted(self, question: str, part: Sequence[Evidence], writer: Writer) -> list[Sentence]:
        """What the model notes of one part, as far as it is borne out."""
        buffer = SentenceBuffer()
        noted: list[Sentence] = []
        for piece in self._pieces(_Asked(task=Task.NOTES, question=question, evidence=part)):
            noted += buffer.feed(piece)
        noted += buffer.close()
        return writer.borne_out(noted)

    def _written(self, asked: _Asked, writer: Writer) -> Iterator[AnswerText | AnswerDraft]:
        buffer = SentenceBuffer()
        draft = ""
        for piece in self._pieces(asked):
            for sentence in buffer.feed(piece):
                yield from _as_texts(writer.take(sentence))
            if buffer.draft != draft:
                draft = buffer.draft
                yield AnswerDraft(text=draft)
        for sentence in buffer.close():
            yield from _as_texts(writer.take(sentence))

    def _pieces(self, asked: _Asked) -> Iterator[str]:
        most = _REPLY_TOKENS[asked.task]
        messages = build_prompt(asked.question, asked.evidence, task=asked.task, notes=asked.notes)
        left = most * _CHARS_A_TOKEN
        for piece in without_thinking(self.generator.stream(messages, max_tokens=most)):
            yield piece
            left -= len(piece)
            if left < 0:  # a server that knows no end
                return

    def _room(self, question: str, task: Task) -> int:
        """Tokens for evidence, once the reply and all else that a prompt holds are taken off."""
        frame = prompt_tokens(build_prompt(question, (), task=task)) + _TITLES_TOKENS
        return int(_SAFETY * self.generator.context_tokens) - _REPLY_TOKENS[task] - frame

    def _fits(self, asked: _Asked) -> bool:
        messages = build_prompt(asked.question, asked.evidence, task=asked.task, notes=asked.notes)
        return prompt_tokens(messages) + _REPLY_TOKENS[asked.task] <= _SAFETY * self.generator.context_tokens

    def _found(self, answer: Answer, task: Task) -> Found | None:
        """The passages to word from where the task reaches wider than those of the answer."""
        if task is Task.ANSWER:
            return None
        filters, k = answer.filters, _WIDE_HITS
        if task is Task.SUMMARY and (named := self._named_transcripts(answer)):
            filters = replace(filters, transcripts=named)
            k = max(k, sum(info.n_passages for info in self._store.infos() if info.id in named))
        return look_up(self._store, self._embedder, answer.asked_as, k=k, filters=filters)

    def _named_transcripts(self, answer: Answer) -> tuple[str, ...]:
        """The transcripts to summarise: those of the filters, else those whose title is in the question."""
        if answer.filters.transcripts:
            return answer.filters.transcripts
        infos = self._store.infos()
        asked = set(terms(answer.asked_as))
        named = tuple(info.id for info in infos if (title := set(terms(info.title))) and title <= asked)
        return named or (tuple(info.id for info in infos) if len(infos) == 1 else ())

    def _evidence(self, answer: Answer, reading: Reading, task: Task) -> list[Evidence]:
        # What is quoted without a model comes first, whatever the order in which it is read now.
        cited = {(citation.transcript_id, citation.span.start) for citation in answer.citations}
        ranked: list[Candidate] = [sentence.candidate for sentence in reading.sentences]
        ranked.sort(key=lambda candidate: (candidate.transcript.id, candidate.span.start) not in cited)
        room = self._room(answer.asked_as, task) * (_MOST_PARTS if task is Task.SUMMARY else 1)
        return gather(ranked[: _MOST_SENTENCES[task]], room_tokens=room, cost=line_tokens)


def as_events(answer: Answer) -> Iterator[AnswerText | AnswerDone]:
    """An answer that is there already, a paragraph at a time."""
    pieces = answer.text.split("\n\n")
    for number, piece in enumerate(pieces):
        yield AnswerText(text=piece if number == len(pieces) - 1 else f"{piece}\n\n")
    yield AnswerDone(answer=answer)


def _as_texts(pieces: Iterator[str]) -> Iterator[AnswerText]:
    for piece in pieces:
        yield AnswerText(text=piece)


def _as_note(note: Sentence) -> str:
    return f"{note.text} {''.join(f'[{id_}]' for id_ in note.ids)}"
