from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai", reason="openai is not installed")

from browsing import BUDGET
from llm_server import Handler, fails, language_model, says
from transcript_qa import TranscriptQA
from transcript_qa.cli import run
from transcript_qa.cli.llm import CONTEXT_VARIABLE, MODEL_VARIABLE, URL_VARIABLE
from transcript_qa.embed import HashingEmbedder

QUESTION = "loan of 240 million crowns for the harbour"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("llm")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "budget.txt").write_text(BUDGET, "utf-8")
    TranscriptQA.build(folder / "corpus", index=folder / "index", embedder=HashingEmbedder()).close()
    return folder / "index"


def words_it(handler: Handler) -> None:
    prompt = handler.server.requests[-1]["messages"][1]["content"]
    line = next(line for line in prompt.split("\n") if "240 million" in line and line.startswith("["))
    marker = line.split("]")[0] + "]"
    says(f"The bank approved 240 million crowns {marker}. It was 250 million {marker}.")(handler)


def ask(index: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert run(["ask", QUESTION, "--index", str(index), "--json", *options]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_ask_is_worded_by_options_or_by_the_environment(
    index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = ask(index, capsys)
    assert (plain["worded_by"], plain["note"]) == (None, "")
    with language_model(words_it) as server:
        answer = ask(index, capsys, "--llm-url", server.url, "--strict")
        assert answer["text"] == "The bank approved 240 million crowns [1]."
        assert (answer["worded_by"], answer["n_dropped"]) == ("tiny", 1)
        monkeypatch.setenv(URL_VARIABLE, server.url)
        monkeypatch.setenv(MODEL_VARIABLE, "named")
        answer = ask(index, capsys)
        assert (answer["worded_by"], answer["n_marked"]) == ("named", 1)
        assert run(["ask", QUESTION, "--index", str(index)]) == 0
        shown = capsys.readouterr().out
        assert "Worded by named" in shown
        assert "“The bank has approved a loan of 240 million crowns" in shown


def test_a_server_that_fails_loses_no_answer(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = ask(index, capsys)
    with language_model(fails(404, "no such model")) as server:
        answer = ask(index, capsys, "--llm-url", server.url, "--llm-model", "x")
    assert answer["text"] == plain["text"]
    assert "no such model" in answer["note"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--llm-model", "x"], "--llm-url"),
        (["--llm-url", "here"], "http://127.0.0.1:11434"),
        (["--llm-url", "http://127.0.0.1:9", "--llm-key-file", "none.txt"], "cannot be read"),
    ],
)
def test_what_is_named_wrongly_is_told(
    index: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert run(["ask", QUESTION, "--index", str(index), *options]) == 2
    assert words in capsys.readouterr().err


def test_a_context_that_is_no_number_is_told(
    index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONTEXT_VARIABLE, "many")
    assert run(["ask", QUESTION, "--index", str(index), "--llm-url", "http://127.0.0.1:9"]) == 2
    assert CONTEXT_VARIABLE in capsys.readouterr().err


def doctor(index: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any] | None:
    run(["doctor", "--index", str(index), "--model", "hashing", "--json", *options])
    checks = json.loads(capsys.readouterr().out)["checks"]
    return next((check for check in checks if check["name"] == "language model"), None)


def test_doctor_lists_the_models_of_a_server(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(index, capsys) is None
    with language_model(says(""), models=("a", "b")) as server:
        url = ("--llm-url", server.url)
        several = doctor(index, capsys, *url)
        named = doctor(index, capsys, *url, "--llm-model", "b")
        missing = doctor(index, capsys, *url, "--llm-model", "c")
    assert several is not None
    assert named is not None
    assert missing is not None
    assert (several["status"], several["models"]) == ("note", ["a", "b"])
    assert (named["status"], named["model"]) == ("ok", "b")
    assert missing["status"] == "broken"
    gone = doctor(index, capsys, *url)
    assert gone is not None
    assert gone["status"] == "broken"
    assert "is it running" in gone["detail"]
