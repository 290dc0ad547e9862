"""Drafts of turns as the text of a transcript and its turns, and what looks suspicious about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from transcript_qa.datatypes import Mark, Speaker, SpeakerKind, Transcript, Turn
from transcript_qa.formats import people, quick
from transcript_qa.formats.times import clock

Held = tuple[float | None, float | None, str | None]


class Piece(NamedTuple):
    """Words of a turn that belong together: a paragraph, a caption cue's line.

    Attributes:
        text: the words.
        joiner: what stands between it and the piece before.
        held: start, end in seconds and address of the mark that begins here, None where none does.
    """

    text: str
    joiner: str
    held: Held | None


@dataclass(slots=True)
class Draft:
    """A turn in the making; `head` is the source range in front of its words."""

    label: str
    head: tuple[int, int] | None
    start_s: float | None
    end_s: float | None
    address: str | None
    pieces: list[Piece] = field(default_factory=list)


def composed(
    drafts: Sequence[Draft], known: Mapping[str, tuple[str | None, str | None]]
) -> tuple[str, tuple[Turn, ...]]:
    """The text of a transcript and the turns in it; every draft has words, `known` names and roles of labels."""
    who = _told(people.speakers(draft.label for draft in drafts), known)
    fronts = {label: f"\n\n{label}: " if label else "\n\n" for label in who}
    parts: list[str] = []
    turns: list[Turn] = []
    at = 0
    for index, draft in enumerate(drafts):
        front = fronts[draft.label] if index else fronts[draft.label][2:]
        begin = at = at + len(front)
        parts.append(front)
        marks: list[Mark] = []
        for text, joiner, held in draft.pieces:
            if at > begin:
                parts.append(joiner)
                at += len(joiner)
            if held is not None:
                marks.append(quick.mark(at, *held))
            parts.append(text)
            at += len(text)
        times = draft.start_s, draft.end_s
        turns.append(quick.turn(index, who[draft.label], begin, at, *times, draft.address, tuple(marks)))
    return "".join(parts), tuple(turns)


def _told(who: dict[str, Speaker], known: Mapping[str, tuple[str | None, str | None]]) -> dict[str, Speaker]:
    """Speakers with the names and roles that their file gives elsewhere."""
    for label, (name, role) in known.items():
        speaker = who.get(label)
        if speaker is not None:
            kind = SpeakerKind.NAMED if name else speaker.kind
            told = replace(speaker, name=name or speaker.name, role=role or speaker.role, kind=kind)
            who.update({each: told for each, one in who.items() if one is speaker})
    return who


def warnings(transcript: Transcript, n_skipped: int) -> Iterator[str]:
    """What looks suspicious about a transcript.

    Args:
        transcript: the finished transcript.
        n_skipped: words left out that might have been speech.
    """
    turns = transcript.turns
    if all(turn.speaker.kind is SpeakerKind.UNKNOWN for turn in turns):
        yield "no speakers found"
    elif len(turns) >= 20:
        label, share = _most(transcript)
        if share >= 0.99:
            yield f"one speaker ({label or 'without a label'}) has {int(100 * share)} % of the words"
    if n_skipped:
        total = n_skipped + sum(len(transcript.words_of(turn).split()) for turn in turns)
        if n_skipped > 0.4 * total:
            yield f"{100 * n_skipped // total} % of the words were left out; see what was skipped"
    yield from _backwards(turns)


def _most(transcript: Transcript) -> tuple[str, float]:
    """The label of the speaker who says most, and the share of the words, or of the characters where far from all."""
    n_chars: Counter[str] = Counter()
    for turn in transcript.turns:
        n_chars[turn.speaker.label] += turn.span.end - turn.span.start
    label, most = n_chars.most_common(1)[0]
    if most < 0.9 * n_chars.total():
        return label, most / n_chars.total()
    n_words = [(turn.speaker.label == label, len(transcript.words_of(turn).split())) for turn in transcript.turns]
    return label, sum(n for own, n in n_words if own) / sum(n for _, n in n_words)


def _backwards(turns: tuple[Turn, ...]) -> Iterator[str]:
    times = [mark.start_s for turn in turns for mark in turn.marks or (turn,) if mark.start_s is not None]
    places = [later for earlier, later in pairwise(times) if later < earlier]
    if places:
        more = f" and {len(places) - 1} more times" if len(places) > 1 else ""
        yield f"times run backwards at {clock(places[0])}{more}"
