"""The scripts of benchmarks/ about speed count rightly: on tiny sizes, with neither the model nor a peer."""

from __future__ import annotations

import doctest
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from benchmarking import PNG, SAID, PlainDouble, write_meetings
from conftest import ROOT
from transcript_qa.embed import HashingEmbedder
from transcript_qa.indexing import update_index
from transcript_qa.search import search
from transcript_qa.store import EmbedderInfo, LocalStore

sys.path.append(str(ROOT / "benchmarks"))

import machine
import made_passages
import retrieval
import speed
import speed_steps
import speed_tables
from made_passages import Maker, RealPassages


@pytest.fixture(scope="module")
def meetings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_meetings(tmp_path_factory.mktemp("meetings"), 3)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStore]:
    """The sample corpus, embedded by hashing."""
    embedder = HashingEmbedder(dim=64)
    with LocalStore.create(tmp_path_factory.mktemp("real"), EmbedderInfo.of(embedder)) as store:
        update_index(store, embedder, [ROOT / "corpus"])
        yield store


@pytest.fixture(scope="module")
def passages(real: LocalStore) -> RealPassages:
    return RealPassages.read(real)


@pytest.fixture(scope="module")
def hashing() -> Iterator[None]:
    """Hashing wherever the script takes the model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed_steps, "SentenceTransformerEmbedder", HashingEmbedder)
        patch.setattr(speed_steps, "PlainEmbedder", HashingEmbedder)
        patch.setattr(speed_steps, "tuned_model", PlainDouble)
        yield


@pytest.mark.parametrize("module", [machine, made_passages, speed_steps])
def test_examples_in_docstrings(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_a_process_of_its_own_has_its_own_memory() -> None:
    big = np.ones(50_000_000)
    assert machine.peak_memory_mb() > big.nbytes / 1e6
    assert machine.in_own_process(machine.peak_memory_mb) < big.nbytes / 1e6


def test_what_goes_wrong_in_a_process_of_its_own_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="there is no index here"):
        machine.in_own_process(speed_steps.real_passages, tmp_path / "nowhere")
    with pytest.raises(SystemExit, match="process of _exit was ended"):
        machine.in_own_process(os._exit, 1)


def test_percentiles_are_values_that_were_seen() -> None:
    values = [float(n) for n in range(1, 201)]
    assert machine.percentile(values, 0.95) == 190
    assert machine.percentile(values[:1], 0.95) == 1
    assert machine.percentile([3.0, 1.0], 1) == 3


def test_the_machine_is_described_without_a_name_or_a_path() -> None:
    words = machine.describe_in_words(machine.describe())
    assert f"numpy {np.__version__}" in words
    assert os.uname().nodename not in words
    assert str(Path.home()) not in words


def test_real_passages_are_those_of_the_index(real: LocalStore, passages: RealPassages) -> None:
    assert len(passages.texts) == len(passages.embedded) == len(passages.vectors) == real.passage_count()
    embedded = HashingEmbedder(dim=64).embed_passages(passages.embedded)
    assert np.allclose(embedded, passages.vectors, atol=1e-3)


def test_made_vectors_lie_around_real_ones(passages: RealPassages) -> None:
    made = Maker(passages).vectors(4000, 300)
    assert made.shape == (300, 64)
    assert made.dtype == np.float32
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    nearest = (made @ passages.vectors.T).max(axis=1)
    assert 0.75 < nearest.mean() < 0.87


def test_made_words_have_the_lengths_and_the_shares_of_real_ones(passages: RealPassages) -> None:
    made = Maker(passages).texts(0, 2000)
    real_words = [text.split() for text in passages.texts]
    made_words = [text.split() for text in made]
    assert {len(words) for words in made_words} <= {len(words) for words in real_words}
    assert abs(np.mean([*map(len, made_words)]) / np.mean([*map(len, real_words)]) - 1) < 0.1
    assert {word for words in made_words for word in words} <= {word for words in real_words for word in words}
    shares = Counter(word for words in made_words for word in set(words))
    for word, n in Counter(word for words in real_words for word in set(words)).most_common(20):
        assert shares[word] / len(made) == pytest.approx(n / len(real_words), rel=0.3)


def test_an_index_that_grows_holds_what_one_made_at_once_holds(passages: RealPassages, tmp_path: Path) -> None:
    maker = Maker(passages)
    assert list(made_passages.parts(0, 4500)) == [(0, 2000), (2000, 2000), (4000, 500)]
    info = EmbedderInfo.of(HashingEmbedder(dim=64))
    with LocalStore.create(tmp_path / "grown", info) as grown, LocalStore.create(tmp_path / "other", info) as other:
        for first, end in ((0, 100), (100, 250)):
            for start, n in made_passages.parts(first, end, at_once=100):
                maker.put(grown, start, n)
        for start, n in ((200, 50), (0, 100), (100, 100)):
            Maker(passages).put(other, start, n)
        grown.save()
        assert grown.passage_count() == 250
        assert grown.health() == []
        assert set(grown.titles()) == {"made-0", "made-100", "made-200"} == set(other.titles())
        for one in grown.titles():
            assert np.array_equal(grown.stored(one).vectors, other.stored(one).vectors)
            assert grown.stored(one).passages == other.stored(one).passages
        (best, *_) = grown.search_dense(maker.vectors(100, 100)[7], k=3)
        assert best.passage_id == "made-100:7-7"


def test_a_staged_search_is_the_search_and_its_stages_are_all_of_it(real: LocalStore) -> None:
    embedder = HashingEmbedder(dim=64)
    staged = speed_steps.StagedSearch(real, embedder)
    taken = staged("what loan was mentioned")
    assert set(taken) == {*speed_steps.STAGES, "all"}
    assert all(value > 0 for value in taken.values())
    embedding, dense, keyword, rest = (taken[stage] for stage in speed_steps.STAGES)
    assert max(embedding + dense, keyword) + rest == pytest.approx(taken["all"])
    hits = search(staged._store, staged._embedder, "what loan was mentioned", k=5)  # type: ignore[arg-type]
    assert hits == search(real, embedder, "what loan was mentioned", k=5)


def test_cosines_do_not_depend_on_lengths() -> None:
    one = np.array([[2, 0], [1, 1]], dtype=np.float32)
    other = np.array([[5, 0], [0, 3]], dtype=np.float32)
    assert speed_steps.cosines_of(one, other) == pytest.approx([1, 0.5**0.5])


def test_the_largest_loss_is_where_ours_is_worst() -> None:
    even = dict.fromkeys(retrieval.MEASURES, 0.5)
    found = {
        "scoped": {"ours": even, "plain": {**even, "MRR": 0.4}},
        "open": {"ours": even, "plain": {**even, "p300": 0.53}},
    }
    assert speed_steps.largest_loss(found) == pytest.approx(0.03)


def test_questions_are_read_once_each(meetings: Path, tmp_path: Path) -> None:
    assert len(speed.read_asked(meetings)) == 9
    (tmp_path / "questions.jsonl").write_text('{"question": "Who?"}\n{"question": "Who?"}\n{"question": "When?"}\n')
    assert speed.read_asked(tmp_path) == ["Who?", "When?"]
    assert speed.spaced(list(range(101)), 3) == [0, 50, 100]
    assert speed.spaced([1, 2], 5) == [1, 2]


def test_what_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"specific_query_list"', "utf-8")
    with pytest.raises(SystemExit, match=r"broken\.json is no JSON"):
        speed.read_asked(tmp_path)
    (tmp_path / "broken.json").write_text("[1]", "utf-8")
    assert speed.read_asked(tmp_path) == []


def test_too_few_questions_are_said(meetings: Path) -> None:
    with pytest.raises(SystemExit, match="has 9 questions, and 20 are needed"):
        speed.run(speed.read_options([str(meetings)]))


@pytest.mark.parametrize("size", ["0", "-3", "many", "1.5"])
def test_sizes_are_whole_numbers(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        speed.read_options([f"--sizes={size}"])
    assert "whole number" in capsys.readouterr().err


@pytest.fixture(scope="module")
def measured(hashing: None, meetings: Path) -> dict[str, Any]:
    """A whole run over tiny sizes, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed, "in_own_process", lambda function, *args, **kwargs: function(*args, **kwargs))
        patch.setattr(speed, "LEAST_QUESTIONS", 5)
        patch.setattr(speed_steps, "FIRST_QUERIES", 2)
        arguments = [str(meetings), "--sizes", "300", "40", "--queries=7", "--files=2", "--passages=5", "--rounds=2"]
        return speed.run(speed.read_options([*arguments, "--quality"]))


