"""The local store: FAISS and BM25 against their definitions, damage, locks, kills, full disks, read-only folders."""

from __future__ import annotations

import math
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest

import transcript_qa
from builders import DIM, EMBEDDER, Entry, make_corpus, make_entry, make_source, make_vectors
from transcript_qa.errors import (
    IndexDamagedError,
    IndexLockedError,
    IndexMismatchError,
    IndexNotFoundError,
    IndexWriteError,
    InvalidArgumentError,
)
from transcript_qa.store import LocalStore, Selection, Store
from transcript_qa.store.schema import Layout
from transcript_qa.store.vectors import VectorIndex

CORPUS = make_corpus()
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), str(Path(transcript_qa.__file__).parents[1])])
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed and saved index of the corpus."""
    with LocalStore.create(tmp_path / "index", EMBEDDER) as store:
        for entry in CORPUS:
            entry.put_into(store)
        store.save()
    return tmp_path / "index"


def answers(store: Store) -> object:
    query = make_vectors(["anything"])[0]
    return store.search_dense(query, k=40), store.search_keyword(["loan", "crane"], k=40)


def assert_whole(store: Store, entry: Entry) -> None:
    """All that was put for an entry is there and is found."""
    transcript = entry.transcript
    assert store.transcript(transcript.id) == transcript
    assert store.passages([p.id for p in entry.passages]) == list(entry.passages)
    only = Selection(transcripts=frozenset({transcript.id}))
    dense = store.search_dense(entry.vectors[0], k=1000, selection=only)
    assert {hit.passage_id for hit in dense} == {p.id for p in entry.passages}
    assert dense[0].score == pytest.approx(1, abs=2e-3)
    labels = [label.lower() for p in entry.passages for label in p.speakers]
    assert len(store.search_keyword(labels, k=1000, selection=only)) == len(entry.passages)
    assert store.sources()[transcript.source] == (transcript.id, make_source(transcript))


def child(code: str, *arguments: str) -> subprocess.Popen[str]:
    """A Python process with the builders and the package at hand."""
    return subprocess.Popen(
        [sys.executable, "-u", "-c", code, *arguments], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line.strip()


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_local_store_is_a_store(folder: Path) -> None:
    with LocalStore.open(folder) as store:
        typed: Store = store
        assert typed.passage_count() == sum(len(entry.passages) for entry in CORPUS)


# --- against their definitions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [None, 0.9, 0.2, 0.02, 0.001])
def test_faiss_equals_brute_force(share: float | None) -> None:
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((4000, 32)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix[100:300] = matrix[50]  # two hundred ties
    stored = matrix.astype(np.float16)
    index = VectorIndex.of(stored)
    positions = None if share is None else np.flatnonzero(rng.random(4000) < share)
    for query in [*rng.standard_normal((20, 32)), matrix[50].astype(np.float64)]:
        unit = query / np.linalg.norm(query)
        kept = np.arange(4000) if positions is None else positions
        scores = (stored[kept].astype(np.float64) * unit).sum(axis=1)
        for k in (1, 10, 90, 5000):
            order = np.lexsort((kept, -scores))[:k]
            truth = [(int(kept[place]), float(scores[place])) for place in order]
            assert index.search(unit, k=k, positions=positions) == truth


def test_faiss_threads_are_left_as_they_were(folder: Path) -> None:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(2)
    try:
        with LocalStore.open(folder) as store:
            answers(store)
        assert faiss.omp_get_max_threads() == 2
    finally:
        faiss.omp_set_num_threads(before)


def test_keyword_scores_are_bm25(folder: Path) -> None:
    texts = {p.id: re.findall(r"\w+", p.text.lower()) for entry in CORPUS for p in entry.passages}
    mean = sum(map(len, texts.values())) / len(texts)
    truth: dict[str, float] = {}
    for term in ("loan", "crane"):  # words without an ending that the stemmer would cut
        stems = {"loan": "loan", "crane": "crane"}
        having = {one for one, tokens in texts.items() if stems[term] in tokens}
        idf = max(math.log((len(texts) - len(having) + 0.5) / (len(having) + 0.5)), 1e-6)
        for one in having:
            n = Counter(texts[one])[term]
            truth[one] = truth.get(one, 0.0) + idf * n * 2.2 / (n + 1.2 * (0.25 + 0.75 * len(texts[one]) / mean))
    with LocalStore.open(folder) as store:
        found = {hit.passage_id: hit.score for hit in store.search_keyword(["loan", "crane"], k=1000)}
    assert found == pytest.approx(truth, rel=1e-9)


def test_a_wide_selection_goes_through_faiss(tmp_path: Path) -> None:
    entries = make_corpus(n_transcripts=8, n_turns=200)
    with LocalStore.create(tmp_path / "index", EMBEDDER) as store:
        for entry in entries:
            entry.put_into(store)
        chosen = frozenset(entry.transcript.id for entry in entries[:6])
        query = make_vectors(["anything"])[0]
        everywhere = store.search_dense(query, k=5000)
        narrowed = store.search_dense(query, k=700, selection=Selection(transcripts=chosen))
        assert narrowed == [hit for hit in everywhere if hit.passage_id.split(":")[0] in chosen][:700]


# --- opening -----------------------------------------------------------------------------------------------------


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFoundError, match="transcript-qa index"):
        LocalStore.open(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_create_refuses_to_overwrite(folder: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="already"):
        LocalStore.create(folder, EMBEDDER)
    with LocalStore.open(folder) as store:
        assert_whole(store, CORPUS[0])


def test_replacing_an_index_is_seen_by_those_who_have_it_open(folder: Path) -> None:
    other = replace(EMBEDDER, fingerprint="test-2")
    with LocalStore.open(folder) as before:
        answers(before)
        with LocalStore.create(folder, other, replace=True) as store:
            assert store.infos() == ()
            assert store.search_keyword(["loan"], k=5) == []
            CORPUS[0].put_into(store)
            assert_whole(store, CORPUS[0])
            store.save()
            assert store.health() == []
            assert store.embedder == other
        with pytest.raises(IndexMismatchError):
            before.search_dense(CORPUS[0].vectors[0], k=3)


@pytest.mark.parametrize(
    "other", [replace(EMBEDDER, fingerprint="test-2"), replace(EMBEDDER, name="big-model", fingerprint="b", dim=32)]
)
def test_another_embedder_is_refused(folder: Path, other: object) -> None:
    with pytest.raises(IndexMismatchError, match="--rebuild") as caught:
        LocalStore.open(folder, embedder=other)  # type: ignore[arg-type]
    assert "test-model" in str(caught.value)
    assert caught.value.found != caught.value.expected
    with LocalStore.open(folder, embedder=EMBEDDER) as store:
        assert store.embedder == EMBEDDER


def test_a_newer_schema_is_refused(folder: Path) -> None:
    with closing(sqlite3.connect(Layout(folder).database)) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(IndexMismatchError, match="version"):
        LocalStore.open(folder)
    with LocalStore.create(folder, EMBEDDER, replace=True) as store:
        assert store.infos() == ()


def _garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(50_000))


def _half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 + 100)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")


def _no_tables(path: Path) -> None:
    _foreign(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 0x54514169")
        connection.execute("PRAGMA user_version = 1")


def _no_settings(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM meta")


@pytest.mark.parametrize("damage", [_garbage, _half, _empty, _foreign, _no_tables, _no_settings])
def test_a_damaged_database_is_named_and_can_be_replaced(folder: Path, damage: object) -> None:
    damage(Layout(folder).database)  # type: ignore[operator]
    with pytest.raises(IndexDamagedError, match=r"index\.sqlite"):
        LocalStore.open(folder)
    with LocalStore.create(folder, EMBEDDER, replace=True) as store:
        CORPUS[1].put_into(store)
        assert_whole(store, CORPUS[1])


def test_overwritten_pages_never_give_a_foreign_error(folder: Path) -> None:
    database = Layout(folder).database
    whole = database.read_bytes()
    dice = random.Random(5)
    n_found = 0
    for _ in range(40):
        torn, reported = bytearray(whole), False
        for _ in range(4):
            page = dice.randrange(1, len(whole) // 4096)
            torn[page * 4096 : (page + 1) * 4096] = dice.randbytes(4096)
        database.write_bytes(torn)
        try:
            with LocalStore.open(folder) as store:
                reported = bool(store.health())
                n_found += reported
                answers(store)
                store.infos()
                for entry in CORPUS:
                    store.transcript(entry.transcript.id)
        except IndexDamagedError:
            n_found += not reported
    assert n_found > 30


# --- the vector file ---------------------------------------------------------------------------------------------


def vector_file(folder: Path) -> Path:
    (path,) = Layout(folder).vector_files()
    return path


def test_the_vector_file_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalStore.open(folder) as store:
        truth = answers(store)
    monkeypatch.setattr(VectorIndex, "of", None)
    with LocalStore.open(folder) as store:
        assert answers(store) == truth


def test_a_torn_missing_or_flipped_vector_file_changes_no_answer(folder: Path) -> None:
    path = vector_file(folder)
    whole = path.read_bytes()
    with LocalStore.open(folder) as store:
        truth = answers(store)
    dice = random.Random(2)
    damaged: list[bytes | None] = [None, b"", whole[:-1], whole[: len(whole) // 2], whole + b"x"]
    for _ in range(12):
        flipped = bytearray(whole)
        flipped[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        damaged.append(bytes(flipped))
    for content in damaged:
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with LocalStore.open(folder) as store:
            assert answers(store) == truth
            assert [problem for problem in store.health() if path.name in problem]
    with LocalStore.open(folder, writable=True) as store:
        store.save()
        assert store.health() == []
        assert answers(store) == truth


def test_a_stale_vector_file_is_not_used(folder: Path) -> None:
    old = vector_file(folder)
    kept = old.read_bytes()
    new = make_entry("new", [("TAN", "A zebra."), ("REED", "Another.")])
    with LocalStore.open(folder, writable=True) as store:
        new.put_into(store)
        store.remove("meeting-0")
        truth = answers(store)
    with LocalStore.open(folder, writable=True) as store:
        assert any("before the last change" in problem for problem in store.health())
        assert answers(store) == truth
        assert_whole(store, new)
        store.save()
        assert vector_file(folder) != old
        vector_file(folder).write_bytes(kept)  # an older file under the newer name
    with LocalStore.open(folder) as store:
        assert answers(store) == truth


def test_a_file_that_vanishes_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalStore.open(folder) as store:
        truth = answers(store)

    def vanished(path: Path, **_: object) -> VectorIndex:
        raise ValueError(f"could not open {path}")

    monkeypatch.setattr(VectorIndex, "read", vanished)
    with LocalStore.open(folder) as store:
        assert answers(store) == truth


def test_a_change_reads_only_what_is_new(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transcript_qa.store import vectorfile

    read: list[int] = []
    stored = vectorfile._stored
    monkeypatch.setattr(vectorfile, "_stored", lambda *a: read.append(a[2]) or stored(*a))
    with LocalStore.open(folder, writable=True) as store:
        answers(store)
        assert read == []
        make_entry("new", [("TAN", "A zebra.")]).put_into(store)
        store.remove("meeting-1")
        narrow = answers(store)
        assert len(read) == 1
    with LocalStore.open(folder) as store:
        assert answers(store) == narrow


# --- several at once ---------------------------------------------------------------------------------------------

HOLD = """
import sys, time
from transcript_qa.store import LocalStore
with LocalStore.open(sys.argv[1], writable=True) as store, store.writing():
    print("held")
    time.sleep(float(sys.argv[2]))
