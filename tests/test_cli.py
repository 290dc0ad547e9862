"""The command line: each command for people and for machines, its exit status, and what it says where it fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

import transcript_qa
from transcript_qa import TranscriptQA, cli, model_choice
from transcript_qa.cli import doctor
from transcript_qa.cli.console import make_console, quiet_libraries, write_error
from transcript_qa.cli.progress import console_progress
from transcript_qa.datatypes import Hit, Support
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import ModelError
from transcript_qa.indexing import IndexProgress
from transcript_qa.tokens import encoding_name

MEETING = """\
HARBOUR COMMITTEE
Date: 19 March 2024
Place: Town Hall

ANNA HOLM: The bank gave us a loan of 240 thousand crowns for the harbour wall.

BEN ODUYA: When do we have to pay it back?

ANNA HOLM: Over eighteen years, beginning next January.

BEN ODUYA: [bold]That is[/bold] a long time [/] for a wall [link=http://x.invalid]here[/link].

ANNA HOLM: It is a long wall.
"""
CALL = """\
WEBVTT

00:00:01.000 --> 00:00:04.000
<v Carla Reyes>The router has a red light and it will not connect.</v>

00:00:05.000 --> 00:00:08.000
<v Dirk Aalto>Please hold the reset button for ten seconds.</v>

00:00:09.000 --> 00:00:12.000
<v Carla Reyes>The light is green now, thank you very much.</v>
"""


class Result:
    """What a call gave: exit status, stdout, stderr."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Result]


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TRANSCRIPT_QA_INDEX", "TRANSCRIPT_QA_DEBUG", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*arguments: str | Path) -> Result:
        capsys.readouterr()
        status = cli.run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return run


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "harbour.txt").write_text(MEETING, "utf-8")
    (folder / "call.vtt").write_text(CALL, "utf-8")
    return folder


@pytest.fixture
def index(corpus: Path, tmp_path: Path, call: Call) -> Path:
    folder = tmp_path / "ix"
    assert call("index", corpus, "--index", folder, "--model", "hashing").status == 0
    return folder


def test_the_entry_point_is_main() -> None:
    project = Path(__file__).parent.parent / "pyproject.toml"
    assert tomllib.loads(project.read_text("utf-8"))["project"]["scripts"]["transcript-qa"] == "transcript_qa.cli:main"


