"""Two hundred scripted replies of a language model over the sample corpus, and what is wrong with each sentence.

wording/claims.jsonl holds sentences that are borne out, each with variants that are not. From them come the replies:
good ones of one to three sentences, and defective ones of eleven kinds, each beside a good sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from transcript_qa.corpus import read_transcript
from transcript_qa.datatypes import Answer, Span, Transcript, Turn
from transcript_qa.text import sentences
from transcript_qa.wording.checks import Checker
from transcript_qa.wording.evidence import Evidence
from transcript_qa.wording.generate import without_thinking
from transcript_qa.wording.replies import SentenceBuffer
from transcript_qa.wording.writing import Writer

ROOT = Path(__file__).parents[1]
N_REPLIES = 200
_N_OTHERS = 10
_THINKING = "<think>The loan was 900 million, I guess. [1]</think>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A reply, and the sentences of it by whether they are borne out.

    Attributes:
        kind: "good", or what is wrong.
        reply: as the model writes it.
        good, bad: the sentences as they begin, without markers.
    """

    kind: str
    question: str
    evidence: tuple[Evidence, ...]
    reply: str
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a reply: the worded answer, and how many of its sentences fared as they should not."""

    answer: Answer
    writer: Writer
    missed: tuple[str, ...]
    wronged: tuple[str, ...]


def run_case(case: Case, *, strict: bool = False) -> Outcome:
    """The reply through the checks, a few characters at a time."""
    extractive = Answer(
        question=case.question, asked_as=case.question, text="“Said.” [1]", citations=(), hits=(), answered=True,
        confidence=0.9,
    )  # fmt: skip
    writer = Writer(extractive, Checker.of(case.evidence, case.question), strict=strict)
    buffer = SentenceBuffer()
    for piece in without_thinking(case.reply[at : at + 7] for at in range(0, len(case.reply), 7)):
        for sentence in buffer.feed(piece):
            list(writer.take(sentence))
    for sentence in buffer.close():
        list(writer.take(sentence))
    answer = writer.finish("scripted", hits=())
    shown = _unmarked(writer.shown)
    return Outcome(
        answer,
        writer,
        missed=tuple(sentence for sentence in case.bad if _is_clean(sentence, shown)),
        wronged=tuple(sentence for sentence in case.good if not _is_clean(sentence, shown)),
    )


def _is_clean(sentence: str, shown: str) -> bool:
    """Whether a sentence is shown, and without a remark."""
    bare = _unmarked(sentence)
    at = shown.find(bare)
    return at >= 0 and not shown[at + len(bare) :].startswith(" \u26a0")


def _unmarked(text: str) -> str:
    return re.sub(r"\s*\[[\d, ]+\]", "", text)


@lru_cache(maxsize=1)
def cases() -> tuple[Case, ...]:
    """All of them, in order of kind."""
    claims = [json.loads(line) for line in (ROOT / "tests/wording/claims.jsonl").read_text("utf-8").splitlines()]
    found = [*_good(claims), *_altered(claims), *_broken(claims)]
    return tuple(found)


def _good(claims: list[dict[str, Any]]) -> Iterator[Case]:
    for claim in claims:
        yield _case("good", [claim], [(claim, claim["good"], True)])
    for first, second in zip(claims[::3], claims[1::3], strict=False):
        if first["transcript"] == second["transcript"]:
            both = [first, second]
            yield _case("good", both, [(first, first["good"], True), (second, second["good"], True)])


def _altered(claims: list[dict[str, Any]]) -> Iterator[Case]:
    """Every variant once; every other one behind a good sentence about something else of the same transcript."""
    number = 0
    for claim, following in zip(claims, [*claims[1:], claims[0]], strict=True):
        for kind, text in claim["bad"].items():
            number += 1
            if number % 2 and following["transcript"] == claim["transcript"]:
                said = [(following, following["good"], True), (claim, text, False)]
                yield _case(kind, [claim, following], said)
            else:
                yield _case(kind, [claim], [(claim, text, False)])


def _broken(claims: list[dict[str, Any]]) -> Iterator[Case]:
    """What is wrong with the form: no marker, an invented one, another sentence's, a link, an end in the middle."""
    for claim in claims[::9]:
        text = claim["good"]
        yield _case("unmarked", [claim], [(claim, re.sub(r" \[\d\]", "", text), False)])
        yield _case("invented marker", [claim], [(claim, re.sub(r"\[\d\]", "[77]", text), False)])
        yield _case("another's marker", [claim], [(claim, re.sub(r"\[\d\]", "[9]", text), False)])
    for claim, link in zip(
        claims[4::13], ("[the minutes](http://minutes.example/a)", "<b>so</b>", "www.minutes.example"), strict=False
    ):
        yield _case("link", [claim], [(claim, claim["good"].replace(" [0]", f" {link} [0]"), False)])
    for claim in claims[2::14]:
        yield _case("truncated", [claim], [(claim, claim["good"][: len(claim["good"]) * 2 // 3], False)])
    for reply in ("", " \n\n", _THINKING, "The transcripts do not say."):
        yield _case("empty", [claims[0]], [], reply=reply)


def _case(
    kind: str, claims: list[dict[str, Any]], said: list[tuple[dict[str, Any], str, bool]], *, reply: str | None = None
) -> Case:
    evidence, ids = _evidence(claims)
    written, good, bad = [], [], []
    for claim, text, is_good in said:
        numbered = re.sub(r"\[(\d)\]", lambda m, c=claim: f"[{_id(ids, c, int(m[1]), len(evidence))}]", text)
        written.append(numbered)
        (good if is_good else bad).append(numbered)
    return Case(
        kind=kind, question=claims[0]["question"], evidence=tuple(evidence), good=tuple(good), bad=tuple(bad),
        reply=" ".join(written) if reply is None else reply,
    )  # fmt: skip


def _id(ids: dict[str, int], claim: dict[str, Any], number: int, n_evidence: int) -> int:
    """The number of a sentence; 9 stands for one that is about something else."""
    if number == 9:
        mine = {ids[words] for words in claim["evidence"]}
        return next(id_ for id_ in range(n_evidence, 0, -1) if id_ not in mine)
    return ids[claim["evidence"][number]]


def _evidence(claims: list[dict[str, Any]]) -> tuple[list[Evidence], dict[str, int]]:
    """The sentences that the claims cite among others of the same transcript, in its order, and their numbers."""
    transcript = _transcript(claims[0]["transcript"])
    everything = _sentences(transcript.id)
    wanted = {words: _holding(words, transcript) for claim in claims for words in claim["evidence"]}
    step = max(1, len(everything) // _N_OTHERS)
    chosen = sorted({*wanted.values(), *range(5, len(everything), step)})
    evidence = []
    for id_, place in enumerate(chosen, start=1):
        turn, span = everything[place]
        around = " ".join(each.of(transcript.text) for _, each in everything[max(0, place - 3) : place + 4])
        evidence.append(Evidence(id=id_, transcript=transcript, turn=turn, span=span, around=around))
    return evidence, {words: chosen.index(place) + 1 for words, place in wanted.items()}


def _holding(words: str, transcript: Transcript) -> int:
    """The place of the sentence that holds the words, or begins as they do."""
    said = [" ".join(span.of(transcript.text).split()) for _, span in _sentences(transcript.id)]
    return next(place for place, text in enumerate(said) if words in text or words.startswith(text[:24]))


@lru_cache(maxsize=16)
def _sentences(transcript_id: str) -> list[tuple[Turn, Span]]:
    transcript = _transcript(transcript_id)
    return [
        (turn, Span(start=turn.span.start + each.start, end=turn.span.start + each.end))
        for turn in transcript.turns
        for each in sentences(transcript.words_of(turn))
    ]


@lru_cache(maxsize=16)
def _transcript(transcript_id: str) -> Transcript:
    file = next((ROOT / "corpus").glob(f"{transcript_id}.*"))
    return read_transcript(file).transcript
