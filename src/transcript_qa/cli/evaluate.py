"""`transcript-qa eval`: questions with known answers, asked and measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from transcript_qa.assistant import TranscriptQA
from transcript_qa.cli.console import make_console, write_error, write_json
from transcript_qa.cli.options import DEFAULT_INDEX, ColorOption, IndexOption, JsonOption, ModelOption
from transcript_qa.errors import IndexWriteError, InvalidArgumentError
from transcript_qa.model_choice import embedder_of
from transcript_qa.store import open_store

_TOLD_EVERY = 50


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("eval")(_eval)


def _eval(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Questions as JSONL, one object a line.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Write report.json, report.html, run.txt and qrels.txt there."),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", metavar="REPORT", help="A report.json of an earlier run.")
    ] = None,
    make: Annotated[
        int | None, typer.Option("--make", min=1, metavar="N", help="Draft N questions from the index instead.")
    ] = None,
    index: IndexOption = DEFAULT_INDEX,
    model: ModelOption = None,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Measure answers to questions with known answers.

    With --make N drafts of questions are printed, for a person to put right.
    """
    if make is not None:
        if file or output or compare:
            raise InvalidArgumentError("--make drafts questions and asks none: leave FILE, --output and --compare out.")
        _make(make, index)
        return
    if file is None:
        raise InvalidArgumentError("No file with questions was given. Name one, or draft some with --make 20.")
    _measure(file, output, compare, index, model, as_json=as_json, no_color=no_color)


def _make(n: int, index: str) -> None:
    from transcript_qa.evaluation.drafting import draft_questions

    with open_store(index) as store:
        drafts = draft_questions([store.transcript(info.id) for info in store.infos()], n)
    for draft in drafts:
        sys.stdout.write(json.dumps(draft, ensure_ascii=False) + "\n")
    if len(drafts) < n:
        write_error(f"{len(drafts)} questions could be drafted from this index, not {n}", word="note")


def _measure(
    file: Path,
    output: Path | None,
    compare: Path | None,
    index: str,
    model: str | None,
    *,
    as_json: bool,
    no_color: bool,
) -> None:
    from transcript_qa.evaluation.cases import read_cases
    from transcript_qa.evaluation.evaluate import evaluate
    from transcript_qa.evaluation.report import compared, compared_json, read_report, report_json

    cases = read_cases(file)
    earlier = read_report(compare) if compare else None
    embedder = embedder_of(index, model)
    with TranscriptQA.open(index, embedder=embedder) as qa:
        transcripts = {info.id: qa.transcript(info.id) for info in qa.transcripts()}
        qa.warm_up()
        started = perf_counter()
        passages = {p.id: (p.transcript_id, *p.turns) for p in qa.passages()}
        results = evaluate(qa.ask, cases, transcripts, passages, progress=None if as_json else _tell)
        total_ms = 1000 * (perf_counter() - started)
    report = report_json(results, file=str(file), index=str(index), model=embedder.name, total_ms=total_ms)
    if earlier is not None:
        report["compared"] = compared_json(compared(results, earlier))
    if output is not None:
        from transcript_qa.evaluation.page import eval_html
        from transcript_qa.evaluation.report import trec_qrels, trec_run

        _write(
            output,
            {
                "report.json": json.dumps(report, ensure_ascii=False, indent=1) + "\n",
                "report.html": eval_html(report),
                "run.txt": trec_run(results),
                "qrels.txt": trec_qrels(results),
            },
        )
    if as_json:
        write_json(report)
        return
    from transcript_qa.cli.scores import show_report

    show_report(make_console(no_color=no_color), report, output=output)


def _tell(done: int, total: int) -> None:
    if done % _TOLD_EVERY == 0 and done < total:
        sys.stderr.write(f"{done} of {total} questions\n")


def _write(folder: Path, files: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise IndexWriteError(
            str(folder), error.strerror or str(error), "Name another folder with --output."
        ) from error
