"""An archive in Milvus beside an index in a folder: the same answers, workers at once, workers killed, time added.

    python benchmarks/engines.py equal [--qmsum FOLDER]   # Milvus Lite against SQLite and FAISS
    python benchmarks/engines.py workers [--runs 50]      # two workers at once; a worker killed and started again
    python benchmarks/engines.py overhead                 # what our layer adds to a query
    python benchmarks/engines.py listing [--sizes 1000 5000]  # what a list of so many transcripts takes

The engine is Milvus Lite; `workers` has it in a process of its own, which writers reach over the loopback address and
which serves one request at a time. `equal` prints the share of questions with the same first passage and the same
answer, and the measures of retrieval.py for both; QMSum is left out without its folder.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from answer_sets import ROOT, read_cases
from retrieval import MEASURES, measure, ours, read_questions

from transcript_qa import TranscriptQA
from transcript_qa.copying import copy_index
from transcript_qa.embed import HashingEmbedder, SentenceTransformerEmbedder
from transcript_qa.indexing import update_index
from transcript_qa.sharding import Shard
from transcript_qa.store import EmbedderInfo, MilvusStore, SourceState, Store, open_store
from transcript_qa.store.milvus_schema import passages_of, records_of
from transcript_qa.text import keywords

PROCESSES = multiprocessing.get_context("forkserver")
PRELOADED = ["transcript_qa", "transcript_qa.store", "pymilvus", "milvus_lite.adapter.grpc.server", "snowballstemmer"]
TOPICS = ("harbour", "loan", "ferry", "budget", "school", "bridge", "water", "tax", "vote", "permit", "crane", "dock")


def serve(folder: str, ready: Connection) -> None:
    """Run Milvus Lite until the other end of the pipe is closed."""
    from milvus_lite.adapter.grpc.server import start_server_in_thread

    server, database, port = start_server_in_thread(folder, host="127.0.0.1", port=0, max_workers=1)
    ready.send(port)
    with suppress(EOFError):
        ready.recv()
    server.stop(grace=2).wait()
    database.close()


@contextmanager
def engine() -> Iterator[str]:
    """The address of an engine in a process of its own, without an archive's name."""
    with tempfile.TemporaryDirectory() as folder:
        ours_end, theirs = PROCESSES.Pipe()
        process = PROCESSES.Process(target=serve, args=(folder, theirs), daemon=True)
        process.start()
        theirs.close()
        yield f"milvus://127.0.0.1:{ours_end.recv()}"
        ours_end.close()
        process.join(10)
        process.kill()


def work(folder: str, address: str, shard: Shard | None) -> None:
    """What one worker does."""
    embedder = HashingEmbedder()
    info = EmbedderInfo.of(embedder)
    with MilvusStore.open_or_create(address, info) as store:
        update_index(store, embedder, [folder], shard=shard)


def contents(store: Store) -> dict[str, Any]:
    """All that an index holds, but for when it was put there."""
    stored = {transcript_id: store.stored(transcript_id) for transcript_id in store.titles()}
    return {
        "transcripts": {
            transcript_id: (one.report, one.passages, one.vectors.tobytes(), one.source)
            for transcript_id, one in stored.items()
        },
        "infos": [replace(info, added_at=info.added_at.min) for info in store.infos()],
        "settings": store.settings(),
        "sources": store.sources(),
        "health": store.health(),
        "dense": [
            {hit.passage_id: hit.score for hit in store.search_dense(one.vectors[0], k=500)} for one in stored.values()
        ],
        "words": {topic: sorted(hit.passage_id for hit in store.search_keyword([topic], k=500)) for topic in TOPICS},
    }


