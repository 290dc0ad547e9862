"""Ours beside LangChain, LlamaIndex and txtai with the same model: quality on QMSum, time and memory, in one run.

    pip install -e ".[peers]"                                    # into an environment of its own
    python benchmarks/peers.py ../shared/data/qmsum/val --output benchmarks/results
    python benchmarks/peers.py FOLDER --systems ours txtai --meetings 3 --questions 20

The folder holds QMSum files. Each system runs in a process of its own, one after the other, and is used as its users
find it: with the sizes of pieces and of batches that it has by itself, on whatever the machine offers. LangChain is
shown once more with pieces of 1,000 characters, about our passages' size. A peer that is not installed is skipped.

    pieces        passages, chunks, nodes, paragraphs: what is embedded and found
    index, s      from the texts (ours: from the files) to an index on disk; the model is loaded before
    query, ms     median of warm single queries over all meetings, ten hits, the reader left out of ours
    memory        peak of what is resident until then, MB of 10^6 bytes, the model among it
    success@5, p300, r1000   as in retrieval.py, over the words of the turns that a piece was cut from, words that two
                  pieces share counted once: scoped to the meeting that is asked about, and open; 200 pieces are
                  fetched (of ours 40), and filters that a peer applies after its search are given all pieces
"""

from __future__ import annotations

import argparse
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from machine import LIBRARIES, can_plot, describe, in_own_process, peak_memory_mb, positive, size_mb, write_results
from peer_systems import SYSTEMS, Place, System, Text
from peer_tables import MEASURED, draw, page
from plain import stay_offline
from retrieval import MEASURES, Question, Unit, measure, questions_of, unit_of

from transcript_qa.corpus import find_sources, read_bytes, transcript_ids
from transcript_qa.datatypes import Span, Transcript
from transcript_qa.errors import TranscriptQAError
from transcript_qa.formats import parse_transcript

