"""An evaluation as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from transcript_qa.cli.console import joined, make_table, one_line, print_indented, styled
from transcript_qa.evaluation.report import COSTS, GROUPS

_SHOWN = 10
_QUESTION_CHARS = 70


def show_report(console: Console, report: Mapping[str, Any], *, output: Path | None) -> None:
    """The means, the comparison where there is one, and the first questions that went wrong."""
    n, n_yes = report["n_questions"], report["n_answerable"]
    console.print(styled(f"{n:,} questions, {n_yes:,} answerable, {n - n_yes:,} not; model {report['model']}", "bold"))
    console.print()
    _show_means(console, report["means"], report.get("compared") or {})
    error, time = report["calibration_error"], report["time"]
    console.print()
    told = "none answered" if error is None else f"{error:.3f}"
    console.print(
        styled(f"calibration error {told}; median {time['median_ms']:.0f} ms, 95 % within {time['p95_ms']:.0f} ms")
    )
    wrong = [one for one in report["questions"] if not one["right"]]
    for one in wrong[:_SHOWN]:
        line = joined((one["id"], "bold"), (one["problem"], "red"), one_line(one["question"], width=_QUESTION_CHARS))
        print_indented(console, line, 2)
    if len(wrong) > _SHOWN:
        where = f"{output / 'report.html'} shows them" if output else "--output DIR writes a page with them"
        console.print(styled(f"  … and {len(wrong) - _SHOWN:,} more; {where}"))


def _show_means(console: Console, means: Mapping[str, Any], differences: Mapping[str, Any]) -> None:
    columns = ["", "Mean", "95 %", "n", *(["Against before", "95 %", "p"] if differences else [])]
    table = make_table(console, *columns, right=("Mean", "n", "Against before", "p"))
    for group, names in GROUPS.items():
        shown = [name for name in names if name in means]
        if shown:
            table.add_row(styled(group, "bold"))
        for name in shown:
            mean = means[name]
            cells = [f"{mean['mean']:.3f}", f"{mean['low']:.3f}-{mean['high']:.3f}", str(mean["n"])]
            if name in differences:
                d = differences[name]
                better = (d["difference"] < 0) is (name in COSTS)
                style = "" if d["p"] > 0.05 else "green" if better else "red"
                interval = f"{d['low']:+.3f} to {d['high']:+.3f}"
                table.add_row(f"  {name}", *cells, styled(f"{d['difference']:+.3f}", style), interval, f"{d['p']:.3f}")
            else:
                table.add_row(f"  {name}", *cells)
    console.print(table)
