"""A question with what its pronouns stand for in their place."""

from __future__ import annotations

from collections.abc import Sequence

from transcript_qa.questions.antecedents import Antecedents, is_person
from transcript_qa.questions.phrases import AUXILIARIES, JOINING, PREPOSITIONS, Part, phrases
from transcript_qa.questions.saying import DO, SAY
from transcript_qa.questions.voices import Voices, Word, question_words

_PEOPLE = frozenset("he she him her his hers".split())
_THINGS = frozenset("it its this that those these they them their".split())
_SAYERS = frozenset("they".split())
_PLURAL = frozenset("they them their those these".split())
_OWNING = frozenset("his her its their".split())
_REPLY = frozenset("reply replied respond responded answer answered react reacted".split())
_OPEN_ENDED = SAY | DO | frozenset("sure certain happy worried right wrong surprised angry convinced".split())
_LASTLY = frozenset("instead now then too already today".split())
_CLAUSES = JOINING | frozenset("that after before once although though unless until since".split())
_FEW_WORDS = 6
_EMPTY_IT = frozenset("take true right correct fair possible likely clear rain raining late time necessary".split())


def with_nouns(question: str, known: Antecedents, voices: Voices, *, joined: bool) -> str | None:
    """The question with its pronouns replaced, or None where it has none that can be.

    Args:
        question: its ending punctuation left out.
        known: the conversation.
        voices: who speaks in the transcripts.
        joined: whether it began with "and" or its like, and so goes on with the topic.
    """
    asked = question_words(question)
    parts: list[str] = []
    at, changed = 0, False
    for number, word in enumerate(asked):
        noun = _noun(question, asked, number, known, voices)
        if not noun:
            continue
        start = word.start
        if noun.startswith("about "):
            start = asked[number - 1].start
        parts += [question[at:start], noun]
        at, changed = word.end, True
    whole = "".join([*parts, question[at:]])
    topic = known.topic()
    if topic and (changed or joined) and _is_open(whole, voices):
        return f"{whole} about {topic}"
    if topic and joined and not changed and _names_nothing(asked):
        return f"{whole}, {topic}"
    return whole if changed or joined else None


def _names_nothing(asked: Sequence[Word]) -> bool:
    """Whether a question is short and has no name: "what are the plus sides"."""
    return len(asked) <= _FEW_WORDS and not any(word.shown[:1].isupper() or word.shown.isdigit() for word in asked[1:])


def _noun(question: str, asked: Sequence[Word], at: int, known: Antecedents, voices: Voices) -> str:
    """What stands in the place of a word; empty where it stays."""
    folded = asked[at].folded
    if folded in _PEOPLE:
        if _has_own(question, asked, at, voices, people=True):
            return ""
        others = {name for each in voices.named_in(asked[:at]) for name in each.names}
        name = known.person(folded, replies=_is_reply(asked), besides=others)
        owns = folded == "his" or (folded == "her" and _goes_on(asked, at))
        return f"{name}'s" if name and owns else name
    if folded == "there":
        is_place = at > 0 and asked[at - 1].folded not in AUXILIARIES and {w.folded for w in asked[at + 1 :]} <= _LASTLY
        return known.place() if is_place else ""
    if folded not in _THINGS or not _stands_for_a_thing(asked, at):
        return ""
    if _has_own(question, asked, at, voices, people=False):
        return ""
    if folded in ("that", "this") or (folded == "it" and asked[at - 1].folded in ("about", "to")):
        return _the_matter(asked, at, known)
    thing = known.thing(plural=folded in _PLURAL) or (known.thing(plural=False) if folded in _PLURAL else "")
    return (
        f"{thing}'s"
        if thing and folded in _OWNING and not thing.endswith("s")
        else f"{thing}'"
        if thing and folded in _OWNING
        else thing
    )


def _the_matter(asked: Sequence[Word], at: int, known: Antecedents) -> str:
    """What "that" stands for; after "say to" with "about" in front, which takes the place of "to"."""
    topic = known.topic()
    said_to = at > 1 and asked[at - 1].folded == "to" and asked[at - 2].folded in SAY
    return f"about {topic}" if topic and said_to else topic


def _stands_for_a_thing(asked: Sequence[Word], at: int) -> bool:
    """Whether such a word is a pronoun here: not "that" before a clause, nor the "it" of "is it true"."""
    folded = asked[at].folded
    then = asked[at + 1].folded if at + 1 < len(asked) else ""
    if folded in ("that", "this"):
        return not then or then in PREPOSITIONS | JOINING | AUXILIARIES
    if folded in ("those", "these"):  # "those on Medicare" are people
        return not then or then in JOINING | AUXILIARIES
    if folded in _SAYERS:
        return then not in SAY | DO | AUXILIARIES
    if folded in _OWNING:
        return _goes_on(asked, at)
    took = then == "take" and at + 2 == len(asked)  # "how long did it take?"
    return not (folded == "it" and then in _EMPTY_IT) or took


def _goes_on(asked: Sequence[Word], at: int) -> bool:
    """Whether a word that may own has something to own behind it."""
    then = asked[at + 1].folded if at + 1 < len(asked) else ""
    return bool(then) and then not in PREPOSITIONS | JOINING | AUXILIARIES


def _has_own(question: str, asked: Sequence[Word], at: int, voices: Voices, *, people: bool) -> bool:
    """Whether the same question holds what a pronoun stands for: in a clause before, or as the owner of "her"."""
    found = phrases(question)
    joint = max((i for i in range(at) if asked[i].folded in _CLAUSES), default=0)
    # "The promise he made": a clause without a word that joins it.
    if at + 1 < len(asked):
        joint = max([joint, *(p.first for p in found if p.end == at)])
    if people:
        owner = at if asked[at].folded in _OWNING and _goes_on(asked, at) else joint
        named = any(each.end <= owner for each in voices.named_in(asked))
        told = any(p.end <= owner and is_person(p.text) for p in found)
        return named or told or any(word.shown[:1].isupper() for word in asked[1:owner])
    named_at = {i for each in voices.named_in(asked) for i in range(each.first, each.end)}
    return any(p.end <= joint and not named_at & set(range(p.first, p.end)) for p in found)


def _is_reply(asked: Sequence[Word]) -> bool:
    folded = [word.folded for word in asked]
    to_that = any(folded[i : i + 2] in (["to", "that"], ["to", "it"], ["to", "this"]) for i in range(len(folded)))
    return to_that or bool(set(folded) & _REPLY)


def _is_open(question: str, voices: Voices) -> bool:
    """Whether a question stops at a verb of saying and so asks about whatever was talked of."""
    asked = question_words(question)
    if not asked or asked[-1].folded not in _OPEN_ENDED:
        return False
    named_at = {i for each in voices.named_in(asked) for i in range(each.first, each.end)}
    things = [p for p in phrases(question) if not named_at & set(range(p.first, p.end))]
    return not any(p.part in (Part.ABOUT, Part.OBJECT, Part.PLACE) for p in things)
