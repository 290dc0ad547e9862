"""An index asked questions with known answers: what each gave, and what the measures say of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from time import perf_counter

from transcript_qa.datatypes import Answer, Citation, Support, Transcript
from transcript_qa.errors import ParseError
from transcript_qa.evaluation.cases import Case, right_turns
from transcript_qa.evaluation.measures import (
    CitationScores,
    citation_scores,
    ndcg_at,
    recall_at,
    reciprocal_rank,
    success_at,
    token_f1,
)
from transcript_qa.grounding.ground import is_named, support_of
from transcript_qa.grounding.wordforms import folded_words
from transcript_qa.text import normalise

CUTOFFS = (1, 5, 8)
RETRIEVAL = (*(f"success@{k}" for k in CUTOFFS), *(f"recall@{k}" for k in CUTOFFS), "MRR", "nDCG@8")
ANSWERS = ("right turn", "right turn first", "expected words", "exact quote", "right speaker", "token F1")
CITATIONS = ("citation recall", "citation precision")
ABSTENTION = ("false refusal", "false answer")
_MARKED = re.compile(r"\s*((?:\[\d+\]\s*)+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one question.

    Attributes:
        case: the question.
        answer: as given.
        scores: each measure that the question has, higher is better but for those of `ABSTENTION`.
        right: whether the answer is right: a right turn cited first, or declined where nothing answers.
        qrels: the grade of each relevant passage, by its id; unjudged ones have none.
        asking_ms: search and reading, without those for the questions before it.
        keeping_ms: all that evaluating took beside.
    """

    case: Case
    answer: Answer
    scores: Mapping[str, float]
    right: bool
    qrels: Mapping[str, int] = field(default_factory=dict)
    asking_ms: float = 0.0
    keeping_ms: float = 0.0

    @property
    def problem(self) -> str:
        """What went wrong in words, or nothing."""
        if self.right:
            return ""
        if not self.case.answerable:
            return "answered though nothing answers"
        return "cites another turn" if self.answer.answered else "declined though there is an answer"


@dataclass(frozen=True, slots=True)
class _Gold:
    """The right places of all questions, and the passages that hold them."""

    turns: Mapping[str, frozenset[tuple[str, int]]]
    passages: Mapping[str, frozenset[str]]


