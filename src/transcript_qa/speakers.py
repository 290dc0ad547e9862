"""What a person says about the speakers of a transcript: a name for a label, two labels that are one person.

An edit is kept beside the transcript, never in it: labels and words stay as the source prints them, nothing is embedded
again, and taking the edit back is dropping it from the list. It belongs to one transcript; the same label in another
file is another speaker.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from transcript_qa.datatypes import Speaker, SpeakerKind, Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerEdit:
    """These labels are one speaker.

    Attributes:
        labels: labels of one transcript; the first stays the label of all.
        name: the person's name, or None for the one that the first has.
    """

    labels: tuple[str, ...]
    name: str | None = None


def dumps(edits: Iterable[SpeakerEdit]) -> str:
    """Edits as they are kept."""
    return json.dumps([[list(edit.labels), edit.name] for edit in edits], ensure_ascii=False)


def loads(kept: str | None) -> tuple[SpeakerEdit, ...]:
    """Edits from what `dumps` gave; none from None."""
    return tuple(SpeakerEdit(labels=tuple(labels), name=name) for labels, name in json.loads(kept or "[]"))


def edited(speakers: Iterable[Speaker], edits: Sequence[SpeakerEdit]) -> dict[Speaker, Speaker]:
    """Who each speaker of a transcript is after the edits, in their order; labels that are not there change nothing.

    >>> told = edited([Speaker(label="A"), Speaker(label="B")], [SpeakerEdit(labels=("A", "B"), name="Mira Voss")])
    >>> [(speaker.label, speaker.name, speaker.aliases) for speaker in told.values()]
    [('A', 'Mira Voss', ('B',)), ('A', 'Mira Voss', ('B',))]
    """
    found = list(speakers)
    by_label = {speaker.label: speaker for speaker in found if speaker.kind is not SpeakerKind.INHERITED}
    now = {speaker.label: by_label.get(speaker.label, speaker) for speaker in found}
    for edit in edits:
        known = [label for label in dict.fromkeys(edit.labels) if label in now]
        if known:
            one = _joined([now[label] for label in known], edit.name)
            held = {now[label].label for label in known}
            now.update({label: one for label, speaker in now.items() if speaker.label in held})
    return {speaker: _as_kind_of(speaker, now[speaker.label]) for speaker in found}


def renamed(transcript: Transcript, edits: Sequence[SpeakerEdit]) -> Transcript:
    """A transcript whose turns have the speakers that the edits make of them."""
    if not edits:
        return transcript
    who = edited(dict.fromkeys(turn.speaker for turn in transcript.turns), edits)
    return replace(transcript, turns=tuple(replace(turn, speaker=who[turn.speaker]) for turn in transcript.turns))


def _joined(speakers: Sequence[Speaker], name: str | None) -> Speaker:
    first = speakers[0]
    labels = dict.fromkeys(label for speaker in speakers for label in (speaker.label, *speaker.aliases))
    aliases = tuple(label for label in labels if label != first.label)
    if name is None:
        return replace(first, aliases=aliases)
    return replace(first, name=name, kind=SpeakerKind.NAMED, aliases=aliases)


def _as_kind_of(before: Speaker, now: Speaker) -> Speaker:
    """A label that only still held is not more certain for having a name."""
    inherited = before.kind is SpeakerKind.INHERITED and now.kind is SpeakerKind.NAMED
    return replace(now, kind=SpeakerKind.INHERITED) if inherited else now
