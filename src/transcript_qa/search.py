"""Hybrid search: a dense and a keyword leg, fused.

Both legs search the same passages under the same filters. A leg's scores are divided by its best one, so that fusion
ignores their scale; then each passage takes in a share of its neighbours', because what answers a question is seldom
alone (the evidence of a QMSum question is 57 turns long on average); then the two are added by weight. Among the first
hits a passage next to one already chosen steps back a little, so that they do not all come from one place. What was
tried and what it gave is in benchmarks/README.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise

from transcript_qa.datatypes import Filters, Hit, Passage, Speaker, Why
from transcript_qa.embed import Embedder
from transcript_qa.errors import InvalidArgumentError, UnknownSpeakerError, UnknownTranscriptError
from transcript_qa.reading.ranking import adjacent, spread
from transcript_qa.store import Scored, Selection, Store, TranscriptInfo
from transcript_qa.text import keywords, normalise, terms

DENSE_WEIGHT = 0.6
NEIGHBOUR_SHARE = 0.25
CROWDING_PENALTY = 0.1
_LEG_DEPTH = 200


@dataclass(slots=True)
class _Candidate:
    """A passage on its way through fusion."""

    passage: Passage
    legs: dict[str, float]
    fused: float = 0.0
    neighbours: list[_Candidate] = field(default_factory=list)


def search(store: Store, embedder: Embedder, query: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
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
    if not query.strip():
        raise InvalidArgumentError("The question is empty. Ask with at least one word.")
    if k < 1:
        raise InvalidArgumentError(f"k is {k}. Ask for at least one hit.")
    selection = select(store.infos(), filters or Filters())
    depth = max(_LEG_DEPTH, 2 * k)
    dense = store.search_dense(embedder.embed_queries([query])[0], k=depth, selection=selection)
    keyword = store.search_keyword(sorted(set(keywords(query))), k=depth, selection=selection)
    candidates = _candidates(store, {"dense": dense, "keyword": keyword})
    _fuse(candidates, complete=len(dense) < depth)
    titles = store.titles()
    asked = set(terms(query))
    return [
        Hit(
            passage=candidate.passage,
            title=titles.get(candidate.passage.transcript_id, candidate.passage.transcript_id),
            score=score,
            rank=rank,
            why=Why(
                dense=candidate.legs.get("dense"),
                keyword=candidate.legs.get("keyword"),
                matched=tuple(sorted(asked & set(terms(candidate.passage.text)))),
            ),
        )
        for rank, (candidate, score) in enumerate(_spread(candidates, k), start=1)
    ]


def _candidates(store: Store, legs: dict[str, Sequence[Scored]]) -> list[_Candidate]:
    scores: dict[str, dict[str, float]] = {}
    for leg, found in legs.items():
        for scored in found:
            scores.setdefault(scored.passage_id, {})[leg] = scored.score
    candidates = [_Candidate(passage, scores[passage.id]) for passage in store.passages(list(scores))]
    candidates.sort(key=lambda c: (c.passage.transcript_id, c.passage.span.start))
    for left, right in pairwise(candidates):
        if adjacent(left.passage, right.passage):
            left.neighbours.append(right)
            right.neighbours.append(left)
    return candidates


def _fuse(candidates: list[_Candidate], *, complete: bool) -> None:
    """Give each candidate its fused score; `complete` where every passage selected is a candidate."""
    for leg, weight in (("dense", DENSE_WEIGHT), ("keyword", 1 - DENSE_WEIGHT)):
        # What the dense leg did not reach is worth at most its last find; what the keyword leg did not find, nothing.
        floor = min((c.legs[leg] for c in candidates if leg in c.legs), default=0.0) if leg == "dense" else 0.0
        smoothed = [_smoothed(c, leg, floor, complete) for c in candidates]
        best = max(smoothed, default=0.0)
        for candidate, score in zip(candidates, smoothed, strict=True):
            candidate.fused += weight * score / best if best > 0 else 0.0


def _smoothed(candidate: _Candidate, leg: str, floor: float, complete: bool) -> float:
    """A passage's score in one leg with a share of its neighbours'.

    A neighbour that is no candidate was not found, or, where all are candidates, does not exist (the ends of a
    transcript): then the passage stands in for it.
    """
    own = candidate.legs.get(leg, floor)
    around = [n.legs.get(leg, floor) for n in candidate.neighbours]
    around += [own if complete else floor] * (2 - len(around))
    return own + NEIGHBOUR_SHARE * sum(around)


def _spread(candidates: Sequence[_Candidate], k: int) -> Iterator[tuple[_Candidate, float]]:
    """The k best in order, each with its score; the first are spread over several places."""

    def beside(i: int, j: int) -> bool:
        return adjacent(candidates[i].passage, candidates[j].passage)

    scores = [candidate.fused for candidate in candidates]
    for i, score in spread(scores, beside, k=k, penalty=CROWDING_PENALTY):
        yield candidates[i], score


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
    by_title = [info.id for info in infos if normalise(info.title).text == normalise(wanted).text]
    if len(by_title) == 1:
        return by_title[0]
    raise UnknownTranscriptError(wanted, tuple(get_close_matches(wanted, ids, n=3, cutoff=0.5)))


def _known_speaker(infos: Sequence[TranscriptInfo], wanted: str) -> list[tuple[str, str]]:
    everyone = [(info.id, entry.speaker) for info in infos for entry in info.speakers]
    asked = normalise(wanted).text
    exact = [(tid, speaker) for tid, speaker in everyone if asked in _names(speaker)]
    words = set(asked.split())
    partly = [(tid, s) for tid, s in everyone if words and any(words <= set(n.split()) for n in _names(s))]
    if exact or partly:
        # Passages know the labels that are printed: of speakers made one, each has its own.
        return [(tid, label) for tid, speaker in exact or partly for label in (speaker.label, *speaker.aliases)]
    shown = {normalise(speaker.display).text: speaker.display for _, speaker in everyone}
    near = get_close_matches(asked, sorted(shown), n=3, cutoff=0.5)
    raise UnknownSpeakerError(wanted, tuple(shown[name] for name in near))


def _names(speaker: Speaker) -> set[str]:
    return {normalise(name).text for name in (speaker.label, speaker.name or "", *speaker.aliases) if name}
