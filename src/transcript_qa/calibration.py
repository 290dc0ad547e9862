"""How sure an answer has to be over somebody's own transcripts, found without anybody's help.

Questions are taken from the transcripts themselves: what one speaker asks and another replies to. Each is read twice.
Once as it is: then the reply answers. Once with every passage around the reply removed from what was found: then what
is left should not be taken for an answer. The threshold is the lowest at which at most `MAX_FALSE_ANSWERS` of the
second kind would have been answered. What people ask each other is harder than what people ask of a transcript, and
something elsewhere may answer after all, so both error rates are upper bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from transcript_qa.chunk import NOTE
from transcript_qa.datatypes import Hit, Transcript
from transcript_qa.embed import Embedder
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.reading.reader import Reader, Reading
from transcript_qa.search import look_up
from transcript_qa.store import Store
from transcript_qa.text import sentences, terms, words

MAX_FALSE_ANSWERS = 0.05
THRESHOLD_SETTING = "threshold"
_MIN_QUESTIONS = 20
_MIN_TERMS, _MIN_REPLY_WORDS = 3, 6
_REPLY_TURNS = 3
_AROUND_TURNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfAsked:
    """A question that stands in a transcript, and the turn that asks it."""

    text: str
    transcript_id: str
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was found.

    Attributes:
        n_questions: how many questions were asked, each twice.
        threshold: the confidence from which on an answer is shown.
        false_answers: share of the questions answered although the evidence had been removed.
        false_refusals: share of those with a reply that were declined or answered from elsewhere.
        before: threshold, false answers and false refusals as they were before.
    """

    n_questions: int
    threshold: float
    false_answers: float
    false_refusals: float
    before: tuple[float, float, float]


def calibrate(
    store: Store, embedder: Embedder, reader: Reader, *, threshold: float, k: int, n_questions: int = 150
) -> Calibration:
    """Ask a store's transcripts their own questions.

    Args:
        store: an open index.
        embedder: the model it was made with.
        reader: the reader whose confidence is calibrated.
        threshold: the one in force, for comparison.
        k: how many passages an answer reads.
        n_questions: how many questions to ask at most; which ones is the same each time.

    Raises:
        InvalidArgumentError: the transcripts hold too few questions that somebody replies to.
    """
    transcripts = {info.id: store.transcript(info.id) for info in store.infos()}
    asked = [one for transcript in transcripts.values() for one in self_asked(transcript)]
    if len(asked) < _MIN_QUESTIONS:
        raise InvalidArgumentError(
            f"The transcripts hold {len(asked)} questions that somebody replies to; {_MIN_QUESTIONS} are the least. "
            "Add transcripts in which people ask each other something, or leave the threshold as it is."
        )
    chosen = Random(1).sample(asked, min(n_questions, len(asked)))
    there: list[tuple[float, bool]] = []
    removed: list[float] = []
    for one in chosen:
        found = look_up(store, embedder, one.text, k=4 * k)
        whole = reader.read(one.text, found.hits[:k], transcripts, on_a_topic=found.on_a_topic)
        there.append((whole.confidence, _from_reply(whole, one)))
        rest = [hit for hit in found.hits if not _around(hit, one)][:k]
        renumbered = [replace(hit, rank=rank) for rank, hit in enumerate(rest, start=1)]
        without = reader.read(one.text, renumbered, transcripts, on_a_topic=found.on_a_topic)
        removed.append(without.confidence)

    def rates(at: float) -> tuple[float, float, float]:
        false_answers = sum(confidence >= at for confidence in removed) / len(removed)
        false_refusals = sum(not (right and confidence >= at) for confidence, right in there) / len(there)
        return at, false_answers, false_refusals

    best = next(seen for at in range(101) if (seen := rates(at / 100))[1] <= MAX_FALSE_ANSWERS or at == 100)
    return Calibration(
        n_questions=len(chosen),
        threshold=best[0],
        false_answers=best[1],
        false_refusals=best[2],
        before=rates(threshold),
    )


def self_asked(transcript: Transcript) -> Iterator[SelfAsked]:
    """The questions of a transcript that stand on their own feet and that another speaker replies to."""
    for turn, reply in pairwise(transcript.turns):
        if turn.speaker.label == reply.speaker.label:
            continue
        body = transcript.words_of(turn)
        last = [piece.of(body) for piece in sentences(body)][-1:]
        text = NOTE.sub(" ", last[0]).strip() if last else ""
        replied = sum(1 for _ in words(transcript.words_of(reply)))
        if text.endswith("?") and len(set(terms(text))) >= _MIN_TERMS and replied >= _MIN_REPLY_WORDS:
            yield SelfAsked(text=text, transcript_id=transcript.id, turn=turn.index)


def _from_reply(reading: Reading, one: SelfAsked) -> bool:
    if not reading.sentences:
        return False
    best = reading.sentences[0].candidate
    return best.transcript.id == one.transcript_id and 0 < best.turn.index - one.turn <= _REPLY_TURNS


def _around(hit: Hit, one: SelfAsked) -> bool:
    first, last = hit.passage.turns
    return (
        hit.passage.transcript_id == one.transcript_id
        and last >= one.turn - _AROUND_TURNS
        and first <= one.turn + _AROUND_TURNS
    )


def kept_threshold(store: Store, default: float) -> float:
    """The threshold that is kept in an index, or the default."""
    try:
        return float(store.settings()[THRESHOLD_SETTING])
    except (KeyError, ValueError):
        return default
