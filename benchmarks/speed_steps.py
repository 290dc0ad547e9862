"""What speed.py measures. Each function runs in a process of its own and returns numbers that go into speed.json."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from machine import count_words, peak_memory_mb, percentile, size_mb
from made_passages import Maker, RealPassages, parts
from numpy.typing import NDArray
from plain import PlainEmbedder, tuned_model
from retrieval import MEASURES, measure, ours, read_questions

from transcript_qa import TranscriptQA
from transcript_qa.embed import Embedder, SentenceTransformerEmbedder
from transcript_qa.search import search
from transcript_qa.store import EmbedderInfo, LocalStore, Scored, Store

HITS = 10
FIRST_QUERIES = 10
SINGLE_QUERIES = 40
AT_A_TURN = 20
"""Questions in a row by ours, then by each bare way. In turns of one, every question of ours comes right after a scan,
whose threads stay awake for a while on the core on which ours looks up words (README.md has both)."""
STAGES = ("embedding the question", "dense leg", "keyword leg, beside both", "fusion and the rest")

Numbers = dict[str, Any]


def seconds(since: float) -> float:
    """Seconds since a reading of `perf_counter`."""
    return time.perf_counter() - since


def spread_ms(times_s: Sequence[float]) -> dict[str, float]:
    """p50 and p95 in milliseconds."""
    return {"p50": 1000 * percentile(times_s, 0.5), "p95": 1000 * percentile(times_s, 0.95)}


def real_passages(index: Path) -> RealPassages:
    """All passages of an index."""
    with LocalStore.open(index) as store:
        return RealPassages.read(store)


def index_and_embed(files: list[Path], folder: Path, *, rounds: int) -> Numbers:
    """Indexing files as a whole beside embedding their passages alone; the first index is left in `folder`/index-0."""
    embedder = SentenceTransformerEmbedder()
    embedder.embed_passages(["What is measured once and remembered is measured before the clock starts."] * 8)
    index_s: list[float] = []
    embed_s: list[float] = []
    texts: list[str] = []
    peak = 0.0
    for number in range(rounds):
        index = folder / f"index-{number}"
        since = time.perf_counter()
        TranscriptQA.build(files, index=index, embedder=embedder).close()
        index_s.append(seconds(since))
        peak = peak or peak_memory_mb()
        texts = texts or real_passages(index).embedded
        since = time.perf_counter()
        embedder.embed_passages(texts)
        embed_s.append(seconds(since))
    n_words = count_words(texts)
    return {
        "n_files": len(files),
        "n_passages": len(texts),
        "n_words": n_words,
        "rounds": rounds,
        "indexing_words_per_s": n_words / median(index_s),
        "embedding_words_per_s": n_words / median(embed_s),
        "share": median([alone / whole for alone, whole in zip(embed_s, index_s, strict=True)]),
        "peak_memory_mb": peak,
        "index_mb": size_mb(folder / "index-0"),
    }


def embed_beside_plain(index: Path, questions: list[str], *, n_passages: int, rounds: int) -> Numbers:
    """Our embedding beside a plain float32 `encode`, in turns: words/s, single questions, cosine between both."""
    embedded = real_passages(index).embedded
    chosen = np.linspace(0, len(embedded) - 1, min(n_passages, len(embedded))).astype(int)
    texts = [embedded[i] for i in chosen]
    embedder, plain = SentenceTransformerEmbedder(), tuned_model()
    ways = {
        "ours": lambda batch: embedder.embed_passages(batch),
        "plain": lambda batch: plain.encode(batch, normalize_embeddings=True, show_progress_bar=False),
    }
    ways["ours"](texts[:16])
    ways["plain"](texts[:16])
    times: dict[str, list[float]] = {name: [] for name in ways}
    vectors: dict[str, NDArray[np.float32]] = {}
    for number in range(rounds):
        for name in list(ways)[:: 1 if number % 2 == 0 else -1]:
            since = time.perf_counter()
            vectors[name] = np.asarray(ways[name](texts))
            times[name].append(seconds(since))
    cosines = cosines_of(vectors["ours"], vectors["plain"])
    n_words = count_words(texts)
    single = single_questions(embedder, plain, questions[:SINGLE_QUERIES])
    return {
        "n_passages": len(texts),
        "n_words": n_words,
        "rounds": rounds,
        "words_per_s": {name: n_words / median(taken) for name, taken in times.items()},
        "ratio": median([slow / quick for slow, quick in zip(times["plain"], times["ours"], strict=True)]),
        "cosine": {"least": float(cosines.min()), "mean": float(cosines.mean())},
        "question_ms": {name: spread_ms(taken) for name, taken in single.items()},
    }


def cosines_of(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """The cosine of each row of one with that of the other; vectors made in 16 bits are not quite of unit length."""
    a, b = one.astype(np.float64), other.astype(np.float64)
    cosines: NDArray[np.float64] = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return cosines


def single_questions(embedder: Embedder, plain: Any, questions: Sequence[str]) -> dict[str, list[float]]:
    """Seconds for each question by itself, by ours and by plain `encode` in turns."""
    embedder.embed_queries(["warm"])
    plain.encode("warm")
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    for question in questions:
        since = time.perf_counter()
        embedder.embed_queries([question])
        times["ours"].append(seconds(since))
        since = time.perf_counter()
        plain.encode(question, normalize_embeddings=True, show_progress_bar=False)
        times["plain"].append(seconds(since))
    return times


def retrieval_of_both(files_folder: Path, folder: Path) -> Numbers:
    """The measures of retrieval.py with our embedding and with plain float32, without the reader."""
    found: Numbers = {}
    embedders: dict[str, Embedder] = {"ours": SentenceTransformerEmbedder(), "plain": PlainEmbedder()}
    for name, embedder in embedders.items():
        with TranscriptQA.build(files_folder, index=folder / f"quality-{name}", embedder=embedder) as qa:
            transcripts = {info.id: qa.transcript(info.id) for info in qa.transcripts()}
            questions = read_questions(files_folder, qa)
            run = ours(qa, transcripts, rerank=False)
            for scoped in (True, False):
                means = np.mean([measure(q, run(q, scoped), transcripts) for q in questions], axis=0)
                measures = dict(zip(MEASURES, map(float, means), strict=True))
                found.setdefault("scoped" if scoped else "open", {})[name] = measures
    found["n_questions"] = len(questions)
    found["largest_loss"] = largest_loss(found)
    return found


def largest_loss(found: Numbers) -> float:
    """By how much a measure of ours is at most below plain's; below 0 where all are above."""
    return max(found[way]["plain"][name] - found[way]["ours"][name] for way in ("scoped", "open") for name in MEASURES)


