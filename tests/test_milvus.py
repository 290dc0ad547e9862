"""What an archive in Milvus owes beyond the contract: long rows, many workers, deaths at work, no half versions."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import (
    DIM,
    EMBEDDER,
    Entry,
    make_corpus,
    make_entry,
    make_passages,
    make_report,
    make_source,
    make_vectors,
)
from transcript_qa.cli import run
from transcript_qa.copying import copy_index
from transcript_qa.corpus import transcript_ids
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.indexing import update_index
from transcript_qa.sharding import Shard, parse_shard
from transcript_qa.speakers import SpeakerEdit
from transcript_qa.store import (
    EmbedderInfo,
    LocalStore,
    MilvusStore,
    Selection,
    Store,
    milvus_passages,
    milvus_work,
    open_store,
)
from transcript_qa.store.keywords import match_expression
from transcript_qa.store.milvus_address import parse_address, read_credentials
from transcript_qa.store.milvus_schema import passages_of, records_of
from transcript_qa.store.milvus_words import asked_words, indexed_words, split_words

pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed")

from milvus_server import Server, running

CORPUS = make_corpus(n_transcripts=3, n_turns=12)
in_time = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("milvus") / "engine") as one:
        yield one


@pytest.fixture
def address(server: Server, request: pytest.FixtureRequest) -> str:
    """An archive of a test's own."""
    return server.address("".join(char if char.isalnum() else "_" for char in request.node.name)[:150])


@pytest.fixture
def store(address: str) -> Iterator[MilvusStore]:
    with MilvusStore.open_or_create(address, EMBEDDER) as one:
        yield one


def n_rows(store: MilvusStore) -> tuple[int, int]:
    """Rows of passages, and rows of records that belong to transcripts."""
    address = store.engine.address
    kinds = 'kind in ["head", "body", "work"] or (kind == "blob" and owner != "")'
    return store.engine.count(passages_of(address), "part >= 0"), store.engine.count(records_of(address), kinds)


# Addresses.


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("milvus://", "host or the archive's name is missing"),
        ("milvus://db.example.org", "host or the archive's name is missing"),
        ("milvus://db.example.org:port/a", "Write it as milvus://HOST"),
        ("milvus://db.example.org/a-b", "archive's name has letters"),
        ("milvus://db.example.org/9a", "archive's name has letters"),
        ("milvus://db.example.org/a?shard=2", "no option 'shard'"),
        ("milvus://db.example.org/a?shards=0", "shards has to be a number from 1 to 64"),
        ("milvus://db.example.org/a?index=annoy", "no index type 'annoy'"),
        ("milvus://root:hunter2@db.example.org/a", "no place for a password"),
        ("milvus-lite:", "needs a folder"),
    ],
)
def test_an_address_that_is_none_is_explained(given: str, told: str) -> None:
    with pytest.raises(InvalidArgumentError, match=told) as raised:
        parse_address(given)
    assert "hunter2" not in str(raised.value)


def test_a_shown_address_has_no_options_and_credentials_have_no_face(tmp_path: Path) -> None:
    assert parse_address("milvus://db/court?database=x&timeout=3").text == "milvus://db:19530/court"
    credentials = read_credentials({"TRANSCRIPT_QA_MILVUS_TOKEN": "root:hunter2"})
    assert credentials.token == "root:hunter2"
    assert "hunter2" not in repr(credentials)
    for variable in ("TRANSCRIPT_QA_MILVUS_TOKEN_FILE", "TRANSCRIPT_QA_MILVUS_CA"):
        with pytest.raises(InvalidArgumentError, match=f"Check {variable}"):
            read_credentials({variable: str(tmp_path / "missing")})


# Words.


@in_time
@given(st.text(max_size=80))
def test_any_text_becomes_words_that_an_engine_leaves_alone(text: str) -> None:
    for words in (indexed_words(text), asked_words(text.split())):
        assert all(word.isascii() and word.isalnum() and word == word.lower() for word in words.split())


WORDS = st.from_regex(r"[a-z]{1,8}|[0-9]{1,3}[.:][0-9]{1,2}|[一-龥]{1,4}", fullmatch=True)
PATHS = [f"{folder}/{name}.txt" for folder in "xyz" for name in ("call", "budget", "x-call")]


@in_time
@given(st.lists(WORDS, min_size=1, max_size=9))
def test_every_word_of_a_passage_is_found_by_itself(words: list[str]) -> None:
    indexed = set(indexed_words(" , ".join(words)).split())
    for word in words:
        if match_expression([word]):
            assert set(asked_words([word]).split()) <= indexed


@in_time
@given(st.lists(st.text("abc", min_size=1, max_size=9), max_size=30), st.integers(9, 40))
def test_split_words_lose_none(words: list[str], size: int) -> None:
    parts = list(split_words(" ".join(words), size))
    assert all(len(part) <= size for part in parts)
    assert " ".join(parts).split() == words