def write_folder(folder: Path, *, n_files: int, seed: int) -> None:
    """Transcripts of about forty turns; two have names that give the same id."""
    rng = random.Random(seed)
    names = [f"meeting-{n}.txt" for n in range(n_files - 2)] + ["east/call.txt", "west/call.txt"]
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{rng.choice(('VOSS', 'TAN', 'REED'))}: {' '.join(rng.choices(TOPICS, k=12))}." for _ in range(40)]
        path.write_text("\n".join(lines), "utf-8")


def started(folder: Path, address: str, shard: Shard | None = None) -> Any:
    """A worker process at work."""
    process = PROCESSES.Process(target=work, args=(str(folder), address, shard))
    process.start()
    return process


def expected(folder: Path, address: str) -> tuple[dict[str, Any], float]:
    """What one worker makes of a folder, undisturbed, and how many seconds it takes."""
    since = time.perf_counter()
    process = started(folder, address)
    process.join()
    took = time.perf_counter() - since
    with open_store(address) as store:
        return contents(store), took


def judge(name: str, address: str, wanted: dict[str, Any]) -> bool:
    """Whether an archive holds what it should, and what not is printed."""
    with open_store(address) as store:
        found = contents(store)
    wrong = [part for part in wanted if part != "dense" and found[part] != wanted[part]]
    # An engine rounds a product by the place of its row.
    for one, other in zip(wanted["dense"], found["dense"], strict=False):
        if one.keys() != other.keys() or any(abs(one[key] - other[key]) > 3e-6 for key in one):
            wrong.append("dense")
    if wrong:
        print(f"  {name}: other {', '.join(wrong)}")
    return not wrong


def workers(options: argparse.Namespace) -> None:
    """Two workers over one folder, with shares and without; a worker killed at a random point, and again."""
    PROCESSES.set_forkserver_preload(PRELOADED)
    counts: Counter[str] = Counter()
    with engine() as server:
        for number in range(options.runs):
            run_workers(number, server, counts)
    for what, n in counts.items():
        print(f"{what}: {n} of {options.runs}")


def run_workers(number: int, server: str, counts: Counter[str]) -> None:
    """One run: a worker alone, two at once in two ways, one killed."""
    rng = random.Random(number)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_folder(folder, n_files=5, seed=number)
        wanted, took_s = expected(folder, f"{server}/alone_{number}")
        pair = [started(folder, f"{server}/both_{number}") for _ in range(2)]
        halves = [started(folder, f"{server}/halves_{number}", Shard(number=n, of=2)) for n in (1, 2)]
        for process in (*pair, *halves):
            process.join()
            if process.exitcode:
                print(f"  run {number}: a worker failed")
        counts["two at once without shares: as one"] += judge(f"run {number}", f"{server}/both_{number}", wanted)
        counts["two at once with half each: as one"] += judge(f"run {number}", f"{server}/halves_{number}", wanted)
        victim = started(folder, f"{server}/killed_{number}")
        time.sleep(rng.uniform(0.0, took_s))
        victim.kill()
        victim.join()
        counts["killed before its end"] += victim.exitcode != 0
        again = started(folder, f"{server}/killed_{number}")
        again.join()
        counts["killed and started again: as one"] += judge(
            f"run {number}, killed", f"{server}/killed_{number}", wanted
        )


def equal(options: argparse.Namespace) -> None:
    """The same questions over both stores."""
    embedder = SentenceTransformerEmbedder()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            TranscriptQA.build(ROOT / "corpus", index=folder / "local", embedder=embedder) as local,
            copied(folder / "local", f"milvus-lite:{folder / 'lite'}", embedder) as lite,
        ):
            transcripts = {info.id: local.transcript(info.id) for info in local.transcripts()}
            cases = list(read_cases(ROOT / "corpus" / "questions.jsonl", transcripts))
            asked = random.Random(0).sample([case.question for case in cases], min(options.questions, len(cases)))
            compare_answers("corpus", local, lite, asked)
        if options.qmsum is not None:
            equal_on_qmsum(options.qmsum, folder, embedder)


