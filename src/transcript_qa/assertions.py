"""What can be asserted of an answer over transcripts, ours or another system's, and what is said where it fails.

An answer is an `Answer`, a string with "quotations", or a dict with `text` (or `answer`) and, where there are any,
`citations` (each with `quote` and, as far as known, `marker`, `transcript_id`, `turn` and `speaker`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transcript_qa.assistant import TranscriptQA
from transcript_qa.datatypes import Answer, Citation, Span, Support
from transcript_qa.evaluation.cases import Case, right_turns
from transcript_qa.grounding.article import CheckedClaim, Outcome, check_article
from transcript_qa.grounding.article_report import MEANING, claim_json, claim_words
from transcript_qa.grounding.claims import Claim, ClaimKind
from transcript_qa.grounding.statements import SUPPORTED
from transcript_qa.render import place, who
from transcript_qa.text import sentences, terms

_MARKER = re.compile(r"\s*\[(\d{1,3})\]")
_REFUSAL = re.compile(
    r"\b(?:(?:do|does|did|is|are|was|were|could|can)(?:n['’]t| not)|can['’]t|cannot|no|not)\b[^.!?]{0,60}"
    r"\b(?:say|know|find|found|mention\w*|answer\w*|contain\w*|information|discuss\w*|provide\w*|state\w*|told)",
    re.IGNORECASE,
)
_MIN_TERMS = 2
_TEXT_KEYS, _CITATION_KEYS = ("text", "answer", "output", "response"), ("citations", "sources")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A citation of an answer, as far as it tells."""

    quote: str | None
    marker: int | None = None
    transcript_id: str | None = None
    turn: int | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of any shape; `answered` is None where it does not say."""

    text: str
    citations: tuple[Cited, ...] = ()
    answered: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of an assertion.

    Attributes:
        name: of the assertion.
        n_claims: how many things were looked at.
        failures: what does not hold, each as lines for a person.
        details: the same for machines.
    """

    name: str
    n_claims: int
    failures: tuple[str, ...] = ()
    details: tuple[dict[str, Any], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all of it holds."""
        return not self.failures

    @property
    def message(self) -> str:
        """What a failing test shows."""
        verb = "do not" if len(self.failures) > 1 else "does not"
        head = f"{self.name}: {len(self.failures)} of {self.n_claims} {verb} hold"
        return "\n\n".join([head, *self.failures])


def as_reply(answer: object) -> Reply:
    """An answer of any shape as one.

    Raises:
        TypeError: it is none of the three shapes.
    """
    if isinstance(answer, Answer):
        cited = [
            Cited(quote=c.quote, marker=c.marker, transcript_id=c.transcript_id, turn=c.turn, speaker=c.speaker.display)
            for c in answer.citations
        ]
        return Reply(text=answer.text, citations=tuple(cited), answered=answer.answered)
    if isinstance(answer, str):
        return Reply(text=answer)
    if isinstance(answer, Mapping):
        text = next((answer[key] for key in _TEXT_KEYS if isinstance(answer.get(key), str)), None)
        listed: Any = next((answer[key] for key in _CITATION_KEYS if answer.get(key)), ())
        if text is not None and isinstance(listed, Sequence) and all(isinstance(one, Mapping | str) for one in listed):
            return Reply(text=text, citations=tuple(map(_cited, listed)), answered=answer.get("answered"))
    raise TypeError(
        f"an answer is an Answer, a string, or a dict with 'text' and a list of 'citations', not {answer!r:.200}"
    )


def _cited(one: Mapping[str, Any] | str) -> Cited:
    if isinstance(one, str):
        return Cited(quote=one)
    return Cited(
        quote=one.get("quote"),
        marker=one.get("marker"),
        transcript_id=one.get("transcript_id"),
        turn=one.get("turn"),
        speaker=one.get("speaker"),
    )


def grounded(
    answer: object, transcripts: TranscriptQA, *, min_support: float | None = None, speakers: bool = True
) -> Verdict:
    """Whether everything that an answer says was said.

    Args:
        answer: of any shape.
        transcripts: where it must have been said.
        min_support: what a sentence that quotes nothing must reach, 0 to 1; None for what counts as borne out.
        speakers: whether a quotation given to the wrong person fails.
    """
    reply = as_reply(answer)
    text = _MARKER.sub(lambda match: " " * len(match.group()), reply.text)
    failures: list[str] = []
    details: list[dict[str, Any]] = []
    checked = [*_citations(reply, transcripts, speakers=speakers)]
    quoted = check_article(text, transcripts.quote_finder())
    if not speakers:
        quoted = [_without_speaker(one, transcripts) for one in quoted]
    checked += quoted
    if reply.answered is not False and not refuses(reply):
        checked += _statements(text, quoted, transcripts, SUPPORTED if min_support is None else min_support)
    for one in checked:
        details.append(claim_json(one))
        if not one.outcome.passes or one.outcome is Outcome.UNCERTAIN:
            failures.append(_failure(one, transcripts))
    missing = _markers(reply)
    return Verdict(
        name="assert_grounded",
        n_claims=len(checked) + len(missing),
        failures=(*failures, *missing),
        details=tuple(details),
    )


def _citations(reply: Reply, transcripts: TranscriptQA, *, speakers: bool) -> list[CheckedClaim]:
    """Each citation that gives words, looked up where it says they stand."""
    checked = []
    finder = transcripts.quote_finder()
    for cited in reply.citations:
        if not cited.quote:
            continue
        claimed = cited.speaker if speakers else None
        found = finder.find(cited.quote, transcript_id=cited.transcript_id, speaker=claimed)
        outcome = {
            Support.EXACT: Outcome.EXACT,
            Support.NORMALISED: Outcome.NORMALISED,
            Support.CLOSE: Outcome.ALTERED,
            Support.STITCHED: Outcome.STITCHED,
            Support.MISSING: Outcome.FABRICATED,
        }.get(found.support, Outcome.MISATTRIBUTED)
        claim = _claim(cited.quote, speaker=claimed)
        checked.append(
            CheckedClaim(claim=claim, outcome=outcome, citation=found.citation, differences=found.differences)
        )
    return checked


def _claim(text: str, *, speaker: str | None = None, kind: ClaimKind = ClaimKind.QUOTE) -> Claim:
    return Claim(kind=kind, text=text, span=Span(start=0, end=len(text)), line=1, speaker=speaker)


def _without_speaker(one: CheckedClaim, transcripts: TranscriptQA) -> CheckedClaim:
    if one.outcome is not Outcome.MISATTRIBUTED or one.claim.kind is not ClaimKind.QUOTE:
        return one
    found = transcripts.quote_finder().find(one.claim.text.rstrip(",; "))
    outcome = Outcome.EXACT if found.support is Support.EXACT else Outcome.NORMALISED
    return CheckedClaim(claim=one.claim, outcome=outcome, citation=found.citation)


def _statements(
    text: str, quoted: Sequence[CheckedClaim], transcripts: TranscriptQA, min_support: float
) -> list[CheckedClaim]:
    """Each sentence without a quotation, with what the transcripts say to it."""
    spans = [one.claim.span for one in quoted]
    checked = []
    for span in sentences(text):
        said = span.of(text)
        if any(span.overlaps(other) for other in spans) or len(set(terms(said))) < _MIN_TERMS:
            continue
        found = transcripts.check_statement(said)
        passes = found.score >= min_support
        outcome = Outcome.SUPPORTED if passes else Outcome.ALTERED if found.contradicted else Outcome.UNCERTAIN
        missing = found.contradicted or found.unsupported
        checked.append(
            CheckedClaim(
                claim=Claim(kind=ClaimKind.STATEMENT, text=said, span=span, line=text.count("\n", 0, span.start) + 1),
                outcome=outcome,
                citation=found.citation,
                contradicted=() if passes else missing,
            )
        )
    return checked


def _markers(reply: Reply) -> list[str]:
    """Markers without a citation, and citations without a marker, where the citations are numbered."""
    numbered = {cited.marker for cited in reply.citations if cited.marker is not None}
    if not numbered:
        return []
    used = {int(number) for number in _MARKER.findall(reply.text)}
    found = [f"  marker [{n}] has no citation" for n in sorted(used - numbered)]
    return found + [f"  citation {n} is marked nowhere in the text" for n in sorted(numbered - used)]


def _failure(one: CheckedClaim, transcripts: TranscriptQA) -> str:
    """Expected beside seen: the claim, what is wrong with it, and the nearest words that were said."""
    claimed = f" (given to {one.claim.speaker})" if one.claim.speaker else ""
    nearest = one.citation or transcripts.check_statement(one.claim.text).citation
    lines = [f"  {one.outcome.value}: {MEANING[one.outcome]}", f"    seen     “{_line(one.claim.text)}”{claimed}"]
    if nearest is not None:
        lines.append(f"    nearest  “{_line(nearest.quote)}”")
        lines.append(f"             {_where(nearest)}")
    told = claim_words(
        CheckedClaim(claim=one.claim, outcome=one.outcome, differences=one.differences, contradicted=one.contradicted)
    )
    return "\n".join([*lines, *([f"    differs  {told}"] if told else [])])


def _line(text: str) -> str:
    return " ".join(text.split())


def _where(citation: Citation) -> str:
    return (
        f"{who(citation.speaker)}, {place(citation)}, {citation.title} ({citation.transcript_id}, turn {citation.turn})"
    )


def cites(
    answer: object, *, turn: int | Sequence[int], transcript: str | None = None, transcripts: TranscriptQA | None = None
) -> Verdict:
    """Whether an answer cites a turn, or one of several.

    Args:
        answer: of any shape.
        turn: 0-based index, as in `Citation.turn`; of several any will do.
        transcript: its id, where the index holds several.
        transcripts: where to look up quotations that name no turn, as those of a plain string.
    """
    wanted = {turn} if isinstance(turn, int) else set(turn)
    reply = as_reply(answer)
    found = [(cited.transcript_id, cited.turn) for cited in reply.citations if cited.turn is not None]
    if not found and transcripts is not None:
        quoted = check_article(reply.text, transcripts.quote_finder())
        found = [
            (one.citation.transcript_id, one.citation.turn) for one in quoted if one.citation and one.outcome.passes
        ]
    held = any(number in wanted and transcript in (None, name) for name, number in found)
    expected = f"turn {' or '.join(map(str, sorted(wanted)))}{f' of {transcript}' if transcript else ''}"
    seen = ", ".join(f"turn {number} of {name}" if name else f"turn {number}" for name, number in found) or "no turn"
    failure = f"    expected  {expected}\n    seen      {seen}\n    answer    {_line(reply.text)}"
    details = {"expected": expected, "seen": seen}
    return Verdict(name="assert_cites", n_claims=1, failures=() if held else (failure,), details=(details,))


def refuses(reply: Reply) -> bool:
    """Whether an answer says that the transcripts do not answer, and nothing else."""
    if reply.answered is not None:
        return not reply.answered
    return not reply.citations and not re.search(r"[“”\"«»]|\[\d+\]", reply.text) and bool(_REFUSAL.search(reply.text))


def abstains(answer: object) -> Verdict:
    """Whether an answer says that the transcripts do not answer."""
    reply = as_reply(answer)
    held = refuses(reply)
    failure = f"    expected  that the transcripts do not say\n    seen      {_line(reply.text)}"
    return Verdict(
        name="assert_abstains", n_claims=1, failures=() if held else (failure,), details=({"seen": reply.text},)
    )


def answers(answer: object, case: Case, transcripts: TranscriptQA) -> Verdict:
    """Whether an answer is what a question of a questions file expects."""
    if not case.answerable:
        return abstains(answer)
    names = [case.transcript] if case.transcript else [info.id for info in transcripts.transcripts()]
    right = right_turns(case, {name: transcripts.transcript(name) for name in names})
    reply = as_reply(answer)
    quoted = check_article(reply.text, transcripts.quote_finder())
    found = {(one.citation.transcript_id, one.citation.turn) for one in quoted if one.citation and one.outcome.passes}
    found |= {(c.transcript_id, c.turn) for c in reply.citations if c.transcript_id and c.turn is not None}
    held = bool(found & right) or (not right and not refuses(reply))
    expected = "; ".join(f"“{words}”" for words in case.words) or ", ".join(f"{t} turn {n}" for t, n in sorted(right))
    failure = f"    question  {case.question}\n    expected  {expected}\n    seen      {_line(reply.text)}"
    return Verdict(name="assert_answers", n_claims=1, failures=() if held else (failure,), details=({"case": case.id},))
