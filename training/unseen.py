"""Questions on which no network was trained, each with the passages found for it and whether their sentences answer.

Facts: sixty on each of the project's transcripts held out of the training (`reader.HELD_OUT`, searched among each
other), those rich in detail on the same transcripts, and those of corpus/questions.jsonl. Topics: those on the same
transcripts, and those that came with the meetings of QMSum's validation split; each is asked of its own transcript, and
of one in which other things are talked about, where it has no answer. Follow-ups: those of the conversations on the
same transcripts, asked one after the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from check_conversations import CONVERSATIONS, Line, parse_conversations
from check_questions import TRAINING
from examples import Asked, Remembering, answers, transcripts_of
from numpy.typing import NDArray
from reader import HELD_OUT, SEED
from sources import detailed, own_asked, placed, qmsum_asked

from transcript_qa.answering import READ_HITS, answered
from transcript_qa.datatypes import Answer, Filters, Hit, Transcript
from transcript_qa.questions.wanted import DAY, MONTH
from transcript_qa.reading.features import Candidate, Described, candidates
from transcript_qa.reading.reader import TrainedReader
from transcript_qa.search import Found, look_up
from transcript_qa.store import LocalStore
from transcript_qa.text import normalise

ROOT = TRAINING.parent
ASKED_OF_EACH = 60
ONE_RENAMED_OF = 3
"""With all of them, a name that is told in another way than the transcript has it counts too much."""
_NAME = re.compile(
    rf"(?<!^)(?<![.!?\"“] )\b(?!(?:{MONTH}|{DAY}|Mr|Mrs|Ms|Miss|Dr|Sir|Lady|Lord|PC|Captain)\b)[A-Z][a-z]{{2,}}\b"
)
_NOBODY = ("Zubizarreta", "Thibodeau", "Lindhurst", "Petrescu", "Yarmolenko", "Hakimov", "Villanueva")


@dataclass(frozen=True)
class Question:
    """A question read over one index: what was found, and for each sentence whether it answers."""

    group: str
    text: str
    answerable: bool
    hits: list[Hit]
    on_a_topic: bool
    found: list[Candidate]
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """A question's features, and for each sentence whether it answers."""

    group: str
    answerable: bool
    described: Described
    right: NDArray[np.bool_]


def own_questions(work: Path, embedder: Remembering) -> list[Question]:
    """The questions on the held-out transcripts, searched among these."""
    by_id = held_out_transcripts(work, embedder)
    return _read([each for t in by_id.values() for each in some_asked(t)], by_id, work, embedder)


def _read(asked: Sequence[Asked], by_id: dict[str, Transcript], work: Path, embedder: Remembering) -> list[Question]:
    embedder.remember([each.text for each in asked])
    with LocalStore.open(work / "held-out") as store:
        found = [look_up(store, embedder, each.text, k=READ_HITS) for each in asked]
    return [_question(each, one, by_id, each.transcript) for each, one in zip(asked, found, strict=True)]


def own_details(work: Path, embedder: Remembering) -> list[Question]:
    """The questions rich in detail on the held-out transcripts, half of them near misses, searched among these."""
    by_id = held_out_transcripts(work, embedder)
    return _read(detailed({Path(t.source).stem: t for t in by_id.values()}), by_id, work, embedder)


def own_renamed(work: Path, embedder: Remembering) -> list[Question]:
    """Some of these questions that have an answer and a name, with a name that nobody mentions in its place."""
    by_id = held_out_transcripts(work, embedder)
    asked = [each for t in by_id.values() for each in some_asked(t)]
    asked += detailed({Path(t.source).stem: t for t in by_id.values()})
    rng = np.random.default_rng(SEED)
    changed = [replace(each, text=renamed(each.text, rng), gold=()) for each in asked if each.gold]
    texts = {each.text for each in asked}
    return _read([each for each in changed if each.text not in texts][::ONE_RENAMED_OF], by_id, work, embedder)


def renamed(question: str, rng: np.random.Generator) -> str:
    """A question with one of its names changed; one without a name stays as it is.

    >>> renamed("what was signed", np.random.default_rng(2))
    'what was signed'
    """
    names = list(_NAME.finditer(question))
    if not names:
        return question
    changed = names[int(rng.integers(len(names)))]
    return question[: changed.start()] + str(rng.choice(_NOBODY)) + question[changed.end() :]


def held_out_transcripts(work: Path, embedder: Remembering) -> dict[str, Transcript]:
    """The project's transcripts that are only measured, by id, indexed."""
    files = [TRAINING / "transcripts" / f"{stem}.txt" for stem in sorted(HELD_OUT)]
    return transcripts_of(files, work / "held-out", embedder)


def some_asked(transcript: Transcript) -> list[Asked]:
    """Some of the questions on one of the project's transcripts."""
    asked = [each for each in own_asked({Path(transcript.source).stem: transcript}) if not each.topical]
    chosen = np.random.default_rng(SEED).permutation(len(asked))[:ASKED_OF_EACH]
    return [asked[i] for i in sorted(chosen.tolist())]


