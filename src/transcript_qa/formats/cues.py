"""Caption cues, as WebVTT and SubRip share them: time lines, voices, labels, rolling captions, turns made of cues."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.sourcetext import Line
from transcript_qa.formats.times import clock, seconds

_STAMP = r"(?:\d{1,6}:)?\d{1,3}:\d{2}(?:[.,]\d{1,9}|:\d{3})?"
_TIME_LINE = re.compile(rf"[ \t\xa0]{{0,8}}({_STAMP})[ \t]{{0,8}}-{{1,2}}>[ \t]{{0,8}}({_STAMP})(?![\d:])")
_USUAL = r"\d\d:[0-5]\d:[0-5]\d[.,]\d{3}"
# Nearly every time line is one of these, and they are most of what is read.
_USUAL_TIMES = re.compile(rf"({_USUAL}) --> ({_USUAL})(?![\d:.,])", re.ASCII)
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?(?:[ \t]+([^<>]*))?>|</v>", re.IGNORECASE)
# Only tags that captions know are removed: "x < y" and "<inaudible>" stay.
_TAG = re.compile(
    r"</?(?:c|i|b|u|s|v|em|strong|ruby|rt|lang|font|span|p|br|div|small)(?:[.\s/][^<>]*)?>|<\d[\d:.]*>|\{\\[^{}]*\}",
    re.IGNORECASE,
)
_TIMING_TAG = re.compile(r"<\d+:[\d:.]+>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}\d{0,2});")
_CHANGE = re.compile(r">{2,3}[ \t\xa0]*")
_DASH = re.compile(r"[-–—‐][ \t\xa0]*(?=[^\s\-–—‐>])")
_NAME_LINE = re.compile(r"\(([^()]{2,50})\)")
_LONE_DASHES = frozenset("-–—")
_PREFIX = re.compile(
    r"\[{1,2}(?P<boxed>[^\[\]:]{1,60})\]{1,2}(?P<colon>:?)(?=\s|$)"
    r"|(?P<plain>[^\s:\[<][^:\[\]<>]{0,88}?)[ \xa0]?:(?=\s|$)"
)


class Cue(NamedTuple):
    """One caption: its times in seconds (None where they cannot be) and the lines of its text."""

    start_s: float | None
    end_s: float | None
    lines: tuple[Line, ...]


class _Said(NamedTuple):
    """A part of a cue's line by one voice.

    Attributes:
        start, end: its range in the source.
        text: without tags, entities decoded.
        voice: name in the voice tag in force, or None.
        first: whether the part begins a line of the cue.
        prefix: the label that it seems to begin with where no voice is in force, and how long that is.
    """

    start: int
    end: int
    text: str
    voice: str | None
    first: bool
    prefix: tuple[str, int] | None = None


class _Parts(NamedTuple):
    """A cue with its text taken apart."""

    cue: Cue
    said: tuple[_Said, ...]


def time_line(line: Line) -> tuple[float | None, float | None] | None:
    """Start and end of a cue in seconds, or None where `line` is no time line."""
    if "->" not in line.text:
        return None
    usual = _USUAL_TIMES.match(line.text)
    if usual is not None:
        first, last = usual.span(1), usual.span(2)
        return _usual(line.text, first[0]), _usual(line.text, last[0])
    match = _TIME_LINE.match(line.text[:200])
    return (seconds(match[1]), seconds(match[2])) if match is not None else None


def _usual(text: str, at: int) -> float:
    """Seconds of a time in twelve characters."""
    whole = 3600 * int(text[at : at + 2]) + 60 * int(text[at + 3 : at + 5]) + int(text[at + 6 : at + 8])
    return (1000 * whole + int(text[at + 9 : at + 12])) / 1000


def plain(raw: str) -> str:
    r"""Cue text as it is read: tags removed, entities decoded, white space at the ends dropped.

    >>> plain("<i>Q&amp;A</i> {\\an8}x < y")
    'Q&A x < y'
    """
    if "<" in raw or "{" in raw:
        raw = _TAG.sub("", raw)
    if "&" in raw:
        raw = _ENTITY.sub(lambda match: html.unescape(match[0]), raw)
    return raw.strip()


def add_cues(builder: Builder, cues: Sequence[Cue]) -> None:
    """Turn cues into turns: the cues of one speaker are one turn until somebody else speaks."""
    parts = [_taken_apart(cue) for cue in _unrolled(builder, cues)]
    found = [label for part in parts for label in _candidates(part)]
    accepted = labels.accept(found, n_blocks=len(parts), text=builder.source.text)
    joiner = _Joiner(builder, accepted)
    for part in parts:
        joiner.add(part)
    joiner.say_inherited()


def _unrolled(builder: Builder, cues: Sequence[Cue]) -> Sequence[Cue]:
    """Cues without the lines that a rolling caption shows again.

    Only captions whose words carry their own times roll; in all others an overlap in time repeats nothing.
    """
    n_timed = sum(any(_TIMING_TAG.search(line.text) for line in cue.lines) for cue in cues)
    if n_timed * 5 < len(cues) or not n_timed:
        return cues
    kept: list[Cue] = []
    repeated: list[Line] = []
    n_words = 0
    before: list[str] = []
    for cue in cues:
        shown = [(line, plain(line.text)) for line in cue.lines]
        for line, text in shown:
            if not text and not line.blank:
                builder.claim(line.start, line.end, Part.SYNTAX)
        shown = [(line, text) for line, text in shown if text]
        texts = [text for _, text in shown]
        n_words += sum(len(text.split()) for text in texts)
        n_same = next((n for n in range(min(len(texts), len(before)), 0, -1) if before[-n:] == texts[:n]), 0)
        repeated += [line for line, _ in shown[:n_same]]
        kept.append(Cue(cue.start_s, cue.end_s, tuple(line for line, _ in shown[n_same:])))
        before = texts or before
    n_repeated = sum(len(plain(line.text).split()) for line in repeated)
    reason = f"rolling captions: {n_repeated} of {n_words} words repeat the caption before"
    for line in repeated:
        builder.gather(line.start, line.end, reason)
    return kept


def _taken_apart(cue: Cue) -> _Parts:
    said = []
    voice: str | None = None
    for line in cue.lines:
        if "<" not in line.text:
            text = plain(line.text)
            prefix = _prefix(text) if voice is None else None
            said.append(_Said(line.start, line.end, text, voice, True, prefix))
            continue
        for start, end, speaking in _by_voice(line.text, voice):
            voice = speaking
            text = plain(line.text[start:end])
            first = start == 0 or voice is not None
            prefix = _prefix(text) if first and voice is None else None
            said.append(_Said(line.start + start, line.start + end, text, voice, first, prefix))
    return _Parts(cue, tuple(said))


def _by_voice(raw: str, voice: str | None) -> Iterator[tuple[int, int, str | None]]:
    """Ranges of a line by voice; a voice tag belongs to the range it opens."""
    start = 0
    for match in _VOICE.finditer(raw):
        if match.start() > start:
            yield start, match.start(), voice
        start = match.start()
        voice = labels.tidy(plain(match[1])) or None if match[1] else None
    yield start, len(raw), voice


def _candidates(parts: _Parts) -> Iterator[str]:
    for said in parts.said:
        if said.prefix is not None:
            yield said.prefix[0]


def _prefix(text: str) -> tuple[str, int] | None:
    """The label that `text` seems to begin with, and how many characters it takes."""
    boxed = _NAME_LINE.fullmatch(text[:60]) if text[:1] == "(" else None
    if boxed is not None and labels.shape(labels.tidy(boxed[1])) >= labels.Shape.NAME:
        return labels.tidy(boxed[1]), len(text)
    at = 0
    for mark in (_DASH, _CHANGE):
        match = mark.match(text)
        at = match.end() if match is not None else at
    match = _PREFIX.match(text[: at + 100], at)
    if match is None:
        return None
    if match["boxed"] is not None:
        # "[Music]" is no label; "[SPEAKER_00]" is one, with or without a colon.
        label = labels.tidy(match["boxed"])
        return (label, match.end()) if match["colon"] or (len(label) > 1 and labels.is_diarised(label)) else None
    return labels.tidy(match["plain"]), match.end()


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

    def add(self, parts: _Parts) -> None:
        """Add one cue."""
        dashes = sum(said.voice is None and said.first and _DASH.match(said.text) is not None for said in parts.said)
        marked: int | None = None
        if not parts.said and self._builder.drafts:
            # A rolling caption that shows only what was shown: the last words stand until it ends.
            self._extend(parts.cue)
        labelled = any(said.voice or (said.prefix and said.prefix[0] in self._accepted) for said in parts.said)
        self._n_labelled += labelled
        self._n_inherited += bool(parts.said and not labelled and self._speaking)
        for said in parts.said:
            start, text = self._begin(said, parts.cue, split_dashes=dashes > 1)
            if not text:
                if start < said.end and self._builder.source.text[start : said.end].strip():
                    self._builder.claim(start, said.end, Part.SYNTAX)
                continue
            if not self._builder.drafts:
                self._open("", parts.cue)
            mark = None
            if marked != len(self._builder.drafts):
                marked = len(self._builder.drafts)
                mark = (parts.cue.start_s, parts.cue.end_s, _address(parts.cue))
            self._builder.words(start, said.end, text=text, joiner=" ", mark=mark)
            self._extend(parts.cue)

    def _begin(self, said: _Said, cue: Cue, *, split_dashes: bool) -> tuple[int, str]:
        """Open a turn where one begins; gives where the words begin in the source, and the words."""
        if said.voice is not None:
            self._speak(said.voice, cue)
            match = _VOICE.match(self._builder.source.text, said.start, said.end)
            start = match.end() if match is not None else said.start
            self._builder.claim(said.start, start, Part.LABEL)
            return start, said.text
        if not said.first:
            return said.start, said.text
        if said.text in _LONE_DASHES:
            # Between two speakers of one caption.
            self._builder.claim(said.start, said.end, Part.SYNTAX)
            self._open("", cue)
            return said.end, ""
        found = said.prefix
        if found is not None and found[0] in self._accepted:
            self._speak(found[0], cue)
            return self._past(said, said.text[: found[1]]), said.text[found[1] :].strip()
        mark = _CHANGE.match(said.text) or (_DASH.match(said.text) if split_dashes else None)
        if mark is None:
            return said.start, said.text
        self._open("", cue)
        return self._past(said, mark[0]), said.text[mark.end() :].strip()

    def _past(self, said: _Said, front: str) -> int:
        """Where the source goes on after `front`; its start where tags or entities hide it."""
        at = self._builder.source.text.find(front, said.start, said.end)
        if at < 0:
            return said.start
        self._builder.claim(said.start, at + len(front), Part.LABEL)
        return at + len(front)

    def _speak(self, label: str, cue: Cue) -> None:
        if label != self._speaking:
            self._open(label, cue)

    def _open(self, label: str, cue: Cue) -> None:
        self._speaking = label
        self._builder.open(label, start_s=cue.start_s, end_s=cue.end_s, address=_address(cue))

    def _extend(self, cue: Cue) -> None:
        draft = self._builder.drafts[-1]
        if cue.end_s is not None:
            draft.end_s = cue.end_s if draft.end_s is None else max(draft.end_s, cue.end_s)


def _address(cue: Cue) -> str | None:
    return clock(cue.start_s) if cue.start_s is not None else None
