"""Where a quotation stands word for word: in one turn, or in neighbouring turns of one speaker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcript_qa.datatypes import Difference, DifferenceKind
from transcript_qa.grounding.alignment import INSERTION_REACH, is_negation, swallowed
from transcript_qa.grounding.quotation import Gap, GapKind, Quotation
from transcript_qa.grounding.wordforms import PAIR_WORDS
from transcript_qa.grounding.wordindex import WordIndex, same_speaker

# How far away a turn of the same speaker is a neighbour: a word from somebody else may stand between.
NEIGHBOUR_REACH = 2
_MAX_ANCHORS = 400
_LONGEST_STITCHES = 4
_MIN_STITCH_WORDS = 4
# Words that stand in nearly everything: a run of nothing else proves no quotation.
_COMMON_SHARE = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Where a quotation stands.

    Attributes:
        runs: places, half-open, in order; each lies in one turn.
        violations: what its gaps leave out or put in that they must not.
    """

    runs: tuple[tuple[int, int], ...]
    violations: tuple[Difference, ...] = ()


def matches(index: WordIndex, quotation: Quotation) -> Iterator[Match]:
    """Every place where the quotation stands; of several pieces those nearest to each other."""
    if len(quotation.pieces) == 1:
        words = index.ids_of(quotation.keys)
        for first in index.runs(words).tolist():
            runs = one_voice(index, first, first + len(words))
            if runs:
                yield Match(runs=runs, violations=_outer_violations(index, quotation, first, first + len(words)))
        return
    pieces = [index.ids_of(piece.keys) for piece in quotation.pieces]
    anchor = min(range(len(pieces)), key=lambda n: len(index.runs(pieces[n])))
    seen: set[tuple[tuple[int, int], ...]] = set()
    for first in index.runs(pieces[anchor])[:_MAX_ANCHORS].tolist():
        match = _around(index, quotation, pieces, anchor, first)
        if match is not None and match.runs not in seen:
            seen.add(match.runs)
            yield match


def one_voice(index: WordIndex, first: int, last: int) -> tuple[tuple[int, int], ...]:
    """The places from `first` to `last` cut at the ends of turns; empty where two speakers share them."""
    runs: list[tuple[int, int]] = []
    transcript, turn = index.turn(index.turn_number(first))
    while first < last:
        number = index.turn_number(first)
        other, another = index.turn(number)
        if other is not transcript or not same_speaker(turn, another):
            return ()
        end = min(last, index.turn_places(number).stop)
        runs.append((first, end))
        first = end
    return tuple(runs)


def _outer_violations(index: WordIndex, quotation: Quotation, first: int, last: int) -> tuple[Difference, ...]:
    """A denial that the quoter puts in front or behind, or that he takes out beside hesitation that he leaves."""
    found = [d for gap in (*quotation.leading, *quotation.trailing) for d in swallowed(index, first, first, gap)]
    turn = index.turn_places(index.turn_number(first))
    beside = ((quotation.text[: quotation.position(0)[0]], first - 1), (quotation.behind, last))
    for edge, place in beside:
        if (
            place in turn
            and re.search(r"\w", edge)
            and "[" not in edge
            and is_negation(index.keys_at(place, place + 1)[0])
        ):
            said = index.text_at(place, place + 1)
            found.append(Difference(kind=DifferenceKind.NEGATION, quoted="", said=said))
    return tuple(found)


