"""What a speaker label is: "Mira Voss:" is one, "So here is the thing:" is none.

`shape` looks at a label alone, `accept` at all that a source seems to print. Who stands behind them: `people`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache

from transcript_qa.formats.lexicon import (
    FIELDS,
    HEADINGS,
    HONORIFICS,
    JOINERS,
    OFFICES,
    PARTICLES,
    ROLES,
    TITLES,
)
from transcript_qa.text import STOP_WORDS

_DIARISED = re.compile(
    r"(?:(?:speaker|spkr?|channel|ch|person|voice|track)[ _\-#]?(?:\d{1,4}|[a-z])|[a-z]|s\d{1,3}|\d{1,4})",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w.\-'’`´·‐–—]*")
_ELIDED = re.compile(r"[dl]['’](?=[^\W\d_])")
_NUMBERED_ROLE = re.compile(r"(.*[a-z.])[ #]*\d{1,3}")
MAX_CHARS = 90
_MAX_WORDS = 12


class Shape(IntEnum):
    """How much a string looks like a speaker label."""

    NONE = 0
    LOOSE = 1
    WORD = 2
    NAME = 3
    SURE = 4


@lru_cache(maxsize=4096)
def tidy(label: str) -> str:
    r"""A printed label on one line: no Markdown marks, no-break spaces made plain, runs of white space folded.

    >>> tidy("**President of\u00a0Ruritania  Mira Voss**")
    'President of Ruritania Mira Voss'
    """
    return " ".join(label.replace("**", "").replace("__", "").split())


def fold(label: str) -> str:
    """A label as it is compared: case and a closing full stop do not matter."""
    return label.casefold().rstrip(".")


def is_role(label: str) -> bool:
    """Whether a label names a role that several people may fill (`Q`, `The Witness`, `Participant 2`)."""
    folded = fold(label)
    if folded in ROLES or folded.removeprefix("the ") in ROLES:
        return True
    numbered = _NUMBERED_ROLE.fullmatch(folded)
    return numbered is not None and numbered[1].strip() in ROLES and not is_diarised(label)


def is_diarised(label: str) -> bool:
    """Whether a label is a recogniser's number or letter (`SPEAKER_00`, `Speaker 1`, `A`)."""
    return fold(label) != "q" and _DIARISED.fullmatch(label.rstrip(".")) is not None


@lru_cache(maxsize=4096)
def shape(label: str) -> Shape:
    """How much a tidy `label` looks like one, seen alone.

    >>> [shape(label).name for label in ("Q", "Mayor Sallow", "Mira Voss", "Mira", "fdifabio", "So here is the thing")]
    ['SURE', 'SURE', 'NAME', 'WORD', 'LOOSE', 'NONE']
    """
    if not label or len(label) > MAX_CHARS or fold(label) in FIELDS:
        return Shape.NONE
    if is_role(label) or is_diarised(label):
        return Shape.SURE
    bare = re.sub(r"(?:\s*\([^()]{0,60}\)){1,2}\s*$", "", label)
    words = bare.replace(",", " ").split()
    if not words or len(words) > _MAX_WORDS or bare.count(",") > 1:
        return Shape.NONE
    folded = [word.casefold().strip(".") for word in words]
    if folded[0] in STOP_WORDS and folded[0] != "will" and not (folded[0] == "the" and len(words) > 1):
        return Shape.NONE
    if all(_proper(word) or low in PARTICLES for word, low in zip(words, folded, strict=True)):
        return _proper_shape(words, folded)
    return _loose(label, words, folded)


def _proper(word: str) -> bool:
    if _ELIDED.match(word) is not None:
        word = word[2:]
    return word[:1].isupper() and _WORD.fullmatch(word) is not None


