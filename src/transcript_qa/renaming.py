"""Naming the speakers of one transcript and making two labels one speaker, and taking either back.

Nothing of it is ever done for another transcript, and nothing is embedded again: see `speakers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from transcript_qa.datatypes import Speaker
from transcript_qa.errors import InvalidArgumentError, UnknownSpeakerError
from transcript_qa.speakers import SpeakerEdit
from transcript_qa.store import Store
from transcript_qa.text import normalise

_MAX_NAME_CHARS = 200


def rename_speaker(store: Store, transcript_id: str, speaker: str, name: str) -> Speaker:
    """Give a speaker of one transcript a name; gives the speaker as it is now.

    Args:
        store: opened for writing.
        transcript_id: where the speaker speaks.
        speaker: label or name; "" for those who have no label.
        name: the person's name.

    Raises:
        UnknownTranscriptError, UnknownSpeakerError: there is none.
        InvalidArgumentError: the name is empty or too long, or `speaker` may be several.
    """
    with store.writing():
        label = _known(store, transcript_id, speaker).label
        return _add(store, transcript_id, SpeakerEdit(labels=(label,), name=_name(name)))


def merge_speakers(store: Store, transcript_id: str, speakers: Sequence[str], name: str | None = None) -> Speaker:
    """Make speakers of one transcript one, who keeps the first's label; gives that speaker.

    Args:
        store: opened for writing.
        transcript_id: where they speak.
        speakers: labels or names of two or more.
        name: the person's name, or None for the first's.

    Raises:
        UnknownTranscriptError, UnknownSpeakerError: there is none.
        InvalidArgumentError: fewer than two speakers, or as for `rename_speaker`.
    """
    with store.writing():
        labels = tuple(dict.fromkeys(_known(store, transcript_id, each).label for each in speakers))
        if len(labels) < 2:
            raise InvalidArgumentError("Two different speakers are needed to make one of. Name both by their labels.")
        return _add(store, transcript_id, SpeakerEdit(labels=labels, name=None if name is None else _name(name)))


def undo_speakers(store: Store, transcript_id: str, *, everything: bool = False) -> int:
    """Take back the last thing that was said about a transcript's speakers, or all of it; gives how many things.

    Raises:
        UnknownTranscriptError: there is no such transcript.
    """
    with store.writing():
        edits = store.speaker_edits(transcript_id)
        kept = () if everything else edits[:-1]
        if len(kept) < len(edits):
            store.set_speaker_edits(transcript_id, kept)
        return len(edits) - len(kept)


def _add(store: Store, transcript_id: str, edit: SpeakerEdit) -> Speaker:
    store.set_speaker_edits(transcript_id, (*store.speaker_edits(transcript_id), edit))
    return next(one for one in _speakers(store, transcript_id) if one.label == edit.labels[0])


def _speakers(store: Store, transcript_id: str) -> list[Speaker]:
    found = [info for info in store.infos() if info.id == transcript_id]
    if not found:
        store.transcript(transcript_id)  # raises, and tells near ids
    return [entry.speaker for info in found for entry in info.speakers]


def _known(store: Store, transcript_id: str, wanted: str) -> Speaker:
    """The one speaker of a transcript whom `wanted` names: by label first, then by any name or alias."""
    everyone = _speakers(store, transcript_id)
    asked = normalise(wanted).text
    by_label = [one for one in everyone if wanted == one.label] or [
        one for one in everyone if asked == _folded(one.label)
    ]
    found = by_label or [one for one in everyone if asked and asked in map(_folded, (one.name or "", *one.aliases))]
    if len(found) == 1:
        return found[0]
    if found:
        labels = ", ".join(repr(one.label) for one in found)
        raise InvalidArgumentError(f"{wanted!r} may be {labels} of {transcript_id}. Give the label.")
    shown = {_folded(label): label for one in everyone for label in (one.label, one.display, *one.aliases)}
    near = get_close_matches(asked, sorted(shown), n=3, cutoff=0.5)
    raise UnknownSpeakerError(wanted, tuple(shown[one] for one in near))


def _folded(name: str) -> str:
    return normalise(name).text


def _name(given: str) -> str:
    name = " ".join(given.split())
    if not name or not name.isprintable() or len(name) > _MAX_NAME_CHARS:
        raise InvalidArgumentError(f"A name needs 1 to {_MAX_NAME_CHARS} characters that can be printed.")
    return name
