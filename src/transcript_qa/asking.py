"""From a question, as a person asks it in a conversation, to the passages that are read for it.

`understand` makes it stand-alone and takes its filters from it; `find` searches, lets what is preferred come first and
adds what was cited before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from transcript_qa.datatypes import Answer, Filters, Hit, Passage, PastAnswer, PastQuote, SpeakerKind, Why
from transcript_qa.embed import Embedder
from transcript_qa.errors import InvalidArgumentError, UnknownTranscriptError
from transcript_qa.questions.antecedents import LOOK_BACK, Earlier
from transcript_qa.questions.followup import stand_alone
from transcript_qa.questions.implied import implied_by, narrowed, preferred, without
from transcript_qa.questions.voices import voices_of
from transcript_qa.search import Found, look_up, select
from transcript_qa.store import Selection, Store, TranscriptInfo
from transcript_qa.text import keywords, terms

_POOL = 3
_MOST_READ_AGAIN = 4
_QUESTIONS_BEFORE = 2
_TOO_FEW_TERMS = 1
_LINE = re.compile(r"^(?:(?P<who>[^“\n]{1,200}?)(?: said)?: )?“(?P<quote>.+)” \[\d+\]$", re.MULTILINE)
_LABEL = " (label in the file)"


History = Sequence[Answer | PastAnswer | tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question as it was understood.

    Attributes:
        question: as asked.
        asked_as: stand-alone.
        given: what the person narrowed it to.
        filters: this and what the question says itself.
        history: the questions before, oldest first; empty where it is no follow-up.
        before: the same, and those of a question with too few words of its own to stand alone.
    """

    question: str
    asked_as: str
    given: Filters
    filters: Filters
    history: tuple[PastAnswer, ...] = ()
    before: tuple[PastAnswer, ...] = ()


def understand(
    store: Store,
    question: str,
    given: Filters,
    *,
    history: History | None = None,
    implied: bool | Collection[str] = True,
) -> Request:
    """A question made stand-alone, with what it is narrowed to.

    Args:
        store: the index.
        question: as asked.
        given: what the person narrowed it to.
        history: the questions and answers before, oldest first.
        implied: whether the question's own filters hold, or the keys and kinds of those to leave out.

    Raises:
        InvalidArgumentError: `history` or `implied` is of another type.
        UnknownTranscriptError, UnknownSpeakerError: a filter that names nothing in the index.
    """
    if isinstance(implied, str):
        raise InvalidArgumentError("implied is a set of keys. Put a single one in a set too.")
    infos = _within(store.infos(), given)
    past = tuple(past_answer(each) for each in history or ())[-LOOK_BACK:]
    asked_as = (
        stand_alone(question, [_earlier(store, each) for each in past], voices_of(infos)) if past else question.strip()
    )
    found = without(implied_by(asked_as, infos, given), implied)
    follows = asked_as != question.strip()
    return Request(
        question=question,
        asked_as=asked_as,
        given=given,
        filters=narrowed(given, found),
        history=past if follows else (),
        before=past if follows or len(set(terms(question))) <= _TOO_FEW_TERMS else (),
    )


def past_answer(given: Answer | PastAnswer | tuple[str, str]) -> PastAnswer:
    """An earlier answer in any of the forms in which it is given. Raises `InvalidArgumentError`."""
    if isinstance(given, PastAnswer):
        return given
    if isinstance(given, Answer):
        quotes = tuple(
            PastQuote(
                quote=c.quote,
                speaker=c.speaker.display if c.speaker.kind is not SpeakerKind.UNKNOWN else "",
                transcript_id=c.transcript_id,
                turn=c.turn,
            )
            for c in given.citations
        )
        return PastAnswer(question=given.asked_as, quotes=quotes)
    if isinstance(given, tuple) and len(given) == 2 and all(isinstance(part, str) for part in given):
        question, text = given
        lines = _LINE.finditer(text)
        quotes = tuple(PastQuote(quote=m["quote"], speaker=(m["who"] or "").removesuffix(_LABEL)) for m in lines)
        return PastAnswer(question=question.strip(), quotes=quotes)
    raise InvalidArgumentError(
        f"The history holds a {type(given).__name__}. Give answers, or pairs of a question and an answer's text."
    )


def find(store: Store, embedder: Embedder, request: Request, *, k: int) -> Found:
    """The passages to read, best first: at most k, and in a conversation a quarter more and what was cited before."""
    first_ones = preferred(request.filters.implied)
    by_itself = replace(request.filters, speakers=request.given.speakers)
    if request.filters.speakers != request.given.speakers:
        found = _with_speakers(store, embedder, request, by_itself, k=k)
    else:
        found = look_up(store, embedder, request.asked_as, k=_POOL * k if first_ones else k, filters=request.filters)
    hits = found.hits
    for filters in first_ones:
        hits = _first(hits, select(store.infos(), filters), k=k)
    hits = _with_conversation(store, embedder, request, hits[:k], k=k)
    ranked = _ranked([*hits, *_cited_before(store, request, {hit.passage.id for hit in hits}, hits[-1:])])
    return replace(found, hits=ranked)


