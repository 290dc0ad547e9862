"""Where transcripts, passages, vectors and keyword postings are kept: one protocol, `Store`, and its back ends."""

from __future__ import annotations

from transcript_qa.store.base import (
    EmbedderInfo,
    KeepsDrafts,
    Scored,
    Selection,
    SourceState,
    SpeakerInfo,
    Store,
    Stored,
    TranscriptInfo,
)
from transcript_qa.store.local import LocalStore
from transcript_qa.store.milvus import MilvusStore
from transcript_qa.store.opening import Index, create_store, folder_of, has_index, open_or_create_store, open_store

__all__ = [
    "EmbedderInfo",
    "Index",
    "KeepsDrafts",
    "LocalStore",
    "MilvusStore",
    "Scored",
    "Selection",
    "SourceState",
    "SpeakerInfo",
    "Store",
    "Stored",
    "TranscriptInfo",
    "create_store",
    "folder_of",
    "has_index",
    "open_or_create_store",
    "open_store",
]
