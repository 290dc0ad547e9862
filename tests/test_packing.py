from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from transcript_qa import packing
from transcript_qa.errors import ModelError
from transcript_qa.packing import packed, shipped_tensors, unpacked


def test_packed_weights_are_nearly_the_same() -> None:
    weights = {"a.weight": torch.randn(7, 33), "a.bias": torch.randn(7), "zero.weight": torch.zeros(2, 3)}
    back = unpacked(packed(weights))
    assert back.keys() == weights.keys()
    for name, weight in weights.items():
        step = weight.abs().max() / 127
        assert (back[name] - weight).abs().max() <= 0.6 * step + 1e-3


@pytest.mark.parametrize(
    ("content", "why"), [(None, "cannot be read"), (save({"a": torch.ones(9, 9)})[:-30], "damaged"), (b"", "damaged")]
)
def test_weights_that_cannot_be_used_are_told_with_the_remedy(
    content: bytes | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    if content is not None:
        (tmp_path / "data" / "some.safetensors").write_bytes(content)
    monkeypatch.setattr(packing, "files", lambda _package: tmp_path)
    with pytest.raises(ModelError, match=f"some.safetensors: .*{why}.*Install transcript-qa again"):
        shipped_tensors("some.safetensors")
