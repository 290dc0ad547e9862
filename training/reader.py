"""Train the network of the reader (src/transcript_qa/reading/network.py).

    python training/reader.py --qmsum PATH/qmsum/train --friends PATH/friendsqa_dev.json --work FOLDER

One command, fixed seeds, and it goes on where it was stopped: indexes, examples and the state of the training are kept
in the work folder. An hour and a half on two cores with bfloat16. `export.py` then makes the weights that are shipped,
`weights.py` fits what weighs them. See README.md in this folder.

The questions of a step are divided among the cores, each of which reads its own with one thread and a copy of the
network: threads that share a batch wait for each other at every layer (see encoding.py of the package). Copies are in
bfloat16 where the processor multiplies that itself; what is learnt is added up in 32 bits.

For each question some windows of passages are drawn: one or two that hold its answer, the others from what the search
found. Each sentence gets a score, nothing at all has the score 0, and the loss is that of choosing rightly among all
of these: a sentence that answers, or nothing. Beside it each passage is scored for whether it bears on the question:
its target is the share of its words that is evidence for questions on a topic, for others whether it holds the answer.
"""

from __future__ import annotations

import argparse
import copy
import pickle
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch
from check_questions import TRAINING
from examples import Example, Found, Remembering, friends_examples, own_examples, qmsum_examples
from sources import Asked
from torch import Tensor
from torch.nn import functional

from transcript_qa.encoding import batches, cpu_has_bfloat16, n_cores, one_thread
from transcript_qa.minilm import load_bert
from transcript_qa.model_files import bundled_tensors
from transcript_qa.reading.model import shipped_network
from transcript_qa.reading.network import EvidenceNetwork, is_trained
from transcript_qa.reading.network_input import Window, batch_of, cropped

SEED = 20251125
N_WINDOWS = 4
QUESTIONS_A_STEP = 8
TOKENS_TOGETHER = 1024
LAYER_RATE, HEAD_RATE = 1.0e-4, 4e-4
WARMING, COOLING = 50, 0.4
TOPICAL_WEIGHT = 0.3
CROPPED = 0.8
MASK, MASKED = 103, 0.1
HELD_OUT = frozenset(
    (
        "hospital-handover",
        "radio-interview-mountaineer",
        "insurance-claim-call-flooded-cellar",
        "game-studio-retrospective",
        "town-council-market-square",
        "support-call-cancelled-flight",
        "coroner-hearing-ski-lift",
        "oral-history-cannery-worker",
        "dog-show-committee",
        "inquest-roof-fall-drying-shed",
        "inquiry-ferry-ramp-collapse",
        "inquiry-school-kitchen-fire",
        "phone-in-garden-pests",
        "support-call-tent-voucher",
    )
)
"""Own transcripts on which is never trained, only measured."""
FRIENDS_HELD_OUT = 5
"""Of FriendsQA's scenes, in the order of their names, every fifth is left out of the training too."""

Sample = list[tuple[Window, np.ndarray, float]]
"""Windows with which of their sentences answer and their target as a passage."""
_Item = TypeVar("_Item")


def examples_of(options: argparse.Namespace) -> list[Example]:
    """All examples but those held out; made once and kept."""
    file = options.work / "examples.pickle"
    if not file.is_file():
        embedder = Remembering()
        made = own_examples(sorted((TRAINING / "transcripts").glob("*.txt")), options.work / "own", embedder)
        made += friends_examples(options.friends, options.work / "friends", embedder)
        made += qmsum_examples(options.qmsum, options.work / "qmsum", embedder)
        file.write_bytes(pickle.dumps(made))
    loaded: list[Example] = pickle.loads(file.read_bytes())
    left_out = HELD_OUT | friends_held_out(e.asked.transcript for e in loaded if e.asked.source == "friends")
    return [e for e in loaded if e.asked.transcript not in left_out]


def made_examples(options: argparse.Namespace) -> list[Example]:
    """As `examples_of`, of a work folder in which they were made. Exits where they were not."""
    if not (options.work / "examples.pickle").is_file():
        raise SystemExit(f"{options.work} holds no examples.pickle: run training/reader.py with this --work first")
    return examples_of(options)


