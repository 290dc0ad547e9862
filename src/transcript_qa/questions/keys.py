"""The amount or the time inside a sentence that answers "how much" or "when".

It is given only where the sentence holds one thing of that kind; of several nobody can tell by rule which is meant.
"""

from __future__ import annotations

import re

from transcript_qa.datatypes import Span
from transcript_qa.questions.wanted import Wanted, wanted
from transcript_qa.text import terms

_ONES = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen"
)
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_BIG = "hundred|thousand|million|billion|dozen"
_WORD = rf"(?:(?:{_TENS})(?:[- ](?:{_ONES}))?|{_ONES}|{_BIG})"
_SPELLED = (
    rf"\b(?:(?:a|half a|a half)\s+(?:{_BIG})|{_WORD})(?:(?:\s+and\s+|\s+|-)(?:{_WORD}))*"
    r"(?:\s+and\s+a\s+(?:half|quarter))?\b"
)
_DIGITS = rf"[$€£]?\d+(?:[.,]\d+)*(?:\s?(?:{_BIG}|m|bn|k)\b)?"
_NUMBER = rf"(?:{_DIGITS}|{_SPELLED})"
_UNIT = (
    r"(?:\s?%|[\s-]+(?:percent|per cent|crowns?|pounds?|euros?|dollars?|quid|pence|cents?|feet|foot|inch(?:es)?"
    r"|(?:square |cubic )?(?:kilo|centi|milli)?(?:metres?|meters?)|miles?|tonnes?|tons?|kilos?|kilograms?|grams?"
    r"|litres?|liters?|gallons?|knots?|degrees?|(?:mega|kilo|giga)?watts?|gigabytes?|meg(?:abytes)?|volts?|acres?"
    r"|hectares?|pages?|lanes?)\b)"
)
_DURATION_UNIT = (
    r"[\s-]+(?:seconds?|minutes?|hours?|days?|nights?|weeks?|fortnights?|months?|years?|decades?|centur(?:y|ies))\b"
)
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_ORDINAL = (
    r"(?:\d{1,2}(?:st|nd|rd|th)?|(?:twenty-|thirty-)?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth"
    r"|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
_YEAR = r"(?:1[5-9]|20)\d\d"
_POINT = re.compile(
    rf"\b(?:{_WEEKDAY},?\s+)?(?:the\s+)?(?:{_ORDINAL}\s+(?:of\s+)?(?:{_MONTH})|(?:{_MONTH})\s+(?:the\s+)?{_ORDINAL}\b)(?:,?\s+(?:of\s+)?{_YEAR})?"
    rf"|\b(?:{_MONTH})\s+(?:of\s+)?{_YEAR}\b|\b{_WEEKDAY}\s+the\s+{_ORDINAL}\b|\b\d{{1,2}}[:.]\d\d(?:\s?[ap]\.?m\.?)?(?!\d)"
    rf"|\b(?:{_MONTH})\b|\b{_WEEKDAY}s?\b|(?<![\d.,]){_YEAR}\b(?![.,]?\d)"
)
_DURATION = re.compile(rf"{_NUMBER}{_DURATION_UNIT}", re.IGNORECASE)
_MEASURED = re.compile(rf"{_NUMBER}{_UNIT}|[$€£]\d+(?:[.,]\d+)*(?:\s?(?:{_BIG}|m|bn|k)\b)?", re.IGNORECASE)
_PLAIN = re.compile(_NUMBER, re.IGNORECASE)
_PERCENT = re.compile(rf"{_NUMBER}(?:\s?%|[\s-]+(?:percent|per cent)\b)", re.IGNORECASE)
_RATE = re.compile(r"\b(?:rate|percentage|percent|per cent|share)\b", re.IGNORECASE)
_HOW_MANY = re.compile(r"\bhow many\s+(?P<noun>\w+)", re.IGNORECASE)
_HOW_LONG = re.compile(r"\b(?:how long|how many (?:second|minute|hour|day|week|month|year)s?)\b", re.IGNORECASE)
_LENGTH = re.compile(r"\bhow long (?:is|was|will|are|were)\b", re.IGNORECASE)


def key_of(question: str, sentence: str) -> Span | None:
    """The characters of `sentence` that are the amount or the time asked for; None where there is not just one.

    >>> sentence = "The bank has approved a loan of 240 million crowns for Ostrany."
    >>> key_of("how much was the loan", sentence).of(sentence)
    '240 million crowns'
    >>> key_of("who approved it", sentence) is None
    True
    """
    kind = wanted(question)
    if kind not in (Wanted.AMOUNT, Wanted.TIME) or not _is_about(question, sentence):
        return None
    found: list[Span] = []
    if _HOW_LONG.search(question):
        found = _all(_DURATION, sentence)
        if not found and _LENGTH.search(question):
            found = _all(_MEASURED, sentence)
    elif kind is Wanted.TIME:
        found = _all(_POINT, sentence)
    elif (counted := _HOW_MANY.search(question)) is not None:
        found = _counted(counted["noun"], sentence)
    elif _RATE.search(question):
        found = _all(_PERCENT, sentence)
    else:
        found = _all(_MEASURED, sentence) or _all(_PLAIN, sentence)
    return found[0] if len(found) == 1 else None


def _is_about(question: str, sentence: str) -> bool:
    """Whether half of the question's words stand in the sentence."""
    asked = set(terms(question)) - set(terms("cost price much many long"))
    return 2 * len(asked & set(terms(sentence))) >= len(asked)


def _all(pattern: re.Pattern[str], sentence: str) -> list[Span]:
    return [Span(start=match.start(), end=match.end()) for match in pattern.finditer(sentence)]


def _counted(noun: str, sentence: str) -> list[Span]:
    """The numbers in front of the noun that is counted, the noun included; else all numbers."""
    wanted_terms = set(terms(noun))
    found = []
    for number in _all(_PLAIN, sentence):
        after = re.compile(r"(?:\s+[\w’'-]+){1,3}").match(sentence, number.end)
        if after is None:
            continue
        for word in re.finditer(r"[\w’'-]+", after[0]):
            if set(terms(word[0])) & wanted_terms:
                found.append(Span(start=number.start, end=after.start() + word.end()))
                break
    return found or _all(_PLAIN, sentence)
