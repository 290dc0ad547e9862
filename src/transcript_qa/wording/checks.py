"""A sentence of a model against the sentences it cites: what in it they do not bear out.

Looked at are markers, quotations, numbers, units, dates, names, negations, and to whom words are given. A sentence
that passes says nothing of these that its evidence does not hold; that it draws the right conclusion is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import chain

from transcript_qa.text import normalise, stem, terms, words
from transcript_qa.wording.attribution import People, misattributed
from transcript_qa.wording.evidence import Evidence
from transcript_qa.wording.figures import UNITS, WEEKDAYS, Day, Figure, as_day, days, figures, spelt
from transcript_qa.wording.names import capitalised
from transcript_qa.wording.polarity import contradiction
from transcript_qa.wording.replies import Segment, Sentence

# Of the content words of a claim, as many as must stand in what it cites.
_SHARE = 0.25
_SYMBOLS = {"$": "dollar", "€": "euro", "£": "pound"}
_RELATIVE = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
_REPORTS_A_QUESTION = frozenset(
    stem(word) for word in "ask asked question wonder wondered enquired inquired whether".split()
)
_LEAD_IN = frozenset(
    stem(word)
    for word in "here answer point reason summary speaker meeting transcript following follow main name several "
    "list topic people thing part both view position difference comparison overall short brief".split()
)


class Fault(StrEnum):
    """What is wrong with a sentence; the value is how a person is told."""

    NO_MARKER = "names no source"
    UNKNOWN_MARKER = "names a source that does not exist"
    OWN_SOURCE = "names a source of its own making"
    LINK = "holds a link or markup"
    QUOTATION = "quotes words that were not said"
    SPEAKER = "gives words to another than who said them"
    NUMBER = "a number that is not in what it cites"
    DATE = "a date that is not in what it cites"
    NAME = "a name that is not in what it cites"
    NEGATION = "says the opposite of what it cites"
    QUESTION = "takes a question for a statement"
    UNRELATED = "is about something else than what it cites"
    UNCLEAR = "leaves open who is meant"
    CUT_OFF = "breaks off"


# What is never shown, not even with a remark.
NEVER_SHOWN = frozenset(
    (Fault.LINK, Fault.QUOTATION, Fault.SPEAKER, Fault.OWN_SOURCE, Fault.UNKNOWN_MARKER, Fault.CUT_OFF)
)


@dataclass(frozen=True, slots=True)
class Defect:
    """One fault, and the words that show it."""

    fault: Fault
    words: str = ""

    def __str__(self) -> str:
        return f"{self.fault.value}: {self.words}" if self.words else self.fault.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Checks sentences against one set of evidence.

    Attributes:
        evidence: by id.
        question: what was asked; its words may be said again where the passage that is cited holds them too.
        people: the speakers of all transcripts in the evidence.
    """

    evidence: Mapping[int, Evidence]
    question: str
    people: People

    @classmethod
    def of(cls, evidence: Sequence[Evidence], question: str) -> Checker:
        """A checker for this evidence."""
        transcripts = {one.transcript.id: one.transcript for one in evidence}
        return cls(
            evidence={one.id: one for one in evidence}, question=question, people=People.of(transcripts.values())
        )

    def check(self, sentence: Sentence) -> tuple[Defect, ...]:
        """The faults of a sentence; none where it is borne out."""
        found = list(self._form(sentence))
        cited = [self.evidence[id_] for id_ in sentence.ids if id_ in self.evidence]
        if cited:
            found += self._quotations(sentence, cited)
            found += self._names(sentence, cited)
            for segment in sentence.segments:
                found += self._segment(segment, quotes="\x04" in sentence.template)
        return tuple(dict.fromkeys(found))

    def is_lead_in(self, sentence: Sentence) -> bool:
        """Whether a sentence only opens a list or says again what was asked, and claims nothing."""
        if sentence.ids or not sentence.text.endswith(":") or any(not f.weak for f in figures(sentence.text)):
            return False
        return set(terms(sentence.text)) <= _LEAD_IN | set(terms(self.question))

    def _form(self, sentence: Sentence) -> Iterator[Defect]:
        for link in sentence.links:
            yield Defect(Fault.LINK, link)
        for source in sentence.own_sources:
            yield Defect(Fault.OWN_SOURCE, source)
        if not sentence.complete:
            yield Defect(Fault.CUT_OFF)
        unknown = [id_ for id_ in sentence.ids if id_ not in self.evidence]
        if unknown:
            yield Defect(Fault.UNKNOWN_MARKER, ", ".join(f"[{id_}]" for id_ in unknown))
        if not sentence.ids:
            yield Defect(Fault.NO_MARKER)
            for quote in sentence.quoted:
                yield Defect(Fault.QUOTATION, quote)

    def _quotations(self, sentence: Sentence, cited: Sequence[Evidence]) -> Iterator[Defect]:
        """What the model put into quotation marks must have been said, word for word, in a sentence that it cites."""
        held = [f" {_bare(each)} " for one in cited for each in (one.text, one.transcript.title)]
        for quote in sentence.quoted:
            if not any(f" {_bare(quote)} " in text for text in held):
                yield Defect(Fault.QUOTATION, quote)

    def _names(self, sentence: Sentence, cited: Sequence[Evidence]) -> Iterator[Defect]:
        known = set(chain.from_iterable(_name_words(one) for one in cited))
        asked = set(terms(self.question, stop=False))
        around = {term for one in cited for term in terms(one.around, stop=False)}
        known |= {term for term in asked & around if term not in self.people.words}
        frame = {term for one in cited for term in _words_of(one.transcript.title, one.transcript.place)}
        for name in capitalised(sentence.text):
            unknown = [(shown, term) for shown, term in name if not _among(term, known)]
            # A name may be taken from the title or the place as a whole; half of it makes another name.
            if len(unknown) < len(name) or not all(_among(term, frame) for _, term in unknown):
                for shown, term in unknown:
                    yield Defect(Fault.SPEAKER if term in self.people.words else Fault.NAME, shown)

    def _segment(self, segment: Segment, *, quotes: bool) -> Iterator[Defect]:
        cited = [self.evidence[id_] for id_ in segment.ids if id_ in self.evidence]
        if not cited or not segment.text:
            return
        wrong = misattributed(segment.text, cited, self.people)
        if wrong is not None:
            yield Defect(Fault.SPEAKER, wrong)
        yield from self._figures(segment.text, cited)
        yield from _dates(segment.text, cited)
        said = [one.text for one in cited]
        opposite = contradiction(segment.text, [*said, *(one.asked for one in cited if one.asked)])
        if opposite is not None:
            yield Defect(Fault.NEGATION, opposite)
        mine = terms(segment.text, stop=False)
        if all(_asks(text) for text in said) and not _REPORTS_A_QUESTION & set(mine):
            yield Defect(Fault.QUESTION, said[0])
        if not quotes and not self._related(segment.text, cited):
            yield Defect(Fault.UNRELATED)

    def _figures(self, text: str, cited: Sequence[Evidence]) -> Iterator[Defect]:
        held = [figure for one in cited for figure in _held_figures(one)]
        around = [figure for one in cited for figure in figures(one.around)]
        held += [figure for figure in figures(self.question) if _holds(around, figure)]
        units = {term for one in cited for term in (*terms(one.text, stop=False), *terms(one.asked, stop=False))}
        units |= {_SYMBOLS[char] for one in cited for char in one.text if char in _SYMBOLS}
        for figure in figures(text):
            if not figure.weak and not _holds(held, figure):
                yield Defect(Fault.NUMBER, figure.shown)
        for shown, unit in _measures(text):
            if unit not in units:
                yield Defect(Fault.NUMBER, shown)

    def _related(self, text: str, cited: Sequence[Evidence]) -> bool:
        mine = {term for term in terms(text) if term not in self.people.words and not term[0].isdigit()}
        if len(mine) < 2:
            return True
        theirs = {term for one in cited for term in (*terms(one.text), *terms(one.asked))}
        shared = sum(term in theirs or any(_kin(term, other) for other in theirs) for term in mine)
        return shared >= max(1.0, _SHARE * len(mine))


