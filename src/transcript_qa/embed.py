"""Text to unit vectors: the `Embedder` protocol, sentence-transformers behind it, and a hashing one for tests.

The default model is all-MiniLM-L6-v2, whose files come with a package (model_files.py). It is a sentence-transformers
model, and gives what that library gives; but the reader needs the same network anyway (minilm.py), and without the
library's import a first answer comes two seconds sooner and takes 240 MB less. All other models go through the library.
torch is imported only when text is embedded; counting word pieces and opening an index never need it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from transcript_qa.attention import leave_attention
from transcript_qa.encoding import (
    PROBES,
    Encoder,
    batch_tokens,
    batches,
    of_library,
    of_minilm,
    one_thread,
    use_bfloat16,
)
from transcript_qa.errors import ModelError
from transcript_qa.model_files import (
    BUNDLED_MODEL,
    REMEDY,
    bundled_folder,
    load_tokenizer,
    model_folder,
    read_settings,
    weights_sha256,
)
from transcript_qa.text import terms
from transcript_qa.tuning import tuned_fingerprint, tuned_tensors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Token ids of so many texts are held at a time; sorting more of them by length saves no more padding.
_SLICE = 1024

Progress = Callable[[int, int], None]
"""Called with (passages done, passages in all)."""


class Embedder(Protocol):
    """Turns text into unit vectors."""

    @property
    def name(self) -> str:
        """What a person calls the model."""
        ...

    @property
    def fingerprint(self) -> str:
        """Equal only where vectors may be compared."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Word pieces that one text may have; more would be cut off in silence."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, those that the model adds itself not counted."""
        ...

    def embed_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """(len(texts), dim) float32, unit rows, in the order given."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dim) float32, unit rows, in the order given."""
        ...


