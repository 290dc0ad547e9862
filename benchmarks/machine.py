"""The machine that numbers are from, processes of their own to measure in, and results as JSON, Markdown and plots."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import re
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from transcript_qa.errors import TranscriptQAError

P = ParamSpec("P")
R = TypeVar("R")

LIBRARIES = ("torch", "sentence-transformers", "transformers", "faiss-cpu", "onnxruntime", "numpy")
ARITHMETIC = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
PNG_DPI = 120


def in_own_process(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """What a function of a module returns when it runs in a fresh process, so that its memory is its own.

    Raises:
        SystemExit: the function raised an error of ours, or its process was ended; says so.
    """
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh) as pool:
        try:
            result, error = pool.submit(_with_error, function, args, kwargs).result()
        except BrokenProcessPool as broken:
            raise SystemExit(
                f"The process of {function.__name__} was ended before it was done, most likely for want of memory. "
                "Ask for less: smaller sizes, fewer files."
            ) from broken
    if error is not None:
        raise SystemExit(error)
    return cast(R, result)


def _with_error(function: Callable[..., R], args: Any, kwargs: Any) -> tuple[R | None, str | None]:
    # Errors with facts of their own do not all survive the way between processes.
    try:
        return function(*args, **kwargs), None
    except TranscriptQAError as error:
        return None, str(error)


def peak_memory_mb() -> float:
    """The most resident memory this process ever had, in MB of 10^6 bytes; pages of mapped files count."""
    status = Path("/proc/self/status")
    if status.is_file():
        # ru_maxrss begins at what the starting process had.
        return kilobytes(status.read_text("utf-8"), "VmHWM") * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def kilobytes(table: str, name: str) -> int:
    r"""A number of a table in the form of /proc/self/status or /proc/meminfo; 0 where it has no such line.

    >>> kilobytes("VmPeak:   2000 kB\nVmHWM:\t   1500 kB\n", "VmHWM")
    1500
    """
    found = re.search(rf"^{name}:\s+(\d+) kB$", table, re.MULTILINE)
    return int(found.group(1)) if found else 0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of all is at most (nearest rank); 0 < share <= 1.

    >>> percentile([4, 1, 3, 2], 0.5), percentile([4, 1, 3, 2], 0.95)
    (2, 4)
    """
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 1)
    return ordered[max(int(rank), 1) - 1]


def count_words(texts: Sequence[str]) -> int:
    """Runs of non-blank characters in all texts."""
    return sum(len(text.split()) for text in texts)


def size_mb(folder: Path) -> float:
    """All files below a folder, in MB of 10^6 bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def describe(libraries: Sequence[str] = LIBRARIES) -> dict[str, Any]:
    """The machine, with neither names nor paths of it."""
    return {
        "processor": _processor(),
        "instructions": [flag for flag in ARITHMETIC if flag in _cpuinfo()],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "load_at_start": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "system": platform.system(),
        "python": platform.python_version(),
        "libraries": {name: installed for name in libraries if (installed := installed_version(name))},
    }


def describe_in_words(machine: dict[str, Any]) -> str:
    """The same as a sentence under a table."""
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    return (
        f"{machine['processor']} ({', '.join(machine['instructions']) or 'no vector instructions known'}), "
        f"{machine['cores']} cores, {machine['memory_gb']} GB of memory, {machine['system']}, load at the start "
        f"{machine['load_at_start']}; Python {machine['python']}, {libraries}."
    )


def positive(text: str) -> int:
    """A whole number of at least 1, from a command line."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return int(text)


def installed_version(package: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table.

    >>> print(markdown_table(["size", "ms"], [[1000, 2.5]]))
    | size | ms |
    | --- | --- |
    | 1000 | 2.5 |
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def write_results(folder: Path, name: str, data: dict[str, Any], page: str) -> None:
    """Write NAME.json and NAME.md."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    (folder / f"{name}.md").write_text(page, "utf-8")


def can_plot() -> bool:
    """Whether matplotlib is there; says what to do where it is not."""
    if installed_version("matplotlib") is not None:
        return True
    print('No plots: matplotlib is not installed. Run `pip install -e ".[benchmarks]"`.')
    return False


def new_plot(title: str, y_label: str, *, n_panels: int = 1) -> tuple[Any, list[Any]]:
    """A figure and its panels, to be filled and saved."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4 if n_panels == 1 else 4.2 * n_panels, 4.2), dpi=PNG_DPI, layout="constrained")
    panels = [figure.add_subplot(1, n_panels, n + 1) for n in range(n_panels)]
    figure.suptitle(title, fontsize=11)
    panels[0].set_ylabel(y_label)
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", alpha=0.3)
        panel.set_axisbelow(True)
    return figure, panels


def save_plot(figure: Any, path: Path) -> None:
    """Write a figure as PNG, without the date and version that would differ from run to run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text("utf-8") if path.is_file() else ""


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def _memory_gb() -> int | None:
    path = Path("/proc/meminfo")
    return round(kilobytes(path.read_text("utf-8"), "MemTotal") * 1024 / 1e9) if path.is_file() else None
