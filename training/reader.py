"""Find the weights of `EvidenceReader`: which sentence answers, and whether any does.

    python training/reader.py PATH/friendsqa_dev.json --output src/transcript_qa/data/reader.json

The data are FriendsQA's questions with answer spans over scripted dialogue (Apache-2.0). Scenes are put together in
groups, each an index of its own; a question is searched and read in its own group, where one of the sentences found
holds the answer or none does, and in another group of the same size, where nothing answers it although the same people
talk. Sentence weights are fitted with a softmax over the sentences of one question, the chance that the best one
answers with a logistic regression; both are tried on scenes left out of the fit (five folds), which is what is printed.
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

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from transcript_qa.datatypes import ImportReport, Span, Speaker, Transcript, Turn
from transcript_qa.embed import SentenceTransformerEmbedder
from transcript_qa.features import (
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    Described,
    candidates,
    describe,
    question_features,
)
from transcript_qa.indexing import put_transcript
from transcript_qa.search import search
from transcript_qa.store import EmbedderInfo, LocalStore, SourceState

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
    """A question read in one group: features and, for each sentence, whether it answers."""

    group: int
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

    def embed_passages(self, texts: Sequence[str], *, progress: object = None) -> NDArray[np.float32]:
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if new:
            self._known.update(zip(new, super().embed_passages(new), strict=True))
        return np.array([self._known[text] for text in texts]).reshape(len(texts), self.dim)


def read_cases(scenes: list[Transcript], questions: list[Question], n_groups: int) -> list[tuple[Case, Case]]:
    """Each question read in its own group and in the next one."""
    embedder = Remembering()
    info = EmbedderInfo(name=embedder.name, fingerprint=embedder.fingerprint, dim=embedder.dim)
    group_of = {scene.id: number % n_groups for number, scene in enumerate(scenes)}
    by_id = {scene.id: scene for scene in scenes}
    with tempfile.TemporaryDirectory() as folder:
        stores = []
        for group in range(n_groups):
            store = LocalStore.create(Path(folder) / str(group), info)
            for scene in scenes:
                if group_of[scene.id] == group:
                    report = ImportReport(transcript=scene, format="friendsqa", confidence=1.0, encoding="utf-8")
                    state = SourceState(path=scene.id, size=0, mtime_ns=0, sha256="")
                    put_transcript(store, embedder, report, state)
            stores.append(store)
        cases = []
        for number, question in enumerate(questions):
            own = group_of[question.scene]
            cases.append(
                (
                    read_case(stores[own], embedder, question, by_id, own),
                    read_case(stores[(own + 1) % n_groups], embedder, question, by_id, own),
                )
            )
            if number % 100 == 0:
                print(f"{number} of {len(questions)} questions read", flush=True)
    return cases


def read_case(
    store: LocalStore, embedder: Remembering, question: Question, by_id: dict[str, Transcript], group: int
) -> Case:
    found = candidates(search(store, embedder, question.text, k=N_HITS), by_id)
    right = [
        c.transcript.id == question.scene
        and any(c.turn.index == turn and (speaks or _shares(words, c.text)) for turn, words, speaks in question.answers)
        for c in found
    ]
    return Case(group, describe(question.text, found, embedder), np.array(right))


def _shares(answer: str, sentence: str) -> bool:
    """Whether the sentence holds the answer, or the answer (which may run over several) holds the sentence."""
    return answer.casefold().strip(" .!?,") in sentence.casefold() or sentence.casefold() in answer.casefold()


def fit_sentences(cases: list[Case]) -> NDArray[np.float64]:
    """Weights that make the sentences that answer likely among those of their question."""
    usable = [case for case in cases if case.right.any()]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = L2 * float(weights @ weights), 2 * L2 * weights
        for case in usable:
            scores = case.described.sentence @ weights
            chance = np.exp(scores - scores.max())
            chance /= chance.sum()
            wanted = np.where(case.right, chance, 0.0)
            mass = wanted.sum() + 1e-12
            total -= float(np.log(mass))
            gradient = gradient - case.described.sentence.T @ (wanted / mass - chance)
        return total, gradient

    return np.asarray(minimize(loss, np.zeros(len(SENTENCE_FEATURES)), jac=True, method="L-BFGS-B").x)


def rows(cases: list[tuple[Case, Case]], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Question features, and whether the best sentence answers: first all own groups, then all others."""
    x, y = [], []
    for side in (0, 1):
        for pair in cases:
            case = pair[side]
            scores = case.described.sentence @ weights
            x.append(question_features(case.described, scores))
            y.append(bool(case.right[int(np.argmax(scores))]))
    return np.array(x), np.array(y)


def fit_chance(x: NDArray[np.float64], y: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    scale = x.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=2000).fit(x / scale, y)
    return model.coef_[0] / scale, float(model.intercept_[0])


def evaluate(cases: list[tuple[Case, Case]]) -> None:
    """Five folds by group: the best sentence right, and what a threshold declines on either side."""
    n_groups = 1 + max(pair[0].group for pair in cases)
    right, kept, chances, labels = [], [], [], []
    for fold in range(N_FOLDS):
        inside = [pair for pair in cases if pair[0].group % N_FOLDS != fold % n_groups]
        outside = [pair for pair in cases if pair[0].group % N_FOLDS == fold % n_groups]
        if not outside:
            continue
        weights = fit_sentences([pair[0] for pair in inside])
        coefficients, bias = fit_chance(*rows(inside, weights))
        x, y = rows(outside, weights)
        chance = 1 / (1 + np.exp(-(x @ coefficients + bias)))
        right.extend(y[: len(outside)])
        kept.extend(pair[0].right.any() for pair in outside)
        chances.append(chance.reshape(2, -1))
        labels.append(y.reshape(2, -1))
    chance = np.concatenate(chances, axis=1)
    print(f"best sentence right {np.mean(right):.3f}, an answer among the sentences {np.mean(kept):.3f}")
    for threshold in (0.2, 0.25, 0.3, 0.35, 0.4, 0.5):
        answered = chance >= threshold
        good = np.concatenate(labels, axis=1)[0]
        print(
            f"threshold {threshold}: answerable kept {answered[0].mean():.3f} (of the right ones"
            f" {answered[0][good].mean():.3f}), unanswerable declined {1 - answered[1].mean():.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("friendsqa", type=Path, help="friendsqa_dev.json")
    parser.add_argument("--output", type=Path, required=True, help="where the weights go")
    parser.add_argument("--groups", type=int, default=10, help="how many indexes the scenes are spread over")
    parser.add_argument("--limit", type=int, default=None, help="read only so many questions")
    options = parser.parse_args()
    scenes, questions = load(options.friendsqa)
    cases = read_cases(scenes, questions[: options.limit], options.groups)
    evaluate(cases)
    sentence = fit_sentences([pair[0] for pair in cases])
    question, bias = fit_chance(*rows(cases, sentence))
    stored = {
        "sentence": dict(zip(SENTENCE_FEATURES, np.round(sentence, 4).tolist(), strict=True)),
        "question": dict(zip(QUESTION_FEATURES, np.round(question, 4).tolist(), strict=True)),
        "question_bias": round(bias, 4),
    }
    options.output.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")
    print(json.dumps(stored, indent=2))


if __name__ == "__main__":
    main()
