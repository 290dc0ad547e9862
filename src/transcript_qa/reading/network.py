"""The network of the reader: a BERT encoder over question and passage with two heads.

The encoder has the shape of MiniLM-L6 (6 layers, 384 wide, 12 heads). One head gives each sentence a score: the log of
how much likelier it is to answer than nothing in the passages is. The other gives the passage one: whether what is
talked about there bears on the question. The embeddings and the lowest two layers are those of the bundled embedding
model and are not trained, so only the upper four layers and the heads have weights of their own.

This module imports torch; import it inside the function that needs it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from transcript_qa.minilm import EMBEDDING_NAMES, WIDTH, Layer, MiniLM

N_FROZEN = 2


class EvidenceNetwork(MiniLM):
    """Scores of sentences and of passages for a question."""

    def __init__(self) -> None:
        super().__init__()
        self.sentence = _Match()
        self.passage = _Match()

    def draw_from(self, chance: torch.Generator) -> None:
        """Choose by this what is left out while training; by what all threads share where this is never called."""
        for layer in self.layers:
            assert isinstance(layer, Layer)
            layer.chance = chance

    def share_frozen(self, other: EvidenceNetwork) -> None:
        """Take the parts that are not trained from another network, which has the same: they are held once."""
        for name in sorted({first for first, *_ in (path.split(".") for path in EMBEDDING_NAMES)}):
            setattr(self, name, getattr(other, name))
        for number in range(N_FROZEN):
            self.layers[number] = other.layers[number]

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor, pool: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of a batch (see `network_input.Batch`).

        Returns:
            (n_rows, n_sentences) of sentences and (n_rows,) of passages.
        """
        states = self.states(ids, types, mask)
        parts = torch.stack([mask & (types == 0), mask & (types == 1)], dim=1).to(states.dtype)
        question, passage = torch.bmm(parts / parts.sum(-1, keepdim=True), states).unbind(1)
        sentences = torch.bmm(pool.to(states.dtype), states)
        first = states[:, 0]
        return (
            self.sentence(question[:, None].expand_as(sentences), sentences, first[:, None].expand_as(sentences)),
            self.passage(question, passage, first),
        )


class _Match(nn.Module):
    """How well a stretch of a passage goes with the question.

    The embedding model's mean of a text's states stands for its meaning, and the cosine of two for how near they are:
    that is where this begins, and what is learnt is added.
    """

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3 * WIDTH, WIDTH)
        self.outer = nn.Linear(WIDTH, 1)
        self.cosine = nn.Linear(1, 1)
        nn.init.constant_(self.cosine.weight, 10.0)
        nn.init.constant_(self.cosine.bias, -6.0)

    def forward(self, question: Tensor, words: Tensor, first: Tensor) -> Tensor:
        asked = functional.normalize(question, dim=-1)
        said = functional.normalize(words, dim=-1)
        both = torch.cat([said * WIDTH**0.5, asked * said * WIDTH, first], dim=-1)
        near = self.cosine((asked * said).sum(-1, keepdim=True))
        score: Tensor = self.outer(functional.gelu(self.inner(both))) + near
        return score.squeeze(-1)


def is_trained(name: str) -> bool:
    """Whether a parameter has a weight of the reader's own; all others are the embedding model's."""
    first, number, *_ = name.split(".")
    return int(number) >= N_FROZEN if first == "layers" else f"{first}.{number}" not in EMBEDDING_NAMES
