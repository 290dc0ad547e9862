"""The keyword leg: what goes into the FTS5 table, and a query that no word can break.

Text is folded here in the way terms are folded (`text.normalise`), so that both meet whatever the script. Scripts that
put no spaces between words, and Korean, are indexed character by character; a run of them in a query is searched as
its overlapping pairs, since where its words end is not known.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import accumulate, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from transcript_qa.text import normalise

# Thai, Lao, Tibetan, Myanmar, Khmer; Han with its radicals and marks, kana, bopomofo, Hangul.
_UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u312f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED_CHAR = re.compile(f"[{_UNSPACED}]")
# Scoring a passage costs a microsecond or two. Held to a fifth of the passages of QMSum val, as this is of 100,000,
# open search finds as much as with all of them (benchmarks/README.md).
MOST_SCORED = 20_000
_RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_MARKS = frozenset({"Mn", "Mc", "Co"})


def index_text(text: str) -> str:
    """The words of a passage as they are indexed. Rows are deleted with it too: a change needs a new schema version.

    >>> index_text("Café 贷款"), index_text("The Loan")
    ('cafe  贷  款 ', 'the loan')
    """
    return _UNSPACED_CHAR.sub(r" \g<0> ", _folded(text))


def is_unspaced(word: str) -> bool:
    """Whether a word is one character of a script that puts no spaces between words."""
    return len(word) == 1 and _UNSPACED_CHAR.match(word) is not None


def match_expression(terms: Iterable[str]) -> str:
    """An FTS5 query for passages with at least one of the terms; empty where no term holds a letter or a digit.

    >>> match_expression(["loan", "4.5", 'NEAR("', "*", "board's", "贷款利率"])
    '"loan" OR "4 5" OR "near" OR "board" OR "贷 款" OR "款 利" OR "利 率"'
    """
    return " OR ".join(_quoted(terms))


def _quoted(terms: Iterable[str]) -> list[str]:
    phrases = dict.fromkeys(phrase for term in terms for phrase in _phrases(term))
    return [f'"{phrase}"' for phrase in phrases]


def add_postings(connection: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
    """Index passages, given as row and text."""
    connection.executemany(
        "INSERT INTO postings (rowid, words) VALUES (?, ?)", ((row, index_text(text)) for row, text in rows)
    )


def delete_postings(connection: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
    """Take passages out, given as row and text; the text has to be the one they were indexed with."""
    connection.executemany(
        "INSERT INTO postings (postings, rowid, words) VALUES ('delete', ?, ?)",
        ((row, index_text(text)) for row, text in rows),
    )


def find_rows(
    connection: sqlite3.Connection, terms: Sequence[str], *, k: int, rows: NDArray[np.int64] | None
) -> list[tuple[int, float]]:
    """At most k rows with their BM25, best first, ties by row.

    In a large index the common ones of several words only add to the score of what the rarer ones find; `MOST_SCORED`
    says how large. Where even the rarest word is that common, passages with another word beside it are enough, if there
    are k of them. Among chosen rows every word finds.

    Args:
        connection: in a read transaction.
        terms: see `Store.search_keyword`.
        k: how many.
        rows: rows that may be found, rising, or None for all.
    """
    phrases = _quoted(terms)
    if not phrases or (rows is not None and not len(rows)):
        return []
    if rows is None and len(phrases) > 1 and _is_large(connection):
        counted = _counted(connection, phrases)
        n_rare = _n_rare([count for count, _ in counted])
        if n_rare < len(counted):
            rare, common = (" OR ".join(phrase for _, phrase in some) for some in (counted[:n_rare], counted[n_rare:]))
            return _found_by_rare(connection, rare, common, k, together_first=counted[0][0] >= MOST_SCORED)
    return _best(connection, " OR ".join(phrases), k, rows)


def _is_large(connection: sqlite3.Connection) -> bool:
    (last_row,) = connection.execute("SELECT max(row) FROM passages").fetchone()
    return (last_row or 0) > MOST_SCORED


def _counted(connection: sqlite3.Connection, phrases: Sequence[str]) -> list[tuple[int, str]]:
    """The phrases, rarest first, each with the number of passages it is in, no more than `MOST_SCORED` counted."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM postings WHERE postings MATCH ? LIMIT {MOST_SCORED})"
    return sorted((int(connection.execute(sql, (phrase,)).fetchone()[0]), phrase) for phrase in phrases)


def _n_rare(counts: Sequence[int]) -> int:
    """Of rising counts, how many make no more than `MOST_SCORED` together; one at least."""
    return max(1, sum(total <= MOST_SCORED for total in accumulate(counts)))


def _found_by_rare(
    connection: sqlite3.Connection, rare: str, common: str, k: int, *, together_first: bool
) -> list[tuple[int, float]]:
    """The best of the passages with a rare phrase, the common ones counted in their scores.

    FTS5 scores by all phrases that stand in the query. So those passages that have common phrases too are asked for
    with both, and the others with the rare ones alone; a passage found twice has its whole score where it is higher.
    Where `together_first`, the others are not asked for if k have both.
    """
    scores: dict[int, float] = {}
    for expression in (f"({rare}) AND ({common})", rare):
        for row, score in _best(connection, expression, k, None):
            scores[row] = max(score, scores.get(row, 0.0))
        if together_first and len(scores) >= k:
            break
    return sorted(scores.items(), key=lambda each: (-each[1], each[0]))[:k]


def _best(
    connection: sqlite3.Connection, expression: str, k: int, rows: NDArray[np.int64] | None
) -> list[tuple[int, float]]:
    sql = "SELECT rowid, bm25(postings) AS score FROM postings WHERE postings MATCH ?"
    if rows is not None:
        # A range is what FTS5 can use; a join or an IN list is turned round by the planner (seconds at 1,000,000 rows).
        sql += f" AND rowid BETWEEN {int(rows[0])} AND {int(rows[-1])}"
    sql += " ORDER BY score, rowid"
    if rows is None or rows[-1] - rows[0] + 1 == len(rows):
        # With a limit SQLite keeps the best so far instead of sorting all: a third less time.
        found = connection.execute(f"{sql} LIMIT ?", (expression, k)).fetchall()
    else:
        with closing(connection.execute(sql, (expression,))) as cursor:
            found = list(islice(_only(cursor, rows), k))
    return [(row, -score) for row, score in found]


def _only(cursor: Iterable[tuple[int, float]], rows: NDArray[np.int64]) -> Iterator[tuple[int, float]]:
    first = int(rows[0])
    allowed = np.zeros(int(rows[-1]) - first + 1, dtype=np.bool_)
    allowed[rows - first] = True
    mask = allowed.tobytes()
    yield from ((row, rank) for row, rank in cursor if mask[row - first])


def _folded(text: str) -> str:
    # NFC puts Hangul syllables together again, which folding has taken apart into letters.
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", normalise(text).text)


def _phrases(term: str) -> Iterator[str]:
    for run in _RUN.findall(_folded(term).removesuffix("'s")):
        if not _UNSPACED_CHAR.match(run):
            words = "".join(c if c.isalnum() or unicodedata.category(c) in _MARKS else " " for c in run).split()
            if words:
                yield " ".join(words)
        elif len(run) <= 2:
            yield " ".join(run)
        else:
            yield from (f"{one} {other}" for one, other in pairwise(run))
