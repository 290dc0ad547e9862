"""What can be told of a sentence as an answer to a question, as numbers.

`candidates` cuts the passages that were found into sentences; `describe` and `question_features` describe them. The
readers weigh the numbers; how the weights were found is in training/weights.py.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from transcript_qa.chunk import NOTE
from transcript_qa.datatypes import Hit, PastAnswer, Span, Transcript, Turn
from transcript_qa.questions.wanted import Wanted, holds, wanted
from transcript_qa.reading.sentencing import quotable_in
from transcript_qa.text import capitals_tell, normalise, sentences, terms, words

SENTENCE_FEATURES = (
    "closeness",
    "closely",
    "bearing",
    "passage_cosine",
    "passage_score",
    "coverage",
    "context_coverage",
    "holds_wanted",
    "lacks_wanted",
    "lacks_figure",
    "is_question",
    "answers_question",
    "few_words",
    "log_words",
    "speaker_named",
    "other_speaker_named",
    "repeats_question",
    "in_cited_transcript",
    "near_cited",
    "was_cited",
)
QUESTION_FEATURES = (
    "best_score",
    "closeness",
    "closely",
    "bearing",
    "passage_cosine",
    "coverage",
    "context_coverage",
    "evidence_coverage",
    "names_missing",
    "rarest_missing",
    "margin",
    "lacks_wanted",
    "n_terms",
    "keyword_found",
    "in_conversation",
    "in_cited_transcript",
    "was_cited",
)

# So many sentences of a reply go by the question before it.
_NEAR_THE_QUESTION = 3
_SPELT_MANY_WAYS = 5
"""Letters of a name from which on it may be spelt otherwise."""
_NEARLY = 0.8
_TURNS_NEAR = 8.0
"""At so many turns from a citation a sentence is less near by a factor of e."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence that may answer.

    Attributes:
        hit: the passage it stands in.
        transcript, turn: where it was said.
        span: its characters in `Transcript.text`.
        text: its words.
        before, after: the sentences around it, empty at a transcript's ends; `before` of a turn's first sentence is
            the last sentence of the turn before.
        asked: the question of another speaker that its turn replies to, or empty.
    """

    hit: Hit
    transcript: Transcript
    turn: Turn
    span: Span
    text: str
    before: str
    after: str
    asked: str


def candidates(hits: Sequence[Hit], transcripts: dict[str, Transcript]) -> list[Candidate]:
    """The sentences of the passages, each once, in order of the hits; notes in brackets are none."""
    found: list[Candidate] = []
    seen: set[tuple[str, int]] = set()
    for hit in hits:
        transcript = transcripts[hit.passage.transcript_id]
        for candidate in _of_passage(hit, transcript):
            key = (transcript.id, candidate.span.start)
            if key not in seen:
                seen.add(key)
                found.append(candidate)
    return found


def _of_passage(hit: Hit, transcript: Transcript) -> Iterator[Candidate]:
    text = transcript.text
    for turn, spans, number in quotable_in(transcript, hit.passage):
        previous = _last_sentence(transcript, turn.index - 1) if number < _NEAR_THE_QUESTION else ""
        asked = previous if previous.endswith("?") and _other(transcript, turn) else ""
        yield Candidate(
            hit=hit,
            transcript=transcript,
            turn=turn,
            span=spans[number],
            text=spans[number].of(text),
            before=spans[number - 1].of(text) if number else previous,
            after=spans[number + 1].of(text) if number + 1 < len(spans) else "",
            asked=asked,
        )


def _last_sentence(transcript: Transcript, index: int) -> str:
    if index < 0:
        return ""
    body = transcript.words_of(transcript.turns[index])
    tail = body[-600:]
    return next((piece.of(tail) for piece in reversed(list(sentences(tail)))), "")


def _other(transcript: Transcript, turn: Turn) -> bool:
    return turn.index > 0 and transcript.turns[turn.index - 1].speaker.label != turn.speaker.label


@dataclass(frozen=True, slots=True)
class Described:
    """Candidates and their features.

    Attributes:
        candidates: the sentences.
        sentence: (n_candidates, len(SENTENCE_FEATURES)) float64.
        evidence_coverage, names_missing, rarest_missing: shares of the question's terms over all the evidence; a name
            that is there in another spelling is not missing.
        n_terms: how many terms the question has.
        in_conversation: whether something was cited before.
    """

    candidates: list[Candidate]
    sentence: NDArray[np.float64]
    evidence_coverage: float
    names_missing: float
    rarest_missing: float
    n_terms: int
    in_conversation: bool = False

    def with_closely(self, rows: Sequence[int], closely: Sequence[float]) -> Described:
        """The same with what a model says of some of the sentences when it reads them again more closely."""
        sentence = self.sentence.copy()
        sentence[list(rows), SENTENCE_FEATURES.index("closely")] = closely
        return replace(self, sentence=sentence)


def describe(
    question: str,
    found: list[Candidate],
    closeness: Sequence[float],
    bearing: Sequence[float] | None = None,
    *,
    before: Sequence[PastAnswer] = (),
) -> Described:
    """The features of candidate sentences for a question; none is read more closely yet.

    Args:
        question: in words.
        found: the candidates.
        closeness: what a model says of each sentence as an answer, higher is better.
        bearing: what it says of each one's passage; None where it says nothing.
        before: what was asked earlier in the conversation, oldest first.
    """
    asked = list(dict.fromkeys(terms(question)))
    own = [set(terms(NOTE.sub(" ", c.text))) for c in found]
    around = [_context_terms(c) for c in found]
    weight = _term_weights(asked, around)
    passage = bearing if bearing is not None else [0.0] * len(found)
    kind = wanted(question)
    best_score = max((c.hit.score for c in found), default=1.0) or 1.0
    speakers = _named_speakers(asked, found)
    rows = [
        [
            *_row(c, kind, closeness[i], passage[i], own[i], around[i], weight, best_score, speakers, set(asked)),
            *_after(c, before),
        ]
        for i, c in enumerate(found)
    ]
    everywhere: set[str] = set().union(*around) if around else set()
    names = _names(question)
    return Described(
        candidates=found,
        sentence=np.array(rows, dtype=np.float64).reshape(len(found), len(SENTENCE_FEATURES)),
        evidence_coverage=_coverage(everywhere, weight),
        names_missing=sum(not _is_among(name, everywhere) for name in names) / len(names) if names else 0.0,
        rarest_missing=float(bool(weight) and max(weight, key=lambda t: weight[t]) not in everywhere),
        n_terms=len(asked),
        in_conversation=any(past.quotes for past in before),
    )


def question_features(described: Described, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(len(QUESTION_FEATURES),) what can be told of the best sentence, for whether it answers at all."""
    order = np.argsort(-scores, kind="stable")
    best = int(order[0])
    row = dict(zip(SENTENCE_FEATURES, described.sentence[best], strict=True))
    turn = described.candidates[best].turn.index, described.candidates[best].transcript.id
    rival = next(
        (
            scores[i]
            for i in order[1:]
            if (described.candidates[i].turn.index, described.candidates[i].transcript.id) != turn
        ),
        scores[best] - 2.0,
    )
    top = described.sentence[order[:5]]
    column = SENTENCE_FEATURES.index
    return np.array(
        [
            scores[best],
            top[:, column("closeness")].max(),
            row["closely"],
            row["bearing"],
            row["passage_cosine"],
            row["coverage"],
            row["context_coverage"],
            described.evidence_coverage,
            described.names_missing,
            described.rarest_missing,
            scores[best] - rival,
            row["lacks_wanted"],
            math.log1p(described.n_terms),
            float(any(c.hit.why.keyword is not None for c in described.candidates)),
            float(described.in_conversation),
            row["in_cited_transcript"],
            row["was_cited"],
        ]
    )