def equal_on_qmsum(meetings: Path, folder: Path, embedder: SentenceTransformerEmbedder) -> None:
    """The first forty hits of every question over both stores."""
    with (
        TranscriptQA.build(meetings, index=folder / "q", embedder=embedder) as qa,
        copied(folder / "q", f"milvus-lite:{folder / 'q-lite'}", embedder),
        open_store(folder / "q") as local,
        open_store(f"milvus-lite:{folder / 'q-lite'}") as lite,
    ):
        questions = read_questions(meetings, qa)
        transcripts = {info.id: qa.transcript(info.id) for info in qa.transcripts()}
        stores = {
            name: ours(TranscriptQA(store, embedder), transcripts, rerank=False)
            for name, store in (("local", local), ("Milvus Lite", lite))
        }
        for scoped in (True, False):
            found = {name: [run(question, scoped) for question in questions] for name, run in stores.items()}
            first = [one[:1] == other[:1] for one, other in zip(*found.values(), strict=True)]
            kind = "scoped" if scoped else "open"
            print(f"\n{kind}, {len(questions)} questions: same first passage {np.mean(first):.3f}")
            print(f"{'':12}" + "".join(f"{measured:>11}" for measured in MEASURES))
            for name, hits in found.items():
                each = [measure(q, units, transcripts) for q, units in zip(questions, hits, strict=True)]
                print(f"{name:12}" + "".join(f"{mean:11.3f}" for mean in np.mean(each, axis=0)))


@contextmanager
def copied(source: Path, target: str, embedder: SentenceTransformerEmbedder) -> Iterator[TranscriptQA]:
    """The transcripts of an index in an archive."""
    with open_store(source) as old, MilvusStore.open_or_create(target, old.embedder) as new:
        since = time.perf_counter()
        report = copy_index(old, new)
        compared = report.comparison
        took_s = time.perf_counter() - since
        print(
            f"copied {report.copied} transcripts, {compared.passages[1]} passages in {took_s:.1f} s; "
            f"the same first by meaning {compared.meaning_alike}, by words {compared.words_alike} of "
            f"{compared.searches // 2} searches, "
            f"{compared.found_alike:.3f} of the first ten are the same"
        )
        print_sizes(new)
        with TranscriptQA.open(target, embedder=embedder) as qa:
            yield qa


def print_sizes(store: MilvusStore) -> None:
    """Print how large an average passage is in an archive, field by field, and a transcript beside its passages."""
    address = store.engine.address
    rows = list(store.engine.scan(passages_of(address), "part == 0", ("payload", "words", "who")))
    records = list(store.engine.scan(records_of(address), 'kind in ["head", "body", "blob"]', ("value",)))
    words = [row["words"].split() for row in rows]
    means = {
        "bytes of text and places": [len(row["payload"].encode()) for row in rows],
        "bytes of words": [len(row["words"]) for row in rows],
        "words": [len(each) for each in words],
        "different words": [len(set(each)) for each in words],
        "speakers": [len(row["who"]) for row in rows],
        "bytes of records": [sum(len(row["value"]) for row in records) / len(rows)],
    }
    print("an average passage:", ", ".join(f"{np.mean(of):.1f} {what}" for what, of in means.items()))


def compare_answers(name: str, local: TranscriptQA, lite: TranscriptQA, questions: list[str]) -> None:
    """Print how often both give the same."""
    first = answer = answered = 0
    for question in questions:
        one, other = local.ask(question), lite.ask(question)
        first += [hit.passage.id for hit in one.hits[:1]] == [hit.passage.id for hit in other.hits[:1]]
        answer += [c.quote for c in one.citations] == [c.quote for c in other.citations]
        answered += one.answered == other.answered
    n = len(questions)
    print(
        f"{name}, {n} questions: same first passage {first / n:.3f}, same quotations {answer / n:.3f}, "
        f"both answered or both declined {answered / n:.3f}"
    )