def _proper_shape(words: list[str], folded: list[str]) -> Shape:
    # "Will" may be a person; "The", "This", "However" in front of a colon are none.
    n_proper = sum(low not in PARTICLES for low in folded)
    if any(low in HEADINGS for low in folded) or folded[-1] in PARTICLES:
        return Shape.NONE
    if any(word.endswith(".") and not _abbreviated(word) for word in words) or folded[-1].endswith(("'s", "’s")):
        return Shape.NONE
    if folded[0] in HONORIFICS or any(low in TITLES for low in folded):
        return Shape.SURE if n_proper > 1 else Shape.WORD
    if len(words) > 1 and any(low in STOP_WORDS and low not in PARTICLES for low in folded[1:]):
        return Shape.NONE
    if any(low in JOINERS for low in folded) and not any(low in OFFICES for low in folded):
        return Shape.LOOSE if n_proper < 4 else Shape.NONE
    return Shape.NAME if n_proper > 1 else Shape.WORD


def _abbreviated(word: str) -> bool:
    return len(word) <= 5 or word.count(".") > 1


def _loose(label: str, words: list[str], folded: list[str]) -> Shape:
    """Names as people type them into a meeting tool: `fdifabio`, `iPhone (2)`, `Room 4 | Oslo`."""
    if len(words) > 6 or any(low in STOP_WORDS or low in HEADINGS for low in folded):
        return Shape.NONE
    if re.search(r"[.!?…;\"“”<>{}=/\\]", label) or not any(char.isalpha() for char in label):
        return Shape.NONE
    return Shape.LOOSE


def accept(
    labels: Sequence[str], *, n_blocks: int, text: str, roster: Iterable[str] = (), timed: bool = False
) -> frozenset[str]:
    """The labels of a source that are speaker labels.

    Args:
        labels: every candidate in source order, tidy, with repeats.
        n_blocks: paragraphs or cues there are, labelled or not.
        text: the source, where a word that is also printed small is less likely a name.
        roster: names that the header lists.
        timed: the candidates come with a printed time, which prose hardly ever has.
    """
    counts = Counter(labels)
    shapes = {label: shape(label) for label in counts}
    covered = sum(n for label, n in counts.items() if shapes[label]) / max(1, n_blocks)
    listed = {word for name in roster for word in fold(name).split()}
    small = _SmallWords(text)
    accepted = {
        label for label, n in counts.items() if _accepted(label, shapes[label], n, covered, small, listed, timed)
    }
    return frozenset(accepted | _company(counts, shapes, accepted, small, covered))


def _accepted(
    label: str, form: Shape, n: int, covered: float, small: _SmallWords, listed: set[str], timed: bool
) -> bool:
    if label.isdigit() and not timed:
        return False
    if form >= Shape.NAME:
        # "Q" and "A" alone are also a letter in a list; "Budget Review:" may head a paragraph about a budget.
        return n > 1 or covered > 0.5 or (len(label) > 1 and not (form is Shape.NAME and small.all_of(label)))
    if form is Shape.NONE:
        return False
    if set(fold(label).split()) <= listed:
        return True
    if form is Shape.WORD:
        return n >= 4 or ((n >= 2 or timed) and not small.all_of(label))
    return covered > 0.9 or (n > 2 and covered > 0.6) or (timed and n > 1)


def _company(
    counts: Counter[str], shapes: Mapping[str, Shape], accepted: set[str], small: _SmallWords, covered: float
) -> set[str]:
    """Single words seen once, where the file labels its speakers by single words ("Gilon:" after "Sarah:")."""
    by_word = sum(counts[label] for label in accepted if shapes[label] is Shape.WORD)
    if by_word * 2 <= sum(counts[label] for label in accepted) and accepted:
        return set()
    alike = {
        label
        for label in counts
        if shapes[label] is Shape.WORD and label not in accepted and len(label) > 2 and label.casefold() not in small
    }
    if not accepted:
        return alike if len(alike) > 1 and covered > 0.8 else set()
    return alike


class _SmallWords:
    """Which words are also printed in small letters; each is looked for when it is asked for, once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[str, bool] = {}

    def __contains__(self, word: str) -> bool:
        if word not in self._found:
            self._found[word] = _stands(word, self._text)
        return self._found[word]

    def all_of(self, label: str) -> bool:
        """Whether every word of a label is printed in small letters too."""
        return all(word in self for word in label.casefold().split())


def _stands(word: str, text: str) -> bool:
    """Whether a word stands in the text by itself, with no letter at either end of it."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not text[at - 1 : at].isalpha() and not text[end : end + 1].isalpha():
            return word.isalpha()
        at = text.find(word, end)
    return False
