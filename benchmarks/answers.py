"""Questions with known answers over the sample corpus: is the right turn cited first, is what is not there declined?

    python benchmarks/answers.py [--questions corpus/questions.jsonl] [--corpus corpus/] [--failures]

Printed are: the share of answerable questions whose first citation is a turn that holds the expected words, the share
of unanswerable ones declined, the share of answerable ones declined, the share of quotes found character for character
in the stored transcript, the share of first citations with the right speaker, and the median time from question to
answer, warm. "BM25's best sentence" is what keyword search alone would give: the sentence with the best BM25 score in
the best passage; it never declines.
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
from transcript_qa.datatypes import Answer, Transcript
from transcript_qa.text import normalise, sentences, terms

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question with its answer: the turns, by (transcript id, turn index), any of which is right; none if empty."""

    id: str
    question: str
    turns: frozenset[tuple[str, int]]
    words: tuple[str, ...]
    answerable: bool


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
            )
        )
    return cases


def turns_with(transcript: Transcript, expected: str) -> list[int]:
    """Indices of the turns that hold these words."""
    needle = normalise(expected).text
    return [turn.index for turn in transcript.turns if needle in normalise(transcript.words_of(turn)).text]


@dataclass(slots=True)
class Tally:
    """Counts over all questions."""

    right: int = 0
    words_inside: int = 0
    declined_answerable: int = 0
    declined_unanswerable: int = 0
    quotes: int = 0
    quotes_exact: int = 0


def ask_all(
    qa: TranscriptQA, cases: list[Case], transcripts: dict[str, Transcript], *, failures: bool
) -> tuple[Tally, list[float]]:
    """Ask every question of the assistant; with `failures` print each that went wrong."""
    tally, times = Tally(), []
    for case in cases:
        answer = qa.ask(case.question)
        times.append(answer.timings_ms["total"])
        for citation in answer.citations:
            tally.quotes += 1
            tally.quotes_exact += citation.span.of(transcripts[citation.transcript_id].text) == citation.quote
        problem = judge(case, answer, tally)
        if problem and failures:
            print(f"  {case.id} {problem} (confidence {answer.confidence:.2f}): {case.question}")
    return tally, times


def judge(case: Case, answer: Answer, tally: Tally) -> str:
    """Count one answer; what went wrong, or nothing."""
    if not case.answerable:
        tally.declined_unanswerable += not answer.answered
        return "answered though nothing answers" if answer.answered else ""
    if not answer.answered:
        tally.declined_answerable += 1
        return "declined though there is an answer"
    first = answer.citations[0]
    right = (first.transcript_id, first.turn) in case.turns
    tally.right += right
    cited = " ".join(normalise(citation.quote).text for citation in answer.citations)
    tally.words_inside += any(normalise(words).text in cited for words in case.words)
    return "" if right else f"cites turn {first.turn} of {first.transcript_id}"


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
        tally, times = ask_all(qa, cases, transcripts, failures=options.failures)
    n_yes = sum(case.answerable for case in cases)
    n_no = len(cases) - n_yes
    baseline = bm25_best_sentence(transcripts)
    bm25_right = sum(baseline(case.question) in case.turns for case in cases if case.answerable)
    n_words = sum(len(t.text.split()) for t in transcripts.values())
    print(f"{len(transcripts)} transcripts, {n_words} words, {n_yes} answerable and {n_no} unanswerable questions")
    print(f"right turn first           {tally.right / n_yes:.3f}   (BM25's best sentence {bm25_right / n_yes:.3f})")
    print(f"expected words quoted      {tally.words_inside / n_yes:.3f}")
    print(f"unanswerable declined      {tally.declined_unanswerable / n_no:.3f}")
    print(f"answerable declined        {tally.declined_answerable / n_yes:.3f}")
    print(f"quotes exact               {tally.quotes_exact / max(tally.quotes, 1):.3f}   ({tally.quotes} quotes)")
    print(f"question to answer, median {statistics.median(times):.0f} ms")


if __name__ == "__main__":
    main()
