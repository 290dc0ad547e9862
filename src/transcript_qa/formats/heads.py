"""The part of a line in front of the words: label, printed time, punctuation, in the styles that texts use.

Mira Voss: words              **Mira Voss:** words         MIRA VOSS (00:12:34): words
Mira Voss [00:12]: words      [00:12] Mira Voss: words     Mira Voss:            (words follow)
Mira Voss  0:03               Mira Voss: (00:03)           [Mira Voss] 14:05:31  (words follow)
Q    words                    [SPEAKER_00]: words
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from transcript_qa.formats import labels
from transcript_qa.formats.sourcetext import Line
from transcript_qa.formats.times import TIME, seconds

# Every pattern looks at the beginning of a line only, so that a line of two million characters costs nothing.
_WINDOW = 240
_BOXED = rf"\\?[\[(]{TIME}\\?[\])]"
_LEADS = "[(\\"
# What may follow on a "Q" or "A" that stands alone; nothing may, too.
_AFTER_MARKED = ". \t\xa0*_"
_BOLD = r"(?:\*\*|__)?"
_LEAD = re.compile(rf"(?P<lead>{_BOXED}|{TIME})[ \t\xa0]{{1,4}}(?:[-–—][ \t\xa0]{{1,4}})?(?=\S)")
_COLON = re.compile(
    rf"""(?P<open>\*\*|__)?[ ]?(?P<label>[^\W_][^:：*\n\[\]{{}}<>|]{{0,88}}?(?:\|[^:：*\n\[\]{{}}<>|]{{1,40}})?)
    [ \t\xa0]{{0,3}}{_BOLD}[ \t\xa0]{{0,4}}
    (?:(?P<time>{_BOXED})[ ]?{_BOLD}(?::{_BOLD}(?=\s|$)|(?=\s*$))
    | :[ ]?(?(open)(?:\*\*|__)|(?!)) | :{_BOLD}(?=\s|$) | ：{_BOLD})""",
    re.VERBOSE,
)
_SPACED = re.compile(
    rf"{_BOLD}(?P<label>[^\W_][^:*\n]{{0,88}}?){_BOLD}"
    rf"(?:[ \t\xa0]{{2,20}}|\t|[ \xa0](?=\d{{1,2}}:\d{{2}}:\d{{2}}))(?P<time>{TIME})[ \t\xa0]*$"
)
# Closer than two blanks only a name is sure to be one.
_CLOSE = re.compile(
    rf"{_BOLD}(?P<label>[^\W_][^:*\n]{{0,60}}?){_BOLD}(?:[ \xa0]|[ \xa0]{{0,3}}[-–—|•·][ \xa0]{{0,3}})"
    rf"(?P<time>{_BOXED}|{TIME})[ \t\xa0]*$"
)
# The most usual of these; no other pattern would find more in it.
_NAME_AND_TIME = re.compile(
    r"(?P<label>[^\W\d_][^\W\d_ ]{0,30}(?:[ ][^\W\d_ ]{1,30}){1,3})  (?P<time>\d{1,3}:\d{2}(?::\d{2})?)"
)
_LED_NAME = re.compile(rf"(?:[-–—][ ]?)?{_BOLD}(?P<label>[^\W_][^:*\n.?!]{{1,60}}?){_BOLD}[ \t\xa0]*$")
_SQUARE = re.compile(
    r"\[{1,2}(?P<label>[^\[\]:\n]{1,60})\]{1,2}"
    r"(?::(?=\s|$)|[ \t\xa0]{1,4}(?P<clock>\d{1,2}:\d{2}:\d{2})[ \t\xa0]*$)"
)
_MARKED = re.compile(rf"(?P<label>Q|A){_BOLD}(?:[.][ \t\xa0]{{1,12}}|[ \t\xa0]{{2,12}})(?=\S)")
_TIME_IN_FRONT = re.compile(rf"[ \t\xa0]{{0,4}}(?P<time>{_BOXED})(?=\s|$)|[ \t\xa0]{{0,4}}(?P<bare>{TIME})[ \t\xa0]*$")
_TIME_ALONE = re.compile(rf"(?:#{{1,6}}[ ])?{_BOLD}(?P<time>{_BOXED}|{TIME}){_BOLD}")


class Head(NamedTuple):
    """A label at the beginning of a line.

    Attributes:
        label: tidy.
        start, end: source range in front of the words.
        printed: its time as printed, or None.
        start_s: that time in seconds, or None; a time of day is no offset and gives None.
        bold: whether it is printed bold.
    """

    label: str
    start: int
    end: int
    printed: str | None
    start_s: float | None
    bold: bool = False

    @property
    def timed(self) -> bool:
        """Whether a time stands with the label."""
        return self.printed is not None


def head_of(line: Line) -> Head | None:
    """The label that `line` seems to begin with; whether it is one is for `labels.accept` to say."""
    raw = line.text
    first = raw[:1]
    if not first.isalpha() or (first in "QA" and raw[1:2] in _AFTER_MARKED):
        return _any_head(line)
    window = raw[:_WINDOW]
    colon = window.find(":")
    if colon < 0:
        return None if "：" not in window else _any_head(line)
    shown = window.rstrip()
    last = shown[-1]
    if last.isdecimal() and len(raw) < _WINDOW and (named := _NAME_AND_TIME.fullmatch(shown)) is not None:
        label, printed = labels.tidy(named["label"]), named["time"]
        if labels.shape(label) >= labels.Shape.NAME:
            return Head(label, line.start, line.start + len(shown), printed, seconds(printed))
    front = window[: colon + 2]
    if last.isdecimal() or last in "])" or window[colon - 1].isdecimal() or front[-1] in "*_":
        return _any_head(line)
    found = _usual_front(front)
    if found is None:
        return None
    label, end = found
    following = window[end : end + 5].lstrip(" \t\xa0")[:1]
    if following.isdecimal() or (following and following in "[(\\"):
        return _any_head(line)
    return Head(label, line.start, line.start + end, None, None)


@lru_cache(maxsize=4096)
def _usual_front(front: str) -> tuple[str, int] | None:
    """The label in front of a colon, and where it ends, of the beginning of a line up to the character after it.

    The lines of one speaker begin alike.
    """
    match = _COLON.match(front)
    return (labels.tidy(match["label"]), match.end()) if match is not None else None


def _any_head(line: Line) -> Head | None:
    """The label that a line of any kind seems to begin with."""
    text = line.text.strip()[:_WINDOW]
    start = line.words_start
    if not text or text[0] in ">|<`":
        return None
    if text[0] == "#":
        return _heading(line, text)
    match = _LEAD.match(text) if text[0] in _LEADS or text[0].isdecimal() else None
    lead = match["lead"] if match is not None else None
    at = match.end() if match is not None else 0
    found = _matched(text, at)
    if found is None and lead is not None:
        found = _led_name(text, at)
    if found is None:
        return None
    label, end, printed = found
    of_day = printed is not None and printed.startswith("@")
    printed = bare(printed.removeprefix("@")) if printed is not None else bare(lead) if lead is not None else None
    if printed is None:
        following = _TIME_IN_FRONT.match(line.text[start - line.start + end :][:40])
        if following is not None:
            printed = bare(following["time"] or following["bare"])
            end += following.end()
    start_s = seconds(printed) if printed is not None and not of_day else None
    return Head(labels.tidy(label), line.start, start + end, printed, start_s, bold=text.startswith("**", at))


def _heading(line: Line, text: str) -> Head | None:
    """A name with its time as a heading of Markdown."""
    marks = len(text) - len(text.lstrip("# "))
    found = _matched(text, marks)
    if found is None or found[2] is None or labels.shape(labels.tidy(found[0])) < labels.Shape.NAME:
        return None
    label, end, printed = found
    return Head(
        labels.tidy(label), line.start, line.words_start + end, bare(printed or ""), seconds(bare(printed or ""))
    )


def _led_name(text: str, at: int) -> tuple[str, int, str | None] | None:
    """A name alone behind a time: the words stand below."""
    match = _LED_NAME.match(text, at)
    if match is None or labels.shape(labels.tidy(match["label"])) < labels.Shape.NAME:
        return None
    return match["label"], match.end(), None


def _matched(text: str, at: int) -> tuple[str, int, str | None] | None:
    """Label, where the words begin, and time; a time of day has "@" in front."""
    first = text[at : at + 1]
    if first == "[" and (match := _SQUARE.match(text, at)) is not None:
        return match["label"], match.end(), f"@{match['clock']}" if match["clock"] else None
    if first in ("Q", "A") and (match := _MARKED.match(text, at)) is not None:
        return match["label"], match.end(), None
    if ":" not in text and "：" not in text:
        return None
    match = _CLOSE.match(text, at)
    if match is not None and labels.shape(labels.tidy(match["label"])) >= labels.Shape.NAME:
        return match["label"], match.end(), match["time"]
    if (match := _SPACED.match(text, at)) is not None or (match := _COLON.match(text, at)) is not None:
        return match["label"], match.end(), match["time"]
    return None


def bare(printed: str) -> str:
    r"""A printed time without the brackets and backslashes around it.

    >>> bare(r"\\[04:02\\]")
    '04:02'
    """
    return printed.strip("\\[]() ")


def time_alone(line: Line) -> str | None:
    """The time of a line that holds nothing else (`00:05:00`, `### 00:08:02`), as printed, or None."""
    text = line.text.strip()
    if len(text) >= 60 or text[:1].isalpha():
        return None
    match = _TIME_ALONE.fullmatch(text)
    return bare(match["time"]) if match is not None else None


def time_in_front(line: Line) -> tuple[str, int] | None:
    """A bracketed time at the beginning of a line of words: as printed, and where in the source it ends."""
    text = line.text.strip()
    match = _TIME_IN_FRONT.match(text[:60]) if text[:1] and text[0] in _LEADS else None
    if match is None or match["time"] is None:
        return None
    return bare(match["time"]), line.words_start + match.end()
