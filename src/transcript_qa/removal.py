"""Taking a transcript out of the index in such a way that it can be put back."""

from __future__ import annotations

from dataclasses import dataclass

from transcript_qa.speakers import SpeakerEdit
from transcript_qa.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A transcript that was taken out: what is needed to put it back.

    Attributes:
        transcript_id, title: as they were.
        source: the file it was read from.
        edits: what had been said about its speakers.
    """

    transcript_id: str
    title: str
    source: str
    edits: tuple[SpeakerEdit, ...]


def remove_transcript(store: Store, transcript_id: str) -> Removed:
    """Take a transcript out of the index; its file is left alone. Raises `UnknownTranscriptError`."""
    with store.writing():
        gone = store.transcript(transcript_id)
        edits = store.speaker_edits(transcript_id)
        removed = Removed(transcript_id=gone.id, title=gone.title, source=gone.source, edits=edits)
        store.remove(transcript_id)
        store.save()
    return removed


def restore_speakers(store: Store, removed: Removed) -> None:
    """Give the speakers of a transcript that was put back the names they had."""
    with store.writing():
        back = next((info.id for info in store.infos() if info.source == removed.source), None)
        if back is not None and removed.edits and not store.speaker_edits(back):
            store.set_speaker_edits(back, removed.edits)
