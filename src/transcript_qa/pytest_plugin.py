"""Grounding assertions for any pytest suite: `assert_grounded`, `assert_cites`, `assert_abstains`, `assert_answers`.

Loaded by every pytest on a machine with this package: so nothing is imported here before it is used, and nothing
happens in a suite that uses none of it.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from transcript_qa.assertions import Verdict
    from transcript_qa.assistant import TranscriptQA
    from transcript_qa.evaluation.cases import Case

_CASES_MARK = "transcript_cases"
_PROPERTY = "grounding"
_current: list[pytest.Item] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options and ini settings."""
    group = parser.getgroup("transcripts", "grounding in transcripts")
    group.addoption(
        "--transcripts", metavar="DIR", help="folder of transcripts, or an index, for the fixture `transcripts`"
    )
    group.addoption("--grounding-report", metavar="FILE", help="write what each grounding assertion found as JSON")
    parser.addini("transcripts", "folder of transcripts, or an index, for the fixture `transcripts`")
    parser.addini("transcripts_model", "embedding model of that fixture: a folder, a name, or `hashing`")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", f"{_CASES_MARK}(file): run the test once for each question of a JSONL file, as its argument `case`"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a question where the marker says so."""
    mark = metafunc.definition.get_closest_marker(_CASES_MARK)
    if mark is None:
        return
    if len(mark.args) != 1 or "case" not in metafunc.fixturenames:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid}: write @pytest.mark.{_CASES_MARK}('questions.jsonl') over a test "
            "with an argument `case`"
        )
    from transcript_qa.errors import TranscriptQAError
    from transcript_qa.evaluation.cases import read_cases

    try:
        cases = read_cases(_beside(metafunc, Path(mark.args[0])))
    except TranscriptQAError as error:
        raise pytest.UsageError(str(error)) from error
    metafunc.parametrize("case", cases, ids=[case.id for case in cases])


def _beside(metafunc: pytest.Metafunc, path: Path) -> Path:
    """A path as seen from the test's own file, else from the root of the suite."""
    beside = metafunc.definition.path.parent / path
    return beside if beside.exists() else metafunc.config.rootpath / path


@pytest.fixture(scope="session")
def transcripts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TranscriptQA]:
    """The transcripts of `--transcripts DIR`, or of the ini setting, in an index that is made once."""
    config = request.config
    given = config.getoption("--transcripts") or config.getini("transcripts")
    if not given:
        raise pytest.UsageError(
            "the fixture `transcripts` needs a folder: run pytest with --transcripts DIR, "
            "or set `transcripts = DIR` in the ini file"
        )
    folder = (
        config.rootpath / given if config.getoption("--transcripts") is None else config.invocation_params.dir / given
    )
    from transcript_qa.assistant import TranscriptQA
    from transcript_qa.errors import TranscriptQAError
    from transcript_qa.model_choice import embedder_of, make_embedder

    model = config.getini("transcripts_model") or None
    try:
        with warnings.catch_warnings():
            # What libraries warn of while they load is no matter of the suite.
            warnings.simplefilter("ignore")
            if folder.is_dir() and any(folder.glob("*.sqlite")):
                qa = TranscriptQA.open(folder, embedder=embedder_of(folder, model))
            else:
                qa = TranscriptQA.build(
                    folder, index=tmp_path_factory.mktemp("transcripts"), embedder=make_embedder(model)
                )
            qa.warm_up()
    except TranscriptQAError as error:
        raise pytest.UsageError(str(error)) from error
    with qa:
        yield qa


def assert_grounded(
    answer: object, transcripts: TranscriptQA, *, min_support: float | None = None, speakers: bool = True
) -> None:
    """Everything that an answer says was said: each quotation word for word, each other sentence in substance.

    Args:
        answer: an `Answer`, a string with quotations, or a dict with `text` and `citations`.
        transcripts: the fixture, or any `TranscriptQA`.
        min_support: what a sentence that quotes nothing must reach, 0 to 1; 0 to look at quotations only.
        speakers: whether a quotation given to the wrong person fails.
    """
    __tracebackhide__ = True
    from transcript_qa import assertions

    _settle(assertions.grounded(answer, transcripts, min_support=min_support, speakers=speakers))


def assert_cites(
    answer: object, *, turn: int | Sequence[int], transcript: str | None = None, transcripts: TranscriptQA | None = None
) -> None:
    """An answer cites a turn (0-based), or one of several; `transcripts` is for looking a string's quotations up."""
    __tracebackhide__ = True
    from transcript_qa import assertions

    _settle(assertions.cites(answer, turn=turn, transcript=transcript, transcripts=transcripts))


def assert_abstains(answer: object) -> None:
    """An answer says that the transcripts do not answer."""
    __tracebackhide__ = True
    from transcript_qa import assertions

    _settle(assertions.abstains(answer))


def assert_answers(answer: object, case: Case, transcripts: TranscriptQA) -> None:
    """An answer is what a question of a questions file expects: a right turn, or that the transcripts do not say."""
    __tracebackhide__ = True
    from transcript_qa import assertions

    _settle(assertions.answers(answer, case, transcripts))


def _settle(verdict: Verdict) -> None:
    """Keep what came of an assertion with its test, and fail where it does not hold."""
    __tracebackhide__ = True
    if _current:
        kept = {
            "assertion": verdict.name,
            "passed": verdict.passed,
            "claims": verdict.n_claims,
            "details": verdict.details,
        }
        _current[-1].user_properties.append((_PROPERTY, json.dumps(kept, ensure_ascii=False)))
    if not verdict.passed:
        pytest.fail(verdict.message, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Remember which test runs."""
    _current.append(item)
    try:
        return (yield)
    finally:
        _current.pop()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """How many assertions held, and the JSON report; nothing where none was made."""
    found = [
        {"test": report.nodeid, **json.loads(value)}
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == _PROPERTY
    ]
    path = config.getoption("--grounding-report")
    if path:
        Path(path).write_text(json.dumps({"assertions": found}, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if not found:
        return
    n_held = sum(one["passed"] for one in found)
    n_claims = sum(one["claims"] for one in found)
    terminalreporter.write_sep("-", "grounding")
    terminalreporter.write_line(f"{n_held} of {len(found)} assertions hold, {n_claims} claims looked at")