class HashingEmbedder:
    """A deterministic embedder without a model: words hashed into a vector. For tests and for machines without torch.

    >>> one, other = HashingEmbedder(dim=64).embed_queries(["harbour loan", "the harbour loans"])
    >>> round(float(one @ other), 6)
    1.0
    """

    def __init__(self, *, dim: int = 256, max_tokens: int = 256) -> None:
        self.dim = dim
        self.max_tokens = max_tokens
        self.name = "hashing"
        self.fingerprint = f"hashing-1-{dim}"

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """One piece for each run of non-blank characters."""
        return [len(text.split()) for text in texts]

    def embed_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """(len(texts), dim) float32, unit rows; a text without words points along the first axis."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                digest = hashlib.blake2b(term.encode(), digest_size=8).digest()
                vectors[row, int.from_bytes(digest, "big") % self.dim] += 1.0
            if not vectors[row].any():
                vectors[row, 0] = 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        if progress is not None and texts:
            progress(len(texts), len(texts))
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed_passages`."""
        return self.embed_passages(texts)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model on this machine.

    Args:
        model: a folder, the name of a model in the local Hugging Face cache, or None for the bundled model.
        device: as torch names it ("cpu", "cuda", "mps"); None chooses by what the machine has.

    Raises:
        ModelError: the model is not on this machine, or its files are not what they should be.
    """

    def __init__(self, model: str | None = None, *, device: str | None = None) -> None:
        self.name = model or BUNDLED_MODEL
        self._folder = bundled_folder() if self.name == BUNDLED_MODEL else model_folder(self.name)
        self._device = device
        self._lock = Lock()
        self._loaded: tuple[Any, Encoder | None] | None = None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the weights; of the bundled model only what is added to it is looked at, so that it is instant."""
        if self.name == BUNDLED_MODEL:
            return tuned_fingerprint()
        return weights_sha256(self.name, self._folder)

    @cached_property
    def dim(self) -> int:
        """Length of a vector, as the pooling layer's settings say."""
        pooling = read_settings(self.name, self._folder / "1_Pooling" / "config.json")
        width = pooling.get("word_embedding_dimension", pooling.get("embedding_dimension"))
        return int(width) if width else int(self._model.get_sentence_embedding_dimension())

    @cached_property
    def max_tokens(self) -> int:
        """Word pieces that one text may have, the model's own two marks taken off."""
        settings = read_settings(self.name, self._folder / "sentence_bert_config.json")
        length = settings.get("max_seq_length") or self._model.max_seq_length
        return int(length) - 2

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer, which cuts nothing off."""
        return load_tokenizer(self.name, self._folder)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text as the model's own tokenizer makes them."""
        return [len(e.ids) for e in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    @cached_property
    def _cutting_tokenizer(self) -> Tokenizer:
        tokenizer = load_tokenizer(self.name, self._folder)
        tokenizer.enable_truncation(self.max_tokens + 2)
        return tokenizer

    @property
    def _model(self) -> Any:
        return self._loaded_model()[0]

    def _loaded_model(self) -> tuple[Any, Encoder | None]:
        """The library's model, None where it was not needed, and the encoder, None where only the library will do."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> tuple[Any, Encoder | None]:
        pad_id = _pad_id(self.tokenizer)
        with self._said_if_it_cannot_be_loaded():
            if self.name == BUNDLED_MODEL:
                return None, of_minilm(tuned_tensors(), device=self._device, pad_id=pad_id)
            model = _of_library(self._folder, self._device)
        expected = _encoded(model, PROBES)
        encoder = of_library(model, pad_id=pad_id)
        if encoder.gives(expected, [e.ids for e in self.tokenizer.encode_batch(list(PROBES))]):
            return model, encoder
        leave_attention(model[0])
        if use_bfloat16(model.device.type):
            model.bfloat16()
        return model, None

    @contextmanager
    def _said_if_it_cannot_be_loaded(self) -> Iterator[None]:
        try:
            yield
        except ModelError:
            raise
        except (AssertionError, KeyError, OSError, RuntimeError, ValueError) as error:
            # A build of torch that cannot compute on the device is an AssertionError.
            raise ModelError(self.name, f"cannot be loaded ({error})", REMEDY) from error

    def warm_up(self) -> None:
        """Load the model now, so that the first question does not wait for it."""
        self.embed_queries(["warm"])

    def embed_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """(len(texts), dim) float32, unit rows; batches hold texts of like length and run side by side.

        An exception that `progress` raises ends it after the batches at work.
        """
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        if not texts:
            return vectors
        model, encoder = self._loaded_model()
        prompt = _prompt(model, "passage", "document")
        done = 0
        for rows, found in (
            _side_by_side(encoder, self._tokenised(texts, prompt))
            if encoder
            else _plainly(model, texts, prompt, self.count_tokens(texts))
        ):
            vectors[rows] = found
            done += len(rows)
            if progress is not None:
                progress(done, len(texts))
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dim) float32, unit rows."""
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        model, encoder = self._loaded_model()
        prompt = _prompt(model, "query")
        if encoder is None:
            return _encoded(model, texts, prompt)
        return encoder.vectors([e.ids for e in self._cutting_tokenizer.encode_batch([prompt + t for t in texts])])

    def _tokenised(self, texts: Sequence[str], prompt: str) -> Iterator[tuple[int, list[list[int]]]]:
        """Slices of the texts as token ids, each with the place of its first."""
        for start in range(0, len(texts), _SLICE):
            some = [prompt + text for text in texts[start : start + _SLICE]]
            yield start, [e.ids for e in self._cutting_tokenizer.encode_batch(some)]


def _of_library(folder: Path, device: str | None) -> Any:
    """A `SentenceTransformer`; the import costs seconds."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device=device, local_files_only=True)


_Rows = Iterator[tuple[list[int], NDArray[np.float32]]]


def _side_by_side(encoder: Encoder, slices: Iterator[tuple[int, list[list[int]]]]) -> _Rows:
    """The vectors of each batch and their rows; the next slice is made ready while one is at work."""
    pool = ThreadPoolExecutor(encoder.n_workers, thread_name_prefix="embedding")
    try:
        waiting: list[tuple[list[int], Future[NDArray[np.float32]]]] = []
        for start, ids in slices:
            ahead = [
                ([start + i for i in batch], pool.submit(encoder.vectors, [ids[i] for i in batch]))
                for batch in batches([len(each) for each in ids], budget=encoder.batch_tokens)
            ]
            yield from ((rows, future.result()) for rows, future in waiting)
            waiting = ahead
        yield from ((rows, future.result()) for rows, future in waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _plainly(model: Any, texts: Sequence[str], prompt: str, n_tokens: Sequence[int]) -> _Rows:
    for rows in batches(n_tokens, budget=batch_tokens(model.device.type)):
        yield rows, _encoded(model, [texts[i] for i in rows], prompt)


def _encoded(model: Any, texts: Sequence[str], prompt: str = "") -> NDArray[np.float32]:
    """What the model's own `encode` gives, in one batch."""
    with one_thread():
        vectors = model.encode(
            list(texts),
            batch_size=len(texts),
            prompt=prompt or None,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
    return np.ascontiguousarray(vectors, dtype=np.float32)


def _prompt(model: Any, *names: str) -> str:
    """What the library's model wants in front of a text of this kind, or nothing."""
    prompts = getattr(model, "prompts", None) or {}
    return next((str(prompts[name]) for name in names if prompts.get(name)), "")


def _pad_id(tokenizer: Tokenizer) -> int:
    known = (tokenizer.token_to_id(token) for token in ("[PAD]", "<pad>"))
    return next((found for found in known if found is not None), 0)
