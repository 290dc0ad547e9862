"""Progress of indexing on stderr: a bar in a terminal, otherwise one plain line for each file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Column

from transcript_qa.cli.console import clean, make_console
from transcript_qa.indexing import IndexProgress, ProgressCallback
from transcript_qa.render import format_time


@contextmanager
def console_progress(*, no_color: bool = False) -> Iterator[ProgressCallback]:
    """What tells stderr how far indexing has come, for the time of the block.

    In a terminal a bar with the file, the passages, the words a second and the time left, gone when the block ends;
    otherwise a line for each file that is read, which suits a log. Files that have not changed are not reported.
    """
    console = make_console(stderr=True, no_color=no_color)
    if console.is_terminal and not console.is_dumb_terminal:
        with _bar(console) as callback:
            yield callback
    else:
        yield _Lines()


class _Lines:
    """One line for each file when it is begun."""

    def __init__(self) -> None:
        self._last: str | None = None

    def __call__(self, progress: IndexProgress) -> None:
        if progress.source != self._last:
            self._last = progress.source
            sys.stderr.write(f"[{progress.files_done + 1}/{progress.n_files}] {clean(progress.source)}\n")
            sys.stderr.flush()


@contextmanager
def _bar(console: Console) -> Iterator[ProgressCallback]:
    bar = Progress(
        SpinnerColumn(),
        TextColumn(
            "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", max_width=30)
        ),
        BarColumn(bar_width=None, table_column=Column(ratio=1)),
        TextColumn("{task.fields[counts]}", markup=False, table_column=Column(no_wrap=True)),
        console=console,
        transient=True,
        expand=True,
    )
    with bar:
        task = bar.add_task("looking for files", total=None, counts="")

        def show(progress: IndexProgress) -> None:
            # How many passages later files have is not known yet: each file counts the same.
            share = progress.passages_done / progress.n_passages if progress.n_passages else 0.0
            counts = f"file {progress.files_done + 1}/{progress.n_files}"
            if progress.n_passages:
                counts += f" · {progress.passages_done}/{progress.n_passages} passages"
            if progress.words_per_s is not None:
                counts += f" · {progress.words_per_s:,.0f} words/s"
            if progress.left_s is not None:
                counts += f" · {format_time(progress.left_s)} left"
            bar.update(
                task,
                description=clean(PurePath(progress.source).name),
                total=progress.n_files,
                completed=progress.files_done + share,
                counts=counts,
            )

        yield show
