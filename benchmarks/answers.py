"""Questions with known answers over the sample corpus: is the right turn cited first, is what is not there declined?

    python benchmarks/answers.py [--questions corpus/questions.jsonl] [--corpus corpus/] [--failures]

Questions are of two levels: everyday ones name the thing in the words in which it was talked about, hard ones share few
words with their answer or ask for a detail of something that was talked about at length and was never given. Half of
each is marked "tune" (training/reader.py may read it), half "held-out". Columns:

    right first   share of the answerable whose first citation is a turn that holds the expected words
    BM25          the same for the sentence with the best BM25 score of all, which never declines
    words         share of the answerable with the expected words inside a quotation
    refused       share of the answerable declined
    declined      share of the unanswerable declined
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import log
from pathlib import Path

from transcript_qa import TranscriptQA
from transcript_qa.datatypes import Transcript
from transcript_qa.text import normalise, sentences, terms

COLUMNS = ("right first", "BM25", "words", "refused", "declined")
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question with its answer: the turns, by (transcript id, turn index), any of which is right; none if empty."""

    id: str
    question: str
    turns: frozenset[tuple[str, int]]
    words: tuple[str, ...]
    answerable: bool
    level: str = "all"
    split: str = "held-out"


def read_cases(path: Path, transcripts: dict[str, Transcript]) -> list[Case]:
    """The questions of a JSONL file, their words looked up in the transcripts."""
    cases = []
    for line in path.read_text("utf-8").splitlines():
        entry = json.loads(line)
        words = tuple(entry.get("words", ()))
        turns = frozenset(
            (entry["transcript"], turn)
            for expected in words
            for turn in turns_with(transcripts[entry["transcript"]], expected)
        )
        if entry["answerable"] and not turns:
            raise SystemExit(f"{entry['id']}: no turn of {entry['transcript']} holds {words}")
        cases.append(
            Case(
                id=entry["id"],
                question=entry["question"],
                turns=turns,
                words=words,
                answerable=entry["answerable"],
                level=entry.get("level", "all"),
                split=entry.get("split", "held-out"),
            )
        )
    return cases


def turns_with(transcript: Transcript, expected: str) -> list[int]:
    """Indices of the turns that hold these words."""
    needle = normalise(expected).text
    return [turn.index for turn in transcript.turns if needle in normalise(transcript.words_of(turn)).text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one question; `right` where the first citation is a right turn."""

    case: Case
    answered: bool
    right: bool
    words_quoted: bool
    n_quotes: int
    n_exact: int
    confidence: float
    took_ms: float


def ask(qa: TranscriptQA, case: Case, transcripts: dict[str, Transcript]) -> Outcome:
    """Ask one question and judge the answer."""
    answer = qa.ask(case.question)
    cited = " ".join(normalise(citation.quote).text for citation in answer.citations)
    first = next(((c.transcript_id, c.turn) for c in answer.citations), None)
    exact = [c.span.of(transcripts[c.transcript_id].text) == c.quote for c in answer.citations]
    return Outcome(
        case=case,
        answered=answer.answered,
        right=first in case.turns,
        words_quoted=any(normalise(words).text in cited for words in case.words),
        n_quotes=len(exact),
        n_exact=sum(exact),
        confidence=answer.confidence,
        took_ms=answer.timings_ms["total"],
    )


def problem(outcome: Outcome) -> str:
    """What went wrong, or nothing."""
    if outcome.case.answerable:
        if not outcome.answered:
            return "declined though there is an answer"
        return "" if outcome.right else "cites another turn"
    return "answered though nothing answers" if outcome.answered else ""


def row(name: str, outcomes: list[Outcome], baseline: Callable[[str], tuple[str, int]]) -> str:
    """One line of the table."""
    yes = [o for o in outcomes if o.case.answerable]
    no = [o for o in outcomes if not o.case.answerable]
    bm25 = sum(baseline(o.case.question) in o.case.turns for o in yes)
    cells = (
        sum(o.right for o in yes) / len(yes),
        bm25 / len(yes),
        sum(o.words_quoted for o in yes) / len(yes),
        sum(not o.answered for o in yes) / len(yes),
        sum(not o.answered for o in no) / len(no),
    )
    return f"{name:22}{len(yes):5}{len(no):5}" + "".join(f"{cell:11.3f}" for cell in cells)


def bm25_best_sentence(transcripts: dict[str, Transcript]) -> Callable[[str], tuple[str, int]]:
    """A baseline: the turn of the sentence with the best BM25 score of all."""
    places = [
        (transcript.id, turn.index, Counter(terms(piece.of(body))))
        for transcript in transcripts.values()
        for turn in transcript.turns
        for body in [transcript.words_of(turn)]
        for piece in sentences(body)
    ]
    length = sum(sum(counts.values()) for _, _, counts in places) / len(places)
    seen = Counter(term for _, _, counts in places for term in counts)

    def score(counts: Counter[str], asked: tuple[str, ...]) -> float:
        norm = 1.2 * (0.25 + 0.75 * sum(counts.values()) / length)
        return sum(
            log(1 + (len(places) - seen[t] + 0.5) / (seen[t] + 0.5)) * counts[t] * 2.2 / (counts[t] + norm)
            for t in set(asked)
        )

    def best(question: str) -> tuple[str, int]:
        asked = terms(question)
        transcript_id, turn, _ = max(places, key=lambda place: score(place[2], asked))
        return transcript_id, turn

    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--questions", type=Path, default=ROOT / "corpus" / "questions.jsonl")
    parser.add_argument("--failures", action="store_true", help="print each question that went wrong")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, TranscriptQA.build(options.corpus, index=folder) as qa:
        transcripts = {info.id: qa.transcript(info.id) for info in qa.transcripts()}
        cases = read_cases(options.questions, transcripts)
        qa.warm_up()
        outcomes = [ask(qa, case, transcripts) for case in cases]
    baseline = bm25_best_sentence(transcripts)
    n_words = sum(len(t.text.split()) for t in transcripts.values())
    print(f"{len(transcripts)} transcripts, {n_words} words")
    print(f"{'':22}{'yes':>5}{'no':>5}" + "".join(f"{name:>11}" for name in COLUMNS))
    for level in dict.fromkeys(case.level for case in cases):
        for split in ("held-out", "tune"):
            chosen = [o for o in outcomes if (o.case.level, o.case.split) == (level, split)]
            if chosen:
                print(row(f"{level}, {split}", chosen, baseline))
    print(row("all", outcomes, baseline))
    n_quotes = sum(o.n_quotes for o in outcomes)
    print(f"quotes exact {sum(o.n_exact for o in outcomes)} of {n_quotes}")
    print(f"question to answer, median {statistics.median(o.took_ms for o in outcomes):.0f} ms")
    if options.failures:
        for outcome in outcomes:
            if said := problem(outcome):
                print(f"  {outcome.case.id} {said} ({outcome.confidence:.2f}): {outcome.case.question}")


if __name__ == "__main__":
    main()
