"""Where transcripts, passages, vectors and keyword postings are kept: one protocol, `Store`, and its back ends."""

from __future__ import annotations

from transcript_qa.store.base import (
    EmbedderInfo,
    Scored,
    Selection,
    SourceState,
    SpeakerInfo,
    Store,
    TranscriptInfo,
)
from transcript_qa.store.local import LocalStore

__all__ = [
    "EmbedderInfo",
    "LocalStore",
    "Scored",
    "Selection",
    "SourceState",
    "SpeakerInfo",
    "Store",
    "TranscriptInfo",
]
