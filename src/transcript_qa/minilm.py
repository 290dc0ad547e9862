"""MiniLM-L6 in plain torch: the encoder of the bundled embedding model, and of the reader.

It has the shape of BERT with 6 layers, 384 wide, 12 heads. The library that could run the bundled model too takes 2.4 s
and 240 MB to import, more than all else before a first answer; other models are left to it (embed.py).

Where the processor multiplies bfloat16 itself, `for_inference` lays the weights as its multiplication wants them: the
same numbers in 0.93 of the time, for nothing has to be laid out at each call.

This module imports torch; import it inside the function that needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from transcript_qa.attention import attend

WIDTH, INNER, N_HEADS, N_LAYERS = 384, 1536, 12, 6
DROPPED = 0.1
"""Share of a layer's outputs that is left out while training."""
VOCABULARY, POSITIONS = 30522, 512
LEFT, RIGHT = ".left", ".right"
"""Endings of the two factors of what is added to a matrix."""
# The weights' lay-out depends on it hardly: about as many word pieces as a batch has.
_ROWS = 1024


class _Widening(nn.Linear):
    """A linear layer and GELU behind it."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as the layer that it overrides names it
        return functional.gelu(super().forward(input))


class Layer(nn.Module):
    """One layer of the encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm_out = nn.LayerNorm(WIDTH, eps=1e-12)
        self.up = _Widening(WIDTH, INNER)
        self.down = nn.Linear(INNER, WIDTH)
        self.norm_down = nn.LayerNorm(WIDTH, eps=1e-12)
        self.chance: torch.Generator | None = None

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """The states behind this layer, (n_rows, length, WIDTH); `mask` (n_rows, 1, 1, length) is False on padding."""
        n_rows, length = states.shape[:2]
        query, key, value = (
            self.qkv(states).view(n_rows, length, 3, N_HEADS, WIDTH // N_HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        )
        if self.training:
            # On CPUs this goes back faster than the fused kernel does, which goes forward faster.
            odds = (query @ key.transpose(-1, -2) / (WIDTH // N_HEADS) ** 0.5).masked_fill(~mask, -1e4).softmax(-1)
            mixed = (odds.to(value.dtype) @ value).transpose(1, 2)
        elif states.dtype is torch.bfloat16 and states.device.type == "cpu":
            mixed = attend(query, key, value, mask.transpose(-1, -2), (WIDTH // N_HEADS) ** -0.5)
        else:
            mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask).transpose(1, 2)
        states = self.norm_out(states + self._dropped(self.out(mixed.reshape(n_rows, length, WIDTH))))
        inner: Tensor = self.norm_down(states + self._dropped(self.down(self.up(states))))
        return inner

    def _dropped(self, states: Tensor) -> Tensor:
        if not self.training:
            return states
        kept = torch.empty_like(states).bernoulli_(1 - DROPPED, generator=self.chance)
        return states * kept / (1 - DROPPED)


class MiniLM(nn.Module):
    """Word pieces in, a state for each of them out."""

    def __init__(self) -> None:
        super().__init__()
        self.word = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Embedding(POSITIONS, WIDTH)
        self.segment = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(N_LAYERS))

    def states(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """The states of a batch.

        Args:
            ids: (n_rows, length) int64.
            types: 0 for the first text of a pair, 1 for the second; of a shape that goes with that of `ids`.
            mask: (n_rows, length) bool, False on padding.

        Returns:
            (n_rows, length, WIDTH).
        """
        positions = torch.arange(ids.shape[1], device=ids.device)
        states: Tensor = self.norm(self.word(ids) + self.position(positions) + self.segment(types))
        for layer in self.layers:
            states = layer(states, mask[:, None, None, :])
        return states

    def means(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(n_rows, WIDTH) float32, the mean state of each text: what the bundled model takes for its meaning."""
        states = self.states(ids, ids.new_zeros(()), mask).float()
        weight = mask.float()[:, :, None]
        return (states * weight).sum(1) / weight.sum(1)


class _PackedLinear(nn.Module):
    """A linear layer whose weights lie as the processor's multiplication of bfloat16 wants them."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self._weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), _ROWS)
        self._bias = linear.bias.detach()
        self._after = ("gelu", "none") if isinstance(linear, _Widening) else ("none", "")

    def forward(self, rows: Tensor) -> Tensor:
        after, kind = self._after
        found: Tensor = torch.ops.mkldnn._linear_pointwise(rows, self._weight, self._bias, after, [], kind)
        return found


def _can_pack() -> bool:
    """Whether this torch has the two operations, which it does not promise to keep."""
    return hasattr(torch.ops.mkldnn, "_reorder_linear_weight") and hasattr(torch.ops.mkldnn, "_linear_pointwise")


_Network = TypeVar("_Network", bound=MiniLM)


def for_inference(network: _Network) -> _Network:
    """The same network, ready to be asked and no more to be trained; in bfloat16 only where the processor has that."""
    network.requires_grad_(False)
    if network.word.weight.dtype is torch.bfloat16 and _can_pack():
        for layer in network.layers:
            for name in ("qkv", "out", "up", "down"):
                setattr(layer, name, _PackedLinear(getattr(layer, name)))
    return network.eval()


EMBEDDING_NAMES = {
    "word.weight": "embeddings.word_embeddings.weight",
    "position.weight": "embeddings.position_embeddings.weight",
    "segment.weight": "embeddings.token_type_embeddings.weight",
    "norm.weight": "embeddings.LayerNorm.weight",
    "norm.bias": "embeddings.LayerNorm.bias",
}
"""Parameters beneath the layers, and their names in a BERT checkpoint."""
_QKV = ("query", "key", "value")
_LAYER_NAMES = {
    "out": "attention.output.dense",
    "norm_out": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm_down": "output.LayerNorm",
}


def load_bert(network: MiniLM, bert: Mapping[str, Tensor]) -> None:
    """Take embeddings and layers of a BERT checkpoint (names as transformers gives them)."""
    parameters = dict(network.named_parameters())
    with torch.no_grad():
        for ours, theirs in EMBEDDING_NAMES.items():
            parameters[ours].copy_(bert[theirs])
        for number in range(N_LAYERS):
            ours, prefix = f"layers.{number}.", f"encoder.layer.{number}."
            for kind in ("weight", "bias"):
                parts = [bert[f"{prefix}attention.self.{name}.{kind}"] for name in _QKV]
                parameters[f"{ours}qkv.{kind}"].copy_(torch.cat(parts))
                for name, theirs in _LAYER_NAMES.items():
                    parameters[f"{ours}{name}.{kind}"].copy_(bert[f"{prefix}{theirs}.{kind}"])


def added(bert: Mapping[str, Tensor], additions: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A BERT checkpoint with products of narrow matrices added to some of its own.

    Args:
        bert: the checkpoint, names as transformers gives them.
        additions: for the layers' parts as this module names them, "layers.4.out.left" (rows, rank) and
            "layers.4.out.right" (rank, columns); of qkv the rows of query, key and value one below the other.
    """
    found = dict(bert)
    for name, left in additions.items():
        if not name.endswith(LEFT):
            continue
        _, number, part, _ = name.split(".")
        wider = left @ additions[name.removesuffix(LEFT) + RIGHT]
        names = [f"attention.self.{each}" for each in _QKV] if part == "qkv" else [_LAYER_NAMES[part]]
        for each, rows in zip(names, wider.chunk(len(names)), strict=True):
            theirs = f"encoder.layer.{number}.{each}.weight"
            found[theirs] = bert[theirs] + rows
    return found


def bert_of(tensors: Mapping[str, Tensor], *, bfloat16: bool) -> MiniLM:
    """The encoder with the weights of a BERT checkpoint, in bfloat16 or in float32."""
    with torch.device("meta"):
        network = MiniLM()
    network.to(torch.bfloat16 if bfloat16 else torch.float32).to_empty(device="cpu")
    load_bert(network, tensors)
    return network