def _row(
    candidate: Candidate,
    kind: Wanted,
    closeness: float,
    bearing: float,
    own: set[str],
    around: set[str],
    weight: dict[str, float],
    best_score: float,
    speakers: set[str],
    asked: set[str],
) -> list[float]:
    held = holds(kind, candidate.text)
    n_words = sum(1 for _ in words(candidate.text))
    label = candidate.turn.speaker.label
    return [
        closeness,
        closeness,
        bearing,
        candidate.hit.why.dense or 0.0,
        candidate.hit.score / best_score,
        _coverage(own, weight),
        _coverage(around, weight),
        float(held is True),
        float(held is False),
        float(held is False and kind in (Wanted.AMOUNT, Wanted.TIME)),
        float(candidate.text.rstrip("\"'”’)]").endswith("?")),
        _coverage(set(terms(candidate.asked)), weight) if candidate.asked else 0.0,
        float(n_words < 4),
        math.log(n_words + 1) - 2.7,
        float(label in speakers),
        float(bool(speakers) and label not in speakers),
        float(len(own) > 0 and len(own - asked) == 0),
    ]


def _after(candidate: Candidate, before: Sequence[PastAnswer]) -> tuple[float, float, float]:
    """How a sentence stands to what was cited earlier: in the transcript cited last, near it, the same sentence."""
    cited = [past.quotes for past in before if past.quotes]
    if not cited:
        return 0.0, 0.0, 0.0
    there = [quote for quote in cited[-1] if quote.transcript_id == candidate.transcript.id]
    apart = [abs(quote.turn - candidate.turn.index) for quote in there if quote.turn is not None]
    text = " ".join(candidate.text.split())
    here = (quote for quotes in cited for quote in quotes if quote.transcript_id in (None, candidate.transcript.id))
    same = any(text in " ".join(quote.quote.split()) for quote in here)
    return float(bool(there)), max((math.exp(-n / _TURNS_NEAR) for n in apart), default=0.0), float(same)