def _with_conversation(store: Store, embedder: Embedder, request: Request, hits: list[Hit], *, k: int) -> list[Hit]:
    """The hits, and behind three quarters of k some that go with the questions before and this one together.

    Of 303 follow-ups that people would ask, 288 have a passage with the answer among these (at most twenty for k = 16),
    265 among the first sixteen of the question made stand-alone.
    """
    if not request.before or not k // 2:
        return hits
    text = " ".join((*(past.question for past in request.before[-_QUESTIONS_BEFORE:]), request.question))
    both = look_up(store, embedder, text, k=k // 2, filters=request.filters).hits
    first, rest = hits[: k - k // 4], hits[k - k // 4 :]
    known = {hit.passage.id for hit in first}
    more = [hit for hit in both if hit.passage.id not in known]
    known.update(hit.passage.id for hit in more)
    return [*first, *more, *(hit for hit in rest if hit.passage.id not in known)][: max(k, len(first) + len(more))]


def _with_speakers(store: Store, embedder: Embedder, request: Request, wider: Filters, *, k: int) -> Found:
    """Passages in which the speakers of the question speak, as they rank among all: neighbours count for them too."""
    selection = select(store.infos(), request.filters)
    pool = look_up(store, embedder, request.asked_as, k=_POOL * k, filters=wider)
    hits = [hit for hit in pool.hits if _is_in(hit.passage, selection)]
    if len(hits) < k:
        known = {hit.passage.id for hit in hits}
        further = look_up(store, embedder, request.asked_as, k=k, filters=request.filters).hits
        hits += [hit for hit in further if hit.passage.id not in known]
    return replace(pool, hits=hits[: _POOL * k])


def _first(hits: Sequence[Hit], selection: Selection | None, *, k: int) -> list[Hit]:
    """The hits with those in the selection in front; the better half of the first k is never pushed out."""
    kept = {hit.passage.id for hit in hits[: (k + 1) // 2]}
    fit = [hit for hit in hits if _is_in(hit.passage, selection)]
    room = k - len(kept - {hit.passage.id for hit in fit})
    front = fit[: max(0, room)]
    chosen = {hit.passage.id for hit in front}
    return [*front, *(hit for hit in hits if hit.passage.id not in chosen)]


def _cited_before(store: Store, request: Request, known: Collection[str], last: Sequence[Hit]) -> Iterable[Hit]:
    """What earlier answers quoted, for a follow-up to be read again, as far as the filters leave it."""
    if not request.history:
        return
    selection = select(store.infos(), request.filters)
    titles = store.titles()
    asked = set(terms(request.asked_as))
    seen = set(known)
    quotes = [quote for past in reversed(request.history) for quote in past.quotes]
    for quote in quotes[:_MOST_READ_AGAIN]:
        passage = _passage_of(store, quote)
        if passage is None or passage.id in seen or not _is_in(passage, selection):
            continue
        seen.add(passage.id)
        matched = tuple(sorted(asked & set(terms(passage.text))))
        title = titles.get(passage.transcript_id, passage.transcript_id)
        yield Hit(passage=passage, title=title, score=last[0].score if last else 0.0, rank=1, why=Why(matched=matched))


def _passage_of(store: Store, quote: PastQuote) -> Passage | None:
    """The passage in which a quotation stands now, or None where it has gone."""
    wanted = sorted(set(keywords(quote.quote)))
    if not wanted:
        return None
    selection = Selection(transcripts=frozenset({quote.transcript_id})) if quote.transcript_id is not None else None
    found = store.search_keyword(wanted, k=_MOST_READ_AGAIN, selection=selection)
    words_of = " ".join(quote.quote.split())
    for passage in store.passages([scored.passage_id for scored in found]):
        if words_of in " ".join(passage.text.split()):
            return passage
    return None


def _is_in(passage: Passage, selection: Selection | None) -> bool:
    """Whether a selection holds a passage."""
    if selection is None:
        return True
    if selection.transcripts is not None and passage.transcript_id not in selection.transcripts:
        return False
    return selection.speakers is None or any((passage.transcript_id, s) in selection.speakers for s in passage.speakers)


def _ranked(hits: Sequence[Hit]) -> list[Hit]:
    """Hits in this order with ranks and scores to match."""
    ranked: list[Hit] = []
    for rank, hit in enumerate(hits, start=1):
        score = min(hit.score, ranked[-1].score) if ranked else hit.score
        ranked.append(replace(hit, rank=rank, score=score))
    return ranked


def _within(infos: Sequence[TranscriptInfo], given: Filters) -> list[TranscriptInfo]:
    selection = select(infos, given)
    return [i for i in infos if selection is None or selection.transcripts is None or i.id in selection.transcripts]


def _earlier(store: Store, past: PastAnswer) -> Earlier:
    speakers = tuple(dict.fromkeys(quote.speaker for quote in past.quotes if quote.speaker))
    return Earlier(
        question=past.question,
        quotes=tuple(quote.quote for quote in past.quotes),
        speakers=speakers,
        repliers=_repliers(store, past.quotes[0]) if past.quotes else (),
    )


def _repliers(store: Store, quote: PastQuote) -> tuple[str, ...]:
    """Who speaks next after a quotation."""
    if quote.transcript_id is None or quote.turn is None:
        return ()
    try:
        transcript = store.transcript(quote.transcript_id)
    except UnknownTranscriptError:  # removed since
        return ()
    if not 0 <= quote.turn < len(transcript.turns):
        return ()
    speaker = transcript.turns[quote.turn].speaker
    for turn in transcript.turns[quote.turn + 1 :]:
        if turn.speaker.label != speaker.label and turn.speaker.kind is not SpeakerKind.UNKNOWN:
            return (turn.speaker.display,)
    return ()
