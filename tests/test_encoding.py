from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from transcript_qa import encoding
from transcript_qa.embed import SentenceTransformerEmbedder
from transcript_qa.encoding import Encoder, batches, best_device, cpu_has_bfloat16, n_cores, one_thread, padded
from transcript_qa.errors import ModelError
from transcript_qa.model_files import bundled_folder
from transcript_qa.tuning import tuned_tensors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

TEXTS = [f"The council closed loan number {n} " + "and spoke of the harbour again " * (n % 9) for n in range(70)]


@pytest.mark.parametrize("lengths", [[5, 900, 3, 3, 40, 41, 900, 2], [7], []])
def test_batches_hold_every_text_once_and_keep_to_the_budget(lengths: list[int]) -> None:
    found = batches(lengths, budget=200)
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * padded(max(lengths[i] for i in batch)) <= 200 for batch in found)
    assert sum(len(batch) * max(lengths[i] for i in batch) for batch in found) < 2 * sum(lengths) + 1


@pytest.fixture
def encoder(model: SentenceTransformerEmbedder) -> Encoder:
    found = model._loaded_model()[1]
    assert found is not None
    return found


@pytest.fixture
def shapes(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of the batches that the model is given."""
    seen: list[tuple[int, ...]] = []
    forward = encoder._forward

    def watched(ids: Tensor, mask: Tensor) -> Tensor:
        seen.append(tuple(ids.shape))
        return forward(ids, mask)

    monkeypatch.setattr(encoder, "_forward", watched)
    return seen


@pytest.fixture(scope="module")
def library() -> SentenceTransformer:
    """The bundled model, with what is added to it, as the library runs it."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(bundled_folder()), device="cpu", local_files_only=True)
    model[0].auto_model.load_state_dict(tuned_tensors(), strict=False)
    return model


def encoded(library: SentenceTransformer, texts: list[str]) -> NDArray[np.float32]:
    return library.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def test_texts_of_a_batch_are_filled_up_to_lengths_that_come_again(
    encoder: Encoder, shapes: list[tuple[int, ...]]
) -> None:
    two = encoder.vectors([[101, 7592, 102], [101, *range(2000, 2015), 102]])
    one = encoder.vectors([[101, 7592, 102]])
    encoder.vectors([[101] * 253] * 2)
    assert shapes == [(2, 24), (1, 3), (2, 256)]
    assert float(two[0] @ one[0]) > 0.995


def test_texts_are_filled_up_to_no_more_than_the_model_reads(
    encoder: Encoder, shapes: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "_most_tokens", 19)
    encoder.vectors([[101] * 18] * 2)
    encoder.vectors([[101] * 20] * 2)
    assert shapes == [(2, 19), (2, 20)]


def test_many_texts_side_by_side_are_what_each_is_alone(model: SentenceTransformerEmbedder) -> None:
    together = model.embed_passages(TEXTS)
    assert together.shape == (70, 384)
    for place in (0, 8, 33, 69):
        assert float(model.embed_queries([TEXTS[place]])[0] @ together[place]) > 0.995


def test_slices_keep_their_places(model: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = model.embed_passages(TEXTS)
    monkeypatch.setattr("transcript_qa.embed._SLICE", 16)
    seen: list[int] = []
    sliced = model.embed_passages(TEXTS, progress=lambda done, _total: seen.append(done))
    assert (sliced * whole).sum(axis=1).min() > 0.995
    assert seen == sorted(set(seen))
    assert seen[-1] == 70


def test_what_progress_raises_ends_the_work(model: SentenceTransformerEmbedder) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.embed_passages(TEXTS, progress=stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("embedding")]


def test_a_long_text_is_cut_as_the_model_cuts_it(
    model: SentenceTransformerEmbedder, library: SentenceTransformer
) -> None:
    long = "The dredging of the outer basin " * 200
    assert float(model.embed_passages([long])[0] @ encoded(library, [long])[0]) > 0.99


def test_a_batch_has_one_thread_and_leaves_the_number_as_it_was(
    model: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    seen: list[int] = []
    normalize = torch.nn.functional.normalize

    def watched(*args: Any, **options: Any) -> Any:
        seen.append(torch.get_num_threads())
        return normalize(*args, **options)

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        monkeypatch.setattr(torch.nn.functional, "normalize", watched)
        model.embed_queries(["a question"])
        with pytest.raises(ZeroDivisionError), one_thread():
            raise ZeroDivisionError
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {1}


def test_a_model_that_needs_more_than_ids_is_asked_through_its_own_encode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(bundled_folder(), tmp_path / "mine")
    direct = SentenceTransformerEmbedder(str(tmp_path / "mine")).embed_passages(TEXTS[:5])

    def failing(self: Encoder, ids: Any) -> Any:
        raise KeyError("pixel_values")

    monkeypatch.setattr(Encoder, "vectors", failing)
    other = SentenceTransformerEmbedder(str(tmp_path / "mine"))
    assert (other.embed_passages(TEXTS[:5]) * direct).sum(axis=1).min() > 0.99
    assert float(other.embed_queries(TEXTS[:1])[0] @ direct[0]) > 0.99


def test_direct_calls_that_differ_are_not_used() -> None:
    class Other(Encoder):
        def __init__(self) -> None:
            pass

        def vectors(self, ids: Any) -> Any:
            return np.eye(2, 4, dtype=np.float32)

    assert Other().gives(np.eye(2, 4, dtype=np.float32), [[1], [2]])
    assert not Other().gives(np.eye(2, 4, k=1, dtype=np.float32), [[1], [2]])
    assert not Other().gives(np.eye(2, 5, dtype=np.float32), [[1], [2]])


def test_without_the_processor_s_help_it_stays_in_single_precision(
    library: SentenceTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "cpu_has_bfloat16", lambda: False)
    texts = TEXTS[:9]
    np.testing.assert_allclose(SentenceTransformerEmbedder().embed_passages(texts), encoded(library, texts), atol=2e-5)


@pytest.mark.skipif(not cpu_has_bfloat16(), reason="this processor does not multiply bfloat16 itself")
@pytest.mark.parametrize("packed", [True, False])
def test_the_bundled_model_gives_what_the_library_gives(
    packed: bool, library: SentenceTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    import transcript_qa.minilm

    monkeypatch.setattr(transcript_qa.minilm, "_can_pack", lambda: packed)
    ours = SentenceTransformerEmbedder()
    found = ours.embed_passages(TEXTS)
    assert (found * encoded(library, TEXTS)).sum(axis=1).min() > 0.999
    loaded = ours._loaded_model()[1]
    assert loaded is not None
    network = loaded._forward.__self__  # type: ignore[attr-defined]
    assert next(network.parameters()).dtype is torch.bfloat16
    assert isinstance(network.layers[0].qkv, torch.nn.Linear) is not packed


@pytest.mark.parametrize(("cuda", "mps", "best"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")])
def test_the_fastest_device_is_taken(cuda: bool, mps: bool, best: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert best_device() == best


@pytest.mark.parametrize(
    ("device", "n_workers", "n_tokens"), [("cpu:0", n_cores(), 1024), ("cuda:1", 1, 32_768), ("mps", 1, 32_768)]
)
def test_batches_are_as_the_device_wants_them(device: str, n_workers: int, n_tokens: int) -> None:
    class Fake:
        max_seq_length = 256

        def __init__(self) -> None:
            self.device = device

        def __getitem__(self, _place: int) -> Any:
            import torch

            return torch.nn.Identity()

    found = encoding.of_library(Fake(), pad_id=0)
    assert (found._device, found.n_workers, found.batch_tokens) == (device, n_workers, n_tokens)


@pytest.mark.parametrize("name", [None, "mine"])
@pytest.mark.parametrize("device", ["gpu", "cuda"])
def test_a_device_that_is_not_there_is_an_error_that_says_so(name: str | None, device: str, tmp_path: Path) -> None:
    import torch

    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    if name:
        shutil.copytree(bundled_folder(), tmp_path / name)
    with pytest.raises(ModelError, match="cannot be loaded"):
        SentenceTransformerEmbedder(name and str(tmp_path / name), device=device).embed_queries(["x"])


def test_cores_are_those_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {2, 5, 7}, raising=False)
    assert n_cores() == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert n_cores() == 1
