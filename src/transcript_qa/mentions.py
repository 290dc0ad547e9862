"""Where a thing is mentioned, counted: what answers "how often was it mentioned" and "when was it mentioned".

A thing is one or more words; they are found in the form in which the search matches them ("loans" for "loan"), several
in their order with nothing but words of no topic between them, and no comma or stop. What is counted was said; labels
and titles are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from transcript_qa.datatypes import Citation, Span, Support, Transcript, Turn
from transcript_qa.grounding.ground import cite
from transcript_qa.render import answer_text
from transcript_qa.store import Selection, Store
from transcript_qa.text import keywords, sentences, terms, words

MAX_PASSAGES = 5000
MAX_QUOTED = 5
_BREAK = re.compile(r"[,.;:!?()\[\]—–\n]")
_DONE = r"(?:mentioned|said|talked about|spoken of|brought up|discussed|referred to)"
_DOES = (
    r"(?:mentions?|mentioned|talks? about|talked about|speaks? (?:of|about)|spoke (?:of|about)|brings? up|brought up"
    r"|refers? to|referred to|discuss(?:es|ed)?|says? (?:any|some)thing about|said (?:any|some)thing about)"
)
_EVER = r"(?:(?:ever|also|even|at least)\s+)?"
_OFTEN = r"how (?:often|many times|frequently)"
_BE = r"(?:is|are|was|were|has|have|had|did|does|do)"
_PLACES = r"(?:places?|passages?|times|mentions?|occurrences?|references?|instances?|moments?|quotes?|quotations?)"
_WHO_DOES = rf"(?:(?P<who>[\w’' .-]{{1,60}}?)\s+{_DOES}\s+)?"


class Form(StrEnum):
    """What is asked about a thing's mentions."""

    COUNT = "count"
    ANY = "any"
    WHO = "who"
    PLACES = "places"


