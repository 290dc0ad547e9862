"""The form of an answer: a name, a time, an amount, yes or no, all the places. What is quoted stays what was said.

Questions about mentions ("did anyone mention the loan", "list all places") are answered by looking at every turn; all
others by the sentences that the reader chose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from transcript_qa.datatypes import Citation, Filters, Speaker, Support
from transcript_qa.grounding.ground import cite, support_of
from transcript_qa.mentions import (
    Asked,
    Form,
    Mention,
    count_line,
    counted_text,
    find_mentions,
    mentions_asked,
    quoted,
)
from transcript_qa.questions.keys import key_of
from transcript_qa.questions.saying import DO, SAY
from transcript_qa.reading.reader import Reading, answering
from transcript_qa.render import NOT_ANSWERED, answer_text, is_person, who
from transcript_qa.search import select
from transcript_qa.store import Store
from transcript_qa.text import terms

MAX_PLACES = 20
# Below this chance an amount or a time is left in its sentence, and not put in front of it.
_SURE_ENOUGH = 0.25
_WHO = re.compile(
    r"^(?:and\s+)?(?:who|which (?:person|speaker|man|woman|councillor|member))\s+(?:else\s+)?(?P<verb>\w+)",
    re.IGNORECASE,
)
_LIST = re.compile(r"^(?:please\s+)?(?:list|enumerate|name all|what are all)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """An answer's words: not answered where there are no citations."""

    text: str
    citations: tuple[Citation, ...] = ()
    confidence: float


def compose(store: Store, question: str, reading: Reading, filters: Filters, *, threshold: float) -> Composed:
    """The answer to a question in the form that it asks for.

    Args:
        store: the index.
        question: stand-alone.
        reading: what the reader made of the passages.
        filters: what the question is narrowed to, by the person or itself.
        threshold: the confidence below which nothing is quoted.
    """
    asked = mentions_asked(_bare(question, filters))
    if asked is not None and _is_known(asked.who, filters):
        composed = _of_mentions(store, asked, filters)
        if composed is not None:
            return composed
        read = _of_reading(question, reading, filters, threshold)
        return read if read.citations else replace(read, text=_no(asked, filters))
    return _of_reading(question, reading, filters, threshold)


def _bare(question: str, filters: Filters) -> str:
    """The question without the words by which it narrows itself to a date or a transcript."""
    for implied in filters.implied:
        if implied.strict and implied.kind.value != "speaker":
            question = re.sub(
                rf"\s*\b(?:in|at|on|from|during)?\s*(?:the\s+)?{re.escape(implied.words)}", "", question, count=1
            )
    return question.strip()


def _is_known(named: str, filters: Filters) -> bool:
    """Whether it is anybody, or the one whom the answer is narrowed to."""
    if not named:
        return True
    folded = named.casefold()
    return any(i.strict and i.words.casefold() in folded and i.kind.value == "speaker" for i in filters.implied)


def _of_mentions(store: Store, asked: Asked, filters: Filters) -> Composed | None:
    """The answer to a question about mentions; None where the words are nowhere and it is left to the reader."""
    found = find_mentions(store, asked.thing, selection=select(store.infos(), filters))
    if not found:
        # A single word is found in all its forms; several may have been said in other words, which the reader may find.
        if asked.form is Form.ANY and len(terms(asked.thing)) == 1:
            return Composed(text=_no(asked, filters), confidence=0.0)
        return None if asked.form is not Form.COUNT else Composed(text=_not_said(filters), confidence=0.0)
    if asked.form is Form.WHO:
        return _by_speaker(asked.thing, found)
    shown = quoted(found, most=MAX_PLACES) if asked.form is Form.PLACES else quoted(found)
    text = counted_text(asked.thing, found, shown)
    if asked.form is Form.ANY:
        text = f"Yes: {text}"
    if asked.form is Form.PLACES and len({(m.transcript.id, m.turn.index) for m in found}) > MAX_PLACES == len(shown):
        text = f"{count_line(asked.thing, found)} {MAX_PLACES} of the places:\n\n{answer_text(shown)}"
    return Composed(text=text, citations=shown, confidence=1.0)


