"""Retrieval on meetings with judged evidence, beside four baselines, in one run.

    python benchmarks/retrieval.py ../shared/data/qmsum/val

The folder holds QMSum files (JSON with `meeting_transcripts` and `specific_query_list`, whose `relevant_text_span`s are
numbers of entries, inclusive). Each question is searched in its own meeting (scoped: a filter on the transcript) and
in all of them together (open).

    success@k  share of questions with evidence in one of the first k passages
    MRR        mean of 1 / rank of the first passage with evidence among the first 20, 0 where there is none
    p300       share of the words that are judged evidence, in the first passages that make 300 words or more
    p1000      the same for 1,000 words
    r1000      share of the question's evidence words in the first passages that make 1,000 words or more

Questions without a judged span are left out. Ours is shown as the reader orders it and as the search alone does.
Baselines: one turn a passage, dense; BM25 (k1 1.2, b 0.75) over turns; windows of 1,000 characters, dense; and
reciprocal-rank fusion (k 60) of our two legs over our own passages.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcript_qa import TranscriptQA
from transcript_qa.corpus import read_transcript
from transcript_qa.datatypes import Passage, Span, Transcript
from transcript_qa.embed import Embedder, SentenceTransformerEmbedder
from transcript_qa.store import LocalStore, Selection, Store
from transcript_qa.text import keywords, terms

sys.path.append(str(Path(__file__).resolve().parents[1] / "training"))

from sources import turns_by_entry

DEPTH = 200
MEASURES = ("success@1", "success@5", "MRR", "p300", "p1000", "r1000")


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a meeting and the turns that are judged to answer it."""

    text: str
    meeting: str
    evidence: frozenset[int]


@dataclass(frozen=True, slots=True)
class Unit:
    """Something returned: for each turn in it, how many words of the turn."""

    meeting: str
    words: tuple[tuple[int, int], ...]


Run = Callable[[Question, bool], Sequence[Unit]]
"""Units for a question, best first; True for its own meeting only."""


def read_questions(folder: Path, qa: TranscriptQA) -> list[Question]:
    """The questions of every file in the folder."""
    by_file = {Path(info.source).name: info.id for info in qa.transcripts()}
    return questions_of(sorted(folder.glob("*.json")), by_file)


def read_queries(path: Path) -> list[dict[str, Any]]:
    """The entries of `specific_query_list` in a QMSum file; none in any other JSON."""
    try:
        meeting = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise SystemExit(f"{path} is no JSON ({error}). Take it out of the folder.") from error
    queries = meeting.get("specific_query_list", []) if isinstance(meeting, dict) else []
    return [entry for entry in queries if isinstance(entry, dict) and "query" in entry]


def questions_of(files: Sequence[Path], by_file: Mapping[str, str]) -> list[Question]:
    """The questions of files, whose names tell the meetings' ids."""
    questions = []
    for path in files:
        queries = read_queries(path)
        by_entry = turns_by_entry(read_transcript(path).transcript) if queries else {}
        for entry in queries:
            runs = [range(int(first), int(last) + 1) for first, last in entry.get("relevant_text_span", ())]
            turns = frozenset(by_entry[number].index for run in runs for number in run if number in by_entry)
            if turns:
                questions.append(Question(entry["query"], by_file[path.name], turns))
    return questions


def unit_of(transcript: Transcript, span: Span, first: int, last: int) -> Unit:
    """The words under a span by turn."""
    counts = []
    for turn in transcript.turns[first : last + 1]:
        start, end = max(turn.span.start, span.start), min(turn.span.end, span.end)
        counts.append((turn.index, len(transcript.text[start:end].split()) if start < end else 0))
    return Unit(transcript.id, tuple(counts))


def passage_unit(transcripts: dict[str, Transcript], passage: Passage) -> Unit:
    """A passage as a unit."""
    return unit_of(transcripts[passage.transcript_id], passage.span, *passage.turns)


def measure(question: Question, units: Sequence[Unit], transcripts: dict[str, Transcript]) -> list[float]:
    """The measures of one question, in the order of MEASURES."""

    def good(unit: Unit) -> int:
        return sum(n for turn, n in unit.words if unit.meeting == question.meeting and turn in question.evidence)

    def holds(unit: Unit) -> bool:
        return unit.meeting == question.meeting and any(turn in question.evidence for turn, _ in unit.words)

    hits = [holds(unit) for unit in units]
    transcript = transcripts[question.meeting]
    judged = sum(len(transcript.words_of(t).split()) for t in transcript.turns if t.index in question.evidence)
    shares = {}
    for budget in (300, 1000):
        returned = found = 0
        for unit in units:
            if returned >= budget:
                break
            returned += sum(n for _, n in unit.words)
            found += good(unit)
        shares[budget] = (found / max(returned, 1), found / max(judged, 1))
    rank = next((1 / r for r, hit in enumerate(hits[:20], start=1) if hit), 0.0)
    return [float(any(hits[:1])), float(any(hits[:5])), rank, shares[300][0], shares[1000][0], shares[1000][1]]


def ours(qa: TranscriptQA, transcripts: dict[str, Transcript], *, rerank: bool) -> Run:
    """The project's search, ordered by the reader or as the two legs give it."""

    def run(question: Question, scoped: bool) -> list[Unit]:
        chosen = [question.meeting] if scoped else None
        hits = qa.search(question.text, k=40, transcripts=chosen, rerank=rerank)
        return [passage_unit(transcripts, hit.passage) for hit in hits]

    return run


