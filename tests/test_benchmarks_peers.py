"""benchmarks/peers.py counts rightly: on tiny sizes, with neither the model nor a peer."""

from __future__ import annotations

import argparse
import doctest
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from benchmarking import PNG, write_meetings
from conftest import ROOT
from transcript_qa import TranscriptQA
from transcript_qa.datatypes import Span
from transcript_qa.embed import HashingEmbedder

sys.path.append(str(ROOT / "benchmarks"))

import peer_systems
import peer_tables
import peers
import retrieval


@pytest.fixture(scope="module")
def meetings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_meetings(tmp_path_factory.mktemp("meetings"), 3)


@pytest.fixture
def hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing in place of the model."""
    monkeypatch.setattr(peer_systems, "SentenceTransformerEmbedder", HashingEmbedder)


@pytest.mark.parametrize("module", [peer_systems, peers])
def test_examples_in_docstrings(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_a_piece_counts_the_words_of_the_turns_it_was_cut_from(meetings: Path) -> None:
    read = peers.read_meetings(meetings, None)
    for one, meeting in read.items():
        text, turns = meeting.transcript.text, meeting.transcript.turns
        for start in range(0, len(text), 37):
            for end in (start + 1, min(start + 90, len(text)), len(text)):
                (unit,) = peers.units_at(read, [(one, start, end)])
                cut = {turn.index: text[max(turn.span.start, start) : min(turn.span.end, end)] for turn in turns}
                over = {turn.index for turn in turns if turn.span.overlaps(Span(start=start, end=end))}
                wanted = {turn: len(words.split()) for turn, words in cut.items() if turn in over and words.split()}
                assert dict(unit.words) == wanted


def test_words_that_pieces_share_count_once(meetings: Path) -> None:
    read = peers.read_meetings(meetings, 1)
    ((one, meeting),) = read.items()
    length = len(meeting.transcript.text)
    overlapping = [(one, start, min(start + 300, length)) for start in range(0, length, 200)]
    total: Counter[int] = Counter()
    for unit in peers.units_at(read, [overlapping[2], overlapping[2], *overlapping]):
        total.update(dict(unit.words))
    for turn in meeting.transcript.turns:
        n_words = len(meeting.transcript.words_of(turn).split())
        # A piece may cut a word in two.
        assert n_words <= total[turn.index] <= n_words + 4
    assert peers.units_at(read, [overlapping[0], overlapping[0]])[1].words == ()


class Oracle(peer_systems.System):
    """Finds the turns that hold a word of the question, in order."""

    def index(self, texts: Sequence[peer_systems.Text], folder: Path) -> int:
        self._texts = list(texts)
        folder.mkdir()
        (folder / "words").write_bytes(b"1" * 3_000_000)
        return 12

    def find(self, question: str, *, k: int, meeting: str | None) -> list[peer_systems.Place]:
        word = next(word for word in ("loan", "parking", "ferries", "") if word in question.lower())
        found = []
        for one in self._texts:
            if meeting in (None, one.meeting):
                turns = one.text.split("\n\n")
                for piece, (start, end) in zip(turns, peer_systems.locate(one.text, turns), strict=True):
                    if word in piece.lower():
                        found.append((one.meeting, start, end))
        return found[:k]

    def close(self) -> None:
        self._texts = []


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    choice = replace(peer_systems.SYSTEMS["txtai"], make=Oracle, packages=("numpy",), title="oracle")
    monkeypatch.setitem(peer_systems.SYSTEMS, "txtai", choice)
    monkeypatch.setattr(peers, "stay_offline", lambda: None)
    monkeypatch.setattr(peers, "in_own_process", lambda function, *args, **kwargs: function(*args, **kwargs))


def options_of(folder: Path, *systems: str) -> argparse.Namespace:
    return argparse.Namespace(folder=folder, systems=systems, meetings=None, questions=None, timed=8)


def test_who_finds_all_and_nothing_else_has_the_best_measures(oracle: None, meetings: Path) -> None:
    found = peers.run(options_of(meetings, "txtai"))
    (one,) = found["systems"]
    assert (found["n_meetings"], found["n_questions"]) == (3, 9)
    assert (one["pieces"], one["index_mb"]) == (12, 3)
    assert one["scoped"] == {"success@5": 1.0, "p300": 1.0, "r1000": 1.0}
    # Open, the first meeting's turns come first, whichever is asked about.
    assert one["open"]["success@5"] == pytest.approx(1 / 3)
    text = peer_tables.page(json.loads(json.dumps(found)))
    assert "| oracle |" in text


def test_ours_is_measured_as_retrieval_measures_it(hashing: None, oracle: None, meetings: Path, tmp_path: Path) -> None:
    found = peers.run(options_of(meetings, "ours", "txtai"))
    one, _ = found["systems"]
    with TranscriptQA.build(meetings, index=tmp_path / "index", embedder=HashingEmbedder()) as qa:
        transcripts = {info.id: qa.transcript(info.id) for info in qa.transcripts()}
        questions = retrieval.read_questions(meetings, qa)
        run = retrieval.ours(qa, transcripts, rerank=False)
        for scoped in (True, False):
            means = np.mean([retrieval.measure(q, run(q, scoped), transcripts) for q in questions], axis=0)
            by_name = dict(zip(retrieval.MEASURES, means, strict=True))
            for name, value in one["scoped" if scoped else "open"].items():
                assert value == pytest.approx(by_name[name]), name
        assert one["pieces"] == qa.passage_count()
    pytest.importorskip("matplotlib")
    peer_tables.draw(found, tmp_path / "peers.png")
    assert (tmp_path / "peers.png").read_bytes().startswith(PNG)


def test_a_peer_that_is_not_installed_is_skipped_with_a_word(
    oracle: None, meetings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = replace(peer_systems.SYSTEMS["llama-index"], packages=("llama-index-core", "no-such-package-here"))
    monkeypatch.setitem(peer_systems.SYSTEMS, "llama-index", missing)
    found = peers.run(options_of(meetings, "llama-index", "txtai"))
    assert [one["name"] for one in found["systems"]] == ["txtai"]
    assert "LlamaIndex: not installed, skipped" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="Nothing was measured"):
        peers.run(options_of(meetings, "llama-index"))
