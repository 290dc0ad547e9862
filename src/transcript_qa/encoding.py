"""A model called directly: token ids in, unit vectors out, on threads that do not wait.

Which arithmetic and how many threads is a rule by what the processor says of itself, not a measurement that is kept in
a file: a measurement on a machine that is busy with something else is wrong for good, and the rule was right wherever
both were tried (two cores with AVX-512 BF16, busy and idle). It has three parts.

- bfloat16 where the processor multiplies it itself, with an attention of our own (attention.py); float32 elsewhere.
- One thread to a batch, always. Threads that share one batch wait for each other at every layer: a single question took
  8 ms with one thread, and with two 17 ms on an idle machine and 490 ms on a busy one.
- As many batches side by side as there are cores. They never wait for each other: a third less processor time for the
  same words than two threads in one batch.

The texts of a batch are filled up to lengths of which there are few. For each shape of a batch torch's library for
multiplications (oneDNN) makes its code anew, 5 ms a batch, and keeps up to a thousand of them: with every length its
own shape, 35 meetings took 200 MB more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from transcript_qa.attention import use_attention

if TYPE_CHECKING:
    from torch import Tensor

Forward = Callable[["Tensor", "Tensor"], "Tensor"]
PROBES = ("The loan was closed.", "Who spoke of the harbour, and what was said about it in the end?")
# Small enough that a layer's numbers stay in a core's own cache, and that all cores have work to the end.
_CPU_BATCH_TOKENS = 1024
_OTHER_BATCH_TOKENS = 32_768
_ALIKE = 0.99
_LENGTH_STEP = 8


@lru_cache(maxsize=1)
def cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself: three times the words a second, at cosine 0.999 to float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def n_cores() -> int:
    """How many processors this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch in this thread for the time of the block; afterwards as it was."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Encoder:
    """A loaded model, called directly.

    Args:
        forward: given token ids (n, length) int64 and a bool mask of the same shape, False on padding, finds vectors
            (n, dim) of any length.
        device: where it computes, as torch names it: "cpu", "cuda:1", "mps".
        pad_id: the token that fills up a batch.
        most_tokens: how many tokens of a text it reads; 0 where that is not known.
    """

    def __init__(self, forward: Forward, *, device: str, pad_id: int, most_tokens: int) -> None:
        self._forward = forward
        self._device = device
        self._pad_id = pad_id
        self._most_tokens = most_tokens

    @property
    def n_workers(self) -> int:
        """How many batches to run side by side."""
        return n_cores() if is_cpu(self._device) else 1

    @property
    def batch_tokens(self) -> int:
        """How many tokens a batch may have, padding among them."""
        return batch_tokens(self._device)

    def vectors(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """(n, dim) float32, unit rows, of one batch of texts as token ids, the model's own marks among them.

        A text by itself is not filled up: questions are short, and their lengths come again anyway.
        """
        import torch

        longest = max(map(len, ids))
        if len(ids) > 1:
            longest = max(longest, min(padded(longest), self._most_tokens))
        tokens = np.full((len(ids), longest), self._pad_id, dtype=np.int64)
        mask = np.zeros(tokens.shape, dtype=bool)
        for row, each in enumerate(ids):
            tokens[row, : len(each)] = each
            mask[row, : len(each)] = True
        with one_thread(), torch.inference_mode():
            given = (torch.from_numpy(part).to(self._device) for part in (tokens, mask))
            found = torch.nn.functional.normalize(self._forward(*given).float(), dim=1)
        return np.ascontiguousarray(found.cpu().numpy(), dtype=np.float32)

    def gives(self, expected: NDArray[np.float32], ids: Sequence[Sequence[int]]) -> bool:
        """Whether this gives, up to rounding, what `encode` gave for the same texts: some models need more than ids."""
        try:
            found = self.vectors(ids)
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
            return False
        return found.shape == expected.shape and float((found * expected).sum(axis=1).min()) >= _ALIKE


def of_library(model: Any, *, pad_id: int) -> Encoder:
    """An encoder that calls a loaded `SentenceTransformer` without its `encode`.

    Args:
        model: in float32; its transformer is brought into the arithmetic of the machine.
        pad_id: the token that fills up a batch.
    """
    device = str(model.device)
    if use_bfloat16(device):
        # What comes after the transformer is cheap, and loses nothing in float32.
        model[0].bfloat16()
        use_attention(model[0])

    def forward(ids: Tensor, mask: Tensor) -> Tensor:
        features: Any = {"input_ids": ids, "attention_mask": mask.long()}
        for place, module in enumerate(model):
            features = module(features)
            if place == 0:
                features["token_embeddings"] = features["token_embeddings"].float()
        found: Tensor = features["sentence_embedding"]
        return found

    return Encoder(forward, device=device, pad_id=pad_id, most_tokens=int(getattr(model, "max_seq_length", None) or 0))


def of_minilm(tensors: Mapping[str, Tensor], *, device: str | None, pad_id: int) -> Encoder:
    """An encoder that runs the bundled model in our own network (minilm.py).

    Args:
        tensors: its weights by name, in float32.
        device: None for the fastest that the machine has.
        pad_id: the token that fills up a batch.
    """
    from transcript_qa.minilm import POSITIONS, bert_of, for_inference

    place = device or best_device()
    network = for_inference(bert_of(tensors, bfloat16=use_bfloat16(place))).to(place)
    return Encoder(network.means, device=place, pad_id=pad_id, most_tokens=POSITIONS)


def best_device() -> str:
    """The fastest device that torch finds on this machine."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def batch_tokens(device: str) -> int:
    """How many tokens a batch may have on a device, padding among them."""
    return _CPU_BATCH_TOKENS if is_cpu(device) else _OTHER_BATCH_TOKENS


def use_bfloat16(device: str) -> bool:
    """Whether a model on a device is to compute in bfloat16."""
    return is_cpu(device) and cpu_has_bfloat16()


def is_cpu(device: str) -> bool:
    """Whether a device as torch names it is the processor.

    >>> is_cpu("cpu:0"), is_cpu("cuda:0")
    (True, False)
    """
    return device.partition(":")[0] == "cpu"


def padded(length: int) -> int:
    """What a length is filled up to, so that it comes again.

    >>> padded(201), padded(208)
    (208, 208)
    """
    return -(-length // _LENGTH_STEP) * _LENGTH_STEP


def batches(lengths: Sequence[int], *, budget: int) -> list[list[int]]:
    """Indices in batches of like length, longest first, each at most `budget` padded tokens (one text at least)."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    found: list[list[int]] = []
    for index in order:
        if found and (len(found[-1]) + 1) * padded(lengths[found[-1][0]]) <= budget:
            found[-1].append(index)
        else:
            found.append([index])
    return found
