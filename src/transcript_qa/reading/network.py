"""The network of the reader: a BERT encoder over question and passage with two heads.

The encoder has the shape of MiniLM-L6 (6 layers, 384 wide, 12 heads). One head gives each sentence a score: the log of
how much likelier it is to answer than nothing in the passages is. The other gives the passage one: whether what is
talked about there bears on the question. The embeddings and the lowest two layers are those of the bundled embedding
model and are not trained, so only the upper four layers and the heads have weights of their own.

This module imports torch; import it inside the function that needs it.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from transcript_qa.attention import attend

WIDTH, INNER, N_HEADS, N_LAYERS = 384, 1536, 12, 6
N_FROZEN = 2
DROPPED = 0.1
"""Share of a layer's outputs that is left out while training."""
VOCABULARY, POSITIONS = 30522, 512


class _Layer(nn.Module):
    """One layer of the encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm_out = nn.LayerNorm(WIDTH, eps=1e-12)
        self.up = nn.Linear(WIDTH, INNER)
        self.down = nn.Linear(INNER, WIDTH)
        self.norm_down = nn.LayerNorm(WIDTH, eps=1e-12)
        self.chance: torch.Generator | None = None

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        n_rows, length, _ = states.shape
        query, key, value = (
            self.qkv(states).view(n_rows, length, 3, N_HEADS, WIDTH // N_HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        )
        if self.training:
            # On CPUs this goes back faster than the fused kernel does, which goes forward faster.
            odds = (query @ key.transpose(-1, -2) / (WIDTH // N_HEADS) ** 0.5).masked_fill(~mask, -1e4).softmax(-1)
            mixed = odds.to(value.dtype) @ value
        elif states.dtype is torch.bfloat16 and states.device.type == "cpu":
            mixed = attend(query, key, value, mask.transpose(-1, -2), (WIDTH // N_HEADS) ** -0.5)
        else:
            mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(n_rows, length, WIDTH)
        states = self.norm_out(states + self._dropped(self.out(mixed)))
        inner: Tensor = self.norm_down(states + self._dropped(self.down(functional.gelu(self.up(states)))))
        return inner

    def _dropped(self, states: Tensor) -> Tensor:
        if not self.training:
            return states
        kept = torch.empty_like(states).bernoulli_(1 - DROPPED, generator=self.chance)
        return states * kept / (1 - DROPPED)


class EvidenceNetwork(nn.Module):
    """Scores of sentences and of passages for a question."""

    def __init__(self) -> None:
        super().__init__()
        self.word = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Embedding(POSITIONS, WIDTH)
        self.segment = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(_Layer() for _ in range(N_LAYERS))
        self.sentence = _Match()
        self.passage = _Match()

    def draw_from(self, chance: torch.Generator) -> None:
        """Choose by this what is left out while training; by what all threads share where this is never called."""
        for layer in self.layers:
            assert isinstance(layer, _Layer)
            layer.chance = chance

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor, pool: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of a batch (see `network_input.Batch`).

        Returns:
            (n_rows, n_sentences) of sentences and (n_rows,) of passages.
        """
        positions = torch.arange(ids.shape[1], device=ids.device)
        states = self.norm(self.word(ids) + self.position(positions) + self.segment(types))
        for layer in self.layers:
            states = layer(states, mask[:, None, None, :])
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


_EMBEDDING_NAMES = {
    "word.weight": "embeddings.word_embeddings.weight",
    "position.weight": "embeddings.position_embeddings.weight",
    "segment.weight": "embeddings.token_type_embeddings.weight",
    "norm.weight": "embeddings.LayerNorm.weight",
    "norm.bias": "embeddings.LayerNorm.bias",
}
_LAYER_NAMES = {
    "out": "attention.output.dense",
    "norm_out": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm_down": "output.LayerNorm",
}


def is_trained(name: str) -> bool:
    """Whether a parameter has a weight of the reader's own; all others are the embedding model's."""
    first, number, *_ = name.split(".")
    return int(number) >= N_FROZEN if first == "layers" else f"{first}.{number}" not in _EMBEDDING_NAMES


def load_bert(network: EvidenceNetwork, bert: Mapping[str, Tensor]) -> None:
    """Take embeddings and layers of a BERT checkpoint (names as transformers gives them)."""
    parameters = dict(network.named_parameters())
    with torch.no_grad():
        for ours, theirs in _EMBEDDING_NAMES.items():
            parameters[ours].copy_(bert[theirs])
        for number in range(N_LAYERS):
            ours, prefix = f"layers.{number}.", f"encoder.layer.{number}."
            for kind in ("weight", "bias"):
                parts = [bert[f"{prefix}attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
                parameters[f"{ours}qkv.{kind}"].copy_(torch.cat(parts))
                for name, theirs in _LAYER_NAMES.items():
                    parameters[f"{ours}{name}.{kind}"].copy_(bert[f"{prefix}{theirs}.{kind}"])
