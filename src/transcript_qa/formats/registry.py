"""What a family of formats is, and how the one that a source belongs to is told: by content, never by suffix.

A new family is one module with a `FORMAT` and one entry in `formats/__init__.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder
from transcript_qa.formats.sourcetext import SourceText

# So sure that the families after it are not asked; the looser a family, the later it is listed.
SURE = 0.95
REMEDY = "The README lists the formats that are read; plain text with `Name: words` always is."


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One family of formats.

    Attributes:
        name: short, small letters (`webvtt`).
        describes: what a person calls it ("WebVTT captions").
        sniff: how sure it is that a source belongs to it, 0 (not) to 1 (certain); never raises.
        parse: source to findings; raises `ParseError` only.
    """

    name: str
    describes: str
    sniff: Callable[[SourceText], float]
    parse: Callable[[SourceText], Builder]


def detect(formats: Sequence[Format], source: SourceText) -> tuple[Format, float]:
    """The family that is surest of `source` and how sure it is; of equals the one listed first.

    Raises:
        ParseError: no family knows it.
    """
    best, confidence = formats[0], 0.0
    for each in formats:
        found = each.sniff(source)
        if found > confidence:
            best, confidence = each, found
        if confidence >= SURE:
            break
    if confidence <= 0:
        raise ParseError(source.name, "no transcript recognised", REMEDY)
    return best, confidence
