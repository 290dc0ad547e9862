"""Questions with known answers: is the right turn cited first, is what is not there declined, is the confidence true?

    python benchmarks/answers.py [--friends PATH/friendsqa_dev.json] [--qmsum PATH/qmsum/val] [--failures]
    python benchmarks/answers.py --time PATH/qmsum/train

Three systems in one run: ours, ours without the trained reader (cosines of the embedding model in its place), and the
sentence with the best BM25 score of all, which never declines. The sets:

    corpus/questions.jsonl over the sample corpus. Everyday questions name the thing in the words in which it was talked
        about, hard ones share few words with their answer or ask for a detail that was never given. Half of each is
        marked "tune" (training/weights.py may read it), half "held-out".
    FriendsQA, the scenes that were left out of the training, nine together; each question is asked once where it is
        answered and once where the same people talk and nothing answers it.
    QMSum, each question asked of its own meeting; right is any turn of the judged evidence.

Columns:

    right first   share of the answerable that are answered with a right turn cited first
    words         share of the answerable with the expected words inside a quotation
    speaker       share of those right first whose speaker is the expected one
    refused       share of the answerable declined
    declined      share of the unanswerable declined
    ECE           expected calibration error of the confidence, in ten bins: the mean distance between confidence and
                  the share of best sentences that are right, shown or not, by the number of questions
    ms            median time from question to answer, warm

`--time` measures nothing but time, of the corpus's first sixty questions over an index of another, larger folder: each
is asked twice, first and again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
from answer_sets import ROOT, AnswerSet, Case, corpus_set, friends_set, qmsum_set

from transcript_qa import TranscriptQA
from transcript_qa.datatypes import Speaker
from transcript_qa.embed import Embedder, SentenceTransformerEmbedder
from transcript_qa.grounding.ground import is_named
from transcript_qa.reading.reader import EvidenceReader, Reader, TrainedReader
from transcript_qa.text import normalise, sentences, terms

COLUMNS = ("right first", "words", "speaker", "refused", "declined", "ECE", "ms")
N_BINS = 10
N_TIMED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a system said to one question; `right` where its best sentence is of a right turn, shown or not."""

    case: Case
    answered: bool
    right: bool
    words_quoted: bool
    speaker_right: bool
    n_quotes: int
    n_exact: int
    confidence: float
    took_ms: float


System = Callable[[AnswerSet], Callable[[Case], Outcome]]


def by_assistant(reader: Reader, embedder: Embedder) -> System:
    """Ours, with a reader; with the threshold 0, so that the best sentence is known even where it is not shown."""
    threshold = reader.threshold

    def over(asked: AnswerSet) -> Callable[[Case], Outcome]:
        qa = TranscriptQA(asked.store, embedder, reader=reader, threshold=0.0)
        qa.ask("is it warm")

        def ask(case: Case) -> Outcome:
            started = time.perf_counter()
            answer = qa.ask(case.question, transcripts=[case.within] if case.within else None)
            took_ms = 1000 * (time.perf_counter() - started)
            cited = " ".join(normalise(citation.quote).text for citation in answer.citations)
            first = answer.citations[0] if answer.citations else None
            texts = [asked.transcripts[c.transcript_id].text for c in answer.citations]
            return Outcome(
                case=case,
                answered=answer.confidence >= threshold,
                right=first is not None and (first.transcript_id, first.turn) in case.turns,
                words_quoted=any(normalise(words).text in cited for words in case.words),
                speaker_right=first is not None and is_expected(first.speaker, case),
                n_quotes=len(texts),
                n_exact=sum(c.span.of(text) == c.quote for c, text in zip(answer.citations, texts, strict=True)),
                confidence=answer.confidence,
                took_ms=took_ms,
            )

        return ask

    return over


def is_expected(speaker: Speaker, case: Case) -> bool:
    """Whether it is one of those who are known to say so, or nobody is known."""
    return not case.speakers or any(is_named(speaker, name) for name in case.speakers)


def by_bm25(asked: AnswerSet) -> Callable[[Case], Outcome]:
    """A baseline: the sentence with the best BM25 score of all."""
    places = [
        (transcript, turn, piece.of(body), Counter(terms(piece.of(body))))
        for transcript in asked.transcripts.values()
        for turn in transcript.turns
        for body in [transcript.words_of(turn)]
        for piece in sentences(body)
    ]
    length = sum(sum(counts.values()) for *_, counts in places) / len(places)
    seen = Counter(term for *_, counts in places for term in counts)

    def score(counts: Counter[str], wanted: set[str]) -> float:
        norm = 1.2 * (0.25 + 0.75 * sum(counts.values()) / length)
        return sum(
            log(1 + (len(places) - seen[t] + 0.5) / (seen[t] + 0.5)) * counts[t] * 2.2 / (counts[t] + norm)
            for t in wanted
            if counts[t]
        )

    def ask(case: Case) -> Outcome:
        started = time.perf_counter()
        wanted = set(terms(case.question))
        within = [p for p in places if case.within in (None, p[0].id)]
        transcript, turn, text, _ = max(within, key=lambda place: score(place[3], wanted))
        return Outcome(
            case=case,
            answered=True,
            right=(transcript.id, turn.index) in case.turns,
            words_quoted=any(normalise(words).text in normalise(text).text for words in case.words),
            speaker_right=is_expected(turn.speaker, case),
            n_quotes=1,
            n_exact=1,
            confidence=1.0,
            took_ms=1000 * (time.perf_counter() - started),
        )

    return ask