HITS = 10
DEPTH = {"ours": 40}
PEERS_DEPTH = 200
WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting that was read.

    Attributes:
        path: its file.
        transcript: what was read.
        starts: first character of each turn's words.
    """

    path: Path
    transcript: Transcript
    starts: list[int]

    def unit(self, span: Span) -> Unit:
        """The words under a span by turn."""
        first = max(bisect_right(self.starts, span.start) - 1, 0)
        last = max(bisect_left(self.starts, span.end) - 1, first)
        return unit_of(self.transcript, span, first, last)


def read_meetings(folder: Path, limit: int | None) -> dict[str, Meeting]:
    """The transcripts of a folder by id."""
    sources = find_sources([folder])[:limit]
    ids = transcript_ids([source.path.resolve().as_posix() for source in sources], {})
    meetings = {}
    for source in sources:
        transcript_id = ids[source.path.resolve().as_posix()]
        transcript = parse_transcript(
            read_bytes(source.path), source=source.name, transcript_id=transcript_id
        ).transcript
        meetings[transcript_id] = Meeting(source.path, transcript, [turn.span.start for turn in transcript.turns])
    return meetings


def units_at(meetings: dict[str, Meeting], places: Sequence[Place]) -> list[Unit]:
    """The words of each piece by turn; what an earlier piece has already shown counts neither as read nor as found."""
    shown: dict[str, list[Span]] = {}
    units = []
    for meeting, start, end in places:
        span = Span(start=start, end=end)
        before = shown.setdefault(meeting, [])
        counts: Counter[int] = Counter()
        for part in rest_of(span, before):
            counts.update(dict(meetings[meeting].unit(part).words))
        before.append(span)
        units.append(Unit(meeting, tuple((turn, n) for turn, n in sorted(counts.items()) if n)))
    return units


def rest_of(span: Span, others: Sequence[Span]) -> list[Span]:
    """What is left of a span when others are taken out of it, in order.

    >>> rest_of(Span(start=0, end=9), [Span(start=7, end=20), Span(start=2, end=4)])
    [Span(start=0, end=2), Span(start=4, end=7)]
    """
    parts = []
    at = span.start
    for other in sorted((one for one in others if one.overlaps(span)), key=lambda one: one.start):
        if at < other.start:
            parts.append(Span(start=at, end=other.start))
        at = max(at, other.end)
    return [*parts, Span(start=at, end=span.end)] if at < span.end else parts


def timed_queries(system: System, questions: Sequence[str]) -> float:
    """Median milliseconds of single queries once the first few are over."""
    taken = []
    for question in questions:
        since = time.perf_counter()
        system.find(question, k=HITS, meeting=None)
        taken.append(time.perf_counter() - since)
    return 1000 * median(taken[WARM_UP:] or taken)


def measure_system(
    name: str, texts: list[Text], questions: list[Question], n_timed: int
) -> tuple[dict[str, Any], dict[str, list[list[Place]]]]:
    """Numbers of one system, and what it finds for each question, "scoped" and "open"."""
    stay_offline()
    system = SYSTEMS[name].make()
    with tempfile.TemporaryDirectory() as folder:
        since = time.perf_counter()
        n_pieces = system.index(texts, Path(folder) / "index")
        index_s = time.perf_counter() - since
        query_ms = timed_queries(system, [question.text for question in questions[:n_timed]])
        peak = peak_memory_mb()
        k = DEPTH.get(name, PEERS_DEPTH)
        found = {
            "scoped": [system.find(question.text, k=k, meeting=question.meeting) for question in questions],
            "open": [system.find(question.text, k=k, meeting=None) for question in questions],
        }
        numbers = {
            "name": name,
            "title": SYSTEMS[name].title,
            "version": SYSTEMS[name].version,
            "pieces": n_pieces,
            "index_s": index_s,
            "query_ms": query_ms,
            "peak_memory_mb": peak,
            "index_mb": size_mb(Path(folder) / "index"),
        }
        system.close()
    return numbers, found


def quality(
    found: dict[str, list[list[Place]]], questions: list[Question], meetings: dict[str, Meeting]
) -> dict[str, dict[str, float]]:
    """The mean of each measure, scoped and open."""
    transcripts = {one: meeting.transcript for one, meeting in meetings.items()}
    means: dict[str, dict[str, float]] = {}
    for way, places in found.items():
        rows = [
            measure(question, units_at(meetings, some), transcripts)
            for question, some in zip(questions, places, strict=True)
        ]
        by_name = dict(zip(MEASURES, np.mean(rows, axis=0).tolist(), strict=True))
        means[way] = {name: by_name[name] for name in MEASURED}
    return means


def run(options: argparse.Namespace) -> dict[str, Any]:
    """All that is asked for, as it goes into peers.json."""
    meetings = read_meetings(options.folder, options.meetings)
    texts = [Text(one, meeting.path, meeting.transcript.text) for one, meeting in meetings.items()]
    files = {text.path: text.meeting for text in texts if text.path.suffix == ".json"}
    by_name = {path.name: one for path, one in files.items()}
    questions = questions_of(list(files), by_name)[: options.questions]
    if not questions:
        raise SystemExit(f"{options.folder} holds no question with judged turns. Name a folder with QMSum files.")
    peers = [choice.packages[0] for name, choice in SYSTEMS.items() if name != "ours"]
    machine = describe((*LIBRARIES, *dict.fromkeys(peers)))
    read = [meeting.transcript for meeting in meetings.values()]
    words = sum(len(t.words_of(turn).split()) for t in read for turn in t.turns)
    about = {"n_meetings": len(meetings), "n_words": words, "n_questions": len(questions), "n_timed": options.timed}
    systems = []
    for name in options.systems:
        if SYSTEMS[name].version is None:
            print(f'{SYSTEMS[name].title}: not installed, skipped. Run `pip install -e ".[peers]"`.')
            continue
        print(f"{SYSTEMS[name].title} …", flush=True)
        numbers, found = in_own_process(measure_system, name, texts, questions, options.timed)
        systems.append({**numbers, **quality(found, questions, meetings)})
    if not systems:
        raise SystemExit('Nothing was measured. Run `pip install -e ".[peers]"`, or name ours in --systems.')
    return {"machine": machine, **about, "systems": systems}


def main() -> None:
    """Measure, print the table, write what is to be kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="QMSum files")
    parser.add_argument("--systems", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS))
    parser.add_argument("--meetings", type=positive, help="the first so many (default: all)")
    parser.add_argument("--questions", type=positive, help="the first so many (default: all)")
    parser.add_argument("--timed", type=positive, default=100, help="single queries that are timed (default 100)")
    parser.add_argument("--output", type=Path, help="a folder for peers.json, peers.md and a plot")
    options = parser.parse_args()
    try:
        found = run(options)
    except TranscriptQAError as error:
        raise SystemExit(str(error)) from error
    text = page(found)
    print(text)
    if options.output is not None:
        write_results(options.output, "peers", found, text)
        if can_plot():
            draw(found, options.output / "peers.png")


if __name__ == "__main__":
    main()