def evaluate(
    ask: Callable[..., Answer],
    cases: Sequence[Case],
    transcripts: Mapping[str, Transcript],
    passages: Mapping[str, tuple[str, int, int]],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[Result]:
    """Ask each question and measure its answer.

    Args:
        ask: answers a question, as `TranscriptQA.ask` does.
        cases: questions.
        transcripts: all of the index, by id.
        passages: for each passage of the index its transcript, and first and last turn.
        progress: told how many of how many are done.

    Raises:
        ParseError: a question that names what the index does not hold; a history where `ask` takes none.
    """
    gold = _gold(cases, transcripts, passages)
    options = set(inspect.signature(ask).parameters)
    takes_history = "history" in options or "options" in options
    results = []
    for done, case in enumerate(cases, start=1):
        results.append(_result(ask, case, transcripts, gold, takes_history=takes_history))
        if progress is not None:
            progress(done, len(cases))
    return results


def _gold(
    cases: Sequence[Case], transcripts: Mapping[str, Transcript], passages: Mapping[str, tuple[str, int, int]]
) -> _Gold:
    at: dict[tuple[str, int], set[str]] = {}
    for passage_id, (transcript_id, first, last) in passages.items():
        for turn in range(first, last + 1):
            at.setdefault((transcript_id, turn), set()).add(passage_id)
    turns = {case.id: right_turns(case, transcripts) for case in cases}
    relevant = {
        name: frozenset(passage for place in places for passage in at.get(place, ())) for name, places in turns.items()
    }
    return _Gold(turns, relevant)


def _result(
    ask: Callable[..., Answer], case: Case, transcripts: Mapping[str, Transcript], gold: _Gold, *, takes_history: bool
) -> Result:
    if case.history and not takes_history:
        raise ParseError(case.id, "this question has a history, and what is evaluated takes none", "Leave it out.")
    options = {**case.filters, **({"history": _earlier(ask, case)} if case.history else {})}
    started = perf_counter()
    answer = ask(case.question, **options)
    asked = perf_counter()
    qrels = dict.fromkeys(sorted(gold.passages[case.id]), 1)
    scores = {
        **(_retrieval([hit.passage.id for hit in answer.hits], qrels) if qrels else {}),
        **_answer_scores(case, answer, transcripts, gold.turns[case.id]),
        **_citation_scores(answer),
        "false refusal" if case.answerable else "false answer": float(answer.answered is not case.answerable),
    }
    right = bool(scores.get("right turn first")) if case.answerable else not answer.answered
    return Result(
        case=case,
        answer=answer,
        scores=scores,
        right=right,
        qrels=qrels,
        asking_ms=1000 * (asked - started),
        keeping_ms=1000 * (perf_counter() - asked),
    )


def _earlier(ask: Callable[..., Answer], case: Case) -> list[Answer]:
    """The answers to the questions that were asked before, each in the light of those before it."""
    answers: list[Answer] = []
    for question in case.history:
        answers.append(ask(question, history=list(answers), **case.filters))
    return answers


def _retrieval(ranked: Sequence[str], qrels: Mapping[str, int]) -> dict[str, float]:
    return {
        **{f"success@{k}": success_at(ranked, qrels, k) for k in CUTOFFS},
        **{f"recall@{k}": recall_at(ranked, qrels, k) for k in CUTOFFS},
        "MRR": reciprocal_rank(ranked, qrels),
        "nDCG@8": ndcg_at(ranked, qrels, 8),
    }


def _answer_scores(
    case: Case, answer: Answer, transcripts: Mapping[str, Transcript], right: frozenset[tuple[str, int]]
) -> dict[str, float]:
    """Measures of the answer's words; a question that is declined has none of them right."""
    scores: dict[str, float] = {}
    cited = [(c.transcript_id, c.turn) for c in answer.citations]
    if answer.citations:
        scores["exact quote"] = sum(_is_exact(c, transcripts) for c in answer.citations) / len(answer.citations)
    if not case.answerable:
        return scores
    if right:
        scores["right turn"] = float(any(place in right for place in cited))
        scores["right turn first"] = float(bool(cited) and cited[0] in right)
    if case.words:
        quoted = " ".join(normalise(c.quote).text for c in answer.citations)
        scores["expected words"] = float(any(normalise(words).text in quoted for words in case.words))
        said = answer.citations[0].quote if answer.citations else ""
        scores["token F1"] = max(token_f1(said, words) for words in case.words)
    if case.speakers:
        first = answer.citations[0].speaker if answer.citations else None
        scores["right speaker"] = float(first is not None and any(is_named(first, name) for name in case.speakers))
    return scores


def _is_exact(citation: Citation, transcripts: Mapping[str, Transcript]) -> bool:
    transcript = transcripts.get(citation.transcript_id)
    return transcript is not None and support_of(citation.quote, citation.span, transcript) is Support.EXACT


def _citation_scores(answer: Answer) -> dict[str, float]:
    scores = cited_statements(answer)
    named = (("citation recall", scores.recall), ("citation precision", scores.precision))
    return {name: value for name, value in named if value is not None}


def cited_statements(answer: Answer) -> CitationScores:
    """Citation recall and precision of an answer, each run of words in front of markers taken as one statement."""
    if not answer.answered:
        return CitationScores(recall=None, precision=None)
    quotes = {citation.marker: citation.quote for citation in answer.citations}
    statements = []
    at = 0
    for match in _MARKED.finditer(answer.text):
        said = answer.text[at : match.start()].strip()
        at = match.end()
        cited = [quotes[int(n)] for n in re.findall(r"\d+", match[1]) if int(n) in quotes]
        if re.search(r"\w", said):
            statements.append((said, cited))
    if re.search(r"\w", answer.text[at:]):
        statements.append((answer.text[at:].strip(), []))
    return citation_scores(statements, bears_out)


def bears_out(statement: str, passages: Sequence[str]) -> bool:
    """Whether every quotation of a statement, or else most of its words, stands in the passages."""
    quoted = re.findall(r"“([^“”]+)”|\"([^\"]+)\"", statement)
    said = [_keys(passage) for passage in passages]
    if quoted:
        return all(any(_holds(keys, _keys(a or b)) for keys in said) for a, b in quoted)
    asked = set(_keys(statement))
    return bool(asked) and len(asked & {key for keys in said for key in keys}) >= 0.75 * len(asked)


@lru_cache(maxsize=512)
def _keys(text: str) -> tuple[str, ...]:
    return folded_words(text).keys


def _holds(keys: tuple[str, ...], run: tuple[str, ...]) -> bool:
    n = len(run)
    return any(keys[at : at + n] == run for at in range(len(keys) - n + 1))
