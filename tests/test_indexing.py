from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from transcript_qa import TranscriptQA, reuse
from transcript_qa.ahead import ahead
from transcript_qa.embed import HashingEmbedder, Progress
from transcript_qa.errors import IndexWriteError
from transcript_qa.indexing import IndexProgress, update_index
from transcript_qa.pace import Pace
from transcript_qa.store import EmbedderInfo, LocalStore
from transcript_qa.streaming import BATCH_PASSAGES

NAMES = ("Mira Voss", "Tomas Ekberg")


class Counting(HashingEmbedder):
    """Remembers what it was given, and stops after so many calls."""

    def __init__(self, *, stop_after: int | None = None) -> None:
        super().__init__(dim=64)
        self.batches: list[list[str]] = []
        self.stop_after = stop_after
        self.threads: set[str] = set()

    def embed_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        if self.stop_after is not None and len(self.batches) >= self.stop_after:
            raise IndexWriteError("here", "the lights went out", "Light them.")
        self.batches.append(list(texts))
        self.threads.add(threading.current_thread().name)
        return super().embed_passages(texts, progress=progress)

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]


def talk(topic: str, *, n_turns: int = 12) -> str:
    said = (f"{NAMES[n % 2]}: On the {topic} we heard point {n} " + "of the long report " * 12 for n in range(n_turns))
    return "\n\n".join(said)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five small talks."""
    made = tmp_path / "in"
    made.mkdir()
    for topic in ("harbour", "garden", "bridge", "school", "ferry"):
        (made / f"{topic}.txt").write_text(talk(topic), "utf-8")
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    embedder = HashingEmbedder(dim=64)
    info = EmbedderInfo(name=embedder.name, fingerprint=embedder.fingerprint, dim=64)
    with LocalStore.create(tmp_path / "index", info) as made:
        yield made


def vectors_are_right(store: LocalStore) -> None:
    from transcript_qa.chunk import embedding_text

    embedder = HashingEmbedder(dim=64)
    for info in store.infos():
        kept = store.stored(info.id)
        texts = [embedding_text(kept.report.transcript, passage) for passage in kept.passages]
        np.testing.assert_allclose(kept.vectors, embedder.embed_passages(texts), atol=1e-3)


def test_small_transcripts_are_embedded_together_in_another_thread(folder: Path, store: LocalStore) -> None:
    embedder = Counting()
    report = update_index(store, embedder, [folder])
    assert report.added == ("bridge", "ferry", "garden", "harbour", "school")
    assert len(embedder.batches) == 1
    assert len(embedder.texts) == store.passage_count()
    assert threading.main_thread().name not in embedder.threads
    vectors_are_right(store)
    assert not [one for one in threading.enumerate() if one.name in ("reading", "indexing")]


def test_a_long_transcript_is_embedded_in_parts(tmp_path: Path, store: LocalStore) -> None:
    (tmp_path / "long.txt").write_text(talk("dredging", n_turns=3600), "utf-8")
    embedder = Counting()
    steps: list[IndexProgress] = []
    update_index(store, embedder, [tmp_path / "long.txt"], progress=steps.append)
    sizes = [len(batch) for batch in embedder.batches]
    assert len(sizes) > 1
    assert max(sizes) <= BATCH_PASSAGES
    assert max(sizes) - min(sizes) <= len(sizes)
    assert sum(sizes) == store.passage_count()
    done = [step.passages_done for step in steps]
    assert done == sorted(done)
    assert done[-1] == steps[-1].n_passages == store.passage_count()
    assert steps[-1].words_per_s
    assert steps[-1].left_s is not None
    assert store.drafts() == {}
    vectors_are_right(store)


def test_a_renamed_file_is_not_embedded_again(folder: Path, store: LocalStore) -> None:
    update_index(store, HashingEmbedder(dim=64), [folder])
    (folder / "harbour.txt").rename(folder / "the-port.txt")
    (folder / "bridge.txt").rename(folder / "crossing.txt")
    with (folder / "crossing.txt").open("a", encoding="utf-8") as file:
        file.write("\n\nMira Voss: And one last word.")
    embedder = Counting()
    report = update_index(store, embedder, [folder])
    assert set(report.added) == {"the-port", "crossing"}
    assert set(report.removed) == {"harbour", "bridge"}
    assert len(embedder.texts) == 1
    assert "one last word" in embedder.texts[0]
    vectors_are_right(store)


def test_little_of_what_has_gone_is_read_when_one_is_added(
    folder: Path, tmp_path: Path, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    update_index(store, HashingEmbedder(dim=64), [folder])
    n_passages = {info.id: info.n_passages for info in store.infos()}
    for path in folder.iterdir():
        path.unlink()
    monkeypatch.setattr(reuse, "_MOST_GONE_PASSAGES", 2 * max(n_passages.values()))
    read: list[str] = []
    stored = LocalStore.stored
    monkeypatch.setattr(LocalStore, "stored", lambda self, id_: read.append(id_) or stored(self, id_))
    (tmp_path / "other.txt").write_text(talk("museum"), "utf-8")
    update_index(store, HashingEmbedder(dim=64), [tmp_path / "other.txt"])
    assert len(read) == 2
    assert "other" in store.titles()


def test_a_renamed_speaker_is_not_embedded_again(folder: Path, tmp_path: Path) -> None:
    embedder = Counting()
    with TranscriptQA.build(folder, index=tmp_path / "other", embedder=embedder) as qa:
        n_texts = len(embedder.texts)
        qa.rename_speaker("harbour", "Mira Voss", "Ines Marlow")
        qa.update([folder])
        (folder / "harbour.txt").touch()
        qa.update([folder])
        (folder / "harbour.txt").rename(folder / "port.txt")
        qa.update([folder])
        assert len(embedder.texts) == n_texts


def test_of_a_changed_file_only_what_changed_is_embedded(folder: Path, store: LocalStore) -> None:
    path = folder / "school.txt"
    path.write_text(talk("school", n_turns=40), "utf-8")
    update_index(store, HashingEmbedder(dim=64), [folder])
    path.write_text(path.read_text("utf-8").replace("point 39", "point forty"), "utf-8")
    embedder = Counting()
    assert update_index(store, embedder, [folder]).changed == ("school",)
    assert len(embedder.texts) == 1
    vectors_are_right(store)


def test_the_same_words_twice_in_one_run_are_embedded_once(folder: Path, store: LocalStore) -> None:
    (folder / "sub").mkdir()
    for path in sorted(folder.glob("*.txt")):
        (folder / "sub" / path.name).write_bytes(path.read_bytes())
    embedder = Counting()
    update_index(store, embedder, [folder])
    assert store.passage_count() > len(embedder.texts)
    assert len(set(embedder.texts)) == len(embedder.texts)
    vectors_are_right(store)


def test_vectors_of_another_packing_are_not_taken(folder: Path, store: LocalStore) -> None:
    update_index(store, HashingEmbedder(dim=64), [folder])
    store.set_setting("packing", "turns-0:100")
    embedder = Counting()
    assert len(update_index(store, embedder, [folder]).changed) == 5
    assert len(embedder.texts) == store.passage_count()


def test_a_stop_in_a_long_transcript_loses_at_most_a_batch(tmp_path: Path, store: LocalStore) -> None:
    path = tmp_path / "long.txt"
    path.write_text(talk("dredging", n_turns=3600), "utf-8")
    before = Counting(stop_after=2)
    with pytest.raises(IndexWriteError, match="the lights went out"):
        update_index(store, before, [path])
    assert store.infos() == ()
    assert len(store.drafts()) == sum(len(batch) for batch in before.batches[:2]) > BATCH_PASSAGES // 2
    after = Counting()
    assert update_index(store, after, [path]).added == ("long",)
    assert not set(before.texts) & set(after.texts)
    assert len(before.texts) + len(after.texts) == store.passage_count()
    assert store.drafts() == {}
    vectors_are_right(store)


def test_drafts_of_a_file_that_went_are_dropped(tmp_path: Path, folder: Path, store: LocalStore) -> None:
    store.keep_drafts({b"x" * 16: np.ones(64, dtype=np.float32) / 8})
    update_index(store, HashingEmbedder(dim=64), [folder])
    assert store.drafts() == {}


def test_a_stop_keeps_what_was_stored_and_ends_the_threads(folder: Path, store: LocalStore) -> None:
    def stop(step: IndexProgress) -> None:
        if step.files_done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_index(store, HashingEmbedder(dim=64), [folder], progress=stop)
    assert [info.id for info in store.infos()] == ["bridge", "ferry"]
    assert not [one for one in threading.enumerate() if one.name in ("reading", "indexing")]


def test_bad_files_stand_in_the_report_in_their_order(folder: Path, store: LocalStore) -> None:
    for name in ("a.txt", "z.txt"):
        (folder / name).write_bytes(bytes(range(256)) * 40)
    report = update_index(store, HashingEmbedder(dim=64), [folder])
    assert [Path(one.source).name for one in report.failed] == ["a.txt", "z.txt"]
    assert len(report.added) == 5
    (folder / "ferry.txt").touch()
    again = update_index(store, HashingEmbedder(dim=64), [folder])
    assert again.unchanged == ("bridge", "ferry", "garden", "harbour", "school")
    assert [Path(one.source).name for one in again.failed] == ["a.txt", "z.txt"]


def test_reports_of_thousands_are_kept_without_their_words(
    folder: Path, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transcript_qa.indexing._REPORTED_CHARS", 1)
    report = update_index(store, HashingEmbedder(dim=64), [folder])
    assert len(report.added) == 5
    assert report.reports[0].transcript.text
    assert sum(len(one.transcript.text) for one in report.reports[1:]) == 0


# The queue between threads


def test_no_more_waits_than_there_is_room_for() -> None:
    made: list[int] = []
    full = threading.Event()

    def make(put: object) -> None:
        for number in range(10):
            made.append(number)
            if number == 3:
                full.set()
            put(number)  # type: ignore[operator]

    with ahead(make, room=3, size=lambda _: 1, name="making") as items:
        full.wait(10)
        assert made == [0, 1, 2, 3]
        assert list(items) == list(range(10))


def test_an_item_larger_than_the_room_goes_in_alone() -> None:
    with ahead(lambda put: [put(n) for n in (50, 60, 1)], room=3, size=int, name="making") as items:
        assert list(items) == [50, 60, 1]


def test_what_a_maker_raises_comes_after_its_items() -> None:
    def make(put: object) -> None:
        put(1)  # type: ignore[operator]
        raise ZeroDivisionError

    seen = []
    with pytest.raises(ZeroDivisionError), ahead(make, room=3, size=lambda _: 1, name="making") as items:
        seen.extend(items)
    assert seen == [1]


def test_who_turns_away_ends_the_maker() -> None:
    with ahead(lambda put: [put(n) for n in range(10**9)], room=3, size=lambda _: 1, name="making") as items:
        assert next(iter(items)) == 0
    assert not [one for one in threading.enumerate() if one.name == "making"]


def test_the_pace_starts_with_the_first_words() -> None:
    clock = iter([100.0, 102.0, 104.0]).__next__
    pace = Pace(1000, clock=clock)
    assert (pace.words_per_s, pace.left_s) == (None, None)
    pace.reached(n_words=50, n_bytes=100)
    assert (pace.words_per_s, pace.left_s) == (None, None)
    pace.reached(n_words=250, n_bytes=300)
    assert (pace.words_per_s, pace.left_s) == (100.0, 7.0)
    pace.reached(n_words=450, n_bytes=1000)
    assert pace.left_s == 0.0