"""


def test_a_second_writer_waits_and_then_says_who_holds_the_lock(folder: Path) -> None:
    holder = child(HOLD, str(folder), "60")
    try:
        assert next(lines(holder)) == "held"
        with LocalStore.open(folder, writable=True, lock_wait_s=0.2) as store:
            assert_whole(store, CORPUS[0])  # readers do not wait
            for write in (lambda: CORPUS[0].put_into(store), lambda: store.remove("meeting-0"), store.save):
                with pytest.raises(IndexLockedError, match=f"process {holder.pid} on ") as caught:
                    write()
                assert caught.value.waited_s >= 0.2
            holder.kill()
            holder.wait()
            store.remove("meeting-0")  # the lock dies with its holder
    finally:
        stop(holder)


def test_a_second_writer_gets_its_turn(folder: Path) -> None:
    holder = child(HOLD, str(folder), "0.4")
    try:
        assert next(lines(holder)) == "held"
        with LocalStore.open(folder, writable=True) as store:
            store.remove("meeting-0")
    finally:
        stop(holder)


def test_two_stores_of_one_process_exclude_each_other_too(folder: Path) -> None:
    with (
        LocalStore.open(folder, writable=True) as one,
        LocalStore.open(folder, writable=True, lock_wait_s=0.1) as other,
        one.writing(),
    ):
        one.set_setting("a", "1")
        with pytest.raises(IndexLockedError):
            other.set_setting("a", "2")
        assert other.settings() == {"a": "1"}


WRITE = """
import sys
from builders import make_entry
from transcript_qa.store import LocalStore
with LocalStore.open(sys.argv[1], writable=True) as store:
    for n in range(int(sys.argv[2])):
        said = [("TAN", f"A zebra number {n} of {turn}.") for turn in range(3)]
        make_entry(f"animal-{n % 20}", said).put_into(store)
        if n % 4 == 3:
            store.save()