# Rows beyond the engine's limits.


def test_what_is_longer_than_a_field_is_split_and_whole_again(store: MilvusStore) -> None:
    rng = random.Random(1)
    words = [f"{rng.randrange(10**9):x}é" for _ in range(30_000)]
    entry = make_entry("long", [("TAN", "Before."), ("VOSS", " ".join([*words, "zebra"])), ("TAN", "After.")])
    entry.put_into(store)
    make_entry("short", [("TAN", "Nothing.")]).put_into(store)
    assert len(entry.passages[1].text.encode()) > 200_000
    assert store.transcript("long") == entry.transcript
    assert store.passages([p.id for p in entry.passages]) == list(entry.passages)
    for word in (words[0], words[15_000], "zebra"):
        assert [hit.passage_id for hit in store.search_keyword([word], k=5)] == ["long:1-1"]
    dense = store.search_dense(entry.vectors[1], k=4)
    assert sorted(hit.passage_id for hit in dense) == ["long:0-0", "long:1-1", "long:2-2", "short:0-0"]
    assert store.stored("long").passages == entry.passages
    edits = tuple(SpeakerEdit(labels=("TAN",), name=f"{rng.randrange(10**40):x}") for _ in range(5_000))
    for kept in (edits, edits[:4_000]):
        store.set_speaker_edits("long", kept)
        assert store.speaker_edits("long") == kept
    assert store.health() == []
    store.remove("long")
    assert n_rows(store) == (1, 2)


