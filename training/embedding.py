"""Learn what is added to the bundled model, so that questions and what answers them lie near each other (tuning.py).

    python training/embedding.py --qmsum PATH/qmsum/train --work FOLDER [--steps N] [--export]

The questions are those of question.py on the project's own transcripts (but those held out) and on QMSum's meetings
(but every tenth). Of each question of a step a passage that is evidence is embedded, and one that is not, of those that
the model as it ships takes for right, from its own transcript or from another. The loss is that of choosing among all
passages of the step, by how much of each is evidence. Maps as in question.py are learnt along, one for questions on
topics and one for all others, but not kept: question.py learns them anew behind the additions. The lower layers stay as
they are, so that what they make of each text is found once. It goes on where it was stopped; what each step draws
depends on its number alone. `--export` writes the running mean of what was learnt. Two seconds a step on two cores. How
what ships was made is in README.md.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from attending import Attention
from check_questions import TRAINING
from examples import transcripts_of
from numpy.typing import NDArray
from question import CHECKED, DIM, EVIDENCE, Map, shares_of
from reader import HELD_OUT, shared_out
from safetensors.torch import save_file
from sources import Asked, own_asked, qmsum_asked
from torch import Tensor, nn
from torch.nn import functional

from transcript_qa.chunk import embedding_text
from transcript_qa.datatypes import Transcript
from transcript_qa.embed import SentenceTransformerEmbedder
from transcript_qa.encoding import batches, cpu_has_bfloat16, n_cores, one_thread
from transcript_qa.minilm import LEFT, N_HEADS, RIGHT, Layer, MiniLM, bert_of
from transcript_qa.model_files import bundled_tensors
from transcript_qa.packing import packed
from transcript_qa.question_vector import turned
from transcript_qa.store import LocalStore
from transcript_qa.tuning import ADDITIONS

LOWER, RANK = 3, 32
"""Layers that stay as they are, and how narrow the matrices are whose products are added to the others."""
PARTS = ("qkv", "out", "up", "down")
N_STEPS, QUESTIONS_A_STEP, MOST_LIKE = 1450, 32, 24
ELSEWHERE, TOPICAL_WEIGHT = 0.3, 1.5
"""Share of the wrong passages that are from another transcript; how much oftener a question on a topic is asked."""
RATE, MAP_RATE, DECAY, MAP_DECAY, WARMING = 5e-4, 3e-4, 0.01, 0.1, 60
MEAN_OF = 100
"""The running mean is over about so many steps."""
TOKENS_TOGETHER, KEPT_EVERY, SEED = 2048, 250, 5


class Adapted(nn.Module):
    """A linear layer, with GELU behind it where it had one, and a product of narrow matrices added to its own."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.right = nn.Parameter(torch.randn(RANK, linear.in_features) / linear.in_features**0.5)
        self.left = nn.Parameter(torch.zeros(linear.out_features, RANK))
        self._widens = type(linear) is not nn.Linear

    def forward(self, rows: Tensor) -> Tensor:
        found = functional.linear(rows, self.linear.weight, self.linear.bias)
        found = found + functional.linear(functional.linear(rows, self.right), self.left)
        return functional.gelu(found) if self._widens else found


class Upper(nn.Module):
    """The layers that are added to: states in, a unit vector for each text out."""

    def __init__(self, network: MiniLM) -> None:
        super().__init__()
        self.layers = nn.ModuleList(list(network.layers)[LOWER:]).requires_grad_(False)
        for layer in self.layers:
            for part in PARTS:
                setattr(layer, part, Adapted(getattr(layer, part)))

    def forward(self, texts: Sequence[Tensor]) -> Tensor:
        states, mask = filled(texts)
        for layer in self.layers:
            states = through(layer, states, mask)
        weight = mask.float()[:, :, None]
        return functional.normalize((states.float() * weight).sum(1) / weight.sum(1), dim=-1)

    def additions(self) -> dict[str, Tensor]:
        """The narrow matrices by the names under which they ship."""
        return {
            f"layers.{number}.{part}{ending}": getattr(getattr(layer, part), ending[1:]).detach()
            for number, layer in enumerate(self.layers, start=LOWER)
            for part in PARTS
            for ending in (LEFT, RIGHT)
        }