def _context_terms(candidate: Candidate) -> set[str]:
    speaker = " ".join((candidate.turn.speaker.label, *candidate.turn.speaker.aliases))
    parts = (candidate.before, candidate.text, candidate.after, candidate.asked, speaker, candidate.transcript.title)
    return set(terms(" ".join(parts)))


def _term_weights(asked: Sequence[str], around: Sequence[set[str]]) -> dict[str, float]:
    """How telling each term of the question is among the candidates: rare ones weigh more."""
    seen = Counter(term for context in around for term in context.intersection(asked))
    return {term: math.log(1 + (len(around) + 1) / (seen[term] + 0.5)) for term in asked}


def _coverage(present: set[str], weight: dict[str, float]) -> float:
    total = sum(weight.values())
    return sum(w for term, w in weight.items() if term in present) / total if total else 0.0


def _named_speakers(asked: Sequence[str], found: Sequence[Candidate]) -> set[str]:
    """Labels of the speakers whom the question names, by any word of their name."""
    named = set()
    for candidate in found:
        speaker = candidate.turn.speaker
        name = speaker.name or speaker.label
        if set(terms(name)).intersection(asked):
            named.add(speaker.label)
    return named


def _names(question: str) -> set[str]:
    """Terms of the question that are names or figures: capitalised inside the sentence, or with a digit.

    >>> [sorted(_names(asked)) for asked in ("Who is Mira Voss?", "Who lent it in 1998?", "What Loan Was Mentioned")]
    [['mira', 'voss'], ['1998'], []]
    """
    asked = [span.of(question) for span in words(question)]
    telling = capitals_tell(asked)
    found: set[str] = set()
    for number, word in enumerate(asked):
        capitalised = number > 0 and word[0].isupper() and not word.isupper()
        if any(c.isdigit() for c in word) or (telling and capitalised):
            found.update(terms(normalise(word).text))
    return found


def _is_among(name: str, present: set[str]) -> bool:
    """Whether a name stands among terms, as it is or nearly so: recognisers and people spell as they hear.

    >>> _is_among("taylor", {"tailor", "may"}), _is_among("brazilian", {"brazil"}), _is_among("1969", {"1968"})
    (True, True, False)
    """
    if name in present:
        return True
    if len(name) < _SPELT_MANY_WAYS or not name.isalpha():
        return False
    return bool(get_close_matches(name, [term for term in present if term[:1] == name[0]], n=1, cutoff=_NEARLY))
