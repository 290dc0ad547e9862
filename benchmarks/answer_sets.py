"""Questions with known answers, each set with the index that is asked: the sample corpus, FriendsQA, QMSum."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from transcript_qa import TranscriptQA
from transcript_qa.datatypes import Transcript
from transcript_qa.embed import Embedder
from transcript_qa.evaluation.cases import several
from transcript_qa.store import LocalStore, Store
from transcript_qa.text import normalise

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "training"))

from examples import index_of  # noqa: E402
from reader import friends_held_out  # noqa: E402
from sources import Asked, friends_asked, qmsum_asked  # noqa: E402

SCENES_TOGETHER = 9
FRIENDS = "FriendsQA, left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question with its answer.

    Attributes:
        id, question: for people.
        group: what it is counted under.
        turns: (transcript id, turn index), any of which is right; empty where nothing answers.
        words: what a quotation is to hold; empty where that is not known.
        speakers: who says so, any of them; empty where that is not known.
        answerable: whether anything answers.
        within: the transcript to which it is narrowed, or None.
    """

    id: str
    question: str
    group: str
    turns: frozenset[tuple[str, int]]
    words: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    answerable: bool = True
    within: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """An open index and the questions to ask of it."""

    store: Store
    transcripts: dict[str, Transcript]
    cases: list[Case]


@contextmanager
def corpus_set(corpus: Path, questions: Path, index: Path, embedder: Embedder) -> Iterator[list[AnswerSet]]:
    """The questions of a JSONL file over a folder of transcripts, grouped by level and split."""
    transcripts = _built(corpus, index, embedder)
    with LocalStore.open(index) as store:
        yield [AnswerSet(store, transcripts, list(read_cases(questions, transcripts)))]


def read_cases(path: Path, transcripts: dict[str, Transcript]) -> Iterator[Case]:
    """The questions of a JSONL file, their words looked up in the transcripts."""
    for line in path.read_text("utf-8").splitlines():
        entry = json.loads(line)
        words = tuple(entry.get("words", ()))
        turns = frozenset(
            (entry["transcript"], turn)
            for expected in words
            for turn in turns_with(transcripts[entry["transcript"]], expected)
        )
        if entry["answerable"] and not turns:
            raise SystemExit(f"{entry['id']}: no turn of {entry['transcript']} holds {words}")
        yield Case(
            id=entry["id"],
            question=entry["question"],
            group=", ".join(filter(None, (entry.get("level"), entry.get("split")))) or "all",
            turns=turns,
            words=words,
            speakers=several(entry.get("speaker")),
            answerable=entry["answerable"],
        )


def turns_with(transcript: Transcript, expected: str) -> list[int]:
    """Indices of the turns that hold these words."""
    needle = normalise(expected).text
    return [turn.index for turn in transcript.turns if needle in normalise(transcript.words_of(turn)).text]


@contextmanager
def friends_set(path: Path, index: Path, embedder: Embedder) -> Iterator[list[AnswerSet]]:
    """FriendsQA's scenes that the reader was not trained on, in groups.

    Each question is asked of its own group, where it is answered, and of the next one, where the same people talk and
    nothing answers it.
    """
    scenes, asked = friends_asked(path)
    kept = friends_held_out(scene.id for scene in scenes)
    chosen = [scene for scene in scenes if scene.id in kept]
    groups = [chosen[first : first + SCENES_TOGETHER] for first in range(0, len(chosen), SCENES_TOGETHER)]
    sets = []
    for number, group in enumerate(groups):
        own = {scene.id: scene for scene in group}
        before = {scene.id for scene in groups[number - 1]}
        cases = [_case(a, own[a.transcript], FRIENDS) for a in asked if a.transcript in own]
        cases += [_unanswered(a) for a in asked if a.transcript in before]
        sets.append(AnswerSet(index_of(index / str(number), group, embedder), own, cases))
    yield sets
    for each in sets:
        each.store.close()


@contextmanager
def qmsum_set(folder: Path, index: Path, embedder: Embedder) -> Iterator[list[AnswerSet]]:
    """QMSum's questions, each asked of its own meeting; right is any turn of the evidence."""
    transcripts = _built(folder, index, embedder)
    asked = qmsum_asked(folder, {Path(t.source).stem: t for t in transcripts.values()}, written=False)
    cases = [_case(a, transcripts[a.transcript], f"QMSum {folder.name}") for a in asked]
    with LocalStore.open(index) as store:
        yield [AnswerSet(store, transcripts, cases)]


def _built(folder: Path, index: Path, embedder: Embedder) -> dict[str, Transcript]:
    with TranscriptQA.build(folder, index=index, embedder=embedder) as qa:
        return {info.id: qa.transcript(info.id) for info in qa.transcripts()}


def _case(asked: Asked, transcript: Transcript, group: str) -> Case:
    turns = [turn.index for turn in transcript.turns if any(turn.span.overlaps(gold) for gold in asked.gold)]
    return Case(
        id=transcript.id,
        question=asked.text,
        group=group,
        turns=frozenset((transcript.id, turn) for turn in turns),
        words=() if asked.topical else tuple(gold.of(transcript.text) for gold in asked.gold),
        within=transcript.id if asked.topical else None,
    )


def _unanswered(asked: Asked) -> Case:
    return Case(
        id=asked.transcript,
        question=asked.text,
        group=FRIENDS,
        turns=frozenset(),
        answerable=False,
    )


def all_cases(sets: Sequence[AnswerSet]) -> list[Case]:
    """The questions of several sets."""
    return [case for each in sets for case in each.cases]