def test_main_exits_with_the_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "quiet_libraries", lambda: None)
    monkeypatch.setattr(sys, "argv", ["transcript-qa", "--version"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"transcript-qa {transcript_qa.__version__}\n"


def test_help_names_every_command_and_imports_no_heavy_library() -> None:
    script = (
        "import sys\n"
        "from transcript_qa.cli import run\n"
        "status = run(['--help'])\n"
        "heavy = {'torch', 'gradio', 'faiss', 'sentence_transformers', 'transformers', 'tiktoken'} & set(sys.modules)\n"
        "sys.exit(f'{status} {heavy}' if status or heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("index", "inspect", "list", "speakers", "remove", "search", "ask", "verify", "serve", "doctor"):
        assert f"\n  {command} " in done.stdout


def test_commands_without_a_question_load_no_model_library(index: Path, corpus: Path) -> None:
    script = (
        "import sys\n"
        "from transcript_qa.cli import run\n"
        f"run(['inspect', {str(corpus / 'call.vtt')!r}]); run(['list', '--index', {str(index)!r}])\n"
        f"run(['speakers', '--index', {str(index)!r}])\n"
        "heavy = {'torch', 'gradio', 'sentence_transformers', 'transformers'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_command_it_shows_help_as_wrong_usage(call: Call) -> None:
    result = call()
    assert result.status == 2
    assert "Commands:" in result.out


@pytest.mark.parametrize("command", ["index", "inspect", "list", "speakers", "search", "ask", "verify", "serve"])
def test_each_command_has_help_that_fits_80_columns(call: Call, command: str) -> None:
    result = call(command, "--help")
    assert result.status == 0
    assert max(map(len, result.out.splitlines())) <= 80


# index


def test_index_says_what_was_added_changed_left_and_removed(call: Call, corpus: Path, tmp_path: Path) -> None:
    options = ("--index", tmp_path / "ix", "--model", "hashing", "--json")
    first = call("index", corpus, *options)
    assert (first.status, first.json["added"]) == (0, ["call", "harbour"])
    assert first.json["model"] == "hashing"
    assert (first.json["transcripts"], first.json["failed"]) == (2, [])
    assert first.err.splitlines() == [f"[1/2] {corpus}/call.vtt", f"[2/2] {corpus}/harbour.txt"]
    (corpus / "harbour.txt").write_text(MEETING.replace("240", "250"), "utf-8")
    (corpus / "call.vtt").unlink()
    (corpus / "new.vtt").write_text(CALL, "utf-8")
    second = call("index", corpus, *options).json
    assert (second["added"], second["changed"], second["unchanged"], second["removed"]) == (
        ["new"],
        ["harbour"],
        [],
        ["call"],
    )
    third = call("index", corpus, *options)
    assert third.json["unchanged"] == ["harbour", "new"]
    assert third.err == ""


def test_index_for_people(call: Call, corpus: Path, tmp_path: Path) -> None:
    result = call("index", corpus, "--index", tmp_path / "ix", "--model", "hashing")
    assert "added    harbour\n" in result.out
    assert "5 turns · 2 speakers" in result.out
    assert "2 added, 0 changed, 0 unchanged, 0 removed\n" in result.out
    assert "holds 2 transcripts, 2 passages; model hashing" in result.out


def test_index_takes_corpus_and_index_of_the_working_folder(
    call: Call, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corpus.parent)
    assert call("index", "--model", "hashing").status == 0
    assert (corpus.parent / "index" / "index.sqlite").is_file()
    assert call("ask", "who gave the loan?").status in (0, 3)


def test_index_without_paths_or_corpus_is_wrong_usage(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("index")
    assert result.status == 2
    assert result.err == "error: No file or folder was given, and there is no folder corpus/ here. Name one.\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_one_bad_file_fails_and_the_good_ones_are_stored(
    call: Call, corpus: Path, tmp_path: Path, as_json: bool
) -> None:
    (corpus / "bad.txt").write_bytes(b"\x00\x01\x02\xff" * 50)
    index = tmp_path / "ix"
    result = call("index", corpus, "--index", index, "--model", "hashing", *(["--json"] if as_json else []))
    assert result.status == 1
    assert f"failed: {corpus}/bad.txt: " in result.err
    if as_json:
        (failed,) = result.json["failed"]
        assert failed["source"].endswith("bad.txt")
        assert failed["error"]["type"] == "ParseError"
    assert len(call("list", "--index", index, "--json").json["transcripts"]) == 2


def test_only_a_binary_file_indexes_nothing(call: Call, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\x00\x01\x02\xff" * 50)
    result = call("index", tmp_path / "bad.txt", "--index", tmp_path / "ix", "--model", "hashing")
    assert result.status == 1
    assert "error: nothing was indexed\n" in result.err


@pytest.mark.parametrize("rebuild", [[], ["--rebuild"]])
def test_an_empty_folder_makes_no_index_and_empties_none(
    call: Call, tmp_path: Path, index: Path, rebuild: list[str]
) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "other", index):
        result = call("index", tmp_path / "empty", "--index", folder, *rebuild)
        assert result.status == 1
        assert "there is no transcript in this folder" in result.err
    assert not (tmp_path / "other").exists()
    assert len(call("list", "--index", index, "--json").json["transcripts"]) == 2


def test_a_path_that_is_not_there_fails(call: Call, tmp_path: Path) -> None:
    result = call("index", tmp_path / "none", "--index", tmp_path / "ix", "--json")
    assert result.status == 1
    assert result.json["error"]["type"] == "SourceNotFoundError"
    assert result.err == f"error: {result.json['error']['message']}\n"


def test_an_index_that_cannot_be_written_fails(call: Call, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    result = call("index", corpus, "--index", tmp_path / "file" / "ix", "--model", "hashing")
    assert result.status == 1
    assert "cannot write the index" in result.err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_index_answers_and_takes_nothing(call: Call, index: Path) -> None:
    index.chmod(0o555)
    try:
        assert call("list", "--index", index).status == 0
        assert "cannot write the index" in call("remove", "call", "--index", index).err
    finally:
        index.chmod(0o755)


def test_rebuild_starts_anew_even_from_a_damaged_index(call: Call, corpus: Path, index: Path) -> None:
    (index / "index.sqlite").write_bytes(b"no database" * 500)
    damaged = call("list", "--index", index, "--json")
    assert (damaged.status, damaged.json["error"]["type"]) == (1, "IndexDamagedError")
    assert call("index", corpus, "--index", index, "--model", "hashing").status == 1
    rebuilt = call("index", corpus, "--index", index, "--model", "hashing", "--rebuild", "--json")
    assert (rebuilt.status, rebuilt.json["added"]) == (0, ["call", "harbour"])


def test_an_index_keeps_its_model_until_another_is_named(call: Call, corpus: Path, index: Path) -> None:
    assert call("index", corpus, "--index", index, "--json").json["model"] == "hashing"
    assert call("index", corpus, "--index", index, "--json", "--rebuild").json["model"] == "hashing"


def test_another_model_than_the_one_of_the_index_is_refused(call: Call, index: Path) -> None:
    result = call("search", "loan", "--index", index, "--model", "all-MiniLM-L6-v2", "--json")
    assert (result.status, result.json["error"]["type"]) == (1, "IndexMismatchError")
    assert "made with the embedding model hashing" in result.err


def test_a_model_that_is_not_here_is_refused(call: Call, index: Path) -> None:
    result = call("search", "loan", "--index", index, "--model", "no/such-model")
    assert result.status == 1
    assert "no/such-model: there is no such model on this machine" in result.err


def test_the_model_of_an_index_that_has_gone_is_named_with_a_way_out(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(model: str | None) -> HashingEmbedder:
        raise ModelError(str(model), "gone", "Find it")

    monkeypatch.setattr(model_choice, "make_embedder", gone)
    with pytest.raises(ModelError, match="index --rebuild --model all-MiniLM-L6-v2"):
        model_choice.embedder_of(index, None)


# inspect


def test_inspect_for_people(call: Call, corpus: Path) -> None:
    result = call("inspect", corpus / "harbour.txt", "--turns")
    assert (result.status, result.err) == (0, "")
    assert "Title      HARBOUR COMMITTEE\n" in result.out
    assert "Date       2024-03-19\n" in result.out
    assert "Place      Town Hall\n" in result.out
    assert "ANNA HOLM" in result.out
    assert f"({encoding_name()})" in result.out
    assert "[bold]That is[/bold] a long time [/] for a wall" in result.out
    assert all(line == line.rstrip() or "named" in line for line in result.out.splitlines() if "Label" not in line)


def test_inspect_shows_what_was_left_out_and_why(call: Call, tmp_path: Path) -> None:
    text = MEETING.replace("Place: Town Hall\n", "Place: Town Hall\n\n----------------\n")
    (tmp_path / "a.txt").write_text(text, "utf-8")
    data = call("inspect", tmp_path / "a.txt", "--json").json
    people = call("inspect", tmp_path / "a.txt").out
    assert data["skipped"]
    for region in data["skipped"]:
        assert region["reason"] in people
        assert region["text"].split("\n")[0] in people


def test_inspect_times(call: Call, corpus: Path) -> None:
    assert "0:01 to 0:12, on 3 of 3 turns" in call("inspect", corpus / "call.vtt").out


def test_inspect_for_machines(call: Call, corpus: Path) -> None:
    data = call("inspect", corpus / "call.vtt", "--json").json
    assert (data["format"], data["encoding"], len(data["turns"])) == ("webvtt", "utf-8", 3)
    assert data["speakers"][0]["label"] == "Carla Reyes"


@pytest.mark.parametrize("name", ["none.txt", "binary.txt", "folder"])
def test_inspect_of_what_is_no_transcript(call: Call, tmp_path: Path, name: str) -> None:
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "folder").mkdir()
    result = call("inspect", tmp_path / name)
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1


# list, speakers, remove


def test_list(call: Call, index: Path) -> None:
    people, machines = call("list", "--index", index), call("list", "--index", index, "--json").json
    assert "HARBOUR COMMITTEE" in people.out
    assert "2024-03-19" in people.out
    call_info, harbour = sorted(machines["transcripts"], key=lambda info: info["id"])
    assert (harbour["id"], harbour["turns"], harbour["date"], harbour["passages"]) == ("harbour", 5, "2024-03-19", 1)
    assert (call_info["format"], len(call_info["speakers"])) == ("webvtt", 2)


def test_list_shows_long_ids_whole(call: Call, corpus: Path, tmp_path: Path) -> None:
    name = "a-very-long-name-of-a-transcript-that-goes-on"
    (corpus / "call.vtt").rename(corpus / f"{name}.vtt")
    call("index", corpus, "--index", tmp_path / "ix", "--model", "hashing")
    assert name in call("list", "--index", tmp_path / "ix").out


def test_speakers(call: Call, index: Path) -> None:
    everyone = call("speakers", "--index", index, "--json").json["speakers"]
    assert {(one["transcript_id"], one["label"], one["turns"]) for one in everyone} == {
        ("call", "Carla Reyes", 2),
        ("call", "Dirk Aalto", 1),
        ("harbour", "ANNA HOLM", 3),
        ("harbour", "BEN ODUYA", 2),
    }
    some = call("speakers", "--transcript", "call", "--index", index)
    assert "Dirk Aalto" in some.out
    assert "ANNA" not in some.out


def test_speakers_are_renamed_merged_and_taken_back(call: Call, index: Path) -> None:
    done = call("rename-speaker", "call", "Carla Reyes", "Carla Reyes-Lind", "--index", index)
    assert (done.status, done.out.splitlines()[0]) == (
        0,
        "Carla Reyes is now Carla Reyes-Lind; `transcript-qa undo-speakers call` takes it back",
    )
    merged = call("merge-speakers", "call", "Carla Reyes", "Dirk Aalto", "--name", "Desk", "--index", index, "--json")
    assert [(one["label"], one["name"], one["aliases"], one["turns"]) for one in merged.json["speakers"]] == [
        ("Carla Reyes", "Desk", ["Dirk Aalto"], 3)
    ]
    assert "Carla Reyes-Lind" in call("undo-speakers", "call", "--index", index).out
    assert "Reyes-Lind" not in call("undo-speakers", "call", "--all", "--index", index).out
    nothing = call("undo-speakers", "call", "--index", index)
    assert (nothing.status, "Nothing was said" in nothing.err) == (2, True)
    unknown = call("rename-speaker", "call", "Carl Reyes", "X", "--index", index)
    assert (unknown.status, "Did you mean Carla Reyes?" in unknown.err) == (1, True)


def test_remove(call: Call, index: Path, corpus: Path) -> None:
    assert call("remove", "call", "--index", index).out == "removed call\n"
    assert call("remove", "harbour", "--index", index, "--json").json["removed"] == "harbour"
    assert "holds no transcript yet" in call("list", "--index", index).out
    assert (corpus / "call.vtt").exists()


@pytest.mark.parametrize(
    "command", [["remove", "harbor"], ["speakers", "--transcript", "harbor"], ["search", "x", "--transcript", "harbor"]]
)
def test_an_unknown_transcript_is_told_with_names_near_to_it(call: Call, index: Path, command: list[str]) -> None:
    result = call(*command, "--index", index, "--json")
    assert (result.status, result.json["error"]["type"]) == (1, "UnknownTranscriptError")
    assert result.err == "error: No transcript 'harbor' in the index. Did you mean harbour?\n"


# search, ask, verify


def test_search(call: Call, index: Path) -> None:
    people = call("search", "loan for the harbour wall", "--index", index)
    assert people.status == 0
    assert people.out.startswith("1. HARBOUR COMMITTEE · turns 1-5\n")
    assert "[bold]That is[/bold] a long time [/]" in people.out
    hits = call("search", "loan for the harbour wall", "-k", "1", "--index", index, "--json").json["hits"]
    assert [(hit["rank"], hit["transcript_id"]) for hit in hits] == [(1, "harbour")]
    assert hits[0]["address"]


def test_search_in_the_order_of_the_reader(call: Call, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    searched = TranscriptQA.search

    def search(qa: TranscriptQA, query: str, **rest: Any) -> list[Hit]:
        given.append(rest["rerank"])
        return searched(qa, query, **rest)

    monkeypatch.setattr(TranscriptQA, "search", search)
    for options in ((), ("--rerank",)):
        assert call("search", "loan for the harbour wall", "--index", index, *options).status == 0
    assert given == [False, True]


def test_search_filters(call: Call, index: Path) -> None:
    def found(*options: str) -> set[str]:
        data = call("search", "loan router light", "--index", index, "--json", *options).json
        return {hit["transcript_id"] for hit in data["hits"]}

    assert found() == {"harbour", "call"}
    assert found("--transcript", "call") == {"call"}
    assert found("--transcript", "call", "--transcript", "harbour") == {"harbour", "call"}
    assert found("--speaker", "Anna Holm") == {"harbour"}
    assert found("--after", "2024-03-19", "--before", "2024-03-19") == {"harbour"}


def test_search_without_hits_is_not_answered(call: Call, index: Path) -> None:
    result = call("search", "loan", "--after", "2025-01-01", "--index", index)
    assert (result.status, result.out) == (3, "No passage was found.\n")
    assert call("search", "loan", "--after", "2025-01-01", "--index", index, "--json").json["hits"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "x", "--after", "19 March"], "'19 March' is no date. Write it as 2024-03-19."),
        (["ask", "x", "--before", "2024-13-01"], "'2024-13-01' is no date. Write it as 2024-03-19."),
        (["ask", "x", "--after", "2024-02-01", "--before", "2024-01-01"], "Swap the two"),
        (["ask", "  "], "The question is empty"),
        (["verify", "..."], "The quote holds no word"),
        (["search", "x", "-k", "0"], "-k"),
        (["serve", "--port", "70000"], "--port"),
        (["ask"], "QUESTION"),
        (["aks", "x"], "'aks'"),
        (["list", "--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage(call: Call, index: Path, arguments: list[str], message: str) -> None:
    result = call("--index", index, *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert message in result.err
    assert result.err.count("\n") == 1
    in_json = call("--index", index, *arguments, "--json")
    assert (in_json.status, in_json.err) == (2, result.err)
    assert message in in_json.json["error"]["message"]


def test_ask_answers_with_quotes_and_places(call: Call, index: Path) -> None:
    question = "How much was the loan of the bank for the harbour wall?"
    data = call("ask", question, "--index", index, "--json")
    people = call("ask", question, "--index", index)
    assert data.status == people.status
    assert set(data.json) == {
        "question", "asked_as", "answered", "confidence", "text", "citations", "hits", "filters", "timings_ms",
        "worded_by", "n_marked", "n_dropped", "note",
    }  # fmt: skip
    assert data.json["answered"] == (data.status == 0)
    if data.json["answered"]:
        (citation, *_) = data.json["citations"]
        assert citation["quote"] in MEETING
        assert "Sources" in people.out
        assert f"{citation['link']}\n" in people.out
        assert "Confidence: " in people.out


def test_ask_says_that_it_does_not_know(call: Call, index: Path) -> None:
    result = call("ask", "Which planet has the most moons?", "--index", index)
    assert result.status == 3
    assert result.out.startswith("The transcripts don't say.\n\nNearest passages\n1. ")
    data = call("ask", "Which planet has the most moons?", "--index", index, "--json")
    assert (data.status, data.json["answered"], data.json["citations"]) == (3, False, [])


def test_ask_an_unknown_speaker(call: Call, index: Path) -> None:
    result = call("ask", "x?", "--speaker", "ANA HOLM", "--index", index)
    assert result.status == 1
    assert "Did you mean ANNA HOLM?" in result.err


@pytest.mark.parametrize(
    ("quote", "options", "support", "status"),
    [
        ("When do we have to pay it back?", [], Support.EXACT, 0),
        ("when do we  have to PAY it back", [], Support.NORMALISED, 0),
        ("a long time [/] for a wall", [], Support.EXACT, 0),
        ("When do we have to pay them back?", [], Support.CLOSE, 3),
        ("When do we have to pay it back?", ["--speaker", "Anna Holm"], Support.WRONG_SPEAKER, 3),
        ("When do we have to pay it back?", ["--speaker", "Ben Oduya"], Support.EXACT, 0),
        ("When do we have to pay it back?", ["--transcript", "call"], Support.ELSEWHERE, 3),
        ("The moon is made of green cheese", [], Support.MISSING, 3),
    ],
)
def test_verify(call: Call, index: Path, quote: str, options: list[str], support: Support, status: int) -> None:
    people = call("verify", quote, *options, "--index", index)
    data = call("verify", quote, *options, "--index", index, "--json")
    assert (people.status, data.status, data.json["support"]) == (status, status, support.value)
    assert people.out.startswith(f"{support.value}: ")
    assert (data.json["citation"] is None) == (support is Support.MISSING)
    if support is Support.EXACT:
        assert quote in people.out.replace("\n", " ")


def test_verify_works_where_the_model_does_not(call: Call, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(model: str | None) -> HashingEmbedder:
        raise ModelError(str(model), "gone", "Find it")

    monkeypatch.setattr(model_choice, "make_embedder", gone)
    assert call("verify", "It is a long wall.", "--index", index).status == 0
    assert call("ask", "Is it a long wall?", "--index", index).status == 1


# options, errors, output


@pytest.mark.parametrize(
    "arguments", [["list"], ["speakers"], ["remove", "x"], ["search", "x"], ["ask", "x"], ["verify", "x"], ["serve"]]
)
def test_no_index(call: Call, tmp_path: Path, arguments: list[str]) -> None:
    result = call(*arguments, "--index", tmp_path / "none", "--json")
    assert (result.status, result.json["error"]["type"]) == (1, "IndexNotFoundError")
    assert result.err == (
        f"error: {tmp_path}/none: there is no index here. "
        f"Make one with `transcript-qa index PATHS --index {tmp_path}/none`.\n"
    )
    assert not (tmp_path / "none").exists()


def test_options_before_the_command_and_in_the_environment(
    call: Call, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("--index", index, "--json", "list").json["index"] == str(index)
    monkeypatch.setenv("TRANSCRIPT_QA_INDEX", str(index))
    assert call("list", "--json").json["index"] == str(index)
    assert call("--index", tmp_path / "none", "list").status == 1
    assert call("list", "--index", tmp_path / "none").status == 1
    monkeypatch.setenv("TRANSCRIPT_QA_INDEX", str(tmp_path / "none"))
    assert call("--index", index, "list").status == 0
    assert call("--index", tmp_path / "none", "list", "--index", index).status == 0


def _fail(error: BaseException) -> Callable[..., Any]:
    def raising(*_: object, **__: object) -> Any:
        raise error

    return raising


def test_an_unexpected_error_is_one_line_and_called_a_bug(
    call: Call, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "read_transcript", _fail(RuntimeError("odd\nthing")))
    result = call("inspect", "x", "--json")
    assert result.status == 1
    assert result.err == "error: RuntimeError: odd thing (this is a bug; TRANSCRIPT_QA_DEBUG=1 shows where)\n"
    assert result.json["error"]["type"] == "RuntimeError"
    monkeypatch.setenv("TRANSCRIPT_QA_DEBUG", "1")
    assert "Traceback" in call("inspect", "x").err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_ctrl_c(call: Call, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    monkeypatch.setattr(cli, "read_transcript", _fail(error))
    result = call("inspect", "x")
    assert (result.status, result.out) == (130, "")
    assert "Traceback" not in result.err


@pytest.mark.skipif(os.name == "nt", reason="no such pipes")
@pytest.mark.parametrize("command", [["list", "--json"], ["inspect", "FILE", "--turns"], ["speakers"]])
def test_a_reader_that_goes_away_is_no_error(index: Path, corpus: Path, command: list[str]) -> None:
    arguments = [str(corpus / "harbour.txt") if part == "FILE" else part for part in command]
    if "FILE" not in command:
        arguments += ["--index", str(index)]
    code = f"import sys; sys.argv[1:] = {arguments!r}; from transcript_qa.cli import main; main()"
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=50
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_colour_only_where_it_is_wanted(call: Call, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in call("search", "loan", "--index", index).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = call("search", "loan", "--index", index).out
    assert "\x1b[" in coloured
    assert "\x1b" not in call("search", "loan", "--index", index, "--no-color").out
    assert "\x1b" not in call("search", "--index", index, "--no-color", "loan", "-k", "0").err
    assert "\x1b" not in call("search", "loan", "--index", index, "--json").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in call("search", "loan", "--index", index).out


@pytest.mark.parametrize("command", [["search", "loan wall"], ["ask", "moons?"], ["list"], ["speakers"]])
def test_a_terminal_of_80_columns_is_never_overrun(
    call: Call, index: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, call(*command, "--index", index).out.splitlines())) <= 80


def test_control_characters_reach_no_terminal(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(MEETING.replace("a long wall", "a \x1b]0;owned\x07 \x1b[2J wall"), "utf-8")
    result = call("inspect", tmp_path / "a.txt", "--turns")
    assert "\x1b" not in result.out
    assert "\x07" not in result.out


def test_an_error_never_breaks_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    write_error("x" * 300 + "\n[bold]y[/]\x1b[2J")
    assert capsys.readouterr().err == f"error: {'x' * 300} [bold]y[/]\ufffd[2J\n"


def test_libraries_are_told_to_be_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPT_QA_DEBUG", "1")
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "info")
    for variable in ("HF_HUB_DISABLE_PROGRESS_BARS", "TQDM_DISABLE", "TOKENIZERS_PARALLELISM"):
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)
    quiet_libraries()
    assert os.environ["TQDM_DISABLE"] == os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] == "1"
    assert os.environ["TRANSFORMERS_VERBOSITY"] == "info"


# progress


def test_progress_is_a_line_a_file_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with console_progress() as progress:
        for name in ("a.txt", "[b]\x1b.txt"):
            for done in range(3):
                number = 0 if name == "a.txt" else 1
                progress(IndexProgress(source=name, n_files=2, files_done=number, n_passages=2, passages_done=done))
    captured = capsys.readouterr()
    assert captured.err == "[1/2] a.txt\n[2/2] [b]\ufffd.txt\n"
    assert captured.out == ""


def test_progress_in_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    assert make_console(stderr=True).is_terminal
    with console_progress() as progress:
        progress(IndexProgress(source="x/[b].txt", n_files=2, files_done=0))
        progress(IndexProgress(source="x/[b].txt", n_files=2, files_done=0, n_passages=8, passages_done=4))
    shown = capsys.readouterr().err
    assert "[b].txt" in shown
    assert "file 1/2 · 4/8 passages" in shown
    with console_progress() as progress:
        progress(
            IndexProgress(
                source="x/[b].txt",
                n_files=2,
                files_done=0,
                n_passages=8,
                passages_done=5,
                words_per_s=4321.4,
                left_s=75,
            )
        )
    assert "5/8 passages · 4,321 words/s · 1:15 left" in capsys.readouterr().err


# serve, doctor


@pytest.mark.parametrize("as_json", [False, True])
def test_serve(call: Call, index: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool) -> None:
    seen: dict[str, Any] = {}

    def serve(qa: transcript_qa.TranscriptQA, *, ready: Callable[[str], None], **options: Any) -> None:
        seen.update(options, transcripts=len(qa.transcripts()))
        ready("http://127.0.0.1:7861")

    server = pytest.importorskip("transcript_qa.web.server")
    monkeypatch.setattr(server, "serve", serve)
    result = call("serve", "--port", "0", "--index", index, *(["--json"] if as_json else []))
    assert (result.status, result.err) == (0, "")
    assert (seen.pop("hosts"), seen.pop("password")) == ((), None)
    assert seen == {"host": "127.0.0.1", "port": 0, "uploads": index / "uploads", "mcp": False, "transcripts": 2}
    if as_json:
        assert result.json == {"url": "http://127.0.0.1:7861"}
    else:
        assert result.out == "Open http://127.0.0.1:7861   (Ctrl-C stops)\n"
    warned = call("serve", "--port", "0", "--host", "0.0.0.0", "--read-only", "--index", index)
    assert "--password-file" in warned.err
    assert seen["uploads"] is None
    secret = index.parent / "secret"
    secret.write_text("long enough\n", "utf-8")
    quiet = call("serve", "--host", "0.0.0.0", "--password-file", secret, "--allow-host", "qa.test", "--index", index)
    assert quiet.err == ""
    assert (seen["password"], seen["hosts"]) == ("long enough", ["qa.test"])
    assert "8 or more" in (
        secret.write_text("short", "utf-8") and call("serve", "--password-file", secret, "--index", index).err
    )


def test_doctor_on_a_sound_index(call: Call, index: Path) -> None:
    people, data = call("doctor", "--index", index), call("doctor", "--index", index, "--json")
    checks = {check["name"]: check for check in data.json["checks"]}
    assert {"python", "torch", "sentence-transformers", "faiss-cpu", "gradio", "tiktoken", "sqlite"} <= set(checks)
    assert checks["tokens"]["encoding"] == encoding_name()
    assert (checks["model"]["status"], checks["model"]["model"]) == ("ok", "hashing")
    assert (checks["index"]["transcripts"], checks["index"]["passages"], checks["index"]["problems"]) == (2, 2, [])
    assert checks["index"]["bytes"] > 0
    assert people.status == data.status
    assert data.json["ok"] == (data.status == 0)
    assert all(name in people.out for name in checks)


def test_doctor_without_an_index_notes_it(call: Call, tmp_path: Path) -> None:
    data = call("doctor", "--index", tmp_path / "none", "--model", "hashing", "--json").json
    assert [c["status"] for c in data["checks"] if c["name"] == "index"] == ["note"]


def test_doctor_finds_a_damaged_index(call: Call, index: Path) -> None:
    (index / "index.sqlite").write_bytes(b"no database" * 500)
    result = call("doctor", "--index", index, "--model", "hashing", "--json")
    assert (result.status, result.json["ok"]) == (1, False)
    assert [c["status"] for c in result.json["checks"] if c["name"] == "index"] == ["broken"]
    assert "broken" in call("doctor", "--index", index, "--model", "hashing").out


def test_doctor_finds_another_model(call: Call, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_choice, "HashingEmbedder", lambda: HashingEmbedder(dim=64))
    result = call("doctor", "--index", index, "--json")
    assert result.status == 1
    (check,) = [c for c in result.json["checks"] if c["name"] == "index"]
    assert "it was made with the model hashing" in check["problems"][0]


def test_doctor_finds_a_missing_model_and_package(call: Call, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PACKAGES", ("no-such-package-at-all",))
    result = call("doctor", "--index", index, "--model", "no/such-model", "--json")
    assert result.status == 1
    statuses = {c["name"]: c["status"] for c in result.json["checks"]}
    assert statuses["no-such-package-at-all"] == statuses["model"] == "broken"
    assert statuses["index"] == "ok"


def test_doctor_lets_no_model_ask_the_network(monkeypatch: pytest.MonkeyPatch, call: Call, index: Path) -> None:
    import socket

    class Calling(HashingEmbedder):
        def embed_queries(self, texts: Any) -> Any:
            socket.create_connection(("127.0.0.1", 9))
            return super().embed_queries(texts)

    before = socket.socket.connect, socket.getaddrinfo
    monkeypatch.setattr(model_choice, "HashingEmbedder", Calling)
    result = call("doctor", "--index", index, "--json")
    assert result.status == 1
    (check,) = [c for c in result.json["checks"] if c["name"] == "model"]
    assert "asked for the network" in check["detail"]
    assert (socket.socket.connect, socket.getaddrinfo) == before
