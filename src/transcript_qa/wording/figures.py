"""Numbers, times of day and dates in a text as values, so that "240 million" and "240,000,000" are one.

What is read is English: figures and number words ("a hundred and forty-three", "eleven point four"), times ("19:36",
"ten past seven"), dates ("19 March 2024", "June 1", "2024-03-19"). Where a text can be read in several ways, all of
them are given: these values are there to tell whether a number can stand in a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from transcript_qa.text import normalise, stem

_UNITS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
} | {"oh": 0, "dozen": 12}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth".split(),
        start=1,
    )
} | {"twentieth": 20, "thirtieth": 30}
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES = {
    "hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9,
}  # fmt: skip
# Stems of what numbers are numbers of.
UNITS = frozenset(
    stem(word)
    for word in "dollar euro pound crown franc yen krone krona rupee tonne ton kilo gram metre meter kilometre "
    "mile foot feet inch litre gallon acre hectare degree volt watt knot second minute hour day night "
    "week fortnight month year decade century penny pence cent".split()
)
_PERCENT = frozenset(("%", "percent", "per cent", "percentage"))
MONTHS = "january february march april may june july august september october november december".split()
_SHORT_MONTHS = {month[:3]: number for number, month in enumerate(MONTHS, start=1)} | {"sept": 9}
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
# "One" is a pronoun more often than a number, "first" and "second" order things and measure time.
_WEAK = frozenset(("one", "first", "second", "oh"))

_TOKEN = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[a-z]+(?:'[a-z]+)?|%|:|-|/|\.")
_CLOCK = re.compile(r"\b([01]?\d|2[0-3])[:.]([0-5]\d)(?:[:.][0-5]\d)?\s*([ap])?\.?m?\b(?!\d)(?!\s*(?:%|per))")
_HOUR = re.compile(r"\b(1[0-2]|[1-9])\s*([ap])\.?m\b")
_MONTH = "|".join([*MONTHS, *_SHORT_MONTHS])
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_DATES = (
    (re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b"), "ymd"),
    (re.compile(rf"\b{_DAY}(?: of)? ({_MONTH})\b\.?(?:,? (\d{{4}}))?"), "dmy"),
    (re.compile(rf"\b({_MONTH})\.? (?:the )?{_DAY}\b(?!:)(?:,? (\d{{4}}))?"), "mdy"),
    (re.compile(rf"\b({_MONTH})\.?,? (\d{{4}})\b"), "my"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as a value.

    Attributes:
        value: with its scale; of a time of day the minutes since 0:00 or 12:00.
        kind: `number`, `percent` or `time`.
        shown: as written.
        weak: a word that is a number only now and then ("one").
        unit: stem of the unit behind it, with a stroke before it where it is a rate ("40 a week"); empty for none.
    """

    value: float
    kind: str
    shown: str
    weak: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as it is told; None for what is not."""

    year: int | None
    month: int | None
    day: int | None
    shown: str

    def held_by(self, other: Day) -> bool:
        """Whether `other` says as much: every part that this one tells is told there, and alike."""
        parts = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(mine is None or mine == theirs for mine, theirs in parts)


@lru_cache(maxsize=4096)
def figures(text: str) -> tuple[Figure, ...]:
    """Every number and time of day of `text`, dates left out; readings that overlap are all given.

    >>> [(f.value, f.kind) for f in figures("3.1 percent of 240 million at ten past seven")]
    [(430.0, 'time'), (3.1, 'percent'), (240000000.0, 'number')]
    """
    folded = _days_in_figures(spelt(text))
    for pattern, _ in _DATES:
        folded = pattern.sub(" ", folded)
    found = []
    for pattern in (_CLOCK, _HOUR):
        for match in pattern.finditer(folded):
            minute = int(match[2]) if pattern is _CLOCK else 0
            found.append(Figure(float(int(match[1]) % 12 * 60 + minute), "time", match[0].strip()))
    spoken, folded = _spoken_times(folded)
    rest = _HOUR.sub(" ", _CLOCK.sub(lambda m: " " if ":" in m[0] or m[3] else m[0], folded))
    return (*found, *spoken, *_numbers(rest))


@lru_cache(maxsize=4096)
def days(text: str) -> tuple[Day, ...]:
    """Every date of `text`, as far as it is told.

    >>> [(d.year, d.month, d.day) for d in days("on 19 March 2024, then June the first")]
    [(2024, 3, 19), (None, 6, 1)]
    """
    folded = _days_in_figures(spelt(text))
    found = []
    for pattern, order in _DATES:
        for match in pattern.finditer(folded):
            told = dict(zip(order, match.groups(), strict=True))
            month = told["m"]
            number = (
                int(month) if month.isdigit() else MONTHS.index(month) + 1 if month in MONTHS else _SHORT_MONTHS[month]
            )
            day, year = told.get("d"), told.get("y")
            found.append(Day(int(year) if year else None, number, int(day) if day else None, match[0].strip()))
        folded = pattern.sub(lambda match: " " * len(match[0]), folded)
    for match in re.finditer(rf"\b({'|'.join(MONTHS)})\b", folded):
        # "May" is a month only where it is written like one.
        if match[1] not in ("may", "march") or re.search(
            rf"\b(?:in|of|by|until|since|late|early|last|next) {match[1].title()}\b", text
        ):
            found.append(Day(None, MONTHS.index(match[1]) + 1, None, match[1].title()))
    return tuple(found)


def as_day(when: date) -> Day:
    """A date as `days` gives it."""
    return Day(when.year, when.month, when.day, when.isoformat())


def spelt(text: str) -> str:
    """`text` as it is read here: folded, hyphens between number words as blanks.

    >>> spelt("Forty-Two of 3.1%")
    'forty two of 3.1%'
    """
    return re.sub(r"(?<=[a-z])-(?=[a-z])", " ", normalise(text).text)


def _days_in_figures(folded: str) -> str:
    """Days of the month that are written as words beside a month, as figures."""
    day = rf"((?:(?:twenty|thirty) )?(?:{'|'.join(_ORDINALS)}))"

    def figure(words: str) -> str:
        return str(sum(_TENS.get(word, _ORDINALS.get(word, 0)) for word in words.split()))

    folded = re.sub(rf"\b{day}(?= (?:of )?(?:{_MONTH})\b)", lambda m: figure(m[1]), folded)
    return re.sub(rf"\b({_MONTH}) (?:the )?{day}\b", lambda m: f"{m[1]} {figure(m[2])}", folded)


_HOURS = "|".join(list(_UNITS)[1:13])
_MINUTES = rf"(quarter|half|(?:twenty )?(?:{'|'.join(list(_UNITS)[1:20])})|twenty|\d{{1,2}})"
_PAST = re.compile(rf"\b(?:a )?{_MINUTES}(?: minutes)? (past|to) ({_HOURS}|\d{{1,2}})\b")
_OCLOCK = re.compile(rf"\b({_HOURS}|\d{{1,2}}) o'clock\b")


def _spoken_times(folded: str) -> tuple[list[Figure], str]:
    """Times as people say them, and the text without those that can be nothing else."""
    found = []
    for match in _PAST.finditer(folded):
        minutes = {"quarter": 15, "half": 30}.get(match[1]) or sum(_small(word) for word in match[1].split())
        hour = _small(match[3])
        found.append(
            Figure(
                float((60 * hour + (minutes if match[2] == "past" else -minutes)) % 720),
                "time",
                match[0],
                weak=match[2] == "to",
            )
        )
    for match in _OCLOCK.finditer(folded):
        found.append(Figure(float(_small(match[1]) % 12 * 60), "time", match[0]))
    # "ten to twelve people" is a range as well
    keep = re.sub(_PAST, lambda match: match[0] if match[2] == "to" else " ", folded)
    return found, _OCLOCK.sub(" ", keep)


def _small(word: str) -> int:
    return int(word) if word.isdigit() else _UNITS.get(word, _TENS.get(word, 0))


def _numbers(folded: str) -> Iterator[Figure]:
    tokens = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(folded)]
    at = 0
    digits: list[int] = []
    while at < len(tokens):
        read = _number_at(tokens, at)
        if read is None:
            if tokens[at][0] not in ("-", ".") or len(digits) < 2:
                digits = []
            at += 1
            continue
        value, end = read
        shown = folded[tokens[at][1] : tokens[end - 1][2]]
        kind, end = ("percent", end + 1) if _is_percent(tokens, end, folded) else ("number", end)
        yield Figure(value, kind, shown, weak=shown in _WEAK or _is_both(tokens, at), unit=_unit(tokens, end))
        digits = [*digits, int(value)] if 0 <= value <= 9 else []
        if len(digits) > 1:
            yield Figure(float("".join(map(str, digits))), "number", shown, weak=True)
        if 13 <= value <= 20 and shown.isalpha():
            yield from _year_words(tokens, int(value), end)
        at = end


def _year_words(tokens: list[tuple[str, int, int]], century: int, at: int) -> Iterator[Figure]:
    """A year that is said as two numbers, as "nineteen thirty-seven"."""
    read = _number_at(tokens, at)
    if read is not None and 10 <= read[0] <= 99:
        yield Figure(century * 100 + read[0], "number", "", weak=True)


def _unit(tokens: list[tuple[str, int, int]], at: int) -> str:
    behind = [stem(token) for token, _, _ in tokens[at : at + 2]]
    if behind and behind[0] in UNITS:
        return behind[0]
    return (
        f"/{behind[1]}"
        if len(behind) == 2 and behind[0] in ("a", "per", "each", "everi") and behind[1] in UNITS
        else ""
    )


def _is_both(tokens: list[tuple[str, int, int]], at: int) -> bool:
    """Whether "two" says no more than "both", as in "the two countries"."""
    return tokens[at][0] == "two" and at > 0 and tokens[at - 1][0] in ("the", "these", "those", "our", "their", "its")


def _is_percent(tokens: list[tuple[str, int, int]], at: int, folded: str) -> bool:
    if at >= len(tokens):
        return False
    return tokens[at][0] in _PERCENT or folded.startswith("per cent", tokens[at][1])


def _number_at(tokens: list[tuple[str, int, int]], at: int) -> tuple[float, int] | None:
    """The number that begins at a token, and the token after it."""
    word = tokens[at][0] if at < len(tokens) else ""
    if word[:1].isdigit():
        return _scaled(float(word.replace(",", "")), tokens, _after_ordinal(tokens, at + 1))
    if (
        word in ("a", "an")
        and at + 1 < len(tokens)
        and tokens[at + 1][0] in ("hundred", "thousand", "million", "billion", "dozen")
    ):
        return _in_words(tokens, at)
    if word in _UNITS or word in _TENS or word in _ORDINALS:
        return _in_words(tokens, at)
    return (0.5, at + 1) if word == "half" else None


def _after_ordinal(tokens: list[tuple[str, int, int]], at: int) -> int:
    joined = at < len(tokens) and tokens[at][1] == tokens[at - 1][2]
    return at + 1 if joined and tokens[at][0] in ("st", "nd", "rd", "th") else at


def _scaled(value: float, tokens: list[tuple[str, int, int]], at: int) -> tuple[float, int]:
    while at < len(tokens) and tokens[at][0] in _SCALES:
        if len(tokens[at][0]) < 3 and tokens[at][1] != tokens[at - 1][2] and tokens[at][0] != "bn":
            break  # "5 m" are metres
        value *= _SCALES[tokens[at][0]]
        at += 1
    return round(value, 6), at


def _in_words(tokens: list[tuple[str, int, int]], at: int) -> tuple[float, int]:
    """A number in words: at most one of each of tens and units before a scale, as people count."""
    total, group, last = 0.0, 0.0, 1e99
    while at < len(tokens):
        word = tokens[at][0]
        if word in ("a", "an") and group == 0 and total == 0 and last == 1e99:
            group = 1
        elif word == "dozen" and group:
            group, last = group * 12, 9
        elif word in _TENS and last > 99:
            group, last = group + _TENS[word], 99
        elif (word in _UNITS or word in _ORDINALS) and (
            last > 99 or (last == 99 and _UNITS.get(word, _ORDINALS.get(word, 0)) < 10)
        ):
            group, last = group + _UNITS.get(word, _ORDINALS.get(word, 0)), 9
        elif word == "hundred" and 0 < group < 100:
            group, last = group * 100, 100
        elif word in _SCALES and len(word) > 3 and group:
            total, group, last = total + group * _SCALES[word], 0.0, 1e99 if word != "hundred" else 100
        elif word == "and" and last in (100, 1e99) and (total or group >= 100) and _goes_on(tokens, at + 1):
            pass
        elif word == "point" and at + 1 < len(tokens) and tokens[at + 1][0] in _UNITS:
            return _decimals(total + group, tokens, at + 1)
        else:
            break
        at += 1
    return total + group, at


def _goes_on(tokens: list[tuple[str, int, int]], at: int) -> bool:
    return at < len(tokens) and (tokens[at][0] in _UNITS or tokens[at][0] in _TENS or tokens[at][0] in _ORDINALS)


def _decimals(whole: float, tokens: list[tuple[str, int, int]], at: int) -> tuple[float, int]:
    shown = ""
    while at < len(tokens) and _UNITS.get(tokens[at][0], 10) < 10:
        shown += str(_UNITS[tokens[at][0]])
        at += 1
    return _scaled(float(f"{whole:.0f}.{shown or '0'}"), tokens, at)
