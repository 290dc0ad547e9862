"""All that was put into an index folder for one transcript, as it was put."""

from __future__ import annotations

import json
import sqlite3

import numpy as np

from transcript_qa.datatypes import ImportReport
from transcript_qa.store import rows
from transcript_qa.store.base import SourceState, Stored
from transcript_qa.store.database import decoding
from transcript_qa.store.vectors import unpack


@decoding
def read(connection: sqlite3.Connection, key: int, dim: int) -> Stored:
    """See `Store.stored`; inside a read transaction."""
    format_name, confidence, encoding, warnings, blob = connection.execute(
        "SELECT format, confidence, encoding, warnings, vectors FROM transcripts AS t"
        " JOIN bodies AS b ON b.transcript = t.key JOIN vectors AS v ON v.transcript = t.key WHERE t.key = ?",
        (key,),
    ).fetchone()
    ids = [
        found for (found,) in connection.execute("SELECT id FROM passages WHERE transcript = ? ORDER BY row", (key,))
    ]
    passages = rows.read_passages(connection, "id", ids)
    path, size, mtime_ns, sha256 = connection.execute(
        "SELECT path, size, mtime_ns, sha256 FROM sources WHERE transcript = ?", (key,)
    ).fetchone() or ("", 0, 0, "")
    return Stored(
        report=ImportReport(
            transcript=rows.read_transcript(connection, key),
            format=format_name,
            confidence=confidence,
            encoding=encoding,
            warnings=tuple(json.loads(warnings)),
        ),
        passages=tuple(passages[one] for one in ids),
        vectors=unpack(blob, dim).astype(np.float32),
        source=SourceState(path=path, size=size, mtime_ns=mtime_ns, sha256=sha256),
    )
