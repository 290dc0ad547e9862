"""The layout of an index folder and the tables of its database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# "TQAi": tells our database from any other SQLite file.
APPLICATION_ID = 0x54514169
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """Every path of an index folder."""

    folder: Path

    @property
    def database(self) -> Path:
        """The source of truth."""
        return self.folder / "index.sqlite"

    @property
    def wal(self) -> Path:
        """SQLite's write-ahead log; there while the index is in use, or after a kill."""
        return self.folder / "index.sqlite-wal"

    @property
    def shm(self) -> Path:
        """SQLite's shared memory; comes and goes with the log."""
        return self.folder / "index.sqlite-shm"

    @property
    def lock(self) -> Path:
        """Held by the process that writes."""
        return self.folder / "write.lock"

    def vector_file(self, generation: int) -> Path:
        """The FAISS file made at a generation."""
        return self.folder / f"vectors-{generation}.faiss"

    def vector_files(self) -> list[Path]:
        """All FAISS files, whole or half written."""
        return sorted(self.folder.glob("vectors-*.faiss*"))

    def leftovers(self) -> list[Path]:
        """Half-made databases of processes that died while they made one."""
        return sorted(self.folder.glob("index.sqlite.new-*"))


# Passages are numbered by `row` in the order they are put; a transcript's rows follow each other without a gap, and no
# row or key is ever used twice. So a transcript is a range of rows, and the order of rows is the order of vectors.
#
# A passage's text stands both here and in its transcript: fetching 50 of them takes 0.03 ms this way and 8 ms with
# substr(), which walks the whole transcript. Vectors are one float16 blob for each transcript (100,000 of 384
# dimensions load in 85 ms; one blob for each passage: 145 ms), float16 because FAISS keeps the same 16 bits: a search
# finds the same whether its file was read or made anew.
#
# The postings are a contentless FTS5 table, which needs no third copy of the text and works with every SQLite since
# 3.25; rows are taken out by the 'delete' command with the words they were put in with (`keywords.py`). Mn and Mc keep
# the vowel signs of Indic scripts inside their words.
DDL = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE transcripts (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    date TEXT,
    place TEXT,
    source TEXT NOT NULL,
    media_url TEXT,
    format TEXT NOT NULL,
    confidence REAL NOT NULL,
    encoding TEXT NOT NULL,
    n_turns INTEGER NOT NULL,
    n_words INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    n_passages INTEGER NOT NULL,
    duration_s REAL,
    added_at TEXT NOT NULL
);
CREATE TABLE bodies (
    transcript INTEGER PRIMARY KEY REFERENCES transcripts ON DELETE CASCADE,
    text TEXT NOT NULL,
    skipped TEXT NOT NULL,
    warnings TEXT NOT NULL
);
CREATE TABLE sources (
    path TEXT PRIMARY KEY,
    transcript INTEGER NOT NULL UNIQUE REFERENCES transcripts ON DELETE CASCADE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL
);
CREATE TABLE speakers (
    transcript INTEGER NOT NULL REFERENCES transcripts ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    label TEXT NOT NULL,
    name TEXT,
    role TEXT,
    kind TEXT NOT NULL,
    aliases TEXT NOT NULL,
    shown INTEGER NOT NULL,
    n_turns INTEGER NOT NULL,
    n_words INTEGER NOT NULL,
    PRIMARY KEY (transcript, ordinal)
) WITHOUT ROWID;
CREATE TABLE turns (
    transcript INTEGER NOT NULL REFERENCES transcripts ON DELETE CASCADE,
    position INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    speaker INTEGER NOT NULL,
    span_start INTEGER NOT NULL,
    span_end INTEGER NOT NULL,
    start_s REAL,
    end_s REAL,
    address TEXT,
    marks TEXT,
    PRIMARY KEY (transcript, position)
) WITHOUT ROWID;
CREATE TABLE passages (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    transcript INTEGER NOT NULL REFERENCES transcripts ON DELETE CASCADE,
    span_start INTEGER NOT NULL,
    span_end INTEGER NOT NULL,
    first_turn INTEGER NOT NULL,
    last_turn INTEGER NOT NULL,
    speakers TEXT NOT NULL,
    start_s REAL,
    end_s REAL,
    text TEXT NOT NULL
);
CREATE INDEX passages_by_transcript ON passages (transcript);
CREATE TABLE passage_speakers (
    transcript INTEGER NOT NULL REFERENCES transcripts ON DELETE CASCADE,
    label TEXT NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (transcript, label, row)
) WITHOUT ROWID;
CREATE TABLE vectors (
    transcript INTEGER PRIMARY KEY REFERENCES transcripts ON DELETE CASCADE,
    vectors BLOB NOT NULL
);
CREATE TABLE vector_file (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    generation INTEGER NOT NULL
);
CREATE VIRTUAL TABLE postings USING fts5(
    words, content='', tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
"""