_FORMS: tuple[tuple[Form, re.Pattern[str]], ...] = tuple(
    (form, re.compile(rf"(?:please\s+)?{pattern}(?:\s+(?:at all|anywhere|by any(?:one|body)))?\W*", re.IGNORECASE))
    for form, pattern in (
        (
            Form.COUNT,
            rf"(?:{_OFTEN}|when|where|in (?:which|what) (?:transcripts?|meetings?|recordings?))\s+"
            rf"(?:is|are|was|were|has|have|did|does|do)\s+(?P<thing>.+?)\s+(?:ever\s+)?(?:been\s+)?"
            rf"{_DONE}",
        ),
        (Form.COUNT, rf"{_OFTEN}\s+{_BE}\s+(?P<who>[\w’' .-]{{1,60}}?)\s+{_EVER}{_DOES}\s+(?P<thing>.+?)"),
        (Form.ANY, r"(?:is|was) there any(?:thing)? (?:mention of|said about)\s+(?P<thing>.+?)"),
        (Form.ANY, rf"{_BE}\s+(?P<who>[\w’' .-]{{1,60}}?)\s+{_EVER}{_DOES}\s+(?P<thing>.+?)"),
        (Form.ANY, rf"(?:is|are|was|were|has|have)\s+(?P<thing>.+?)\s+{_EVER}(?:been\s+)?{_DONE}"),
        (
            Form.WHO,
            r"(?:who(?: all| else)?|which (?:speakers?|people|persons?|members?|councillors?|participants?))\s+"
            rf"{_EVER}{_DOES}\s+(?P<thing>.+?)",
        ),
        (
            Form.PLACES,
            r"(?:(?:list|show|find|give)(?: me)?\s+)?(?:all|every|each|list|show|find)\s*(?:of\s+)?(?:the\s+)?"
            rf"{_PLACES}\s+"
            rf"(?:of|to|about|where|when|in which|that mention|mentioning)\s+{_WHO_DOES}(?P<thing>.+?)"
            rf"(?:\s+(?:is|are|was|were|gets?)\s+{_DONE})?",
        ),
        (Form.PLACES, rf"everywhere\s+(?:that\s+)?(?P<thing>.+?)\s+(?:is|are|was|were)\s+{_DONE}"),
        (
            Form.PLACES,
            r"(?:list|show|find|give)(?: me)?\s+(?:everything|all)\s+(?:that\s+)?(?:(?:is|was|were)\s+)?"
            r"(?:said\s+|mentioned\s+)?(?:about|on)\s+(?P<thing>.+?)",
        ),
    )
)
# Those who are everybody, so that no speaker has to be known.
_ANYBODY = re.compile(
    r"(?:any|some|every)(?:one|body)(?: else)?|any of (?:them|the speakers)|they|we|people|the (?:group|team|council"
    r"|committee|board|meeting|participants|speakers|members)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A place where a thing is mentioned: its transcript, the turn, and the words."""

    transcript: Transcript
    turn: Turn
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question about mentions: its form, the thing, and who is to have mentioned it, empty for anybody."""

    form: Form
    thing: str
    who: str


def mentions_asked(question: str) -> Asked | None:
    """What a question asks about the mentions of a thing, or None for any other question.

    >>> asked = mentions_asked("Did Halvey ever mention the “sea wall”?")
    >>> asked.form.value, asked.who, asked.thing
    ('any', 'Halvey', 'the sea wall')
    """
    for form, pattern in _FORMS:
        match = pattern.fullmatch(question.strip())
        if match is None:
            continue
        facts = match.groupdict()
        thing = re.sub(r"[“”\"]", "", facts["thing"])
        who = (facts.get("who") or "").strip()
        if keywords(thing):
            return Asked(form=form, thing=thing, who="" if _ANYBODY.fullmatch(who) else who)
    return None


def thing_asked(question: str) -> str | None:
    """The thing whose mentions a question asks about, or None for any other question.

    >>> thing_asked("How often was the harbour loan mentioned?"), thing_asked("When was the loan approved?")
    ('the harbour loan', None)
    """
    asked = mentions_asked(question)
    return asked.thing if asked is not None else None


def spans_of(thing: str, text: str, within: Span) -> Iterator[Span]:
    """Where the words of `thing` are said in a part of a text, in order.

    >>> text = "Two loans, a harbour loan."
    >>> [span.of(text) for span in spans_of("loan", text, Span(start=0, end=len(text)))]
    ['loans', 'loan']
    """
    wanted = terms(thing)
    if not wanted:
        return
    # A stem and its words begin alike, so that few words have to be stemmed.
    first = re.compile(rf"(?<!\w){re.escape(wanted[0][:2])}[\w’'.-]*", re.IGNORECASE)
    for match in first.finditer(text, within.start, within.end):
        end = _end_of(wanted, text, match.start(), within.end)
        if end is not None:
            yield Span(start=match.start(), end=end)


def _end_of(wanted: Sequence[str], text: str, start: int, limit: int) -> int | None:
    """Where the words end that begin at `start`, or None where they are others."""
    near = text[start : min(limit, start + 60 * len(wanted))]
    left = list(wanted)
    done = 0
    for word in words(near):
        if _BREAK.search(near, done, word.start):
            return None
        done = word.end
        for term in terms(word.of(near)):
            if term != left[0]:
                return None
            left.pop(0)
            if not left:
                return start + word.end
    return None


def find_mentions(store: Store, thing: str, *, selection: Selection | None = None) -> list[Mention]:
    """Every mention, transcripts by date, those without one last; at most those of `MAX_PASSAGES` passages."""
    found = store.search_keyword(sorted(set(keywords(thing))), k=MAX_PASSAGES, selection=selection)
    turns: dict[str, set[int]] = {}
    for passage in store.passages([scored.passage_id for scored in found]):
        turns.setdefault(passage.transcript_id, set()).update(range(passage.turns[0], passage.turns[1] + 1))
    transcripts = [store.transcript(transcript_id) for transcript_id in turns]
    transcripts.sort(key=lambda each: (each.date is None, str(each.date), each.title))
    named = selection.speakers if selection is not None else None
    return [
        Mention(transcript=transcript, turn=turn, span=span)
        for transcript in transcripts
        for turn in (transcript.turns[index] for index in sorted(turns[transcript.id]))
        if named is None or (transcript.id, turn.speaker.label) in named
        for span in spans_of(thing, transcript.text, turn.span)
    ]


def quoted(mentions: Sequence[Mention], *, most: int = MAX_QUOTED) -> tuple[Citation, ...]:
    """The sentences of the first mentions, each once, at most `most`, from as many transcripts as may be."""
    cited: dict[tuple[str, int], tuple[Mention, Span]] = {}
    for mention in mentions:
        sentence = _sentence(mention)
        cited.setdefault((mention.transcript.id, sentence.start), (mention, sentence))
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, int, Mention, Span]] = []
    for mention, sentence in cited.values():
        seen[mention.transcript.id] += 1
        ranked.append((seen[mention.transcript.id], len(ranked), mention, sentence))
    chosen = sorted(sorted(ranked, key=lambda each: each[:2])[:most], key=lambda each: each[1])
    return tuple(
        cite(mention.transcript, mention.turn, sentence, Support.EXACT, marker=marker)
        for marker, (_, _, mention, sentence) in enumerate(chosen, start=1)
    )


def _sentence(mention: Mention) -> Span:
    start = mention.turn.span.start
    for sentence in sentences(mention.turn.span.of(mention.transcript.text)):
        if start + sentence.start <= mention.span.start < start + sentence.end:
            return Span(start=start + sentence.start, end=start + sentence.end)
    return mention.span


def counted_text(thing: str, mentions: Sequence[Mention], citations: Sequence[Citation]) -> str:
    """How often and in how many transcripts, and then the quotations."""
    return f"{count_line(thing, mentions)}\n\n{answer_text(citations)}"


def count_line(thing: str, mentions: Sequence[Mention]) -> str:
    """How often and in how many transcripts a thing is mentioned, as a sentence."""
    by_transcript = Counter(mention.transcript.id for mention in mentions)
    times = "once" if len(mentions) == 1 else f"{len(mentions):,} times"
    where = "one transcript" if len(by_transcript) == 1 else f"{len(by_transcript):,} transcripts"
    return f"“{thing}” is mentioned {times}, in {where}."
