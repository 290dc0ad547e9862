"""Turns to passages: what is embedded, found and read.

Whole consecutive turns are packed up to a budget of word pieces, counted by the embedder's own tokenizer, so that
nothing is cut off in silence. A question stays with the reply to it where the budget allows. A turn longer than the
budget is split between sentences, a sentence longer than it between words. One turn a passage was measured and fails:
half of real meeting turns have six words or fewer (benchmarks/README.md).

What is embedded is not only the passage's text: title, date and, for the tail of a long turn, its speaker stand in
front, and notes in brackets ("[crosstalk]", "(Applause)") are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from transcript_qa.datatypes import Passage, Span, Transcript, Turn
from transcript_qa.text import sentences, words

CountTokens = Callable[[Sequence[str]], list[int]]

# Bracketed remarks of whoever wrote the transcript down; a figure in round brackets is speech.
NOTE = re.compile(r"\[[^\[\]\n]{1,200}\]|\((?:[A-Z][a-z]+(?: [a-z]+){0,3}\.?)\)|<…>|<\.\.\.>|‹[^›\n]{1,40}>")
_TITLE_CHARS = 100


@dataclass(frozen=True, slots=True)
class _Unit:
    """Words that are packed whole: a turn with its label, or a part of one.

    `part` is None for a whole turn.
    """

    turn: Turn
    span: Span
    n_tokens: int
    part: int | None = None


def split_passages(transcript: Transcript, *, count_tokens: CountTokens, budget_tokens: int) -> list[Passage]:
    """The passages of a transcript, in order, covering every turn.

    Args:
        transcript: any transcript.
        count_tokens: the embedder's counter.
        budget_tokens: word pieces that `embedding_text` of a passage may have at most.
    """
    room = budget_tokens - max(count_tokens(_contexts(transcript)), default=0)
    if room < 16:
        raise ValueError(f"a budget of {budget_tokens} word pieces leaves {room} for words; 16 is the least")
    units = _units(transcript, count_tokens, room)
    return [_passage(transcript, group) for group in _packed(units, transcript, room)]


def embedding_text(transcript: Transcript, passage: Passage) -> str:
    """What is embedded for a passage: its context, then its text without bracketed notes."""
    first = transcript.turns[passage.turns[0]]
    continued = passage.span.start > first.span.start
    return _context(transcript, first if continued else None) + NOTE.sub(" ", passage.text)


def _context(transcript: Transcript, continued: Turn | None) -> str:
    """What stands in front of a passage's text; a title that is only the file's name says nothing and is left out."""
    named = re.sub(r"\W+", "-", transcript.title.casefold()).strip("-") != transcript.id
    day = transcript.date.strftime("%d %B %Y") if transcript.date else ""
    head = ", ".join(part for part in (transcript.title[:_TITLE_CHARS], day) if part) if named else ""
    speaker = f"{continued.speaker.display[:_TITLE_CHARS]}: " if continued is not None else ""
    return f"{head}\n{speaker}" if head else speaker


def _contexts(transcript: Transcript) -> list[str]:
    """Every context that may stand in front of a passage of this transcript."""
    longest = {turn.speaker.label: turn for turn in transcript.turns}.values()
    return [_context(transcript, None), *(_context(transcript, turn) for turn in longest)]


def label_start(transcript: Transcript, index: int) -> int:
    """The character of `Transcript.text` where the label of turn `index` begins (its words, if it has none)."""
    start = transcript.turns[index - 1].span.end if index else 0
    end = transcript.turns[index].span.start
    between = transcript.text[start:end]
    return start + len(between) - len(between.lstrip())


def _units(transcript: Transcript, count_tokens: CountTokens, room: int) -> list[_Unit]:
    spans = [
        Span(start=label_start(transcript, turn.index), end=max(turn.span.end, label_start(transcript, turn.index)))
        for turn in transcript.turns
    ]
    counts = count_tokens([span.of(transcript.text) for span in spans])
    units: list[_Unit] = []
    for turn, span, n_tokens in zip(transcript.turns, spans, counts, strict=True):
        if n_tokens <= room:
            units.append(_Unit(turn, span, n_tokens))
        else:
            units.extend(_parts(transcript, turn, span, count_tokens, room))
    return units


def _parts(transcript: Transcript, turn: Turn, span: Span, count_tokens: CountTokens, room: int) -> Iterator[_Unit]:
    """A long turn in parts of whole sentences; white space between parts belongs to the earlier one."""
    text = transcript.text
    starts = list(_break_points(text, span, count_tokens, room))
    pieces = [Span(start=a, end=b) for a, b in zip(starts, [*starts[1:], span.end], strict=True)]
    counts = count_tokens([piece.of(text) for piece in pieces])
    part, begin, filled = 0, pieces[0].start, 0
    for piece, n_tokens in zip(pieces, counts, strict=True):
        if filled and filled + n_tokens > room:
            yield _Unit(turn, Span(start=begin, end=piece.start), filled, part)
            part, begin, filled = part + 1, piece.start, 0
        filled += n_tokens
    yield _Unit(turn, Span(start=begin, end=span.end), filled, part)


def _break_points(text: str, span: Span, count_tokens: CountTokens, room: int) -> Iterator[int]:
    """Where a long turn may be split: starts of sentences, and inside an overlong sentence starts of words."""
    body = span.of(text)
    found = list(sentences(body))
    counts = count_tokens([sentence.of(body) for sentence in found])
    yield span.start
    for number, (sentence, n_tokens) in enumerate(zip(found, counts, strict=True)):
        if number:
            yield span.start + sentence.start
        if n_tokens > room // 2:
            yield from (span.start + at for at in _word_breaks(body, sentence, n_tokens, room))


def _word_breaks(body: str, sentence: Span, n_tokens: int, room: int) -> Iterator[int]:
    """Starts of words that cut an overlong sentence into pieces of at most a quarter of the room, roughly.

    A "word" without blanks may itself be overlong (10,000 letters): it is cut by characters.
    """
    step = max(1, len(sentence) * (room // 4) // max(n_tokens, 1))
    last = sentence.start
    for word in words(sentence.of(body)):
        at = sentence.start + word.start
        while at - last > 2 * step:
            last += step
            yield last
        if at - last >= step:
            yield at
            last = at
    while sentence.end - last > 2 * step:
        last += step
        yield last


def _packed(units: Sequence[_Unit], transcript: Transcript, room: int) -> Iterator[list[_Unit]]:
    group: list[_Unit] = []
    filled = 0
    for unit in units:
        whole = unit.part is None and all(u.part is None for u in group)
        if group and (not whole or filled + unit.n_tokens > room):
            carried = _carried_question(group, unit, transcript, room) if whole else []
            yield group[: len(group) - len(carried)]
            group = carried
            filled = sum(u.n_tokens for u in group)
        group.append(unit)
        filled += unit.n_tokens
    if group:
        yield group


def _carried_question(group: list[_Unit], reply: _Unit, transcript: Transcript, room: int) -> list[_Unit]:
    """The last unit of a full group, where it is a question whose reply comes next and both fit together."""
    last = group[-1]
    if len(group) < 2 or not last.turn.span.of(transcript.text).rstrip().endswith("?"):
        return []
    return [last] if last.n_tokens + reply.n_tokens <= room else []


def _passage(transcript: Transcript, group: Sequence[_Unit]) -> Passage:
    first, last = group[0], group[-1]
    span = Span(start=first.span.start, end=last.span.end)
    part = "" if first.part is None else f".{first.part}"
    return Passage(
        id=f"{transcript.id}:{first.turn.index}-{last.turn.index}{part}",
        transcript_id=transcript.id,
        span=span,
        turns=(first.turn.index, last.turn.index),
        speakers=tuple(dict.fromkeys(unit.turn.speaker.label for unit in group)),
        start_s=first.turn.start_s,
        end_s=last.turn.end_s,
        text=span.of(transcript.text),
    )