def reciprocal_rank_fusion(store: Store, embedder: Embedder, transcripts: dict[str, Transcript]) -> Run:
    """Both legs over our passages, added by 1 / (60 + rank)."""

    def run(question: Question, scoped: bool) -> list[Unit]:
        selection = Selection(transcripts=frozenset({question.meeting})) if scoped else None
        dense = store.search_dense(embedder.embed_queries([question.text])[0], k=DEPTH, selection=selection)
        keyword = store.search_keyword(sorted(set(keywords(question.text))), k=DEPTH, selection=selection)
        fused: Counter[str] = Counter()
        for leg in (dense, keyword):
            for rank, scored in enumerate(leg, start=1):
                fused[scored.passage_id] += 1 / (60 + rank)  # type: ignore[assignment]
        best = store.passages([passage_id for passage_id, _ in fused.most_common(40)])
        return [passage_unit(transcripts, passage) for passage in best]

    return run


def over_units(units: list[Unit], score: Callable[[Question], NDArray[np.float64]]) -> Run:
    """A baseline that scores every unit."""
    meetings = np.array([unit.meeting for unit in units])

    def run(question: Question, scoped: bool) -> list[Unit]:
        scores = score(question)
        if scoped:
            scores = np.where(meetings == question.meeting, scores, -np.inf)
        return [units[i] for i in np.argsort(-scores, kind="stable")[:DEPTH] if np.isfinite(scores[i])]

    return run


def dense_over(units: list[Unit], texts: list[str], embedder: Embedder, questions: list[Question]) -> Run:
    """Cosine of question and text."""
    vectors = embedder.embed_passages(texts)
    asked = dict(zip((q.text for q in questions), embedder.embed_queries([q.text for q in questions]), strict=True))
    return over_units(units, lambda question: (vectors @ asked[question.text]).astype(np.float64))


def bm25_over(units: list[Unit], texts: list[str]) -> Run:
    """BM25, k1 1.2, b 0.75."""
    postings: dict[str, list[tuple[int, int]]] = {}
    lengths = np.zeros(len(texts))
    for row, text in enumerate(texts):
        counts = Counter(terms(text))
        lengths[row] = sum(counts.values())
        for term, n in counts.items():
            postings.setdefault(term, []).append((row, n))
    norm = 1.2 * (0.25 + 0.75 * lengths / max(lengths.mean(), 1e-9))

    def score(question: Question) -> NDArray[np.float64]:
        scores = np.zeros(len(texts))
        for term in set(terms(question.text)):
            found = postings.get(term, [])
            idf = log(1 + (len(texts) - len(found) + 0.5) / (len(found) + 0.5))
            for row, n in found:
                scores[row] += idf * n * 2.2 / (n + norm[row])
        return scores

    return over_units(units, score)


def turn_units(transcripts: dict[str, Transcript]) -> tuple[list[Unit], list[str]]:
    """One turn a unit, its text with the label."""
    units, texts = [], []
    for transcript in transcripts.values():
        for turn in transcript.turns:
            units.append(unit_of(transcript, turn.span, turn.index, turn.index))
            texts.append(f"{turn.speaker.label}: {transcript.words_of(turn)}")
    return units, texts


def window_units(transcripts: dict[str, Transcript], width: int = 1000) -> tuple[list[Unit], list[str]]:
    """Windows of so many characters, wherever they cut."""
    units, texts = [], []
    for transcript in transcripts.values():
        for start in range(0, len(transcript.text), width):
            span = Span(start=start, end=min(start + width, len(transcript.text)))
            inside = [turn.index for turn in transcript.turns if turn.span.overlaps(span)]
            if inside:
                units.append(unit_of(transcript, span, inside[0], inside[-1]))
                texts.append(span.of(transcript.text))
    return units, texts


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="QMSum files")
    parser.add_argument("--ours-only", action="store_true", help="leave the baselines out")
    options = parser.parse_args()
    embedder = SentenceTransformerEmbedder()
    with tempfile.TemporaryDirectory() as index:
        started = time.perf_counter()
        qa = TranscriptQA.build(options.folder, index=index, embedder=embedder)
        took = time.perf_counter() - started
        transcripts = {info.id: qa.transcript(info.id) for info in qa.transcripts()}
        questions = read_questions(options.folder, qa)
        n_words = sum(len(t.words_of(turn).split()) for t in transcripts.values() for turn in t.turns)
        print(
            f"{len(transcripts)} meetings, {n_words} words, {qa.passage_count()} passages, {len(questions)} questions"
        )
        print(f"indexed in {took:.0f} s ({n_words / took:.0f} words/s)")
        with LocalStore.open(index) as store:
            runs: dict[str, Run] = {
                "ours": ours(qa, transcripts, rerank=True),
                "ours, without the reader": ours(qa, transcripts, rerank=False),
            }
            if not options.ours_only:
                turns, windows = turn_units(transcripts), window_units(transcripts)
                runs["RRF over our passages"] = reciprocal_rank_fusion(store, embedder, transcripts)
                runs["1,000-character windows, dense"] = dense_over(*windows, embedder, questions)
                runs["one turn a passage, dense"] = dense_over(*turns, embedder, questions)
                runs["BM25 over turns"] = bm25_over(*turns)
            report(runs, questions, transcripts)
        qa.close()


def report(runs: dict[str, Run], questions: list[Question], transcripts: dict[str, Transcript]) -> None:
    """Print a row for each run, scoped and open."""
    for scoped in (True, False):
        print(f"\n{'scoped' if scoped else 'open':32}" + "".join(f"{name:>11}" for name in MEASURES))
        for name, run in runs.items():
            means = np.mean([measure(q, run(q, scoped), transcripts) for q in questions], axis=0)
            print(f"{name:32}" + "".join(f"{mean:11.3f}" for mean in means))


if __name__ == "__main__":
    main()
