"""Near misses made of answers: what a question asks for, taken out of the words that answer it.

Sentences that go well with a question and do not say the one thing it asks for are what a reader errs on most. Where a
question asks for a number, a time or a name, the sentence that answers is shown a second time without it, or with
"some", "then" or "someone" in its place; and so that the gap itself tells nothing, other word pieces are taken out of
sentences that answer in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from transcript_qa.model_files import bundled_tokenizer
from transcript_qa.questions.wanted import DAY, MONTH, NUMBER_WORD, Wanted, wanted
from transcript_qa.reading.network_input import Window

_UNIT = rf"(?:\d[\d,.:]*|\b{NUMBER_WORD}\b)"
_NUMBER = re.compile(
    rf"[$€£]?(?:\b(?:a|one)[ -](?=(?:hundred|thousand|million|billion|dozen)\b))?{_UNIT}(?:(?:[ -]| and |, ){_UNIT})*%?"
    r"(?: (?:per ?cent|pounds?|euros?|dollars?|crowns?|cents?|pence)\b)?",
    re.IGNORECASE,
)
_TIME = re.compile(
    rf"\b(?:the )?\w+(?:st|nd|rd|th) of {MONTH}\b|\b(?:{MONTH}|{DAY}s?)\b"
    r"|(?i:\b(?:today|tomorrow|yesterday|tonight|noon|midnight|easter|christmas|(?:last|next) \w+)\b)"
)
_NAME = re.compile(
    rf"(?<!^)(?<![.!?\"“] )\b(?!I['’]|{MONTH}\b|{DAY})[A-Z][\w'’-]+(?: (?:of |the |de |van |von )?[A-Z][\w'’-]+)*"
)
_ASKS_FOR_A_NAME = re.compile(
    r"\b(?:who|whom|whose|which|name|called|where|what (?:company|bank|firm|school|town|city|country|street|road|brand|"
    r"breed|book|title|paper))\b",
    re.IGNORECASE,
)
_ANY_AMOUNT = re.compile(r"\bhow (?:many|much|long|old|far|big|high)\b", re.IGNORECASE)
_FILLED = 0.7
_TRIES = 8
_LAST_MARK = 998
"""Word pieces up to here are marks of the vocabulary, behind them come signs, letters and words."""


class Kind(Enum):
    """What a detail is, and the words that may stand in its place."""

    NUMBER = ("some", "a few", "several", "many", "quite a lot", "")
    TIME = ("then", "at some point", "soon", "later", "one day", "")
    NAME = ("someone", "somebody", "one of them", "them", "it", "some place", "")


@dataclass(frozen=True, slots=True)
class Detail:
    """Words that say what was asked for."""

    kind: Kind
    text: str


def details(question: str, words: str) -> list[Detail]:
    """What the words that answer say of the number, time or name asked for; empty where none is asked for.

    >>> [d.text for d in details("how many windows are bad", "A hundred and forty windows out of nine hundred.")]
    ['A hundred and forty', 'nine hundred']
    >>> [d.text for d in details("who was the piano for?", "The piano is for Mr Varley's sister.")]
    ["Mr Varley's"]
    >>> details("why is it late?", "Mr Varley came at nine.")
    []
    """
    asked = question.casefold()
    return [each for each in _details(question, words) if each.text.casefold() not in asked]


def _details(question: str, words: str) -> Iterator[Detail]:
    kind = wanted(question)
    patterns: tuple[tuple[Kind, re.Pattern[str]], ...] = ()
    if kind is Wanted.TIME:
        patterns = ((Kind.TIME, _TIME), (Kind.NUMBER, _NUMBER))
    elif kind is Wanted.AMOUNT or _ANY_AMOUNT.search(question):
        patterns = ((Kind.NUMBER, _NUMBER),)
    elif _ASKS_FOR_A_NAME.search(question):
        patterns = ((Kind.NAME, _NAME),)
    for kind_found, pattern in patterns:
        yield from (Detail(kind_found, match.group()) for match in pattern.finditer(words))


def without(window: Window, taken: Sequence[Detail], rng: np.random.Generator) -> Window | None:
    """A window of one sentence without these details, wherever they stand; None where the sentence holds none."""
    filled, changed = rng.random() < _FILLED, False
    for detail in sorted(set(taken), key=lambda each: (-len(each.text), each.text)):
        pieces = _pieces(detail.text)
        for at in reversed(places(window.ids, pieces)):
            ((_, start, end),) = window.sentences
            changed = changed or start <= at < end
            replaced = _replaced(window, at, len(pieces), _filling(detail.kind, rng) if filled else ())
            if replaced is None:
                return None
            window = replaced
    return window if changed else None


def scarred(window: Window, kept: Sequence[str], rng: np.random.Generator) -> Window:
    """A window of one sentence with one to three word pieces taken out that are none of `kept`."""
    ((_, start, end),) = window.sentences
    fixed = np.zeros(len(window.ids) + 1, dtype=bool)
    fixed[[start - 1, end]] = True  # the marks
    for words in kept:
        pieces = _pieces(words)
        for at in places(window.ids, pieces):
            fixed[at : at + len(pieces)] = True
    for _ in range(_TRIES):
        n, at = int(rng.integers(1, 4)), int(rng.integers(len(window.ids)))
        if at + n <= len(window.ids) and (window.ids[at : at + n] > _LAST_MARK).all() and not fixed[at : at + n].any():
            kind = list(Kind)[int(rng.integers(len(Kind)))]
            return _replaced(window, at, n, _filling(kind, rng) if rng.random() < _FILLED else ()) or window
    return window


def shows(window: Window, taken: Sequence[Detail]) -> bool:
    """Whether one of these details stands anywhere in a window."""
    return any(places(window.ids, _pieces(detail.text)) for detail in taken)


def places(ids: NDArray[np.int32], pieces: Sequence[int]) -> list[int]:
    """Where these word pieces stand in a row."""
    if not pieces or len(pieces) > len(ids):
        return []
    rows = np.lib.stride_tricks.sliding_window_view(ids, len(pieces))
    return [int(at) for at in np.flatnonzero((rows == np.array(pieces)).all(axis=1))]


def _replaced(window: Window, at: int, n: int, filling: Sequence[int]) -> Window | None:
    """A window with n word pieces replaced; None where they cross an end of its sentence, or nothing is left of it."""
    ((span, start, end),) = window.sentences
    shift = len(filling) - n
    if at + n <= start:
        start, end = start + shift, end + shift
    elif start <= at and at + n <= end:
        end += shift
    elif at < end:
        return None
    ids = np.concatenate([window.ids[:at], np.array(filling, dtype=np.int32), window.ids[at + n :]])
    return Window(ids, ((span, start, end),)) if end > start else None


def _filling(kind: Kind, rng: np.random.Generator) -> tuple[int, ...]:
    return _pieces(kind.value[int(rng.integers(len(kind.value)))])


@lru_cache(maxsize=100_000)
def _pieces(text: str) -> tuple[int, ...]:
    return tuple(bundled_tokenizer().encode(text, add_special_tokens=False).ids)
