"""What one caption says: its text without tags, by voice, and the label that it seems to begin with."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from transcript_qa.formats import labels
from transcript_qa.formats.captions import Cue
from transcript_qa.formats.quick import of_tuple

VOICE = re.compile(r"<v(?:\.[^\s<>]*)?(?:[ \t]+([^<>]*))?>|</v>", re.IGNORECASE)
# Only tags that captions know are removed: "x < y" and "<inaudible>" stay.
_TAG = re.compile(
    r"</?(?:c|i|b|u|s|v|em|strong|ruby|rt|lang|font|span|p|br|div|small)(?:[.\s/][^<>]*)?>|<\d[\d:.]*>|\{\\[^{}]*\}",
    re.IGNORECASE,
)
# Those of rolling captions, of which every word has three.
_WORD_TAGS = re.compile(r"(?:<\d[\d:.]*>)?<c>|</c>")
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


_said_of = of_tuple(Said)


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


def taken_apart(cue: Cue) -> list[Said]:
    """The text of a cue by line and voice."""
    said: list[Said] = []
    voice: str | None = None
    for at, raw in cue.lines:
        if "<" not in raw or ("<v" not in raw and "<V" not in raw and "</" not in raw):
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
    return _said_of((start, end, text, voice, first, label, n_label, marked))


def _by_voice(raw: str, voice: str | None) -> Iterator[tuple[int, int, str | None]]:
    """Ranges of a line by voice; a voice tag belongs to the range it opens."""
    start = 0
    for match in VOICE.finditer(raw):
        if match.start() > start:
            yield start, match.start(), voice
        start = match.start()
        voice = labels.tidy(plain(match[1])) or None if match[1] else None
    yield start, len(raw), voice


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
