"""Columns of turns as the text of a transcript and its turns, and what looks suspicious about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from transcript_qa.datatypes import Speaker, SpeakerKind, Turn
from transcript_qa.formats import people, quick
from transcript_qa.formats.claims import Places
from transcript_qa.formats.columns import Columns
from transcript_qa.formats.times import clock


@dataclass(frozen=True, slots=True)
class Composed:
    """The text of a transcript and where in it everything stands.

    Attributes:
        text: as in `Transcript`.
        columns: what it was made of.
        who: the speaker behind each label.
        places: where in `text` each piece begins.
        begins, ends: where in `text` each turn begins and ends.
    """

    text: str
    columns: Columns
    who: Mapping[str, Speaker]
    places: Places
    begins: Places
    ends: Places

    def turns(self) -> tuple[Turn, ...]:
        """The turns, each with its marks."""
        columns, who = self.columns, self.who
        marks = [
            None if held is None else quick.mark(at, *held)
            for at, held in zip(self.places.tolist(), columns.held, strict=True)
        ]
        firsts = columns.firsts
        found = (tuple(filter(None, marks[a:b])) for a, b in zip(firsts, [*firsts[1:], len(marks)], strict=True))
        return tuple(
            map(
                quick.turn,
                range(len(firsts)),
                [who[label] for label in columns.labels],
                self.begins.tolist(),
                self.ends.tolist(),
                columns.starts_s,
                columns.ends_s,
                columns.addresses,
                found,
            )
        )


def composed(columns: Columns, known: Mapping[str, tuple[str | None, str | None]]) -> Composed:
    """The text of a transcript; every turn of `columns` has words, `known` gives names and roles of labels."""
    who = _told(people.speakers(columns.labels), known)
    fronts = {label: f"\n\n{label}: " if label else "\n\n" for label in who}
    before = columns.joiners.copy()
    for first, label in zip(columns.firsts, columns.labels, strict=True):
        before[first] = fronts[label]
    before[0] = before[0][2:]
    n_pieces = len(before)
    parts = [""] * (2 * n_pieces)
    parts[::2] = before
    parts[1::2] = columns.texts
    stops = np.cumsum(np.fromiter(map(len, parts), dtype=np.int64, count=2 * n_pieces))
    places = stops[::2]
    firsts = np.asarray(columns.firsts, dtype=np.int64)
    ends = stops[1::2][np.append(firsts[1:], n_pieces) - 1]
    return Composed("".join(parts), columns, who, places, places[firsts], ends)


def _told(who: dict[str, Speaker], known: Mapping[str, tuple[str | None, str | None]]) -> dict[str, Speaker]:
    """Speakers with the names and roles that their file gives elsewhere."""
    for label, (name, role) in known.items():
        speaker = who.get(label)
        if speaker is not None:
            kind = SpeakerKind.NAMED if name else speaker.kind
            told = replace(speaker, name=name or speaker.name, role=role or speaker.role, kind=kind)
            who.update({each: told for each, one in who.items() if one is speaker})
    return who


def warnings(said: Composed, n_skipped: int) -> Iterator[str]:
    """What looks suspicious about a transcript.

    Args:
        said: what is in it.
        n_skipped: words left out that might have been speech.
    """
    if all(speaker.kind is SpeakerKind.UNKNOWN for speaker in said.who.values()):
        yield "no speakers found"
    elif len(said.columns.labels) >= 20:
        label, share = _most(said)
        if share >= 0.99:
            yield f"one speaker ({label or 'without a label'}) has {int(100 * share)} % of the words"
    if n_skipped:
        total = n_skipped + sum(_n_words(said))
        if n_skipped > 0.4 * total:
            yield f"{100 * n_skipped // total} % of the words were left out; see what was skipped"
    yield from _backwards(said.columns)


def _n_words(said: Composed) -> list[int]:
    """How many words each turn has."""
    text = said.text
    return [len(text[a:b].split()) for a, b in zip(said.begins.tolist(), said.ends.tolist(), strict=True)]


def _most(said: Composed) -> tuple[str, float]:
    """The label of the speaker who says most, and the share of the words, or of the characters where far from all."""
    number = {label: n for n, label in enumerate(dict.fromkeys(one.label for one in said.who.values()))}
    of_label = {label: number[one.label] for label, one in said.who.items()}
    who = np.array([of_label[label] for label in said.columns.labels], dtype=np.int64)
    n_chars = np.bincount(who, weights=said.ends - said.begins)
    loudest, total = int(n_chars.argmax()), float(n_chars.sum())
    label = list(number)[loudest]
    if n_chars[loudest] < 0.9 * total:
        return label, float(n_chars[loudest]) / total
    n_words = np.array(_n_words(said), dtype=np.int64)
    return label, int(n_words[who == loudest].sum()) / int(n_words.sum())


def _backwards(columns: Columns) -> Iterator[str]:
    """Times that run backwards: those of the marks, and of a turn where it has no mark."""
    times = [None if held is None else held[0] for held in columns.held]
    if None in columns.held:
        marked = np.array([held is not None for held in columns.held])
        for turn in np.flatnonzero(~np.logical_or.reduceat(marked, columns.firsts)).tolist():
            times[columns.firsts[turn]] = columns.starts_s[turn]
    seconds = np.array(times, dtype=np.float64)
    seconds = seconds[~np.isnan(seconds)]
    places = np.flatnonzero(seconds[1:] < seconds[:-1])
    if len(places):
        more = f" and {len(places) - 1} more times" if len(places) > 1 else ""
        yield f"times run backwards at {clock(float(seconds[1:][places[0]]))}{more}"
