"""What is wrong with an index folder, in words for a person."""

from __future__ import annotations

import sqlite3

from transcript_qa.store.catalogue import Catalogue
from transcript_qa.store.lifecycle import read_generation
from transcript_qa.store.schema import Layout
from transcript_qa.store.vectorfile import outdated


def problems(connection: sqlite3.Connection, layout: Layout) -> list[str]:
    """Every problem found; empty where all is well. Reads the whole database.

    Args:
        connection: in a read transaction.
        layout: of the folder.
    """
    return [*_of_database(connection), *_of_counts(connection), *_of_files(connection, layout)]


def _of_database(connection: sqlite3.Connection) -> list[str]:
    found = [text for (text,) in connection.execute("PRAGMA quick_check(5)") if text != "ok"]
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        found.append(f"{len(broken)} rows belong to no transcript")
    return [f"the database is damaged: {text}" for text in found]


def _of_counts(connection: sqlite3.Connection) -> list[str]:
    def count(sql: str) -> int:
        return int(connection.execute(sql).fetchone()[0] or 0)

    stated = count("SELECT sum(n_passages) FROM transcripts")
    width = 2 * count("SELECT value FROM meta WHERE key = 'embedder_dim'")
    counts = {
        "passages": count("SELECT count(*) FROM passages"),
        "passages in the keyword index": count("SELECT count(*) FROM postings_docsize"),
        "vectors": count("SELECT sum(length(vectors)) FROM vectors") // width,
    }
    return [f"{n} {what} where there should be {stated}" for what, n in counts.items() if n != stated]


def _of_files(connection: sqlite3.Connection, layout: Layout) -> list[str]:
    found = []
    (filled,) = connection.execute("SELECT EXISTS (SELECT 1 FROM passages)").fetchone()
    fault = outdated(connection, layout, Catalogue.read(connection, read_generation(connection)))
    if filled and fault is not None:
        found.append(f"{fault}; searches are right but start slower until the next `transcript-qa index`")
    # The format's write version says it even where the log is not in use: https://sqlite.org/fileformat.html, 1.3.3.
    with layout.database.open("rb") as file:
        write_version = file.read(19)[-1]
    if write_version != 2:
        found.append("the file system allows no write-ahead log: writing keeps readers waiting")
    return found
