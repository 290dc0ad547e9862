from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from transcript_qa import tuning
from transcript_qa.embed import SentenceTransformerEmbedder
from transcript_qa.minilm import added
from transcript_qa.model_files import BUNDLED_FINGERPRINT, bundled_folder, bundled_tensors
from transcript_qa.tuning import ADDITIONS, tuned_fingerprint, tuned_tensors

QUESTION = "When does the last ferry leave?"
ANSWER = "Tom Reed: Half past nine, and after that you sleep on the quay. Mira Voss: As I did in May."
ASIDE = "Mira Voss: The ferry, yes. Tom Reed: Which ferry do you mean, when you ask about the last one?"


def test_products_are_added_to_the_matrices_that_they_are_named_for() -> None:
    names = ["attention.self.query", "attention.self.key", "attention.self.value", "output.dense"]
    bert = {f"encoder.layer.4.{name}.weight": torch.zeros(2, 3) for name in names}
    left = torch.tensor([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
    found = added(bert, {"layers.4.qkv.left": left, "layers.4.qkv.right": torch.tensor([[1.0, 0.0, 10.0]])})
    for number, name in enumerate(names[:3]):
        first, second = 2 * number + 1, 2 * number + 2
        assert found[f"encoder.layer.4.{name}.weight"].tolist() == [[first, 0, 10 * first], [second, 0, 10 * second]]
    assert not found["encoder.layer.4.output.dense.weight"].any()
    assert not bert["encoder.layer.4.attention.self.query.weight"].any()


def test_only_the_upper_layers_are_added_to() -> None:
    plain, tuned = bundled_tensors(), tuned_tensors()
    changed = {name for name, weight in plain.items() if not torch.equal(weight, tuned[name])}
    assert plain.keys() == tuned.keys()
    assert {name.split(".")[2] for name in changed} == {"3", "4", "5"}
    assert len(changed) == 3 * 6


def test_a_question_lies_nearer_to_its_answer_than_with_the_model_as_it_comes(
    model: SentenceTransformerEmbedder, tmp_path: Path
) -> None:
    shutil.copytree(bundled_folder(), tmp_path / "plain")
    plain = SentenceTransformerEmbedder(str(tmp_path / "plain"))

    def ahead(embedder: SentenceTransformerEmbedder) -> float:
        answer, aside = embedder.embed_passages([ANSWER, ASIDE]) @ embedder.embed_queries([QUESTION])[0]
        return float(answer - aside)

    assert ahead(model) > ahead(plain)


def test_vectors_of_other_additions_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    here = tuned_fingerprint()
    assert here == SentenceTransformerEmbedder().fingerprint != BUNDLED_FINGERPRINT
    held = tuning.shipped_bytes(ADDITIONS)
    monkeypatch.setattr(tuning, "shipped_bytes", lambda _file: held + b"x")
    tuned_fingerprint.cache_clear()
    other = tuned_fingerprint()
    tuned_fingerprint.cache_clear()
    assert len(here) == len(other) == 64
    assert here != other


def test_the_model_named_by_its_folder_is_used_as_it_lies_there(tmp_path: Path) -> None:
    shutil.copytree(bundled_folder(), tmp_path / "plain")
    plain = SentenceTransformerEmbedder(str(tmp_path / "plain"))
    assert plain.fingerprint == BUNDLED_FINGERPRINT
    expected = plain._model.encode([ANSWER], normalize_embeddings=True, show_progress_bar=False)
    np.testing.assert_allclose((plain.embed_passages([ANSWER]) * expected).sum(), 1, atol=1e-2)
