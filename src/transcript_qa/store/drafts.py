"""Vectors of a transcript that is not whole yet, kept so that a run which is stopped in a long one goes on in it.

They are no part of what the index holds: nothing finds them, and no generation changes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from transcript_qa.store.database import decoding, has_table
from transcript_qa.store.vectors import pack, unpack

# Made when first needed: an index that is older has no such table.
_DDL = "CREATE TABLE IF NOT EXISTS drafts (text BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"


def keep(connection: sqlite3.Connection, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
    """See `KeepsDrafts.keep_drafts`."""
    connection.execute(_DDL)
    connection.executemany(
        "INSERT OR REPLACE INTO drafts VALUES (?, ?)", ((text, pack(vector)) for text, vector in vectors.items())
    )


@decoding
def read(connection: sqlite3.Connection, dim: int) -> dict[bytes, NDArray[np.float32]]:
    """See `KeepsDrafts.drafts`."""
    if not has_table(connection, "drafts"):
        return {}
    found = connection.execute("SELECT text, vector FROM drafts")
    return {text: unpack(vector, dim)[0].astype(np.float32) for text, vector in found}


def drop(connection: sqlite3.Connection) -> None:
    """See `KeepsDrafts.drop_drafts`."""
    if has_table(connection, "drafts"):
        connection.execute("DELETE FROM drafts")
