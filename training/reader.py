"""Find the weights of `EvidenceReader`: which sentence answers, and whether any does.

    python training/reader.py PATH/friendsqa_dev.json --output src/transcript_qa/data/reader.json

Two sets of questions with known answers are read. FriendsQA's (Apache-2.0) are over scripted dialogue: scenes are put
together in groups, each an index of its own; a question is searched and read in its own group, where one of the
sentences found holds the answer or none does, and in another group of the same size, where nothing answers it although
the same people talk. The project's own are those of corpus/questions.jsonl that are marked "tune"; those marked
"held-out" are only measured. Sentence weights are fitted with a softmax over the sentences of one question, the chance
that the best one answers with a logistic regression, in which the project's questions weigh as much as FriendsQA's
together. Printed is what the fit gives on scenes left out of it (five folds) and on the held-out questions.
Deterministic; some minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from transcript_qa import TranscriptQA
from transcript_qa.datatypes import ImportReport, Span, Speaker, Transcript, Turn
from transcript_qa.embed import Progress, SentenceTransformerEmbedder
from transcript_qa.features import (
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    Candidate,
    Described,
    candidates,
    describe,
    question_features,
)
from transcript_qa.indexing import put_transcript
from transcript_qa.search import search
from transcript_qa.store import EmbedderInfo, LocalStore, SourceState
from transcript_qa.text import normalise

ROOT = Path(__file__).resolve().parents[1]
N_HITS = 8
N_FOLDS = 5
L2 = 2.0


@dataclass(frozen=True)
class Question:
    text: str
    scene: str
    answers: tuple[tuple[int, str, bool], ...]  # turn, words, whether the speaker is the answer


@dataclass(frozen=True)
class Case:
    """A question read over one index: features and, for each sentence, whether it answers.

    `group` is the index for FriendsQA, -1 for the project's own questions.
    """

    group: int
    answerable: bool
    described: Described
    right: NDArray[np.bool_]


def natural(text: str) -> str:
    """Words as they are written, from words as a tokenizer left them."""
    text = re.sub(r" (n't|'\w+|[.,!?;:%)])", r"\1", text)
    text = re.sub(r"\b([Cc]an|[Gg]on|[Gg]ot|[Ww]an) (not|na|ta)\b", r"\1\2", text)
    return re.sub(r"([(]) ", r"\1", text).strip()


def load(path: Path) -> tuple[list[Transcript], list[Question]]:
    """The scenes as transcripts, and the questions on them."""
    scenes, questions = [], []
    for entry in json.loads(path.read_text("utf-8"))["data"]:
        for paragraph in entry["paragraphs"]:
            scene = _scene(entry["title"], paragraph["utterances:"])
            scenes.append(scene)
            for qa in paragraph["qas"]:
                answers = tuple((a["utterance_id"], natural(a["answer_text"]), a["is_speaker"]) for a in qa["answers"])
                questions.append(Question(natural(qa["question"]), scene.id, answers))
    return scenes, questions


def _scene(title: str, utterances: Sequence[dict[str, object]]) -> Transcript:
    text, turns = "", []
    for index, utterance in enumerate(utterances):
        label = " and ".join(utterance["speakers"]) or "All"  # type: ignore[arg-type, call-overload]
        text += f"\n\n{label}: " if text else f"{label}: "
        start = len(text)
        text += natural(str(utterance["utterance"]))
        span = Span(start=start, end=len(text))
        turns.append(Turn(index=index, speaker=Speaker(label=label, name=label), span=span))
    return Transcript(id=title, title=title, source=title, text=text, turns=tuple(turns))


class Remembering(SentenceTransformerEmbedder):
    """Embeds each text once."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if new:
            self._known.update(zip(new, super().embed_passages(new, progress=progress), strict=True))
        return np.array([self._known[text] for text in texts]).reshape(len(texts), self.dim)


