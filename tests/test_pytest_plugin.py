from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import faiss  # noqa: F401 - pytester forgets what an inner run imports, and would load it for each anew
import pytest

import transcript_qa.assertions
import transcript_qa.model_choice  # noqa: F401
from conftest import ROOT

pytest_plugins = ["pytester"]
GUIDE = (ROOT / "docs" / "grounding.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A suite as the guide has it, without a model."""
    pytester.makeini(blocks("ini")[0] + "transcripts_model = hashing\n")
    folder = pytester.mkdir("transcripts")
    (folder / "budget.txt").write_text(blocks("text")[0], "utf-8")
    return pytester


def test_the_guide_runs_as_written(suite: pytest.Pytester) -> None:
    first, second = blocks("python")
    suite.makepyfile(test_first=first, test_second=second)
    (suite.path / "questions.jsonl").write_text(blocks("json")[0], "utf-8")
    result = suite.runpytest(
        "--grounding-report", "grounding.json", "--junitxml", "junit.xml", "--strict-markers", "-Werror"
    )
    result.assert_outcomes(passed=7)
    result.stdout.fnmatch_lines(["*- grounding -*", "8 of 8 assertions hold, * claims looked at"])
    kept = json.loads((suite.path / "grounding.json").read_text("utf-8"))["assertions"]
    assert {one["assertion"] for one in kept} == {
        "assert_grounded", "assert_cites", "assert_abstains", "assert_answers",
    }  # fmt: skip
    assert all(one["passed"] for one in kept)
    assert (suite.path / "junit.xml").read_text("utf-8").count('<property name="grounding"') == 8


def test_the_failure_that_the_guide_shows(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        from transcript_qa.pytest_plugin import assert_grounded

        def test_it(transcripts):
            assert_grounded('Voss said: "We closed the harbour loan on Friday, at 5.5 percent."', transcripts)
        """
    )
    result = suite.runpytest()
    result.assert_outcomes(failed=1)
    shown = "\n".join(line.rstrip() for line in result.outlines)
    assert blocks("text")[1].strip() in shown
    assert "0 of 1 assertions hold" in shown


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ("assert_grounded('“The crane was repaired twice by a giant squid from Mars.”', transcripts)", "fabricated"),
        ("assert_grounded('Ekberg said: “We closed the harbour loan on Friday”.', transcripts)", "misattributed"),
        ("assert_grounded('“The crane was repaired.”', transcripts)", "“not” left out"),
        ("assert_grounded('The crane will cost 150,000 crowns.', transcripts)", "not borne out: 150,000"),
        ("assert_grounded('Penguins run the moon railway.', transcripts)", "uncertain"),
        (
            "assert_grounded({'text': 'x [2]', 'citations': [{'marker': 1, 'quote': 'the loan'}]}, transcripts)",
            "[2]",
        ),
        ("assert_grounded(7, transcripts)", "not 7"),
        ("assert_cites({'text': 'a', 'citations': [{'quote': 'b', 'turn': 0}]}, turn=1)", "expected  turn 1"),
        ("assert_cites('“The crane was not repaired.”', turn=0, transcripts=transcripts)", "turn 1 of budget"),
        ("assert_abstains('Mira Voss closed it.')", "that the transcripts do not say"),
        ("assert_abstains(transcripts.ask('what was said about the harbour loan'))", "We closed the harbour loan"),
    ],
)
def test_what_does_not_hold_is_shown(suite: pytest.Pytester, call: str, shown: str) -> None:
    suite.makepyfile(f"from transcript_qa.pytest_plugin import *\n\ndef test_it(transcripts):\n    {call}\n")
    result = suite.runpytest()
    result.assert_outcomes(failed=1)
    assert shown in "\n".join(result.outlines)


def test_what_holds_with_less_asked_for(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        from transcript_qa.pytest_plugin import assert_cites, assert_grounded

        def test_it(transcripts):
            assert_grounded("Ekberg said: “We closed the harbour loan on Friday”.", transcripts, speakers=False)
            assert_grounded("Penguins run the moon railway.", transcripts, min_support=0)
            assert_cites("“The crane was not repaired.”", turn=[0, 1], transcript="budget", transcripts=transcripts)
        """
    )
    suite.runpytest().assert_outcomes(passed=1)


def test_a_missing_folder_is_told_with_its_remedy(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(transcripts): pass")
    pytester.runpytest().stdout.fnmatch_lines(["*run pytest with --transcripts DIR*"])
    pytester.runpytest("--transcripts", "nowhere").stdout.fnmatch_lines(["*nowhere*"])


def test_bad_cases_are_told_with_their_line(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.transcript_cases("questions.jsonl")
        def test_it(case): pass
        """
    )
    (suite.path / "questions.jsonl").write_text('{"question": "a"}\n{"quest": "b"}\n', "utf-8")
    result = suite.runpytest()
    assert "questions.jsonl, line 2: there is no question on this line" in "\n".join(
        [*result.outlines, *result.errlines]
    )


def test_a_suite_that_uses_nothing_loads_nothing_and_shows_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    assert "grounding" not in "\n".join(result.outlines)
    script = (
        "import sys, transcript_qa.pytest_plugin\n"
        "ours = {name for name in sys.modules if name.startswith('transcript_qa.')} - {'transcript_qa.pytest_plugin'}\n"
        "heavy = {'numpy', 'torch', 'faiss', 'typer', 'rich'} & set(sys.modules)\n"
        "sys.exit(str(ours | heavy) if ours | heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_index_that_is_there_is_opened_as_it_is(suite: pytest.Pytester, tmp_path: Path) -> None:
    from transcript_qa import TranscriptQA
    from transcript_qa.embed import HashingEmbedder

    TranscriptQA.build(suite.path / "transcripts", index=tmp_path / "ix", embedder=HashingEmbedder()).close()
    suite.makepyfile("def test_it(transcripts): assert [i.id for i in transcripts.transcripts()] == ['budget']")
    suite.runpytest("--transcripts", str(tmp_path / "ix")).assert_outcomes(passed=1)
