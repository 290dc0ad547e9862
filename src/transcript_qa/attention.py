"""Attention for encoders in bfloat16 on a processor: three steps over arrays that lie as the multiplication wants them.

Where heads are 32 wide, torch's own fused attention spends most of its time in copies and softmax: 23 ms for 4,096
tokens in texts of 200, beside 30 ms for a layer's multiplications. This takes 11 ms. It is less exact by a rounding of
scores to bfloat16; vectors keep their cosine to float32 (0.9999 in both). No more scores are worked on at a time than
stay near the core: those of one text of 256 tokens, or of many short ones. For four texts of 256, with both cores at
work, that saves 0.9 of 3.3 ms.

Registered with transformers under `NAME`; what a model of another kind than `KINDS` needs of a mask is not done here.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

NAME = "transcript_qa_bfloat16"
KINDS = frozenset({"bert", "roberta", "xlm-roberta", "camembert", "electra", "distilbert"})
"""Models (transformers' `model_type`) in which each token sees all of its text: a mask only tells padding."""
_FULL = "sdpa"
# Powers of 2, which cost a fifth less than those of e: 2^115 is far inside of what bfloat16 holds, also where a long
# text's are added up. Of trained models few scores pass 45.
_HIGHEST = 115.0
_LOG2_E = 1 / log(2)
# Of each head.
_SCORES_TOGETHER = 256**2


def use_attention(module: Any) -> bool:
    """Have the first module of a sentence-transformers model use this attention; whether it can."""
    transformer: Any = getattr(module, "auto_model", None)
    config = getattr(transformer, "config", None)
    if getattr(config, "model_type", None) not in KINDS or getattr(config, "is_decoder", False):
        return False
    if getattr(config, "_attn_implementation", None) != _FULL:
        return False
    try:
        from transformers import AttentionInterface, AttentionMaskInterface
        from transformers.masking_utils import sdpa_mask
    except ImportError:  # transformers before 4.53
        return False
    AttentionInterface.register(NAME, _for_transformers)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    transformer.set_attn_implementation(NAME)
    return True


def leave_attention(module: Any) -> None:
    """Have a module use torch's attention again."""
    transformer: Any = getattr(module, "auto_model", None)
    if getattr(getattr(transformer, "config", None), "_attn_implementation", None) == NAME:
        transformer.set_attn_implementation(_FULL)


def attend(query: Tensor, key: Tensor, value: Tensor, keep: Tensor | None, scale: float) -> Tensor:
    """What each token takes in of the others.

    Args:
        query: what each token looks for, (n_rows, n_heads, length, width).
        key: what each is found by, of the same shape.
        value: what each gives, of the same shape.
        keep: (n_rows, 1, length, 1), True where there is a token; None where there is no padding.
        scale: what scores are multiplied with.

    Returns:
        (n_rows, length, n_heads, width), contiguous.
    """
    import torch

    query = query * (scale * _LOG2_E)
    key = key.contiguous().transpose(-1, -2)
    # Padding has no part in the sums, as its values and its ones are zeros.
    ones = torch.ones_like(value[..., :1]) if keep is None else keep.to(value.dtype).expand(*value.shape[:-1], 1)
    values = torch.cat([value if keep is None else value * ones, ones], dim=-1)
    n_rows, n_heads, length, width = value.shape
    found = value.new_empty(n_rows, length, n_heads, width)
    step = max(1, _SCORES_TOGETHER // length**2)
    for first in range(0, n_rows, step):
        some = slice(first, first + step)
        scores = query[some] @ key[some]
        mixed = torch.exp2(scores.clamp_(max=_HIGHEST), out=scores) @ values[some]
        torch.div(mixed[..., :-1], mixed[..., -1:], out=found[some].transpose(1, 2))
    return found


def _for_transformers(
    _module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, scaling: float, **_: Any
) -> tuple[Tensor, None]:
    keep = None
    if attention_mask is not None:
        row = attention_mask[:, :, :1, :]
        keep = (row >= 0 if row.dtype.is_floating_point else row).transpose(-1, -2)
    return attend(query, key, value, keep, scaling), None