def _asks(text: str) -> bool:
    """Whether a sentence is a question; "…, is that right?" behind a statement makes none of it."""
    _, comma, tag = text.rpartition(",")
    return text.endswith("?") and not (comma and len(terms(tag)) < 2)


def _bare(text: str) -> str:
    """Folded words with one blank between them; what ends a quotation is no part of it."""
    return " ".join(normalise(span.of(text)).text for span in words(text))


def _name_words(one: Evidence) -> Iterator[str]:
    speaker = one.turn.speaker
    yield from _words_of(one.text, one.asked, speaker.label, speaker.name, speaker.role, *speaker.aliases)


def _words_of(*parts: str | None) -> Iterator[str]:
    for part in parts:
        for term in terms(part or "", stop=False):
            yield term
            yield from re.split(r"['-]", term)


def _among(term: str, known: Iterable[str]) -> bool:
    return term in known or any(_kin(term, other) for other in known)


def _kin(term: str, other: str) -> bool:
    """Words of one root, as "Veldania" and "Veldanian", "financ" and "finance"; never two numbers."""
    if term[0].isdigit() or other[0].isdigit():
        return False
    short, long = sorted((term, other), key=len)
    return len(short) >= 5 and len(long) - len(short) <= 3 and long.startswith(short[: max(5, len(short) - 1)])