def grow(index: Path, real_index: Path, *, first: int, end: int) -> Numbers:
    """Put made passages `first` to `end` into an index, which is made where there is none."""
    maker = Maker(real_passages(real_index))
    since = time.perf_counter()
    with LocalStore.open_or_create(index, EmbedderInfo.of(SentenceTransformerEmbedder())) as store:
        for start, n in parts(first, end):
            maker.put(store, start, n)
        store.save()
    return {"written_in_s": seconds(since), "index_mb": size_mb(index)}


class TimedEmbedder:
    """An embedder that notes how long it takes to embed a question."""

    def __init__(self, embedder: Embedder, taken_s: dict[str, float]) -> None:
        self._embedder = embedder
        self._taken_s = taken_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the embedder's."""
        since = time.perf_counter()
        vectors = self._embedder.embed_queries(texts)
        self._taken_s[STAGES[0]] = seconds(since)
        return vectors


class TimedStore:
    """A store that notes how long each leg of a search takes."""

    def __init__(self, store: Store, taken_s: dict[str, float]) -> None:
        self._store = store
        self._taken_s = taken_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def search_dense(self, *args: Any, **kwargs: Any) -> list[Scored]:
        """As the store's."""
        return self._timed(STAGES[1], self._store.search_dense, *args, **kwargs)

    def search_keyword(self, *args: Any, **kwargs: Any) -> list[Scored]:
        """As the store's."""
        return self._timed(STAGES[2], self._store.search_keyword, *args, **kwargs)

    def _timed(self, stage: str, leg: Callable[..., list[Scored]], *args: Any, **kwargs: Any) -> list[Scored]:
        since = time.perf_counter()
        found = leg(*args, **kwargs)
        self._taken_s[stage] = seconds(since)
        return found


