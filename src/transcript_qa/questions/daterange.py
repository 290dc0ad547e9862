"""Dates in a question, as ranges of days: "in March 2024", "on 19 March", "before 2023".

A date without a year is of the one year in which a transcript has it, or none at all.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = tuple("january february march april may june july august september october november december".split())
_NUMBER = {name[:length]: at for at, name in enumerate(_MONTHS, start=1) for length in (3, 4, len(name))}
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:1[6-9]|20)\d\d)\b"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\b(?P<year>(?:1[6-9]|20)\d\d)-(?P<month>\d\d)(?:-(?P<day>\d\d))?\b",
        rf"\b{_DAY}(?:\s+of)?\s+{_MONTH}(?:,?\s+(?:of\s+)?{_YEAR})?",
        rf"\b{_MONTH}\s+{_DAY}\b(?!\d)(?:,?\s+{_YEAR})?",
        rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}",
        rf"\b(?P<month>{'|'.join(_MONTHS)})\b",
        rf"(?<![\d.,:])\b{_YEAR}(?![.,:]\d)",
    )
)
_RELATION = re.compile(
    r"(?:\b(?P<relation>in|on|during|of|from|at|before|prior to|until|till|up to|by|after|since|following)\s+)"
    r"(?:the\s+)?(?:year\s+)?$",
    re.IGNORECASE,
)
_FIRST, _LAST = date(1, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateWords:
    """A date that a question names, with the word in front that says how.

    Attributes:
        first, last: days, both inclusive; `date(1, 1, 1)` and `date(9999, 12, 31)` where it is open.
        start, end: characters of the question, the word in front included.
        relation: that word ("in", "before"), or empty.
        coarse: whether only a year or a month without a year is named.
    """

    first: date
    last: date
    start: int
    end: int
    relation: str
    coarse: bool


def dates_in(question: str, known: Collection[date]) -> list[DateWords]:
    """The dates that a question names, in order.

    Args:
        question: in words.
        known: the dates of the transcripts, which give a date its year where it has none.

    >>> [(str(d.first), str(d.last)) for d in dates_in("what was said in March 2024", [])]
    [('2024-03-01', '2024-03-31')]
    """
    found: list[DateWords] = []
    taken = [False] * (len(question) + 1)
    for form in _FORMS:
        for match in form.finditer(question):
            if not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = [True] * (match.end() - match.start())
                found.extend(_read(question, match, known))
    return sorted(found, key=lambda each: each.start)


def _read(question: str, match: re.Match[str], known: Collection[date]) -> Iterator[DateWords]:
    facts = match.groupdict()
    month = _month(facts.get("month"))
    day = int(facts["day"]) if facts.get("day") else None
    before = _RELATION.search(question, 0, match.start())
    relation = before["relation"].casefold() if before else ""
    if facts.get("month") in ("may", "march") and not (day or facts.get("year")):
        return  # verbs too, where they have no capital
    year = int(facts["year"]) if facts.get("year") else _only_year(month, day, known)
    days = _days(year, month, day) if year is not None else None
    if days is None:
        return
    first, last = _related(relation, *days)
    start = before.start("relation") if before else match.start()
    coarse = not facts.get("year") or (month is None)
    yield DateWords(first=first, last=last, start=start, end=match.end(), relation=relation, coarse=coarse)


def _month(named: str | None) -> int | None:
    if named is None:
        return None
    return int(named) if named.isdigit() else _NUMBER[named.casefold().rstrip(".")]


def _only_year(month: int | None, day: int | None, known: Collection[date]) -> int | None:
    years = {each.year for each in known if each.month == month and (day is None or each.day == day)}
    return years.pop() if len(years) == 1 else None


def _days(year: int, month: int | None, day: int | None) -> tuple[date, date] | None:
    try:
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is None:
            return date(year, month, 1), date(year, month, monthrange(year, month)[1])
        return date(year, month, day), date(year, month, day)
    except ValueError:  # the 31st of June
        return None


def _related(relation: str, first: date, last: date) -> tuple[date, date]:
    if relation in ("before", "prior to"):
        return _FIRST, first - timedelta(days=1)
    if relation in ("until", "till", "up to"):
        return _FIRST, last
    if relation in ("after", "following"):
        return last + timedelta(days=1), _LAST
    if relation == "since":
        return first, _LAST
    return first, last