def _held_figures(one: Evidence) -> list[Figure]:
    found = [*figures(one.text), *figures(one.asked), *figures(one.transcript.title)]
    when = one.transcript.date
    return [*found, Figure(float(when.year), "number", str(when.year))] if when else found


def _holds(held: Sequence[Figure], figure: Figure) -> bool:
    percent = any(other.kind == "percent" for other in held)
    for other in held:
        alike = abs(other.value - figure.value) <= 1e-6 * max(1.0, abs(figure.value))
        if _differ(other.unit, figure.unit):
            continue
        if alike and (other.kind == figure.kind or (figure.kind == "percent" and percent)):
            return True
        # "At seven" is a time, and so is "7 pm"; "19:00" is "seven" to whoever says it.
        if {other.kind, figure.kind} == {"number", "time"}:
            time, number = (figure, other) if figure.kind == "time" else (other, figure)
            if 1 <= number.value <= 24 and time.value == number.value % 12 * 60:
                return True
    return False


def _differ(unit: str, other: str) -> bool:
    """Whether two units cannot be those of one number: "weeks" and "days", "weeks" and "a week"."""
    if not unit or not other or unit == other:
        return False
    return unit[0] != "/" != other[0] or unit[0] == "/" == other[0] or unit.lstrip("/") == other.lstrip("/")


def _measures(text: str) -> Iterator[tuple[str, str]]:
    """Numbers with a unit behind them, and the unit's stem."""
    for symbol, name in _SYMBOLS.items():
        if symbol in text:
            yield symbol, name
    folded = spelt(text)
    for match in re.finditer(
        r"(?:\d|hundred|thousand|[mb]illion|\b(?:two|three|four|five|six|seven|eight|nine|ten|\w+teen|\w+ty)) (\w+)\b",
        folded,
    ):
        if stem(match[1]) in UNITS:
            yield match[0], stem(match[1])
    for match in re.finditer(r"\b(?:a|an|per|every|each) (\w+)\b", folded):
        if stem(match[1]) in UNITS:
            yield match[0], stem(match[1])


def _dates(text: str, cited: Sequence[Evidence]) -> Iterator[Defect]:
    held = [day for one in cited for day in _held_days(one)]
    for day in days(text):
        if not any(day.held_by(other) for other in held):
            yield Defect(Fault.DATE, day.shown)
    said = {word for one in cited for word in (*_words(one.text), *_words(one.asked), *_words(one.transcript.title))}
    said |= {WEEKDAYS[one.transcript.date.weekday()] for one in cited if one.transcript.date}
    for word in _words(text):
        if (word in WEEKDAYS or word in _RELATIVE) and word not in said:
            yield Defect(Fault.DATE, word)


def _words(text: str) -> list[str]:
    """The folded words, days of the week in the singular."""
    folded = (normalise(span.of(text)).text.removesuffix("'s") for span in words(text))
    return [word.removesuffix("s") if word.endswith("days") else word for word in folded]


def _held_days(one: Evidence) -> Iterator[Day]:
    when = one.transcript.date
    told = [*days(one.text), *days(one.asked), *days(one.transcript.title)]
    yield from told
    if when is None:
        return
    yield as_day(when)
    yield from (Day(when.year, day.month, day.day, day.shown) for day in told if day.year is None)
    yield from (as_day(when + timedelta(days=_RELATIVE[word])) for word in _words(one.text) if word in _RELATIVE)
