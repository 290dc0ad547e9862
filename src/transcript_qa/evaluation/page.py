"""An evaluation as one HTML page that needs nothing else: means, confidence, and every question to open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_WIDTH, _ROW = 420, 22
_CSS = """
:root{color-scheme:light dark;--ink:#1f2328;--bar:#0969da;--line:#8c959f;--bad:#cf222e;--ok:#1a7f37}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--bar:#4493f8;--line:#6e7681;--bad:#f85149;--ok:#3fb950}}
body{font:1rem/1.55 system-ui,sans-serif;color:var(--ink);max-width:60rem;margin:2rem auto;padding:0 1rem}
svg text{font:13px system-ui,sans-serif;fill:var(--ink)}figure{margin:1rem 0;overflow-x:auto}
table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}
details{border-top:1px solid var(--line);padding:.4rem
0}summary{cursor:pointer}.bad{color:var(--bad)}.ok{color:var(--ok)} blockquote{margin:.4rem 0 .4rem
1rem}code{font-size:.9em}
"""


def eval_html(report: Mapping[str, Any]) -> str:
    """The page of a report in the shape of `report.report_json`."""
    questions = report["questions"]
    wrong = [one for one in questions if not one["right"]]
    right = [one for one in questions if one["right"]]
    title = f"Evaluation: {escape(str(report['file']))}"
    error = report["calibration_error"]
    calibration = "nothing was answered" if error is None else f"expected calibration error {error:.3f}"
    time = report["time"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_CSS}</style></head><body><h1>{title}</h1>"
        f"<p>{report['n_questions']:,} questions, {report['n_answerable']:,} of them answerable; index "
        f"<code>{escape(str(report['index']))}</code>, model <code>{escape(str(report['model']))}</code>; median "
        f"{time['median_ms']:.0f} ms a question, 95 % within {time['p95_ms']:.0f} ms.</p>"
        f"<h2>Means</h2><figure>{_bars(report['means'])}</figure>{_comparison(report.get('compared'))}"
        f"<h2>Confidence</h2><p>{calibration}.</p><figure>{_reliability(questions)}</figure>"
        f'<h2 id="failures">What went wrong ({len(wrong):,})</h2>{"".join(map(_question, wrong)) or "<p>Nothing.</p>"}'
        f"<h2>What went right ({len(right):,})</h2>{''.join(map(_question, right))}</body></html>\n"
    )


def _bars(means: Mapping[str, Mapping[str, float]]) -> str:
    """A bar for each mean with its interval."""
    parts = []
    for n, (name, mean) in enumerate(means.items()):
        y = n * _ROW
        low, high = 150 + _WIDTH * mean["low"], 150 + _WIDTH * mean["high"]
        parts.append(
            f'<text x="0" y="{y + 15}">{escape(name)}</text>'
            f'<rect x="150" y="{y + 4}" width="{_WIDTH * mean["mean"]:.1f}" height="13" fill="var(--bar)"/>'
            f'<path d="M{low:.1f} {y + 10.5}H{high:.1f}M{low:.1f} {y + 6}v9M{high:.1f} {y + 6}v9" stroke="var(--ink)"/>'
            f'<text x="{160 + _WIDTH}" y="{y + 15}">{mean["mean"]:.3f} ({mean["low"]:.3f} to {mean["high"]:.3f}; '
            f"n {mean['n']})</text>"
        )
    return _svg(820, _ROW * len(means), "Means with 95 % intervals", parts)


def _reliability(questions: Sequence[Mapping[str, Any]]) -> str:
    """The share of right answers in each tenth of the confidence, beside what the confidence promises."""
    side = 240
    parts = [
        f'<path d="M40 {side}V0M40 {side}H{40 + side}" stroke="var(--line)" fill="none"/>'
        f'<path d="M40 {side}L{40 + side} 0" stroke="var(--line)" stroke-dasharray="4" fill="none"/>'
        f'<text x="40" y="{side + 18}">confidence</text><text x="0" y="12">right</text>'
    ]
    answered = [one for one in questions if one["answered"]]
    for tenth in range(10):
        inside = [one for one in answered if min(9, int(10 * one["confidence"])) == tenth]
        if inside:
            share = sum(one["right"] for one in inside) / len(inside)
            x, y = 40 + side * (tenth + 0.5) / 10, side * (1 - share)
            radius = 3 + 9 * (len(inside) / len(answered)) ** 0.5
            told = (
                f"{len(inside)} answers with confidence {tenth / 10:.1f} to {(tenth + 1) / 10:.1f}: {share:.0%} right"
            )
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="var(--bar)"><title>{told}</title></circle>'
            )
    return _svg(side + 60, side + 26, "Share of right answers by confidence", parts)


def _svg(width: int, height: int, label: str, parts: Sequence[str]) -> str:
    return f'<svg role="img" aria-label="{label}" width="{width}" height="{height}">{"".join(parts)}</svg>'


def _comparison(differences: Mapping[str, Mapping[str, float]] | None) -> str:
    if not differences:
        return ""
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="n">{d["difference"]:+.3f}</td>'
        f'<td class="n">{d["low"]:+.3f} to {d["high"]:+.3f}</td>'
        f'<td class="n">{d["p"]:.3f}</td><td class="n">{d["n"]}</td></tr>'
        for name, d in differences.items()
    )
    head = "<tr><th>measure</th><th>difference</th><th>95 % interval</th><th>p</th><th>n</th></tr>"
    return f"<h2>Against the earlier run</h2><table>{head}{rows}</table>"


def _question(one: Mapping[str, Any]) -> str:
    style = "ok" if one["right"] else "bad"
    expected = "".join(f"<blockquote>{escape(words)}</blockquote>" for words in one["expected"]) or "<p>nothing</p>"
    seen = "".join(
        f"<blockquote>{escape(c['quote'])}<br><small>{escape(c['speaker'])}, {escape(c['transcript_id'])}, turn "
        f"{c['turn'] + 1}</small></blockquote>"
        for c in one["citations"]
    )
    scores = ", ".join(f"{escape(name)} {score:.3f}" for name, score in one["scores"].items())
    told = f"<p>{escape(one['text'])}</p>"
    name = escape(one["id"])
    return (
        f'<details id="q-{name}"><summary><code>{name}</code> {escape(one["question"])} '
        f'<span class="{style}">{escape(one["problem"] or "right")}</span></summary>'
        f"<p>Expected:</p>{expected}<p>Seen (confidence {one['confidence']:.2f}):</p>"
        f"{seen or told}<p><small>{scores}</small></p></details>"
    )
