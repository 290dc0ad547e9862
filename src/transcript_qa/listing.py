"""The transcripts of an index as JSON, without their texts. A change to a shape is a line in CHANGELOG.md."""

from __future__ import annotations

from typing import Any

from transcript_qa.store import TranscriptInfo


def info_json(info: TranscriptInfo) -> dict[str, Any]:
    """A transcript without its text, in its stable shape."""
    return {
        "id": info.id,
        "title": info.title,
        "date": info.date.isoformat() if info.date else None,
        "place": info.place,
        "source": info.source,
        "media_url": info.media_url,
        "format": info.format,
        "turns": info.n_turns,
        "words": info.n_words,
        "passages": info.n_passages,
        "duration_s": info.duration_s,
        "added_at": info.added_at.isoformat(),
        "speakers": info_speakers_json(info),
    }


def info_speakers_json(info: TranscriptInfo) -> list[dict[str, Any]]:
    """The speakers of a transcript, in the shape of `render.speakers_json`."""
    return [
        {
            "label": one.speaker.label,
            "name": one.speaker.name,
            "role": one.speaker.role,
            "kind": one.speaker.kind.value,
            "aliases": list(one.speaker.aliases),
            "turns": one.n_turns,
            "words": one.n_words,
        }
        for one in info.speakers
    ]