def _around(
    index: WordIndex, quotation: Quotation, pieces: Sequence[Sequence[int]], anchor: int, first: int
) -> Match | None:
    """The pieces in order around one place of one of them, within reach of its speaker's turn."""
    places = [
        place
        for turn in index.stretch(index.turn_number(first), reach=NEIGHBOUR_REACH)
        for place in index.turn_places(turn)
    ]
    said = index.words[places].tolist()
    at = places.index(first)
    if said[at : at + len(pieces[anchor])] != list(pieces[anchor]):
        return None
    found = [at]
    for n in range(anchor - 1, -1, -1):
        before = _nearest_before(said, pieces[n], found[0], quotation.gaps[n])
        if before is None:
            return None
        found.insert(0, before)
    for n in range(anchor + 1, len(pieces)):
        after = _nearest_after(said, pieces[n], found[-1] + len(pieces[n - 1]), quotation.gaps[n - 1])
        if after is None:
            return None
        found.append(after)
    runs: list[tuple[int, int]] = []
    last = places[found[-1] + len(pieces[-1]) - 1] + 1
    violations = list(_outer_violations(index, quotation, places[found[0]], last))
    for n, (begin, piece) in enumerate(zip(found, pieces, strict=True)):
        if n:
            between = places[runs_end:begin] if (runs_end := found[n - 1] + len(pieces[n - 1])) < begin else []
            violations += _between(index, between, places[begin], quotation.gaps[n - 1])
        runs += _cut(index, places[begin : begin + len(piece)])
    return Match(runs=tuple(runs), violations=tuple(violations))


def _between(index: WordIndex, places: Sequence[int], behind: int, gap: Gap) -> list[Difference]:
    if not places:
        return swallowed(index, behind, behind, gap)
    return [d for first, last in _cut(index, places) for d in swallowed(index, first, last, gap)]


def _cut(index: WordIndex, places: Sequence[int]) -> list[tuple[int, int]]:
    """Places as runs, each in one turn."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place and index.turn_number(runs[-1][0]) == index.turn_number(place):
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


def _nearest_after(said: Sequence[int], piece: Sequence[int], start: int, gap: Gap) -> int | None:
    last = len(said) - len(piece)
    if gap.kind is GapKind.INSERTION:
        last = min(last, start + INSERTION_REACH)
    return next((n for n in range(start, last + 1) if list(said[n : n + len(piece)]) == list(piece)), None)


def _nearest_before(said: Sequence[int], piece: Sequence[int], end: int, gap: Gap) -> int | None:
    first = 0 if gap.kind is GapKind.ELLIPSIS else max(0, end - INSERTION_REACH - len(piece))
    begin = end - len(piece)
    return next((n for n in range(begin, first - 1, -1) if list(said[n : n + len(piece)]) == list(piece)), None)


def stitches(index: WordIndex, quotation: Quotation) -> tuple[tuple[int, int], ...]:
    """A place for each of a few runs that make up the whole quotation; empty where no such runs were said.

    A quotation that says where it leaves out is cut there; any other into the longest runs from its beginning on.
    """
    if len(quotation.pieces) > 1:
        return _of_pieces(index, quotation)
    keys = _without_edges(quotation.keys)
    words = index.ids_of(keys)
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(words) and len(found) < _LONGEST_STITCHES:
        length, places = index.longest_run(words[at:])
        while length and not (alone := _in_one_voice(index, places.tolist(), length)):
            length -= 1
            places = index.runs(words[at : at + length])
        if length < _MIN_STITCH_WORDS or not _tells(index, words[at : at + length]):
            return ()
        found += alone
        at += length
        # Half of a "you know" that is cut through.
        at += at + 1 < len(words) and keys[at] in PAIR_WORDS and not len(index.runs(words[at : at + 2]))
    return tuple(found) if at == len(words) else ()


def _without_edges(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Words without what a cut left of "you know" and "I mean"."""
    first = 1 if keys[0] in ("know", "mean") else 0
    return keys[first:-1] if keys[-1] in ("you", "i") and len(keys) > 1 else keys[first:]


def _of_pieces(index: WordIndex, quotation: Quotation) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for piece in quotation.pieces:
        for keys in dict.fromkeys((piece.keys, _without_edges(piece.keys))):
            runs = _in_one_voice(index, index.runs(index.ids_of(keys)).tolist(), len(keys))
            if runs:
                break
        if not runs:
            return ()
        found += runs
    return tuple(found)


def _in_one_voice(index: WordIndex, places: Sequence[int], length: int) -> tuple[tuple[int, int], ...]:
    return next((runs for first in places if (runs := one_voice(index, first, first + length))), ())


def _tells(index: WordIndex, words: Sequence[int]) -> bool:
    """Whether a run holds a word that does not stand everywhere."""
    return any(index.count(word) < max(3, _COMMON_SHARE * len(index)) for word in words)
