"""What is added to the bundled model, so that questions and what answers them in talk lie near each other.

all-MiniLM-L6-v2 was made for written text and for texts that say the same. What answers a question is said in passing,
among other things, by people who take turns. So to every matrix of its three upper layers a product of two narrow ones
is added (LoRA, Hu et al. 2021, arXiv:2106.09685), learnt by training/embedding.py from questions on transcripts; all
else is left as it is, and so is the time that it takes. A model that is named by its folder is used as it lies there,
this one too. What the additions give is in benchmarks/README.md.

This module imports torch only in `tuned_tensors`.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from transcript_qa.model_files import BUNDLED_FINGERPRINT, bundled_tensors
from transcript_qa.packing import shipped_bytes, shipped_tensors

if TYPE_CHECKING:
    from torch import Tensor

ADDITIONS = "embedding.safetensors"


@lru_cache(maxsize=1)
def tuned_fingerprint() -> str:
    """SHA-256 of the bundled model's and of the additions', together. Raises `ModelError`."""
    added = hashlib.sha256(shipped_bytes(ADDITIONS)).hexdigest()
    return hashlib.sha256(f"{BUNDLED_FINGERPRINT} {added}".encode()).hexdigest()


def tuned_tensors() -> dict[str, Tensor]:
    """The bundled model's weights by name with what is added to them. Raises `ModelError`."""
    from transcript_qa.minilm import added

    return added(bundled_tensors(), shipped_tensors(ADDITIONS))