"""


def test_a_reader_sees_whole_transcripts_while_another_process_writes(folder: Path) -> None:
    writer = child(WRITE, str(folder), "60")
    query = make_vectors(["TAN: A zebra number 7 of 1."])[0]
    seen: set[int] = set()
    try:
        with LocalStore.open(folder) as store:
            while writer.poll() is None:
                n_keyword = len(store.search_keyword(["zebra"], k=1000))
                dense = [hit for hit in store.search_dense(query, k=1000) if hit.passage_id.startswith("animal")]
                assert n_keyword % 3 == 0
                assert len(dense) % 3 == 0
                seen.add(n_keyword)
            assert writer.returncode == 0
            assert len(store.search_keyword(["zebra"], k=1000)) == 60
            assert len(store.infos()) == 20 + len(CORPUS)
    finally:
        stop(writer)
    assert len(seen) > 2


def test_threads_share_a_store(folder: Path) -> None:
    failures: list[BaseException] = []
    done = threading.Event()
    with LocalStore.open(folder, writable=True) as store:

        def ask() -> None:
            try:
                while not done.is_set():
                    assert len(store.search_keyword(["zebra"], k=1000)) % 3 == 0
                    assert len(store.search_dense(CORPUS[0].vectors[0], k=20)) == 20
                    assert store.transcript("meeting-0") == CORPUS[0].transcript
            except BaseException as error:  # noqa: BLE001 - shown by the assertion below
                failures.append(error)

        def write(number: int) -> None:
            try:
                for n in range(8):
                    said = [("TAN", f"A zebra {n} {turn}.") for turn in range(3)]
                    make_entry(f"animal-{number}-{n}", said).put_into(store)
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

        readers = [threading.Thread(target=ask) for _ in range(4)]
        writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
        for thread in [*readers, *writers]:
            thread.start()
        for thread in writers:
            thread.join()
        done.set()
        for thread in readers:
            thread.join()
        assert failures == []
        assert len(store.search_keyword(["zebra"], k=1000)) == 72


PUT = """
import sys
from builders import EMBEDDER, make_entry
from transcript_qa.store import LocalStore
round_, n = int(sys.argv[2]), 0
with LocalStore.open_or_create(sys.argv[1], EMBEDDER) as store:
    print("ready")
    while True:
        said = [("TAN", f"A zebra {round_} {n} {turn}.") for turn in range(20)]
        make_entry(f"animal-{round_}-{n}", said).put_into(store)
        print(f"put {n}")
        if n % 3 == 2:
            store.remove(f"animal-{round_}-{n - 1}")
            print(f"removed {n - 1}")
            store.save()
        n += 1
