"""What a person said about the speakers of each transcript, kept among the settings of an index.

It outlives the transcript's next reading and an index that is made again, and goes with the transcript.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from transcript_qa.datatypes import Speaker
from transcript_qa.speakers import SpeakerEdit, dumps, edited, loads
from transcript_qa.store.base import SpeakerInfo, TranscriptInfo

PREFIX = "speakers of "


def read(connection: sqlite3.Connection, transcript_id: str) -> str | None:
    """The edits of one transcript as they are kept, or None."""
    row = connection.execute("SELECT value FROM settings WHERE key = ?", (PREFIX + transcript_id,)).fetchone()
    return None if row is None else str(row[0])


def read_all(connection: sqlite3.Connection) -> dict[str, str]:
    """The edits of every transcript as they are kept, by transcript id."""
    found = connection.execute("SELECT key, value FROM settings WHERE substr(key, 1, ?) = ?", (len(PREFIX), PREFIX))
    return {str(key)[len(PREFIX) :]: str(value) for key, value in found}


def write(connection: sqlite3.Connection, transcript_id: str, edits: Iterable[SpeakerEdit]) -> None:
    """Keep the edits of one transcript in place of those before; none leaves nothing behind."""
    kept = tuple(edits)
    if kept:
        connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (PREFIX + transcript_id, dumps(kept)))
    else:
        connection.execute("DELETE FROM settings WHERE key = ?", (PREFIX + transcript_id,))


def with_edits(infos: Iterable[TranscriptInfo], kept: dict[str, str]) -> tuple[TranscriptInfo, ...]:
    """Infos whose speakers are what the edits make of them; speakers made one are counted together."""
    return tuple(_with_edits(info, loads(kept[info.id])) if info.id in kept else info for info in infos)


def _with_edits(info: TranscriptInfo, edits: tuple[SpeakerEdit, ...]) -> TranscriptInfo:
    who = edited([entry.speaker for entry in info.speakers], edits)
    found: dict[str, SpeakerInfo] = {}
    for entry in info.speakers:
        speaker: Speaker = who[entry.speaker]
        before = found.get(speaker.label)
        found[speaker.label] = SpeakerInfo(
            speaker=speaker,
            n_turns=entry.n_turns + (before.n_turns if before else 0),
            n_words=entry.n_words + (before.n_words if before else 0),
        )
    return replace(info, speakers=tuple(found.values()))