def systems(embedder: Embedder) -> dict[str, System]:
    """The systems by name."""
    return {
        "ours": by_assistant(TrainedReader(), embedder),
        "without the trained reader": by_assistant(EvidenceReader(embedder), embedder),
        "BM25's best sentence": by_bm25,
    }


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """Expected calibration error in ten bins of like width."""
    confidence = np.array([o.confidence for o in outcomes])
    right = np.array([o.right for o in outcomes], dtype=float)
    bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    return float(
        sum(
            abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
            for b in range(N_BINS)
            if (bins == b).any()
        )
    )


def row(name: str, outcomes: Sequence[Outcome]) -> str:
    """One line of the table."""
    yes = [o for o in outcomes if o.case.answerable]
    no = [o for o in outcomes if not o.case.answerable]
    right = [o for o in yes if o.right and o.answered]
    has_words = any(o.case.words for o in yes)
    has_speaker = any(o.case.speakers for o in yes)
    cells = (
        share(len(right), len(yes)),
        share(sum(o.words_quoted and o.answered for o in yes), len(yes) if has_words else 0),
        share(sum(o.speaker_right for o in right), max(len(right), 1) if has_speaker else 0),
        share(sum(not o.answered for o in yes), len(yes)),
        share(sum(not o.answered for o in no), len(no)),
        f"{calibration_error(outcomes):.3f}",
        f"{statistics.median(o.took_ms for o in outcomes):.0f}",
    )
    return f"{name:28}{len(yes):5}{len(no):5}" + "".join(f"{cell:>12}" for cell in cells)


def share(part: int, whole: int) -> str:
    """Three digits, or a dash where there is nothing to have a share of."""
    return f"{part / whole:.3f}" if whole else "-"


def reliability(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """For each tenth of confidence: how many questions, and how many of their first sentences are right."""
    for number in range(N_BINS):
        inside = [o for o in outcomes if min(int(o.confidence * N_BINS), N_BINS - 1) == number]
        if inside:
            share = sum(o.right for o in inside) / len(inside)
            bar = "#" * round(40 * share)
            yield f"  {number / N_BINS:.1f} to {(number + 1) / N_BINS:.1f} {len(inside):5} {share:6.2f} {bar}"


def problem(outcome: Outcome) -> str:
    """What went wrong, or nothing."""
    if outcome.case.answerable:
        if not outcome.answered:
            return "declined though there is an answer"
        return "" if outcome.right else "cites another turn"
    return "answered though nothing answers" if outcome.answered else ""


def report(sets: Sequence[AnswerSet], embedder: Embedder, *, failures: bool) -> None:
    """Print the tables of some sets together."""
    n_words = sum(len(t.text.split()) for each in sets for t in each.transcripts.values())
    print(f"\n{sum(len(each.transcripts) for each in sets)} transcripts, {n_words} words")
    print(f"{'':28}{'yes':>5}{'no':>5}" + "".join(f"{name:>12}" for name in COLUMNS))
    for name, system in systems(embedder).items():
        outcomes = [ask(case) for each in sets for ask in [system(each)] for case in each.cases]
        print(name)
        groups = list(dict.fromkeys(o.case.group for o in outcomes))
        for group in groups:
            print(row(f"  {group[:24]}", [o for o in outcomes if o.case.group == group]))
        if len(groups) > 1:
            print(row("  all", outcomes))
        if name == "ours":
            kept = outcomes
    print(f"quotes exact {sum(o.n_exact for o in kept)} of {sum(o.n_quotes for o in kept)}")
    print("confidence of ours, questions, share right")
    print("\n".join(reliability(kept)))
    if failures:
        for outcome in kept:
            if said := problem(outcome):
                print(f"  {outcome.case.id} {said} ({outcome.confidence:.2f}): {outcome.case.question}")


def print_times(folder: Path, questions: Sequence[str], index: Path, embedder: SentenceTransformerEmbedder) -> None:
    """How long answers over the transcripts of a folder take."""
    with TranscriptQA.build(folder, index=index, embedder=embedder) as qa:
        qa.warm_up()
        print(f"{qa.passage_count()} passages, {len(questions)} questions")
        for name in ("first", "again"):
            took = []
            for question in questions:
                started = time.perf_counter()
                qa.ask(question)
                took.append(1000 * (time.perf_counter() - started))
            print(f"{name}: {statistics.median(took):.0f} ms (median), {np.percentile(took, 90):.0f} ms (nine of ten)")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--questions", type=Path, default=ROOT / "corpus" / "questions.jsonl")
    parser.add_argument("--friends", type=Path, help="friendsqa_dev.json")
    parser.add_argument("--qmsum", type=Path, help="a folder of QMSum meetings")
    parser.add_argument("--time", type=Path, help="a folder of transcripts over which only time is measured")
    parser.add_argument("--failures", action="store_true", help="print each question that went wrong")
    options = parser.parse_args()
    embedder = SentenceTransformerEmbedder()
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder)
        if options.time:
            asked = [json.loads(line)["question"] for line in options.questions.read_text("utf-8").splitlines()]
            print_times(options.time, asked[:N_TIMED], index / "time", embedder)
            return
        opened: list[AbstractContextManager[list[AnswerSet]]] = [
            corpus_set(options.corpus, options.questions, index / "corpus", embedder)
        ]
        if options.friends:
            opened.append(friends_set(options.friends, index / "friends", embedder))
        if options.qmsum:
            opened.append(qmsum_set(options.qmsum, index / "qmsum", embedder))
        for context in opened:
            with context as sets:
                report(sets, embedder, failures=options.failures)


if __name__ == "__main__":
    main()
