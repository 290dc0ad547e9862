"""Hybrid search: a dense and a keyword leg, fused.

Both legs search the same passages under the same filters. A leg's scores are divided by its best one, so that fusion
ignores their scale; then each passage takes in a share of its neighbours', because what answers a question is seldom
alone (the evidence of a QMSum question is 57 turns long on average); then the two are added by weight. Among the first
hits a passage next to one already chosen steps back a little, so that they do not all come from one place. A question
on a topic (question_vector.py tells) wants stretches of talk: there some hits are chosen by scores that take in more of
what stands around. What was tried and what it gave is in benchmarks/README.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import Filters, Hit, Passage, Speaker, Why
from transcript_qa.embed import Embedder
from transcript_qa.errors import InvalidArgumentError, UnknownSpeakerError, UnknownTranscriptError
from transcript_qa.question_vector import topical, turned
from transcript_qa.reading.ranking import NEIGHBOUR_SHARES, NEIGHBOUR_SHARES_ON_A_TOPIC, adjacent, spread
from transcript_qa.store import Scored, Selection, Store, TranscriptInfo
from transcript_qa.text import keywords, normalise, terms, terms_among

DENSE_WEIGHT = 0.8
CROWDING_PENALTY = 0.1
_LEG_DEPTH = 128
_LEGS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Passages on their way through fusion, by transcript and place.

    Attributes:
        passages: what was found by either leg.
        legs: by leg the score of each passage that it found, by id.
        beside: (len(passages) - 1,) whether each stands right before the next.
        complete: whether every passage selected is a candidate.
    """

    passages: list[Passage]
    legs: dict[str, dict[str, float]]
    beside: NDArray[np.bool_]
    complete: bool

    def scores_of(self, passage: Passage) -> dict[str, float]:
        """What each leg that found it gives a passage."""
        return {leg: scores[passage.id] for leg, scores in self.legs.items() if passage.id in scores}