def overhead(_: argparse.Namespace) -> None:
    """What our layer adds to each call of a query beyond the time inside the engine's client."""
    embedder = SentenceTransformerEmbedder()
    with tempfile.TemporaryDirectory() as name:
        address = f"milvus-lite:{Path(name) / 'lite'}"
        with TranscriptQA.build(ROOT / "corpus", index=Path(name) / "local", embedder=embedder) as local:
            transcripts = {info.id: local.transcript(info.id) for info in local.transcripts()}
            cases = list(read_cases(ROOT / "corpus" / "questions.jsonl", transcripts))
        with copied(Path(name) / "local", address, embedder), MilvusStore.open(address) as store:
            added: dict[str, list[float]] = {}
            for case in cases[:100]:
                vector, words = embedder.embed_queries([case.question])[0], sorted(set(keywords(case.question)))
                total = 0.0
                for what, call in (
                    ("infos", store.infos),
                    ("dense leg", lambda vector=vector: store.search_dense(vector, k=200)),
                    ("keyword leg", lambda words=words: store.search_keyword(words, k=200)),
                    ("titles", store.titles),
                ):
                    ms, found = ours_only(store, call)
                    added.setdefault(what, []).append(ms)
                    total += ms
                    if what == "dense leg":
                        ids = [hit.passage_id for hit in found]
                ms, _found = ours_only(store, lambda ids=ids: store.passages(ids))
                added.setdefault("200 passages", []).append(ms)
                added.setdefault("a whole query", []).append(total + ms)
    for what, times in added.items():
        print(f"{what}: median {statistics.median(times):.2f} ms, p95 {np.percentile(times, 95):.2f} ms")


def ours_only(store: MilvusStore, call: Any) -> tuple[float, Any]:
    """Milliseconds of a call that were not spent inside the engine's client, and what the call gave."""
    since, inside = time.perf_counter(), store.engine.spent_s
    found = call()
    return 1000 * (time.perf_counter() - since - (store.engine.spent_s - inside)), found


def listing(options: argparse.Namespace) -> None:
    """How long a list of so many transcripts takes to read, and how large it is in memory."""
    import tracemalloc

    from transcript_qa.formats import parse_transcript

    info = EmbedderInfo(name="none", fingerprint="none", dim=2)
    text = "\n".join(f"{name}: {' '.join(TOPICS)}." for name in ("VOSS", "TAN", "REED", "OKAFOR", "ABEL"))
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as name, MilvusStore.create(f"milvus-lite:{name}/lite", info) as store:
            since = time.perf_counter()
            for number in range(size):
                report = parse_transcript(text.encode(), source=f"t{number}.txt", transcript_id=f"t{number}")
                source = SourceState(path=f"t{number}.txt", size=1, mtime_ns=1, sha256="0" * 64)
                store.put(report, (), np.empty((0, 2), dtype=np.float32), source)
            put_s = time.perf_counter() - since
            tracemalloc.start()
            since, inside = time.perf_counter(), store.engine.spent_s
            store.infos()
            took_s, inside_s = time.perf_counter() - since, store.engine.spent_s - inside
            kept, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            print(
                f"{size} transcripts of five speakers: put in {put_s:.1f} s, listed in {took_s:.2f} s "
                f"({inside_s:.2f} s of it inside the engine), {kept / size / 1024:.1f} KiB each in memory"
            )


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for command in (equal, workers, overhead, listing):
        one = commands.add_parser(command.__name__)
        one.set_defaults(command=command)
        if command is equal:
            one.add_argument("--questions", type=int, default=60, help="of the corpus, chosen at random")
            one.add_argument("--qmsum", type=Path, help="a folder of QMSum meetings")
        if command is workers:
            one.add_argument("--runs", type=int, default=50)
        if command is listing:
            one.add_argument("--sizes", type=int, nargs="+", default=[500, 2000])
    options = parser.parse_args()
    options.command(options)


if __name__ == "__main__":
    main()
