"""What a large index does otherwise, shown on small ones with the limits lowered."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from builders import EMBEDDER, Entry, make_corpus, make_entry, make_vectors
from transcript_qa.store import LocalStore, Selection, cells, keywords, vectorfile
from transcript_qa.store.catalogue import Catalogue
from transcript_qa.store.schema import Layout
from transcript_qa.store.segments import Block, Segments, live_in, positions_of
from transcript_qa.store.vectors import VectorIndex, write_file

CORPUS = make_corpus()
NEW = make_entry("new", [("TAN", "A zebra crane."), ("REED", "Another loan.")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed and saved index of the corpus."""
    with LocalStore.create(tmp_path / "index", EMBEDDER) as store:
        for entry in CORPUS:
            entry.put_into(store)
        store.save()
    return tmp_path / "index"


@pytest.fixture
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectorfile, "_LARGE", 10)
    monkeypatch.setattr(vectorfile, "_SMALL_SHARE", 0.3)


def found(store: LocalStore, *, k: int = 500) -> list[object]:
    queries = [make_vectors([text])[0] for text in ("one", "two", "three")]
    some = Selection(transcripts=frozenset({"meeting-1", "new"}))
    return [store.search_dense(query, k=k, selection=selection) for query in queries for selection in (None, some)]


def brute_force(entries: list[Entry], query: np.ndarray, k: int) -> list[str]:
    ids = [passage.id for entry in entries for passage in entry.passages]
    vectors = np.concatenate([entry.vectors.astype(np.float16) for entry in entries])
    scores = (vectors.astype(np.float64) * (query / np.linalg.norm(query))).sum(axis=1)
    return [ids[place] for place in np.lexsort((np.arange(len(ids)), -scores))[:k]]