def search_words(store: Store, query: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
    """The k passages that hold words of `query`, the rarest first; no model is asked. As `search` otherwise."""
    selection = _checked(store, query, k, filters)
    found = store.search_keyword(sorted(set(keywords(query))), k=k, selection=selection)
    passages = {passage.id: passage for passage in store.passages([scored.passage_id for scored in found])}
    titles, asked = store.titles(), set(terms(query))
    there = [(passages[one.passage_id], one.score) for one in found if one.passage_id in passages]
    return [
        _hit(passage, titles, asked, legs={"keyword": score}, score=score, rank=rank)
        for rank, (passage, score) in enumerate(there, start=1)
    ]


def search(store: Store, embedder: Embedder, query: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
    """The hits of `look_up`."""
    return look_up(store, embedder, query, k=k, filters=filters).hits


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first, and whether the question asks for all that was said on a topic."""

    hits: list[Hit]
    on_a_topic: bool


def look_up(store: Store, embedder: Embedder, query: str, *, k: int = 10, filters: Filters | None = None) -> Found:
    """The k passages that fit `query` best.

    Args:
        store: the index.
        embedder: the model it was made with.
        query: words or a question.
        k: how many hits at most, at least 1.
        filters: what to narrow to, on both legs.

    Raises:
        InvalidArgumentError: an empty query, or k below 1.
        UnknownTranscriptError, UnknownSpeakerError: a filter that names nothing in the index.
    """
    selection = _checked(store, query, k, filters)
    depth = max(_LEG_DEPTH, 2 * k)
    # Words are looked up while the question is embedded.
    keyword = _keyword_threads().submit(
        store.search_keyword, sorted(set(keywords(query))), k=depth, selection=selection
    )
    vectors = embedder.embed_queries([query])
    dense = store.search_dense(turned(vectors, embedder)[0], k=depth, selection=selection)
    found = {"dense": dense, "keyword": keyword.result()}
    candidates = _candidates(store, found, complete=len(dense) < depth)
    on_a_topic = bool(topical(vectors, embedder)[0])
    scores = _fused(candidates, NEIGHBOUR_SHARES)
    around = _fused(candidates, NEIGHBOUR_SHARES_ON_A_TOPIC) if on_a_topic else None
    titles = store.titles()
    asked = set(terms(query))
    hits = [
        _hit(passage, titles, asked, legs=candidates.scores_of(passage), score=score, rank=rank)
        for rank, (passage, score) in enumerate(_spread(candidates, scores, around, k), start=1)
    ]
    return Found(hits, on_a_topic)


@lru_cache(maxsize=1)
def _keyword_threads() -> ThreadPoolExecutor:
    """Threads for keyword legs; one for each search that is likely to run at the same time."""
    return ThreadPoolExecutor(_LEGS_AT_ONCE, thread_name_prefix="keywords")


if hasattr(os, "register_at_fork"):
    # Threads do not live on in a child.
    os.register_at_fork(after_in_child=_keyword_threads.cache_clear)


def _checked(store: Store, query: str, k: int, filters: Filters | None) -> Selection | None:
    if not query.strip():
        raise InvalidArgumentError("The question is empty. Ask with at least one word.")
    if k < 1:
        raise InvalidArgumentError(f"k is {k}. Ask for at least one hit.")
    return select(store.infos(), filters or Filters())


def _hit(
    passage: Passage, titles: dict[str, str], asked: set[str], *, legs: dict[str, float], score: float, rank: int
) -> Hit:
    matched = tuple(sorted(terms_among(asked, passage.text)))
    why = Why(dense=legs.get("dense"), keyword=legs.get("keyword"), matched=matched)
    title = titles.get(passage.transcript_id, passage.transcript_id)
    return Hit(passage=passage, title=title, score=score, rank=rank, why=why)


def _candidates(store: Store, found: Mapping[str, Sequence[Scored]], *, complete: bool) -> _Candidates:
    legs = {leg: dict(scored) for leg, scored in found.items()}
    ids = dict.fromkeys(passage_id for scores in legs.values() for passage_id in scores)
    passages = sorted(store.passages(list(ids)), key=lambda p: (p.transcript_id, p.span.start))
    beside = np.array([adjacent(left, right) for left, right in pairwise(passages)], dtype=np.bool_)
    return _Candidates(passages, legs, beside, complete)


def _fused(candidates: _Candidates, shares: Sequence[float]) -> NDArray[np.float64]:
    """The fused score of each candidate, at most 1; `shares` of its neighbours' it takes in, the nearest first."""
    fused = np.zeros(len(candidates.passages))
    for leg, weight in (("dense", DENSE_WEIGHT), ("keyword", 1 - DENSE_WEIGHT)):
        smoothed = _smoothed(candidates, leg, shares)
        best = smoothed.max(initial=0.0)
        if best > 0:
            fused += weight * smoothed / best
    return fused


def _smoothed(candidates: _Candidates, leg: str, shares: Sequence[float]) -> NDArray[np.float64]:
    """The candidates' scores in one leg, each with a share of its neighbours'.

    A neighbour that is no candidate was not found, or, where all are candidates, does not exist (the ends of a
    transcript): then what is nearer stands in for it.
    """
    scores = candidates.legs[leg]
    # What the dense leg did not reach is worth at most its last find; what the keyword leg did not find, nothing.
    floor = min(scores.values(), default=0.0) if leg == "dense" else 0.0
    own = np.array([scores.get(passage.id, floor) for passage in candidates.passages])
    smoothed, before, after = own, own, own
    for share in shares:
        before = _before(before, candidates.beside, floor, complete=candidates.complete)
        after = _before(after[::-1], candidates.beside[::-1], floor, complete=candidates.complete)[::-1]
        smoothed = smoothed + share * (before + after)
    return smoothed


def _before(
    scores: NDArray[np.float64], beside: NDArray[np.bool_], floor: float, *, complete: bool
) -> NDArray[np.float64]:
    """For each place the score of the one before it."""
    before = scores.copy() if complete else np.full_like(scores, floor)
    before[1:][beside] = scores[:-1][beside]
    return before


def _spread(
    candidates: _Candidates, scores: NDArray[np.float64], around: NDArray[np.float64] | None, k: int
) -> list[tuple[Passage, float]]:
    """The k best in order, each with its score; the first are spread over several places."""
    passages = candidates.passages

    def beside(i: int, j: int) -> bool:
        return adjacent(passages[i], passages[j])

    wide = None if around is None else around.tolist()
    chosen = spread(scores.tolist(), beside, k=k, penalty=CROWDING_PENALTY, around=wide)
    return [(passages[place], score) for place, score in chosen]


def select(infos: Sequence[TranscriptInfo], filters: Filters) -> Selection | None:
    """The filters as a person gives them, resolved against what the index holds; None where nothing is narrowed.

    Dates are inclusive; a transcript without a date is left out where one is given. A speaker is found by the whole
    name or label in any case, or else by words of the name ("Voss" finds "Mira Voss").

    Raises:
        UnknownTranscriptError, UnknownSpeakerError: a filter that names nothing in the index.
    """
    if not filters:
        return None
    transcripts: frozenset[str] | None = None
    if filters.transcripts:
        transcripts = frozenset(_known_transcript(infos, wanted) for wanted in filters.transcripts)
    if filters.after or filters.before:
        dated = frozenset(info.id for info in infos if _in_dates(info, filters))
        transcripts = dated if transcripts is None else transcripts & dated
    speakers: frozenset[tuple[str, str]] | None = None
    if filters.speakers:
        speakers = frozenset(pair for wanted in filters.speakers for pair in _known_speaker(infos, wanted))
    return Selection(transcripts=transcripts, speakers=speakers)


def _in_dates(info: TranscriptInfo, filters: Filters) -> bool:
    if info.date is None or (filters.after and info.date < filters.after):
        return False
    return not (filters.before and info.date > filters.before)


def _known_transcript(infos: Sequence[TranscriptInfo], wanted: str) -> str:
    ids = [info.id for info in infos]
    if wanted in ids:
        return wanted
    title = _normal(wanted)
    by_title = [info.id for info in infos if _normal(info.title) == title]
    if len(by_title) == 1:
        return by_title[0]
    raise UnknownTranscriptError(wanted, tuple(get_close_matches(wanted, ids, n=3, cutoff=0.5)))


def _known_speaker(infos: Sequence[TranscriptInfo], wanted: str) -> list[tuple[str, str]]:
    everyone = [(info.id, entry.speaker) for info in infos for entry in info.speakers]
    asked = _normal(wanted)
    found = [(tid, speaker) for tid, speaker in everyone if asked in _names(speaker)]
    if not found and (words := set(asked.split())):
        found = [(tid, s) for tid, s in everyone if any(words <= set(name.split()) for name in _names(s))]
    if found:
        # Passages know the labels that are printed: of speakers made one, each has its own.
        return [(tid, label) for tid, speaker in found for label in (speaker.label, *speaker.aliases)]
    shown = {_normal(speaker.display): speaker.display for _, speaker in everyone}
    near = get_close_matches(asked, sorted(shown), n=3, cutoff=0.5)
    raise UnknownSpeakerError(wanted, tuple(shown[name] for name in near))


def _names(speaker: Speaker) -> set[str]:
    return {_normal(name) for name in (speaker.label, speaker.name or "", *speaker.aliases) if name}


@lru_cache(maxsize=1 << 16)
def _normal(name: str) -> str:
    """A name or title as it is compared; kept, since a filter is held against those of all transcripts."""
    return normalise(name).text