def friends_held_out(scenes: Iterable[str]) -> frozenset[str]:
    """The scenes of FriendsQA that are left out of the training."""
    return frozenset(sorted(set(scenes))[::FRIENDS_HELD_OUT])


def draw(example: Example, rng: np.random.Generator) -> Sample:
    """Some windows of the passages found for a question."""
    good = [f for f in example.found if f.share > 0]
    bad = [f for f in example.found if f.share == 0]
    n_good = min(len(good), 2 if example.asked.topical or rng.random() < 0.3 else 1)
    chosen = [good[i] for i in rng.permutation(len(good))[:n_good]]
    n_bad = N_WINDOWS - len(chosen) - (0 if good else 1)
    chosen += some_of(bad, [(2.0 if f.same else 1.0) / (rank + 3) for rank, f in enumerate(bad)], n_bad, rng)
    return [hidden_in(*_window_of(example, found, rng), rng) for found in chosen if found.windows]


def some_of(items: Sequence[_Item], odds: Sequence[float], n: int, rng: np.random.Generator) -> list[_Item]:
    """As many of these as there are up to n, none twice, each the likelier the higher its odds."""
    n, each = min(n, len(items)), np.array(odds)
    return [items[i] for i in rng.choice(len(items), size=n, replace=False, p=each / each.sum())] if n else []


def a_window(found: Found, rng: np.random.Generator) -> tuple[Window, np.ndarray]:
    """One of a passage's windows, one with an answer where there is such, and which of its sentences answer."""
    holding = [number for number, right in enumerate(found.right) if right.any()]
    number = int(rng.choice(holding or len(found.windows)))
    return found.windows[number], found.right[number]


