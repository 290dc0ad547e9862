"""What recognisers give, as turns: segments and words with times, made one turn as long as one speaker goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.jsonscan import Document, Range, as_text
from transcript_qa.formats.times import clock, seconds

SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")
PAUSE_S = 1.5
MOST_WORDS = 40
MAX_SECONDS = 1e7


class Segment(NamedTuple):
    """Words that one speaker says in one stretch of time.

    Attributes:
        label: of the speaker as printed, "" for none.
        text: the words.
        start_s, end_s: seconds, or None.
        place: their range in the source.
    """

    label: str
    text: str
    start_s: float | None
    end_s: float | None
    place: Range


class Word(NamedTuple):
    """One word, with the punctuation that belongs to it and the white space in front where the source has it."""

    label: str
    text: str
    start_s: float | None
    end_s: float | None


def add_segments(builder: Builder, segments: Iterable[Segment], *, joiner: str = " ") -> None:
    """Add segments; a turn goes on until another speaker begins, and has a mark for each segment.

    Later calls go on with the turn that is open where the speaker is the same.
    """
    speaking = builder.speaking
    for label, text, start_s, end_s, place in segments:
        said = as_text(text).strip()
        if not said:
            builder.claim(*place, Part.SYNTAX)
            continue
        address = clock(start_s) if start_s is not None else None
        if label != speaking:
            builder.open(label, start_s=start_s, end_s=end_s, address=address)
            speaking = label
        builder.words(*place, text=said, joiner=joiner, mark=(start_s, end_s, address) if address else None)
        builder.columns.until(end_s)


def add_words(builder: Builder, words: Iterable[Word], place: Range, *, joiner: str = " ") -> None:
    """Add words; a turn goes on until another speaker begins, and has a mark for each sentence or pause.

    Args:
        builder: where they go.
        words: in the order in which they were said.
        place: the range in the source of the list that holds them all.
        joiner: what goes between words; "" where they bring their own white space.
    """
    builder.claim(*place, Part.WORDS)
    at = (place[0], place[0])
    held: list[Word] = []
    segments: list[Segment] = []
    for word in words:
        if held and (word.label != held[-1].label or _ends(held, word)):
            segments.append(_joined(held, at, joiner))
            held = []
        held.append(word)
    if held:
        segments.append(_joined(held, at, joiner))
    add_segments(builder, segments)


def _ends(held: Sequence[Word], word: Word) -> bool:
    last = held[-1]
    if last.text.rstrip().endswith(SENTENCE_ENDS) or len(held) >= MOST_WORDS:
        return True
    return last.end_s is not None and word.start_s is not None and word.start_s - last.end_s > PAUSE_S


def _joined(held: Sequence[Word], at: Range, joiner: str) -> Segment:
    starts = [word.start_s for word in held if word.start_s is not None]
    ends = [word.end_s for word in held if word.end_s is not None]
    text = joiner.join(word.text for word in held)
    return Segment(held[0].label, text, starts[0] if starts else None, ends[-1] if ends else None, at)


def label_of(value: object) -> str:
    """A speaker's label from a name, a number or nothing."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return labels.tidy(as_text(str(value)))


def time_of(value: object, *, unit_s: float = 1.0) -> float | None:
    """Seconds from a number, a number in a string ("3.1", "3.1s") or a printed time ("00:03"); else None.

    >>> time_of("3.1s"), time_of(3120, unit_s=0.001), time_of("00:03"), time_of(float("nan")), time_of(True)
    (3.1, 3.12, 3.0, None, None)
    """
    if isinstance(value, str):
        printed = seconds(value) if ":" in value else None
        if printed is not None:
            return printed
        try:
            value = float(value.strip().removesuffix("s"))
        except ValueError:
            return None
    # Compared before it is multiplied: an integer of a JSON file may be too large for a float.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < MAX_SECONDS / unit_s * 2:
        return None
    at_s = value * unit_s
    return round(at_s, 6) if at_s < MAX_SECONDS else None


def strays(builder: Builder, document: Document, parent: list[Any]) -> None:
    """Account for the elements of a list of turns that are none."""
    for element, place in zip(parent, document.elements(parent), strict=False):
        if not isinstance(element, dict):
            builder.gather(*place, "list items that are no turns")


def leave_out(builder: Builder, document: Document, parent: dict[str, Any], used: Iterable[str]) -> None:
    """Account for the members of an object that hold no speech and were not used."""
    known = frozenset(used)
    for key, place in document.members(parent).items():
        if key not in known and parent[key] not in (None, "", [], {}):
            builder.skip(*place, f"field that is no speech: {as_text(key)[:60]}", may_be_speech=False)