def test_a_selection_of_more_than_one_condition_holds_finds_the_same(
    store: MilvusStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for entry in CORPUS:
        entry.put_into(store)
    speakers = frozenset((e.transcript.id, s.label) for e in CORPUS for s in e.transcript.speakers[:2])
    narrow = Selection(transcripts=frozenset(e.transcript.id for e in CORPUS[:2]), speakers=speakers)
    query = CORPUS[0].vectors[3]
    found = [store.search_dense(query, k=9, selection=s) for s in (None, narrow, Selection(speakers=speakers))]
    monkeypatch.setattr(milvus_passages, "_KEYS_AT_ONCE", 1)
    assert len(milvus_passages.conditions_of(narrow)) == 8
    assert found == [store.search_dense(query, k=9, selection=s) for s in (None, narrow, Selection(speakers=speakers))]
    nothing = Selection(transcripts=frozenset())
    assert milvus_passages.conditions_of(nothing) == []


# Many at once.


def test_what_one_adds_another_finds(store: MilvusStore, address: str) -> None:
    with MilvusStore.open(address, writable=True) as other:
        assert store.infos() == ()
        CORPUS[0].put_into(other)
        assert store.titles() == {"meeting-0": "Meeting-0"}
        assert store.search_keyword(["yeah"], k=1) == other.search_keyword(["yeah"], k=1)
        other.set_speaker_edits("meeting-0", (SpeakerEdit(labels=("TAN",), name="Adam Tan"),))
        names = [one.speaker.name for one in store.infos()[0].speakers if one.speaker.label == "TAN"]
        assert names == ["Adam Tan"]
        turns = store.transcript("meeting-0").turns
        assert {turn.speaker.name for turn in turns if turn.speaker.label == "TAN"} == {"Adam Tan"}
        other.remove("meeting-0")
        assert store.infos() == ()
        assert store.passages([CORPUS[0].passages[0].id]) == []
        assert store.search_dense(CORPUS[0].vectors[0], k=3) == []


def test_putting_the_same_again_writes_nothing(store: MilvusStore) -> None:
    CORPUS[0].put_into(store)
    generation, rows = store.generation, n_rows(store)
    CORPUS[0].put_into(store)
    assert (store.generation, n_rows(store)) == (generation, rows)


def test_a_reader_never_sees_half_of_a_change(store: MilvusStore, address: str) -> None:
    versions = [
        make_entry("a", [("TAN", f"{word} {n}.") for n in range(n_turns)]) for word, n_turns in (("old", 7), ("new", 4))
    ]
    versions[0].put_into(store)
    failures: list[str] = []
    done = threading.Event()

    def read() -> None:
        with MilvusStore.open(address) as reader:
            while not done.is_set():
                if reader.transcript("a") not in [entry.transcript for entry in versions]:
                    failures.append("transcript")
                for entry in versions:
                    found = reader.passages([passage.id for passage in entry.passages])
                    if len({passage.text.split()[1] for passage in found}) != 1:
                        failures.append(f"passages {found}")
                found = reader.search_dense(versions[0].vectors[0], k=20)
                if len(found) not in (7, 4):
                    failures.append(f"search {found}")

    thread = threading.Thread(target=read)
    thread.start()
    for turn in range(1, 9):
        versions[turn % 2].put_into(store)
    done.set()
    thread.join()
    assert failures == []
    assert n_rows(store) == (7, 2)


class Died(BaseException):
    """Nothing of ours catches it, so that all stops at once."""


def dying_after(n_writes: int) -> Any:
    left = [n_writes]

    def call(method: Any, *arguments: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Died
        return method(*arguments)

    return call


@pytest.mark.parametrize("what", ["put", "remove"])
def test_a_death_at_any_write_leaves_the_old_or_the_new(
    store: MilvusStore, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make_entry("a", [("TAN", f"old {n}.") for n in range(6)])
    new = make_entry("a", [("TAN", f"new {n}.") for n in range(4)])
    seen = set()
    for n_writes in range(11):
        old.put_into(store)
        with monkeypatch.context() as patch:
            dying = dying_after(n_writes)
            for name in ("upsert", "delete"):
                patch.setattr(store.engine, name, partial(dying, getattr(store.engine, name)))
            try:
                new.put_into(store) if what == "put" else store.remove("a")
                seen.add("done")
            except Died:
                pass
        # Whoever comes next is another process.
        monkeypatch.setattr(milvus_work, "_PROCESS", f"later-{n_writes}")
        # As after the half minute in which what a killed writer did not say is noticed.
        store._heads._listing = None
        there = store.titles()
        if there:
            assert store.transcript("a") in (old.transcript, new.transcript)
            seen.add(store.transcript("a").text[5:8])
            assert len(store.search_dense(old.vectors[0], k=20)) == len(store.transcript("a").turns)
        else:
            seen.add("gone")
            assert store.search_dense(old.vectors[0], k=20) == []
        store.save()
        assert store.health() == []
        assert n_rows(store) == (store.passage_count(), 2 * len(store.titles()))
    assert seen == {"old", "new" if what == "put" else "gone", "done"}


def contents(store: Store) -> dict[str, Any]:
    stored = {transcript_id: store.stored(transcript_id) for transcript_id in store.titles()}
    return {
        "stored": {t: (s.report, s.passages, s.vectors.tobytes(), s.source) for t, s in stored.items()},
        "infos": [replace(info, added_at=info.added_at.min) for info in store.infos()],
        "settings": store.settings(),
        "health": store.health(),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("files")
    for name in ("budget.txt", "east/call.txt", "west/call.txt", "harbour.txt"):
        (found / name).parent.mkdir(exist_ok=True)
        lines = [f"{'VOSS' if n % 2 else 'TAN'}: {name} line {n} of the loan." for n in range(12)]
        (found / name).write_text("\n".join(lines), "utf-8")
    return found


def index(address: str, folder: Path, shard: Shard | None = None) -> None:
    embedder = HashingEmbedder()
    info = EmbedderInfo.of(embedder)
    with MilvusStore.open_or_create(address, info) as store:
        update_index(store, embedder, [folder], shard=shard)


@pytest.mark.parametrize("shards", [(None, None), (Shard(number=1, of=2), Shard(number=2, of=2))], ids=["all", "half"])
def test_two_workers_make_what_one_makes(server: Server, address: str, folder: Path, shards: Any) -> None:
    alone = server.address(f"alone_{'half' if shards[0] else 'all'}")
    index(alone, folder)
    threads = [threading.Thread(target=index, args=(address, folder, shard)) for shard in shards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with MilvusStore.open(alone) as one, MilvusStore.open(address) as both:
        assert contents(both) == contents(one)
        assert both.health() == []
        assert sorted(both.titles()) == ["budget", "east-call", "harbour", "west-call"]
        assert n_rows(both) == n_rows(one)


def test_a_worker_that_was_killed_goes_on(address: str, server: Server, folder: Path, tmp_path: Path) -> None:
    alone = server.address("alone_unkilled")
    index(alone, folder)
    command = [sys.executable, "-c", "from transcript_qa.cli import main; main()"]
    arguments = ["index", str(folder), "--index", address, "--model", "hashing"]
    worker = subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert worker.stderr is not None
    # A line for each file when it is begun: the second means that the first is in.
    assert [worker.stderr.readline()[:3] for _ in range(2)] == ["[1/", "[2/"]
    worker.kill()
    worker.communicate()
    index(address, folder)
    with MilvusStore.open(alone) as one, MilvusStore.open(address) as again:
        assert contents(again) == contents(one)
        assert n_rows(again) == n_rows(one)


@in_time
@given(st.lists(st.sampled_from(PATHS), unique=True), st.data())
def test_ids_do_not_depend_on_which_files_went_first(paths: list[str], data: st.DataObject) -> None:
    whole = transcript_ids(paths)
    some = data.draw(st.sets(st.sampled_from(paths))) if paths else set()
    assert transcript_ids(paths, {path: whole[path] for path in some}) == whole


@in_time
@given(st.integers(1, 40), st.text(max_size=30))
def test_each_file_belongs_to_one_share(of: int, key: str) -> None:
    assert sum(Shard(number=number, of=of).holds(key) for number in range(1, of + 1)) == 1


@pytest.mark.parametrize("given", ["", "3", "0/3", "4/3", "a/b", "1/0", "-1/3", "1.5/2"])
def test_a_share_that_is_none_is_explained(given: str) -> None:
    with pytest.raises(InvalidArgumentError, match="Write --shard 3/16"):
        parse_shard(given)


# The command line, and copies.


def filled(store: Store, entries: list[Entry]) -> None:
    for entry in entries:
        entry.put_into(store)
    store.set_speaker_edits("meeting-0", (SpeakerEdit(labels=("TAN",), name="Adam Tan"),))
    store.set_setting("packing", "x")


def test_a_copy_there_and_back_is_the_same(address: str, tmp_path: Path) -> None:
    with LocalStore.create(tmp_path / "one", EMBEDDER) as local, MilvusStore.create(address, EMBEDDER) as archive:
        filled(local, CORPUS)
        report = copy_index(local, archive)
        assert (report.copied, report.unchanged, report.comparison.alike) == (3, 0, True)
        assert (report.comparison.meaning_alike, report.comparison.searches) == (10, 20)
        assert report.comparison.words_alike > 0
        assert report.comparison.found_alike > 0.7
        assert copy_index(local, archive).unchanged == 3
        with LocalStore.create(tmp_path / "two", EMBEDDER) as back:
            copy_index(archive, back)
            assert contents(back)["stored"] == contents(local)["stored"]
            assert contents(back)["infos"] == contents(archive)["infos"] == contents(local)["infos"]
            assert back.settings() == archive.settings() == {"packing": "x"}
        make_entry("more", [("TAN", "More.")]).put_into(archive)
        assert not copy_index(local, archive).comparison.alike


def test_a_copy_between_models_is_refused(address: str, tmp_path: Path) -> None:
    other = EmbedderInfo(name="other", fingerprint="other", dim=DIM)
    with (
        LocalStore.create(tmp_path / "one", EMBEDDER) as local,
        MilvusStore.create(address, other) as archive,
        pytest.raises(InvalidArgumentError, match="test-model, the other with other"),
    ):
        copy_index(local, archive)


def test_the_command_line_over_an_archive(
    address: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        assert run(["index", str(folder), "--index", address, "--model", "hashing", "--shard", f"{number}/2"]) == 0
    assert run(["index", str(folder), "--index", address]) == 0
    capsys.readouterr()
    assert run(["list", "--index", address]) == 0
    assert "harbour" in capsys.readouterr().out
    assert run(["ask", "Which line is of the loan?", "--index", address, "--transcript", "budget"]) in (0, 3)
    assert run(["search", "loan", "--index", address, "--speaker", "TAN", "--json"]) == 0
    assert run(["rename-speaker", "budget", "TAN", "Adam Tan", "--index", address]) == 0
    assert run(["verify", "harbour.txt line 3 of the loan.", "--index", address]) == 0
    capsys.readouterr()
    assert run(["doctor", "--index", address]) == 0
    assert "4 transcripts" in capsys.readouterr().out
    assert run(["copy", "--from", address, "--to", str(tmp_path / "copy")]) == 0
    assert "4 transcripts copied, 0 were there" in capsys.readouterr().out
    assert run(["remove", "budget", "--index", address]) == 0
    with open_store(address) as store:
        assert "budget" not in store.titles()
    assert run(["index", str(folder), "--index", address, "--rebuild"]) == 0
    with open_store(address) as store:
        assert len(store.titles()) == 4
        assert store.health() == []


def test_shares_are_for_archives(
    folder: Path, tmp_path: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["index", str(folder), "--index", str(tmp_path / "index"), "--shard", "1/2"]) == 2
    assert run(["index", str(folder), "--index", address, "--shard", "1/2", "--rebuild"]) == 2
    assert capsys.readouterr().err.count("--shard is for archives") == 2


def test_a_rebuild_keeps_what_was_said_of_speakers(address: str) -> None:
    with MilvusStore.create(address, EMBEDDER) as store:
        filled(store, CORPUS)
    wider = EmbedderInfo(name="wider", fingerprint="wider", dim=2 * DIM)
    with MilvusStore.create(address, wider, replace=True) as store:
        assert (store.infos(), store.settings(), store.embedder) == ((), {}, wider)
        transcript = CORPUS[0].transcript
        passages = make_passages(transcript)
        vectors = make_vectors([passage.text for passage in passages], dim=2 * DIM)
        store.put(make_report(transcript), passages, vectors.astype(np.float32), make_source(transcript))
        assert store.speaker_edits("meeting-0") == (SpeakerEdit(labels=("TAN",), name="Adam Tan"),)
