"""`python app.py`: the chat on the sample corpus, and what it says where it cannot start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from transcript_qa.assistant import TranscriptQA
from transcript_qa.embed import HashingEmbedder

sys.path.insert(0, str(ROOT))
import app


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """What was to be served; no server is started and no model loaded."""
    calls: list[dict[str, Any]] = []
    worded: list[Any] = []
    build = TranscriptQA.build

    def hashing(*arguments: Any, **options: Any) -> TranscriptQA:
        return build(*arguments, **{**options, "embedder": HashingEmbedder()})

    def serve(qa: TranscriptQA, **options: Any) -> None:
        calls.append({**options, "titles": [info.title for info in qa.transcripts()], "generator": worded[-1]})

    monkeypatch.setattr(TranscriptQA, "build", hashing)
    monkeypatch.setattr(TranscriptQA, "word_with", lambda _self, generator: worded.append(generator))
    monkeypatch.setattr("transcript_qa.web.server.serve", serve)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "told.txt").write_text("Anna Berg: The loan is 240 million crowns.\n", "utf-8")
    return calls


def _start(tmp_path: Path, *more: str) -> int:
    folders = ["--corpus", str(tmp_path / "corpus"), "--index", str(tmp_path / "index")]
    return app.main([*folders, "--port", "0", *more])


def test_the_corpus_is_indexed_and_served_without_a_language_model(
    served: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRANSCRIPT_QA_LLM_URL", raising=False)
    assert _start(tmp_path) == 0
    assert [call["titles"] for call in served] == [["Told"]]
    assert served[0]["generator"] is None
    assert served[0]["uploads"] == tmp_path / "index" / "uploads"


def test_a_language_model_is_named_by_the_environment(
    served: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSCRIPT_QA_LLM_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TRANSCRIPT_QA_LLM_MODEL", "small")
    assert _start(tmp_path) == 0
    assert served[0]["generator"] is not None


def test_an_empty_corpus_is_said_in_one_line(
    served: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "corpus" / "told.txt").unlink()
    assert _start(tmp_path) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert served == []
