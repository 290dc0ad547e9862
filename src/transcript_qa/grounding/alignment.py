"""The words most like a quotation, and what was changed in them: which words, and of what kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from math import log

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import Difference, DifferenceKind
from transcript_qa.grounding.numerals import is_number
from transcript_qa.grounding.quotation import Gap, GapKind, Quotation
from transcript_qa.grounding.wordforms import PAIR_WORDS, hyphenated
from transcript_qa.grounding.wordindex import Places, WordIndex

NEGATIONS = frozenset(
    "not no never none nobody nothing neither nor nowhere without cannot hardly barely scarcely unable ain't".split()
)
_UNITS = frozenset({"%", "dollar", "euro", "pound", "yen", "rouble", "rupee", "cent"})
# Words behind an insertion that it may stand for.
INSERTION_REACH = 8
# An ellipsis this short that leaves out a "not" turns the sense round.
_SHORT_ELLIPSIS = 8
_N_SEEDS = 10
_MAX_SEED_PLACES = 20_000
_MIN_WINDOWS = 4
# Short quotations are of common words: more places look alike.
_WINDOW_WORDS = 160
_MARGIN = 6
# How far words may have moved against each other and still speak for one place.
_VOTE_REACH = 4


@dataclass(frozen=True, slots=True)
class Op:
    """Words `i1` to `i2` of the quotation against places `j1` to `j2`; equal where `same`."""

    same: bool
    i1: int
    i2: int
    j1: int
    j2: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """A quotation laid along words of the transcripts.

    Attributes:
        ops: in order, without a gap between them on either side.
        ratio: 0 to 1, the share of words on both sides that are equal, those that a gap may leave out not counted.
    """

    ops: tuple[Op, ...]
    ratio: float

    @property
    def places(self) -> tuple[int, int]:
        """First place, and the one behind the last."""
        return self.ops[0].j1, self.ops[-1].j2


def is_negation(key: str) -> bool:
    """Whether a word denies.

    >>> is_negation("didn't"), is_negation("not"), is_negation("note")
    (True, True, False)
    """
    return key in NEGATIONS or key.endswith("n't")


def nearest(index: WordIndex, quotation: Quotation) -> Alignment | None:
    """The words of one speaker that are most like the quotation; None where hardly a word of it was said."""
    words = index.ids_of(quotation.keys)
    gaps = gap_places(quotation)
    best: Alignment | None = None
    for first, last in _windows(index, words):
        found = _align(words, index, first, last, gaps)
        found = _over_hyphens(index, quotation, found) if found is not None else None
        if found is not None and (best is None or found.ratio > best.ratio):
            best = found
    return best


def gap_places(quotation: Quotation) -> dict[int, Gap]:
    """For each gap the number of words before it."""
    places, n = {}, 0
    for piece, gap in zip(quotation.pieces, quotation.gaps, strict=False):
        n += len(piece)
        places[n] = gap
    return places


def _windows(index: WordIndex, words: Sequence[int]) -> list[tuple[int, int]]:
    """Places around which many of the words stand in order, within neighbouring turns of one speaker."""
    length = len(words)
    seeds = sorted((n for n in range(length) if words[n] >= 0), key=lambda n: index.count(words[n]))
    found: list[Places] = []
    weights: list[NDArray[np.float64]] = []
    total = 0
    for n in seeds[:_N_SEEDS]:
        places = index.places(words[n])
        total += len(places)
        if total > _MAX_SEED_PLACES and len(found) >= 2:
            break
        found.append(places - n)
        weights.append(np.full(len(places), log(len(index) / len(places))))
    if not found:
        return []
    starts = np.concatenate(found)
    order = np.argsort(starts, kind="stable")
    starts = starts[order]
    heard = np.concatenate(([0.0], np.cumsum(np.concatenate(weights)[order])))
    slack = max(_MARGIN, length // 2)
    votes = heard[np.searchsorted(starts, starts + _VOTE_REACH, side="right")] - heard[:-1]
    order = np.argsort(-votes, kind="stable")
    chosen: list[int] = []
    windows: list[tuple[int, int]] = []
    n_windows = max(_MIN_WINDOWS, _WINDOW_WORDS // length)
    for n in order[: 50 * n_windows].tolist():
        start = int(starts[n])
        if all(abs(start - other) > slack for other in chosen):
            chosen.append(start)
            middle = min(max(0, start + length // 2), len(index) - 1)
            windows += _one_voice(index, start - _MARGIN, start + length + slack + _MARGIN, middle)
        if len(chosen) == n_windows:
            break
    return list(dict.fromkeys(windows))


def _one_voice(index: WordIndex, first: int, last: int, middle: int) -> list[tuple[int, int]]:
    """The parts of `first` to `last` that one speaker says without a break, the longest two."""
    parts: list[tuple[int, int]] = []
    at, last = max(0, first), min(last, len(index))
    before = None
    while at < last:
        number = index.turn_number(at)
        transcript, turn = index.turn(number)
        end = min(last, index.turn_places(number).stop)
        if before is not None and before[0] is transcript and before[1].speaker.label == turn.speaker.label:
            parts[-1] = (parts[-1][0], end)
        else:
            parts.append((at, end))
        before, at = (transcript, turn), end
    parts.sort(key=lambda part: (part[0] <= middle < part[1], part[1] - part[0]), reverse=True)
    return parts[:2]


def _align(words: Sequence[int], index: WordIndex, first: int, last: int, gaps: Mapping[int, Gap]) -> Alignment | None:
    said = index.words[first:last].tolist()
    if 2 * len(set(words).intersection(said)) < len(set(words)):
        return None
    matcher = SequenceMatcher(None, said, list(words), autojunk=False)
    # The matcher keeps an index of its second sequence; the first is the one that changes.
    blocks = [(b.b, b.a, b.size) for b in matcher.get_matching_blocks() if b.size]
    if not blocks:
        return None
    blocks = _trimmed(blocks, len(words))
    ops = _ops(blocks, first, len(words), len(said))
    return Alignment(ops=ops, ratio=_ratio(ops, len(words), gaps))


def _trimmed(blocks: list[tuple[int, int, int]], n_words: int) -> list[tuple[int, int, int]]:
    """Without blocks at the ends that stand so far off that leaving them out makes the rest more alike."""

    def ratio(of: list[tuple[int, int, int]]) -> float:
        return 2 * sum(size for _, _, size in of) / (n_words + of[-1][1] + of[-1][2] - of[0][1])

    while len(blocks) > 1:
        shorter = max((blocks[1:], blocks[:-1]), key=ratio)
        if ratio(shorter) <= ratio(blocks):
            break
        blocks = shorter
    return blocks


def _ops(blocks: Sequence[tuple[int, int, int]], offset: int, n_words: int, n_said: int) -> tuple[Op, ...]:
    """Equal runs and what lies between them; words at the ends stand against as many places there."""
    ops: list[Op] = []
    i, j = blocks[0][0], blocks[0][1]
    if i:
        ops.append(Op(False, 0, i, offset + max(0, j - i), offset + j))
    for quoted, said, size in blocks:
        if quoted > i or said > j:
            ops.append(Op(False, i, quoted, offset + j, offset + said))
        ops.append(Op(True, quoted, quoted + size, offset + said, offset + said + size))
        i, j = quoted + size, said + size
    if i < n_words:
        ops.append(Op(False, i, n_words, offset + j, offset + min(n_said, j + n_words - i)))
    return tuple(ops)


def _ratio(ops: Sequence[Op], n_words: int, gaps: Mapping[int, Gap]) -> float:
    equal = sum(op.i2 - op.i1 for op in ops if op.same)
    span = ops[-1].j2 - ops[0].j1
    free = sum(op.j2 - op.j1 for op in ops if not op.same and op.i1 == op.i2 and op.i1 in gaps)
    return 2 * equal / (n_words + span - free)


def differences(index: WordIndex, quotation: Quotation, alignment: Alignment) -> tuple[Difference, ...]:
    """What was changed, in order; nothing where only hyphens differ or a gap says so."""
    gaps = gap_places(quotation)
    found = []
    for op in alignment.ops:
        if op.same or _cut_aside(index, quotation, op):
            continue
        if op.i1 == op.i2 and op.i1 in gaps:
            found += swallowed(index, op.j1, op.j2, gaps[op.i1])
        else:
            found.append(_difference(index, quotation, op))
    return tuple(found)


def swallowed(index: WordIndex, first: int, last: int, gap: Gap) -> list[Difference]:
    """What a gap leaves out or puts in that it must not: a denial nearby, another number or name than was said."""
    said = index.keys_at(first, last)
    inserted = gap.inserted.keys
    text = index.text_at(first, last)
    denied = any(map(is_negation, said)), any(map(is_negation, inserted))
    quoted = f"[{' '.join(inserted)}]" if inserted else ""
    if gap.kind is GapKind.ELLIPSIS:
        turned = denied[0] and not denied[1] and len(said) <= _SHORT_ELLIPSIS and not re.search(r"[.!?]", text)
        return [Difference(kind=DifferenceKind.NEGATION, quoted=quoted, said=text)] if turned else []
    if denied[0] != denied[1]:
        return [Difference(kind=DifferenceKind.NEGATION, quoted=quoted, said=text)]
    if any(is_number(key) and key not in inserted for key in said):
        return [Difference(kind=DifferenceKind.NUMBER, quoted=quoted, said=text)]
    names = [key for n, key in enumerate(said) if n + first and _is_name(index, first + n)]
    if any(name not in inserted for name in names):
        return [Difference(kind=DifferenceKind.NAME, quoted=quoted, said=text)]
    return []


def _over_hyphens(index: WordIndex, quotation: Quotation, alignment: Alignment) -> Alignment:
    """The alignment with words that differ in hyphens alone made equal."""
    ops = []
    for op in alignment.ops:
        choices = [op]
        if op.i1 == 0 and not op.same:
            turn = index.turn_places(index.turn_number(op.j2))
            choices += [Op(False, op.i1, op.i2, first, op.j2) for first in range(max(turn.start, op.j2 - 4), op.j2)]
        elif op.i2 == len(quotation.keys) and not op.same:
            turn = index.turn_places(index.turn_number(op.j1 - 1))
            choices += [Op(False, op.i1, op.i2, op.j1, last) for last in range(op.j1, min(turn.stop, op.j1 + 4) + 1)]
        fits = [] if op.same else [one for one in choices if _same_but_for_hyphens(index, quotation, one)]
        ops.append(replace(fits[0], same=True) if fits else op)
    return replace(alignment, ops=tuple(ops))


def _same_but_for_hyphens(index: WordIndex, quotation: Quotation, op: Op) -> bool:
    """Whether two sides are the same letters, and hyphens alone part them: "e-mail" and "email"."""
    quoted, said = quotation.keys[op.i1 : op.i2], index.keys_at(op.j1, op.j2)
    if not quoted or "".join(quoted) != "".join(said) or any(map(is_number, [*quoted, *said])):
        return False
    return all(index.hyphen_before(place) for place in range(op.j1 + 1, op.j2)) and all(
        _hyphen_before(quotation, n) for n in range(op.i1 + 1, op.i2)
    )


def _cut_aside(index: WordIndex, quotation: Quotation, op: Op) -> bool:
    """Whether the quotation begins or ends inside "you know" or "I mean", which the transcript's words leave out."""
    quoted = quotation.keys[op.i1 : op.i2]
    if len(quoted) != 1 or quoted[0] not in PAIR_WORDS:
        return False
    if op.i1 == 0:
        return index.printed_before(op.j2, quoted[0])
    return op.i2 == len(quotation.keys) and index.printed_behind(op.j1 - 1, quoted[0])


