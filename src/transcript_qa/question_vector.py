"""A question's vector, turned toward the vectors of what answers it.

The bundled model puts texts side by side that say the same. A question does not say what its answer says, and what is
asked about most (a topic, who wanted what) is said in many turns. So the vector of a question goes through a linear map
before the dense leg looks for its neighbours; those of passages stay as they are, and no index has to be made anew. The
map (data/question.safetensors, 0.3 MB) was learnt by training/question.py and fits the bundled model only; with another
model a question is looked for as it is. What it gives is in benchmarks/README.md.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from transcript_qa.embed import BUNDLED_FINGERPRINT, Embedder
from transcript_qa.errors import ModelError

WEIGHTS = "question.safetensors"


def turned(vectors: NDArray[np.float32], embedder: Embedder) -> NDArray[np.float32]:
    """(n, dim) float32, unit rows: the vectors of questions as passages are looked for with them.

    Args:
        vectors: as the embedder gives them, of the same shape.
        embedder: the model they come from.

    Raises:
        ModelError: the map that comes with the package is damaged.
    """
    if embedder.fingerprint != BUNDLED_FINGERPRINT:
        return vectors
    weight, bias = _map()
    found = vectors + vectors @ weight.T + bias
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


@lru_cache(maxsize=1)
def _map() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        stored = load((files("transcript_qa") / "data" / WEIGHTS).read_bytes())
        return stored["weight"].astype(np.float32), stored["bias"].astype(np.float32)
    except (OSError, KeyError, SafetensorError) as error:
        raise ModelError(WEIGHTS, f"it cannot be read ({error})", "Install transcript-qa again") from error
