"""A question's vector, turned toward the vectors of what answers it.

The bundled model puts texts side by side that say the same. A question does not say what its answer says, and what is
asked about most (a topic, who wanted what) is said in many turns. So the vector of a question goes through a linear map
before the dense leg looks for its neighbours; what is done to the vectors of passages too is in tuning.py. A
question on a topic, which wants all that was said about it, has a map of its own; which of both kinds a question is, is
told from its vector, and in doubt it is turned by something in between. The maps (data/question.safetensors, 0.3 MB)
were learnt by training/question.py and fit the bundled model only; with another model a question is looked for as it
is, and taken for one on a fact. What they give is in benchmarks/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from transcript_qa.embed import Embedder
from transcript_qa.errors import ModelError
from transcript_qa.packing import REMEDY, shipped_tensors
from transcript_qa.tuning import tuned_fingerprint

WEIGHTS = "question.safetensors"
# On transcripts left out of the learning, 0.73 of the questions on topics have so much, and 0.11 of those on facts.
LEAST_TOPICAL = 0.7
PARTS = ("weight", "bias", "topic.weight", "topic.bias", "kind.weight", "kind.bias")


@dataclass(frozen=True, slots=True)
class Maps:
    """What is added to the vectors of questions, and what tells of which kind they are.

    Attributes:
        weight, bias: the map for questions of all kinds, (dim, dim) and (dim,).
        topic_weight, topic_bias: the map for those on topics.
        kind_weight, kind_bias: (dim,) and (1,), the log-odds that a question is on a topic.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    topic_weight: NDArray[np.float32]
    topic_bias: NDArray[np.float32]
    kind_weight: NDArray[np.float32]
    kind_bias: NDArray[np.float32]

    def topical(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) the chance that each asks for all that was said on a topic."""
        odds = vectors @ self.kind_weight + self.kind_bias
        chance: NDArray[np.float32] = 1 / (1 + np.exp(-odds))
        return chance

    def turned(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, dim) the vectors turned, unit rows."""
        topical = self.topical(vectors)[:, np.newaxis]
        usual = vectors @ self.weight.T + self.bias
        on_topic = vectors @ self.topic_weight.T + self.topic_bias
        found = vectors + (1 - topical) * usual + topical * on_topic
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def turned(vectors: NDArray[np.float32], embedder: Embedder) -> NDArray[np.float32]:
    """(n, dim) float32, unit rows: the vectors of questions as passages are looked for with them.

    Args:
        vectors: as the embedder gives them, of the same shape.
        embedder: the model they come from.

    Raises:
        ModelError: the maps that come with the package are damaged.
    """
    return _maps().turned(vectors) if embedder.fingerprint == tuned_fingerprint() else vectors


def topical(vectors: NDArray[np.float32], embedder: Embedder) -> NDArray[np.bool_]:
    """(n,) whether each question asks for all that was said on a topic; arguments and errors as `turned`."""
    if embedder.fingerprint != tuned_fingerprint():
        return np.zeros(len(vectors), dtype=np.bool_)
    return _maps().topical(vectors) >= LEAST_TOPICAL


@lru_cache(maxsize=1)
def _maps() -> Maps:
    stored = shipped_tensors(WEIGHTS)
    if missing := [name for name in PARTS if name not in stored]:
        raise ModelError(WEIGHTS, f"it does not hold {', '.join(missing)}", REMEDY)
    return Maps(**{name.replace(".", "_"): stored[name].numpy() for name in PARTS})