def read_cases(scenes: list[Transcript], questions: list[Question], n_groups: int) -> list[Case]:
    """Each question read in its own group and in the next one."""
    embedder = Remembering()
    group_of = {scene.id: number % n_groups for number, scene in enumerate(scenes)}
    by_id = {scene.id: scene for scene in scenes}
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        stores = [
            index_of(Path(folder) / str(group), [s for s in scenes if group_of[s.id] == group], embedder)
            for group in range(n_groups)
        ]
        for number, question in enumerate(questions):
            own = group_of[question.scene]
            for group, answerable in ((own, True), ((own + 1) % n_groups, False)):
                found = candidates(search(stores[group], embedder, question.text, k=N_HITS), by_id)
                right = np.array([answers(question, candidate) for candidate in found], dtype=bool)
                cases.append(Case(own, answerable, describe(question.text, found, embedder), right))
            if number % 200 == 0:
                print(f"{number} of {len(questions)} questions read", flush=True)
    return cases


def index_of(folder: Path, scenes: list[Transcript], embedder: Remembering) -> LocalStore:
    """An index of these scenes."""
    info = EmbedderInfo(name=embedder.name, fingerprint=embedder.fingerprint, dim=embedder.dim)
    store = LocalStore.create(folder, info)
    for scene in scenes:
        report = ImportReport(transcript=scene, format="friendsqa", confidence=1.0, encoding="utf-8")
        put_transcript(store, embedder, report, SourceState(path=scene.id, size=0, mtime_ns=0, sha256=""))
    return store


def answers(question: Question, candidate: Candidate) -> bool:
    """Whether this sentence holds one of the question's answers."""
    return candidate.transcript.id == question.scene and any(
        candidate.turn.index == turn and (speaks or _shares(words, candidate.text))
        for turn, words, speaks in question.answers
    )


def read_own(corpus: Path, questions: Path, split: str) -> list[Case]:
    """The project's own questions of one split, over the sample corpus."""
    embedder = Remembering()
    cases = []
    with tempfile.TemporaryDirectory() as folder, TranscriptQA.build(corpus, index=folder, embedder=embedder) as qa:
        by_id = {info.id: qa.transcript(info.id) for info in qa.transcripts()}
        with LocalStore.open(folder) as store:
            for line in questions.read_text("utf-8").splitlines():
                entry = json.loads(line)
                if entry["split"] == split:
                    found = candidates(search(store, embedder, entry["question"], k=N_HITS), by_id)
                    right = np.array([holds(entry, candidate) for candidate in found], dtype=bool)
                    described = describe(entry["question"], found, embedder)
                    cases.append(Case(-1, entry["answerable"], described, right))
    return cases


def holds(entry: dict[str, Any], candidate: Candidate) -> bool:
    """Whether this sentence holds, or is part of, the expected words of one of the project's questions."""
    if candidate.transcript.id != entry.get("transcript"):
        return False
    text = normalise(candidate.text).text
    said = normalise(candidate.transcript.words_of(candidate.turn)).text
    return any((w := normalise(words).text) in said and (w in text or text in w) for words in entry["words"])


def _shares(answer: str, sentence: str) -> bool:
    """Whether the sentence holds the answer, or the answer (which may run over several) holds the sentence."""
    return answer.casefold().strip(" .!?,") in sentence.casefold() or sentence.casefold() in answer.casefold()


def fit_sentences(cases: list[Case]) -> NDArray[np.float64]:
    """Weights that make the sentences that answer likely among those of their question."""
    usable = [(case, weight) for case, weight in zip(cases, shares(cases), strict=True) if case.right.any()]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = L2 * float(weights @ weights), 2 * L2 * weights
        for case, share in usable:
            scores = case.described.sentence @ weights
            chance = np.exp(scores - scores.max())
            chance /= chance.sum()
            wanted = np.where(case.right, chance, 0.0)
            mass = wanted.sum() + 1e-12
            total -= share * float(np.log(mass))
            gradient = gradient - share * (case.described.sentence.T @ (wanted / mass - chance))
        return total, gradient

    return np.asarray(minimize(loss, np.zeros(len(SENTENCE_FEATURES)), jac=True, method="L-BFGS-B").x)


