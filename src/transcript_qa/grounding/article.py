"""An article, a summary or minutes against transcripts: every quotation and attribution with its outcome."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from transcript_qa.datatypes import Citation, Difference, Speaker, Support
from transcript_qa.grounding.claims import Claim, ClaimKind, find_claims
from transcript_qa.grounding.ground import QuoteFinder, is_named
from transcript_qa.grounding.statements import StatementCheck
from transcript_qa.text import words


class Outcome(StrEnum):
    """What an article's claim is worth; the first three are no fault."""

    EXACT = "exact"
    NORMALISED = "normalised"
    SUPPORTED = "supported"
    UNCERTAIN = "uncertain"
    ALTERED = "altered"
    STITCHED = "stitched"
    MISATTRIBUTED = "misattributed"
    FABRICATED = "fabricated"

    @property
    def passes(self) -> bool:
        """Whether it may stand; what is only uncertain is for a person to look at."""
        return self in (Outcome.EXACT, Outcome.NORMALISED, Outcome.SUPPORTED, Outcome.UNCERTAIN)


_OF_SUPPORT = {
    Support.EXACT: Outcome.EXACT,
    Support.NORMALISED: Outcome.NORMALISED,
    Support.CLOSE: Outcome.ALTERED,
    Support.STITCHED: Outcome.STITCHED,
    Support.WRONG_SPEAKER: Outcome.MISATTRIBUTED,
    Support.ELSEWHERE: Outcome.NORMALISED,
    Support.MISSING: Outcome.FABRICATED,
}
# A paraphrase shares few words with what was said: below this it shares next to none.
_UNHEARD = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedClaim:
    """A claim of an article with what came of it.

    Attributes:
        claim: what the article says.
        outcome: what it is worth.
        citation: the nearest real words, or None.
        differences: what was changed in a quotation.
        contradicted: facts of a statement that the evidence does not have.
    """

    claim: Claim
    outcome: Outcome
    citation: Citation | None = None
    differences: tuple[Difference, ...] = ()
    contradicted: tuple[str, ...] = ()


def check_article(
    article: str,
    finder: QuoteFinder,
    check_statement: Callable[[str, str | None], StatementCheck] | None = None,
) -> list[CheckedClaim]:
    """Every claim of an article with its outcome, in order.

    Args:
        article: plain text or Markdown.
        finder: of the transcripts.
        check_statement: tells how far a statement, and who is said to have made it, is borne out; None to leave
            statements out.
    """
    people = [speaker for transcript in finder.index.transcripts for speaker in transcript.speakers]
    checked = []
    for claim in find_claims(article, is_speaker=lambda name: names_anyone(name, people)):
        if claim.kind is ClaimKind.QUOTE:
            checked.append(_quote(claim, finder, check_statement))
        elif check_statement is not None:
            checked.append(_statement(claim, check_statement(claim.text, claim.speaker)))
    return checked


def names_anyone(name: str, people: Iterable[Speaker]) -> bool:
    """Whether a name is that of one of these."""
    return any(is_named(speaker, name) for speaker in people)


def _quote(
    claim: Claim, finder: QuoteFinder, check_statement: Callable[[str, str | None], StatementCheck] | None
) -> CheckedClaim:
    quote = _without_last_comma(claim.text)
    if not any(words(quote)):
        return CheckedClaim(claim=claim, outcome=Outcome.UNCERTAIN)
    found = finder.find(quote, speaker=claim.speaker)
    outcome = _OF_SUPPORT[found.support]
    if not claim.printed and found.support in (Support.MISSING, Support.STITCHED) and check_statement is not None:
        return _statement(claim, check_statement(claim.text, claim.speaker))
    return CheckedClaim(claim=claim, outcome=outcome, citation=found.citation, differences=found.differences)


def _without_last_comma(text: str) -> str:
    """A quotation without the comma that only the sentence around it needs."""
    return re.sub(r"[,;]\s*$", "", text)


def _statement(claim: Claim, check: StatementCheck) -> CheckedClaim:
    if not check.speaker_said:
        outcome = Outcome.MISATTRIBUTED
    elif any(any(char.isdigit() for char in fact) for fact in check.contradicted):
        outcome = Outcome.ALTERED
    elif check.supported:
        outcome = Outcome.SUPPORTED
    elif check.score < _UNHEARD and not check.contradicted:
        outcome = Outcome.FABRICATED
    else:
        outcome = Outcome.UNCERTAIN
    return CheckedClaim(claim=claim, outcome=outcome, citation=check.citation, contradicted=check.contradicted)
