from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from transcript_qa.embed import HashingEmbedder, SentenceTransformerEmbedder
from transcript_qa.errors import ModelError
from transcript_qa.model_files import BUNDLED_FINGERPRINT, BUNDLED_MODEL, bundled_folder
from transcript_qa.tuning import tuned_tensors

TEXTS = ["The harbour loan was closed on Friday.", "Yes.", "A long sentence about dredging the outer basin " * 9]


@pytest.mark.parametrize("kind", ["hashing", "bundled"])
def test_vectors_are_unit_rows_in_the_order_given(kind: str, model: SentenceTransformerEmbedder) -> None:
    embedder = HashingEmbedder() if kind == "hashing" else model
    vectors = embedder.embed_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-2)
    for row, text in enumerate(TEXTS):
        assert float(embedder.embed_queries([text])[0] @ vectors[row]) > 0.99


def test_batching_gives_what_plain_encoding_gives(model: SentenceTransformerEmbedder) -> None:
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(bundled_folder()), device="cpu", local_files_only=True)
    plain[0].auto_model.load_state_dict(tuned_tensors(), strict=False)
    expected = plain.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    assert (model.embed_passages(TEXTS) * expected).sum(axis=1).min() > 0.99


def test_progress_ends_at_the_whole(model: SentenceTransformerEmbedder) -> None:
    seen: list[tuple[int, int]] = []
    model.embed_passages(TEXTS, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)


def test_nothing_to_embed_gives_no_rows(model: SentenceTransformerEmbedder) -> None:
    assert model.embed_passages([]).shape == (0, 384)


def test_weights_that_are_not_the_expected_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bundled_folder(), folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(5000)
        file.write(b"\x01")
    monkeypatch.setattr("transcript_qa.model_files.bundled_folder", lambda: folder)
    with pytest.raises(ModelError, match="SHA-256"):
        SentenceTransformerEmbedder().embed_queries(["x"])


def test_a_model_that_is_not_here_is_an_error_and_no_download() -> None:
    with pytest.raises(ModelError, match="nothing is ever downloaded"):
        SentenceTransformerEmbedder("nobody/no-such-model")


def test_a_folder_is_a_model_of_its_own_name(tmp_path: Path) -> None:
    shutil.copytree(bundled_folder(), tmp_path / "mine")
    embedder = SentenceTransformerEmbedder(str(tmp_path / "mine"))
    assert embedder.fingerprint == BUNDLED_FINGERPRINT != SentenceTransformerEmbedder(BUNDLED_MODEL).fingerprint
    assert embedder.dim == 384
    assert embedder.embed_queries(["x"]).shape == (1, 384)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import transcript_qa, sys, json; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout))
    assert not loaded & {"torch", "transformers", "sentence_transformers", "faiss", "gradio", "tiktoken", "typer"}