def _by_speaker(thing: str, found: Sequence[Mention]) -> Composed:
    """Who mentions a thing and how often, the first mention of each quoted."""
    by_speaker: dict[tuple[str, str], list[Mention]] = {}
    for mention in found:
        speaker = mention.turn.speaker
        by_speaker.setdefault(
            (speaker.name or f"{mention.transcript.id} {speaker.label}", speaker.kind.value), []
        ).append(mention)
    shown: list[Citation] = []
    names: list[str] = []
    for mentions in list(by_speaker.values())[:MAX_PLACES]:
        times = f" ({len(mentions):,} times)" if len(mentions) > 1 else ""
        names.append(f"{who(mentions[0].turn.speaker)}{times}")
        shown.append(replace(quoted(mentions[:1])[0], marker=len(shown) + 1))
    more = len(by_speaker) - len(names)
    named = ", ".join(names) + (f" and {more:,} more" if more else "")
    text = f"“{thing}” is mentioned by {named}.\n\n{answer_text(shown)}"
    return Composed(text=text, citations=tuple(shown), confidence=1.0)


def _no(asked: Asked, filters: Filters) -> str:
    """That a thing is not mentioned; of several words it can only be told that they were not found together."""
    whose = _only(filters)
    by = f" by {whose}" if whose else ""
    if asked.form is not Form.ANY:
        return _not_said(filters)
    if len(terms(asked.thing)) == 1:
        return f"No: “{asked.thing}” is not mentioned{by}."
    return f"No: no place was found where “{asked.thing}” is mentioned{by}."


def _of_reading(question: str, reading: Reading, filters: Filters, threshold: float) -> Composed:
    """The sentences that answer, each with who said it."""
    if reading.confidence < threshold:
        return Composed(text=_not_said(filters), confidence=reading.confidence)
    shown = citations_of(reading)
    if not shown:
        return Composed(text=_not_said(filters), confidence=0.0)
    if _LIST.match(question):
        shown = _in_order(shown)
    text = "\n\n".join(_said(citation) for citation in shown) if _asks_who_said(question) else answer_text(shown)
    lead = _lead(question, shown, reading.confidence)
    return Composed(text=f"{lead}{text}", citations=shown, confidence=reading.confidence)


def citations_of(reading: Reading) -> tuple[Citation, ...]:
    """The sentences that answer as citations, each checked against its transcript; one that fails is left out."""
    citations: list[Citation] = []
    for candidate in answering(reading):
        support = support_of(candidate.text, candidate.span, candidate.transcript)
        if support in (Support.EXACT, Support.NORMALISED):
            marker = len(citations) + 1
            citations.append(cite(candidate.transcript, candidate.turn, candidate.span, support, marker=marker))
    return tuple(citations)


def _in_order(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    ordered = sorted(citations, key=lambda c: (c.date is None, str(c.date), c.title, c.span.start))
    return tuple(replace(citation, marker=marker) for marker, citation in enumerate(ordered, start=1))


def _asks_who_said(question: str) -> bool:
    match = _WHO.match(question.strip())
    return match is not None and match["verb"].casefold() in SAY | DO


def _said(citation: Citation) -> str:
    return f"{claim(citation.speaker)}: “{' '.join(citation.quote.split())}” [{citation.marker}]"


def claim(speaker: Speaker) -> str:
    """Who said it; "said" only behind a person's name, for a label is no witness.

    >>> from transcript_qa.datatypes import SpeakerKind
    >>> claim(Speaker(label="Mira Voss")), claim(Speaker(label="Speaker 1", kind=SpeakerKind.DIARISED))
    ('Mira Voss said', 'Speaker 1 (label in the file)')
    """
    return f"{who(speaker)} said" if is_person(speaker) else who(speaker)


def _lead(question: str, shown: Sequence[Citation], confidence: float) -> str:
    """The amount or the time asked for, in front of the quotation that holds it; empty where that is not certain."""
    if confidence < _SURE_ENOUGH:
        return ""
    key = key_of(question, shown[0].quote)
    if _LIST.match(question) and len(shown) > 1:
        return f"{len(shown)} places:\n\n"
    return f"{' '.join(key.of(shown[0].quote).split())}\n\n" if key is not None else ""


def _not_said(filters: Filters) -> str:
    whose = _only(filters)
    return f"{whose} doesn't say so in the transcripts." if whose else NOT_ANSWERED


def _only(filters: Filters) -> str:
    """Whom the question itself is narrowed to, or empty."""
    names = [i.label for i in filters.implied if i.strict and i.kind.value == "speaker"]
    return " or ".join(names)
