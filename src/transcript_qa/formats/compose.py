"""Drafts of turns as the text of a transcript and its turns, and what looks suspicious about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from transcript_qa.datatypes import Mark, Span, Speaker, SpeakerKind, Transcript, Turn
from transcript_qa.formats import people
from transcript_qa.formats.times import clock


class Piece(NamedTuple):
    """Words of a turn that belong together: a paragraph, a caption cue's line.

    Attributes:
        text: the words.
        joiner: what stands between it and the piece before.
        marked: whether a `Mark` begins here.
        start_s, end_s, address: of the mark.
    """

    text: str
    joiner: str
    marked: bool = False
    start_s: float | None = None
    end_s: float | None = None
    address: str | None = None


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
    parts: list[str] = []
    turns = []
    at = 0
    for index, draft in enumerate(drafts):
        front = ("\n\n" if index else "") + (f"{draft.label}: " if draft.label else "")
        parts.append(front)
        at += len(front)
        words, marks = _joined(draft, at)
        parts.append(words)
        turns.append(_turn(index, draft, who[draft.label], Span(start=at, end=at + len(words)), marks))
        at += len(words)
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


def _joined(draft: Draft, at: int) -> tuple[str, tuple[Mark, ...]]:
    parts: list[str] = []
    marks = []
    for piece in draft.pieces:
        if parts:
            parts.append(piece.joiner)
            at += len(piece.joiner)
        if piece.marked:
            marks.append(Mark(start=at, start_s=piece.start_s, end_s=piece.end_s, address=piece.address))
        parts.append(piece.text)
        at += len(piece.text)
    return "".join(parts), tuple(marks)


def _turn(index: int, draft: Draft, speaker: Speaker, span: Span, marks: tuple[Mark, ...]) -> Turn:
    return Turn(
        index=index,
        speaker=speaker,
        span=span,
        start_s=draft.start_s,
        end_s=draft.end_s,
        address=draft.address,
        marks=marks,
    )


def warnings(transcript: Transcript, n_skipped: int) -> Iterator[str]:
    """What looks suspicious about a transcript.

    Args:
        transcript: the finished transcript.
        n_skipped: words left out that might have been speech.
    """
    turns = transcript.turns
    n_words: Counter[str] = Counter()
    for turn in turns:
        n_words[turn.speaker.label] += len(transcript.words_of(turn).split())
    total = n_words.total()
    if all(turn.speaker.kind is SpeakerKind.UNKNOWN for turn in turns):
        yield "no speakers found"
    elif len(turns) >= 20 and (most := n_words.most_common(1)[0])[1] >= 0.99 * total:
        yield f"one speaker ({most[0] or 'without a label'}) has {100 * most[1] // total} % of the words"
    if n_skipped > 0.4 * (total + n_skipped):
        yield f"{100 * n_skipped // (total + n_skipped)} % of the words were left out; see what was skipped"
    yield from _backwards(turns)


def _backwards(turns: tuple[Turn, ...]) -> Iterator[str]:
    latest = -1.0
    places = []
    for turn in turns:
        times = [mark.start_s for mark in turn.marks] or [turn.start_s]
        for time_s in times:
            if time_s is None:
                continue
            if time_s < latest:
                places.append(time_s)
            latest = time_s
    if places:
        more = f" and {len(places) - 1} more times" if len(places) > 1 else ""
        yield f"times run backwards at {clock(places[0])}{more}"