def shares(cases: list[Case]) -> NDArray[np.float64]:
    """How much each case counts: the project's own together as much as FriendsQA's together."""
    own = np.array([case.group < 0 for case in cases])
    return np.where(own, (~own).sum() / max(own.sum(), 1), 1.0)


def rows(cases: list[Case], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Question features of each case, and whether its best sentence answers."""
    scores = [case.described.sentence @ weights for case in cases]
    x = np.array([question_features(case.described, s) for case, s in zip(cases, scores, strict=True)])
    y = np.array([bool(case.right[int(np.argmax(s))]) for case, s in zip(cases, scores, strict=True)])
    return x, y


def fit_chance(cases: list[Case], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Weights of the question features, and what is added."""
    x, y = rows(cases, weights)
    scale = x.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.3, max_iter=2000).fit(x / scale, y, sample_weight=shares(cases))
    return model.coef_[0] / scale, float(model.intercept_[0])


def tell(name: str, outside: list[tuple[list[Case], list[Case]]]) -> None:
    """Fit on the first of each pair, print what it gives on the second."""
    chances, right, answerable = [], [], []
    for inside, measured in outside:
        weights = fit_sentences(inside)
        coefficients, bias = fit_chance(inside, weights)
        x, y = rows(measured, weights)
        chances.extend(1 / (1 + np.exp(-(x @ coefficients + bias))))
        right.extend(y)
        answerable.extend(case.answerable for case in measured)
    chance, good, yes = np.array(chances), np.array(right), np.array(answerable)
    reach = np.mean([case.right.any() for _, measured in outside for case in measured if case.answerable])
    print(f"{name}: best sentence right {good[yes].mean():.3f}, an answer among the sentences {reach:.3f}")
    for threshold in (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5):
        kept = chance >= threshold
        print(
            f"  threshold {threshold:.2f}: answerable answered {kept[yes].mean():.3f}, rightly"
            f" {(kept & good)[yes].mean():.3f}; unanswerable declined {1 - kept[~yes].mean():.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("friendsqa", type=Path, help="friendsqa_dev.json")
    parser.add_argument("--output", type=Path, required=True, help="where the weights go")
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus", help="the project's transcripts")
    parser.add_argument("--questions", type=Path, default=ROOT / "corpus" / "questions.jsonl")
    parser.add_argument("--groups", type=int, default=10, help="how many indexes the scenes are spread over")
    parser.add_argument("--limit", type=int, default=None, help="read only so many questions")
    options = parser.parse_args()
    scenes, questions = load(options.friendsqa)
    tune = read_own(options.corpus, options.questions, "tune")
    held_out = read_own(options.corpus, options.questions, "held-out")
    friends = read_cases(scenes, questions[: options.limit], options.groups)
    folds = [
        ([c for c in friends if c.group % N_FOLDS != fold] + tune, [c for c in friends if c.group % N_FOLDS == fold])
        for fold in range(N_FOLDS)
    ]
    tell("FriendsQA, scenes left out", folds)
    tell("project's questions, held out", [(friends + tune, held_out)])
    cases = friends + tune
    sentence = fit_sentences(cases)
    question, bias = fit_chance(cases, sentence)
    stored = {
        "sentence": dict(zip(SENTENCE_FEATURES, np.round(sentence, 4).tolist(), strict=True)),
        "question": dict(zip(QUESTION_FEATURES, np.round(question, 4).tolist(), strict=True)),
        "question_bias": round(bias, 4),
    }
    options.output.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")
    print(json.dumps(stored, indent=2))


if __name__ == "__main__":
    main()