def hidden_in(
    window: Window, right: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[Window, np.ndarray, float]:
    """The same with some word pieces hidden: a question that comes again is not to be known by its words."""
    return Window(masked(window.ids, rng), window.sentences), right, share


def masked(ids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Word pieces, some of them hidden."""
    return np.where(rng.random(len(ids)) < MASKED, MASK, ids).astype(ids.dtype)


def _window_of(example: Example, found: Found, rng: np.random.Generator) -> tuple[Window, np.ndarray, float]:
    window, right = a_window(found, rng)
    if example.asked.topical:
        return window, right, found.share
    if rng.random() < CROPPED and len(window.sentences) > 3:
        window, right = _cropped(window, right, rng)
    return window, right, float(right.any())


def _cropped(window: Window, right: np.ndarray, rng: np.random.Generator) -> tuple[Window, np.ndarray]:
    """A run of a window's sentences that keeps those that answer."""
    n = len(window.sentences)
    size = int(rng.integers(2, n))
    marked = np.flatnonzero(right)
    low, high = (max(0, marked[-1] - size + 1), min(marked[0], n - size)) if len(marked) else (0, n - size)
    first = int(rng.integers(low, high + 1)) if low <= high else int(marked[0])
    last = max(first + size, int(marked[-1]) + 1 if len(marked) else 0)
    return cropped(window, first, last - 1), right[first:last]


class Copies:
    """Copies of a network, one for each core, that find its gradient side by side."""

    def __init__(self, network: EvidenceNetwork, loss: Loss, *, seed: int = SEED) -> None:
        self._network, self._loss, self._seed = network, loss, seed
        kind = torch.bfloat16 if cpu_has_bfloat16() else torch.float32
        self._copies = [copy.deepcopy(network).to(kind).train() for _ in range(n_cores())]
        self._chances = [torch.Generator() for _ in self._copies]
        for each, chance in zip(self._copies, self._chances, strict=True):
            each.draw_from(chance)
        self._workers = ThreadPoolExecutor(len(self._copies))

    def loss(self, examples: Sequence[Posed], samples: Sequence[Sample], *, step: int) -> float:
        """The mean loss over the questions of a step; its gradient is then the network's."""
        for number, chance in enumerate(self._chances):
            chance.manual_seed(self._seed + step * len(self._chances) + number)
        with torch.no_grad():
            for each in self._copies:
                for ours, theirs in zip(each.parameters(), self._network.parameters(), strict=True):
                    if theirs.requires_grad:
                        ours.copy_(theirs)
                        ours.grad = None
        parts = shared_out([_n_tokens(*pair) for pair in zip(examples, samples, strict=True)], len(self._copies))

        def read(number: int) -> float:
            with one_thread():
                chosen = parts[number]
                if not chosen:
                    return 0.0
                total = self._loss(self._copies[number], [examples[i] for i in chosen], [samples[i] for i in chosen])
                (total / len(examples)).backward()  # type: ignore[no-untyped-call]
                return total.item()

        total = sum(self._workers.map(read, range(len(self._copies))))
        for parameter, *theirs in zip(*(n.parameters() for n in (self._network, *self._copies)), strict=True):
            if parameter.requires_grad:
                found = [each.grad.float() for each in theirs if each.grad is not None]
                parameter.grad = torch.stack(found).sum(0) if found else None
        return total / len(examples)


def _n_tokens(example: Posed, sample: Sample) -> int:
    return sum(len(example.ids) + len(window.ids) + 3 for window, _, _ in sample)


def shared_out(sizes: Sequence[int], n_parts: int) -> list[list[int]]:
    """Indices in so many parts of nearly the same size together: each goes, largest first, where there is least."""
    parts: list[list[int]] = [[] for _ in range(n_parts)]
    held = [0] * n_parts
    for index in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        least = held.index(min(held))
        parts[least].append(index)
        held[least] += sizes[index]
    return parts


def loss_of(network: EvidenceNetwork, examples: Sequence[Posed], samples: Sequence[Sample]) -> Tensor:
    """The loss of some questions together."""
    scored = scores_of(network, [(e.ids, w) for e, sample in zip(examples, samples, strict=True) for w, _, _ in sample])
    losses = []
    for example, sample in zip(examples, samples, strict=True):
        rows, scored = scored[: len(sample)], scored[len(sample) :]
        scores = torch.cat([sentences for sentences, _ in rows])
        right = torch.from_numpy(np.concatenate([r for _, r, _ in sample]))
        everything = torch.logsumexp(functional.pad(scores, (1, 0)), 0)
        answer = torch.logsumexp(scores[right], 0) if right.any() else torch.zeros(())
        target = torch.tensor([t for _, _, t in sample], dtype=torch.float32)
        weight = TOPICAL_WEIGHT if example.asked.topical else 1.0
        losses.append(weight * (everything - answer) + _passage_loss(torch.stack([p for _, p in rows]), target))
    return torch.stack(losses).sum()


def scores_of(network: EvidenceNetwork, pairs: Sequence[tuple[np.ndarray, Window]]) -> list[tuple[Tensor, Tensor]]:
    """The scores of each pair's sentences and of its passage; pairs of like length are read together."""
    lengths = [len(question) + len(window.ids) + 3 for question, window in pairs]
    found: dict[int, tuple[Tensor, Tensor]] = {}
    for rows in batches(lengths, budget=TOKENS_TOGETHER):
        batch = batch_of([pairs[i] for i in rows])
        sentences, passages = network(
            *(torch.from_numpy(part) for part in (batch.ids, batch.types, batch.mask, batch.pool))
        )
        for row, i in enumerate(rows):
            found[i] = (sentences[row, : len(pairs[i][1].sentences)].float(), passages[row].float())
    return [found[i] for i in range(len(pairs))]


def _passage_loss(scores: Tensor, target: Tensor) -> Tensor:
    each = functional.binary_cross_entropy_with_logits(scores, target)
    if not target.any():
        return each
    wanted = target / target.sum()
    return each + 0.5 * -(wanted * functional.log_softmax(scores, 0)).sum()


def rate(step: int, begin: int, n_steps: int) -> float:
    """The share of the highest rate: up at the beginning of each run, down to nothing over the last steps of all."""
    return min(1.0, (step - begin + 1) / WARMING, (n_steps - step) / (COOLING * n_steps))


class Posed(Protocol):
    """A question to learn from."""

    @property
    def asked(self) -> Asked:
        """What was asked."""
        ...

    @property
    def ids(self) -> np.ndarray:
        """It as word pieces, (n,) int32."""
        ...


_Posed = TypeVar("_Posed", bound=Posed)
Loss = Callable[[EvidenceNetwork, Sequence[Posed], Sequence[Sample]], Tensor]
"""The loss of some questions together, of each what was drawn."""


def learn(
    questions: Sequence[_Posed],
    drawn: Callable[[_Posed, np.random.Generator], Sample],
    state: Path,
    *,
    n_steps: int,
    from_shipped: bool,
    at_once: int = QUESTIONS_A_STEP,
    loss: Loss = loss_of,
    seed: int = SEED,
) -> None:
    """Train up to so many steps, going on from the state that is kept where there is one.

    Args:
        questions: to learn from.
        drawn: what is read of one in a step.
        state: where network, optimizer and the number of steps are kept.
        n_steps: of all runs together.
        from_shipped: begin with the weights of the reader that ship, not with those of the embedding model.
        at_once: questions a step.
        loss: of what was drawn for the questions of a step.
        seed: of their order and of what is drawn; the mean of the weights of two runs that differ in it can be better
            than either.
    """
    torch.manual_seed(seed)
    network = EvidenceNetwork()
    load_bert(network, bundled_tensors())
    for name, parameter in network.named_parameters():
        parameter.requires_grad = is_trained(name)
    layers = [p for p in network.layers.parameters() if p.requires_grad]
    known = {id(p) for p in layers}
    heads = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
    network.train()
    optimizer = torch.optim.AdamW(
        [{"params": layers, "lr": LAYER_RATE}, {"params": heads, "lr": HEAD_RATE}], weight_decay=0.01
    )
    begin = 0
    if state.is_file():
        stored = torch.load(state)
        network.load_state_dict(stored["network"])
        optimizer.load_state_dict(stored["optimizer"])
        begin = stored["step"]
    elif from_shipped:
        network.load_state_dict(shipped_network().state_dict())
    copies = Copies(network, loss, seed=seed)
    print(f"{len(questions)} questions, steps {begin} to {n_steps}", flush=True)
    seen, started = [], time.perf_counter()
    for step in range(begin, n_steps):
        rng = np.random.default_rng((seed, step))
        chosen = [questions[i] for i in _of_step(len(questions), step, at_once, seed)]
        seen.append(copies.loss(chosen, [drawn(each, rng) for each in chosen], step=step))
        for group, highest in zip(optimizer.param_groups, (LAYER_RATE, HEAD_RATE), strict=True):
            group["lr"] = highest * rate(step, begin, n_steps)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 25 == 0 or step + 1 == n_steps:
            took = (time.perf_counter() - started) / (step + 1 - begin)
            print(f"step {step + 1} loss {np.mean(seen[-100:]):.3f} {took:.2f} s a step", flush=True)
        if (step + 1) % 50 == 0 or step + 1 == n_steps:
            kept = {"network": network.state_dict(), "optimizer": optimizer.state_dict(),
                    "step": step + 1}  # fmt: skip
            torch.save(kept, state.with_suffix(".new"))
            state.with_suffix(".new").replace(state)


def _of_step(n_examples: int, step: int, at_once: int, seed: int) -> list[int]:
    """The questions of a step: each epoch is a permutation of its own."""
    places = range(step * at_once, (step + 1) * at_once)
    orders = {
        e: np.random.default_rng((seed, 1 << 20, e)).permutation(n_examples) for e in {p // n_examples for p in places}
    }
    return [int(orders[place // n_examples][place % n_examples]) for place in places]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qmsum", type=Path, required=True, help="QMSum's folder train")
    parser.add_argument("--friends", type=Path, required=True, help="friendsqa_dev.json")
    parser.add_argument("--work", type=Path, required=True, help="where indexes, examples and the state are kept")
    parser.add_argument("--steps", type=int, default=5500, help="of all runs together")
    parser.add_argument("--from-shipped", action="store_true", help="begin with the weights that ship")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    learn(
        examples_of(options),
        draw,
        options.work / "state.pt",
        n_steps=options.steps,
        from_shipped=options.from_shipped,
    )


if __name__ == "__main__":
    main()
