"""Attention that goes back fast too on processors that multiply bfloat16; the package's own goes forward only."""

from __future__ import annotations

from math import log
from typing import Any

import torch
from torch import Tensor

_LOG2_E = 1 / log(2)
_HIGHEST = 115.0


class Attention(torch.autograd.Function):
    """`attention.attend` with its gradient; one text at a time, whose odds stay near the core, and are kept."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, keep: Tensor, scale: float) -> Tensor:
        n_rows, n_heads, length, width = query.shape
        query, key, value = (query * (scale * _LOG2_E)).contiguous(), key.contiguous(), value.contiguous()
        found = torch.empty(n_rows, length, n_heads, width, dtype=query.dtype)
        odds = torch.empty(n_rows, n_heads, length, length, dtype=query.dtype)
        kept = keep.to(value.dtype).transpose(-1, -2)
        for row, each in enumerate(odds):
            torch.bmm(query[row], key[row].transpose(-1, -2), out=each)
            torch.exp2(each.clamp_(max=_HIGHEST), out=each).mul_(kept[row])
            each.mul_((1 / each.sum(-1, keepdim=True, dtype=torch.float32)).to(each.dtype))
            found[row] = torch.bmm(each, value[row]).transpose(0, 1)
        ctx.save_for_backward(query, key, value, odds, found)
        ctx.scale = scale
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        (gradient,) = gradients
        query, key, value, odds, found = ctx.saved_tensors
        n_rows, n_heads, length, width = query.shape
        back = torch.empty(n_rows, length, 3, n_heads, width, dtype=query.dtype)
        falling = (gradient.float() * found.float()).sum(-1).to(query.dtype).permute(0, 2, 1)[..., None]
        for row, each in enumerate(odds):
            own = gradient[row].transpose(0, 1).contiguous()
            scores = torch.bmm(own, value[row].transpose(-1, -2)).sub_(falling[row]).mul_(each)
            back[row, :, 0] = torch.bmm(scores, key[row]).mul_(ctx.scale).transpose(0, 1)
            back[row, :, 1] = torch.bmm(scores.transpose(-1, -2), query[row]).div_(_LOG2_E).transpose(0, 1)
            back[row, :, 2] = torch.bmm(each.transpose(-1, -2), own).transpose(0, 1)
        of_query, of_key, of_value = back.permute(2, 0, 3, 1, 4).unbind(0)
        return of_query, of_key, of_value, None, None
