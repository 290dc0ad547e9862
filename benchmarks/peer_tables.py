"""The table and the plot of peers.py, made of nothing but the numbers in peers.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from machine import describe_in_words, markdown_table, new_plot, save_plot

MEASURED = ("success@5", "p300", "r1000")
PANELS = (
    ("success@5, open", lambda one: one["open"]["success@5"], "{:.3f}"),
    ("index, s", lambda one: one["index_s"], "{:.0f}"),
    ("query, ms", lambda one: one["query_ms"], "{:.1f}"),
    ("memory, MB", lambda one: one["peak_memory_mb"], "{:,.0f}"),
)
OURS, OTHERS = "#55a868", "#a9b4c2"


def page(found: dict[str, Any]) -> str:
    """All as Markdown."""
    return (
        "\n\n".join(
            [
                "# Beside other ways to search transcripts",
                describe_in_words(found["machine"]),
                f"QMSum: {found['n_meetings']} meetings, {found['n_words']:,} words, {found['n_questions']} questions; "
                f"all with the same all-MiniLM-L6-v2, each in a process of its own.",
                cost_table(found["systems"]),
                quality_table(found["systems"]),
            ]
        )
        + "\n"
    )


def cost_table(systems: list[dict[str, Any]]) -> str:
    """Time, memory and disk."""
    header = ["", "version", "pieces", "index, s", "query, ms", "memory, MB", "on disk, MB"]
    rows = [
        [
            one["title"],
            one["version"],
            f"{one['pieces']:,}",
            f"{one['index_s']:.1f}",
            f"{one['query_ms']:.1f}",
            f"{one['peak_memory_mb']:,.0f}",
            f"{one['index_mb']:.1f}",
        ]
        for one in systems
    ]
    return markdown_table(header, rows)


def quality_table(systems: list[dict[str, Any]]) -> str:
    """The measures of search, scoped and open."""
    header = ["", *(f"{way} {name}" for way in ("scoped", "open") for name in MEASURED)]
    rows = [[one["title"], *(f"{one[way][n]:.3f}" for way in ("scoped", "open") for n in MEASURED)] for one in systems]
    return markdown_table(header, rows)


def draw(found: dict[str, Any], path: Path) -> None:
    """Write the plot as PNG: quality, time and memory side by side."""
    systems = list(reversed(found["systems"]))
    names = [one["title"].replace(", ", ",\n") for one in systems]
    colours = [OURS if one["name"] == "ours" else OTHERS for one in systems]
    figure, panels = new_plot("The same model and meetings", "", n_panels=len(PANELS))
    figure.set_size_inches(13, 3.6)
    for place, (panel, (title, value, form)) in enumerate(zip(panels, PANELS, strict=True)):
        values = [value(one) for one in systems]
        drawn = panel.barh(range(len(systems)), values, color=colours)
        panel.bar_label(drawn, fmt=form, padding=3, fontsize=8)
        panel.set_yticks(range(len(systems)), names if place == 0 else [""] * len(systems), fontsize=8)
        panel.set_xlim(0, 1.25 * max(values))
        panel.set_title(title, fontsize=10)
        panel.grid(visible=False)
    save_plot(figure, path)
