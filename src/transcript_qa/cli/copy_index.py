"""The command that copies one index into another."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from transcript_qa.cli.console import write_error, write_json
from transcript_qa.cli.ending import FAILED
from transcript_qa.cli.options import ColorOption, JsonOption, index_name
from transcript_qa.cli.progress import console_progress
from transcript_qa.copying import CopyReport, copy_index
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.indexing import IndexProgress
from transcript_qa.store import open_or_create_store, open_store


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("copy")(_copy)


def _copy(
    source: Annotated[str, typer.Option("--from", metavar="DIR", parser=index_name, help="Index to read.")],
    target: Annotated[
        str, typer.Option("--to", metavar="DIR", parser=index_name, help="Index to write; made where there is none.")
    ],
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Copy an index, a folder to milvus:// or back; nothing is embedded again."""
    if source == target:
        raise InvalidArgumentError("--from and --to name the same index. Name two.")
    with (
        open_store(source) as old,
        open_or_create_store(target, old.embedder) as new,
        console_progress(no_color=no_color) as progress,
    ):

        def show(title: str, done: int, n: int) -> None:
            progress(IndexProgress(source=title, n_files=n, files_done=done))

        report = copy_index(old, new, progress=show)
    if as_json:
        write_json({"from": source, "to": target, **_report_json(report)})
    else:
        sys.stdout.write(_told(target, report))
    sys.stdout.flush()
    if not report.comparison.alike:
        write_error(
            "the two do not find the same; what was in the target before stays in it: copy into a new one to compare",
            no_color=no_color,
        )
        raise typer.Exit(FAILED)


def _report_json(report: CopyReport) -> dict[str, object]:
    compared = report.comparison
    return {
        "copied": report.copied,
        "unchanged": report.unchanged,
        "transcripts": list(compared.transcripts),
        "passages": list(compared.passages),
        "searches": compared.searches,
        "meaning_alike": compared.meaning_alike,
        "words_alike": compared.words_alike,
        "found_alike": round(compared.found_alike, 4),
        "alike": compared.alike,
    }


def _told(target: str, report: CopyReport) -> str:
    compared = report.comparison
    n_each = compared.searches // 2
    return (
        f"{target}: {report.copied:,} transcripts copied, {report.unchanged:,} were there\n"
        f"transcripts {compared.transcripts[0]:,} and {compared.transcripts[1]:,}, "
        f"passages {compared.passages[0]:,} and {compared.passages[1]:,}\n"
        f"the same passage first in {compared.meaning_alike} of {n_each} searches by meaning and "
        f"{compared.words_alike} of {n_each} by words; {compared.found_alike:.0%} of the first ten are the same\n"
    )
