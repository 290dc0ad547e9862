from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from transcript_qa import attention, encoding
from transcript_qa.attention import NAME, attend, leave_attention, use_attention
from transcript_qa.embed import SentenceTransformerEmbedder
from transcript_qa.encoding import cpu_has_bfloat16
from transcript_qa.model_files import bundled_folder


@pytest.mark.parametrize("length", [1, 7, 64, 200])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("together", [1, 2 * 64**2, 256**2])
def test_it_gives_what_torch_s_own_attention_gives(
    length: int, padded: bool, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(attention, "_SCORES_TOGETHER", together)
    torch.manual_seed(length)
    query, key, value = (torch.randn(3, 12, length, 32) for _ in range(3))
    keep = torch.ones(3, 1, length, 1, dtype=torch.bool)
    if padded:
        keep[1, :, length // 2 + 1 :] = False
    wanted = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=keep.transpose(-1, -2))
    found = attend(*(part.bfloat16() for part in (query, key, value)), keep if padded else None, 32**-0.5)
    assert found.dtype is torch.bfloat16
    assert found.is_contiguous()
    found = found.transpose(1, 2)
    assert (found.float() - wanted).abs().max() < 0.05
    assert torch.nn.functional.cosine_similarity(found.float(), wanted, dim=-1).min() > 0.999


def test_scores_of_any_height_give_numbers() -> None:
    import torch

    query = torch.full((1, 1, 4, 8), 300.0, dtype=torch.bfloat16)
    found = attend(query, query, torch.ones_like(query), None, 1.0)
    assert torch.equal(found, torch.ones_like(found))


@pytest.mark.skipif(not cpu_has_bfloat16(), reason="this processor does not multiply bfloat16 itself")
def test_models_of_the_library_use_it_and_keep_their_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(bundled_folder(), tmp_path / "mine")
    texts = ["The council closed the loan.", "And spoke of the harbour again. " * 30]
    ours = SentenceTransformerEmbedder(str(tmp_path / "mine"))
    found = ours.embed_passages(texts)
    assert ours._model[0].auto_model.config._attn_implementation == NAME
    monkeypatch.setattr(encoding, "cpu_has_bfloat16", lambda: False)
    exact = SentenceTransformerEmbedder(str(tmp_path / "mine")).embed_passages(texts)
    assert (found * exact).sum(axis=1).min() > 0.999


@pytest.mark.parametrize(
    "config", [{"model_type": "qwen3"}, {"model_type": "bert", "is_decoder": True}, {"model_type": "bert"}]
)
def test_other_models_keep_their_own(config: dict[str, Any]) -> None:
    module = SimpleNamespace(auto_model=SimpleNamespace(config=SimpleNamespace(**config, _attn_implementation="eager")))
    assert not use_attention(module)
    assert module.auto_model.config._attn_implementation == "eager"


def test_what_is_no_transformer_is_left_alone() -> None:
    assert not use_attention(object())
    leave_attention(object())


def test_it_can_be_left(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(bundled_folder()), device="cpu", local_files_only=True)
    assert use_attention(model[0])
    leave_attention(model[0])
    assert model[0].auto_model.config._attn_implementation == "sdpa"
