"""A statement that quotes nothing: which sentence of the transcripts bears it out, and what in it nothing bears out.

No model judges. A sentence is weighed by the statement's terms that stand in and around it and by a scorer of pairs,
which by default is the embedder's cosine; then numbers, dates and names must be there, and a denial on one side only
counts as a contradiction. The seam for a better judge is `PairScorer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import Citation, Hit, Support, Transcript
from transcript_qa.embed import Embedder
from transcript_qa.grounding.alignment import is_negation
from transcript_qa.grounding.facts import Facts, facts_of
from transcript_qa.grounding.ground import cite, is_named
from transcript_qa.grounding.wordforms import folded_words
from transcript_qa.reading.features import Candidate, candidates
from transcript_qa.text import keywords, stem

# A statement whose facts do not agree is worth no more than this.
CONTRADICTED_SUPPORT = 0.3
SUPPORTED = 0.4
_FACT_WORTH = 0.25
# Below this share of common terms a denial is about something else.
_ON_TOPIC = 0.4


class PairScorer(Protocol):
    """Says how well sentences bear a statement out."""

    def score(self, statement: str, sentences: Sequence[str]) -> NDArray[np.floating]:
        """(len(sentences),), 0 to 1, higher is better, in the order given."""
        ...


class CosineScorer:
    """Cosine of the vectors, negative ones as 0.

    Args:
        embedder: the model of the index.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def score(self, statement: str, sentences: Sequence[str]) -> NDArray[np.floating]:
        """See `PairScorer.score`."""
        vectors = self._embedder.embed_passages(list(sentences))
        cosines: NDArray[np.float32] = vectors @ self._embedder.embed_queries([statement])[0]
        return np.clip(cosines, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementCheck:
    """How far the transcripts bear a statement out.

    Attributes:
        statement: as given.
        score: 0 to 1; from `SUPPORTED` on the statement counts as borne out.
        citation: the sentence that does so best, or None where there is none to look at.
        unsupported: words of the statement that stand nowhere in or around that sentence, in order.
        contradicted: facts that the evidence does not have or denies ("250", "not"), the reason for a low score.
        speaker_said: False where a speaker was named and only others say something like it.
    """

    statement: str
    score: float
    citation: Citation | None = None
    unsupported: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()
    speaker_said: bool = True

    @property
    def supported(self) -> bool:
        """Whether the transcripts, and the speaker who is named, say so."""
        return self.score >= SUPPORTED and self.speaker_said


def check_statement(
    statement: str,
    search: Callable[[str], Sequence[Hit]],
    transcripts: Mapping[str, Transcript] | Callable[[str], Transcript],
    scorer: PairScorer,
    *,
    speaker: str | None = None,
) -> StatementCheck:
    """How far the passages that a search gives bear a statement out.

    Args:
        statement: in words.
        search: passages for a text.
        transcripts: by id.
        scorer: of pairs of statement and sentence.
        speaker: who is said to have said so; others are looked at only to tell that it was one of them.
    """
    get = transcripts if callable(transcripts) else transcripts.__getitem__
    hits = search(statement)
    found = candidates(hits, {hit.passage.transcript_id: get(hit.passage.transcript_id) for hit in hits})
    if not found:
        return StatementCheck(statement=statement, score=0.0, unsupported=tuple(keywords(statement)))
    scores = scorer.score(statement, [candidate.text for candidate in found])
    checks = [_weighed(statement, candidate, float(score)) for candidate, score in zip(found, scores, strict=True)]
    best = max(checks, key=_rank)
    if speaker is None:
        return best
    theirs = [c for c in checks if c.citation is not None and is_named(c.citation.speaker, speaker)]
    own = max(theirs, key=_rank, default=None)
    if own is not None and (own.score >= SUPPORTED or best.score < SUPPORTED):
        return own
    return _by_another(best) if best.score >= SUPPORTED else best


def _by_another(check: StatementCheck) -> StatementCheck:
    return StatementCheck(
        statement=check.statement,
        score=check.score,
        citation=check.citation,
        unsupported=check.unsupported,
        contradicted=check.contradicted,
        speaker_said=False,
    )


def _rank(check: StatementCheck) -> tuple[float, int]:
    return check.score, -len(check.contradicted)


def _weighed(statement: str, candidate: Candidate, similarity: float) -> StatementCheck:
    asked = facts_of(statement)
    own = facts_of(candidate.text)
    around = facts_of(f"{candidate.before} {candidate.text} {candidate.after} {candidate.turn.speaker.display}")
    covered = len(asked.terms & around.terms) / max(1, len(asked.terms))
    within = len(asked.terms & own.terms) / max(1, len(asked.terms))
    score = 0.45 * covered + 0.25 * within + 0.3 * similarity
    contradicted = _contradicted(asked, around, candidate)
    if _denied(statement, own.terms) != _denied(candidate.text, asked.terms) and within >= _ON_TOPIC:
        contradicted = (*contradicted, "not")
    if contradicted:
        score = min(CONTRADICTED_SUPPORT, score * (1 - _FACT_WORTH))
    said = folded_words(statement)
    missing = tuple(
        statement[start:end]
        for key, start, end in zip(said.keys, said.starts, said.ends, strict=True)
        if stem(key) in asked.terms and stem(key) not in around.terms
    )
    citation = cite(candidate.transcript, candidate.turn, candidate.span, Support.EXACT)
    return StatementCheck(
        statement=statement, score=score, citation=citation, unsupported=missing, contradicted=contradicted
    )


def _contradicted(asked: Facts, around: Facts, candidate: Candidate) -> tuple[str, ...]:
    transcript = candidate.transcript
    header = facts_of(f"{transcript.title} {transcript.place or ''} {transcript.date or ''}")
    people = {name for speaker in transcript.speakers for name in facts_of(f"x {speaker.display}").names}
    found = [asked.printed[number] for number in sorted(asked.numbers - around.numbers - header.numbers)]
    found += sorted(asked.dates - around.dates - header.dates)
    found += sorted(asked.names - around.names - around.terms - header.names - people)
    return tuple(found)


def _denied(text: str, shared: frozenset[str]) -> bool:
    """Whether the words from the first to the last that the other side has too, or two before them, hold a denial."""
    keys = folded_words(text).keys
    places = [n for n, key in enumerate(keys) if stem(key) in shared]
    return bool(places) and any(map(is_negation, keys[max(0, places[0] - 2) : places[-1] + 1]))
