"""The tables and plots of speed.py, made of nothing but the numbers in speed.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from machine import describe_in_words, markdown_table, new_plot, save_plot
from speed_steps import STAGES

MADE = (
    "Passages and vectors are made after the real ones of the folder and written through the store in transcripts of "
    "up to 2,000 passages; only what is added is real. Files are in the system's cache."
)
COLOURS = ("#4c72b0", "#55a868", "#c44e52", "#8172b3")


def page(found: dict[str, Any]) -> str:
    """All tables, as Markdown."""
    sections = ["# Speed", describe_in_words(found["machine"])]
    if "embedding" in found:
        sections += ["## Embedding", embedding_table(found["embedding"])]
    sections += ["## Indexing", indexing_table(found["indexing"])]
    if "sizes" in found:
        sections += ["## Searching, by number of passages", MADE, latency_table(found["sizes"])]
        sections += ["Opening, memory, disk, changes:", sizes_table(found["sizes"])]
    if "quality" in found:
        sections += ["## Measures of search by arithmetic", quality_table(found["quality"])]
    return "\n\n".join(sections) + "\n"


def embedding_table(numbers: dict[str, Any]) -> str:
    """Ours beside plain `encode`."""
    rows = [
        [
            name,
            f"{numbers['words_per_s'][key]:,.0f}",
            f"{numbers['question_ms'][key]['p50']:.1f}",
            f"{numbers['question_ms'][key]['p95']:.1f}",
        ]
        for name, key in (("ours", "ours"), ("plain `SentenceTransformer.encode`, float32", "plain"))
    ]
    table = markdown_table(["", "words/s", "one question, p50 ms", "p95 ms"], rows)
    return (
        f"{numbers['n_passages']:,} passages, {numbers['n_words']:,} words, {numbers['rounds']} rounds in turns; "
        f"median ratio {numbers['ratio']:.2f}, cosine of both {numbers['cosine']['mean']:.4f} on average and "
        f"{numbers['cosine']['least']:.4f} at least.\n\n{table}"
    )


def indexing_table(numbers: dict[str, Any]) -> str:
    """Indexing beside embedding alone."""
    rows = [
        ["words/s, reading, packing, embedding and storing", f"{numbers['indexing_words_per_s']:,.0f}"],
        ["words/s, embedding the same passages alone", f"{numbers['embedding_words_per_s']:,.0f}"],
        ["share, median of the rounds", f"{numbers['share']:.2f}"],
        ["peak memory, MB", f"{numbers['peak_memory_mb']:,.0f}"],
        ["index on disk, MB", f"{numbers['index_mb']:.1f}"],
    ]
    return (
        f"{numbers['n_files']} files, {numbers['n_passages']:,} passages, {numbers['n_words']:,} words, "
        f"{numbers['rounds']} rounds.\n\n{markdown_table(['', ''], rows)}"
    )


def latency_table(sizes: list[dict[str, Any]]) -> str:
    """Milliseconds by stage at each size."""
    shown = (*STAGES, "all", "plain", "bare")
    header = [
        "passages",
        *STAGES,
        "all",
        "plain: `encode` and scan",
        "bare: ours and scan",
        "all / plain, p50",
        "all / bare",
    ]
    rows = [
        [
            f"{numbers['n_passages']:,}",
            *(f"{t['p50']:.1f} / {t['p95']:.1f}" for t in (numbers["query_ms"][s] for s in shown)),
            f"{numbers['ratio_to_plain']:.2f}",
            f"{numbers['ratio_to_bare']:.2f}",
        ]
        for numbers in sizes
    ]
    n_queries = sizes[0]["n_queries"]
    return f"p50 / p95 in ms, {n_queries} single queries, warm, without the reader.\n\n{markdown_table(header, rows)}"


def sizes_table(sizes: list[dict[str, Any]]) -> str:
    """Everything else that may grow with the size."""
    header = [
        "passages",
        "open, s",
        "open to first hits, s",
        "peak memory, MB",
        "on disk, MB",
        "add one beyond its embedding, s",
        "add to first hits, s",
        "remove, s",
        "remove to first hits, s",
    ]
    rows = []
    for numbers in sizes:
        change = numbers["change"]
        rows.append(
            [
                f"{numbers['n_passages']:,}",
                f"{numbers['open_s']:.3f}",
                f"{numbers['first_hits_s']:.2f}",
                f"{numbers['peak_memory_mb']:,.0f}",
                f"{numbers['index_mb']:,.0f}",
                f"{change['add_beyond_embedding_s']:.2f}",
                f"{change['add_and_search_s']:.2f}",
                f"{change['remove_s']:.2f}",
                f"{change['remove_and_search_s']:.2f}",
            ]
        )
    first = sizes[0]
    return (
        f"{markdown_table(header, rows)}\n\nThe transcript that is added has {first['change']['n_passages']} passages. "
        f"With the model alone the process has {first['model_memory_mb']:,.0f} MB."
    )


def quality_table(numbers: dict[str, Any]) -> str:
    """The measures of both embeddings."""
    measures = list(numbers["open"]["ours"])
    rows = [
        [f"{way}, {name}", *(f"{numbers[way][key][one]:.3f}" for one in measures)]
        for way in ("scoped", "open")
        for name, key in (("ours", "ours"), ("plain float32", "plain"))
    ]
    return (
        f"{numbers['n_questions']} questions; the largest loss is {numbers['largest_loss']:.4f}.\n\n"
        f"{markdown_table(['', *measures], rows)}"
    )


def draw(found: dict[str, Any], folder: Path) -> None:
    """Write the plots as PNG."""
    draw_words(found, folder / "speed-words.png")
    if "sizes" in found:
        draw_latency(found["sizes"], folder / "speed-latency.png")
        draw_memory(found["sizes"], folder / "speed-memory.png")


def draw_words(found: dict[str, Any], path: Path) -> None:
    """Words/s as bars: those of one group are from the same texts."""
    indexing = found["indexing"]
    groups = [
        (
            "same files",
            [("indexing", indexing["indexing_words_per_s"]), ("embedding", indexing["embedding_words_per_s"])],
        )
    ]
    if "embedding" in found:
        rates = found["embedding"]["words_per_s"]
        groups.insert(0, ("same passages", [("plain float32", rates["plain"]), ("ours", rates["ours"])]))
    figure, panels = new_plot("Words a second", "words/s", n_panels=len(groups))
    top = max(rate for _, bars in groups for _, rate in bars)
    for panel, (title, bars) in zip(panels, groups, strict=True):
        drawn = panel.bar([name for name, _ in bars], [rate for _, rate in bars], width=0.6, color=COLOURS[:2])
        panel.bar_label(drawn, fmt="{:,.0f}")
        panel.set_title(title, fontsize=10)
        panel.set_ylim(0, 1.12 * top)
    save_plot(figure, path)


def draw_latency(sizes: list[dict[str, Any]], path: Path) -> None:
    """Medians of stages, one above the other as they follow, the keyword leg beside; p95 of all, and the bare costs."""
    figure, (panel,) = new_plot("A query without the reader", "ms")
    places = list(range(len(sizes)))
    embedding, dense, keyword, rest = ([numbers["query_ms"][stage]["p50"] for numbers in sizes] for stage in STAGES)
    found = [e + d for e, d in zip(embedding, dense, strict=True)]
    both = [max(pair) for pair in zip(found, keyword, strict=True)]
    left, right = [place - 0.15 for place in places], [place + 0.15 for place in places]
    for stage, at, width, heights, below, colour in (
        (STAGES[0], left, 0.3, embedding, 0.0, COLOURS[0]),
        (STAGES[1], left, 0.3, dense, embedding, COLOURS[1]),
        (STAGES[2], right, 0.3, keyword, 0.0, COLOURS[2]),
        (STAGES[3], places, 0.6, rest, both, COLOURS[3]),
    ):
        panel.bar(at, heights, width=width, bottom=below, label=f"{stage}, p50", color=colour)
    panel.plot(places, [n["query_ms"]["all"]["p95"] for n in sizes], "k.--", label="all, p95")
    panel.plot(places, [n["query_ms"]["bare"]["p50"] for n in sizes], "D", color="grey", label="bare, p50")
    panel.plot(places, [n["query_ms"]["plain"]["p50"] for n in sizes], "s", color="black", label="plain, p50")
    panel.set_xticks(places, [f"{numbers['n_passages']:,}" for numbers in sizes])
    panel.set_xlabel("passages")
    panel.legend(fontsize=8, frameon=False)
    save_plot(figure, path)


def draw_memory(sizes: list[dict[str, Any]], path: Path) -> None:
    """Peak memory and size on disk by number of passages."""
    figure, (panel,) = new_plot("Memory and disk", "MB")
    places = [numbers["n_passages"] for numbers in sizes]
    panel.plot(
        places, [n["peak_memory_mb"] for n in sizes], "o-", label="peak memory while searching", color=COLOURS[0]
    )
    panel.plot(places, [n["index_mb"] for n in sizes], "s-", label="index on disk", color=COLOURS[1])
    panel.axhline(sizes[0]["model_memory_mb"], color="grey", linestyle=":", label="memory with the model alone")
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlabel("passages")
    panel.legend(fontsize=8, frameon=False)
    save_plot(figure, path)
