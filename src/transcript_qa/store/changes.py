"""What one change to an index writes. Every function works inside a transaction that the caller has begun."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import ImportReport, Passage, Transcript
from transcript_qa.errors import InvalidArgumentError, UnknownTranscriptError
from transcript_qa.store import keywords, rows, speakeredits
from transcript_qa.store.base import SourceState
from transcript_qa.store.lifecycle import read_generation
from transcript_qa.store.vectors import pack


def put(
    connection: sqlite3.Connection,
    report: ImportReport,
    passages: Sequence[Passage],
    vectors: NDArray[np.float32],
    source: SourceState,
) -> None:
    """Write a transcript and all that belongs to it, in place of the one with its id."""
    transcript_id = report.transcript.id
    old = _key_of(connection, transcript_id)
    if old is not None:
        _delete(connection, old)
    (next_row,) = connection.execute("SELECT value FROM meta WHERE key = 'next_row'").fetchone()
    first_row = int(next_row)
    try:
        key = rows.insert_transcript(connection, report, first_row=first_row, n_passages=len(passages))
        rows.insert_passages(connection, key, passages, first_row=first_row)
    except sqlite3.IntegrityError as error:
        raise InvalidArgumentError(f"{transcript_id}: every passage needs an id of its own ({error})") from error
    rows.insert_source(connection, key, source)
    keywords.add_postings(connection, ((first_row + n, passage.text) for n, passage in enumerate(passages)))
    connection.execute("INSERT INTO vectors VALUES (?, ?)", (key, pack(vectors)))
    _set_meta(connection, "next_row", first_row + len(passages))
    _set_meta(connection, "generation", read_generation(connection) + 1)


def remove(connection: sqlite3.Connection, key: int) -> None:
    """Take a transcript and all that belongs to it out."""
    (transcript_id,) = connection.execute("SELECT id FROM transcripts WHERE key = ?", (key,)).fetchone()
    speakeredits.write(connection, transcript_id, ())
    _delete(connection, key)
    _set_meta(connection, "generation", read_generation(connection) + 1)


def check_passages(transcript: Transcript, passages: Sequence[Passage], vectors: NDArray[np.float32], dim: int) -> None:
    """Raise `InvalidArgumentError` where passages and vectors do not belong to the transcript or to each other."""
    if vectors.shape != (len(passages), dim):
        raise InvalidArgumentError(
            f"{transcript.id}: vectors of shape {vectors.shape} for {len(passages)} passages of {dim} dimensions"
        )
    if not np.isfinite(vectors).all():
        raise InvalidArgumentError(f"{transcript.id}: a vector holds something that is no number")
    for passage in passages:
        if passage.transcript_id != transcript.id or passage.span.of(transcript.text) != passage.text:
            raise InvalidArgumentError(f"{passage.id}: not a passage of {transcript.id}")


def _key_of(connection: sqlite3.Connection, transcript_id: str) -> int | None:
    row = connection.execute("SELECT key FROM transcripts WHERE id = ?", (transcript_id,)).fetchone()
    return None if row is None else int(row[0])


def known_key(connection: sqlite3.Connection, transcript_id: str) -> int:
    """The key of a transcript; raises `UnknownTranscriptError`."""
    key = _key_of(connection, transcript_id)
    if key is None:
        ids = [row[0] for row in connection.execute("SELECT id FROM transcripts ORDER BY id")]
        raise UnknownTranscriptError(transcript_id, tuple(difflib.get_close_matches(transcript_id, ids)))
    return key


def _delete(connection: sqlite3.Connection, key: int) -> None:
    texts = connection.execute("SELECT row, text FROM passages WHERE transcript = ?", (key,)).fetchall()
    keywords.delete_postings(connection, texts)
    connection.execute("DELETE FROM transcripts WHERE key = ?", (key,))


def _set_meta(connection: sqlite3.Connection, key: str, value: int) -> None:
    connection.execute("UPDATE meta SET value = ? WHERE key = ?", (str(value), key))
