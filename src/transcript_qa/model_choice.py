"""Which embedding model a command uses: the one that is named, else the one the index was made with."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from transcript_qa.embed import Embedder, HashingEmbedder, SentenceTransformerEmbedder
from transcript_qa.errors import IndexDamagedError, IndexMismatchError, IndexNotFoundError, ModelError
from transcript_qa.model_files import BUNDLED_MODEL
from transcript_qa.store import open_store

HASHING_MODEL = "hashing"


def make_embedder(model: str | None) -> Embedder:
    """The embedder of that name; None for the bundled one, "hashing" for the one that needs no model.

    A folder is named by its whole path, for the index remembers the name and may be opened from elsewhere.

    Raises:
        ModelError: the model is not on this machine.
    """
    if model == HASHING_MODEL:
        return HashingEmbedder()
    if model is not None and model != BUNDLED_MODEL and Path(model).is_dir():
        model = str(Path(model).resolve())
    return SentenceTransformerEmbedder(model)


def embedder_of(index: str, model: str | None) -> Embedder:
    """The embedder for an index that is there: `model` where it is named, else the one it was made with.

    Raises:
        IndexNotFoundError, IndexDamagedError, IndexMismatchError: as the class says.
        ModelError: the model is not on this machine.
    """
    with open_store(index) as store:
        made_with = store.embedder.name
    return make_embedder(model) if model is not None else _remembered(index, made_with)


def embedder_for_indexing(index: str, model: str | None, *, rebuild: bool) -> tuple[Embedder, bool]:
    """The embedder to index with, and whether there is an index already that will be kept.

    An index keeps its model, through a rebuild too, until another is named.

    Raises:
        IndexDamagedError, IndexMismatchError: unless it is to be rebuilt.
        ModelError: the model is not on this machine.
    """
    made_with: str | None = None
    found = False
    with suppress(IndexNotFoundError):
        try:
            with open_store(index) as store:
                made_with = store.embedder.name
            found = True
        except (IndexDamagedError, IndexMismatchError):
            if not rebuild:
                raise
    if model is None and made_with is not None:
        return _remembered(index, made_with), found and not rebuild
    return make_embedder(model), found and not rebuild


def _remembered(index: str, name: str) -> Embedder:
    try:
        return make_embedder(name)
    except ModelError as error:
        if name == BUNDLED_MODEL:
            raise
        raise ModelError(
            name,
            f"the index in {index} was made with this model, and it is not on this machine",
            f"Bring it back, or make the index anew: `transcript-qa index --rebuild --model {BUNDLED_MODEL}`",
        ) from error