"""


def test_a_kill_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    path, dice = tmp_path / "index", random.Random(11)
    known: dict[str, Entry] = {}
    n_put = 0
    for round_ in range(10):
        process = child(PUT, str(path), str(round_))
        output = lines(process)
        try:
            assert next(output) == "ready"
            time.sleep(dice.random() * 0.4)
            process.send_signal(signal.SIGKILL)
            acknowledged = [line.split() for line in output]  # what it had still printed, to the end
        finally:
            stop(process)
        put = {int(number) for verb, number in acknowledged if verb == "put"}
        removed = {int(number) for verb, number in acknowledged if verb == "removed"}
        n_put += len(put)
        with LocalStore.open(path, embedder=EMBEDDER) as store:
            held = {info.id for info in store.infos()}
            for n in range(max(put, default=-1) + 2):
                name = f"animal-{round_}-{n}"
                assert name in held or n not in put - removed or n == max(put) - 1
                assert name not in held or n not in removed
                if name in held:
                    known[name] = make_entry(name, [("TAN", f"A zebra {round_} {n} {turn}.") for turn in range(20)])
            assert held == set(known)
            for name in dice.sample(sorted(known), min(8, len(known))):
                assert_whole(store, known[name])
            assert len(store.search_keyword(["zebra"], k=100_000)) == 20 * len(known)
            assert store.passage_count() == 20 * len(known)
            assert not [problem for problem in store.health() if "vector" not in problem]
    assert n_put > 10


def test_a_half_made_index_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "index.sqlite.new-99").write_bytes(b"half")
    with pytest.raises(IndexNotFoundError):
        LocalStore.open(tmp_path / "index")
    with LocalStore.open_or_create(tmp_path / "index", EMBEDDER) as store:
        assert store.health() == []
    assert Layout(tmp_path / "index").leftovers() == []


# --- no room, no rights ------------------------------------------------------------------------------------------


def test_a_full_disk_loses_nothing(folder: Path) -> None:
    big = make_entry("meeting-0", [("TAN", f"Zebra {n}, " + "and more words " * 60) for n in range(300)])
    with LocalStore.open(folder, writable=True) as store:
        truth = answers(store)
        connection = store._database._writing_connection()
        (n_pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {n_pages + 3}")
        with pytest.raises(IndexWriteError, match=r"full.*Free some space"):
            big.put_into(store)
        assert answers(store) == truth
        assert store.search_keyword(["zebra"], k=5) == []
        assert_whole(store, CORPUS[0])
        connection.execute("PRAGMA max_page_count = 1000000")
        big.put_into(store)
        assert_whole(store, big)
        store.save()
        assert store.health() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_no_room_for_the_vector_file(folder: Path) -> None:
    with LocalStore.open(folder, writable=True) as store:
        store.remove("meeting-0")
        aside = Layout(folder).vector_file(store.generation)
        aside.with_name(aside.name + ".new").symlink_to("/dev/full")
        with pytest.raises(IndexWriteError, match=os.strerror(28)):
            store.save()
        truth = answers(store)
        store.save()
        assert store.health() == []
        assert answers(store) == truth


def test_a_store_for_reading_refuses_to_write(folder: Path) -> None:
    with LocalStore.open(folder) as store:
        with pytest.raises(IndexWriteError, match="writable"):
            CORPUS[0].put_into(store)
        with pytest.raises(IndexWriteError):
            store.save()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write anywhere: take its rights away for the block."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def read_only(folder: Path) -> Iterator[Path]:
    with LocalStore.open(folder) as store:
        answers(store)  # loads what is loaded late, while it may be read
    # pytest's own folders let nobody else in.
    with tempfile.TemporaryDirectory() as outer:
        place = Path(outer) / "index #1?"
        shutil.copytree(folder, place)
        Path(outer).chmod(0o555)
        for path in place.iterdir():
            path.chmod(0o444)
        place.chmod(0o555)
        yield place
        place.chmod(0o755)
        Path(outer).chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs Unix rights")
def test_a_read_only_folder_is_read(folder: Path, read_only: Path) -> None:
    with LocalStore.open(folder) as store:
        truth = answers(store)
    assert not Layout(read_only).wal.exists()
    with as_nobody(), LocalStore.open(read_only, embedder=EMBEDDER) as store:
        assert answers(store) == truth
        assert answers(store) == truth
        assert_whole(store, CORPUS[2])
        assert store.health() == []
    with as_nobody():
        with pytest.raises(IndexWriteError, match="--index"):
            LocalStore.open(read_only, writable=True)
        with pytest.raises(IndexWriteError):
            LocalStore.create(read_only.parent / "other", EMBEDDER)
        with pytest.raises(IndexWriteError):
            LocalStore.create(read_only, EMBEDDER, replace=True)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs Unix rights")
def test_a_read_only_folder_with_changes_in_its_log_is_not_read_wrongly(read_only: Path) -> None:
    Layout(read_only).folder.chmod(0o755)
    Layout(read_only).wal.write_bytes(b"x" * 5000)
    Layout(read_only).wal.chmod(0o444)
    Layout(read_only).folder.chmod(0o555)
    with as_nobody(), pytest.raises(IndexWriteError, match="recovered"):
        LocalStore.open(read_only)


def test_a_reader_leaves_no_log_behind(folder: Path) -> None:
    with LocalStore.open(folder) as store:
        answers(store)
    names = {path.name for path in folder.iterdir()} - {"write.lock"}
    assert names == {"index.sqlite", vector_file(folder).name}


def test_importing_and_keyword_search_load_no_faiss(folder: Path) -> None:
    code = (
        "import sys; from transcript_qa.store import LocalStore\n"
        "with LocalStore.open(sys.argv[1]) as store:\n"
        "    assert store.search_keyword(['loan'], k=3) and store.infos()\n"
        "print('faiss' in sys.modules)"
    )
    process = child(code, str(folder))
    try:
        assert list(lines(process)) == ["False"]
    finally:
        stop(process)


def test_the_dimension_of_the_builders() -> None:
    assert make_vectors(["a", "b"]).shape == (2, DIM)
