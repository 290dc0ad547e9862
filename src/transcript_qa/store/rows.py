"""Nouns to rows and back. Every function works inside a transaction that the caller has begun."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Literal, TypeVar

from transcript_qa.datatypes import (
    ImportReport,
    Mark,
    Passage,
    Skipped,
    Span,
    Speaker,
    SpeakerKind,
    Transcript,
    Turn,
)
from transcript_qa.store.base import SourceState, SpeakerInfo, TranscriptInfo
from transcript_qa.store.database import decoding

Key = TypeVar("Key", int, str)

# SQLite allowed 999 values in a statement before 3.32.
_AT_ONCE = 500


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[Sequence[Any]], n_columns: int) -> None:
    connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * n_columns)})", rows)


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def insert_transcript(connection: sqlite3.Connection, report: ImportReport, *, first_row: int, n_passages: int) -> int:
    """Write a transcript with its turns and speakers; its new key."""
    transcript = report.transcript
    n_words = [len(transcript.words_of(turn).split()) for turn in transcript.turns]
    key = connection.execute(
        "INSERT INTO transcripts (id, title, date, place, source, media_url, format, confidence, encoding, n_turns,"
        " n_words, first_row, n_passages, duration_s, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            transcript.id,
            transcript.title,
            transcript.date and transcript.date.isoformat(),
            transcript.place,
            transcript.source,
            transcript.media_url,
            report.format,
            report.confidence,
            report.encoding,
            len(transcript.turns),
            sum(n_words),
            first_row,
            n_passages,
            duration_s(transcript),
            datetime.now(UTC).isoformat(),
        ),
    ).lastrowid
    assert key is not None
    skipped = [[part.first_line, part.last_line, part.reason, part.text] for part in transcript.skipped]
    body = (key, transcript.text, _dumps(skipped), _dumps(report.warnings))
    _insert(connection, "bodies", [body], 4)
    _insert_turns(connection, key, transcript, n_words)
    return key


def _insert_turns(connection: sqlite3.Connection, key: int, transcript: Transcript, n_words: list[int]) -> None:
    # One label may stand for several values: named where it is printed, inherited where it still holds.
    values = list(dict.fromkeys(turn.speaker for turn in transcript.turns))
    places = {speaker: ordinal for ordinal, speaker in enumerate(values)}
    shown = set(transcript.speakers)
    turns_by, words_by = Counter[Speaker](), Counter[Speaker]()
    for turn, count in zip(transcript.turns, n_words, strict=True):
        turns_by[turn.speaker] += 1
        words_by[turn.speaker] += count
    speakers = (
        (key, ordinal, s.label, s.name, s.role, s.kind.value, _dumps(s.aliases), s in shown, turns_by[s], words_by[s])
        for ordinal, s in enumerate(values)
    )
    _insert(connection, "speakers", speakers, 10)
    turns = (
        (
            key,
            position,
            turn.index,
            places[turn.speaker],
            turn.span.start,
            turn.span.end,
            turn.start_s,
            turn.end_s,
            turn.address,
            _dumps([[m.start, m.start_s, m.end_s, m.address] for m in turn.marks]) if turn.marks else None,
        )
        for position, turn in enumerate(transcript.turns)
    )
    _insert(connection, "turns", turns, 10)


def duration_s(transcript: Transcript) -> float | None:
    """Seconds from the first time in a transcript to the last; None where there are none."""
    places: Iterator[Turn | Mark] = chain.from_iterable((turn, *turn.marks) for turn in transcript.turns)
    times = [time for place in places for time in (place.start_s, place.end_s) if time is not None]
    return max(times) - min(times) if times else None


def insert_passages(connection: sqlite3.Connection, key: int, passages: Sequence[Passage], *, first_row: int) -> None:
    """Write the passages of a transcript, in order, from a row on."""
    rows = (
        (
            first_row + place,
            passage.id,
            key,
            passage.span.start,
            passage.span.end,
            *passage.turns,
            _dumps(passage.speakers),
            passage.start_s,
            passage.end_s,
            passage.text,
        )
        for place, passage in enumerate(passages)
    )
    _insert(connection, "passages", rows, 11)
    labels = (
        (key, label, first_row + place)
        for place, passage in enumerate(passages)
        for label in dict.fromkeys(passage.speakers)
    )
    _insert(connection, "passage_speakers", labels, 3)


def insert_source(connection: sqlite3.Connection, key: int, source: SourceState) -> None:
    """Say which file a transcript came from; the path leaves whichever transcript had it before."""
    connection.execute("DELETE FROM sources WHERE path = ? OR transcript = ?", (source.path, key))
    _insert(connection, "sources", [(source.path, key, source.size, source.mtime_ns, source.sha256)], 5)


@decoding
def read_sources(connection: sqlite3.Connection) -> dict[str, tuple[str, SourceState]]:
    """See `Store.sources`."""
    found = connection.execute(
        "SELECT path, id, size, mtime_ns, sha256 FROM sources JOIN transcripts ON key = transcript ORDER BY path"
    )
    return {
        path: (transcript_id, SourceState(path=path, size=size, mtime_ns=mtime_ns, sha256=sha256))
        for path, transcript_id, size, mtime_ns, sha256 in found
    }


@decoding
def read_source(connection: sqlite3.Connection, path: str) -> tuple[str, SourceState] | None:
    """See `Store.source`."""
    row = connection.execute(
        "SELECT id, size, mtime_ns, sha256 FROM sources JOIN transcripts ON key = transcript WHERE path = ?", (path,)
    ).fetchone()
    if row is None:
        return None
    transcript_id, size, mtime_ns, sha256 = row
    return transcript_id, SourceState(path=path, size=size, mtime_ns=mtime_ns, sha256=sha256)


def _speaker(label: str, name: str | None, role: str | None, kind: str, aliases: str) -> Speaker:
    return Speaker(label=label, name=name, role=role, kind=SpeakerKind(kind), aliases=tuple(json.loads(aliases)))


@decoding
def read_transcript(connection: sqlite3.Connection, key: int) -> Transcript:
    """A transcript, whole."""
    (*fields, text, skipped) = connection.execute(
        "SELECT id, title, date, place, source, media_url, text, skipped"
        " FROM transcripts JOIN bodies ON transcript = key WHERE key = ?",
        (key,),
    ).fetchone()
    transcript_id, title, day, place, source, media_url = fields
    return Transcript(
        id=transcript_id,
        title=title,
        date=day and date.fromisoformat(day),
        place=place,
        source=source,
        media_url=media_url,
        text=text,
        turns=tuple(_read_turns(connection, key)),
        skipped=tuple(
            Skipped(first_line=first, last_line=last, reason=reason, text=words)
            for first, last, reason, words in json.loads(skipped)
        ),
    )


def _read_turns(connection: sqlite3.Connection, key: int) -> Iterator[Turn]:
    speakers = [
        _speaker(*row)
        for row in connection.execute(
            "SELECT label, name, role, kind, aliases FROM speakers WHERE transcript = ? ORDER BY ordinal", (key,)
        )
    ]
    for index, speaker, start, end, start_s, end_s, address, marks in connection.execute(
        "SELECT turn, speaker, span_start, span_end, start_s, end_s, address, marks"
        " FROM turns WHERE transcript = ? ORDER BY position",
        (key,),
    ):
        yield Turn(
            index=index,
            speaker=speakers[speaker],
            span=Span(start=start, end=end),
            start_s=start_s,
            end_s=end_s,
            address=address,
            marks=tuple(
                Mark(start=at, start_s=from_s, end_s=to_s, address=place)
                for at, from_s, to_s, place in json.loads(marks or "[]")
            ),
        )


@decoding
def read_infos(connection: sqlite3.Connection) -> tuple[TranscriptInfo, ...]:
    """See `Store.infos`; touches no text."""
    speakers: dict[int, dict[str, SpeakerInfo]] = {}
    for key, shown, n_turns, n_words, *fields in connection.execute(
        "SELECT transcript, shown, n_turns, n_words, label, name, role, kind, aliases"
        " FROM speakers ORDER BY transcript, ordinal"
    ):
        speaker, labels = _speaker(*fields), speakers.setdefault(key, {})
        before = labels.get(speaker.label)
        labels[speaker.label] = SpeakerInfo(
            speaker=speaker if shown or before is None else before.speaker,
            n_turns=n_turns + (before.n_turns if before else 0),
            n_words=n_words + (before.n_words if before else 0),
        )
    infos = [
        _info(fields, tuple(speakers.get(key, {}).values()))
        for key, *fields in connection.execute(
            "SELECT key, id, title, date, place, source, media_url, format, n_turns, n_words, n_passages, duration_s,"
            " added_at FROM transcripts"
        )
    ]
    return tuple(sorted(infos, key=lambda info: (info.title, info.id)))


def _info(fields: list[Any], speakers: tuple[SpeakerInfo, ...]) -> TranscriptInfo:
    transcript_id, title, day, place, source, media_url, format_name, *numbers, added_at = fields
    n_turns, n_words, n_passages, duration = numbers
    return TranscriptInfo(
        id=transcript_id,
        title=title,
        date=day and date.fromisoformat(day),
        place=place,
        source=source,
        media_url=media_url,
        format=format_name,
        n_turns=n_turns,
        n_words=n_words,
        n_passages=n_passages,
        duration_s=duration,
        added_at=datetime.fromisoformat(added_at),
        speakers=speakers,
    )


@decoding
def read_passages(
    connection: sqlite3.Connection, by: Literal["id", "row"], wanted: Sequence[Key]
) -> dict[Key, Passage]:
    """The passages of these ids or rows that there are, by id or row."""
    found: dict[Key, Passage] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        for (
            key,
            passage_id,
            transcript_id,
            begin,
            end,
            first,
            last,
            speakers,
            start_s,
            end_s,
            text,
        ) in connection.execute(
            f"SELECT p.{by}, p.id, t.id, span_start, span_end, first_turn, last_turn, speakers, start_s, end_s, text"
            " FROM passages AS p JOIN transcripts AS t ON t.key = p.transcript"
            f" WHERE p.{by} IN ({', '.join('?' * len(some))})",
            some,
        ):
            found[key] = Passage(
                id=passage_id,
                transcript_id=transcript_id,
                span=Span(start=begin, end=end),
                turns=(first, last),
                speakers=_labels(speakers),
                start_s=start_s,
                end_s=end_s,
                text=text,
            )
    return found


@lru_cache(maxsize=4096)
def _labels(speakers: str) -> tuple[str, ...]:
    return tuple(json.loads(speakers))
