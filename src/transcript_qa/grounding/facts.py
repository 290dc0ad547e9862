"""What can be checked in a statement without understanding it: numbers, dates, names, and whether it denies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from transcript_qa.grounding.alignment import is_negation
from transcript_qa.grounding.numerals import is_number
from transcript_qa.grounding.wordforms import folded_words, word_key
from transcript_qa.text import STOP_WORDS, sentences, stem

_MONTHS = {
    name: n
    for n, names in enumerate(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct"
        "|november nov|december dec".split("|"),
        start=1,
    )
    for name in names.split()
}
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
# "One of them", "the two sides": no figures that anybody gives.
_VAGUE = frozenset({"one", "two", "first", "second"})
_CAPITAL = re.compile(r"\b[^\W\d_a-z][\w'’]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of a text, each in comparable form.

    Attributes:
        numbers: by value, those of dates not among them.
        dates: "03-19" for a day of a month, "03" for a month alone.
        names: capitalised words that no beginning of a sentence explains, folded.
        terms: stems of the words that carry a topic, names and numbers among them.
        denies: whether it holds a word that denies.
        printed: each number as it is written.
    """

    numbers: frozenset[str]
    dates: frozenset[str]
    names: frozenset[str]
    terms: frozenset[str]
    denies: bool
    printed: Mapping[str, str] = field(default_factory=dict, compare=False)


def facts_of(text: str) -> Facts:
    """The facts of a text.

    >>> facts = facts_of("On March 19 the bank did not approve Ketrin Halvey's 240 million crowns.")
    >>> sorted(facts.numbers), sorted(facts.dates), sorted(facts.names), facts.denies
    (['240000000'], ['03-19'], ['halvey', 'ketrin'], True)
    """
    said = folded_words(text)
    keys = said.keys
    dates, dated = _dates(text, keys)
    iso = [match.span() for match in _ISO.finditer(text)]
    numbers = {
        key.removesuffix("th"): text[start:end]
        for n, (key, start, end) in enumerate(zip(keys, said.starts, said.ends, strict=True))
        if is_number(key)
        and n not in dated
        and text[start:end].casefold() not in _VAGUE
        and not any(first <= start < last for first, last in iso)
    }
    return Facts(
        numbers=frozenset(numbers),
        printed=numbers,
        dates=frozenset(dates),
        names=frozenset(_names(text)),
        terms=frozenset(
            stem(key) for key in keys if key not in STOP_WORDS and key[:1] != "'" and key not in ("%", "dollar")
        ),
        denies=any(map(is_negation, keys)),
    )


def _dates(text: str, keys: tuple[str, ...]) -> tuple[set[str], set[int]]:
    """Dates, and which of the words are numbers of these."""
    found = {f"{month}-{day}" for _, month, day in _ISO.findall(text)}
    used = set()
    for n, key in enumerate(keys):
        month = _MONTHS.get(key)
        if month is None or (key in ("may", "march") and not re.search(rf"\b{key.title()}\b", text)):
            continue
        beside = [place for place in (n - 1, n + 1, n - 2) if 0 <= place < len(keys) and _is_day(keys[place])]
        if beside and (beside[0] != n - 2 or keys[n - 1] == "of"):
            used.add(beside[0])
            found.add(f"{month:02}-{int(keys[beside[0]].removesuffix('th')):02}")
        else:
            found.add(f"{month:02}")
    return found, used


def _is_day(key: str) -> bool:
    return key.removesuffix("th").isdecimal() and 1 <= int(key.removesuffix("th")) <= 31


def _names(text: str) -> set[str]:
    found = set()
    for sentence in sentences(text):
        first = True
        for match in _CAPITAL.finditer(text, sentence.start, sentence.end):
            key = word_key(re.sub(r"['’]s$", "", match.group()))
            opens = first and not re.search(r"\w", text[sentence.start : match.start()])
            first = False
            if not opens and key not in STOP_WORDS and key not in _MONTHS:
                found.add(key)
    return found
