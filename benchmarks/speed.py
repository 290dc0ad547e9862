"""How fast embedding, indexing and searching are, as ratios to what they are made of, in one run.

    python benchmarks/speed.py ../shared/data/qmsum/val --output benchmarks/results
    python benchmarks/speed.py --sizes 1000 10000                # the sample corpus, two sizes, nothing written
    python benchmarks/speed.py FOLDER --quality                  # and the measures of retrieval.py, for QMSum files

Each part runs in a process of its own:

    embedding   words/s of our `embed_passages` beside a plain float32 `SentenceTransformer.encode` of the same texts,
                in turns; the median ratio; cosine of both; single questions by both
    indexing    words/s of reading, packing, embedding and storing files, and the median share of the rate at which
                their passages are embedded alone
    sizes       for each number of passages: opening the index, the first hits after that, single queries by stage
                (without the reader) beside what a search costs at least: the question embedded, by ours and by a plain
                `encode`, and an exact float32 FAISS scan over the same vectors, with FAISS's own number of threads;
                memory; size on disk; adding one real transcript beyond its embedding, removing it, each also until the
                first hits after it
    --quality   measures of search with our embedding and with plain float32

Passages in "sizes" are made after the real ones of the folder (see made_passages.py), not embedded, and written through
the store in transcripts of up to 2,000 passages, so that there are fewer and longer transcripts than in a real archive
of that size. Files were just written and are in the system's cache. Memory is the peak of what is resident, MB of 10^6
bytes, the model and mapped files among it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TypeVar

import numpy as np
from machine import can_plot, describe, in_own_process, positive, write_results
from retrieval import read_queries
from speed_steps import (
    FIRST_QUERIES,
    Numbers,
    add_and_remove,
    ask_many,
    embed_beside_plain,
    grow,
    index_and_embed,
    retrieval_of_both,
)
from speed_tables import draw, page

from transcript_qa.corpus import find_sources
from transcript_qa.errors import TranscriptQAError

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
T = TypeVar("T")

LEAST_QUESTIONS = FIRST_QUERIES + 10


def read_asked(folder: Path) -> list[str]:
    """The different questions of a folder: those of QMSum files, and those of a questions.jsonl."""
    asked = []
    for path in sorted(folder.glob("*.json")):
        asked += [entry["query"] for entry in read_queries(path)]
    if (folder / "questions.jsonl").is_file():
        lines = (folder / "questions.jsonl").read_text("utf-8").splitlines()
        asked += [json.loads(line)["question"] for line in lines]
    return list(dict.fromkeys(asked))


def spaced(items: list[T], n: int) -> list[T]:
    """At most n items, evenly spaced."""
    return [items[i] for i in np.linspace(0, len(items) - 1, min(n, len(items))).astype(int)]


def measure_sizes(options: argparse.Namespace, work: Path, questions: list[str], files: list[Path]) -> list[Numbers]:
    """One index that grows from size to size, measured at each."""
    measured = []
    real, made, before = work / "index-0", work / "made", 0
    added = sorted(files, key=lambda path: path.stat().st_size)[len(files) // 2]
    for size in sorted(set(options.sizes)):
        print(f"{size:,} passages …", flush=True)
        numbers: Numbers = {"n_passages": size, **in_own_process(grow, made, real, first=before, end=size)}
        numbers |= in_own_process(ask_many, made, real, questions)
        numbers["change"] = in_own_process(add_and_remove, made, added, questions[0])
        measured.append(numbers)
        before = size
    return measured


def run(options: argparse.Namespace) -> Numbers:
    """All that is asked for, as it goes into speed.json."""
    files = [source.path for source in find_sources([options.folder])]
    asked = read_asked(options.folder)
    if len(asked) < LEAST_QUESTIONS:
        raise SystemExit(
            f"{options.folder} has {len(asked)} questions, and {LEAST_QUESTIONS} are needed. Name a folder with QMSum "
            "files or with a questions.jsonl, or none for the sample corpus."
        )
    questions = spaced(asked, max(options.queries + FIRST_QUERIES, LEAST_QUESTIONS))
    found: Numbers = {"machine": describe()}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        print("indexing …", flush=True)
        chosen = spaced(files, options.files)
        found["indexing"] = in_own_process(index_and_embed, chosen, work, rounds=options.rounds)
        if "embedding" in options.parts:
            print("embedding …", flush=True)
            found["embedding"] = in_own_process(
                embed_beside_plain, work / "index-0", questions, n_passages=options.passages, rounds=options.rounds
            )
        if "sizes" in options.parts:
            found["sizes"] = measure_sizes(options, work, questions, files)
        if options.quality:
            print("quality …", flush=True)
            found["quality"] = in_own_process(retrieval_of_both, options.folder, work)
    return found


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=CORPUS, help="transcripts (default: the sample corpus)")
    parser.add_argument("--sizes", type=positive, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--queries", type=positive, default=200, help="questions at each size (default 200)")
    parser.add_argument("--files", type=positive, default=8, help="files that are indexed (default 8)")
    parser.add_argument("--passages", type=positive, default=300, help="passages embedded by both (default 300)")
    parser.add_argument("--rounds", type=positive, default=3, help="of embedding and of indexing (default 3)")
    parser.add_argument("--parts", nargs="*", choices=["embedding", "sizes"], default=["embedding", "sizes"])
    parser.add_argument("--quality", action="store_true", help="measures of retrieval too; the files are QMSum's")
    parser.add_argument("--output", type=Path, help="a folder for speed.json, speed.md and plots")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure, print the tables, write what is to be kept."""
    options = read_options()
    try:
        found = run(options)
    except TranscriptQAError as error:
        raise SystemExit(str(error)) from error
    text = page(found)
    print(text)
    if options.output is not None:
        write_results(options.output, "speed", found, text)
        if can_plot():
            draw(found, options.output)


if __name__ == "__main__":
    main()
