"""Whether a claim says no where its evidence says yes, or the reverse.

Each negation has a reach: the words of topic behind it in its clause, and for one that stands at the end those before.
A term that both texts hold, within the reach of a negation in one only, is a contradiction. So are two words of which
one means the opposite of the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from transcript_qa.text import STOP_WORDS, normalise, stem, words

_CUES = frozenset("not no never none nobody nothing neither nor without cannot hardly scarcely nowhere unable".split())
# Verbs that deny what follows them; by stem.
_DENYING = frozenset(stem(word) for word in "refuse decline fail reject deny oppose forbid ban lack avoid stop".split())
_CLAUSE = re.compile(
    r"(?<= )-(?= )|[,;:.!?\u2014\u2013()]|\b(?:and|but|because|which|who|so|although|though|while|whereas|if|when)\b"
)
# What has a negation in it and denies nothing.
_NO_NEGATIONS = re.compile(
    r"\b(?:nothing (?:but|except)|no (?:more|less|fewer) than|not (?:only|just|least)|no doubt|no sorry|, no,)"
)
# The comma in "no port, mine or forest": one negation reaches all of them.
_LISTED = re.compile(r",(?= (?:\w+ ){1,3}n?or )")
_REACH = 4
_OPPOSITES = tuple(
    (frozenset(stem(word) for word in left.split()), frozenset(stem(word) for word in right.split()))
    for left, right in (
        ("approve approved accept accepted", "reject rejected refuse refused declined"),
        (
            "increase increased rise rose risen grew grown higher",
            "decrease decreased fall fell fallen dropped shrank lower",
        ),
        ("more", "less fewer"),
        ("above over", "below under"),
        ("before earlier", "after later"),
        ("opened open", "closed shut"),
        ("won win", "lost lose"),
        ("agree agreed", "disagree disagreed"),
        ("support supported favour", "oppose opposed"),
        ("allow allowed permitted", "forbid forbidden banned"),
        ("always", "never"),
        ("buy bought", "sell sold"),
        ("arrive arrived", "depart departed left"),
        ("raise raised", "cut reduced"),
        ("north northern", "south southern"),
        ("east eastern", "west western"),
        ("port", "starboard"),
        ("first", "last"),
        ("cheap cheaper", "expensive dearer"),
        ("early", "late"),
        ("fixed", "variable floating"),
        ("minimum least", "maximum most"),
        ("success succeeded", "failure failed"),
    )
)
_PREFIXES = ("un", "in", "im", "dis", "non")


@dataclass(frozen=True, slots=True)
class Polarity:
    """The terms of a text, and which of them a negation reaches."""

    terms: frozenset[str]
    denied: frozenset[str]
    plain: frozenset[str]


@lru_cache(maxsize=4096)
def polarity(text: str) -> Polarity:
    """The terms of `text`; one that stands both within reach of a negation and beyond is both `denied` and `plain`.

    >>> sorted(polarity("We did not approve the loan, because the bank was late.").denied)
    ['approv', 'loan']
    """
    denied: set[str] = set()
    plain: set[str] = set()
    for clause in _CLAUSE.split(_LISTED.sub("", _NO_NEGATIONS.sub(" ", normalise(text).text))):
        tokens = [span.of(clause) for span in words(clause)]
        reached = _reached(tokens)
        for at, token in enumerate(tokens):
            if _is_topic(token):
                (denied if at in reached else plain).add(stem(token))
    return Polarity(frozenset(denied | plain), frozenset(denied), frozenset(plain))


def contradiction(claim: str, evidence: Iterable[str]) -> str | None:
    """A word of the claim that the evidence says the opposite of, or None."""
    said = polarity(claim)
    held = [polarity(text) for text in evidence]
    terms = frozenset().union(*(each.terms for each in held))
    denied = frozenset().union(*(each.denied for each in held))
    plain = frozenset().union(*(each.plain for each in held))
    for span in words(claim):
        term = stem(normalise(span.of(claim)).text)
        if term not in said.terms:
            continue
        if term in said.denied and term not in said.plain and term in plain and term not in denied:
            return f"not {span.of(claim)}"
        if term in said.plain and term not in said.denied and term in denied and term not in plain:
            return span.of(claim)
        if _opposed(term, terms, said.denied, denied):
            return span.of(claim)
    return _negation_alone(claim, held)


def _negation_alone(claim: str, held: Iterable[Polarity]) -> str | None:
    """A negation of words that the evidence does not hold, where the evidence denies nothing at all."""
    said = polarity(claim)
    if not said.denied or any(each.denied for each in held):
        return None
    return next((span.of(claim) for span in words(claim) if _is_plain_no(normalise(span.of(claim)).text)), None)


def _opposed(term: str, evidence: frozenset[str], denied_here: frozenset[str], denied_there: frozenset[str]) -> bool:
    """Whether the evidence holds an opposite of the term and not the term; "not open" is no opposite of "closed"."""
    if term in evidence:
        return False
    for left, right in _OPPOSITES:
        for mine, theirs in ((left, right), (right, left)):
            if term in mine and evidence & theirs and not evidence & mine:
                return (term in denied_here) == bool(evidence & theirs & denied_there)
    for prefix in _PREFIXES:
        bare = term.removeprefix(prefix)
        if (bare != term and len(bare) > 3 and bare in evidence) or f"{prefix}{term}" in evidence:
            return (term in denied_here) == bool(evidence & denied_there & {bare, f"{prefix}{term}"})
    return False


def _reached(tokens: list[str]) -> set[int]:
    reached: set[int] = set()
    for at, token in enumerate(tokens):
        if not _is_cue(token):
            continue
        behind = [i for i in range(at + 1, len(tokens)) if _is_topic(tokens[i])][:_REACH]
        before = [i for i in range(at) if _is_topic(tokens[i])][-_REACH:]
        # "The pump failed": a verb that denies has its object behind it, or denies nothing.
        reached.update(behind or (before if _is_plain_no(token) else []))
    return reached


def _is_plain_no(token: str) -> bool:
    return token in _CUES or token.endswith("n't")


def _is_cue(token: str) -> bool:
    return _is_plain_no(token) or stem(token) in _DENYING


def _is_topic(token: str) -> bool:
    return (
        not _is_cue(token)
        and (token not in STOP_WORDS or token in ("over", "under", "above", "below", "before", "after", "more"))
        and not token[0].isdigit()
    )
