"""What a question asks for: the kind of thing, read off its first words.

A reader prefers sentences that hold a thing of that kind: an amount for "how much", a time for "when".
"""

from __future__ import annotations

import re
from enum import StrEnum


class Wanted(StrEnum):
    """The kind of thing that answers a question."""

    PERSON = "person"
    TIME = "time"
    AMOUNT = "amount"
    PLACE = "place"
    REASON = "reason"
    YES_NO = "yes or no"
    ANYTHING = "anything"


_ASKS: tuple[tuple[Wanted, re.Pattern[str]], ...] = tuple(
    (wanted, re.compile(pattern, re.IGNORECASE))
    for wanted, pattern in (
        (
            Wanted.TIME,
            r"\b(when|what (time|date|day|month|year)|which (date|day|month|year)|how long|how soon|until)\b",
        ),
        (
            Wanted.AMOUNT,
            # "How" before a verb asks for a way, before any other word for a measure ("how hot", "how many").
            r"\b(how (?!(?:come|do|does|did|is|are|was|were|am|can|could|shall|should|will|would|may|might|must|have"
            r"|has|had|to|about|on|the|a|and)\b)\w+"
            r"|what\b.*\b(?:costs?|charged?|charges|paid|pays?|spend|spent|worth)\b"
            r"|what(?:'s| is| was| were| are|) (?:the |his |her |their |its )?(?:\w+ ){0,2}"
            r"(price|cost|costs|rate|amount|number|percentage|share|sum|total|figure|speed|distance|size|depth|weight"
            r"|height|length|temperature|score|budget|fee|fine|salary)|what percent)",
        ),
        (Wanted.PERSON, r"\b(who|whom|whose|which (person|man|woman|speaker|councillor|member))\b"),
        (Wanted.PLACE, r"\b(where|which (town|city|country|place|port|room|street))\b"),
        (Wanted.REASON, r"\b(why|what (is|was|were|are) the reasons?|how come|what for)\b"),
        (
            Wanted.YES_NO,
            r"^(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)\b",
        ),
    )
)

NUMBER_WORD = (
    r"(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million"
    r"|billion|half|quarter|third|dozen|double|twice)"
)
MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_HOLDS: dict[Wanted, re.Pattern[str]] = {
    Wanted.AMOUNT: re.compile(rf"\d|(?i:\b{NUMBER_WORD}\b)|[$€£%]"),
    Wanted.TIME: re.compile(
        rf"\b{MONTH}\b|\b{DAY}s?\b|\b(1[5-9]|20)\d\d\b|\b\d{{1,2}}[:.]\d\d\b"
        r"|(?i:\b(today|tomorrow|yesterday|tonight|morning|afternoon|evening|noon|midnight|o'clock|last|next|ago|since"
        rf"|during|spring|summer|autumn|winter|easter|christmas)\b)|(?i:\b(\d+|{NUMBER_WORD})[ -]"
        r"(second|minute|hour|day|week|month|year|decade)s?\b)"
    ),
    Wanted.PERSON: re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]+\b|(?i:\b(I|we|my|our|he|she|they)\b)"),
    Wanted.PLACE: re.compile(
        r"(?i:\b(in|at|from|to|near|on|behind|under|between|across|outside|inside)\b)\s+(the )?\w+"
    ),
    Wanted.REASON: re.compile(
        r"(?i:\b(because|since|so that|due to|in order|reason|therefore|that's why|which is why|otherwise|as a result"
        r"|owing|thanks to|to avoid|so)\b)"
    ),
}


def wanted(question: str) -> Wanted:
    """The kind of thing that answers `question`.

    >>> wanted("How much was the loan?"), wanted("what loan was mentioned")
    (<Wanted.AMOUNT: 'amount'>, <Wanted.ANYTHING: 'anything'>)
    """
    return next((kind for kind, asks in _ASKS if asks.search(question.strip())), Wanted.ANYTHING)


def holds(kind: Wanted, sentence: str) -> bool | None:
    """Whether `sentence` holds a thing of this kind; None where that cannot be told from its words."""
    pattern = _HOLDS.get(kind)
    return None if pattern is None else pattern.search(sentence) is not None
