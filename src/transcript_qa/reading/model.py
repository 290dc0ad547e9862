"""The trained reader's networks, loaded once and asked for scores.

One reads passages, one single sentences among a few of those around them, one passages for a question on a topic. Their
upper layers come with the package as 8-bit integers with a scale for each row (`WEIGHTS`, `CLOSE_WEIGHTS` and
`TOPIC_WEIGHTS`, made by training/export.py); all below are those of the bundled embedding model, and all have the same.
Each is loaded, and torch imported, when it is first asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import fmean
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import Passage, Span, Transcript
from transcript_qa.encoding import batches, cpu_has_bfloat16, n_cores, one_thread
from transcript_qa.errors import ModelError
from transcript_qa.model_files import bundled_tensors, bundled_tokenizer
from transcript_qa.packing import REMEDY, shipped_tensors
from transcript_qa.reading.network_input import Window, batch_of, passage_windows, question_ids, singled_out

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from transcript_qa.reading.network import EvidenceNetwork

WEIGHTS = "reader.safetensors"
CLOSE_WEIGHTS = "close_reader.safetensors"
TOPIC_WEIGHTS = "topic_reader.safetensors"
# Some three windows: few enough that all cores have work to the end of a question.
_BATCH_TOKENS = 768
CLOSE = ((1, 1), (3, 2))
"""Sentences before and behind one that is read closely, once with so few and once with so many."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the network makes of one passage.

    Attributes:
        sentences: each sentence's span in `Transcript.text` and its score: the log of how much likelier it is to answer
            than nothing in the passages read is; on a topic, the log-odds that it is part of what was said on it.
        bearing: the log-odds that what is said in the passage bears on the question.
        windows: the passage as it was read.
    """

    sentences: tuple[tuple[Span, float], ...]
    bearing: float
    windows: tuple[Window, ...]


class EvidenceModel:
    """Reads questions and passages. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._networks: dict[str, EvidenceNetwork] = {}

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return bundled_tokenizer()

    def read(
        self, question: str, passages: Sequence[tuple[Transcript, Passage]], *, on_a_topic: bool = False
    ) -> list[Evidence]:
        """What each passage holds for the question, in the order given.

        Args:
            question: in words.
            passages: each with its transcript.
            on_a_topic: whether the question asks for all that was said on a topic, for which there is a network.
        """
        asked = question_ids(self._tokenizer, question)
        windows = [passage_windows(self._tokenizer, *passage) for passage in passages]
        weights = TOPIC_WEIGHTS if on_a_topic else WEIGHTS
        scored = self._score(weights, asked, [window for several in windows for window in several])
        found = []
        for several in windows:
            own, scored = scored[: len(several)], scored[len(several) :]
            sentences = [
                (span, float(score))
                for window, (scores, _) in zip(several, own, strict=True)
                for (span, _, _), score in zip(window.sentences, scores, strict=True)
            ]
            bearing = max((bearing for _, bearing in own), default=-20.0)
            found.append(Evidence(tuple(sentences), bearing, tuple(several)))
        return found

    def read_closely(self, question: str, places: Sequence[tuple[Evidence, Span]]) -> list[float]:
        """The scores of sentences when each is read by itself with few of those around it, the mean of `CLOSE`.

        Args:
            question: in words.
            places: sentences, each with what was made of its passage.
        """
        asked = question_ids(self._tokenizer, question)
        near = [window for evidence, span in places for window in _near(evidence.windows, span)]
        scores = [float(found[0]) for found, _ in self._score(CLOSE_WEIGHTS, asked, near)]
        return [fmean(scores[at : at + len(CLOSE)]) for at in range(0, len(scores), len(CLOSE))]

    def scored(self, asked: NDArray[np.int32], windows: Sequence[Window]) -> list[NDArray[np.float32]]:
        """The scores of each window's sentences for a question in word pieces."""
        return [sentences for sentences, _ in self._score(WEIGHTS, asked, windows)]

    def _score(
        self, weights: str, asked: NDArray[np.int32], windows: Sequence[Window]
    ) -> list[tuple[NDArray[np.float32], float]]:
        """Scores of each window's sentences, and of itself; windows of like length are read together."""
        network = self._loaded(weights)
        groups = batches([len(window.ids) + len(asked) + 3 for window in windows], budget=_BATCH_TOKENS)

        def read(group: list[int]) -> list[tuple[NDArray[np.float32], float]]:
            return _read(network, asked, [windows[i] for i in group])

        found: dict[int, tuple[NDArray[np.float32], float]] = {}
        for group, scored in zip(groups, self._workers.map(read, groups), strict=True):
            found.update(zip(group, scored, strict=True))
        return [found[i] for i in range(len(windows))]

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(n_cores(), thread_name_prefix="reading")

    def _loaded(self, weights: str) -> EvidenceNetwork:
        with self._lock:
            if weights not in self._networks:
                loaded = _load(weights)
                for other in self._networks.values():
                    loaded.share_frozen(other)
                self._networks[weights] = loaded
            return self._networks[weights]


def _near(windows: Sequence[Window], sentence: Span) -> Iterator[Window]:
    """A sentence with so many before and behind it as `CLOSE` says."""
    window, number = next(
        (window, number)
        for window in windows
        for number, (span, _, _) in enumerate(window.sentences)
        if span == sentence
    )
    for before, after in CLOSE:
        yield singled_out(window, number, before=before, after=after)


def _read(
    network: EvidenceNetwork, asked: NDArray[np.int32], windows: Sequence[Window]
) -> list[tuple[NDArray[np.float32], float]]:
    """What the network says of each window's sentences, and of itself, on one thread (see encoding.py for why)."""
    import torch

    batch = batch_of([(asked, window) for window in windows])
    with one_thread(), torch.inference_mode():
        sentences, bearing = network(
            *(torch.from_numpy(part) for part in (batch.ids, batch.types, batch.mask, batch.pool))
        )
        scores = sentences.float().numpy()
    return [(scores[row, : len(window.sentences)], float(bearing[row])) for row, window in enumerate(windows)]


@lru_cache(maxsize=1)
def shipped_model() -> EvidenceModel:
    """The model that comes with the package; one for the whole process."""
    return EvidenceModel()


def _load(weights: str) -> EvidenceNetwork:
    import torch

    from transcript_qa.minilm import for_inference

    return for_inference(shipped_network(weights).to(torch.bfloat16 if cpu_has_bfloat16() else torch.float32))


def shipped_network(weights: str = WEIGHTS) -> EvidenceNetwork:
    """A network with weights that come with the package, in 32 bits. Raises `ModelError`."""
    from transcript_qa.minilm import load_bert
    from transcript_qa.reading.network import EvidenceNetwork, is_trained

    own = shipped_tensors(weights)
    network = EvidenceNetwork()
    load_bert(network, bundled_tensors())
    wanted = {name for name, _ in network.named_parameters() if is_trained(name)}
    if own.keys() != wanted:
        raise ModelError(
            weights,
            f"it holds {len(own)} weights and {len(wanted & own.keys())} of the {len(wanted)} that the reader has",
            REMEDY,
        )
    network.load_state_dict(own, strict=False)
    return network