@pytest.mark.parametrize("n", [0, 1, 700])
def test_the_file_is_what_faiss_writes(tmp_path: Path, n: int) -> None:
    matrix = np.random.default_rng(1).standard_normal((n, 24)).astype(np.float16)
    size, _ = write_file(tmp_path / "ours", [matrix[: n // 3], matrix[n // 3 :]], dim=24, n=n)
    faiss.write_index(VectorIndex.of(matrix)._index, str(tmp_path / "theirs"))
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    assert size == (tmp_path / "ours").stat().st_size
    np.testing.assert_array_equal(VectorIndex.read(tmp_path / "ours", dim=24, n=n).matrix, matrix)


def test_a_file_of_another_number_of_vectors_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="promised"):
        write_file(tmp_path / "ours", [np.zeros((3, 8), dtype=np.float16)], dim=8, n=4)


@pytest.mark.usefixtures("_large")
def test_a_small_change_costs_no_new_file_and_changes_no_answer(folder: Path) -> None:
    (file,) = Layout(folder).vector_files()
    with LocalStore.open(folder, writable=True) as store:
        NEW.put_into(store)
        store.remove("meeting-1")
        store.save()
        there = found(store)
        assert store.health() == []
    assert Layout(folder).vector_files() == [file]
    entries = [*(entry for entry in CORPUS if entry.transcript.id != "meeting-1"), NEW]
    with LocalStore.open(folder) as store:
        assert found(store) == there
        for text in ("one", "two", "three"):
            query = make_vectors([text])[0]
            hits = store.search_dense(query, k=60)
            assert [hit.passage_id for hit in hits] == brute_force(entries, query, 60)


@pytest.mark.usefixtures("_large")
def test_many_changes_make_a_new_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = Layout(folder).vector_files()
    monkeypatch.setattr(vectorfile, "_FEW", 0)
    with LocalStore.open(folder, writable=True) as store:
        for number in range(3):
            store.remove(f"meeting-{number}")
        before = found(store)
        assert any("before the last change" in problem for problem in store.health())
        store.save()
        assert store.health() == []
        assert found(store) == before
    assert Layout(folder).vector_files() != [file]


@pytest.mark.usefixtures("_large")
def test_a_change_copies_no_vectors_that_are_in_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    of = VectorIndex.of
    monkeypatch.setattr(VectorIndex, "of", lambda matrix: sizes.append(len(matrix)) or of(matrix))
    with LocalStore.open(folder, writable=True) as store:
        found(store)
        NEW.put_into(store)
        found(store)
        store.remove("meeting-0")
        found(store)
    assert sizes == [2]


def test_a_file_whose_transcripts_are_not_known_is_used_at_its_own_generation_only(folder: Path) -> None:
    import sqlite3

    with LocalStore.open(folder) as store:
        there = found(store)
    connection = sqlite3.connect(folder / "index.sqlite")
    connection.execute("DROP TABLE vector_layout")
    connection.commit()
    connection.close()
    with LocalStore.open(folder, writable=True) as store:
        assert found(store) == there
        assert store.health() == []
        NEW.put_into(store)
        query = make_vectors(["one"])[0]
        assert [hit.passage_id for hit in store.search_dense(query, k=70)] == brute_force([*CORPUS, NEW], query, 70)


def test_a_block_that_does_not_fit_is_not_used() -> None:
    block = Block(index=VectorIndex.of(np.eye(4, dtype=np.float16)), keys=np.array([2, 5]), counts=np.array([3, 1]))

    def of(keys: list[int], counts: list[int]) -> Catalogue:
        places = {str(key): place for place, key in enumerate(keys)}
        rows = np.arange(len(keys), dtype=np.int64)
        return Catalogue(
            generation=1, keys=tuple(keys), ids=places, first_rows=rows, counts=np.array(counts, dtype=np.int64)
        )

    assert live_in(block, of([2, 3], [3, 1])) is None  # a transcript that is older than the file and not in it
    assert live_in(block, of([2, 5], [3, 2])) is None
    live = live_in(block, of([5, 7], [1, 4]))
    assert live is not None
    positions = positions_of(block, live)
    assert positions is not None
    assert positions.tolist() == [3]
    whole = Segments(base=block, live=positions, fresh=None)
    assert whole.search(np.array([0, 0, 0, 1.0]), k=3, positions=None) == [(0, 1.0)]


# Cells


@pytest.fixture
def _cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "CELLS_FROM", 50)
    monkeypatch.setattr(cells, "_PROBED", 1)
    monkeypatch.setattr(cells, "_N_CELLS", 2)


@pytest.mark.usefixtures("_cells", "_large")
def test_cells_narrow_an_open_search_and_no_filtered_one(tmp_path: Path) -> None:
    with LocalStore.create(tmp_path / "index", EMBEDDER) as store:
        for entry in CORPUS:
            entry.put_into(store)
        exact = found(store)
        store.save()
        near = found(store)
        assert near[1::2] == exact[1::2]
        for some, whole in zip(near[::2], exact[::2], strict=True):
            assert isinstance(some, list)
            assert isinstance(whole, list)
            assert 0 < len(some) < len(whole)
            scores = {hit.passage_id: hit.score for hit in whole}
            assert all(scores[hit.passage_id] == hit.score for hit in some)
            assert some[0] == whole[0]
    with LocalStore.open(tmp_path / "index", writable=True) as store:
        assert found(store) == near
        # What has no cell yet is looked at too, and what has gone is not.
        NEW.put_into(store)
        (hit, *_) = store.search_dense(NEW.vectors[0], k=1)
        assert hit.passage_id == NEW.passages[0].id
        store.save()
        assert store.search_dense(NEW.vectors[1], k=1)[0].passage_id == NEW.passages[1].id
        store.remove("meeting-2")
        assert not [hit for hit in store.search_dense(CORPUS[2].vectors[0], k=500) if "meeting-2" in hit.passage_id]
        store.save()
        assert store.health() == []


def test_few_passages_have_no_cells(folder: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(folder / "index.sqlite")
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "cells" not in tables


def test_cells_hold_every_vector_once() -> None:
    rng = np.random.default_rng(4)
    centres = rng.standard_normal((100, 8)).astype(np.float32)
    of = rng.integers(0, 100, size=5000).astype(np.uint16)
    of[:7] = 0xFFFF
    found_near = cells.Cells(centres, of).near(centres[17].astype(np.float64))
    nearest = np.argsort(-(centres @ centres[17]), kind="stable")[:32]
    assert found_near.tolist() == np.flatnonzero(np.isin(of, nearest) | (of == 0xFFFF)).tolist()


# Words


def test_rare_words_find_and_common_ones_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalStore.open(folder, writable=True) as store:
        NEW.put_into(store)
        words = ["zebra", "loan", "crane", "yeah"]
        whole = {hit.passage_id: hit.score for hit in store.search_keyword(words, k=500)}
        some = Selection(transcripts=frozenset({"meeting-1", "new"}))
        narrowed = store.search_keyword(words, k=500, selection=some)
        monkeypatch.setattr(keywords, "MOST_SCORED", 25)
        rare = store.search_keyword(words, k=500)
        assert 0 < len(rare) < len(whole)
        assert rare[0].passage_id == NEW.passages[0].id
        for hit in rare:
            assert hit.score == pytest.approx(whole[hit.passage_id])
        assert [hit.score for hit in rare] == sorted((hit.score for hit in rare), reverse=True)
        # Under a filter every word finds, and one word alone always does.
        assert store.search_keyword(words, k=500, selection=some) == narrowed
        assert len(store.search_keyword(["loan"], k=500)) > 25


def test_a_rare_word_alone_finds_though_enough_have_a_common_one_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalStore.open(folder, writable=True) as store:
        said = [("TAN", "Yeah, the zebra and a loan and a crane and a harbour that nobody saw.")] * 3
        make_entry("new", [*said, ("TAN", "A zebra, zebra.")]).put_into(store)
        monkeypatch.setattr(keywords, "MOST_SCORED", 25)
        found = store.search_keyword(["zebra", "loan"], k=3)
        assert found[0].passage_id == "new:3-3"


def test_where_all_words_are_common_those_with_two_of_them_are_enough(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalStore.open(folder, writable=True) as store:
        NEW.put_into(store)
        whole = {hit.passage_id: hit.score for hit in store.search_keyword(["loan", "yeah"], k=500)}
        both = {hit.passage_id for hit in store.search_keyword(["loan"], k=500)} & {
            hit.passage_id for hit in store.search_keyword(["yeah"], k=500)
        }
        monkeypatch.setattr(keywords, "MOST_SCORED", 5)
        found = store.search_keyword(["loan", "yeah"], k=len(both))
        assert {hit.passage_id for hit in found} == both
        assert all(hit.score == pytest.approx(whole[hit.passage_id]) for hit in found)
        asked: list[str] = []
        best = keywords._best
        monkeypatch.setattr(keywords, "_best", lambda c, e, k, rows: asked.append(e) or best(c, e, k, rows))
        store.search_keyword(["loan", "yeah"], k=len(both))
        assert len(asked) == 1
        assert " AND " in asked[0]
        # Where there are fewer of them than are wanted, one word is enough.
        assert len(store.search_keyword(["loan", "yeah"], k=len(both) + 20)) > len(both)


# What is kept of passages


def test_a_replaced_passage_is_not_remembered(folder: Path) -> None:
    with LocalStore.open(folder, writable=True) as store:
        NEW.put_into(store)
        assert store.search_keyword(["zebra"], k=5)
        other = make_entry("new", [("TAN", "A tapir crane."), ("REED", "Another loan.")])
        other.put_into(store)
        assert store.passages(["new:0-0"]) == [other.passages[0]]
        assert store.search_keyword(["tapir"], k=5)
        store.remove("new")
        assert store.passages(["new:0-0"]) == []


def test_passages_are_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transcript_qa.store import passagecache, rows

    read: list[int] = []
    plain = rows.read_passages
    monkeypatch.setattr(passagecache.rows, "read_passages", lambda c, by, w: read.append(len(w)) or plain(c, by, w))
    with LocalStore.open(folder) as store:
        hits = store.search_keyword(["loan"], k=20)
        n_read = sum(read)
        passages = store.passages([hit.passage_id for hit in hits])
        assert [passage.id for passage in passages] == [hit.passage_id for hit in hits]
        assert sum(read) == n_read == len(hits)
    monkeypatch.setattr(passagecache, "_MOST", 3)
    with LocalStore.open(folder) as store:
        for _ in range(2):
            again = store.search_keyword(["loan"], k=20)
            assert again == hits
            assert store.passages([hit.passage_id for hit in again]) == passages
