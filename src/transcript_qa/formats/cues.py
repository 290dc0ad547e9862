"""Captions as turns: rolling captions shown once, cues joined as long as one speaker goes on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.captions import Cue
from transcript_qa.formats.cuetext import CHANGE, DASH, VOICE, Said, plain, taken_apart

_TIMING_TAG = re.compile(r"<\d+:[\d:.]+>")
_LONE_DASHES = frozenset("-–—")


def add_cues(builder: Builder, cues: Sequence[Cue]) -> None:
    """Turn cues into turns: the cues of one speaker are one turn until somebody else speaks."""
    cues = _unrolled(builder, cues)
    parts = [taken_apart(cue) for cue in cues]
    found = [said.label for part in parts for said in part if said.label]
    accepted = labels.accept(found, n_blocks=len(parts), text=builder.source.text)
    joiner = _Joiner(builder, accepted)
    joiner.add(cues, parts)
    joiner.say_inherited()


def _unrolled(builder: Builder, cues: Sequence[Cue]) -> Sequence[Cue]:
    """Cues without the lines that a rolling caption shows again.

    Only captions whose words carry their own times roll; in all others an overlap in time repeats nothing.
    """
    if _TIMING_TAG.search(builder.source.text) is None:
        return cues
    n_timed = sum(any(_TIMING_TAG.search(raw) for _, raw in cue.lines) for cue in cues)
    if n_timed * 5 < len(cues) or not n_timed:
        return cues
    kept: list[Cue] = []
    repeated: list[tuple[int, int]] = []
    n_words = n_repeated = 0
    before: list[str] = []
    for cue in cues:
        shown = [(at, raw, plain(raw)) for at, raw in cue.lines]
        for at, raw, text in shown:
            if not text:
                builder.claim(at, at + len(raw), Part.SYNTAX)
        shown = [each for each in shown if each[2]]
        texts = [text for _, _, text in shown]
        lengths = [len(text.split()) for text in texts]
        n_same = next((n for n in range(min(len(texts), len(before)), 0, -1) if before[-n:] == texts[:n]), 0)
        repeated += [(at, at + len(raw)) for at, raw, _ in shown[:n_same]]
        n_words += sum(lengths)
        n_repeated += sum(lengths[:n_same])
        kept.append(cue._replace(lines=tuple((at, raw) for at, raw, _ in shown[n_same:])))
        before = texts or before
    reason = f"rolling captions: {n_repeated} of {n_words} words repeat the caption before"
    for start, end in repeated:
        builder.gather(start, end, reason)
    return kept


class _Joiner:
    """Adds cues to a builder one after the other and knows who is speaking."""

    def __init__(self, builder: Builder, accepted: frozenset[str]) -> None:
        self._builder = builder
        self._accepted = accepted
        self._speaking: str | None = None
        self._n_labelled = self._n_inherited = 0

    def say_inherited(self) -> None:
        """Say where captions go by the label of one before: it is wrong where not every change is labelled."""
        n_all = self._n_labelled + self._n_inherited
        if self._n_labelled and self._n_inherited * 5 > n_all:
            told = f"{self._n_inherited:,} of {n_all:,} captions have no label of their own"
            self._builder.warnings.append(f"{told}; they are taken to be the last speaker's")

    def add(self, cues: Sequence[Cue], parts: Sequence[Sequence[Said]]) -> None:
        """Add cues, the text of each taken apart."""
        for cue, part in zip(cues, parts, strict=True):
            if len(part) == 1 and part[0].voice is None and not part[0].marked:
                self._usual(cue, part[0])
            elif part:
                self._add(cue, part)
            elif self._builder.columns.labels:
                # A rolling caption that shows only what was shown: the last words stand until it ends.
                self._builder.columns.until(cue.end_s)

    def _usual(self, cue: Cue, said: Said) -> None:
        """Add a cue of one line that begins with words or a label."""
        start, end, text, _, _, label, n_label, _ = said
        if label in self._accepted:
            self._n_labelled += 1
            if label != self._speaking:
                self._open(label, cue)
            start, text = self._past(said, n_label), text[n_label:].lstrip()
        elif self._speaking:
            self._n_inherited += 1
        if text:
            self._words(cue, start, end, text, marked=True)
        else:
            self._no_words(start, end)

    def _add(self, cue: Cue, parts: Sequence[Said]) -> None:
        """Add a cue of any kind."""
        if any(said.voice or said.label in self._accepted for said in parts):
            self._n_labelled += 1
        elif self._speaking:
            self._n_inherited += 1
        n_dashed = sum(said.marked and DASH.match(said.text) is not None for said in parts)
        n_drafts = 0
        for said in parts:
            start, text = self._begin(said, cue, split_dashes=n_dashed > 1)
            if text:
                self._words(cue, start, said.end, text, marked=n_drafts != len(self._builder.columns.labels))
                n_drafts = len(self._builder.columns.labels)
            else:
                self._no_words(start, said.end)

    def _words(self, cue: Cue, start: int, end: int, text: str, *, marked: bool) -> None:
        """Add the words `text` that stand at `start` to `end`, with the cue's times where `marked`."""
        builder = self._builder
        if not builder.columns.labels:
            self._open("", cue)
        builder.claims.add(start, end, Part.WORDS)
        builder.columns.add(text, " ", cue[:3] if marked else None)
        builder.columns.until(cue.end_s)

    def _no_words(self, start: int, end: int) -> None:
        if self._builder.source.text[start:end].strip():
            self._builder.claim(start, end, Part.SYNTAX)

    def _begin(self, said: Said, cue: Cue, *, split_dashes: bool) -> tuple[int, str]:
        """Open a turn where one begins; gives where the words begin in the source, and the words."""
        if said.label in self._accepted:
            self._speak(said.label, cue)
            return self._past(said, said.n_label), said.text[said.n_label :].strip()
        if said.voice is not None:
            self._speak(said.voice, cue)
            match = VOICE.match(self._builder.source.text, said.start, said.end)
            start = match.end() if match is not None else said.start
            self._builder.claim(said.start, start, Part.LABEL)
            return start, said.text
        if not said.marked:
            return said.start, said.text
        if said.text in _LONE_DASHES:
            # Between two speakers of one caption.
            self._builder.claim(said.start, said.end, Part.SYNTAX)
            self._open("", cue)
            return said.end, ""
        mark = CHANGE.match(said.text) or (DASH.match(said.text) if split_dashes else None)
        if mark is None:
            return said.start, said.text
        self._open("", cue)
        return self._past(said, mark.end()), said.text[mark.end() :].strip()

    def _past(self, said: Said, n_front: int) -> int:
        """Where the source goes on after the front of a text; its start where tags or entities hide it."""
        start, text = said.start, self._builder.source.text
        at = text.find(said.text[:n_front], start, said.end)
        if at < 0:
            return start
        self._builder.claims.add(start, at + n_front, Part.LABEL)
        return at + n_front

    def _speak(self, label: str, cue: Cue) -> None:
        if label != self._speaking:
            self._open(label, cue)

    def _open(self, label: str, cue: Cue) -> None:
        self._speaking = label
        self._builder.open(label, start_s=cue.start_s, end_s=cue.end_s, address=cue.address)
