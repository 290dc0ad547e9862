"""Making an archive, and telling what one is before it is used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import Passage
from transcript_qa.errors import IndexDamagedError, IndexMismatchError, IndexNotFoundError, InvalidArgumentError
from transcript_qa.store.base import EmbedderInfo
from transcript_qa.store.lifecycle import refuse_other_embedder
from transcript_qa.store.milvus_engine import Engine
from transcript_qa.store.milvus_heads import Heads
from transcript_qa.store.milvus_nouns import passage_text
from transcript_qa.store.milvus_records import Record, Records
from transcript_qa.store.milvus_schema import FORMAT, drop, exists, load, passages_of
from transcript_qa.store.milvus_schema import make as make_collections

_ARCHIVE = "archive"


def create(engine: Engine, embedder: EmbedderInfo, *, replace: bool) -> None:
    """Make an empty archive.

    Raises:
        InvalidArgumentError: there is one already and `replace` is not set.
    """
    if exists(engine):
        records = Records(engine)
        load(engine)
        if records.get("meta", [_ARCHIVE], now=True) and not replace:
            raise InvalidArgumentError(f"{engine.address.text}: there is an index already. Open it, or replace it.")
        # Without heads nothing is found any more; the vectors may be of another length from here on. What a person said
        # about speakers is no derived thing: it holds for the transcripts that come back.
        records.delete([("meta", _ARCHIVE)])
        records.drop_transcripts()
        drop(engine, passages_of(engine.address))
    make(engine, embedder)
    Heads(engine, Records(engine)).changed()


def make(engine: Engine, embedder: EmbedderInfo) -> None:
    """Make what is missing of an archive; harmless where another process does the same."""
    make_collections(engine, embedder.dim)
    records = Records(engine)
    if not records.get("meta", [_ARCHIVE], now=True):
        told = {"format": FORMAT, "embedder": [embedder.name, embedder.fingerprint, embedder.dim]}
        records.put(Record(kind="meta", name=_ARCHIVE, value=told), is_new=True)


def check(engine: Engine, embedder: EmbedderInfo | None) -> EmbedderInfo:
    """The embedder of an archive that can be used.

    Raises:
        IndexNotFoundError: there is none.
        IndexDamagedError: its collections are of something else.
        IndexMismatchError: another version or another embedder made it.
    """
    place = engine.address.text
    if not exists(engine):
        raise IndexNotFoundError(place)
    load(engine)
    engine.reload = lambda: load(engine)
    told = Records(engine).get("meta", [_ARCHIVE], now=True).get(_ARCHIVE)
    if told is None:
        raise IndexNotFoundError(place)
    if told.value["format"] != FORMAT:
        found, expected = f"{told.value['format']} of the archive format", f"version {FORMAT}"
        remedy = "Use a program of that version, or index again into an archive of another name."
        raise IndexMismatchError(place, "version", found, expected, remedy)
    name, fingerprint, dim = told.value["embedder"]
    made_with = EmbedderInfo(name=name, fingerprint=fingerprint, dim=dim)
    if embedder is not None:
        refuse_other_embedder(place, made_with, embedder)
    return made_with


def digest_of(body: dict[str, Any], passages: Sequence[Passage], vectors: NDArray[np.float32]) -> str:
    """What tells one content of a transcript from another."""
    digest = hashlib.sha256(json.dumps(body, separators=(",", ":")).encode())
    for passage in passages:
        digest.update(passage_text(passage).encode("utf-8") + b"\0")
    digest.update(vectors.astype("<f2").tobytes())
    return digest.hexdigest()


def damaged(engine: Engine, reason: str) -> IndexDamagedError:
    """The error for an archive in which something is missing that should be there."""
    return IndexDamagedError(engine.address.text, reason)