def _hyphen_before(quotation: Quotation, n: int) -> bool:
    left, right = quotation.position(n - 1), quotation.position(n)
    return hyphenated(quotation.text, left[1], right[0])


def _difference(index: WordIndex, quotation: Quotation, op: Op) -> Difference:
    quoted_keys, said_keys = quotation.keys[op.i1 : op.i2], index.keys_at(op.j1, op.j2)
    quoted = quotation.text[quotation.position(op.i1)[0] : quotation.position(op.i2 - 1)[1]] if quoted_keys else ""
    said = index.text_at(op.j1, op.j2)
    if sum(map(is_negation, quoted_keys)) != sum(map(is_negation, said_keys)):
        kind = DifferenceKind.NEGATION
    elif any(is_number(key) or key in _UNITS for key in (*quoted_keys, *said_keys)):
        kind = DifferenceKind.NUMBER
    elif any(_is_name(index, place) for place in range(op.j1, op.j2)) or any(
        _is_capital(quotation.text, quotation.position(n)[0]) for n in range(op.i1, op.i2)
    ):
        kind = DifferenceKind.NAME
    else:
        kind = DifferenceKind.WORD
    return Difference(kind=kind, quoted=quoted, said=said)


def _is_name(index: WordIndex, place: int) -> bool:
    transcript, _ = index.turn(index.turn_number(place))
    return _is_capital(transcript.text, index.span(place, place + 1).start)


def _is_capital(text: str, start: int) -> bool:
    """Whether a word has a capital that no beginning of a sentence explains; "I" has none."""
    if not text[start : start + 1].isupper() or re.match(r"I\b", text[start : start + 2]):
        return False
    before = text[:start].rstrip()[-1:] if start < 200 else text[start - 200 : start].rstrip()[-1:]
    return before.isalnum() or before in tuple(",;-–—(")
