"""The sentences that a language model is given to word an answer from, each with a number of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from transcript_qa.datatypes import Citation, Span, Support, Transcript, Turn
from transcript_qa.grounding.ground import cite, support_of
from transcript_qa.reading.features import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A sentence of a transcript as evidence.

    Attributes:
        id: the number under which the model knows it, from 1.
        transcript, turn: where it was said.
        span: its characters in `Transcript.text`.
        asked: the question of another speaker that its turn replies to, or empty.
        around: the words of its passage.
    """

    id: int
    transcript: Transcript
    turn: Turn
    span: Span
    asked: str = ""
    around: str = ""

    @property
    def text(self) -> str:
        """The words as they stand, line breaks as blanks."""
        return " ".join(self.span.of(self.transcript.text).split())

    def cited(self, marker: int) -> Citation:
        """The citation of the whole sentence."""
        return cite(self.transcript, self.turn, self.span, Support.EXACT, marker=marker)


def gather(candidates: Iterable[Candidate], *, room_tokens: int, cost: Callable[[Evidence], int]) -> list[Evidence]:
    """The candidates as evidence, as many as there is room for, the first before the others.

    What is chosen is numbered in the order of the transcripts, for talk is understood in order; transcripts come in
    the order in which the candidates name them. A candidate that is not found again where it stands is left out.

    Args:
        candidates: best first.
        room_tokens: what they may cost together.
        cost: tokens of one.
    """
    chosen: list[Evidence] = []
    rank: dict[str, int] = {}
    left = room_tokens
    for candidate in candidates:
        if support_of(candidate.text, candidate.span, candidate.transcript) is Support.MISSING:
            continue
        one = Evidence(
            id=len(chosen) + 1,
            transcript=candidate.transcript,
            turn=candidate.turn,
            span=candidate.span,
            asked=candidate.asked,
            around=candidate.hit.passage.text,
        )
        left -= cost(one)
        if left < 0:
            break
        rank.setdefault(candidate.transcript.id, len(rank))
        chosen.append(one)
    return _numbered(sorted(chosen, key=lambda each: (rank[each.transcript.id], each.span)))


def in_batches(
    evidence: Sequence[Evidence], *, room_tokens: int, cost: Callable[[Evidence], int]
) -> list[list[Evidence]]:
    """The evidence in its order, parted so that no part costs more than there is room for; numbers stay."""
    batches: list[list[Evidence]] = []
    left = 0
    for one in evidence:
        left -= cost(one)
        if left < 0 or not batches:
            batches.append([])
            left = room_tokens - cost(one)
        batches[-1].append(one)
    return batches


def _numbered(evidence: Sequence[Evidence]) -> list[Evidence]:
    return [replace(one, id=number) for number, one in enumerate(evidence, start=1)]
