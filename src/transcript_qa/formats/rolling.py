"""Rolling captions, which show the line before again: every line once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, compress

from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.captions import Cues
from transcript_qa.formats.cuetext import plain_lines

_TIMING_TAG = re.compile(r"<\d+:[\d:.]+>")


def unrolled(builder: Builder, cues: Cues) -> Cues:
    """Cues without the lines that a rolling caption shows again.

    Only captions whose words carry their own times roll; in all others an overlap in time repeats nothing.
    """
    if _TIMING_TAG.search(builder.source.text) is None:
        return cues
    timed = ["<" in raw and _TIMING_TAG.search(raw) is not None for raw in cues.lines]
    n_timed = sum(any(timed[first:end]) for first, end in cues.bounds())
    if n_timed * 5 < len(cues) or not n_timed:
        return cues
    texts = plain_lines(cues.lines)
    return _shown_once(builder, _with_words(builder, cues, texts), list(filter(None, texts)))


def _with_words(builder: Builder, cues: Cues, texts: Sequence[str]) -> Cues:
    """Cues without the lines that hold nothing but tags."""
    if all(texts):
        return cues
    for at, raw, text in zip(cues.places, cues.lines, texts, strict=True):
        if not text:
            builder.claim(at, at + len(raw), Part.SYNTAX)
    before = [0, *accumulate(map(bool, texts))]
    shown = Cues(cues.starts_s, cues.ends_s, cues.addresses, [before[first] for first in cues.firsts])
    shown.places, shown.lines = list(compress(cues.places, texts)), list(compress(cues.lines, texts))
    return shown


def _shown_once(builder: Builder, cues: Cues, texts: list[str]) -> Cues:
    """Cues without the lines at the beginning of each that stood at the end of the one before."""
    kept = Cues(cues.starts_s, cues.ends_s, cues.addresses)
    again: list[int] = []
    before: list[str] = []
    new: list[int] = []
    for first, end in cues.bounds():
        now = texts[first:end]
        n_same = _n_same(before, now)
        again += range(first, first + n_same)
        kept.firsts.append(len(new))
        new += range(first + n_same, end)
        before = now or before
    kept.places, kept.lines = [cues.places[number] for number in new], [cues.lines[number] for number in new]
    kept.texts = [texts[number] for number in new]
    n_words = len(" ".join(texts).split())
    n_repeated = len(" ".join([texts[number] for number in again]).split())
    starts = [cues.places[number] for number in again]
    ends = [start + len(cues.lines[number]) for start, number in zip(starts, again, strict=True)]
    reason = f"rolling captions: {n_repeated} of {n_words} words repeat the caption before"
    builder.gather_many(starts, ends, reason)
    return kept


def _n_same(before: Sequence[str], now: Sequence[str]) -> int:
    """How many lines at the end of `before` stand at the beginning of `now`."""
    for n in range(min(len(now), len(before)), 0, -1):
        if before[-n:] == now[:n]:
            return n
    return 0
