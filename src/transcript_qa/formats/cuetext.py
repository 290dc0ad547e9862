"""What one caption says: its text without tags, by voice, and the label that it seems to begin with."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from transcript_qa.formats import labels
from transcript_qa.formats.captions import Cue, Cues

VOICE = re.compile(r"<v(?:\.[^\s<>]*)?(?:[ \t]+([^<>]*))?>|</v>", re.IGNORECASE)
# Only tags that captions know are removed: "x < y" and "<inaudible>" stay.
_TAG = re.compile(
    r"</?(?:c|i|b|u|s|v|em|strong|ruby|rt|lang|font|span|p|br|div|small)(?:[.\s/][^<>]*)?>|<\d[\d:.]*>|\{\\[^{}]*\}",
    re.IGNORECASE,
)
# Those of rolling captions, of which every word has three.
_WORD_TAGS = re.compile(r"(?:<\d[\d:.]*>)?<c>|</c>")
_TIME_TAG = re.compile(r"<\d[\d:.]*>")
# A line that is one voice's from end to end.
_VOICED = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]+([^<>]*)>([^<]*)</v>", re.IGNORECASE)
_NO_LABEL = ("", 0)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}\d{0,2});")
CHANGE = re.compile(r">{2,3}[ \t\xa0]*")
DASH = re.compile(r"[-–—‐][ \t\xa0]*(?=[^\s\-–—‐>])")
_NAME_LINE = re.compile(r"\(([^()]{2,50})\)")
_PREFIX = re.compile(
    r"\[{1,2}(?P<boxed>[^\[\]:]{1,60})\]{1,2}(?P<colon>:?)(?=\s|$)"
    r"|(?P<plain>[^\s:\[<][^:\[\]<>]{0,88}?)[ \xa0]?:(?=\s|$)"
)
_FRONT_CHARS = 104
# What makes the beginning of a caption more than words and a colon.
_MARKS = frozenset("([-–—‐>")


class Said(NamedTuple):
    """A part of a cue's line by one voice.

    Attributes:
        start, end: its range in the source.
        text: without tags, entities decoded.
        voice: name in the voice tag in force, or None.
        first: whether the part begins a line of the cue.
        label: the label that it seems to begin with where no voice is in force, "" for none.
        n_label: how many characters of `text` that label takes with what belongs to it.
        marked: whether it begins with a mark of those that may announce another speaker.
    """

    start: int
    end: int
    text: str
    voice: str | None
    first: bool
    label: str
    n_label: int
    marked: bool


def plain(raw: str) -> str:
    r"""Cue text as it is read: tags removed, entities decoded, white space at the ends dropped.

    >>> plain("<i>Q&amp;A</i> {\\an8}x < y")
    'Q&A x < y'
    """
    if "<c>" in raw:
        raw = _WORD_TAGS.sub("", raw)
    if "<" in raw or "{" in raw:
        raw = _TAG.sub("", raw)
    if "&" in raw:
        raw = _ENTITY.sub(lambda match: html.unescape(match[0]), raw)
    return raw.strip()


def plain_lines(lines: Sequence[str]) -> list[str]:
    r"""Each of many lines of cue text as it is read, by `plain`.

    >>> plain_lines(["one<00:00:01.000><c> word</c>", " x < y "])
    ['one word', 'x < y']
    """
    joined = "\n".join(lines)
    if "<" in joined and joined.count("<") == joined.count("<c>") + joined.count("</c>") + len(
        _TIME_TAG.findall(joined)
    ):
        # No other tags than those of rolling captions: all can go at once.
        joined = _TIME_TAG.sub("", joined.replace("<c>", "").replace("</c>", ""))
        lines = joined.split("\n")
    if "<" in joined or "{" in joined or "&" in joined:
        return [plain(raw) if "<" in raw or "{" in raw or "&" in raw else raw.strip() for raw in lines]
    return list(map(str.strip, lines))


@dataclass(slots=True)
class AllSaid:
    """The text of many cues by line and voice: `Said` as a list for each field.

    Attributes:
        texts, voices, labels, n_labels, marked: as in `Said`; `voices` is empty where no voice is named anywhere.
        firsts: number of the first part of each cue; one without has the number of the next one's.
    """

    texts: list[str]
    voices: list[str | None]
    labels: list[str]
    n_labels: list[int]
    marked: list[bool]
    firsts: list[int] = field(default_factory=list)


def all_taken_apart(cues: Cues) -> AllSaid:
    """The text of all cues by line and voice."""
    joined = "\n".join(cues.lines)
    if any(tag in joined for tag in ("<v", "<V", "</v>", "</V>")):
        return _all_voiced(cues)
    texts = cues.texts if cues.texts is not None else plain_lines(cues.lines)
    marked = [text[:1] in _MARKS for text in texts]
    fronts = [_NO_LABEL] * len(texts)
    if ":" in joined or "[" in joined or "(" in joined:
        fronts = [
            _label_before(text[: colon + 2]) if (colon := text.find(":", 0, _FRONT_CHARS)) > 0 else _NO_LABEL
            for text in texts
        ]
        for number in (number for number, each in enumerate(marked) if each):
            fronts[number] = _label(texts[number])
    return AllSaid(texts, [], [label for label, _ in fronts], [n for _, n in fronts], marked, cues.firsts)


def _all_voiced(cues: Cues) -> AllSaid:
    found = AllSaid([], [], [], [], [])
    for number, (first, end) in enumerate(cues.bounds()):
        found.firsts.append(len(found.texts))
        match = _VOICED.fullmatch(cues.lines[first]) if end - first == 1 else None
        voice = _voice(match[1]) if match is not None else None
        if match is not None and voice is not None and (text := plain(match[2])):
            said = [Said(0, 0, text, voice, True, "", 0, False)]
        else:
            said = taken_apart(cues[number])
        for each in said:
            found.texts.append(each.text)
            found.voices.append(each.voice)
            found.labels.append(each.label)
            found.n_labels.append(each.n_label)
            found.marked.append(each.marked)
    return found


def taken_apart(cue: Cue) -> list[Said]:
    """The text of a cue by line and voice."""
    said: list[Said] = []
    voice: str | None = None
    for at, raw in cue.lines:
        if "<" not in raw or VOICE.search(raw) is None:
            said.append(_said(at, at + len(raw), plain(raw), voice, True))
            continue
        for start, end, speaking in _by_voice(raw, voice):
            voice = speaking
            first = start == 0 or voice is not None
            said.append(_said(at + start, at + end, plain(raw[start:end]), voice, first))
    return said


def _said(start: int, end: int, text: str, voice: str | None, first: bool) -> Said:
    label, n_label, marked = "", 0, False
    if voice is None and first:
        marked = text[:1] in _MARKS
        if marked:
            label, n_label = _label(text)
        elif (colon := text.find(":", 0, _FRONT_CHARS)) > 0:
            label, n_label = _label_before(text[: colon + 2])
    return Said(start, end, text, voice, first, label, n_label, marked)


def _by_voice(raw: str, voice: str | None) -> Iterator[tuple[int, int, str | None]]:
    """Ranges of a line by voice; a voice tag belongs to the range it opens."""
    start = 0
    for match in VOICE.finditer(raw):
        if match.start() > start:
            yield start, match.start(), voice
        start = match.start()
        voice = _voice(match[1])
    yield start, len(raw), voice


@lru_cache(maxsize=4096)
def _voice(printed: str | None) -> str | None:
    return labels.tidy(plain(printed)) or None if printed else None


def _label(text: str) -> tuple[str, int]:
    """The label that `text` seems to begin with, "" for none, and how many characters it takes."""
    boxed = _NAME_LINE.fullmatch(text[:60]) if text[:1] == "(" else None
    if boxed is not None and labels.shape(labels.tidy(boxed[1])) >= labels.Shape.NAME:
        return labels.tidy(boxed[1]), len(text)
    at = 0
    for mark in (DASH, CHANGE):
        match = mark.match(text)
        at = match.end() if match is not None else at
    match = _PREFIX.match(text[: at + 100], at)
    if match is None:
        return "", 0
    if match["boxed"] is not None:
        # "[Music]" is no label; "[SPEAKER_00]" is one, with or without a colon.
        label = labels.tidy(match["boxed"])
        named = match["colon"] or (len(label) > 1 and labels.is_diarised(label))
        return (label, match.end()) if named else ("", 0)
    return labels.tidy(match["plain"]), match.end()


# One speaker's captions begin alike.
_label_before = lru_cache(maxsize=4096)(_label)
