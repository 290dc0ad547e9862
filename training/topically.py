"""Train the network that reads questions on topics (`EvidenceModel.read(…, on_a_topic=True)`).

    python training/topically.py --work FOLDER

After reader.py, in the same work folder; goes on where it was stopped. It begins with the weights of the reader that
ships and learns from the questions on topics alone: eight of the passages found for one, of which some hold evidence.
The loss has three parts: each passage's share of evidence, told apart; the same shares, divided among the eight; and by
half, whether each sentence is evidence, which says where a share comes from. `export.py --states FOLDER/topically.pt
--output ...` then makes what is shipped.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from examples import Example
from reader import SEED, Posed, Sample, a_window, hidden_in, learn, made_examples, scores_of, some_of
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from transcript_qa.reading.network import EvidenceNetwork

N_DRAWN, MOST_GOOD, AT_ONCE = 8, 4, 4
SENTENCE_WEIGHT = 0.5
_LATER_COUNT_LESS = 6


def draw(example: Example, rng: np.random.Generator) -> Sample:
    """Some of the passages found for a question, one window of each, with some of the word pieces hidden."""
    good = [f for f in example.found if f.share > 0 and f.windows]
    bad = [f for f in example.found if f.share == 0 and f.windows]
    n_good = int(rng.integers(1, MOST_GOOD + 1))
    chosen = some_of(good, [1 / (rank + _LATER_COUNT_LESS) for rank in range(len(good))], n_good, rng)
    odds = [(2.0 if f.same else 1.0) / (rank + _LATER_COUNT_LESS) for rank, f in enumerate(bad)]
    chosen += some_of(bad, odds, N_DRAWN - len(chosen), rng)
    return [hidden_in(*a_window(found, rng), found.share, rng) for found in chosen]


def loss_of(network: EvidenceNetwork, examples: Sequence[Posed], samples: Sequence[Sample]) -> Tensor:
    """The loss of some questions together."""
    scored = scores_of(network, [(e.ids, w) for e, sample in zip(examples, samples, strict=True) for w, _, _ in sample])
    losses = []
    for sample in samples:
        rows, scored = scored[: len(sample)], scored[len(sample) :]
        shares = torch.tensor([share for _, _, share in sample], dtype=torch.float32)
        passages = torch.stack([passage for _, passage in rows])
        loss = binary_cross_entropy_with_logits(passages, shares)
        if shares.any():
            loss = loss - ((shares / shares.sum()) * log_softmax(passages, 0)).sum()
        by_sentence = [
            binary_cross_entropy_with_logits(sentences, torch.from_numpy(right).float())
            for (sentences, _), (_, right, _) in zip(rows, sample, strict=True)
        ]
        losses.append(loss + SENTENCE_WEIGHT * torch.stack(by_sentence).mean())
    return torch.stack(losses).sum()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="the work folder of training/reader.py")
    parser.add_argument("--steps", type=int, default=2200, help="of all runs together")
    parser.add_argument(
        "--seed", type=int, default=SEED, help="another one for a network to be averaged with the first"
    )
    parser.add_argument("--state", default="topically.pt", help="the file in the work folder that keeps the training")
    options = parser.parse_args()
    learn(
        [each for each in made_examples(options) if each.asked.topical],
        draw,
        options.work / options.state,
        n_steps=options.steps,
        from_shipped=True,
        at_once=AT_ONCE,
        loss=loss_of,
        seed=options.seed,
    )


if __name__ == "__main__":
    main()
