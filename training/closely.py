"""Train the network that reads the best sentences again (`EvidenceModel.read_closely`).

    python training/closely.py --work FOLDER

After reader.py, in the same work folder. It begins with the weights of the reader that ships and learns from what that
reader finds hard: of four of the passages found for a question, as a rule one that holds its answer, the sentences that
it puts highest. Each is read by itself, marked, with a few of those around it, and the loss is that of choosing rightly
among eight of them and nothing. Of those that answer with a number, a time or a name a near miss is shown too, the same
sentence without it (details.py). Finding those sentences takes longer than learning from them once, so they are kept;
both go on where they were stopped. `export.py --states FOLDER/closely.pt --output ...` then makes what is shipped.
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from details import Detail, details, scarred, shows, without
from examples import Example
from numpy.typing import NDArray
from reader import SEED, Sample, a_window, learn, made_examples, masked, some_of
from sources import Asked

from transcript_qa.reading.model import EvidenceModel, shipped_model
from transcript_qa.reading.network_input import MARKS, Window, singled_out

N_WINDOWS, N_KEPT, N_DRAWN = 4, 12, 8
MOST_BEFORE, MOST_AFTER = 4, 3
NEAR_MISSES, ALONE, SCARRED = 0.6, 0.5, 0.35
"""How often a near miss is shown, how often alone, and how often a sentence that answers has a gap elsewhere."""
_SHARD = 2048

Kept = tuple[int, int, bool]
"""The number of a window, that of a sentence in it, and whether it answers."""


@dataclass(frozen=True, slots=True)
class Hard:
    """A question with the sentences of some windows that the reader puts highest, best first."""

    asked: Asked
    ids: NDArray[np.int32]
    windows: list[Window]
    kept: list[Kept]


def hard_questions(options: argparse.Namespace) -> list[Hard]:
    """What the shipped reader makes of the questions; found once and kept."""
    examples = [e for e in made_examples(options) if not e.asked.topical and e.asked.source != "qmsum"]
    chosen = np.random.default_rng(SEED).permutation(len(examples))[: options.questions].tolist()
    folder = options.work / "closely"
    folder.mkdir(exist_ok=True)
    found: list[Hard] = []
    for first in range(0, len(chosen), _SHARD):
        file = folder / f"{first:06d}.pickle"
        if not file.is_file():
            started = time.perf_counter()
            made = [hard(shipped_model(), examples[i], np.random.default_rng((SEED, i)))
                    for i in chosen[first : first + _SHARD]]  # fmt: skip
            file.write_bytes(pickle.dumps(made))
            took = (time.perf_counter() - started) / len(made)
            print(f"{first + len(made)} questions, {took:.3f} s each", flush=True)
        found += pickle.loads(file.read_bytes())
    return [each for each in found if each.kept]


def hard(model: EvidenceModel, example: Example, rng: np.random.Generator) -> Hard:
    """The sentences of some windows that the model puts highest, and up to two more of those that answer."""
    drawn = list(_windows(example, rng))
    scored = model.scored(example.ids, [window for window, _ in drawn])
    ranked = sorted(
        ((score, number, place) for number, scores in enumerate(scored) for place, score in enumerate(scores.tolist())),
        key=lambda each: -each[0],
    )
    kept = [(number, place, bool(drawn[number][1][place])) for _, number, place in ranked]
    right = [each for each in kept[N_KEPT:] if each[2]][:2]
    return Hard(example.asked, example.ids, [window for window, _ in drawn], kept[:N_KEPT] + right)


def _windows(example: Example, rng: np.random.Generator) -> Iterator[tuple[Window, NDArray[np.bool_]]]:
    good = [f for f in example.found if f.share > 0 and any(right.any() for right in f.right)]
    bad = [f for f in example.found if f.share == 0 and f.windows]
    n_good = min(len(good), 2 if rng.random() < 0.25 else 1)
    chosen = [good[i] for i in rng.permutation(len(good))[:n_good]]
    odds = [(2.0 if f.same else 1.0) / (rank + 2) for rank, f in enumerate(bad)]
    chosen += some_of(bad, odds, N_WINDOWS - len(chosen), rng)
    for found in chosen:
        yield a_window(found, rng)


def draw(question: Hard, rng: np.random.Generator) -> Sample:
    """Some of a question's sentences, each in a window of its own, with some of the word pieces hidden.

    Of many that answer with a number, a time or a name there is a near miss too (details.py), beside the sentence or in
    its place; then nothing that shows the detail is among the others.
    """
    good = [each for each in question.kept if each[2]]
    bad = [each for each in question.kept if not each[2]]
    before, after = int(rng.integers(MOST_BEFORE + 1)), int(rng.integers(MOST_AFTER + 1))

    def singled(number: int, place: int) -> Window:
        return singled_out(question.windows[number], place, before=before, after=after)

    answering = [singled(*good[i][:2]) for i in rng.permutation(len(good))[:2]]
    taken = [detail for words in question.asked.words for detail in details(question.asked.text, words)]
    missing = _near_misses(answering, taken, rng)
    if missing and len(missing) == len(good) and rng.random() < ALONE:
        answering = []
    elif question.asked.words:
        answering = [scarred(w, question.asked.words, rng) if rng.random() < SCARRED else w for w in answering]
    chosen = [(window, True) for window in answering] + [(window, False) for window in missing]
    others = some_of(bad, [1 / (rank + 3) for rank in range(len(bad))], N_DRAWN - len(chosen), rng)
    chosen += [(singled(number, place), False) for number, place, _ in others]
    if missing and not answering:
        chosen = [each for each in chosen if not shows(each[0], taken)]
    return [(_hidden(window, rng), np.array([right]), float(right)) for window, right in chosen]


def _near_misses(answering: Sequence[Window], taken: Sequence[Detail], rng: np.random.Generator) -> list[Window]:
    if not taken or rng.random() >= NEAR_MISSES:
        return []
    return [window for window in (without(each, taken, rng) for each in answering) if window is not None]


def _hidden(window: Window, rng: np.random.Generator) -> Window:
    return Window(np.where(np.isin(window.ids, MARKS), window.ids, masked(window.ids, rng)), window.sentences)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="the work folder of training/reader.py")
    parser.add_argument("--questions", type=int, default=36_000, help="how many to learn from at most")
    parser.add_argument("--steps", type=int, default=6000, help="of all runs together")
    options = parser.parse_args()
    learn(hard_questions(options), draw, options.work / "closely.pt", n_steps=options.steps, from_shipped=True)


if __name__ == "__main__":
    main()