class StagedSearch:
    """A search whose stages are timed."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._taken_s: dict[str, float] = {}
        self._store = TimedStore(store, self._taken_s)
        self._embedder = TimedEmbedder(embedder, self._taken_s)

    def __call__(self, question: str) -> dict[str, float]:
        """Seconds for each stage of a search, and for all of it."""
        self._taken_s.update(dict.fromkeys(STAGES, 0.0))
        since = time.perf_counter()
        search(self._store, self._embedder, question, k=HITS)  # type: ignore[arg-type]
        whole = seconds(since)
        embedding, dense, keyword = (self._taken_s[name] for name in STAGES[:3])
        # The keyword leg runs beside the other two.
        return {**self._taken_s, STAGES[3]: whole - max(embedding + dense, keyword), "all": whole}


class BareSearch:
    """What any search costs at least with an embedder: the question embedded, and an exact scan."""

    def __init__(self, embedder: Embedder, index: Any, *, name: str) -> None:
        self._embedder = embedder
        self._index = index
        self._name = name

    def __call__(self, question: str) -> dict[str, float]:
        """Seconds for both."""
        since = time.perf_counter()
        self._index.search(self._embedder.embed_queries([question]), HITS)
        return {self._name: seconds(since)}


def batched(questions: Sequence[str], n: int) -> Iterator[Sequence[str]]:
    """The questions in runs of n.

    >>> [list(some) for some in batched(["a", "b", "c"], 2)]
    [['a', 'b'], ['c']]
    """
    for start in range(0, len(questions), n):
        yield questions[start : start + n]


def ask_many(index: Path, real_index: Path, questions: list[str]) -> Numbers:
    """Opening an index, and searching it beside the bare cost, in turns: the question embedded, an exact FAISS scan.

    "bare" embeds the question with ours, "plain" with a plain float32 `encode`.
    """
    embedder = SentenceTransformerEmbedder()
    embedder.embed_queries(["warm"])
    loaded_mb = peak_memory_mb()
    since = time.perf_counter()
    with LocalStore.open(index, embedder=EmbedderInfo.of(embedder)) as store:
        open_s = seconds(since)
        search(store, embedder, questions[0], k=HITS)
        first_hits_s = seconds(since)
        staged = StagedSearch(store, embedder)
        for question in questions[:FIRST_QUERIES]:
            staged(question)
        peak = peak_memory_mb()
        bare = bare_index(real_index, store.passage_count())
        plain = PlainEmbedder()
        plain.embed_queries(["warm"])
        ways = [staged, BareSearch(embedder, bare, name="bare"), BareSearch(plain, bare, name="plain")]
        times: dict[str, list[float]] = {name: [] for name in (*STAGES, "all", "bare", "plain")}
        for number, some in enumerate(batched(questions[FIRST_QUERIES:], AT_A_TURN)):
            for way in ways[:: 1 if number % 2 == 0 else -1]:
                for question in some:
                    for name, value in way(question).items():
                        times[name].append(value)
    return {
        "n_queries": len(times["all"]),
        "open_s": open_s,
        "first_hits_s": first_hits_s,
        "peak_memory_mb": peak,
        "model_memory_mb": loaded_mb,
        "query_ms": {name: spread_ms(taken) for name, taken in times.items()},
        "ratio_to_bare": percentile(times["all"], 0.5) / percentile(times["bare"], 0.5),
        "ratio_to_plain": percentile(times["all"], 0.5) / percentile(times["plain"], 0.5),
    }


def bare_index(real_index: Path, n_passages: int) -> Any:
    """An exact float32 FAISS index over the vectors that `grow` made."""
    import faiss

    maker = Maker(real_passages(real_index))
    index = faiss.IndexFlatIP(maker.dim)
    for start, n in parts(0, n_passages):
        index.add(maker.vectors(start, n))
    return index


def add_and_remove(index: Path, file: Path, question: str) -> Numbers:
    """Adding one real transcript to an index and taking it out, each with the first search after it."""
    embedder = SentenceTransformerEmbedder()
    embedder.embed_passages(["warm"])
    with TranscriptQA.open(index, embedder=embedder, writable=True) as qa:
        qa.search(question, k=HITS)
        known = {info.id for info in qa.transcripts()}
        since = time.perf_counter()
        qa.add(file)
        add_s = seconds(since)
        qa.search(question, k=HITS)
        add_and_search_s = seconds(since)
        (added,) = {info.id for info in qa.transcripts()} - known
        with LocalStore.open(index) as store:
            stored = store.stored(added)
        texts = RealPassages.of([stored]).embedded
        embed_s = median([embedding_s(embedder, texts) for _ in range(3)])
        since = time.perf_counter()
        qa.remove(added)
        remove_s = seconds(since)
        qa.search(question, k=HITS)
        remove_and_search_s = seconds(since)
    return {
        "n_passages": len(texts),
        "embedding_alone_s": embed_s,
        "add_s": add_s,
        "add_beyond_embedding_s": add_s - embed_s,
        "add_and_search_s": add_and_search_s,
        "remove_s": remove_s,
        "remove_and_search_s": remove_and_search_s,
    }


def embedding_s(embedder: Embedder, texts: list[str]) -> float:
    """Seconds to embed texts."""
    since = time.perf_counter()
    embedder.embed_passages(texts)
    return seconds(since)
