"""Weights as they come with the package: matrices as 8-bit integers, a 16-bit scale for each row, all else in 16 bits.

This module imports torch only where weights are packed or read.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

from transcript_qa.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

REMEDY = "Install transcript-qa again"
_SCALE = ".scale"


def shipped_bytes(file: str) -> bytes:
    """A file of weights that comes with the package, as it lies there. Raises `ModelError`."""
    try:
        return (files("transcript_qa") / "data" / file).read_bytes()
    except OSError as error:
        raise ModelError(file, f"it cannot be read ({error.strerror})", REMEDY) from error


def shipped_tensors(file: str) -> dict[str, Tensor]:
    """The weights that come with the package in `file`, as 32-bit numbers. Raises `ModelError`."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return unpacked(load(shipped_bytes(file)))
    except SafetensorError as error:
        raise ModelError(file, f"it is damaged ({error})", REMEDY) from error


def packed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights made small, by name; the scales of a matrix stand beside it."""
    import torch

    out: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if weight.dim() < 2:
            out[name] = weight.half()
            continue
        scale = (weight.abs().amax(dim=1) / 127).clamp(min=1e-8).half()
        out[name] = torch.clamp(torch.round(weight / scale.float()[:, None]), -127, 127).to(torch.int8)
        out[name + _SCALE] = scale
    return out


def unpacked(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `packed` packed, as 32-bit numbers."""
    return {
        name: weight.float() * stored[name + _SCALE].float()[:, None] if name + _SCALE in stored else weight.float()
        for name, weight in stored.items()
        if not name.endswith(_SCALE)
    }