def test_a_whole_run_measures_what_it_says(measured: dict[str, Any]) -> None:
    indexing = measured["indexing"]
    assert (indexing["n_files"], indexing["rounds"]) == (2, 2)
    assert indexing["n_words"] > sum(len(words.split()) for words in SAID) * 5 * 2
    assert indexing["indexing_words_per_s"] > 0
    assert measured["embedding"]["n_passages"] == min(5, indexing["n_passages"])
    assert measured["embedding"]["cosine"]["least"] == pytest.approx(1)
    assert [one["n_passages"] for one in measured["sizes"]] == [40, 300]
    for one in measured["sizes"]:
        assert one["n_queries"] == 7
        assert one["query_ms"]["all"]["p50"] <= one["query_ms"]["all"]["p95"]
        assert one["open_s"] <= one["first_hits_s"]
        assert one["change"]["n_passages"] > 0
        assert one["change"]["add_s"] <= one["change"]["add_and_search_s"]
        for least in ("bare", "plain"):
            ratio = one["query_ms"]["all"]["p50"] / one["query_ms"][least]["p50"]
            assert one[f"ratio_to_{least}"] == pytest.approx(ratio)
    assert measured["sizes"][1]["index_mb"] > measured["sizes"][0]["index_mb"]
    assert measured["quality"]["largest_loss"] == 0
    assert measured["quality"]["n_questions"] == 9


def test_its_page_and_plots(measured: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    text = speed_tables.page(json.loads(json.dumps(measured)))
    assert "| 300 |" in text
    assert "made after the real ones" in text
    assert f"{measured['embedding']['ratio']:.2f}" in text
    machine.write_results(tmp_path, "speed", measured, text)
    assert json.loads((tmp_path / "speed.json").read_text("utf-8")) == measured
    speed_tables.draw(measured, tmp_path)
    drawn = sorted(tmp_path.glob("*.png"))
    assert [path.name for path in drawn] == ["speed-latency.png", "speed-memory.png", "speed-words.png"]
    assert all(path.read_bytes().startswith(PNG) for path in drawn)


def test_a_bare_index_holds_the_vectors_of_the_store(
    real: LocalStore, passages: RealPassages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed_steps, "real_passages", lambda _: passages)
    maker = Maker(passages)
    with LocalStore.create(tmp_path, EmbedderInfo.of(HashingEmbedder(dim=64))) as store:
        maker.put(store, 0, 2000)
        maker.put(store, 2000, 30)
        bare = speed_steps.bare_index(tmp_path, 2030)
        assert bare.ntotal == store.passage_count()
        kept = np.concatenate([store.stored("made-0").vectors, store.stored("made-2000").vectors])
        assert np.allclose(bare.reconstruct_n(0, 2030), kept, atol=1e-3)
