"""Captions as turns: cues joined as long as one speaker goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, repeat

import numpy as np

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.captions import Cue, Cues
from transcript_qa.formats.columns import Held
from transcript_qa.formats.cuetext import (
    CHANGE,
    DASH,
    VOICE,
    AllSaid,
    Said,
    all_taken_apart,
    taken_apart,
)
from transcript_qa.formats.rolling import unrolled

_LONE_DASHES = frozenset("-–—")


def add_cues(builder: Builder, cues: Cues) -> None:
    """Turn cues into turns: the cues of one speaker are one turn until somebody else speaks."""
    cues = unrolled(builder, cues)
    said = all_taken_apart(cues)
    accepted = labels.accept(list(filter(None, said.labels)), n_blocks=len(cues), text=builder.source.text)
    joiner = _Joiner(builder, accepted, cues, said)
    joiner.add()
    joiner.say_inherited()


class _Joiner:
    """Adds cues to a builder one after the other and knows who is speaking."""

    def __init__(self, builder: Builder, accepted: frozenset[str], cues: Cues, said: AllSaid) -> None:
        self._builder = builder
        self._accepted = accepted
        self._cues = cues
        self._said = said
        self._speaking: str | None = None
        self._n_labelled = self._n_inherited = 0

    def say_inherited(self) -> None:
        """Say where captions go by the label of one before: it is wrong where not every change is labelled."""
        n_all = self._n_labelled + self._n_inherited
        if self._n_labelled and self._n_inherited * 5 > n_all:
            told = f"{self._n_inherited:,} of {n_all:,} captions have no label of their own"
            self._builder.warnings.append(f"{told}; they are taken to be the last speaker's")

    def add(self) -> None:
        """Add all cues: those of words and labels alone many at a time, the others one by one."""
        bounds = [*self._said.firsts, len(self._said.texts)]
        done = 0
        for number in (*self._unusual(bounds), len(self._cues)):
            while done < number and not self._builder.columns.labels and bounds[done + 1] - bounds[done] != 1:
                # Where nobody has spoken yet, the lines of one caption are not alike.
                self._add_one(done)
                done += 1
            if done < number:
                self._add_many(done, number, bounds)
            if number < len(self._cues):
                self._add_one(number)
            done = number + 1

    def _unusual(self, bounds: Sequence[int]) -> list[int]:
        """The cues that have to be gone through one by one."""
        said = self._said
        odd = list(said.marked)
        voices: Iterable[str | None] = said.voices or repeat(None)
        for part, (text, voice, label, n_label) in enumerate(
            zip(said.texts, voices, said.labels, said.n_labels, strict=False)
        ):
            if not text or (n_label == len(text) and voice is None and label in self._accepted):
                odd[part] = True
        cues = np.arange(len(self._cues))
        n_parts = np.diff(bounds)
        found = np.zeros(len(self._cues), dtype=bool)
        found[np.repeat(cues, n_parts)[odd]] = True
        if None in self._cues.ends_s:
            found |= np.array([end_s is None for end_s in self._cues.ends_s])
        return np.flatnonzero(found).tolist()

    def _add_one(self, number: int) -> None:
        cue = self._cues[number]
        parts = taken_apart(cue)
        if parts:
            self._add(cue, parts)
        elif self._builder.columns.labels:
            # A rolling caption that shows only what was shown: the last words stand until it ends.
            self._builder.columns.until(cue.end_s)

    def _add_many(self, first: int, end: int, bounds: Sequence[int]) -> None:
        """Add cues `first` to `end` (half-open), of which every line has words behind its label or without one."""
        a, b = bounds[first], bounds[end]
        columns, cues = self._builder.columns, self._cues
        numbers: Sequence[int] = range(first, end)
        times = list(zip(*(each[first:end] for each in (cues.starts_s, cues.ends_s, cues.addresses)), strict=True))
        held: list[Held | None] = [*times]
        ends_s = [end_s or 0.0 for end_s in cues.ends_s[first:end]]
        n_parts = np.diff(bounds[first : end + 1])
        if not (n_parts == 1).all():
            numbers = np.repeat(np.arange(first, end), n_parts).tolist()
            held = [None] * (b - a)
            for number in numbers:
                held[bounds[number] - a] = times[number - first]
            ends_s = self._ends_s(numbers, ends_s, (first, end), [bounds[number] - a for number in range(first, end)])
        texts = self._said.texts[a:b]
        opens, who = self._labelled(texts, a, numbers)
        for part in opens:
            held[part] = times[numbers[part] - first]
        edges = [*opens, b - a]
        if edges[0]:
            columns.until(max(ends_s[: edges[0]]))
        columns.open_many(
            who,
            [len(columns.texts) + part for part in opens],
            starts_s=[times[numbers[part] - first][0] for part in opens],
            ends_s=[max(ends_s[one:other]) for one, other in pairwise(edges)],
            addresses=[times[numbers[part] - first][2] for part in opens],
        )
        columns.add_many(texts, " ", held)
        lines = slice(cues.firsts[first], cues.firsts[end] if end < len(cues) else len(cues.lines))
        starts = np.array(cues.places[lines], dtype=np.int64)
        lengths = np.fromiter(map(len, cues.lines[lines]), dtype=np.int64, count=len(starts))
        self._builder.claims.add_many(starts, starts + lengths, Part.WORDS)

    def _ends_s(
        self, numbers: Sequence[int], ends_s: Sequence[float], cues: tuple[int, int], parts: Sequence[int]
    ) -> list[float]:
        """Until when each part is shown, its own cue or those after it that show nothing new."""
        found = [ends_s[number - cues[0]] for number in numbers]
        for end_s, part, after in zip(ends_s, parts, [*parts[1:], len(numbers)], strict=True):
            if part == after and part:
                found[part - 1] = max(found[part - 1], end_s)
            elif part == after:
                self._builder.columns.until(end_s)
        return found

    def _labelled(self, texts: list[str], a: int, numbers: Sequence[int]) -> tuple[list[int], list[str]]:
        """Take the labels away from `texts`, those of the parts from `a` on; gives where turns begin, and whose."""
        said, speaking = self._said, self._speaking
        labelled: list[int] = []
        opens: list[int] = []
        who: list[str] = []
        voices: Iterable[str | None] = said.voices[a : a + len(texts)] or repeat(None)
        for part, (label, voice) in enumerate(zip(said.labels[a : a + len(texts)], voices, strict=False)):
            if voice is None:
                if label not in self._accepted:
                    continue
                texts[part] = texts[part][said.n_labels[a + part] :].lstrip()
            labelled.append(part)
            if (voice or label) != speaking:
                speaking = voice or label
                opens.append(part)
                who.append(speaking)
        if not self._builder.columns.labels and opens[:1] != [0]:
            opens.insert(0, 0)
            who.insert(0, "")
        n_labelled = len({numbers[part] for part in labelled})
        self._n_labelled += n_labelled
        if self._speaking or labelled:
            begin = 0 if self._speaking else labelled[0]
            self._n_inherited += len(set(numbers[begin:])) - n_labelled
        self._speaking = speaking or ""
        return opens, who

    def _add(self, cue: Cue, parts: Sequence[Said]) -> None:
        """Add a cue of any kind."""
        if any(said.voice or said.label in self._accepted for said in parts):
            self._n_labelled += 1
        elif self._speaking:
            self._n_inherited += 1
        n_dashed = sum(said.marked and DASH.match(said.text) is not None for said in parts)
        # One line of words or a label has its time even where nobody has spoken yet.
        n_drafts = -1 if len(parts) == 1 and parts[0].voice is None and not parts[0].marked else 0
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