def through(layer: Layer, states: Tensor, mask: Tensor) -> Tensor:
    """`Layer.forward` with an attention that goes back fast."""
    n_rows, length, width = states.shape
    split = layer.qkv(states).view(n_rows, length, 3, N_HEADS, width // N_HEADS).permute(2, 0, 3, 1, 4)
    mixed = Attention.apply(*split.unbind(0), mask[:, None, :, None], (width // N_HEADS) ** -0.5)  # type: ignore[no-untyped-call]
    states = layer.norm_out(states + layer.out(mixed.reshape(n_rows, length, width)))
    found: Tensor = layer.norm_down(states + layer.down(layer.up(states)))
    return found


def filled(texts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """(n, longest, ...) and a mask, False where a text was filled up."""
    longest = max(map(len, texts))
    rows = texts[0].new_zeros(len(texts), longest, *texts[0].shape[1:])
    mask = torch.zeros(len(texts), longest, dtype=torch.bool)
    for row, each in enumerate(texts):
        rows[row, : len(each)] = each
        mask[row, : len(each)] = True
    return rows, mask


class Lower:
    """The layers that stay as they are."""

    def __init__(self) -> None:
        self._network = bert_of(bundled_tensors(), bfloat16=cpu_has_bfloat16()).requires_grad_(False)
        self._tokenizer = SentenceTransformerEmbedder().tokenizer
        self._tokenizer.enable_truncation(SentenceTransformerEmbedder().max_tokens + 2)

    def states(self, texts: Sequence[str]) -> list[Tensor]:
        """What they make of each text, (length, width)."""
        ids = [torch.tensor(each.ids) for each in self._tokenizer.encode_batch(list(texts))]
        found: dict[int, Tensor] = {}

        def read(rows: list[int]) -> None:
            with one_thread(), torch.inference_mode():
                some, mask = filled([ids[i] for i in rows])
                states = self._below(some, mask)
            found.update((i, states[row, : len(ids[i])].clone()) for row, i in enumerate(rows))

        with ThreadPoolExecutor(n_cores()) as pool:
            list(pool.map(read, batches([len(each) for each in ids], budget=TOKENS_TOGETHER // 2)))
        return [found[i] for i in range(len(ids))]

    def _below(self, ids: Tensor, mask: Tensor) -> Tensor:
        network = self._network
        states: Tensor = network.norm(
            network.word(ids) + network.position(torch.arange(ids.shape[1])) + network.segment(ids.new_zeros(()))
        )
        for layer in list(network.layers)[:LOWER]:
            states = through(layer, states, mask)
        return states


@dataclass(frozen=True, slots=True)
class Posed:
    """A question as the lower layers leave it, and where its answer is.

    Attributes:
        states: (length, width).
        shares: how much of each passage of its transcript is evidence.
        near, far: numbers of the passages that are taken for right wrongly, of its transcript and of others.
    """

    asked: Asked
    states: Tensor
    shares: NDArray[np.float32]
    near: list[int]
    far: list[int]


@dataclass(frozen=True, slots=True)
class Pool:
    """The passages of an index as the lower layers leave them, which are of which transcript, and the questions."""

    passages: list[Tensor]
    places: dict[str, range]
    questions: list[Posed]


def pool_of(
    index: Path,
    asked: Sequence[Asked],
    transcripts: dict[str, Transcript],
    embedder: SentenceTransformerEmbedder,
    lower: Lower,
) -> Pool:
    """The questions that have an answer, on the transcripts that any question was asked on."""
    texts: list[str] = []
    places, shares, vectors = {}, {}, []
    with LocalStore.open(index) as store:
        for transcript in sorted({each.transcript for each in asked}):
            stored = store.stored(transcript)
            places[transcript] = range(len(texts), len(texts) + len(stored.passages))
            texts += [embedding_text(transcripts[transcript], passage) for passage in stored.passages]
            shares[transcript] = [passage.span for passage in stored.passages]
            vectors.append(np.asarray(stored.vectors, dtype=np.float32))
    answered = [(each, held) for each in asked if (held := shares_of(each, shares[each.transcript])).any()]
    found = turned(embedder.embed_passages([each.text for each, _ in answered]), embedder)
    everything = np.concatenate(vectors)
    questions = [
        Posed(each, states, held, *taken_for_right(everything @ vector, places[each.transcript], held))
        for (each, held), vector, states in zip(
            answered, found, lower.states([each.text for each, _ in answered]), strict=True
        )
    ]
    return Pool(lower.states(texts), places, questions)


def taken_for_right(
    scores: NDArray[np.float32], own: range, shares: NDArray[np.float32]
) -> tuple[list[int], list[int]]:
    """The passages without evidence that are most like the question, best first: of its transcript, and of others."""
    inside = scores[own.start : own.stop]
    near = [own.start + int(i) for i in np.argsort(-inside) if not shares[i]][:MOST_LIKE]
    outside = scores.copy()
    outside[own.start : own.stop] = -np.inf
    best = np.argpartition(-outside, MOST_LIKE)[:MOST_LIKE]
    return near, best[np.argsort(-outside[best])].tolist()


class Copies:
    """Copies of the upper layers, one for each core."""

    def __init__(self, upper: Upper) -> None:
        self._upper = upper
        kind = torch.bfloat16 if cpu_has_bfloat16() else torch.float32
        self._copies = [copy.deepcopy(upper).to(kind) for _ in range(n_cores())]
        self._workers = ThreadPoolExecutor(len(self._copies))

    def renew(self) -> None:
        """Have them hold what was learnt."""
        with torch.no_grad():
            for each in self._copies:
                for ours, theirs in zip(each.parameters(), self._upper.parameters(), strict=True):
                    ours.copy_(theirs)
                    ours.grad = None

    def vectors(self, texts: Sequence[Tensor]) -> tuple[Tensor, Callable[[Tensor], None]]:
        """The texts' vectors, and what takes the gradient of these back to the additions."""
        parts = shared_out([len(each) for each in texts], len(self._copies))
        found = torch.empty(len(texts), DIM)

        def forward(number: int) -> list[tuple[list[int], Tensor]]:
            held = []
            with one_thread():
                for rows in batches([len(texts[i]) for i in parts[number]], budget=TOKENS_TOGETHER):
                    chosen = [parts[number][i] for i in rows]
                    held.append((chosen, self._copies[number]([texts[i] for i in chosen])))
                    found[chosen] = held[-1][1].detach()
            return held

        held = list(self._workers.map(forward, range(len(parts))))

        def back(gradient: Tensor) -> None:
            def backward(number: int) -> None:
                with one_thread():
                    for rows, vectors in held[number]:
                        vectors.backward(gradient[rows])

            list(self._workers.map(backward, range(len(parts))))
            for parameter, *theirs in zip(*(n.parameters() for n in (self._upper, *self._copies)), strict=True):
                grads = [each.grad.float() for each in theirs if each.grad is not None]
                parameter.grad = torch.stack(grads).sum(0) if grads else None

        return found, back

    def read(self, texts: Sequence[Tensor]) -> Tensor:
        """The texts' vectors."""
        with torch.no_grad():
            return torch.cat([self.vectors(texts[at : at + 512])[0] for at in range(0, len(texts), 512)])


def drawn(
    pools: Sequence[Pool], chosen: Sequence[tuple[int, int]], rng: np.random.Generator
) -> tuple[list[tuple[int, int]], Tensor]:
    """The passages of a step, by pool and number, and how much of each is evidence for each question."""
    passages: dict[tuple[int, int], None] = {}
    for p, i in chosen:
        question = pools[p].questions[i]
        own = pools[p].places[question.asked.transcript]
        passages[p, own.start + int(rng.choice(len(own), p=question.shares / question.shares.sum()))] = None
        wrong = question.far if rng.random() < ELSEWHERE or not question.near else question.near
        passages[p, wrong[int(len(wrong) * rng.random() ** 1.5)]] = None
    shares = torch.zeros(len(chosen), len(passages))
    for row, (p, i) in enumerate(chosen):
        question = pools[p].questions[i]
        own = pools[p].places[question.asked.transcript]
        for column, (q, number) in enumerate(passages):
            if p == q and number in own:
                shares[row, column] = float(question.shares[number - own.start])
    return list(passages), shares


class Learning:
    """The additions and the maps behind them, on their way."""

    def __init__(self, state: Path, n_steps: int) -> None:
        torch.manual_seed(SEED)
        self.upper, self.maps, self.step, self._state, self._n_steps = Upper(bert()), (Map(), Map()), 0, state, n_steps
        self.copies = Copies(self.upper)
        self._learnt = [each for each in self.upper.parameters() if each.requires_grad]
        self._mean = [each.detach().clone() for each in self._learnt]
        linear = [each for one in self.maps for each in one.linear.parameters()]
        self._optimizer = torch.optim.AdamW(
            [
                {"params": self._learnt, "weight_decay": DECAY, "most": RATE},
                {"params": linear, "weight_decay": MAP_DECAY, "most": MAP_RATE},
                {"params": [self.maps[0].scale], "weight_decay": 0.0, "most": MAP_RATE},
            ],
            betas=(0.9, 0.98),
        )
        if state.exists():
            self._go_on(torch.load(state))

    def _parts(self) -> dict[str, nn.Module]:
        return {"upper": self.upper, "map": self.maps[0], "topic": self.maps[1]}

    def _go_on(self, held: dict[str, object]) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(held[name])  # type: ignore[arg-type]
        self._optimizer.load_state_dict(held["optimizer"])  # type: ignore[arg-type]
        self.step, self._mean = held["step"], held["mean"]  # type: ignore[assignment]

    def keep(self) -> None:
        """Write down how far it is."""
        held = {name: part.state_dict() for name, part in self._parts().items()}
        torch.save(
            {**held, "optimizer": self._optimizer.state_dict(), "step": self.step, "mean": self._mean}, self._state
        )

    def take(self, pools: Sequence[Pool], chosen: Sequence[tuple[int, int]], rng: np.random.Generator) -> float:
        """Learn from some questions; the loss that they had."""
        passages, shares = drawn(pools, chosen, rng)
        self.copies.renew()
        texts = [pools[p].passages[i] for p, i in passages] + [pools[p].questions[i].states for p, i in chosen]
        vectors, back = self.copies.vectors(texts)
        vectors.requires_grad_(True)
        asked = vectors[len(passages) :]
        topical = torch.tensor([pools[p].questions[i].asked.topical for p, i in chosen])[:, None]
        asked = torch.where(topical, self.maps[1](asked), self.maps[0](asked))
        chances = torch.log_softmax(asked @ vectors[: len(passages)].T * self.maps[0].scale.exp(), 1)
        loss = -(shares / shares.sum(1, keepdim=True) * chances).sum(1).mean()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        assert vectors.grad is not None
        back(vectors.grad)
        torch.nn.utils.clip_grad_norm_(self._learnt, 1.0)
        for group in self._optimizer.param_groups:
            group["lr"] = group["most"] * min((self.step + 1) / WARMING, 1 - self.step / self._n_steps)
        self._optimizer.step()
        self.step += 1
        with torch.no_grad():
            for mean, each in zip(self._mean, self._learnt, strict=True):
                mean.lerp_(each, max(1 / MEAN_OF, 1 / (self.step + 1)))
        return loss.item()

    def take_mean(self) -> None:
        """Have the additions be their running mean."""
        with torch.no_grad():
            for mean, each in zip(self._mean, self._learnt, strict=True):
                each.copy_(mean)
        self.copies.renew()


def bert() -> MiniLM:
    """The bundled model in 32 bits."""
    return bert_of(bundled_tensors(), bfloat16=False)


def learn(learning: Learning, pools: Sequence[Pool], n_steps: int) -> list[float]:
    """As many steps as are left, and their losses; what each step draws depends on its number alone."""
    places = [(p, i) for p, pool in enumerate(pools) for i in range(len(pool.questions))]
    weights = np.array([TOPICAL_WEIGHT if pools[p].questions[i].asked.topical else 1.0 for p, i in places])
    weights /= weights.sum()
    began = time.monotonic()
    losses: list[float] = []
    for step in range(learning.step, n_steps):
        rng = np.random.default_rng((SEED, step))
        chosen = [places[i] for i in rng.choice(len(places), QUESTIONS_A_STEP, p=weights)]
        losses.append(learning.take(pools, chosen, rng))
        if learning.step % KEPT_EVERY == 0 or learning.step == n_steps:
            each = (time.monotonic() - began) / len(losses)
            print(f"{learning.step}: loss {np.mean(losses[-KEPT_EVERY:]):.3f}, {each:.2f} s a step", flush=True)
            learning.keep()
    return losses


def told(name: str, pool: Pool, topical: bool, learning: Learning) -> None:
    """Print how often a right passage is among the first five of its transcript, and of all; and the mean of 1/rank."""
    questions = [each for each in pool.questions if each.asked.topical is topical]
    passages = learning.copies.read(pool.passages)
    with torch.no_grad():
        vectors = learning.maps[int(topical)].eval()(learning.copies.read([each.states for each in questions]))
    learning.maps[int(topical)].train()
    scoped, ranks, everywhere = [], [], []
    for question, vector in zip(questions, vectors, strict=True):
        scores, own = (passages @ vector).numpy(), pool.places[question.asked.transcript]
        right = question.shares >= min(EVIDENCE, question.shares.max())
        best = scores[own.start : own.stop][right].max()
        better = int((scores[own.start : own.stop] > best).sum())
        scoped.append(better < 5)
        ranks.append(1 / (better + 1))
        everywhere.append(int((scores > best).sum()) < 5)
    print(
        f"  {name}, {'topics' if topical else 'facts'} ({len(questions)}): success@5 {np.mean(scoped):.3f},"
        f" MRR {np.mean(ranks):.3f}, among all success@5 {np.mean(everywhere):.3f}",
        flush=True,
    )


def gathered(options: argparse.Namespace, lower: Lower) -> tuple[list[Pool], dict[str, Pool]]:
    """What is learnt from, and what was left out, by name."""
    embedder = SentenceTransformerEmbedder()
    by_id = transcripts_of(sorted((TRAINING / "transcripts").glob("*.txt")), options.work / "own", embedder)
    asked = own_asked({Path(t.source).stem: t for t in by_id.values()})
    own, held_out = (
        pool_of(options.work / "own", [a for a in asked if (a.transcript in HELD_OUT) is held], by_id, embedder, lower)
        for held in (False, True)
    )
    by_id = transcripts_of([options.qmsum], options.work / "qmsum", embedder)
    asked = qmsum_asked(options.qmsum, {Path(t.source).stem: t for t in by_id.values()})
    left_out = set(sorted({each.transcript for each in asked})[::CHECKED])
    meetings, others = (
        pool_of(options.work / "qmsum", [a for a in asked if (a.transcript in left_out) is out], by_id, embedder, lower)
        for out in (False, True)
    )
    return [own, meetings], {"meetings left out": others, "own transcripts held out": held_out}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qmsum", type=Path, required=True, help="QMSum's folder train")
    parser.add_argument("--work", type=Path, required=True, help="for indexes and the state")
    parser.add_argument("--steps", type=int, default=N_STEPS)
    parser.add_argument("--export", action="store_true", help="write what ships")
    parser.add_argument("--output", type=Path, default=TRAINING.parent / "src" / "transcript_qa" / "data" / ADDITIONS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    learning = Learning(options.work / "embedding.pt", options.steps)
    pools, left_out = gathered(options, Lower())
    print(f"{sum(len(pool.questions) for pool in pools)} questions", flush=True)
    learn(learning, pools, options.steps)
    learning.take_mean()
    for name, pool in left_out.items():
        for topical in (True, False):
            told(name, pool, topical, learning)
    if options.export:
        save_file({n: w.contiguous() for n, w in packed(learning.upper.additions()).items()}, options.output)
        print(f"{options.output.name}: {options.output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
