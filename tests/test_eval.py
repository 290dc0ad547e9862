from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from transcript_qa import TranscriptQA
from transcript_qa.cli import run
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import ParseError
from transcript_qa.evaluation.cases import read_cases
from transcript_qa.evaluation.evaluate import bears_out, evaluate
from transcript_qa.evaluation.report import report_json

TALK = """Mira Voss: We closed the harbour loan on Friday, at 4.5 percent.

Tomas Ekberg: The crane was not repaired. It will cost 120,000 crowns.
"""
CASES: list[dict[str, Any]] = [
    {
        "id": "loan",
        "question": "harbour loan closed",
        "transcript": "budget",
        "words": ["on Friday"],
        "speaker": "Voss",
    },
    {"id": "crane", "question": "crane repaired", "transcript": "budget", "turns": [1], "speaker": ["Tan", "Ekberg"]},
    {"id": "moon", "question": "recipe for banana bread", "answerable": False, "note": "kept aside"},
]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "budget.txt").write_text(TALK, "utf-8")
    TranscriptQA.build(folder, index=tmp_path / "ix", embedder=HashingEmbedder()).close()
    return tmp_path / "ix"


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(map(json.dumps, CASES)), "utf-8")
    return path


@pytest.fixture
def call(index: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def called(*arguments: object) -> tuple[int, str, str]:
        status = run(["eval", *map(str, arguments), "--index", str(index)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return called


def test_questions_are_measured_written_and_compared(call: Run, questions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    status, shown, _ = call(questions, "--output", out)
    assert status == 0
    assert "3 questions, 2 answerable, 1 not" in shown
    report = json.loads((out / "report.json").read_text("utf-8"))
    by_id = {one["id"]: one for one in report["questions"]}
    assert by_id["loan"]["scores"]["success@1"] == by_id["loan"]["scores"]["MRR"] == 1.0
    assert by_id["moon"]["right"] is not by_id["moon"]["answered"]
    assert report["means"]["success@1"]["n"] == 2
    assert {"low", "high", "mean"} <= set(report["means"]["nDCG@8"])
    assert (out / "run.txt").read_text("utf-8").startswith("loan Q0 budget:0-1 1 1.000000 ")
    assert (out / "qrels.txt").read_text("utf-8") == "loan 0 budget:0-1 1\ncrane 0 budget:0-1 1\n"
    page = (out / "report.html").read_text("utf-8")
    assert page.count("<details") == 3
    assert "<svg" in page
    status, text, _ = call(questions, "--compare", out / "report.json", "--json")
    assert status == 0
    assert json.loads(text)["compared"]["success@1"] == {"difference": 0.0, "low": 0.0, "high": 0.0, "p": 1.0, "n": 2}
    assert "Against before" in call(questions, "--compare", out / "report.json")[1]


def test_trec_files_say_what_ir_measures_reads(call: Run, questions: Path, tmp_path: Path) -> None:
    ir = pytest.importorskip("ir_measures")
    call(questions, "--output", tmp_path / "out")
    run_file, qrels = (str(tmp_path / "out" / name) for name in ("run.txt", "qrels.txt"))
    found = ir.calc_aggregate([ir.nDCG @ 8, ir.RR], ir.read_trec_qrels(qrels), ir.read_trec_run(run_file))
    means = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["means"]
    assert found[ir.nDCG @ 8] == pytest.approx(means["nDCG@8"]["mean"], abs=1e-4)
    assert found[ir.RR] == pytest.approx(means["MRR"]["mean"], abs=1e-4)


def test_drafts_are_questions_that_can_be_asked(call: Run, tmp_path: Path) -> None:
    status, text, err = call("--make", 9)
    assert status == 0
    drafted = tmp_path / "drafts.jsonl"
    drafted.write_text(text, "utf-8")
    cases = read_cases(drafted)
    assert all(case.question.endswith("?") for case in cases)
    assert "could be drafted" in err
    assert call(drafted)[0] == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1: this is no JSON"),
        ('{"words": ["a"]}', "line 1: there is no question"),
        ('{"question": "a", "words": 3}', "'words' is 3, not a list"),
        ('{"question": "a", "turns": ["x"]}', "whole numbers"),
        ('{"question": "a", "filters": {"who": 1}}', "unknown filter 'who'"),
        ('{"question": "a", "transcript": "nope", "turns": [1]}', "no transcript 'nope'"),
        ('{"question": "a", "transcript": "budget", "turns": [9]}', "has no turn 9"),
        ('{"question": "a", "words": ["never said"]}', "no turn of any transcript holds"),
        ('{"id": "a", "question": "a"}\n{"id": "a", "question": "b"}', "stands twice"),
        ("", "no question in this file"),
    ],
)
def test_a_bad_file_is_told_with_its_line(call: Run, tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line, "utf-8")
    status, out, err = call(path)
    assert (status, out) == (1, "")
    assert message in err


def test_wrong_usage(call: Run, questions: Path, tmp_path: Path) -> None:
    assert call()[0] == call(questions, "--make", 3)[0] == 2
    (tmp_path / "other.json").write_text('{"questions": [{"id": 3}]}', "utf-8")
    assert "no report of an evaluation" in call(questions, "--compare", tmp_path / "other.json")[2]


def test_statements_are_borne_out_by_their_quotation_or_by_their_words() -> None:
    assert bears_out("Voss: “twenty-five percent”", ["It was 25 percent of it."])
    assert not bears_out("Voss: “26 percent”", ["It was 25 percent of it."])
    assert bears_out("the loan was closed", ["We know the loan was closed on Friday."])
    assert not bears_out("the loan was closed", ["The crane."])


def test_the_sample_corpus_has_readable_questions_and_a_report(tmp_path: Path) -> None:
    cases = read_cases(ROOT / "corpus" / "questions.jsonl")
    with TranscriptQA.build(ROOT / "corpus", index=tmp_path, embedder=HashingEmbedder()) as qa:
        transcripts = {info.id: qa.transcript(info.id) for info in qa.transcripts()}
        passages = {p.id: (p.transcript_id, *p.turns) for p in qa.passages()}
        assert len(passages) == qa.passage_count()
        results = evaluate(qa.ask, cases[:6], transcripts, passages)
    report = report_json(results, file="q", index="i", model="hashing", total_ms=1e6)
    assert report["means"]["citation precision"]["mean"] == report["means"]["exact quote"]["mean"] == 1.0


def test_earlier_questions_are_asked_first_each_in_the_light_of_those_before_it(tmp_path: Path) -> None:
    asked: list[tuple[str, list[str], Any]] = []
    (tmp_path / "told.txt").write_text("Anna Berg: The loan is 240 million crowns. The rate is 2 percent.\n", "utf-8")
    lines = [{"id": "f", "question": "and the rate?", "words": ["The rate is 2 percent"],
              "filters": {"speakers": ["Anna Berg"]}, "history": ["how big is the loan", "who said so"]}]  # fmt: skip
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    with TranscriptQA.build(tmp_path / "told.txt", index=tmp_path / "i", embedder=HashingEmbedder()) as qa:

        def ask(question: str, *, history: Any = None, speakers: Any = None) -> Any:
            asked.append((question, [answer.question for answer in history or ()], speakers))
            return qa.ask(question, history=history, speakers=speakers)

        transcripts = {info.id: qa.transcript(info.id) for info in qa.transcripts()}
        (result,) = evaluate(ask, read_cases(tmp_path / "questions.jsonl"), transcripts, {})
    assert asked == [
        ("how big is the loan", [], ["Anna Berg"]),
        ("who said so", ["how big is the loan"], ["Anna Berg"]),
        ("and the rate?", ["how big is the loan", "who said so"], ["Anna Berg"]),
    ]
    assert result.answer.question == "and the rate?"
    assert result.answer.asked_as != "and the rate?"


def test_a_history_where_none_is_taken_is_an_error() -> None:
    def ask(question: str, *, k: int = 3) -> Any:
        raise AssertionError(question)

    case = read_cases(ROOT / "corpus" / "questions.jsonl")[0]
    from dataclasses import replace

    with pytest.raises(ParseError, match="has a history"):
        evaluate(ask, [replace(case, transcript=None, words=(), history=("before",))], {}, {})