def topic_questions(
    index: Path,
    by_id: dict[str, Transcript],
    embedder: Remembering,
    asked: Sequence[Asked],
    *,
    about: Callable[[Transcript], str],
) -> list[Question]:
    """Questions on topics, each asked of its own transcript, and of one about something else that has no answer."""
    embedder.remember([each.text for each in asked])
    rng = np.random.default_rng(SEED)
    read = []
    with LocalStore.open(index) as store:
        for each in asked:
            others = [t.id for t in by_id.values() if about(t) != about(by_id[each.transcript])]
            for within in (each.transcript, others[int(rng.integers(len(others)))]):
                of_it = Filters(transcripts=(within,))
                found = look_up(store, embedder, each.text, k=READ_HITS, filters=of_it)
                read.append(_question(each, found, by_id, within))
    return read


def own_follow_ups(work: Path, embedder: Remembering) -> list[Case]:
    """Those of the conversations on the held-out transcripts, asked one after the other and answered by the reader.

    So what stands before a question is what was cited, right or not, and what was made of it. Without those taken for
    one on a topic.
    """
    by_id = held_out_transcripts(work, embedder)
    found = []
    with LocalStore.open(work / "held-out") as store:
        for transcript in by_id.values():
            file = CONVERSATIONS / f"{Path(transcript.source).stem}.tsv"
            for conversation in parse_conversations(file.read_text("utf-8")):
                found += _followed(conversation, transcript, store, embedder)
    return found


def _followed(
    conversation: Sequence[Line], transcript: Transcript, store: LocalStore, embedder: Remembering
) -> Iterator[Case]:
    reader, past = _Describing(), list[Answer]()
    for line in conversation:
        parts = store, embedder, reader, line.written.text, Filters()
        reader.last = None
        answer, _ = answered(*parts, k=READ_HITS, history=past, implied=True, threshold=reader.threshold)
        for asked in placed([line.written], transcript, "own") if past and reader.last is not None else ():
            sentences = reader.last.candidates
            right = [c.transcript.id == transcript.id and answers(asked, c.span) for c in sentences]
            yield Case(transcript.id, bool(asked.gold), reader.last, np.array(right, dtype=bool))
        past.append(answer)


class _Describing(TrainedReader):
    """Keeps what it weighed last; None where nothing was found or it was taken for a question on a topic."""

    last: Described | None = None

    def described(self, *given: Any) -> Described:
        """As the reader does."""
        found = super().described(*given)
        self.last = found if given[4] is self._weights and found.candidates else None
        return found


def own_topics(work: Path, embedder: Remembering) -> list[Question]:
    """Those on the held-out transcripts, of which each is about something else."""
    by_id = held_out_transcripts(work, embedder)
    asked = [a for a in own_asked({Path(t.source).stem: t for t in by_id.values()}) if a.topical]
    return topic_questions(work / "held-out", by_id, embedder, asked, about=lambda transcript: transcript.id)


def meeting_topics(folder: Path, work: Path, embedder: Remembering) -> list[Question]:
    """Those that came with the meetings of a split of QMSum."""
    index = work / f"qmsum-{folder.name}"
    by_id = transcripts_of([folder], index, embedder)
    asked = qmsum_asked(folder, {Path(t.source).stem: t for t in by_id.values()}, written=False)
    return topic_questions(index, by_id, embedder, asked, about=lambda t: kind_of_meeting(Path(t.source).stem))


def kind_of_meeting(stem: str) -> str:
    """Which of QMSum's three sources a meeting is from, which have nothing in common to talk about.

    >>> [kind_of_meeting(stem) for stem in ("covid_5", "Bmr005", "ES2004a")]
    ['committee', 'academic', 'product']
    """
    if stem.startswith(("covid", "education")):
        return "committee"
    return "academic" if stem.startswith("B") else "product"


def _question(asked: Asked, found: Found, by_id: dict[str, Transcript], within: str) -> Question:
    sentences = candidates(found.hits, by_id)
    right = np.array([c.transcript.id == asked.transcript and answers(asked, c.span) for c in sentences], dtype=bool)
    answerable = bool(asked.gold) and within == asked.transcript
    return Question(asked.transcript, asked.text, answerable, found.hits, found.on_a_topic, sentences, right)


def corpus_questions(work: Path, embedder: Remembering, split: str) -> list[Question]:
    """The questions of one split of corpus/questions.jsonl."""
    by_id = transcripts_of([ROOT / "corpus"], work / "corpus", embedder)
    lines = (ROOT / "corpus" / "questions.jsonl").read_text("utf-8").splitlines()
    entries = [entry for entry in map(json.loads, lines) if entry["split"] == split]
    embedder.remember([entry["question"] for entry in entries])
    read = []
    with LocalStore.open(work / "corpus") as store:
        for entry in entries:
            found = look_up(store, embedder, entry["question"], k=READ_HITS)
            sentences = candidates(found.hits, by_id)
            right = np.array([holds(entry, candidate) for candidate in sentences], dtype=bool)
            asked = entry["question"], entry["answerable"]
            read.append(Question("corpus", *asked, found.hits, found.on_a_topic, sentences, right))
    return read


def holds(entry: dict[str, Any], candidate: Candidate) -> bool:
    """Whether this sentence holds, or is part of, the expected words of one of the project's questions."""
    if candidate.transcript.id != entry.get("transcript"):
        return False
    text = normalise(candidate.text).text
    said = normalise(candidate.transcript.words_of(candidate.turn)).text
    return any((w := normalise(words).text) in said and (w in text or text in w) for words in entry["words"])
